import { expect, it } from 'vitest';
import { readError } from '../../../common/wire/inference-protocol.ts';
import { answerInfo } from '../../../miner/gate/info-routes.ts';
import type { Readiness } from '../../../miner/gate/info-routes.ts';
import type { RawResponse } from '../../../miner/gate/http-message.ts';
import { createCatalogue } from '../../../miner/models/catalogue.ts';
import type { Catalogue, ServedModel } from '../../../miner/models/served-model.ts';

const problem = 'the device of the model fails';

function model(name: string, notReady: string | null): ServedModel {
  return {
    name,
    version: '1',
    sha256: '00'.repeat(32),
    interface: { inputs: [], outputs: [] },
    platform: 'test',
    notReady: () => notReady,
    infer: () => Promise.resolve({ kind: 'refused', reason: 'closed' }),
    load: () => ({ waiting: 0, running: 0 }),
    close: () => Promise.resolve(),
  };
}

const open = { whyClosed: () => null, whyNotReady: () => problem };

function answerTo(
  path: string,
  catalogue: Catalogue,
  readiness: Readiness = open,
  method = 'GET',
): RawResponse {
  const request = {
    method,
    path,
    headers: {},
    remoteAddress: '127.0.0.1',
    contentLength: null,
    readBody: () => Promise.resolve('gone' as const),
    prove: () => undefined,
    isGone: () => false,
  };
  return answerInfo({ catalogue, readiness, version: '0', statistics: undefined }, request);
}

/** Of the miner, of the model of its task, which is broken, and of another. */
function statusesOf(readiness: Readiness): readonly number[] {
  const catalogue = createCatalogue();
  catalogue.put(model('task', problem));
  catalogue.put(model('other', null));
  const paths = ['/v2/health/ready', '/v2/models/task/ready', '/v2/models/other/versions/1/ready'];
  return paths.map((path) => answerTo(path, catalogue, readiness).status);
}

it('a model tells of itself whether it is ready, and a miner of its task', () => {
  expect(statusesOf(open)).toEqual([503, 503, 200]);
});

it('none is ready on a miner that takes no requests', () => {
  const why = (): string => 'the miner stops';
  expect(statusesOf({ whyClosed: why, whyNotReady: why })).toEqual([503, 503, 503]);
});

it('a model that is not there is told with what is: names, aliases that lead to one, versions', () => {
  const catalogue = createCatalogue();
  catalogue.put(model('task', null));
  catalogue.setAlias('digits', { name: 'task', version: null });
  catalogue.setAlias('gone', { name: 'task', version: '9' });
  const told = (path: string): readonly unknown[] => {
    const { status, reason, body } = answerTo(path, catalogue);
    return [status, reason, readError(body)];
  };
  const names = 'this miner serves task, digits only';
  expect(told('/v2/models/other')).toEqual([404, 'no_model', names]);
  expect(told('/v2/models/other/versions/1')).toEqual([404, 'no_model', names]);
  expect(told('/v2/models/digits/versions/7')).toEqual([
    404,
    'no_model',
    "digits has no version '7'",
  ]);
});

it('a miner on which nothing is loaded cannot say that a model will not come', () => {
  const { status, headers, body } = answerTo('/v2/models/task', createCatalogue());
  expect([status, headers['retry-after']]).toEqual([503, '1']);
  expect(readError(body)).toBe('no model is loaded');
});

it('an inference that no entrance takes is refused', () => {
  const catalogue = createCatalogue();
  catalogue.put(model('task', null));
  const { status, body } = answerTo('/v2/models/task/infer', catalogue, open, 'POST');
  expect([status, readError(body)]).toEqual([404, 'this miner takes synapses only']);
});

import { expect, it } from 'vitest';
import { answerInfo } from '../../../miner/gate/info-routes.ts';
import type { Readiness } from '../../../miner/gate/info-routes.ts';
import { createCatalogue } from '../../../miner/models/catalogue.ts';
import type { ServedModel } from '../../../miner/models/served-model.ts';

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

/** Of the miner, of the model of its task, which is broken, and of another. */
function statusesOf(readiness: Readiness): readonly number[] {
  const catalogue = createCatalogue();
  catalogue.put(model('task', problem));
  catalogue.put(model('other', null));
  const paths = ['/v2/health/ready', '/v2/models/task/ready', '/v2/models/other/versions/1/ready'];
  return paths.map((path) => {
    const request = {
      method: 'GET',
      path,
      headers: {},
      remoteAddress: '127.0.0.1',
      contentLength: null,
      readBody: () => Promise.resolve('gone' as const),
      prove: () => undefined,
      isGone: () => false,
    };
    return answerInfo({ catalogue, readiness, version: '0', statistics: undefined }, request)
      .status;
  });
}

it('a model tells of itself whether it is ready, and a miner of its task', () => {
  const open = { whyClosed: () => null, whyNotReady: () => problem };
  expect(statusesOf(open)).toEqual([503, 503, 200]);
});

it('none is ready on a miner that takes no requests', () => {
  const why = (): string => 'the miner stops';
  expect(statusesOf({ whyClosed: why, whyNotReady: why })).toEqual([503, 503, 503]);
});

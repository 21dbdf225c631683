import { describe, expect, it } from 'vitest';
import { createLogger } from '../../common/node/log.ts';
import type { ModelStatus } from '../../miner/models/open-models.ts';
import { servingFields } from '../../miner/status.ts';
import type { MinerStatus } from '../../miner/status.ts';

const model: ModelStatus = {
  name: 'digits',
  version: '2',
  sha256: 'ab'.repeat(32),
  provider: 'cpu',
  waiting: 0,
  running: 0,
  pid: 7,
  instances: [],
  sharesRuns: true,
  rowsMixed: null,
  notReady: null,
};
const status: MinerStatus = {
  netuid: 2,
  hotkey: '5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty',
  uid: 3,
  task: 'digits',
  modelSha256: model.sha256,
  provider: 'cpu',
  models: [model, { ...model, name: 'minilm', version: '1' }],
  ready: true,
  notReady: null,
  address: { host: '0.0.0.0', port: 8091 },
  axonServed: true,
  axonProblem: null,
  metagraphBlock: 1,
  waiting: 0,
  running: 0,
  enginePid: 7,
};

function lineOf(one: MinerStatus): string {
  let written = '';
  const log = createLogger({ format: 'pretty', write: (line) => (written += line) });
  log.info('serving', servingFields(one));
  return written;
}

describe('the line that says that a miner serves', () => {
  it('has address, models, netuid, uid and hotkey, and fits two lines of a terminal', () => {
    const line = lineOf(status);
    expect(line).toContain(
      `serving address=0.0.0.0:8091 models="digits/2, minilm/1" netuid=2 uid=3 hotkey=${status.hotkey}`,
    );
    expect(line.length).toBeLessThanOrEqual(160);
    expect(lineOf({ ...status, address: { host: '::', port: 1 } })).toContain('address="[::]:1"');
  });

  it('says why the task cannot be answered yet', () => {
    expect(lineOf({ ...status, notReady: 'no metagraph' })).toContain('notReady="no metagraph"');
  });
});

import { describe, expect, it } from 'vitest';
import { runGroup } from '../../miner/batch/run-group.ts';
import type { Member } from '../../miner/batch/run-group.ts';
import { runFailure } from '../../miner/engine/engine-port.ts';
import type { RunFailure, RunOutcome } from '../../miner/engine/engine-port.ts';
import { createFakeEngine, row } from '../fakes/fake-engine.ts';

/** What eight requests get from an engine that fails as told at runs of more rows than so many. */
async function outcomes(reason: RunFailure['reason'], mostRows: number) {
  const fake = createFakeEngine();
  const runs: number[] = [];
  const got: string[] = [];
  const members = Array.from({ length: 8 }, (_, at): Member => {
    const settle = (outcome: RunOutcome): void => {
      got[at] = outcome.kind === 'failed' ? outcome.reason : outcome.kind;
    };
    return { job: { inputs: row(at, at) }, rows: 1, settle };
  });
  await runGroup(
    {
      engine: {
        ...fake,
        run: async (inputs) => {
          const rows = inputs[0]?.shape[0] ?? 0;
          runs.push(rows);
          return rows > mostRows ? runFailure(reason, 'too many') : fake.run(inputs);
        },
      },
      padding: null,
      stillWanted: (group) => group,
      putBack: (group) => group.forEach(({ settle }) => settle(runFailure('unavailable', 'back'))),
      onRun: () => undefined,
    },
    members,
  );
  return { runs, got };
}

describe('a run that fails', () => {
  it.each(['model', 'device'] as const)(
    '%s: is halved, and each part that passes is answered',
    async (reason) => {
      const { runs, got } = await outcomes(reason, 2);
      expect(runs).toEqual([8, 4, 2, 2, 4, 2, 2]);
      expect(got).toEqual(Array.from({ length: 8 }, () => 'outputs'));
    },
  );

  it('device: is told to who fails alone', async () => {
    const { got } = await outcomes('device', 0);
    expect(new Set(got)).toEqual(new Set(['device']));
  });

  it.each(['broken', 'crashed', 'timeout'] as const)(
    '%s: is not tried again: nothing computes there',
    async (reason) => {
      const { runs, got } = await outcomes(reason, 2);
      expect(runs).toEqual([8]);
      expect(new Set(got)).toEqual(new Set([reason]));
    },
  );

  it('unavailable: goes back, for it was not begun', async () => {
    const { runs, got } = await outcomes('unavailable', 2);
    expect([runs, new Set(got)]).toEqual([[8], new Set(['unavailable'])]);
  });
});

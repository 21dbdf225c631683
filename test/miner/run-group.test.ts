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
  const requests: (number | undefined)[] = [];
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
        run: async (inputs, sharing) => {
          const rows = inputs[0]?.shape[0] ?? 0;
          runs.push(rows);
          requests.push(sharing);
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
  return { runs, requests, got };
}

describe('a run that fails', () => {
  it.each(['model', 'too-large', 'memory', 'device'] as const)(
    '%s: is halved, and each part that passes is answered',
    async (reason) => {
      const { runs, got } = await outcomes(reason, 2);
      expect(runs).toEqual([8, 4, 2, 2, 4, 2, 2]);
      expect(got).toEqual(Array.from({ length: 8 }, () => 'outputs'));
    },
  );

  it.each(['model', 'too-large', 'memory', 'device'] as const)(
    '%s: is told to who fails alone',
    async (reason) => {
      const { got } = await outcomes(reason, 0);
      expect(new Set(got)).toEqual(new Set([reason]));
    },
  );

  it('told the engine how many requests shared it, as each of its parts does', async () => {
    const { requests } = await outcomes('too-large', 2);
    expect(requests).toEqual([8, 4, 2, 2, 4, 2, 2]);
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

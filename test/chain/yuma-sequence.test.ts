import { describe, expect, it } from 'vitest';
import type { LosslessJson } from '../../common/wire/json-lossless.ts';
import type { ReplayOutcome } from '../../chain/yuma/yuma-api.ts';
import { compareEpoch } from '../../chain/yuma/yuma-compare.ts';
import { Fields } from '../../chain/yuma/yuma-read.ts';
import { planSequence, type SequencePlan } from '../../chain/yuma/yuma-sequence.ts';

type Json = { [key: string]: LosslessJson };

function planOf(changes: Json): SequencePlan {
  const json = { params: { n: 3, start_block: 5 }, stakes: [10, 20, 0], ...changes };
  return planSequence(new Fields({ json, path: 'case' }));
}

function steps(...list: Json[]): SequencePlan {
  return planOf({ steps: [...list, { op: 'epoch' }] });
}

function kinds(plan: SequencePlan): readonly string[] {
  return plan.steps.map((step) => step.kind);
}

describe('planning a sequence of epochs', () => {
  it('begins with parameters, block and state', () => {
    const plan = steps();
    expect(plan.neurons).toBe(3);
    expect(kinds(plan)).toEqual([
      'SetBlock',
      'Configure',
      'SetStake',
      'SetStake',
      'SetStake',
      'SetPermits',
      'SetLastUpdate',
      'SetRegistered',
      'Epoch',
    ]);
    expect(plan.steps[6]).toEqual({ kind: 'SetLastUpdate', value: [5n, 5n, 5n] });
    expect(plan.steps.at(-1)).toEqual({ kind: 'Epoch', value: 1_000_000_000n });
  });

  it('understands the texts, lists and objects of the initial state', () => {
    const initial = {
      last_update: 'start_block for every uid',
      block_at_registration: [1, 2, 3],
      validator_permit: { '1': true },
      weights: 'empty',
      bonds: [[], [[2, 7]], []],
    };
    const plan = planOf({ initial, steps: [{ op: 'epoch' }] });
    expect(plan.steps).toContainEqual({ kind: 'SetRegistered', value: [1n, 2n, 3n] });
    expect(plan.steps).toContainEqual({ kind: 'SetPermits', value: [false, true, false] });
    expect(plan.steps).toContainEqual({ kind: 'PutBonds', value: { uid: 1, row: [[2, 7]] } });
  });

  it('takes parameters under their names with and without unit', () => {
    const plan = planOf({
      params: { n: 3, kappa_u16: 1, bonds_moving_average_ppm: 2, yuma3_on: true, owner_uid: 2 },
      steps: [{ op: 'set_kappa', value: 9 }, { op: 'set_yuma3', enabled: false }, { op: 'epoch' }],
    });
    const configured = plan.steps.flatMap((s) => (s.kind === 'Configure' ? [s.value] : []));
    expect(configured.map((p) => [p.kappa, p.yuma3])).toEqual([
      [1, true],
      [9, true],
      [9, false],
    ]);
    expect(configured[0]).toMatchObject({ bondsMovingAverage: 2n, ownerUid: 2 });
  });

  it('keeps the largest numbers whole', () => {
    const plan = planOf({
      stakes: [2n ** 64n - 1n, '18446744073709551615', 0],
      steps: [{ op: 'epoch' }],
    });
    const alphas = plan.steps.flatMap((s) => (s.kind === 'SetStake' ? [s.value.alpha] : []));
    expect(alphas).toEqual([2n ** 64n - 1n, 2n ** 64n - 1n, 0n]);
  });

  it('moves the last update with weights and commits', () => {
    const plan = steps(
      { op: 'advance', blocks: 2 },
      { op: 'set_weights', uids: [0, 1], dests: [2], values: [1] },
      { op: 'commit', uid: 2, block: 6 },
    );
    expect(plan.steps).toContainEqual({ kind: 'SetCommitBlock', value: { uid: 2, block: 6n } });
    expect(plan.steps).toContainEqual({ kind: 'SetLastUpdate', value: [7n, 7n, 6n] });
  });

  it.each([
    [{ steps: [{ op: 'conjure' }] }, 'case.steps[0]: unknown op conjure'],
    [{ steps: [{ op: 'set_luck', value: 1 }] }, 'case.steps[0]: unknown op set_luck'],
    [{ steps: [{ op: '__proto__' }] }, 'case.steps[0]: unknown op __proto__'],
    [{ steps: [{ op: 'epoch', colour: 1 }] }, 'case.steps[0].colour: unknown field'],
    [{ steps: [{ op: 'epoch', block: 6 }] }, 'case.steps[0].block: expected block 5'],
    [{ steps: [{ op: 'replace', uid: 3 }] }, 'case.steps[0].uid: expected a uid below 3, got 3'],
    [{ steps: [{ op: 'advance', blocks: -1 }] }, 'case.steps[0].blocks: expected a whole number'],
    [{ steps: [{ op: 'advance', blocks: 2 ** 32 - 1 }] }, 'the block number is too large'],
    [{ params: { n: 3, colour: 1 }, steps: [] }, 'case.params.colour: unknown parameter'],
    [{ initial: { colour: 1 }, steps: [] }, 'case.initial.colour: unknown field'],
    [
      { initial: { permits: 'perhaps' }, steps: [] },
      'case.initial.permits: expected true or false',
    ],
    [{ stakes: [1, 2], steps: [] }, 'case.stakes: expected 3 values'],
    [{ params: { n: 5000 }, stakes: 1, steps: [] }, 'case.params.n: more than 4096 neurons'],
    [{ steps: [] }, 'case: no step is an epoch'],
    [{ steps: 'none' }, 'case.steps: expected a list, got "none"'],
    [
      { steps: [{ op: 'set_weights', uid: 0, dests: [1, 2], values: [1] }] },
      'case.steps[0].values: expected 2 values',
    ],
  ])('names what it does not know: %j', (changes, message) => {
    expect(() => planOf(changes)).toThrow(message);
  });
});

const outcome: ReplayOutcome = {
  active: [true, true, false],
  stakeWeight: [1, 2, 3],
  consensus: [0, 0, 65_535],
  incentive: [0, 0, 65_535],
  dividends: [40_000, 25_535, 0],
  validatorTrust: [1, 2, 0],
  validatorPermit: [true, true, false],
  serverEmission: [0n, 0n, 500n],
  validatorEmission: [300n, 200n, 0n],
  emission: [300n, 200n, 500n],
  bonds: [[[2, 65_535]], [[2, 6_553]], []],
};

function compare(expectations: Json, tolerance = 0, replaced: number[] = []): void {
  const step = { json: { op: 'epoch', ...expectations }, path: 'steps[0]' };
  compareEpoch({ step, block: 1, replacedAfter: new Set(replaced) }, outcome, tolerance);
}

describe('comparing an epoch', () => {
  it.each<[Json, number?]>([
    [{ model: { emission: [300, 200, 500], validator_permit: [true, true, false] } }],
    [{ asserted: { dividends_at: { '0': 40_000 }, emission_sum: 1000 } }],
    [
      {
        asserted: {
          bonds_at: [
            [0, 2, 65_535],
            [1, 2, 6_553],
            [2, 2, 0],
          ],
        },
      },
    ],
    [{ asserted: { bonds: [[[2, 65_535]], [[2, 6_553]], []] } }],
    [{ asserted: { bonds_fraction: [{ '2': 1 }, { '2': 0.1 }] } }, 0.001],
    [{ asserted: { dividends_fraction: [0.61, null, 0] } }, 0.001],
    [{ asserted: { emission: [299, 201, 500] }, tolerance: 1 }],
  ])('accepts %j', (expectations, tolerance) => {
    expect(() => compare(expectations, tolerance)).not.toThrow();
  });

  it.each<[Json, string]>([
    [{ model: { emission: [300, 200, 501] } }, 'model.emission[2]: expected 501, got 500'],
    [{ model: { emission: [300, 200] } }, 'model.emission: expected 3 values'],
    [{ model: { luck: [1] } }, 'model.luck: unknown result'],
    [{ model: { bonds_luck: [1] } }, 'model.bonds_luck: unknown result'],
    [{ model: { validator_permit: [true, false, false] } }, 'model.validator_permit[1]'],
    [{ model: { bonds: [[], [[2, 6_553]], []] } }, 'model.bonds[0]: expected [], got [[2,65535]]'],
    [{ asserted: { bonds_at: [[0, 2, 1]] } }, 'asserted.bonds_at[0][2]: expected 1, got 65535'],
    [{ asserted: { incentive_fraction: [0, 0, 0.99] } }, 'asserted.incentive_fraction[2]'],
    [{ model: { emission: [299, 200, 500] }, tolerance: 1 }, 'model.emission[0]'],
  ])('refuses %j', (expectations, message) => {
    expect(() => compare(expectations)).toThrow(message);
  });

  it('allows the permit of a uid that is replaced before the next epoch to be gone', () => {
    const model = { validator_permit: [true, false, false] };
    expect(() => compare({ model }, 0, [1])).not.toThrow();
    expect(() => compare({ model }, 0, [0])).toThrow('validator_permit[1]');
  });
});

import { describe, expect, it } from 'vitest';
import { parseValue } from '../../../common/owner/hyperparameter-value.ts';
import { findHyperparameter } from '../../../common/owner/hyperparameters.ts';
import { makePlan } from '../../../common/owner/plan.ts';
import { valueGate } from '../../../common/owner/value-rules.ts';
import type { Wished } from '../../../common/owner/value-rules.ts';
import { fakeView } from '../../fakes/fake-view.ts';

const netuid = 2;
const coldkey = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY';
const question = { netuid, authority: 'owner', signer: null } as const;
const asRoot = { ...question, authority: 'root' } as const;

function parameterOf(name: string) {
  const found = findHyperparameter(name);
  if (found === null) throw new Error(`no ${name}`);
  return found;
}

const setters = ['max_burn', 'min_burn', 'bonds_moving_average', 'alpha_values', 'tempo'];

/** A subnet with 3 of 64 seats taken, and burns of 0.5 to 100 TAO. */
function view(limits = true) {
  return fakeView({
    storage: {
      NetworksAdded: { [netuid]: true },
      SubnetOwner: { [netuid]: coldkey },
      MinBurn: { [netuid]: 500_000_000 },
      MaxBurn: { [netuid]: 100_000_000_000 },
      MaxAllowedUids: { [netuid]: 64 },
      MinAllowedUids: { [netuid]: 2 },
      SubnetworkN: { [netuid]: 3 },
      MaxAllowedValidators: { [netuid]: 16 },
      MechanismCountCurrent: { [netuid]: 1 },
      MaxMechanismCount: { '': 8 },
      LiquidAlphaOn: { [netuid]: false },
      AlphaValues: { [netuid]: [45_875, 58_982] },
      Tempo: { [netuid]: 360 },
      TransactionKeyLastBlock: { default: 0 },
      ...(limits ? { LastRateLimitedBlock: { default: 0 } } : {}),
    },
    calls: {
      ...Object.fromEntries(setters.map((one) => [`AdminUtils.sudo_set_${one}`, ['netuid', one]])),
      'SubtensorModule.set_tempo': ['netuid', 'tempo'],
    },
  });
}

function gate(name: string, written: unknown, asked = question as typeof question | typeof asRoot) {
  const parameter = parameterOf(name);
  return valueGate(view(), parameter, parseValue(parameter, written), asked);
}

describe('what the chain checks of a value', () => {
  it.each([
    ['min_burn', '1', /below 1 TAO/],
    ['min_burn', '5000', /below 1 TAO/],
    ['max_burn', '0.1', /above 0.1 TAO/],
    ['max_burn', '0.5', /above min_burn \(0.5 TAO\)/],
    ['max_allowed_uids', 2, /seats taken \(3\)/],
    ['max_allowed_uids', 1, /seats taken|fewest/],
    ['mechanism_count', 9, /at most 8/],
    ['mechanism_count', 5, /256 seats/],
    ['max_validators', 65, /at most 64/],
    ['bonds_moving_avg', 975_001, /975000/],
    ['alpha_sigmoid_steepness', -1, /root only/],
    ['alpha_values', [45_875, 58_983], /liquid_alpha_enabled/],
    ['tempo', 359, /from 360 to 50400/],
  ])('%s = %j is told before it is sent', async (name, written, reason) => {
    const found = await gate(name, written);
    expect(found).toMatchObject({ reason: 'out-of-bounds', clearsAtBlock: null });
    expect(found?.detail).toMatch(reason);
  });

  it.each([
    ['min_burn', '0.999999999'],
    ['max_burn', '0.500000001'],
    ['max_allowed_uids', 3],
    ['mechanism_count', 4],
    ['max_validators', 64],
    ['bonds_moving_avg', 975_000],
    ['tempo', 360],
    ['immunity_period', 0],
  ])('%s = %j may go', async (name, written) => {
    expect(await gate(name, written)).toBeNull();
  });

  it('asks less of root', async () => {
    expect(await gate('bonds_moving_avg', 1_000_000, asRoot)).toBeNull();
    expect(await gate('alpha_sigmoid_steepness', -1, asRoot)).toBeNull();
    expect(await gate('tempo', 10, asRoot)).toBeNull();
    expect(await gate('max_validators', 65, asRoot)).not.toBeNull();
  });

  it('holds a value against those that are to stand beside it', async () => {
    const wished: Wished = new Map([['liquid_alpha_enabled', true]]);
    const parameter = parameterOf('alpha_values');
    const value = parseValue(parameter, [45_875, 58_983]);
    expect(await valueGate(view(), parameter, value, question, wished)).toBeNull();
    const { steps } = await makePlan(view(), { minBurnTao: '0.9', maxBurnTao: '0.8' }, question);
    expect(steps.map(({ parameter: { name }, state }) => [name, state])).toEqual([
      ['min_burn', 'blocked'],
      ['max_burn', 'blocked'],
    ]);
  });

  it('does not hold an older runtime to it', async () => {
    const parameter = parameterOf('min_burn');
    const value = parseValue(parameter, '5000');
    expect(await valueGate(view(false), parameter, value, question)).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { describeCall } from '../../../cli/operator/describe-call.ts';
import {
  hyperparameterFact,
  hyperparameterJson,
} from '../../../cli/operator/hyperparameter-fact.ts';
import { neuronJson } from '../../../cli/operator/metagraph-json.ts';
import { countText } from '../../../cli/operator/table.ts';
import { findHyperparameter } from '../../../common/owner/hyperparameters.ts';
import { fakeView } from '../../fakes/fake-view.ts';

function argumentsOf(types: Readonly<Record<string, string>>, args: Record<string, unknown>) {
  const names = Object.keys(types);
  const view = {
    ...fakeView({ calls: { 'Pallet.call': names } }),
    callArguments: () => names.map((name) => ({ name, type: types[name] ?? '' })),
  };
  return describeCall(view, { call: 'named', pallet: 'Pallet', name: 'call', args }).args;
}

describe('the arguments of a call in JSON', () => {
  it.each([1n, 2n ** 60n])('are text where the type is wide, however large: %s', (amount) => {
    const types = { amount: 'u64', balance: 'TaoBalance', round: 'u64', list: 'Vec<u64>' };
    const args = { amount, balance: amount, round: 7, list: [amount, 3] };
    expect(argumentsOf(types, args)).toEqual({
      amount: String(amount),
      balance: String(amount),
      round: '7',
      list: [String(amount), '3'],
    });
  });

  it('are numbers where the type is narrow', () => {
    const types = { netuid: 'NetUid', tempo: 'u16', uids: 'Vec<u16>', bytes: 'Vec<u8>' };
    const args = { netuid: 2, tempo: 360n, uids: [0, 3n], bytes: new Uint8Array([1, 255]) };
    expect(argumentsOf(types, args)).toEqual({
      netuid: 2,
      tempo: 360,
      uids: [0, 3],
      bytes: '0x01ff',
    });
  });
});

describe('amounts in JSON', () => {
  it('of a neuron have their unit', () => {
    const rest = { uid: 1, active: true, incentive: 0.5 };
    const rao = { totalStakeRao: 1_500_000_000n, alphaStakeRao: 1n, emissionRao: 0n };
    const json = neuronJson({ ...rest, ...rao } as never, 2);
    expect(json).toEqual({
      ...rest,
      totalStake: { amount: '1.5', unit: 'alpha', rao: '1500000000' },
      alphaStake: { amount: '0.000000001', unit: 'alpha', rao: '1' },
      emission: { amount: '0', unit: 'alpha', rao: '0' },
    });
  });

  it('of a hyperparameter too; other values are as --value takes them', () => {
    const [burn, tempo] = ['min_burn', 'tempo'].map(findHyperparameter);
    if (burn == null || tempo == null) throw new Error('no such hyperparameter');
    expect(hyperparameterJson(burn, 500_000n)).toEqual({
      amount: '0.0005',
      unit: 'TAO',
      rao: '500000',
    });
    expect(hyperparameterFact(burn, 500_000n)).toEqual({ unit: 'TAO', rao: 500_000n });
    expect(hyperparameterJson(tempo, 360n)).toBe(360);
  });
});

it('one is not many', () => {
  expect([0, 1, 2].map((count) => countText(count, 'subnet'))).toEqual([
    '0 subnets',
    '1 subnet',
    '2 subnets',
  ]);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  callArguments,
  chainValue,
  parseValue,
  plainValue,
  sameValue,
  showValue,
} from '../../../common/owner/hyperparameter-value.ts';
import { findHyperparameter, hyperparameters } from '../../../common/owner/hyperparameters.ts';
import type { Hyperparameter } from '../../../common/owner/hyperparameters.ts';

function named(name: string): Hyperparameter {
  const found = findHyperparameter(name);
  if (found === null) throw new Error(`no ${name}`);
  return found;
}

const refused = expect.objectContaining({ code: 'HYPERPARAMETER_VALUE' });

describe('the value of a hyperparameter', () => {
  it('is found by the name of btcli and by the key of the YAML', () => {
    expect(findHyperparameter('min_burn')).toBe(findHyperparameter('minBurnTao'));
    expect(findHyperparameter('min_bunr')).toBeNull();
    const names = hyperparameters.flatMap(({ name, key }) => (name === key ? [name] : [name, key]));
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ['immunity_period', 5000, 5000n, '5000'],
    ['immunity_period', '5000', 5000n, '5000'],
    ['min_burn', '0.5', 500_000_000n, '0.5 TAO'],
    ['min_burn', 0.1, 100_000_000n, '0.1 TAO'],
    ['max_burn', '100', 100_000_000_000n, '100 TAO'],
    ['min_burn', '0.000000001', 1n, '0.000000001 TAO'],
    ['min_burn', 1e-9, 1n, '0.000000001 TAO'],
    ['min_burn', 1.5e-7, 150n, '0.00000015 TAO'],
    ['commit_reveal_weights_enabled', 'off', false, 'false'],
    ['alpha_values', [45_875, 58_982], [45_875n, 58_982n], '45875, 58982'],
    ['alpha_values', '45875,58982', [45_875n, 58_982n], '45875, 58982'],
    ['alpha_sigmoid_steepness', '-1000', -1000n, '-1000'],
    ['burn_increase_mult', 2, 1n << 65n, '2'],
    [
      'burn_increase_mult',
      '1.26',
      ((1_260_000_000n << 64n) + 500_000_000n) / 1_000_000_000n,
      '1.26',
    ],
  ] as const)('%s = %j is read exactly', (name, written, value, shown) => {
    const parameter = named(name);
    const parsed = parseValue(parameter, written);
    expect(sameValue(parsed, value)).toBe(true);
    expect(showValue(parameter, parsed)).toBe(shown);
  });

  it.each([
    ['immunity_period', 65_536],
    ['min_burn', 1e-12],
    ['min_burn', 1.5e-9],
    ['immunity_period', -1],
    ['immunity_period', 1.5],
    ['immunity_period', 'many'],
    ['commit_reveal_period', 0],
    ['commit_reveal_period', 101],
    ['min_burn', '0.0000000001'],
    ['min_burn', '-1'],
    ['min_burn', '1e3'],
    ['min_burn', true],
    ['commit_reveal_weights_enabled', 1],
    ['alpha_values', [58_982, 45_875]],
    ['alpha_values', [1, 2, 3]],
    ['alpha_values', [1000, 45_875]],
    ['burn_increase_mult', 0.5],
    ['burn_increase_mult', 3.1],
    ['tempo', null],
  ] as const)('%s = %j is refused with what is expected', (name, written) => {
    expect(() => parseValue(named(name), written)).toThrow(refused);
    expect(() => parseValue(named(name), written)).toThrow(`${name} is`);
  });

  it('reads what the chain holds', () => {
    expect(chainValue(named('min_burn'), '0x1dcd6500')).toBe(500_000_000n);
    expect(chainValue(named('alpha_values'), [45_875, 58_982])).toEqual([45_875n, 58_982n]);
    expect(chainValue(named('alpha_sigmoid_steepness'), -1000)).toBe(-1000n);
    expect(chainValue(named('burn_increase_mult'), { bits: '0x20000000000000000' })).toBe(
      1n << 65n,
    );
    const misfit = expect.objectContaining({ code: 'CHAIN_UNSUPPORTED' });
    expect(() => chainValue(named('yuma3_enabled'), 7)).toThrow(misfit);
  });

  it('is written so that it reads back the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...hyperparameters.filter(({ kind }) => kind !== 'factor')),
        fc.bigInt(0n, 1000n),
        fc.bigInt(0n, 1000n),
        (parameter, a, b) => {
          const low = parameter.min + a;
          const value =
            parameter.kind === 'boolean'
              ? a % 2n === 0n
              : parameter.kind === 'pair'
                ? ([low, low + b] as const)
                : low > parameter.max
                  ? parameter.max
                  : low;
          expect(parseValue(parameter, plainValue(parameter, value))).toEqual(value);
        },
      ),
    );
  });

  it('becomes the arguments of the call', () => {
    expect(callArguments(named('min_burn'), 5n)).toEqual({ min_burn: 5n });
    expect(callArguments(named('transfers_enabled'), true)).toEqual({ toggle: true });
    expect(callArguments(named('alpha_values'), [1n, 2n])).toEqual({
      alpha_low: 1n,
      alpha_high: 2n,
    });
    expect(callArguments(named('burn_increase_mult'), 1n << 64n)).toEqual({
      burn_increase_mult: { bits: 1n << 64n },
    });
  });
});

import { describe, expect, it } from 'vitest';
import { genesisProblems } from '../../chain/genesis-problems.ts';
import { genesisSchema } from '../../common/config/genesis-schema.ts';

const places = (config: unknown): string[] =>
  genesisProblems(genesisSchema.parse(config)).map(({ path }) => path.join('.'));

const subnet = { netuid: 1, owner: '//Alice', ownerHotkey: '//Owner' };
const badAddress = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQX';

describe('problems of a genesis', () => {
  it('finds none in one that is right', () => {
    expect(
      places({
        balances: [{ account: '//Alice', tao: '1.5' }],
        subnets: [{ ...subnet, neurons: [{ hotkey: '//a', coldkey: '//b', stakeTao: 1 }] }],
      }),
    ).toEqual([]);
  });

  it.each([
    [{ sudo: badAddress }, 'sudo'],
    [{ balances: [{ account: badAddress, tao: 1 }] }, 'balances.0.account'],
    [{ balances: [{ account: '//A', tao: 0 }] }, 'balances.0.tao'],
    [{ balances: [{ account: '//A', tao: '99999999999' }] }, 'balances.0.tao'],
    [{ subnets: [subnet, subnet] }, 'subnets.1.netuid'],
    [{ subnets: [{ ...subnet, owner: badAddress }] }, 'subnets.0.owner'],
    [
      { subnets: [{ ...subnet, neurons: [0, 0].map(() => ({ hotkey: '//a', coldkey: '//b' })) }] },
      'subnets.0.neurons.1.hotkey',
    ],
    [
      {
        subnets: [
          { ...subnet, neurons: [{ hotkey: '//a', coldkey: '//b', stakeTao: '0.0000001' }] },
        ],
      },
      'subnets.0.neurons.0.stakeTao',
    ],
    [
      {
        subnets: [{ ...subnet, maxAllowedUids: 1, neurons: [{ hotkey: '//a', coldkey: '//b' }] }],
      },
      'subnets.0.neurons',
    ],
  ])('names the place of a wrong value: %j', (config, place) => {
    expect(places(config)).toEqual([place]);
  });
});

import { raoOf } from '../common/config/field-schemas.ts';
import type { GenesisConfig } from '../common/config/genesis-schema.ts';
import { parseSs58 } from '../common/keys/ss58.ts';

/** What is wrong with a genesis that has the right shape, and where. */
export interface GenesisProblem {
  /** In the file, e.g. `['subnets', 0, 'neurons', 2, 'hotkey']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Subnet = GenesisConfig['subnets'][number];
type Path = readonly (string | number)[];

/** What an account must hold to exist (500 RAO), on the real chain too. */
const existentialRao = 500n;

/** Everything that the runtime would stumble over with a bare panic, each with its place. */
export function genesisProblems(config: GenesisConfig): readonly GenesisProblem[] {
  return [
    ...accountProblem(config.sudo, ['sudo']),
    ...balanceProblems(config),
    ...repeated(config.subnets, ({ netuid }) => String(netuid), 'netuid', ['subnets']),
    ...config.subnets.flatMap((subnet, at) => subnetProblems(subnet, ['subnets', at])),
  ];
}

function balanceProblems({ balances }: GenesisConfig): readonly GenesisProblem[] {
  const single = balances.flatMap(({ account, tao }, at) => [
    ...accountProblem(account, ['balances', at, 'account']),
    ...amountProblem(tao, ['balances', at, 'tao']),
  ]);
  return [...single, ...repeated(balances, ({ account }) => account, 'account', ['balances'])];
}

function subnetProblems(subnet: Subnet, path: Path): readonly GenesisProblem[] {
  const neurons = subnet.neurons.flatMap(({ hotkey, coldkey, stakeTao }, at) => [
    ...accountProblem(hotkey, [...path, 'neurons', at, 'hotkey']),
    ...accountProblem(coldkey, [...path, 'neurons', at, 'coldkey']),
    ...(raoOf(stakeTao) === 0n
      ? []
      : amountProblem(stakeTao, [...path, 'neurons', at, 'stakeTao'])),
  ]);
  return [
    ...accountProblem(subnet.owner, [...path, 'owner']),
    ...accountProblem(subnet.ownerHotkey, [...path, 'ownerHotkey']),
    ...neurons,
    ...repeated(subnet.neurons, ({ hotkey }) => hotkey, 'hotkey', [...path, 'neurons']),
    ...roomProblem(subnet, path),
  ];
}

function roomProblem({ neurons, ownerHotkey, maxAllowedUids = 256 }: Subnet, path: Path) {
  const ownerListed = neurons.some(({ hotkey }) => hotkey === ownerHotkey);
  const count = neurons.length + (ownerListed ? 0 : 1);
  if (count <= maxAllowedUids) return [];
  const message = `${count} neurons (with the owner's) do not fit ${maxAllowedUids} uids`;
  return [{ path: [...path, 'neurons'], message }];
}

function accountProblem(text: string, path: Path): readonly GenesisProblem[] {
  if (text.startsWith('//') || parseSs58(text) !== undefined) return [];
  return [{ path, message: 'is not a valid SS58 address (its checksum is wrong)' }];
}

function amountProblem(tao: number | string, path: Path): readonly GenesisProblem[] {
  const rao = raoOf(tao);
  if (rao >= 1n << 64n) return [{ path, message: 'is more than an amount can hold (2^64 RAO)' }];
  if (rao >= existentialRao) return [];
  return [{ path, message: `is less than an account must hold (${existentialRao} RAO)` }];
}

/** One problem for each item whose key stood in an earlier one. */
function repeated<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  field: string,
  path: Path,
): readonly GenesisProblem[] {
  const seen = new Map<string, number>();
  return items.flatMap((item, at) => {
    const key = keyOf(item);
    const first = seen.get(key);
    if (first === undefined) seen.set(key, at);
    const message = `${key} stands in ${path.join('.')}.${first} already`;
    return first === undefined ? [] : [{ path: [...path, at, field], message }];
  });
}

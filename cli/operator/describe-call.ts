import { nameCall } from '../../common/chain/chain-calls.ts';
import type { ChainCall } from '../../common/chain-port.ts';
import { toHex } from '../../common/hex.ts';
import type { StateView } from '../../common/state-view.ts';
import type { Fact, Facts } from './facts.ts';

/** A call as this runtime would get it: its own names, every argument. */
export interface DescribedCall {
  readonly pallet: string;
  readonly name: string;
  readonly args: Facts;
  /** Wrapped in Sudo.sudo. */
  readonly sudo: boolean;
}

/** Throws CHAIN_UNSUPPORTED where the runtime has no such call. */
export function describeCall(view: StateView, call: ChainCall): DescribedCall {
  const named = nameCall(call, view);
  const taken = view.callArguments(named.pallet, named.call) ?? [];
  const args = taken.map(({ name }, at) => [name, plain(named.args[at])] as const);
  return {
    pallet: named.pallet,
    name: named.call,
    args: Object.fromEntries(args),
    sudo: named.sudo,
  };
}

/** Integers above 2^53 as decimal text, bytes as hex. */
function plain(value: unknown): Fact {
  if (typeof value === 'bigint') {
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
  }
  if (value instanceof Uint8Array) return `0x${toHex(value)}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  }
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return typeof value === 'string' ? value : null;
}

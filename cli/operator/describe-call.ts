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
  const args = taken.map(({ name, type }, at) => [name, plain(named.args[at], type)] as const);
  return {
    pallet: named.pallet,
    name: named.call,
    args: Object.fromEntries(args),
    sudo: named.sudo,
  };
}

const narrow = /^(Compact<)?[iu](8|16|32)>?$/;
const wide = /^(Compact<)?[iu](64|128|256)>?$/;

/**
 * Bytes as hex. Integers by their type in the metadata, never by their size: of at most 32 bits as
 * numbers, wider ones as decimal text, since JSON's readers round above 2^53.
 */
function plain(value: unknown, type: string): Fact {
  if (typeof value === 'bigint') return narrow.test(type) ? Number(value) : String(value);
  if (typeof value === 'number') return wide.test(type) ? String(value) : value;
  if (value instanceof Uint8Array) return `0x${toHex(value)}`;
  if (Array.isArray(value)) return value.map((one: unknown) => plain(one, elementOf(type)));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one, '')]));
  }
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' ? value : null;
}

function elementOf(type: string): string {
  return /^Vec<(.+)>$/.exec(type)?.[1] ?? '';
}

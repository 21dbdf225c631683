import type { ChainCall } from '../chain-port.ts';
import { packIp } from './ip.ts';

/** What a runtime offers, by the names of its metadata: the only thing that decides a dialect. */
export interface RuntimeOffer {
  hasCall(pallet: string, call: string): boolean;
}

/** A call by the names of the metadata, arguments in order. */
export interface NamedCall {
  readonly pallet: string;
  readonly call: string;
  readonly args: readonly unknown[];
  /** Wrapped into Sudo.sudo. */
  readonly sudo: boolean;
}

/** Calls that runtimes name differently, best first. */
const dialects: Readonly<Partial<Record<ChainCall['call'], readonly string[]>>> = {
  set_weights: ['set_mechanism_weights', 'set_weights'],
};

/**
 * The call of this runtime that does what is meant; null when it has none.
 * Names and argument order: SubtensorModule of spec 425.
 */
export function nameCall(call: ChainCall, offer: RuntimeOffer): NamedCall | null {
  if (call.call === 'admin') {
    const { name, args, sudo } = call;
    return offer.hasCall('AdminUtils', name)
      ? { pallet: 'AdminUtils', call: name, args, sudo }
      : null;
  }
  const names = dialects[call.call] ?? [call.call];
  const name = names.find((one) => offer.hasCall('SubtensorModule', one));
  if (name === undefined) return null;
  return { pallet: 'SubtensorModule', call: name, args: argsOf(call, name), sudo: false };
}

function argsOf(call: Exclude<ChainCall, { call: 'admin' }>, name: string): readonly unknown[] {
  switch (call.call) {
    case 'set_weights': {
      const mechanism = name === 'set_mechanism_weights' ? [0] : [];
      return [call.netuid, ...mechanism, call.uids, call.values, call.versionKey];
    }
    case 'serve_axon': {
      const { value, type } = packIp(call.ip);
      return [call.netuid, call.version, value, call.port, type, 4, 0, 0];
    }
    case 'burned_register':
      return [call.netuid, call.hotkey];
    case 'register_limit':
      return [call.netuid, call.hotkey, call.limitPriceRao];
    case 'register_network':
      return [call.hotkey];
    case 'start_call':
      return [call.netuid];
    case 'add_stake':
    case 'remove_stake':
      return [call.hotkey, call.netuid, call.amountRao];
  }
}

/** Names of the pool's `Custom(n)` codes (runtimes since 2025), by number. */
const poolErrors: Readonly<Record<number, string>> = {
  0: 'ColdkeyInSwapSchedule',
  1: 'StakeAmountTooLow',
  2: 'BalanceTooLow',
  3: 'SubnetNotExists',
  4: 'HotkeyAccountDoesntExist',
  5: 'NotEnoughStakeToWithdraw',
  6: 'RateLimitExceeded',
  7: 'InsufficientLiquidity',
  8: 'SlippageTooHigh',
  9: 'TransferDisallowed',
  10: 'HotKeyNotRegisteredInNetwork',
  11: 'InvalidIpAddress',
  12: 'ServingRateLimitExceeded',
  13: 'InvalidPort',
  14: 'ZeroMaxAmount',
  15: 'InvalidRevealRound',
  16: 'CommitNotFound',
  17: 'CommitBlockNotInRevealRange',
  18: 'InputLengthsUnequal',
  19: 'UidNotFound',
  20: 'EvmKeyAssociateRateLimitExceeded',
  21: 'ColdkeySwapDisputed',
  22: 'InvalidRealAccount',
  23: 'FailedShieldedTxParsing',
  24: 'InvalidShieldedTxPubKeyHash',
  25: 'NonAssociatedColdKey',
  26: 'DelegateTakeTooLow',
  27: 'DelegateTakeTooHigh',
  255: 'BadRequest',
};

export interface PoolError {
  readonly name: string;
  readonly customCode?: number;
}

/**
 * Names a pool's refusal from the text of its JSON-RPC error: `Custom error: 6` of a node,
 * `{"invalid":{"custom":6}}` of chopsticks, or a node's sentence for the standard ones.
 */
export function namePoolError(text: string): PoolError {
  const custom = /custom(?: error)?"?\s*:\s*(\d+)/i.exec(text)?.[1];
  if (custom !== undefined) {
    const customCode = Number(custom);
    return { name: poolErrors[customCode] ?? `Custom${customCode}`, customCode };
  }
  const found = standardErrors.find(([pattern]) => pattern.test(text));
  return { name: found?.[1] ?? 'InvalidTransaction' };
}

const standardErrors: readonly (readonly [RegExp, string])[] = [
  [/Inability to pay|"payment"/i, 'Payment'],
  [/outdated|"stale"/i, 'Stale'],
  [/ancient birth|"ancientBirthBlock"/i, 'AncientBirthBlock'],
  [/bad signature|"badProof"/i, 'BadProof'],
  [/valid in the future|"future"/i, 'Future'],
  [/invalid signing address|"badSigner"/i, 'BadSigner'],
  [/already imported|1013/i, 'AlreadyImported'],
  [/too low|1014/i, 'PriorityTooLow'],
  [/temporarily banned|1012/i, 'TemporarilyBanned'],
  [/not expected|"call"/i, 'CallNotExpected'],
  [/exhaust/i, 'ExhaustsResources'],
];

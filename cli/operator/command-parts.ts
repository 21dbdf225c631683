import { InvalidArgumentError } from 'commander';
import type { Coldkey, Hotkey } from '../../common/brand.ts';
import { SubnetError } from '../../common/errors.ts';
import { parseSs58 } from '../../common/keys/ss58.ts';
import { readColdkeyAddress, readHotkeyAddress } from '../../common/keys/wallet.ts';
import { parseAmount } from '../../common/operator/amount.ts';
import { locationOf } from '../flags.ts';
import type { ActionFlags, NetworkFlags, WalletFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import type { OperationDeps } from './operation.ts';
import type { OperatorChain, OperatorDeps } from './session.ts';

export interface SubnetFlags {
  readonly netuid?: number;
}

/** Flags of every command that signs. */
export type SigningFlags = ActionFlags & NetworkFlags & WalletFlags & SubnetFlags;

/** Throws USAGE. */
export function requireNetuid({ netuid }: SubnetFlags): number {
  if (netuid === undefined) throw usage('name the subnet with --netuid');
  return netuid;
}

export function usage(detail: string): SubnetError {
  return new SubnetError('USAGE', { detail });
}

/** The hotkey that is meant: an address after --hotkey as it is, else the wallet's file. */
export function hotkeyOf(io: CliIo, flags: WalletFlags): Hotkey {
  const given = flags.hotkey === undefined ? undefined : parseSs58(flags.hotkey);
  return given ?? readHotkeyAddress(locationOf(io, flags));
}

/** The wallet's coldkey, without its secret. */
export function coldkeyOf(io: CliIo, flags: WalletFlags): Coldkey {
  return readColdkeyAddress(locationOf(io, flags));
}

/** For commander: an amount as a decimal number, to RAO, exactly. */
export function amountOption(text: string): bigint {
  const rao = parseAmount(text);
  if (rao !== null) return rao;
  throw new InvalidArgumentError('must be an amount such as 1.5, at most nine decimals');
}

/** For commander: an amount above zero. */
export function positiveAmountOption(text: string): bigint {
  const rao = amountOption(text);
  if (rao > 0n) return rao;
  throw new InvalidArgumentError('must be above 0');
}

/** For commander: an SS58 address. */
export function addressOption(text: string): Coldkey {
  const address = parseSs58(text);
  if (address !== undefined) return address;
  throw new InvalidArgumentError('must be an SS58 address of format 42');
}

export function operationDeps(
  io: CliIo,
  deps: OperatorDeps,
  flags: SigningFlags,
  chain: OperatorChain,
): OperationDeps {
  const prompter = deps.prompter(flags);
  const location = locationOf(io, flags);
  return {
    io,
    flags,
    chain,
    prompter,
    open: (signedBy) => deps.open(location, signedBy, prompter),
  };
}

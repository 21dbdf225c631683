import type { Chain, ChainCall, TxOutcome } from '../chain-port.ts';
import { SubnetError } from '../errors.ts';
import type { Platform } from '../platform-port.ts';
import type { Signer } from '../signer-port.ts';
import type { StateSource, StateView } from '../state-view.ts';
import { callArguments, chainValue, sameValue, showValue } from './hyperparameter-value.ts';
import type { RawValue } from './hyperparameter-value.ts';
import type { Hyperparameter } from './hyperparameters.ts';
import { settersOf } from './owner-gates.ts';
import type { Authority, SetterCall } from './owner-gates.ts';

export interface SetDeps {
  readonly chain: Chain & StateSource;
  readonly signer: Signer;
  readonly platform: Platform;
}

export interface Change {
  readonly netuid: number;
  readonly parameter: Hyperparameter;
  readonly value: RawValue;
  readonly authority: Authority;
}

export interface Changed {
  readonly block: number;
  readonly call: string;
}

/** The value on chain now; null where the runtime does not know it. Throws CHAIN_*. */
export async function readHyperparameter(
  view: StateView,
  netuid: number,
  parameter: Hyperparameter,
): Promise<RawValue | null> {
  if (!view.hasStorage('SubtensorModule', parameter.item)) return null;
  return chainValue(parameter, await view.storage('SubtensorModule', parameter.item, netuid));
}

/** The call as it would be signed. */
export function callFor(change: Change, setter: SetterCall): ChainCall {
  const { netuid, parameter, value, authority } = change;
  const named = { ...parameter, argument: setter.argument };
  return {
    call: 'named',
    pallet: setter.pallet,
    name: setter.name,
    args: { netuid, ...callArguments(named, value) },
    sudo: authority === 'root',
  };
}

const readBackAttempts = 10;
const readBackPauseMs = 500;

/**
 * Changes one hyperparameter and reads it back: success is what the chain then holds. Where a
 * runtime moved the work to another call, that one is tried next. Throws HYPERPARAMETER_REFUSED
 * with the chain's reason, HYPERPARAMETER_UNSEEN when the fate is not known, CHAIN_*.
 */
export async function setHyperparameter(deps: SetDeps, change: Change): Promise<Changed> {
  const view = await deps.chain.view();
  const setters = settersOf(view, change.parameter, change.authority);
  let refusal: Refusal = { error: 'NoCall', text: 'this runtime has no call for it' };
  for (const setter of setters) {
    const outcome = await deps.chain.submit(callFor(change, setter), deps.signer);
    if (outcome.kind === 'unknown') throw unseen(change, outcome.message);
    const call = `${setter.pallet}.${setter.name}`;
    const changed = await settled(deps, change, outcome);
    if (changed !== null) return { block: changed, call };
    refusal = refusalOf(outcome, call);
    if (outcome.kind === 'refused' && outcome.name !== 'BadOrigin') break;
  }
  const { error, text } = refusal;
  throw new SubnetError('HYPERPARAMETER_REFUSED', { detail: `${wish(change)}: ${text}`, error });
}

interface Refusal {
  /** The chain's name of the error. */
  readonly error: string;
  readonly text: string;
}

function wish({ parameter, value, netuid }: Change): string {
  return `${parameter.name} = ${showValue(parameter, value)} on netuid ${netuid}`;
}

function unseen(change: Change, message: string): SubnetError {
  return new SubnetError('HYPERPARAMETER_UNSEEN', { detail: `${wish(change)}: ${message}` });
}

function refusalOf(outcome: TxOutcome, call: string): Refusal {
  if (outcome.kind === 'refused') return { error: outcome.name, text: outcome.message };
  return { error: 'NoEffect', text: `${call} was included but changed nothing` };
}

/** The block from which the chain holds the value; null when it does not. */
async function settled(
  deps: SetDeps,
  { netuid, parameter, value }: Change,
  outcome: TxOutcome,
): Promise<number | null> {
  if (outcome.kind !== 'included') return null;
  for (let attempt = 0; attempt < readBackAttempts; attempt += 1) {
    const view = await deps.chain.view();
    const now = await readHyperparameter(view, netuid, parameter);
    if (now !== null && sameValue(now, value)) return outcome.block.number;
    if (view.block.number >= outcome.block.number) return null;
    await deps.platform.clock.sleep(readBackPauseMs);
  }
  return null;
}

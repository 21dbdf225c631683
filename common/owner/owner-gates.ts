import type { Ss58 } from '../brand.ts';
import { asNumber } from '../chain/decoded.ts';
import type { StateView } from '../state-view.ts';
import type { Hyperparameter, OwnerLimit } from './hyperparameters.ts';

/** Who signs: the subnet's owner, or the root key through Sudo. */
export type Authority = 'owner' | 'root';

export type GateReason =
  | 'unsupported'
  | 'no-subnet'
  | 'not-owner'
  | 'root-only'
  | 'out-of-bounds'
  | 'freeze-window'
  | 'epoch-pending'
  | 'rate-limit';

/** What the chain would refuse a change for. */
export interface Gate {
  readonly reason: GateReason;
  readonly detail: string;
  /** First block whose dispatch takes the change; null when time does not help. */
  readonly clearsAtBlock: number | null;
}

/** The call that changes a hyperparameter on this runtime, for this authority. */
export interface SetterCall {
  readonly pallet: 'AdminUtils' | 'SubtensorModule';
  readonly name: string;
  readonly argument: string;
  readonly limit: OwnerLimit;
  readonly window: boolean;
}

export interface GateQuestion {
  readonly netuid: number;
  readonly authority: Authority;
  /** Coldkey that would sign; null when none is at hand: ownership is not looked at then. */
  readonly signer: Ss58 | null;
}

/** Setters that this runtime has for this authority, best first; empty when there are none. */
export function settersOf(
  view: StateView,
  parameter: Hyperparameter,
  authority: Authority,
): readonly SetterCall[] {
  const { setter, argument, limit, window, who, ownerCall } = parameter;
  const own: readonly SetterCall[] =
    ownerCall === undefined || authority === 'root'
      ? []
      : [
          {
            pallet: 'SubtensorModule',
            name: ownerCall.name,
            argument: ownerCall.argument,
            limit: ownerCall.limit,
            window: true,
          },
        ];
  const admin = { pallet: 'AdminUtils', name: setter, argument, limit, window } as const;
  // An owner's call that became root's, or the other way round, tells so by its error only.
  const calls = who === 'root' && authority === 'owner' && own.length === 0 ? [] : [...own, admin];
  return calls.filter((call) => view.callArguments(call.pallet, call.name) !== null);
}

/** Whose call changes it on this runtime, as far as its metadata tells. */
export function setBy(view: StateView, { who, ownerCall }: Hyperparameter): Authority {
  const hasOwnerCall =
    ownerCall !== undefined && view.callArguments('SubtensorModule', ownerCall.name) !== null;
  return hasOwnerCall ? 'owner' : who;
}

/**
 * All that speaks against changing this hyperparameter now, in the order in which the chain asks:
 * who, how long since the last change, freeze window. Empty: nothing does.
 */
export async function gatesOf(
  view: StateView,
  parameter: Hyperparameter,
  question: GateQuestion,
): Promise<readonly Gate[]> {
  const lasting = lastingGate(view, parameter, question) ?? (await ownershipGate(view, question));
  if (lasting !== null) return [lasting];
  const [call] = settersOf(view, parameter, question.authority);
  if (call === undefined) return [];
  const limited =
    question.authority === 'owner' ? await rateLimitGate(view, call.limit, question.netuid) : null;
  const frozen = call.window ? await freezeGate(view, question.netuid) : null;
  return [limited, frozen].filter((gate) => gate !== null);
}

function lastingGate(
  view: StateView,
  parameter: Hyperparameter,
  { authority }: GateQuestion,
): Gate | null {
  const { name, item, setter, who, ownerCall } = parameter;
  if (!view.hasStorage('SubtensorModule', item)) {
    return lasting('unsupported', `this runtime does not know ${name}`);
  }
  if (settersOf(view, parameter, authority).length > 0) return null;
  if (authority === 'owner' && who === 'root' && ownerCall === undefined) {
    return lasting('root-only', `set by root, not by the subnet's owner`);
  }
  return lasting('unsupported', `this runtime has no call ${setter}`);
}

function lasting(reason: GateReason, detail: string): Gate {
  return { reason, detail, clearsAtBlock: null };
}

async function ownershipGate(view: StateView, question: GateQuestion): Promise<Gate | null> {
  const { netuid, signer, authority } = question;
  const exists = await view.storage('SubtensorModule', 'NetworksAdded', netuid);
  if (exists !== true) return lasting('no-subnet', `there is no subnet ${netuid}`);
  if (signer === null) return null;
  const [pallet, item, keys] =
    authority === 'root' ? ['Sudo', 'Key', []] : ['SubtensorModule', 'SubnetOwner', [netuid]];
  const holder = await view.storage(pallet, item, ...keys);
  if (holder === signer) return null;
  const what = authority === 'root' ? 'the root key' : `the owner of subnet ${netuid}`;
  return lasting('not-owner', `${what} is ${String(holder)}, the coldkey is ${signer}`);
}

async function rateLimitGate(
  view: StateView,
  limit: OwnerLimit,
  netuid: number,
): Promise<Gate | null> {
  if (limit.kind === 'none') return null;
  const [last, blocks] = await Promise.all([
    lastChange(view, limit, netuid),
    waitingBlocks(view, limit, netuid),
  ]);
  const clearsAt = last + blocks;
  if (last === 0 || view.block.number + 1 >= clearsAt) return null;
  const detail = `it was changed at block ${last}, once in ${blocks} blocks is allowed; clears at block ${clearsAt}`;
  return { reason: 'rate-limit', detail, clearsAtBlock: clearsAt };
}

async function lastChange(view: StateView, limit: OwnerLimit, netuid: number): Promise<number> {
  if (limit.kind === 'none') return 0;
  if (limit.kind === 'parameter') {
    if (!view.hasStorage('SubtensorModule', 'LastRateLimitedBlock')) return 0;
    const key = { OwnerHyperparamUpdate: [netuid, limit.name] };
    return asNumber(await view.storage('SubtensorModule', 'LastRateLimitedBlock', key));
  }
  if (!view.hasStorage('SubtensorModule', 'TransactionKeyLastBlock')) return 0;
  const owner = await view.storage('SubtensorModule', 'SubnetOwner', netuid);
  return asNumber(
    await view.storage('SubtensorModule', 'TransactionKeyLastBlock', owner, netuid, limit.number),
  );
}

async function waitingBlocks(view: StateView, limit: OwnerLimit, netuid: number): Promise<number> {
  if (limit.kind === 'none') return 0;
  if (limit.kind === 'transaction') return limit.blocks;
  const item =
    limit.kind === 'version-key' ? 'WeightsVersionKeyRateLimit' : 'OwnerHyperparamRateLimit';
  if (!view.hasStorage('SubtensorModule', item)) return 0;
  const [tempos, tempo] = await Promise.all([
    view.storage('SubtensorModule', item),
    view.storage('SubtensorModule', 'Tempo', netuid),
  ]);
  return asNumber(tempos) * asNumber(tempo);
}

/** Closed while fewer than AdminFreezeWindow blocks remain before the epoch, or one was asked for. */
async function freezeGate(view: StateView, netuid: number): Promise<Gate | null> {
  if (!view.hasStorage('SubtensorModule', 'AdminFreezeWindow')) return null;
  const [window, pending, tempo] = await Promise.all([
    view.storage('SubtensorModule', 'AdminFreezeWindow').then(asNumber),
    numberOrZero(view, 'PendingEpochAt', netuid),
    numberOrZero(view, 'Tempo', netuid),
  ]);
  const now = view.block.number + 1;
  if (tempo === 0) return null;
  if (pending > now) {
    const detail = `the owner asked for an epoch at block ${pending}; clears with it`;
    return { reason: 'epoch-pending', detail, clearsAtBlock: pending };
  }
  const epoch = await nextAutomaticEpoch(view, netuid, tempo);
  if (window === 0 || epoch - now >= window || epoch <= now) return null;
  const detail = `the last ${window} blocks before the epoch at block ${epoch} are closed for changes`;
  return { reason: 'freeze-window', detail, clearsAtBlock: epoch };
}

async function nextAutomaticEpoch(view: StateView, netuid: number, tempo: number): Promise<number> {
  if (view.hasStorage('SubtensorModule', 'LastEpochBlock')) {
    return asNumber(await view.storage('SubtensorModule', 'LastEpochBlock', netuid)) + tempo;
  }
  const now = view.block.number + 1;
  return now + (tempo - ((now + netuid + 1) % (tempo + 1)));
}

async function numberOrZero(view: StateView, item: string, netuid: number): Promise<number> {
  if (!view.hasStorage('SubtensorModule', item)) return 0;
  return asNumber(await view.storage('SubtensorModule', item, netuid));
}

import { asNumber, asOwner } from '../chain/decoded.ts';
import type { Coldkey } from '../brand.ts';
import { SubnetError } from '../errors.ts';
import type { StateView } from '../state-view.ts';
import { optionalNumber } from './optional-reads.ts';
import { refusal, refusals } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { requireSubnet } from './subnet-list.ts';

/** What decides whether a subnet's owner can start its emission. */
export interface StartState {
  readonly netuid: number;
  readonly block: number;
  readonly owner: Coldkey | null;
  readonly coldkey: Coldkey;
  /** null: not started. */
  readonly firstEmissionBlock: number | null;
  readonly opensAtBlock: number;
}

/** Throws CHAIN_NO_SUBNET, and CHAIN_UNSUPPORTED where subnets need no start. */
export async function readStart(
  view: StateView,
  netuid: number,
  coldkey: Coldkey,
): Promise<StartState> {
  await requireSubnet(view, netuid);
  if (view.callArguments('SubtensorModule', 'start_call') === null) {
    throw new SubnetError('CHAIN_UNSUPPORTED', { missing: 'SubtensorModule.start_call' });
  }
  const [owner, registeredAt, first] = await Promise.all([
    view.storage('SubtensorModule', 'SubnetOwner', netuid),
    optionalNumber(view, 'NetworkRegisteredAt', netuid),
    optionalNumber(view, 'FirstEmissionBlockNumber', netuid),
  ]);
  return {
    netuid,
    block: view.block.number,
    owner: asOwner(owner),
    coldkey,
    firstEmissionBlock: first,
    opensAtBlock: (registeredAt ?? 0) + (await startDelay(view)),
  };
}

/** Storage on newer runtimes, a constant on older ones. */
async function startDelay(view: StateView): Promise<number> {
  const stored = await optionalNumber(view, 'StartCallDelay');
  if (stored !== null) return stored;
  const constant = view.constant('SubtensorModule', 'DurationOfStartCall');
  return constant === undefined ? 0 : asNumber(constant);
}

export function startRefusals(state: StartState): readonly Refusal[] {
  const { netuid, firstEmissionBlock, opensAtBlock, block } = state;
  return refusals(
    notOwner(state.owner, state.coldkey, netuid),
    firstEmissionBlock === null
      ? null
      : refusal(
          'CALL_REFUSED',
          'FirstEmissionBlockNumberAlreadySet',
          `netuid ${netuid} was started: it emits since block ${firstEmissionBlock}`,
        ),
    block + 1 >= opensAtBlock
      ? null
      : refusal(
          'CALL_TOO_SOON',
          'NeedWaitingMoreBlocksToStarCall',
          `netuid ${netuid} is too young to be started`,
          opensAtBlock,
        ),
  );
}

export function notOwner(owner: Coldkey | null, coldkey: Coldkey, netuid: number): Refusal | null {
  if (owner === coldkey) return null;
  const detail = `netuid ${netuid} belongs to ${owner ?? 'nobody'}, not to ${coldkey}`;
  return refusal('NOT_OWNER', 'BadOrigin', detail);
}

import { asNumber, asOwner } from '../../common/chain/decoded.ts';
import type { ChainCall, ChainEvent } from '../../common/chain-port.ts';
import { tao } from '../../common/operator/amount.ts';
import { numberOrNull } from '../../common/operator/optional-reads.ts';
import {
  readFree,
  readRegistration,
  registrationRefusals,
} from '../../common/operator/registration.ts';
import type { RegistrationState } from '../../common/operator/registration.ts';
import { creationRefusals, readCreation } from '../../common/operator/subnet-creation.ts';
import type { CreationState } from '../../common/operator/subnet-creation.ts';
import { readStart, startRefusals } from '../../common/operator/subnet-start.ts';
import type { StartState } from '../../common/operator/subnet-start.ts';
import type { CliIo } from '../io.ts';
import { coldkeyOf, hotkeyOf, operationDeps, requireNetuid } from './command-parts.ts';
import type { SigningFlags } from './command-parts.ts';
import { carryOut } from './operation.ts';
import type { Operation } from './operation.ts';
import { withChain } from './session.ts';
import type { OperatorDeps } from './session.ts';
import { shortKey } from './table.ts';

export interface RegisterFlags extends SigningFlags {
  /** RAO. */
  readonly maxBurn?: bigint;
}

/** `subnet subnets register`: by burn, never dearer than what was shown or allowed. */
export function registerNeuron(io: CliIo, deps: OperatorDeps, flags: RegisterFlags): Promise<void> {
  const netuid = requireNetuid(flags);
  const [hotkey, coldkey] = [hotkeyOf(io, flags), coldkeyOf(io, flags)];
  return withChain(io, deps, flags, async (chain) => {
    const state = await readRegistration(await chain.view(), netuid, hotkey, coldkey);
    const operation = registerOperation(state, flags.maxBurn ?? state.burnRao);
    await carryOut(operationDeps(io, deps, flags, chain), operation);
  });
}

export function registerOperation(state: RegistrationState, maxBurnRao: bigint): Operation {
  const { netuid, hotkey, coldkey, burnRao, freeRao, canLimit } = state;
  const call: ChainCall = canLimit
    ? { call: 'register_limit', netuid, hotkey, limitPriceRao: maxBurnRao }
    : { call: 'burned_register', netuid, hotkey };
  const held = canLimit ? 'held by the chain' : 'looked at now only: this runtime holds no limit';
  return {
    what: `Register hotkey ${shortKey(hotkey)} on netuid ${netuid}`,
    call,
    signedBy: 'coldkey',
    payer: coldkey,
    facts: {
      netuid,
      hotkey,
      coldkey,
      burn: tao(burnRao),
      maxBurn: tao(maxBurnRao),
      limit: held,
      freeBalance: tao(freeRao),
    },
    refusals: (feeRao) => registrationRefusals(state, maxBurnRao, feeRao),
    effect: async (view) => {
      const [uid, free] = await Promise.all([
        view.storage('SubtensorModule', 'Uids', netuid, hotkey),
        readFree(view, coldkey),
      ]);
      return uid === null ? null : { uid: asNumber(uid), freeBalance: tao(free) };
    },
  };
}

/** `subnet subnets create`: a new subnet; says first what it locks. */
export function createSubnet(io: CliIo, deps: OperatorDeps, flags: SigningFlags): Promise<void> {
  const [hotkey, coldkey] = [hotkeyOf(io, flags), coldkeyOf(io, flags)];
  return withChain(io, deps, flags, async (chain) => {
    const state = await readCreation(await chain.view(), hotkey, coldkey);
    await carryOut(operationDeps(io, deps, flags, chain), createOperation(state));
  });
}

export function createOperation(state: CreationState): Operation {
  const { hotkey, coldkey, lockCostRao, freeRao, opensAtBlock } = state;
  return {
    what: 'Create a subnet',
    call: { call: 'register_network', hotkey },
    signedBy: 'coldkey',
    payer: coldkey,
    facts: {
      ownerHotkey: hotkey,
      ownerColdkey: coldkey,
      lockCost: tao(lockCostRao),
      freeBalance: tao(freeRao),
      openFromBlock: opensAtBlock,
    },
    refusals: (feeRao) => creationRefusals(state, feeRao),
    effect: async (view, { events }) => {
      const netuid = addedNetuid(events);
      if (netuid === null) return null;
      const owner = await view.storage('SubtensorModule', 'SubnetOwner', netuid);
      if (asOwner(owner) !== coldkey) return null;
      return { netuid, freeBalance: tao(await readFree(view, coldkey)) };
    },
  };
}

function addedNetuid(events: readonly ChainEvent[]): number | null {
  const added = events.find(({ name }) => name === 'SubtensorModule.NetworkAdded');
  return added === undefined ? null : asNumber(added.args[0]);
}

/** `subnet subnets start`: the owner starts the emission of a new subnet. */
export function startSubnet(io: CliIo, deps: OperatorDeps, flags: SigningFlags): Promise<void> {
  const netuid = requireNetuid(flags);
  const coldkey = coldkeyOf(io, flags);
  return withChain(io, deps, flags, async (chain) => {
    const state = await readStart(await chain.view(), netuid, coldkey);
    await carryOut(operationDeps(io, deps, flags, chain), startOperation(state));
  });
}

export function startOperation(state: StartState): Operation {
  const { netuid, coldkey, owner } = state;
  return {
    what: `Start netuid ${netuid}: it emits from the next block on`,
    call: { call: 'start_call', netuid },
    signedBy: 'coldkey',
    payer: coldkey,
    facts: { netuid, ownerColdkey: owner, coldkey },
    refusals: () => startRefusals(state),
    effect: async (view) => {
      const first = await view.storage('SubtensorModule', 'FirstEmissionBlockNumber', netuid);
      const firstEmissionBlock = numberOrNull(first);
      return firstEmissionBlock === null ? null : { firstEmissionBlock };
    },
  };
}

import type { ChainCall } from '../../common/chain-port.ts';
import { fromHex } from '../../common/hex.ts';
import { SubnetError } from '../../common/errors.ts';
import { createPlatform } from '../../common/node/platform.ts';
import type { StateView } from '../../common/state-view.ts';
import { createCommitMaker } from '../../validator/weights/commit-maker.ts';
import { choosePath, mostPendingCommits } from '../../validator/weights/commit-path.ts';
import type { SealedCommit } from '../../validator/weights/vector-state.ts';
import { chainRow, sameRow } from '../../validator/weights/weights.ts';
import type { CliIo } from '../io.ts';
import { hotkeyOf, operationDeps, requireNetuid } from './command-parts.ts';
import type { Facts } from './facts.ts';
import { carryOut } from './operation.ts';
import type { Operation } from './operation.ts';
import { writeSaltFile } from './salt-file.ts';
import { withChain } from './session.ts';
import type { OperatorChain, OperatorDeps } from './session.ts';
import { shortKey } from './table.ts';
import { orderOf, rowOf, vectorOf, vectorText, weightRefusals } from './weights-plan.ts';
import type { WeightFlags, WeightOrder } from './weights-plan.ts';

/** `subnet weights set`: plainly, or as a timelocked commit where commit-reveal is on. */
export function setWeights(io: CliIo, deps: OperatorDeps, flags: WeightFlags): Promise<void> {
  return send(io, deps, flags, async (chain, order) => {
    const { snapshot } = order;
    const beacon = await chain.beacon();
    const path = choosePath({ snapshot, runtime: chain.runtime, beacon }, 'timelocked');
    if (typeof path !== 'string') throw unsendable(path.detail);
    if (path === 'plain') return plainOperation(order);
    if (beacon === null) throw unsendable('this chain has no beacon');
    const sealed = createCommitMaker((length) => createPlatform().randomBytes(length)).timelocked(
      order,
      beacon,
    );
    return timelockedOperation(chain, order, sealed);
  });
}

export interface CommitFlags extends WeightFlags {
  readonly saltFile?: string;
}

/** `subnet weights commit`: a hash whose salt is on disk before anything is sent. */
export function commitWeights(io: CliIo, deps: OperatorDeps, flags: CommitFlags): Promise<void> {
  return send(io, deps, flags, async (chain, order) => {
    const { snapshot } = order;
    const path = choosePath({ snapshot, runtime: chain.runtime, beacon: null }, 'hash');
    if (typeof path !== 'string') throw unsendable(path.detail);
    if (path === 'plain') {
      throw unsendable('commit-reveal is off on this subnet: use subnet weights set');
    }
    const sealed = createCommitMaker((length) => createPlatform().randomBytes(length)).hash(order);
    return hashOperation(chain, order, sealed, flags.saltFile);
  });
}

function unsendable(detail: string): SubnetError {
  return new SubnetError('CALL_REFUSED', { detail });
}

function send(
  io: CliIo,
  deps: OperatorDeps,
  flags: WeightFlags,
  plan: (chain: OperatorChain, order: WeightOrder) => Promise<Operation>,
): Promise<void> {
  const netuid = requireNetuid(flags);
  const hotkey = hotkeyOf(io, flags);
  vectorOf(flags);
  return withChain(io, deps, flags, async (chain) => {
    const order = orderOf(await chain.snapshot(netuid), hotkey, flags);
    await carryOut(operationDeps(io, deps, flags, chain), await plan(chain, order));
  });
}

function sharedFacts({ snapshot, hotkey, mecid, vector, versionKey }: WeightOrder): Facts {
  return {
    netuid: snapshot.netuid,
    mecid,
    hotkey,
    weights: vectorText(vector),
    versionKey: String(versionKey),
  };
}

function plainOperation(order: WeightOrder): Operation {
  const { snapshot, hotkey, mecid, vector, versionKey } = order;
  const { netuid } = snapshot;
  const { uids, values } = vector;
  return {
    what: `Set weights of ${shortKey(hotkey)} on netuid ${netuid}`,
    call: { call: 'set_weights', netuid, mecid, uids, values, versionKey },
    signedBy: 'hotkey',
    payer: hotkey,
    facts: { ...sharedFacts(order), mode: 'plain: commit-reveal is off' },
    refusals: () => weightRefusals(order),
    effect: (view) => rowEffect(view, order),
  };
}

/** The row as the chain stores it must be ours. */
export async function rowEffect(
  view: StateView,
  order: Pick<WeightOrder, 'snapshot' | 'hotkey' | 'mecid' | 'vector'>,
): Promise<Facts | null> {
  const { uids, values } = order.vector;
  const row = await rowOf(view, order);
  if (row === null || !sameRow(row, chainRow(uids, values))) return null;
  return { effective: true, row: row.map(([uid, value]) => `${uid}:${value}`).join(' ') };
}

function timelockedOperation(
  chain: OperatorChain,
  order: WeightOrder,
  sealed: SealedCommit,
): Operation {
  const { snapshot, hotkey, mecid } = order;
  const { netuid, commitRevealVersion } = snapshot;
  const revealRound = sealed.revealRound ?? 0;
  return {
    what: `Commit weights of ${shortKey(hotkey)} on netuid ${netuid}, timelocked`,
    call: {
      call: 'commit_timelocked_weights',
      netuid,
      mecid,
      commit: fromHex(sealed.bytes ?? '') ?? new Uint8Array(),
      revealRound,
      version: sealed.version ?? commitRevealVersion ?? 0,
    },
    signedBy: 'hotkey',
    payer: hotkey,
    facts: {
      ...sharedFacts(order),
      mode: 'timelocked: the chain reveals it by itself',
      revealFromBlock: sealed.revealBlock,
      beaconRound: revealRound,
    },
    refusals: () => commitRefusals(order),
    effect: () => commitEffect(chain, order, sealed),
  };
}

function hashOperation(
  chain: OperatorChain,
  order: WeightOrder,
  sealed: SealedCommit,
  wanted: string | undefined,
): Operation {
  const { snapshot, hotkey, mecid, vector, versionKey } = order;
  const { netuid } = snapshot;
  const { hash, revealBlock } = sealed;
  const saltFile = wanted ?? `weights-netuid${netuid}-${hash.slice(2, 10)}.json`;
  const call: ChainCall = { call: 'commit_weights', netuid, mecid, hash };
  return {
    what: `Commit weights of ${shortKey(hotkey)} on netuid ${netuid}, by hash`,
    call,
    signedBy: 'hotkey',
    payer: hotkey,
    facts: {
      ...sharedFacts(order),
      mode: 'hash: reveal it yourself, in one epoch only',
      saltFile,
      revealFromBlock: revealBlock,
    },
    refusals: () => commitRefusals(order),
    beforeSigning: () =>
      writeSaltFile(saltFile, {
        format: 'subnet-weight-commit/1',
        genesisHash: chain.genesisHash,
        netuid,
        mecid,
        hotkey,
        uids: [...vector.uids],
        values: [...vector.values],
        salt: [...(sealed.salt ?? [])],
        versionKey: String(versionKey),
        hash,
        revealBlock,
      }),
    effect: async () => {
      const seen = await commitEffect(chain, order, sealed);
      const next = `subnet weights reveal --salt-file ${saltFile}`;
      return seen === null ? null : { ...seen, next };
    },
  };
}

function commitRefusals(order: WeightOrder) {
  return weightRefusals(order).map((one) =>
    one.chainError === 'SettingWeightsTooFast'
      ? { ...one, chainError: 'CommittingWeightsTooFast' }
      : one,
  );
}

/** The commit waits on chain, under the hash of what was sent. */
async function commitEffect(
  chain: OperatorChain,
  { snapshot, hotkey, mecid }: WeightOrder,
  sealed: SealedCommit,
): Promise<Facts | null> {
  const pending = await chain.pendingCommits(snapshot.netuid, mecid, hotkey);
  const own = pending.find(({ hash }) => hash === sealed.hash);
  if (own === undefined) return null;
  return {
    commit: own.hash,
    committedAtBlock: own.block,
    revealFromBlock: sealed.revealBlock,
    pendingCommits: `${pending.length} of at most ${mostPendingCommits}`,
  };
}

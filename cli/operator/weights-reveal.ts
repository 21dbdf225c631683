import type { Hotkey } from '../../common/brand.ts';
import type { PendingCommit, Snapshot } from '../../common/chain-port.ts';
import { revealWindow } from '../../common/chain/reveal-window.ts';
import { SubnetError } from '../../common/errors.ts';
import { parseSs58 } from '../../common/keys/ss58.ts';
import { refusal } from '../../common/operator/refusal.ts';
import type { Refusal } from '../../common/operator/refusal.ts';
import { vectorText } from './weights-plan.ts';
import type { CliIo } from '../io.ts';
import { hotkeyOf, operationDeps, usage } from './command-parts.ts';
import type { SigningFlags } from './command-parts.ts';
import { carryOut } from './operation.ts';
import type { Operation } from './operation.ts';
import { readSaltFile } from './salt-file.ts';
import type { SaltFile } from './salt-file.ts';
import { withChain } from './session.ts';
import type { OperatorDeps } from './session.ts';
import { shortKey } from './table.ts';
import { rowEffect } from './weights-send.ts';

export interface RevealFlags extends SigningFlags {
  readonly saltFile?: string;
}

/** `subnet weights reveal`: shows what a hash commit hid. */
export function revealWeights(io: CliIo, deps: OperatorDeps, flags: RevealFlags): Promise<void> {
  if (flags.saltFile === undefined) throw usage('name the file of the commit with --salt-file');
  const content = readSaltFile(flags.saltFile);
  if (flags.netuid !== undefined && flags.netuid !== content.netuid) {
    throw usage(`the file is of netuid ${content.netuid}, not of ${flags.netuid}`);
  }
  const hotkey = committer(io, flags, content);
  return withChain(io, deps, flags, async (chain) => {
    if (chain.genesisHash !== content.genesisHash) {
      throw new SubnetError('SALT_FILE_INVALID', {
        detail: `it is of the chain with genesis ${content.genesisHash}, this one has ${chain.genesisHash}`,
      });
    }
    const { netuid, mecid } = content;
    const [snapshot, pending] = await Promise.all([
      chain.snapshot(netuid),
      chain.pendingCommits(netuid, mecid, hotkey),
    ]);
    const operation = revealOperation(snapshot, hotkey, content, pending);
    await carryOut(operationDeps(io, deps, flags, chain), operation);
  });
}

/** The wallet must be the one that committed. */
function committer(io: CliIo, flags: RevealFlags, content: SaltFile): Hotkey {
  const hotkey = hotkeyOf(io, flags);
  if (parseSs58(content.hotkey) === hotkey) return hotkey;
  const detail = `${content.hotkey} committed these weights, the wallet's hotkey is ${hotkey}`;
  throw new SubnetError('SALT_FILE_INVALID', { detail });
}

function revealOperation(
  snapshot: Snapshot,
  hotkey: Hotkey,
  content: SaltFile,
  pending: readonly PendingCommit[],
): Operation {
  const { netuid, mecid, uids, values, salt, hash } = content;
  const versionKey = BigInt(content.versionKey);
  const vector = { kind: 'vector', uids, values } as const;
  return {
    what: `Reveal weights of ${shortKey(hotkey)} on netuid ${netuid}`,
    call: { call: 'reveal_weights', netuid, mecid, uids, values, salt, versionKey },
    signedBy: 'hotkey',
    payer: hotkey,
    facts: { netuid, mecid, hotkey, weights: vectorText(vector), commit: hash },
    refusals: () => revealRefusals(snapshot, content, pending),
    effect: (view) => rowEffect(view, { snapshot, hotkey, mecid, vector }),
  };
}

/** The chain takes a reveal in exactly one epoch: `RevealPeriodEpochs` after that of the commit. */
export function revealRefusals(
  snapshot: Snapshot,
  { hash, netuid }: Pick<SaltFile, 'hash' | 'netuid'>,
  pending: readonly PendingCommit[],
): readonly Refusal[] {
  if (!snapshot.hyperparams.commitRevealEnabled) {
    const detail = `commit-reveal was switched off on netuid ${netuid}`;
    return [refusal('CALL_REFUSED', 'CommitRevealDisabled', detail)];
  }
  const commit = pending.find((one) => one.kind === 'hash' && one.hash === hash);
  if (commit === undefined) {
    const detail = 'the chain holds no such commit: it was revealed, or its epoch has passed';
    return [refusal('CALL_REFUSED', 'NoWeightsCommitFound', detail)];
  }
  const window = windowRefusal(snapshot, commit);
  return window === null ? [] : [window];
}

function windowRefusal(snapshot: Snapshot, commit: PendingCommit): Refusal | null {
  const window = revealWindow(snapshot, commit);
  if (window?.state === 'open') return null;
  const period = snapshot.hyperparams.commitRevealPeriod;
  if (window?.state === 'expired') {
    const when = `${window.isExact ? 'at' : 'about'} block ${window.toBlock}`;
    const detail = `the epoch in which it could be revealed ended ${when}`;
    return refusal('CALL_REFUSED', 'ExpiredWeightCommit', detail);
  }
  const detail = `committed at block ${commit.block}, revealed ${period} epoch(s) later`;
  return refusal('CALL_TOO_SOON', 'RevealTooEarly', detail, window?.fromBlock);
}

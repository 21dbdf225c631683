import type { Hotkey } from '../../common/brand.ts';
import type { PendingCommit, Snapshot } from '../../common/chain-port.ts';
import { revealWindow } from '../../common/chain/reveal-window.ts';
import type { RevealWindow } from '../../common/chain/reveal-window.ts';
import { fail, pass, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** A commit that the chain holds, with the mechanism whose weights it hides. */
export interface HeldCommit {
  readonly mecid: number;
  readonly commit: PendingCommit;
}

export interface CommitQuestion {
  readonly snapshot: Snapshot;
  readonly hotkey: Hotkey;
  readonly pending: readonly HeldCommit[];
}

const id = 'weights.pending';
/** The chain takes ten. */
const many = 8;

/** What becomes of each commit that waits for its reveal; pure. */
export function commitFindings(question: CommitQuestion): readonly Finding[] {
  const { pending } = question;
  if (pending.length === 0) return [pass(id, 'no commit waits for its reveal')];
  const each = pending.map((held) => commitFinding(question, held));
  if (pending.length < many) return each;
  const fix = 'The chain takes ten at most: is this hotkey run in two places?';
  return [...each, warn(id, `${pending.length} commits wait for their reveal`, fix)];
}

function commitFinding(question: CommitQuestion, held: HeldCommit): Finding {
  const { snapshot } = question;
  const name = nameOf(held);
  const window = revealWindow(snapshot, held.commit);
  if (window === null)
    return warn(id, `${name}: no epochs run`, 'It waits until the owner sets a tempo.');
  if (window.state === 'expired') return expiredFinding(question, held, window);
  const isHash = held.commit.kind === 'hash';
  if (isHash && !snapshot.hyperparams.commitRevealEnabled) {
    return fail(
      id,
      `${name}: commit-reveal was switched off, it cannot be revealed`,
      'Set the weights: subnet weights set.',
    );
  }
  return isHash ? hashFinding(name, window) : timelockedFinding(snapshot, held, window);
}

function nameOf({ mecid, commit: { kind, block } }: HeldCommit): string {
  const where = mecid === 0 ? '' : ` on mechanism ${mecid}`;
  return `${kind} commit of block ${block}${where}`;
}

const anew = 'Its weights never took effect: commit anew (subnet weights commit, or set).';

/** What came after it may have taken its place: then nothing is lost. */
function expiredFinding(
  { snapshot, hotkey }: CommitQuestion,
  held: HeldCommit,
  { toBlock, isExact }: RevealWindow,
): Finding {
  const when = `${isExact ? 'at' : 'about'} block ${toBlock}`;
  const detail = `${nameOf(held)}: expired ${when}, can no longer be revealed`;
  const uid = snapshot.neurons.findIndex((neuron) => neuron.hotkey === hotkey);
  const state = snapshot.mechanisms.find(({ mecid }) => mecid === held.mecid);
  const lastUpdate = state?.lastUpdate[uid] ?? 0;
  if (lastUpdate <= held.commit.block) return fail(id, detail, anew);
  return warn(
    id,
    `${detail}; weights were sent again at block ${lastUpdate}`,
    'Nothing, if those were meant to take its place.',
  );
}

function hashFinding(name: string, { state, fromBlock, toBlock }: RevealWindow): Finding {
  if (state === 'early') {
    return pass(id, `${name}: can be revealed from block ${fromBlock} to ${toBlock}`);
  }
  const detail = `${name}: can be revealed now, up to block ${toBlock}`;
  const fix =
    'Reveal it in time: subnet weights reveal --salt-file FILE (a running validator does it itself).';
  return warn(id, detail, fix);
}

/** Blocks of the reveal epoch in which the pulse is out, with room for a slow beacon. */
const usualBlocks = 10;

function timelockedFinding(
  { block }: Snapshot,
  held: HeldCommit,
  { state, fromBlock, toBlock }: RevealWindow,
): Finding {
  const round = held.commit.kind === 'timelocked' ? held.commit.revealRound : 0;
  const detail = `${nameOf(held)}: the chain opens it from block ${fromBlock} to ${toBlock}, with round ${round} of the beacon`;
  if (state === 'early' || block.number < fromBlock + usualBlocks) return pass(id, detail);
  const fix = `Does the chain get the beacon's pulses? Without round ${round} it drops the commit after block ${toBlock}.`;
  return warn(id, `${detail}, which is not there yet at block ${block.number}`, fix);
}

import type { Hotkey } from '../common/brand.ts';
import { toHex } from '../common/hex.ts';
import type { Challenge, Task } from '../tasks/task-port.ts';
import type { MinerTarget } from './select.ts';

type Hash = (bytes: Uint8Array) => Uint8Array;

/** What makes a round's challenges: known to nobody before the round, to everybody after it. */
export interface ChallengeContext {
  /** Hash of the block that the round's snapshot was taken at. */
  readonly blockHash: string;
  /** 32 random bytes, committed to before the first question and disclosed after the last. */
  readonly secret: Uint8Array;
  readonly netuid: number;
  readonly round: number;
}

export interface MinerChallenge {
  readonly target: MinerTarget;
  readonly task: Task;
  readonly challenge: Challenge;
}

const encoder = new TextEncoder();

/**
 * The 32-byte seed of one miner's challenge in one task: SHA-256 of seven lines joined by LF. No
 * field can hold a line feed, so no two sets of fields give the same text.
 */
export function challengeSeed(
  sha256: Hash,
  context: ChallengeContext,
  hotkey: Hotkey,
  task: string,
): Uint8Array {
  const { blockHash, secret, netuid, round } = context;
  const lines = ['subnet-challenge/1', blockHash, toHex(secret), netuid, round, hotkey, task];
  return sha256(encoder.encode(lines.join('\n')));
}

/** What the evidence publishes before the round: the secret's hash, in hex. */
export function commitmentOf(sha256: Hash, secret: Uint8Array): string {
  return toHex(sha256(secret));
}

/** The seed of the round's sample, from the same secret, so that it can be re-drawn later. */
export function sampleSeed(sha256: Hash, context: ChallengeContext): Uint8Array {
  const { blockHash, secret, netuid, round } = context;
  const lines = ['subnet-sample-seed/1', blockHash, toHex(secret), netuid, round];
  return sha256(encoder.encode(lines.join('\n')));
}

/** One challenge for each task and each miner that serves. */
export function makeChallenges(
  sha256: Hash,
  tasks: readonly Task[],
  context: ChallengeContext,
  targets: readonly MinerTarget[],
): readonly MinerChallenge[] {
  const serving = targets.filter((target) => target.axon !== null);
  return serving.flatMap((target) =>
    tasks.map((task) => {
      const seed = challengeSeed(sha256, context, target.hotkey, task.name);
      return { target, task, challenge: task.generate(seed) };
    }),
  );
}

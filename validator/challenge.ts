import { challengeSeed } from '../tasks/prng.ts';
import type { Challenge, Task } from '../tasks/task-port.ts';
import type { MinerTarget } from './select.ts';

/** What makes a round's challenges: known to nobody before the round, to everybody after it. */
export interface ChallengeContext {
  /** Hash of the block that the round's snapshot was taken at. */
  readonly blockHash: string;
  /** 32 random bytes, committed to before the first question and disclosed after the last. */
  readonly secret: Uint8Array;
  readonly round: number;
}

export interface MinerChallenge {
  readonly target: MinerTarget;
  readonly task: Task;
  readonly challenge: Challenge;
}

/** The seed of the round's sample, from the same secret, so that it can be re-drawn later. */
export function sampleSeed(context: ChallengeContext): Uint8Array {
  return challengeSeed({ ...context, hotkey: '', task: 'sample' });
}

/** One challenge for each task and each miner that serves: its own, by its hotkey. */
export function makeChallenges(
  tasks: readonly Task[],
  context: ChallengeContext,
  targets: readonly MinerTarget[],
): readonly MinerChallenge[] {
  const serving = targets.filter((target) => target.axon !== null);
  return serving.flatMap((target) =>
    tasks.map((task) => {
      const seed = challengeSeed({ ...context, hotkey: target.hotkey, task: task.name });
      return { target, task, challenge: task.generate(seed) };
    }),
  );
}

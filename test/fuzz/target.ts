import type { Random } from './random.ts';

/** One piece of software that takes what strangers send, and what it promises for each input. */
export interface FuzzTarget {
  readonly name: string;
  /** An input as its grammar has it, right or nearly right. */
  make(random: Random): Uint8Array;
  /** Throws, or rejects, when a promise is broken. */
  run(input: Uint8Array): void | Promise<void>;
  /** How many executions go on at the same time; one when absent. */
  readonly lanes?: number;
  open?(): Promise<void>;
  close?(): Promise<void>;
}

export function promise(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken promise: ${what}`);
}

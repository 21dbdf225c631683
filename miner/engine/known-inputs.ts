import type { Tensor } from '../../common/tensor.ts';
import { tensorsLength } from './engine-frames.ts';

/** Inputs that ran: with them a model is asked, after each run that fails, whether it still computes. */
export interface KnownInputs {
  /** null while none ran. */
  readonly smallest: readonly Tensor[] | null;
  ran(inputs: readonly Tensor[]): void;
}

/** Larger inputs are not kept. */
const maxKeptBytes = 1_048_576;

/**
 * Begins with those of the warm-up. Where none of them ran, callers' inputs are all there is: the
 * smallest so far are kept, so that nobody can make the question dear for good.
 */
export function createKnownInputs(warmUp: readonly Tensor[] | null): KnownInputs {
  let smallest = warmUp;
  let smallestBytes = warmUp === null ? maxKeptBytes + 1 : tensorsLength(warmUp);
  return {
    get smallest() {
      return smallest;
    },
    ran: (inputs) => {
      const bytes = tensorsLength(inputs);
      if (bytes >= smallestBytes) return;
      smallest = inputs;
      smallestBytes = bytes;
    },
  };
}

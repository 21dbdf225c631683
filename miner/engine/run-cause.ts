/**
 * Why a run failed. `inputs`: the model refuses them, and computes others. `memory`: the
 * device has none for it, and computes others. `device`: it failed at it, and computes others. `broken`: what ran before runs no more.
 * `too-large`: it was computed, and has more bytes than an answer may.
 */
export type RunCause = 'inputs' | 'memory' | 'device' | 'broken' | 'too-large';

const memoryWords = /out of memory|allocat|bad_alloc/i;
const deviceWords = /\b(cuda|cudnn|cublas|cufft|curand|nccl|tensorrt|gpu)/i;

/**
 * The model itself is the judge: inputs that ran before are run again. Only where that says nothing
 * the words do, because the binding hands over nothing but them.
 */
export function causeOf(detail: string, stillRuns: boolean | null): Exclude<RunCause, 'too-large'> {
  if (stillRuns === false) return 'broken';
  if (memoryWords.test(detail)) return 'memory';
  if (!deviceWords.test(detail)) return 'inputs';
  return stillRuns === null ? 'broken' : 'device';
}

import type { Tensor } from '../../common/tensor.ts';

/** One axis of a tensor, counted from 0; axis 0 is the rows and cannot be padded. */
export interface PaddedAxis {
  readonly axis: number;
  /** What fills the places behind a request's own; ignored for BYTES, which get empty strings. */
  readonly value: number;
}

/**
 * How requests of different lengths (of tokens, say) share a run. A rule of the model or its task:
 * padding is right only for models that a mask, or the value itself, tells to overlook it.
 */
export interface PaddingRule {
  /** By input; one request has the same length in all of them. */
  readonly inputs: Readonly<Record<string, PaddedAxis>>;
  /** The axis of each output that is as long as the padded one: cut back to the request's own. */
  readonly outputs: Readonly<Record<string, number>>;
  /** An INT64 input of shape [rows, length] that callers leave out: 1 at their own, 0 behind. */
  readonly mask: string | null;
  /** Rising. Requests share a run when they fall into the same; longer ones only when as long. */
  readonly buckets: readonly number[];
  /** `longest`: of the run; `bucket`: always to the bucket, for devices that build by shape. */
  readonly to: 'longest' | 'bucket';
}

/** The one length of a request's padded inputs; null when there is none or they differ. */
export function lengthOf(inputs: readonly Tensor[], rule: PaddingRule): number | null {
  let length: number | null = null;
  for (const { name, shape } of inputs) {
    const padded = rule.inputs[name];
    if (padded === undefined) continue;
    const own = shape[padded.axis];
    if (own === undefined || (length !== null && own !== length)) return null;
    length = own;
  }
  return length;
}

/** The length that a request's run has at most: of its bucket, or its own beyond the last. */
export function bucketOf(length: number, { buckets }: PaddingRule): number {
  return buckets.find((bucket) => length <= bucket) ?? length;
}

/** To what the requests of one run are padded. All are of one bucket. */
export function paddedLength(lengths: readonly number[], rule: PaddingRule): number {
  const longest = Math.max(...lengths);
  return rule.to === 'bucket' ? bucketOf(longest, rule) : longest;
}

/** The inputs with the mask, where the rule has one that the caller left out. */
export function withMask(
  inputs: readonly Tensor[],
  rows: number,
  rule: PaddingRule,
): readonly Tensor[] {
  const { mask } = rule;
  if (mask === null || inputs.some(({ name }) => name === mask)) return inputs;
  const length = lengthOf(inputs, rule) ?? 0;
  const data = new BigInt64Array(rows * length).fill(1n);
  return [...inputs, { name: mask, datatype: 'INT64', shape: [rows, length], data }];
}

/** The rule with the mask among the padded inputs. */
export function maskedInputs({ inputs, mask }: PaddingRule): PaddingRule['inputs'] {
  return mask === null ? inputs : { ...inputs, [mask]: { axis: 1, value: 0 } };
}

/** What is wrong with a rule, in words, or null. */
export function ruleProblem({ inputs, outputs, buckets }: PaddingRule): string | null {
  const axes = [...Object.values(inputs).map(({ axis }) => axis), ...Object.values(outputs)];
  if (Object.keys(inputs).length === 0) return 'no input is padded';
  if (axes.some((axis) => axis < 1)) return 'axis 0 is the rows and cannot be padded';
  const rising = buckets.every((bucket, at) => at === 0 || bucket > (buckets[at - 1] ?? 0));
  return rising ? null : 'the buckets do not rise';
}

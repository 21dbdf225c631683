import { SubnetError } from '../../../common/errors.ts';
import type {
  DecodeImageStep,
  ModelManifest,
  PostStep,
  PreStep,
  TokenizeStep,
} from '../../../common/model-manifest.ts';
import type { Datatype, TensorSpec } from '../../../common/tensor.ts';
import { fitsShape } from '../../../common/tensor.ts';
import type { ModelInterface } from '../../../common/wire/inference-types.ts';
import type { LabelsOfStep, PostPlan } from './post-steps.ts';

/** The steps before a network, held against it. */
export interface PrePlan {
  /** What callers send. */
  readonly inputs: readonly TensorSpec[];
  readonly steps: readonly PlannedPreStep[];
}

/** The steps after a network, held against it. */
export interface PlannedPost {
  /** What callers get. */
  readonly outputs: readonly TensorSpec[];
  readonly plan: PostPlan;
}

export type PlannedPreStep =
  | { readonly kind: 'tokenize'; readonly step: TokenizeStep; readonly made: readonly MadeTokens[] }
  | {
      readonly kind: 'decode-image';
      readonly step: DecodeImageStep;
      readonly datatype: 'FP32' | 'FP16' | 'UINT8';
    };

/** One network input that a tokenizer fills. */
export interface MadeTokens {
  readonly name: string;
  readonly datatype: 'INT32' | 'INT64';
  readonly what: 'ids' | 'mask' | 'types';
}

/** Throws MODEL_MISFIT when steps and network cannot work together. */
export function planPreSteps(pre: ModelManifest['pre'], network: readonly TensorSpec[]): PrePlan {
  const steps = pre.map((step) => planPre(step, network));
  const made = new Set(steps.flatMap(namesMade));
  const own = network.filter(({ name }) => !made.has(name));
  const inputs = [...pre.flatMap(callerInputs), ...own];
  checkUnique(inputs.map(({ name }) => name));
  return { inputs, steps };
}

/** `outputs`: the names that callers get, if the manifest says them. Throws MODEL_MISFIT. */
export function planPostSteps(
  { post, outputs, labels }: Pick<ModelManifest, 'post' | 'outputs'> & { labels: LabelsOfStep },
  network: ModelInterface,
): PlannedPost {
  const specs = planPost(post, network, labels);
  const names = outputs ?? untaken(post, network.outputs);
  return {
    outputs: names.map((name) => specOf(specs, name)),
    plan: { steps: post, labels, outputs: names },
  };
}

function misfit(detail: string): SubnetError {
  return new SubnetError('MODEL_MISFIT', { detail });
}

function checkUnique(names: readonly string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw misfit(`callers would have to send two inputs called ${twice}`);
}

function callerInputs(step: PreStep): readonly TensorSpec[] {
  const names = step.step === 'tokenize' && step.pair !== undefined ? [step.pair] : [];
  return [step.input, ...names].map((name) => ({ name, datatype: 'BYTES', shape: [-1] }));
}

function namesMade(planned: PlannedPreStep): readonly string[] {
  return planned.kind === 'tokenize' ? planned.made.map(({ name }) => name) : [planned.step.output];
}

function planPre(step: PreStep, inputs: readonly TensorSpec[]): PlannedPreStep {
  return step.step === 'tokenize' ? planTokens(step, inputs) : planImage(step, inputs);
}

function networkInput(inputs: readonly TensorSpec[], name: string): TensorSpec {
  const found = inputs.find((input) => input.name === name);
  if (found !== undefined) return found;
  const has = inputs.map((input) => input.name).join(', ');
  throw misfit(`the network has no input ${name}; it has ${has}`);
}

function planTokens(step: TokenizeStep, inputs: readonly TensorSpec[]): PlannedPreStep {
  const wanted = [
    { name: step.ids, what: 'ids' as const },
    { name: step.mask, what: 'mask' as const },
    { name: step.types, what: 'types' as const },
  ];
  const made = wanted.flatMap(({ name, what }): MadeTokens[] => {
    if (name === null) return [];
    const { datatype, shape } = networkInput(inputs, name);
    if (datatype !== 'INT64' && datatype !== 'INT32') throw misfit(`${name} is ${datatype}`);
    if (shape.length !== 2) throw misfit(`${name} has the shape ${JSON.stringify(shape)}`);
    return [{ name, datatype, what }];
  });
  return { kind: 'tokenize', step, made };
}

function planImage(step: DecodeImageStep, inputs: readonly TensorSpec[]): PlannedPreStep {
  const { datatype, shape } = networkInput(inputs, step.output);
  if (datatype !== 'FP32' && datatype !== 'FP16' && datatype !== 'UINT8') {
    throw misfit(`${step.output} is ${datatype}`);
  }
  const { channels, height, width } = step;
  const item = step.layout === 'nchw' ? [channels, height, width] : [height, width, channels];
  if (!fitsShape(shape.slice(1), item)) {
    throw misfit(`${step.output} is ${JSON.stringify(shape)} but the images are ${item.join('x')}`);
  }
  return { kind: 'decode-image', step, datatype };
}

type Specs = Map<string, TensorSpec>;

function specOf(specs: Specs, name: string): TensorSpec {
  const found = specs.get(name);
  if (found !== undefined) return found;
  throw misfit(`there is no tensor ${name}; there are ${[...specs.keys()].join(', ')}`);
}

/** The network's outputs, and what each step makes of them. */
function planPost(steps: readonly PostStep[], network: ModelInterface, labels: LabelsOfStep) {
  const specs: Specs = new Map(network.outputs.map((spec) => [spec.name, spec]));
  steps.forEach((step, at) => {
    for (const made of madeBy(step, specs, network.inputs, labels.has(at))) {
      if (specs.has(made.name)) throw misfit(`two tensors are called ${made.name}`);
      specs.set(made.name, made);
    }
  });
  return specs;
}

function madeBy(
  step: PostStep,
  specs: Specs,
  inputs: readonly TensorSpec[],
  labelled: boolean,
): readonly TensorSpec[] {
  const { name, datatype, shape } = specOf(specs, step.input);
  if (datatype !== 'FP32' && datatype !== 'FP16') throw misfit(`${name} is ${datatype}`);
  const [items = -1, , width = -1] = shape;
  const ranks = { 'mean-pool': 3, 'first-token': 3, 'top-k': 2 } as const;
  const rank = step.step in ranks ? ranks[step.step as keyof typeof ranks] : shape.length;
  if (rank !== shape.length) throw misfit(`${name} has the shape ${JSON.stringify(shape)}`);
  if (step.step === 'top-k') return topKSpecs(step, shape, labelled);
  if (step.step === 'mean-pool') checkMask(step.mask, inputs);
  const made = rank === 3 && step.step in ranks ? [items, width] : shape;
  return [{ name: step.output, datatype: 'FP32', shape: made }];
}

function checkMask(name: string, inputs: readonly TensorSpec[]): void {
  const { shape } = networkInput(inputs, name);
  if (shape.length !== 2) throw misfit(`${name} is no mask: ${JSON.stringify(shape)}`);
}

function topKSpecs(
  { k, classes, scores }: Extract<PostStep, { step: 'top-k' }>,
  [items = -1, count = -1]: readonly number[],
  labelled: boolean,
): readonly TensorSpec[] {
  if (count >= 0 && count < k) throw misfit(`k is ${k} but there are ${count} classes`);
  const shape = [items, k];
  const datatype: Datatype = labelled ? 'BYTES' : 'INT32';
  return [
    { name: classes, datatype, shape },
    { name: scores, datatype: 'FP32', shape },
  ];
}

/** What no later step takes, in the order in which it is made. */
function untaken(steps: readonly PostStep[], outputs: readonly TensorSpec[]): readonly string[] {
  const taken = new Set(steps.map(({ input }) => input));
  const made = steps.flatMap((step) =>
    step.step === 'top-k' ? [step.classes, step.scores] : [step.output],
  );
  return [...outputs.map(({ name }) => name), ...made].filter((name) => !taken.has(name));
}

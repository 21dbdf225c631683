import type { Tensor } from '../../../common/tensor.ts';
import { isByteStrings } from '../../../common/wire/tensor-codec.ts';
import type { FairTurnstile } from '../../batch/fair-turnstile.ts';
import type { Asker } from '../../batch/bounded-queue.ts';
import type { InferJob, InferOutcome } from '../served-model.ts';
import { createPictureTensor } from './image-pixels.ts';
import type { Pixels } from './image-pixels.ts';
import { openingPixels, picturePixels } from './image-size.ts';
import type { PlannedPreStep } from './plan-steps.ts';
import type { ItemTexts, Tokenized } from './thread-messages.ts';

type Refused = Exclude<InferOutcome, { kind: 'outputs' }>;

/** What a step makes, or what the caller is told instead. */
export type Made = { readonly kind: 'tensors'; readonly tensors: readonly Tensor[] } | Refused;

/** The parts that do the work, handed in: threads that tokenise and decode. */
export interface PreWorkers {
  /** By place of the step. */
  readonly tokenizers: ReadonlyMap<number, TextWorker>;
  readonly decodeImage: DecodeImage;
  /** How many images are decoded at a time, and how many requests may wait for it. */
  readonly decoding: FairTurnstile;
}

export interface TextWorker {
  encode(job: { readonly items: ItemTexts; readonly asker: Asker }): Promise<Tokenized | Refused>;
  close(): Promise<void>;
}

export type DecodeImage = (
  file: Uint8Array,
  step: Extract<PlannedPreStep, { kind: 'decode-image' }>['step'],
) => Promise<{ kind: 'pixels'; pixels: Pixels } | { kind: 'invalid'; detail: string }>;

/** The network's inputs of a caller's; never rejects. */
export async function applyPreSteps(
  steps: readonly PlannedPreStep[],
  maxItems: number,
  workers: PreWorkers,
  job: InferJob,
): Promise<Made> {
  const taken = new Set<string>();
  const made: Tensor[] = [];
  for (const [at, planned] of steps.entries()) {
    const result =
      planned.kind === 'tokenize'
        ? await tokenized(planned, at, maxItems, workers, job, taken)
        : await pictured(planned, maxItems, workers, job, taken);
    if (result.kind !== 'tensors') return result;
    made.push(...result.tensors);
  }
  const kept = job.inputs.filter(({ name }) => !taken.has(name));
  return { kind: 'tensors', tensors: [...kept, ...made] };
}

async function tokenized(
  { step }: Extract<PlannedPreStep, { kind: 'tokenize' }>,
  at: number,
  maxItems: number,
  { tokenizers }: PreWorkers,
  job: InferJob,
  taken: Set<string>,
): Promise<Made> {
  const texts = byteStrings(job.inputs, step.input, taken);
  const pairs = step.pair === undefined ? null : byteStrings(job.inputs, step.pair, taken);
  const problem =
    itemsProblem(step.input, texts, maxItems) ??
    (pairs === null || pairs.length === texts.length
      ? null
      : unlike(step.pair ?? '', step.input)) ??
    tooLong(texts, step.maxBytes) ??
    tooLong(pairs ?? [], step.maxBytes);
  if (problem !== null) return invalid(problem);
  const worker = tokenizers.get(at);
  if (worker === undefined) return invalid('there is no tokenizer');
  return worker.encode({ items: { texts, pairs }, asker: job });
}

/**
 * Images of one request are decoded one after the other, each in a turn of its own. Turns go by
 * pixels: a file of one colour is small, and decoded no sooner than a photograph of its size.
 */
async function pictured(
  { step, datatype }: Extract<PlannedPreStep, { kind: 'decode-image' }>,
  maxItems: number,
  { decodeImage, decoding }: PreWorkers,
  job: InferJob,
  taken: Set<string>,
): Promise<Made> {
  const files = byteStrings(job.inputs, step.input, taken);
  const problem = itemsProblem(step.input, files, maxItems);
  if (problem !== null) return invalid(problem);
  const pictures = createPictureTensor(step, datatype, files.length);
  for (const [at, file] of files.entries()) {
    const cost = openingPixels + picturePixels(file, step.maxPixels);
    const entered = await decoding.enter(job, cost);
    if (entered.kind === 'refused') return entered;
    try {
      const decoded = await decodeImage(file, step);
      if (decoded.kind === 'invalid') return invalid(`${step.input} ${at} ${decoded.detail}`);
      pictures.put(at, decoded.pixels);
    } finally {
      entered.leave();
    }
  }
  return { kind: 'tensors', tensors: [pictures.tensor] };
}

/** Of an input that was held against the interface already: it is there, and BYTES. */
function byteStrings(
  inputs: readonly Tensor[],
  name: string,
  taken: Set<string>,
): readonly Uint8Array[] {
  taken.add(name);
  const data = inputs.find((input) => input.name === name)?.data ?? [];
  return isByteStrings(data) ? data : [];
}

function itemsProblem(name: string, items: readonly Uint8Array[], most: number): string | null {
  if (items.length === 0) return `${name} holds nothing`;
  return items.length > most ? `${name} holds ${items.length} items; at most ${most}` : null;
}

function unlike(one: string, other: string): string {
  return `${one} and ${other} hold different numbers of items`;
}

function tooLong(texts: readonly Uint8Array[], maxBytes: number): string | null {
  const at = texts.findIndex(({ length }) => length > maxBytes);
  return at < 0 ? null : `text ${at} has ${texts[at]?.length ?? 0} bytes; at most ${maxBytes}`;
}

function invalid(detail: string): Refused {
  return { kind: 'invalid', detail };
}

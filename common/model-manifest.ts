import { z } from 'zod';

/**
 * The shape of `{repository}/{name}/{version}/manifest.yaml`: what a model is, where it is from, and
 * by which steps texts and images become its tensors and its tensors become answers.
 */

export const modelName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, ".", "_", "-"; at most 64');

export const modelVersion = z
  .string()
  .regex(/^[1-9][0-9]{0,8}$/, 'a whole number from "1", in quotes');

const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits (in quotes)')
  .describe('SHA-256 of the file');

/** Below the version's own folder: a manifest cannot name what lies elsewhere. */
const fileName = z
  .string()
  .max(255)
  .regex(
    /^(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/,
    "a file in the manifest's folder, or below it",
  );

const hashedFile = z.strictObject({ file: fileName, sha256: hash });
const tensorName = z.string().min(1).max(128);

const tokenize = z
  .strictObject({
    step: z.literal('tokenize'),
    input: tensorName.default('text').describe('What callers send: BYTES [-1], UTF-8'),
    pair: tensorName.optional().describe('A second text for each item, BYTES [-1]'),
    tokenizer: hashedFile.describe('tokenizer.json'),
    config: hashedFile.optional().describe('tokenizer_config.json'),
    maxLength: z.int().min(4).max(32_768).describe('Tokens of one item, special ones included'),
    truncation: z
      .boolean()
      .default(true)
      .describe('false: an item with more tokens than maxLength is refused'),
    padding: z
      .enum(['longest', 'max-length'])
      .default('longest')
      .describe('To the longest item of the request, or always to maxLength'),
    padToken: z.string().min(1).default('[PAD]'),
    maxBytes: z
      .int()
      .min(1)
      .max(1_048_576)
      .default(32_768)
      .describe('UTF-8 bytes of one text; longer ones are refused before any work'),
    ids: tensorName.default('input_ids').describe("The network's input, INT64 or INT32"),
    mask: tensorName.nullable().default('attention_mask').describe('null: it takes none'),
    types: tensorName.nullable().default(null).describe('Which of a pair a token is of'),
  })
  .describe('Texts to token numbers');

const channelValues = z.array(z.number()).min(1).max(4);

const decodeImage = z
  .strictObject({
    step: z.literal('decode-image'),
    input: tensorName.default('image').describe('What callers send: BYTES [-1], one file each'),
    formats: z
      .array(z.enum(['png', 'jpeg', 'webp']))
      .min(1)
      .default(['png', 'jpeg', 'webp']),
    maxBytes: z.int().min(64).max(67_108_864).default(8_388_608).describe('Of one encoded file'),
    maxPixels: z
      .int()
      .min(1)
      .max(268_435_456)
      .default(16_777_216)
      .describe('Width times height, checked before a pixel is decoded'),
    channels: z.union([z.literal(1), z.literal(3)]).default(3),
    width: z.int().min(1).max(8192),
    height: z.int().min(1).max(8192),
    resize: z
      .enum(['none', 'fill', 'cover', 'contain'])
      .default('fill')
      .describe('none: other sizes are refused; cover crops what is over; contain adds black'),
    kernel: z.enum(['nearest', 'linear', 'cubic', 'mitchell', 'lanczos3']).default('linear'),
    resizeTo: z
      .strictObject({ width: z.int().min(1).max(8192), height: z.int().min(1).max(8192) })
      .optional()
      .describe('Resized to this first, then the middle of width x height is cut out'),
    scale: z
      .number()
      .positive()
      .default(1 / 255)
      .describe('A pixel of 0 to 255 is multiplied by this, then mean and std apply'),
    mean: channelValues.default([0]).describe('One for all channels, or one each'),
    std: channelValues.default([1]),
    layout: z.enum(['nchw', 'nhwc']).default('nchw'),
    output: tensorName.describe("The network's input: FP32, FP16 or UINT8"),
  })
  .describe('Encoded images to pixels; the orientation of EXIF is applied');

const meanPool = z
  .strictObject({
    step: z.literal('mean-pool'),
    input: tensorName.describe('[batch, tokens, width]'),
    mask: tensorName.default('attention_mask').describe('An input of the network'),
    output: tensorName,
  })
  .describe('The mean over the tokens that the mask keeps');

const firstToken = z
  .strictObject({ step: z.literal('first-token'), input: tensorName, output: tensorName })
  .describe('[batch, tokens, width] to what stands at the first token');

const normalise = z
  .strictObject({ step: z.literal('l2-normalise'), input: tensorName, output: tensorName })
  .describe('Each vector to length 1');

const softmax = z
  .strictObject({ step: z.literal('softmax'), input: tensorName, output: tensorName })
  .describe('Over the last axis');

const topK = z
  .strictObject({
    step: z.literal('top-k'),
    input: tensorName.describe('[batch, classes]'),
    k: z.int().min(1).max(1000),
    labels: hashedFile.optional().describe('JSON: a list of the names of the classes'),
    classes: tensorName.default('classes').describe('Names (BYTES), or numbers (INT32)'),
    scores: tensorName.default('scores'),
  })
  .describe('The k largest, the largest first');

const axis = z.int().min(1).max(7);

const padding = z.strictObject({
  inputs: z
    .record(tensorName, z.strictObject({ axis: axis.default(1), value: z.number().default(0) }))
    .describe("By the network's input: the axis of the length, and what fills it"),
  outputs: z
    .record(tensorName, axis)
    .default({})
    .describe("By the network's output: the axis that is cut back to a request's own length"),
  mask: tensorName
    .optional()
    .describe('INT64 input that callers leave out: 1 at their own places, 0 behind'),
  buckets: z
    .array(z.int().min(1).max(1_048_576))
    .max(64)
    .default([16, 32, 64, 128, 256, 512])
    .describe('Requests share a run when they fall into the same; rising'),
  to: z
    .enum(['longest', 'bucket'])
    .default('longest')
    .describe('bucket: always the whole one, for devices that build by shape'),
});

export const modelKinds = [
  'tensors',
  'classification',
  'regression',
  'text-embedding',
  'image-classification',
] as const;

const maxSteps = 8;

export const modelManifestSchema = z
  .strictObject({
    $schema: z.string().optional(),
    kind: z.enum(modelKinds).describe('What it is for'),
    description: z.string().max(2000).optional(),
    model: hashedFile.describe('The ONNX file; receipts name its hash'),
    licence: z.string().min(1).max(200).describe('SPDX identifier, or its name'),
    source: z.string().min(1).max(500).describe('Where it is from'),
    datasets: z.array(z.string().min(1).max(500)).max(256).describe('What it was trained on'),
    contributors: z.array(z.string().min(1).max(200)).max(256).describe('Who made it'),
    batch: z
      .strictObject({
        axis: z.boolean().default(true).describe('The first axis of each tensor is a batch'),
        padding: padding
          .optional()
          .describe('How requests of different length share a run; without it they do not'),
        tolerance: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe(
            'How far an answer from a shared run may be from one alone, of values above 1 as a share; 0: the same bits; when absent, what rounding explains',
          ),
      })
      .prefault({}),
    maxItems: z.int().min(1).max(65_536).default(256).describe('Items of one request'),
    pre: z
      .array(z.discriminatedUnion('step', [tokenize, decodeImage]))
      .max(maxSteps)
      .default([]),
    post: z
      .array(z.discriminatedUnion('step', [meanPool, firstToken, normalise, softmax, topK]))
      .max(maxSteps)
      .default([]),
    outputs: z
      .array(tensorName)
      .min(1)
      .optional()
      .describe('What callers get; when absent, all that no later step takes'),
  })
  .superRefine(checkManifest, { when: () => true })
  .meta({ title: 'Model', description: 'manifest.yaml of one version in a model repository' });

export type ModelManifest = z.output<typeof modelManifestSchema>;
export type PreStep = ModelManifest['pre'][number];
export type PostStep = ModelManifest['post'][number];
export type TokenizeStep = Extract<PreStep, { step: 'tokenize' }>;
export type DecodeImageStep = Extract<PreStep, { step: 'decode-image' }>;
export type ModelFileRef = ModelManifest['model'];

/** What a manifest may look like while other parts of it are still wrong. */
interface LooseManifest {
  readonly kind?: unknown;
  readonly pre?: unknown;
  readonly post?: unknown;
}

interface LooseStep {
  readonly step?: unknown;
  readonly channels?: unknown;
  readonly mean?: unknown;
  readonly std?: unknown;
  readonly resize?: unknown;
  readonly resizeTo?: unknown;
}

type Context = z.core.$RefinementCtx;

function checkManifest(value: unknown, context: Context): void {
  const { kind, pre } = (typeof value === 'object' && value !== null ? value : {}) as LooseManifest;
  const steps = Array.isArray(pre) ? (pre as (LooseStep | null)[]) : [];
  checkKind(kind, steps, context);
  steps.forEach((step, index) => checkImageStep(step ?? {}, index, context));
}

const neededStep: Readonly<Record<string, string>> = {
  'text-embedding': 'tokenize',
  'image-classification': 'decode-image',
};

function checkKind(kind: unknown, steps: readonly (LooseStep | null)[], context: Context): void {
  const needed = neededStep[String(kind)];
  if (needed === undefined || steps.some((step) => step?.step === needed)) return;
  const message = `${String(kind)} needs a step ${needed} in pre`;
  context.addIssue({ code: 'custom', path: ['kind'], message });
}

function checkImageStep(step: LooseStep, index: number, context: Context): void {
  if (step.step !== 'decode-image') return;
  const channels = typeof step.channels === 'number' ? step.channels : 3;
  for (const key of ['mean', 'std'] as const) {
    const values = step[key];
    if (!Array.isArray(values) || values.length === 1 || values.length === channels) continue;
    const message = `has ${values.length} values for ${channels} channels`;
    context.addIssue({ code: 'custom', path: ['pre', index, key], message });
  }
  if (Array.isArray(step.std) && step.std.includes(0)) {
    const message = 'is divided by: it cannot be 0';
    context.addIssue({ code: 'custom', path: ['pre', index, 'std'], message });
  }
  if (step.resizeTo !== undefined && step.resize === 'none') {
    const message = 'has no meaning with resize: none';
    context.addIssue({ code: 'custom', path: ['pre', index, 'resizeTo'], message });
  }
}

/** Every file that a manifest names, the model first, each with where it stands. */
export function filesOf(manifest: ModelManifest): readonly (ModelFileRef & { path: string })[] {
  const pre = manifest.pre.flatMap((step, at) =>
    step.step === 'tokenize'
      ? [
          { ...step.tokenizer, path: `pre.${at}.tokenizer` },
          ...(step.config === undefined ? [] : [{ ...step.config, path: `pre.${at}.config` }]),
        ]
      : [],
  );
  const post = manifest.post.flatMap((step, at) =>
    step.step === 'top-k' && step.labels !== undefined
      ? [{ ...step.labels, path: `post.${at}.labels` }]
      : [],
  );
  return [{ ...manifest.model, path: 'model' }, ...pre, ...post];
}

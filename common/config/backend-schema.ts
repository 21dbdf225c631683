import { z } from 'zod';
import { datatypes } from '../tensor.ts';

/** Where a miner sends its requests when the model computes on other servers. */

const maxUpstreams = 64;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, '64 lower-case hex digits (in quotes)');

/** Keys belong into `apiKey`, never into an address: addresses are shown. */
function isUpstreamUrl(text: string): boolean {
  const parts = /^https?:\/\/([^/?#@\s]+)(\/[^?#\s]*)?$/i.exec(text);
  return parts !== null && !text.endsWith('/');
}

const upstreamUrl = z
  .string()
  .refine(
    isUpstreamUrl,
    'expected http:// or https://, a host and perhaps a path, without user, query and last slash',
  )
  .meta({ format: 'uri', pattern: '^[hH][tT][tT][pP][sS]?://' });

function checkDistinct(urls: readonly string[], context: z.core.$RefinementCtx): void {
  urls.forEach((url, index) => {
    const first = urls.indexOf(url);
    if (first === index) return;
    const message = `the same upstream as number ${first + 1}`;
    context.addIssue({ code: 'custom', path: [index], message });
  });
}

const apiKey = z
  .union([
    z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
    z.strictObject({ file: z.string().min(1) }),
  ])
  .optional()
  .describe('Where the key stands: an environment variable, or a file relative to this one');

const tensors = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(128),
      datatype: z.enum(datatypes),
      shape: z.array(z.int().min(-1)).min(1).max(8),
    }),
  )
  .min(1)
  .max(64);

const breaker = z
  .strictObject({
    failures: z.int().min(1).max(1000).default(5).describe('In a row, until it opens'),
    openMs: z.int().min(10).max(600_000).default(1000).describe('Doubles with each failed trial'),
    maxOpenMs: z.int().min(10).max(3_600_000).default(30_000),
  })
  .prefault({})
  .describe('Keeps requests from an upstream that fails');

const retryBudget = z
  .strictObject({
    share: z.number().min(0).max(1).default(0.2).describe('Retries for each request'),
    perSecond: z.number().min(0).max(1000).default(5),
    burst: z
      .int()
      .min(0)
      .max(100_000)
      .default(256)
      .describe('What one upstream that dies under load needs: its outstanding requests'),
  })
  .prefault({})
  .describe('Bounds what retries add to the load; they follow failures before an answer');

function hedge(maxShare: number) {
  return z
    .strictObject({
      percentile: z.number().gt(0).lt(100).default(95),
      maxShare: z.number().min(0).max(1).default(maxShare).describe('Of requests; 0: never'),
    })
    .prefault({})
    .describe('Asks a second upstream when the first takes longer than this percentile');
}

/** What both kinds have. */
function common(timeoutMs: number, hedgeShare: number) {
  return {
    urls: z
      .array(upstreamUrl)
      .min(1)
      .max(maxUpstreams)
      .superRefine(checkDistinct)
      .describe('Servers of the same model; host names are allowed'),
    model: z.string().min(1).max(256).describe('Name of the model at the upstream'),
    apiKey,
    ca: z
      .string()
      .min(1)
      .optional()
      .describe(
        'PEM file of the authorities that sign the certificates of https:// upstreams, in place of the well-known ones; relative to this file',
      ),
    healthIntervalMs: z.int().min(50).max(600_000).default(2000),
    timeoutMs: z
      .int()
      .min(10)
      .max(600_000)
      .default(timeoutMs)
      .describe('Of one try; at most half of queue.maxWaitMs leaves time for a second one'),
    maxTries: z.int().min(1).max(10).default(3).describe('Of one request, hedges included'),
    maxInFlight: z.int().min(1).max(10_000).default(256).describe('Outstanding at one upstream'),
    maxResponseBytes: z.int().min(1024).max(1_073_741_824).default(16_777_216),
    startPatienceMs: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(60_000)
      .describe('How long a start waits for a first upstream'),
    hedge: hedge(hedgeShare),
    breaker,
    retryBudget,
  };
}

const pin = z
  .strictObject({
    parameter: z
      .string()
      .min(1)
      .max(256)
      .default('model_sha256')
      .describe(
        'Parameter in which the upstream says its sha256: metadata, or Triton configuration',
      ),
    manifestPath: z
      .string()
      .regex(/^\/[^?#\s]*$/)
      .optional()
      .describe('Path at the upstream of JSON such as {"sha256": "…"}, where it says it otherwise'),
    probe: z
      .boolean()
      .default(true)
      .describe('false for a model whose answers to the same inputs vary'),
    fingerprint: z
      .array(z.number())
      .length(8)
      .optional()
      .describe(
        'Of the answer to the probe, as the log shows it; measured at the start by default',
      ),
    tolerance: z.number().min(0).max(1).default(0.01).describe('Of the norm of that answer'),
    require: z
      .enum(['said', 'probe', 'any'])
      .default('any')
      .describe(
        'said: only upstreams that say their sha256; probe: only those that answer the probe',
      ),
  })
  .prefault({})
  .describe('How an upstream is held to its model');

const openInference = z.strictObject({
  kind: z.literal('open-inference'),
  ...common(2000, 0.05),
  version: z.string().min(1).max(64).optional().describe('Version at the upstream'),
  sha256: sha256.describe('Of the model; an upstream that says another one is not used'),
  pin,
  interface: z
    .strictObject({ inputs: tensors, outputs: tensors })
    .optional()
    .describe('What the model takes and gives; for upstreams that do not say it'),
  batchAxis: z
    .boolean()
    .default(true)
    .describe('A free first axis of tensors is a batch, and server.maxRows bounds it'),
});

const openAi = z.strictObject({
  kind: z.literal('openai'),
  ...common(30_000, 0),
  endpoint: z.enum(['chat', 'completions', 'embeddings']).default('chat'),
  sha256: sha256
    .optional()
    .describe('Of the model, if you know it; by default of its name: such servers prove nothing'),
  system: z.string().max(100_000).optional().describe('System message of chats'),
  maxTokens: z.int().min(1).max(1_000_000).default(256),
  temperature: z.number().min(0).max(2).default(0),
  seed: z.int().optional(),
  dimensions: z.int().min(1).max(65_536).optional().describe('Of embeddings'),
  maxPrompts: z.int().min(1).max(1024).default(16).describe('In one request'),
  maxPromptBytes: z.int().min(1).max(16_777_216).default(65_536),
});

export const backendSchema = z
  .discriminatedUnion('kind', [openInference, openAi])
  .describe('Other servers that compute, in place of a model file');

export type BackendConfig = z.output<typeof backendSchema>;
export type OpenInferenceConfig = z.output<typeof openInference>;
export type OpenAiConfig = z.output<typeof openAi>;

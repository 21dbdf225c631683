import { z } from 'zod';
import type { OpenAiConfig } from '../../common/config/backend-schema.ts';
import type { HttpRequest, HttpResponse } from '../../common/http-port.ts';
import type { ModelInterface } from '../../common/wire/inference-types.ts';
import type { Unreadable } from './try-result.ts';
import { unreadable } from './try-result.ts';

/** The routes of text servers that follow OpenAI's API, seen as a model with tensors. */

export type OpenAiSettings = Pick<
  OpenAiConfig,
  | 'model'
  | 'endpoint'
  | 'system'
  | 'maxTokens'
  | 'temperature'
  | 'seed'
  | 'dimensions'
  | 'maxResponseBytes'
>;

/** An answer to one prompt. */
export interface TextAnswer {
  readonly text: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** An answer to many prompts, in their order. */
export interface EmbeddingAnswer {
  readonly rows: readonly (readonly number[])[];
  readonly promptTokens: number;
}

/** Where a server does not count its tokens. */
const uncounted = -1;

export function openAiInterface({ endpoint, dimensions = -1 }: OpenAiSettings): ModelInterface {
  const inputs = [{ name: 'prompt', datatype: 'BYTES', shape: [-1] }] as const;
  if (endpoint === 'embeddings') {
    return {
      inputs,
      outputs: [
        { name: 'embedding', datatype: 'FP32', shape: [-1, dimensions] },
        { name: 'prompt_tokens', datatype: 'INT64', shape: [1] },
      ],
    };
  }
  return {
    inputs,
    outputs: [
      { name: 'text', datatype: 'BYTES', shape: [-1] },
      { name: 'prompt_tokens', datatype: 'INT64', shape: [-1] },
      { name: 'completion_tokens', datatype: 'INT64', shape: [-1] },
    ],
  };
}

type Post = Omit<HttpRequest, 'timeoutMs' | 'signal'>;

/** One prompt of a chat or a completion. */
export function textRequest(
  settings: OpenAiSettings,
  headers: Readonly<Record<string, string>>,
  prompt: string,
): (url: string) => Post {
  const { model, endpoint, maxTokens, temperature, seed } = settings;
  const common = {
    model,
    max_tokens: maxTokens,
    temperature,
    ...(seed === undefined ? {} : { seed }),
    stream: false,
  };
  return endpoint === 'chat'
    ? post(settings, headers, 'chat/completions', {
        ...common,
        messages: messages(settings.system, prompt),
      })
    : post(settings, headers, 'completions', { ...common, prompt });
}

export function embeddingRequest(
  settings: OpenAiSettings,
  headers: Readonly<Record<string, string>>,
  prompts: readonly string[],
): (url: string) => Post {
  const { model, dimensions } = settings;
  const size = dimensions === undefined ? {} : { dimensions };
  const body = { model, input: prompts, encoding_format: 'float', ...size };
  return post(settings, headers, 'embeddings', body);
}

const count = z.int().min(0).max(1e12);
const usage = z
  .object({ prompt_tokens: count.nullish(), completion_tokens: count.nullish() })
  .nullish();
const textSchema = z.object({
  choices: z
    .array(
      z.object({
        text: z.string().nullish(),
        message: z.object({ content: z.string().nullish() }).nullish(),
      }),
    )
    .length(1),
  usage,
});
const embeddingSchema = z.object({
  data: z.array(z.object({ index: z.int().min(0), embedding: z.array(z.number()).min(1) })),
  usage,
});
const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

export function readTextAnswer({ body }: HttpResponse): TextAnswer | Unreadable {
  const answer = parsed(textSchema, body);
  if (answer === null) return unreadable('no answer of a text server');
  const choice = answer.choices[0];
  const text = choice?.message?.content ?? choice?.text;
  if (typeof text !== 'string') return unreadable('the answer has no text');
  return {
    text,
    promptTokens: answer.usage?.prompt_tokens ?? uncounted,
    completionTokens: answer.usage?.completion_tokens ?? uncounted,
  };
}

/** `dimensions`: what the interface says, if it does. */
export function readEmbeddings(
  { body }: HttpResponse,
  prompts: number,
  dimensions: number | undefined,
): EmbeddingAnswer | Unreadable {
  const answer = parsed(embeddingSchema, body);
  if (answer === null) return unreadable('no embeddings');
  const rows = answer.data.toSorted((a, b) => a.index - b.index);
  if (rows.length !== prompts || rows.some(({ index }, at) => index !== at)) {
    return unreadable('not one embedding for each prompt');
  }
  const length = dimensions ?? rows[0]?.embedding.length;
  if (rows.some(({ embedding }) => embedding.length !== length)) {
    return unreadable('an embedding has another length');
  }
  const embeddings = rows.map(({ embedding }) => embedding);
  // A double may be finite and yet too large for FP32.
  if (embeddings.some((row) => Float32Array.from(row).some((value) => !Number.isFinite(value)))) {
    return unreadable('an embedding is beyond FP32');
  }
  return { rows: embeddings, promptTokens: answer.usage?.prompt_tokens ?? uncounted };
}

/** The names of the models that a server lists; null when it is no list. */
export function readModelNames({ body }: HttpResponse): readonly string[] | null {
  return parsed(modelsSchema, body)?.data.map(({ id }) => id) ?? null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

function post(
  { maxResponseBytes }: OpenAiSettings,
  headers: Readonly<Record<string, string>>,
  path: string,
  json: object,
): (url: string) => Post {
  const body = encoder.encode(JSON.stringify(json));
  return (url) => ({
    method: 'POST',
    url: `${url}/${path}`,
    headers: { ...headers, 'content-type': 'application/json' },
    body,
    maxBodyBytes: maxResponseBytes,
  });
}

function messages(system: string | undefined, prompt: string): readonly object[] {
  const user = { role: 'user', content: prompt };
  return system === undefined ? [user] : [{ role: 'system', content: system }, user];
}

function parsed<T>(schema: z.ZodType<T>, body: Uint8Array): T | null {
  try {
    const result = schema.safeParse(JSON.parse(decoder.decode(body)));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}

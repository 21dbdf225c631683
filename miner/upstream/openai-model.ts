import type { OpenAiConfig } from '../../common/config/backend-schema.ts';
import { toHex } from '../../common/hex.ts';
import type { HttpClient } from '../../common/http-port.ts';
import type { Tensor } from '../../common/tensor.ts';
import type { RunOutputs } from '../engine/engine-port.ts';
import type { InferJob, InferOutcome, InvalidInput, ServedModel } from '../models/served-model.ts';
import {
  embeddingRequest,
  openAiInterface,
  readEmbeddings,
  readModelNames,
  readTextAnswer,
  textRequest,
} from './openai-wire.ts';
import type { EmbeddingAnswer, TextAnswer } from './openai-wire.ts';
import type { Asker, CallOutcome } from './upstream-call.ts';
import type { UpstreamModelDeps, UpstreamModelOptions } from './upstream-model.ts';
import { keyHeaders, misfit, poolDeps, servedModel, watchFromStart } from './upstream-model.ts';
import { UpstreamPool } from './upstream-pool.ts';
import type { Standing } from './upstream.ts';
import type { CheckUpstream } from './watch-upstream.ts';

interface Parts {
  readonly config: OpenAiConfig;
  readonly pool: UpstreamPool;
  readonly headers: Readonly<Record<string, string>>;
}

/** A text server as a model that takes and gives tensors. Throws UPSTREAM_MODEL. */
export async function openOpenAiModel(
  config: OpenAiConfig,
  options: UpstreamModelOptions,
  deps: UpstreamModelDeps,
): Promise<ServedModel> {
  const pool = new UpstreamPool(poolDeps(deps), { ...config, idempotent: true });
  const parts = { config, pool, headers: keyHeaders(options) };
  const { clock, sha256 } = deps.platform;
  try {
    // What it takes and gives is known without it: requests wait for no server to begin with.
    await watchFromStart(pool, check(parts, deps.http), {
      clock,
      patienceMs: 0,
      knowsRight: () => true,
    });
  } catch (error) {
    pool.close();
    await deps.http.close();
    throw error;
  }
  return servedModel({
    options,
    sha256: config.sha256 ?? hashOfName(config, sha256),
    platform: 'openai_upstream',
    interface: openAiInterface(config),
    pool,
    http: deps.http,
    clock: deps.platform.clock,
    infer: (job) => infer(parts, job),
  });
}

/** Such a server proves nothing of its model: what a receipt can name is what it was asked for. */
function hashOfName(
  { model, endpoint }: OpenAiConfig,
  sha256: (bytes: Uint8Array) => Uint8Array,
): string {
  return toHex(sha256(encoder.encode(`openai ${endpoint} ${model}`)));
}

/** No answer of `/models` is enough for one that has no such route. */
function check({ config, headers }: Parts, http: HttpClient): CheckUpstream {
  return async (upstream, _state, signal): Promise<Standing> => {
    const reply = await http.request({
      method: 'GET',
      url: `${upstream.url}/models`,
      headers,
      timeoutMs: config.timeoutMs,
      maxBodyBytes: maxListBytes,
      signal,
    });
    if (reply.kind === 'fault') return { kind: 'away', why: `${reply.reason}: ${reply.detail}` };
    if (reply.status === 404 || reply.status === 405) return { kind: 'ready' };
    if (reply.status !== 200) return { kind: 'away', why: `/models: status ${reply.status}` };
    const names = readModelNames(reply);
    if (names === null || names.includes(config.model)) return { kind: 'ready' };
    return { kind: 'wrong-model', why: 'it does not list the model' };
  };
}

const maxListBytes = 4 * 1024 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

async function infer(parts: Parts, job: InferJob): Promise<InferOutcome> {
  const prompts = promptsOf(job.inputs, parts.config);
  if ('kind' in prompts) return prompts;
  return parts.config.endpoint === 'embeddings'
    ? embed(parts, prompts.texts, job)
    : write(parts, prompts.texts, job);
}

function promptsOf(
  [input]: readonly Tensor[],
  { maxPrompts, maxPromptBytes }: OpenAiConfig,
): { readonly texts: readonly string[] } | InvalidInput {
  const texts: string[] = [];
  for (const bytes of input?.data ?? []) {
    if (typeof bytes !== 'object') return misfit('prompts are BYTES');
    if (bytes.length > maxPromptBytes) return misfit(`at most ${maxPromptBytes} bytes a prompt`);
    const text = textOf(bytes);
    if (text === null) return misfit('a prompt is no UTF-8');
    texts.push(text);
  }
  const fits = texts.length > 0 && texts.length <= maxPrompts;
  return fits ? { texts } : misfit(`from 1 to ${maxPrompts} prompts`);
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

async function embed(
  { config, headers, pool }: Parts,
  texts: readonly string[],
  job: InferJob,
): Promise<InferOutcome> {
  const request = embeddingRequest(config, headers, texts);
  const outcome = await pool.ask<EmbeddingAnswer>(
    {
      requestTo: ({ url }) => request(url),
      read: (response) => readEmbeddings(response, texts.length, config.dimensions),
    },
    job,
  );
  return outcome.kind === 'answer' ? embeddingOutputs(outcome.answer, outcome.latencyMs) : outcome;
}

function embeddingOutputs({ rows, promptTokens }: EmbeddingAnswer, runMs: number): RunOutputs {
  const shape = [rows.length, rows[0]?.length ?? 0];
  const data = Float32Array.from(rows.flat());
  return {
    kind: 'outputs',
    outputs: [
      { name: 'embedding', datatype: 'FP32', shape, data },
      counts('prompt_tokens', [promptTokens]),
    ],
    runMs,
  };
}

/** Each prompt is a request of its own; once one fails nobody waits for the others. */
async function write(
  { config, headers, pool }: Parts,
  texts: readonly string[],
  job: InferJob,
): Promise<InferOutcome> {
  let failed: Exclude<CallOutcome<TextAnswer>, { kind: 'answer' }> | undefined;
  const asker: Asker = {
    deadlineMs: job.deadlineMs,
    isGone: () => failed !== undefined || job.isGone(),
  };
  const answers: TextAnswer[] = [];
  let runMs = 0;
  const one = async (text: string, at: number): Promise<void> => {
    const request = textRequest(config, headers, text);
    const exchange = {
      requestTo: ({ url }: { readonly url: string }) => request(url),
      read: readTextAnswer,
    };
    const outcome = await pool.ask<TextAnswer>(exchange, asker);
    if (outcome.kind !== 'answer') return void (failed ??= outcome);
    answers[at] = outcome.answer;
    runMs = Math.max(runMs, outcome.latencyMs);
  };
  await Promise.all(texts.map(one));
  return failed ?? textOutputs(answers, runMs);
}

function textOutputs(answers: readonly TextAnswer[], runMs: number): RunOutputs {
  const data = answers.map(({ text }) => encoder.encode(text));
  return {
    kind: 'outputs',
    outputs: [
      { name: 'text', datatype: 'BYTES', shape: [data.length], data },
      counts(
        'prompt_tokens',
        answers.map(({ promptTokens }) => promptTokens),
      ),
      counts(
        'completion_tokens',
        answers.map(({ completionTokens }) => completionTokens),
      ),
    ],
    runMs,
  };
}

function counts(name: string, values: readonly number[]): Tensor {
  const data = BigInt64Array.from(values, BigInt);
  return { name, datatype: 'INT64', shape: [data.length], data };
}

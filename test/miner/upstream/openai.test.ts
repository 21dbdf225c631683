import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backendSchema } from '../../../common/config/backend-schema.ts';
import type { HttpResponse } from '../../../common/http-port.ts';
import { createPlatform } from '../../../common/node/platform.ts';
import { createMetricsRegistry } from '../../../common/node/telemetry.ts';
import type { Logger } from '../../../common/telemetry-port.ts';
import type { InferOutcome, ServedModel } from '../../../miner/models/served-model.ts';
import { openUpstreamModel } from '../../../miner/upstream/open-upstream-model.ts';
import {
  readEmbeddings,
  readModelNames,
  readTextAnswer,
} from '../../../miner/upstream/openai-wire.ts';
import { createUpstreamMetrics } from '../../../miner/upstream/upstream-metrics.ts';
import { createFakeHttp } from '../../fakes/fake-http.ts';
import type { FakeHttp, FakeReply } from '../../fakes/fake-http.ts';

const platform = createPlatform();
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const decode = (body: Uint8Array | undefined): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>;
const ok = (value: unknown): FakeReply => ({ status: 200, body: encode(value) });
const usage = { prompt_tokens: 3, completion_tokens: 5 };
const logged: string[] = [];
const write = (message: string, fields?: object): void =>
  void logged.push(message + JSON.stringify(fields));
const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };

interface Opened {
  readonly model: ServedModel;
  readonly http: FakeHttp;
}

/** `answer` is what the server says to anything but the list of its models. */
async function open(
  answer: (body: Record<string, unknown>, path: string) => FakeReply,
  backend: object = {},
  models: FakeReply = ok({ data: [{ id: 'llama' }] }),
): Promise<Opened> {
  const http = createFakeHttp();
  http.serve('http://10.0.0.1:8000', ({ url, body }) =>
    url.endsWith('/v1/models') ? models : answer(decode(body), new URL(url).pathname),
  );
  const config = { kind: 'openai', urls: ['http://10.0.0.1:8000/v1'], model: 'llama', ...backend };
  const model = await openUpstreamModel(
    backendSchema.parse(config),
    { name: 'text', version: '1', apiKey: 'sk-secret', drainMs: 0 },
    { http, platform, log, metrics: createUpstreamMetrics(createMetricsRegistry()) },
  );
  return { model, http };
}

function ask(model: ServedModel, prompts: readonly (string | Uint8Array)[]): Promise<InferOutcome> {
  const data = prompts.map((one) =>
    typeof one === 'string' ? new TextEncoder().encode(one) : one,
  );
  return model.infer({
    inputs: [{ name: 'prompt', datatype: 'BYTES', shape: [data.length], data }],
    deadlineMs: platform.clock.monotonicMs() + 20_000,
    isGone: () => false,
  });
}

function outputsOf(outcome: InferOutcome): Readonly<Record<string, unknown[]>> {
  if (outcome.kind !== 'outputs') throw new Error(JSON.stringify(outcome));
  return Object.fromEntries(
    outcome.outputs.map(({ name, data }) => [
      name,
      Array.from<unknown>(data).map((one) =>
        one instanceof Uint8Array ? new TextDecoder().decode(one) : one,
      ),
    ]),
  );
}

describe('what a text server sends', () => {
  it('is read or not, and breaks nothing, for any bytes', () => {
    const json = fc
      .record({ choices: fc.anything(), data: fc.anything(), usage: fc.anything() })
      .map((value) => new TextEncoder().encode(safe(value)));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), json);
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 3 }), (body, prompts) => {
        const reply: HttpResponse = {
          kind: 'response',
          status: 200,
          headers: {},
          body,
          latencyMs: 1,
        };
        readTextAnswer(reply);
        readModelNames(reply);
        readEmbeddings(reply, prompts, undefined);
      }),
    );
  });
});

/** JSON of it, or of nothing when it has none. */
function safe(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '{}';
  } catch {
    return '{}';
  }
}

describe('a text server as a model', () => {
  it('chats: one request for each prompt, answers in their order', async () => {
    const asked: Record<string, unknown>[] = [];
    const { model, http } = await open(
      (body, path) => {
        asked.push({ ...body, path });
        const [, { content }] = body['messages'] as [unknown, { content: string }];
        return ok({ choices: [{ message: { content: `re: ${content}` } }], usage });
      },
      { system: 'be short', seed: 7, maxTokens: 9 },
    );
    expect(outputsOf(await ask(model, ['a', 'b']))).toEqual({
      text: ['re: a', 're: b'],
      prompt_tokens: [3n, 3n],
      completion_tokens: [5n, 5n],
    });
    expect(asked[0]).toEqual({
      path: '/v1/chat/completions',
      model: 'llama',
      max_tokens: 9,
      temperature: 0,
      seed: 7,
      stream: false,
      messages: [
        { role: 'system', content: 'be short' },
        { role: 'user', content: 'a' },
      ],
    });
    const keys = new Set(http.requests.map(({ headers }) => headers['authorization']));
    expect([...keys]).toEqual(['Bearer sk-secret']);
  });

  it('completes, and says -1 where the server does not count', async () => {
    const { model } = await open(
      ({ prompt }, path) => ok({ choices: [{ text: `${path} ${String(prompt)}` }] }),
      { endpoint: 'completions' },
    );
    expect(outputsOf(await ask(model, ['x']))).toEqual({
      text: ['/v1/completions x'],
      prompt_tokens: [-1n],
      completion_tokens: [-1n],
    });
  });

  it('embeds all prompts in one request, whatever order the answer has', async () => {
    const { model, http } = await open(
      ({ input }) =>
        ok({
          data: (input as string[])
            .map((text, index) => ({ index, embedding: [text.length, 0.5] }))
            .toReversed(),
          usage,
        }),
      { endpoint: 'embeddings', dimensions: 2 },
    );
    expect(outputsOf(await ask(model, ['a', 'bcd']))).toEqual({
      embedding: [1, 0.5, 3, 0.5],
      prompt_tokens: [3n],
    });
    expect(http.requests.filter(({ method }) => method === 'POST').length).toBe(1);
    expect(model.interface.outputs[0]?.shape).toEqual([-1, 2]);
  });

  it.each<[string, object, unknown]>([
    ['no choices', {}, { choices: [] }],
    ['two choices', {}, { choices: [{ text: 'a' }, { text: 'b' }] }],
    ['no text', {}, { choices: [{ message: { content: null } }] }],
    ['no JSON object', {}, 7],
    ['a missing embedding', { endpoint: 'embeddings' }, { data: [] }],
    [
      'the same embedding twice',
      { endpoint: 'embeddings' },
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 0, embedding: [1] },
        ],
      },
    ],
    [
      'another length',
      { endpoint: 'embeddings', dimensions: 3 },
      { data: [{ index: 0, embedding: [1] }] },
    ],
    [
      'more than FP32 holds',
      { endpoint: 'embeddings' },
      { data: [{ index: 0, embedding: [1e300] }] },
    ],
  ])('takes no answer with %s', async (_, backend, answer) => {
    const { model } = await open(() => ok(answer), backend);
    expect(await ask(model, ['a'])).toMatchObject({ kind: 'failed', reason: 'model' });
  });

  it('takes no prompts that are too many, too long or no text', async () => {
    const { model, http } = await open(() => ok({}), { maxPrompts: 2, maxPromptBytes: 4 });
    const before = http.requests.length;
    for (const prompts of [[], ['a', 'b', 'c'], ['abcde'], [Uint8Array.of(0xff)]]) {
      expect(await ask(model, prompts)).toMatchObject({ kind: 'invalid' });
    }
    expect(http.requests.length).toBe(before);
  });

  it('fails all when one prompt fails', async () => {
    const { model } = await open(({ messages }) =>
      JSON.stringify(messages).includes('bad')
        ? { status: 400 }
        : ok({ choices: [{ message: { content: 'fine' } }] }),
    );
    expect(await ask(model, ['good', 'bad'])).toMatchObject({ reason: 'model' });
  });

  it('never repeats its key, not even when the server does', async () => {
    const refusal = { status: 401, body: encode({ error: { message: 'wrong key sk-secret' } }) };
    const { model } = await open(() => refusal, {}, refusal);
    expect(model.notReady()).toBe('no upstream answers');
    const outcome = await ask(model, ['a']);
    expect(JSON.stringify(outcome) + logged.join()).not.toContain('sk-secret');
  });

  it('refuses a server that does not list the model, and takes one without a list', async () => {
    const other = ok({ data: [{ id: 'other' }] });
    await expect(open(() => ok({}), {}, other)).rejects.toMatchObject({ code: 'UPSTREAM_MODEL' });
    const { model } = await open(() => ok({}), {}, { status: 404 });
    expect(model.notReady()).toBeNull();
  });

  it('names what it was asked for where nobody knows the sha256', async () => {
    const [a, b] = await Promise.all([open(() => ok({})), open(() => ok({}))]);
    const { model } = await open(() => ok({}), { endpoint: 'completions' });
    expect(a.model.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(a.model.sha256).toBe(b.model.sha256);
    expect(model.sha256).not.toBe(a.model.sha256);
  });
});

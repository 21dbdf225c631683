import { afterEach, describe, expect, it } from 'vitest';
import { backendSchema } from '../../common/config/backend-schema.ts';
import type { HttpClient } from '../../common/http-port.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import type { InferJob, InferOutcome, ServedModel } from '../../miner/models/served-model.ts';
import { openUpstreamModel } from '../../miner/upstream/open-upstream-model.ts';
import { createUpstreamMetrics } from '../../miner/upstream/upstream-metrics.ts';
import { createOipServer, replyWith, timesInterface } from '../fakes/oip-server.ts';
import type { OipReply, OipServer } from '../fakes/oip-server.ts';

export interface UpstreamWorld {
  readonly http: HttpClient;
  /** Starts a server and returns its address. */
  serve(server: OipServer): Promise<string>;
  /** Takes the server away at once, with all that it is about to answer. */
  kill(url: string): Promise<void>;
  dispose(): Promise<void>;
}

const sha256 = 'ab'.repeat(32);
const clock = createPlatform().clock;

function jobOf(values: readonly number[], options: Partial<InferJob> = {}): InferJob {
  const data = Float32Array.from(values);
  return {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [data.length / 4, 4], data }],
    deadlineMs: clock.monotonicMs() + 60_000,
    isGone: () => false,
    ...options,
  };
}

function valuesOf(outcome: InferOutcome): readonly number[] {
  if (outcome.kind !== 'outputs') throw new Error(JSON.stringify(outcome));
  return [...((outcome.outputs[0]?.data ?? []) as Float32Array)];
}

const later = (reply: OipReply, ms: number): Promise<OipReply> => clock.sleep(ms).then(() => reply);
/** Until the request was given up, or for good. */
const never = new Promise<OipReply>(() => undefined);

/** How a served model behaves that computes on other servers, whatever carries the requests. */
export function upstreamContract(name: string, make: () => UpstreamWorld): void {
  describe(`upstream model: ${name}`, () => {
    const closers: (() => Promise<void>)[] = [];
    const logged: string[] = [];
    afterEach(async () => {
      for (const close of closers.splice(0).toReversed()) await close();
      logged.length = 0;
    });

    interface Opened {
      readonly model: ServedModel;
      readonly world: UpstreamWorld;
      readonly urls: readonly string[];
      readonly metrics: () => Promise<string>;
    }

    async function open(servers: readonly OipServer[], backend: object = {}): Promise<Opened> {
      const world = make();
      closers.push(() => world.dispose());
      const urls: string[] = [];
      for (const server of servers) urls.push(await world.serve(server));
      const registry = createMetricsRegistry();
      const model = await openUpstreamModel(
        backendSchema.parse({
          kind: 'open-inference',
          urls,
          model: 'times',
          sha256,
          healthIntervalMs: 50,
          startPatienceMs: 300,
          // Far beyond what a busy machine needs: only what hangs on purpose takes so long.
          timeoutMs: 20_000,
          ...backend,
        }),
        { name: 'task', version: '1', apiKey: 'secret-key', drainMs: 0 },
        {
          http: world.http,
          platform: createPlatform(),
          log: logInto(logged),
          metrics: createUpstreamMetrics(registry),
        },
      );
      closers.push(() => model.close());
      return { model, world, urls, metrics: () => registry.render() };
    }

    it('answers as the upstream does, and calls itself what it is called here', async () => {
      const server = createOipServer();
      const { model } = await open([server]);
      expect(model).toMatchObject({
        name: 'task',
        version: '1',
        sha256,
        interface: timesInterface,
      });
      expect(model.notReady()).toBeNull();
      expect(valuesOf(await model.infer(jobOf([1, 2, 3, 4])))).toEqual([2, 4, 6, 8]);
      expect(server.asked.at(-1)?.['inference-header-content-length']).toBeDefined();
      expect(model.statistics?.()).toMatchObject({
        inferenceCount: 1,
        success: { count: 1 },
        fail: { count: 0 },
        batches: [{ batchSize: 1 }],
      });
    });

    it('says whether the first axis of its tensors is a batch, as the YAML does', async () => {
      const plain = await open([createOipServer()]);
      expect(plain.model.interface.batchAxis).toBe(true);
      const other = await open([createOipServer()], { batchAxis: false });
      expect(other.model.interface.batchAxis).toBe(false);
    });

    it('speaks JSON with an upstream that has no binary extension', async () => {
      const server = createOipServer({ binary: false });
      const { model } = await open([server]);
      expect(valuesOf(await model.infer(jobOf([1, 2, 3, 4])))).toEqual([2, 4, 6, 8]);
      expect(server.asked.at(-1)?.['inference-header-content-length']).toBeUndefined();
    });

    it('sends its key, and shows it nowhere', async () => {
      const server = createOipServer();
      const { model, metrics } = await open([server]);
      server.answer = () => ({ status: 401, body: new TextEncoder().encode('secret-key') });
      const outcome = await model.infer(jobOf([1, 2, 3, 4]));
      expect(server.asked.at(-1)?.['authorization']).toBe('Bearer secret-key');
      expect(JSON.stringify(outcome) + logged.join() + (await metrics())).not.toContain('secret');
    });

    it('loses no answer when one of two upstreams is killed under load', async () => {
      const servers = [createOipServer(), createOipServer()];
      for (const server of servers) {
        const { answer } = server;
        server.answer = async (request) => later(await answer(request), 10);
      }
      const { model, world, urls } = await open(servers);
      const asked = Array.from({ length: 200 }, async (_, at) => {
        await clock.sleep(at);
        if (servers[0]?.asked.length === 15) await world.kill(urls[0] ?? '');
        return valuesOf(await model.infer(jobOf([at, 0, 0, 0])))[0];
      });
      expect(await Promise.all(asked)).toEqual(asked.map((_, at) => 2 * at));
      expect(servers.every((server) => server.asked.length > 10)).toBe(true);
    });

    it('asks a second upstream when the first is slow, and gives the first up', async () => {
      const servers = [createOipServer(), createOipServer()];
      const { model, metrics } = await open(servers, { hedge: { percentile: 50, maxShare: 1 } });
      for (let at = 0; at < 40; at += 1) await model.infer(jobOf([at, 0, 0, 0]));
      let hung = false;
      for (const server of servers) {
        const { answer } = server;
        // The first to be asked never answers.
        server.answer = (request) => {
          if (hung) return answer(request);
          hung = true;
          return never;
        };
      }
      expect(valuesOf(await model.infer(jobOf([5, 0, 0, 0])))[0]).toBe(10);
      await clock.sleep(20);
      expect(await metrics()).toContain('miner_upstream_extra_tries_total{kind="hedge"}');
      expect(await metrics()).toMatch(/result="cancelled"} [1-9]/);
      expect(model.load().running).toBe(0);
    });

    it.each<[string, (server: OipServer) => OipServer['answer']]>([
      [
        'with another shape',
        () => (request) =>
          replyWith(request, [
            { name: 'y', datatype: 'FP32', shape: [1, 3], data: new Float32Array(3) },
          ]),
      ],
      [
        'with another number of rows',
        () => (request) =>
          replyWith(request, [
            { name: 'y', datatype: 'FP32', shape: [2, 4], data: new Float32Array(8) },
          ]),
      ],
      [
        'with another datatype',
        () => (request) =>
          replyWith(request, [
            { name: 'y', datatype: 'INT32', shape: [1, 4], data: new Int32Array(4) },
          ]),
      ],
      [
        'with NaN',
        () => (request) =>
          replyWith(request, [
            { name: 'y', datatype: 'FP32', shape: [1, 4], data: new Float32Array(4).fill(NaN) },
          ]),
      ],
      ['without outputs', () => (request) => replyWith(request, [])],
      ['with an endless body', () => () => ({ status: 200, body: new Uint8Array(100_000) })],
      ['with status 500', () => () => ({ status: 500 })],
      ['with status 503', () => () => ({ status: 503 })],
      ['with status 429', () => () => ({ status: 429 })],
      ['with a redirect', () => () => ({ status: 302, headers: { location: '/' } })],
    ])('takes the answer of another upstream when one answers %s', async (_, strange) => {
      const [odd, good] = [createOipServer(), createOipServer()];
      const { model } = await open([odd, good], { maxResponseBytes: 50_000 });
      odd.answer = strange(odd);
      for (let at = 0; at < 6; at += 1) {
        expect(valuesOf(await model.infer(jobOf([at, 0, 0, 0])))[0]).toBe(2 * at);
      }
      expect(odd.asked.length).toBeGreaterThan(1);
    });

    it('tells a refusal of both as the fault of the input, and keeps both', async () => {
      const servers = [createOipServer(), createOipServer()];
      const { model } = await open(servers, { breaker: { failures: 1 } });
      const answers = servers.map((server) => server.answer);
      for (const server of servers) server.answer = () => ({ status: 400 });
      expect(await model.infer(jobOf([1, 2, 3, 4]))).toMatchObject({ reason: 'model' });
      servers.forEach((server, at) => (server.answer = answers[at] ?? server.answer));
      const outcomes = await Promise.all([1, 2].map(() => model.infer(jobOf([1, 2, 3, 4]))));
      expect(outcomes.map((one) => one.kind)).toEqual(['outputs', 'outputs']);
      expect(servers.map((server) => server.asked.length)).toEqual([3, 3]);
    });

    it('fails as a value when none answers, and comes back with them', async () => {
      const server = createOipServer();
      const { model } = await open([server]);
      server.ready = false;
      await until(() => model.notReady() !== null);
      expect(await model.infer(jobOf([1, 2, 3, 4]))).toMatchObject({ reason: 'unavailable' });
      server.ready = true;
      await until(() => model.notReady() === null);
      expect(valuesOf(await model.infer(jobOf([1, 2, 3, 4])))[0]).toBe(2);
    });

    it('keeps to the deadline of the caller, and lets go when the caller is gone', async () => {
      const server = createOipServer();
      const { model } = await open([server], { healthIntervalMs: 60_000 });
      server.answer = () => never;
      const deadlineMs = clock.monotonicMs() + 60;
      expect(await model.infer(jobOf([1, 2, 3, 4], { deadlineMs }))).toMatchObject({
        kind: 'failed',
        reason: 'timeout',
      });
      const gone = await model.infer(jobOf([1, 2, 3, 4], { isGone: () => true }));
      expect(gone).toEqual({ kind: 'refused', reason: 'gone' });
      await until(() => model.load().running === 0);
    });

    it('refuses what is more than its upstreams may hold', async () => {
      const server = createOipServer();
      const { model } = await open([server], { maxInFlight: 2, healthIntervalMs: 60_000 });
      server.answer = () => never;
      const waiting = [1, 2].map(() => model.infer(jobOf([1, 2, 3, 4])));
      expect(await model.infer(jobOf([1, 2, 3, 4]))).toEqual({ kind: 'refused', reason: 'full' });
      await model.close();
      expect(await Promise.all(waiting)).toEqual(
        waiting.map(() => ({ kind: 'refused', reason: 'closed' })),
      );
    });

    it('does not start with an upstream that says another sha256, and leaves it out beside a right one', async () => {
      const other = createOipServer({ sha256: 'cd'.repeat(32) });
      await expect(open([other])).rejects.toMatchObject({ code: 'UPSTREAM_MODEL' });
      const { model, urls, metrics } = await open([createOipServer({ sha256 }), other]);
      for (let at = 0; at < 4; at += 1) await model.infer(jobOf([1, 2, 3, 4]));
      // The probe alone, once for each start.
      expect(other.asked.length).toBe(2);
      expect(await metrics()).toContain(`miner_upstream_usable{upstream="${urls[1] ?? ''}"} 0`);
    });

    it('does not start with two upstreams that answer the probe differently', async () => {
      const servers = [createOipServer(), createOipServer({ factor: 3 })];
      await expect(open(servers)).rejects.toMatchObject({ code: 'UPSTREAM_MODEL' });
    });

    it('does not start with silent upstreams when they have to say their sha256', async () => {
      const pin = { require: 'said' };
      await expect(open([createOipServer()], { pin })).rejects.toMatchObject({
        code: 'UPSTREAM_MODEL',
      });
      const { model } = await open([createOipServer({ sha256 })], { pin });
      expect(model.notReady()).toBeNull();
    });

    it('takes an upstream out that comes back with another model', async () => {
      const server = createOipServer();
      const { model } = await open([server]);
      server.ready = false;
      await until(() => model.notReady() !== null);
      server.factor = 3;
      server.ready = true;
      await until(() => model.notReady() === 'the upstreams serve another model');
      expect(await model.infer(jobOf([1, 2, 3, 4]))).toMatchObject({ reason: 'unavailable' });
    });

    it('takes an interface from its configuration where the upstream says none', async () => {
      const server = createOipServer({ describes: false });
      await expect(open([server])).rejects.toMatchObject({ code: 'UPSTREAM_MODEL' });
      const { model } = await open([server], { interface: timesInterface });
      expect(valuesOf(await model.infer(jobOf([1, 2, 3, 4])))[0]).toBe(2);
    });

    it('waits for a first upstream as long as it may, or starts without it', async () => {
      const away = createOipServer({ ready: false });
      await expect(open([away])).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
      const { model } = await open([away], { interface: timesInterface });
      expect(model.notReady()).toBe('no upstream answers');
    });
  });
}

async function until(holds: () => boolean): Promise<void> {
  const endMs = clock.monotonicMs() + 15_000;
  while (!holds()) {
    if (clock.monotonicMs() > endMs) throw new Error('it did not come about');
    await clock.sleep(10);
  }
}

function logInto(lines: string[]): Logger {
  const write = (message: string, fields?: object): void => {
    lines.push(message + JSON.stringify(fields));
  };
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  return log;
}

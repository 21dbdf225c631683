import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { backendSchema } from '../common/config/backend-schema.ts';
import { createHttpClient } from '../common/node/http-undici.ts';
import { createPlatform } from '../common/node/platform.ts';
import { createMetricsRegistry } from '../common/node/telemetry.ts';
import type { Logger } from '../common/telemetry-port.ts';
import type { ServedModel } from '../miner/models/served-model.ts';
import { openUpstreamModel } from '../miner/upstream/open-upstream-model.ts';
import { createUpstreamMetrics } from '../miner/upstream/upstream-metrics.ts';
import type { BenchRow } from './row.ts';
import { median } from './row.ts';

/** What one upstream can do: its model takes 250 ms, 8 at a time, so 32 requests a second. */
const sleepMs = 250;
const slots = 8;
const runSeconds = 6;
const rounds = 3;
/** Callers for each upstream: enough to keep its slots busy, few enough to show unfair choices. */
const callersPerUpstream = 12;

const goals = [
  { upstreams: 2, goal: 1.9 },
  { upstreams: 4, goal: 3.5 },
] as const;

/** How the throughput of one miner grows with its upstreams, measured at the served model. */
export async function benchUpstream(): Promise<readonly BenchRow[]> {
  const child = startSleepers(4);
  try {
    const ports = await portsOf(child);
    const rates = new Map<number, number[]>();
    for (let round = 0; round < rounds; round += 1) {
      for (const upstreams of [1, 2, 4]) {
        const rate = await rateOf(ports.slice(0, upstreams));
        rates.set(upstreams, [...(rates.get(upstreams) ?? []), rate]);
      }
    }
    return goals.map(({ upstreams, goal }) => rowOf(rates, upstreams, goal));
  } finally {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }
}

function rowOf(
  rates: ReadonlyMap<number, readonly number[]>,
  upstreams: number,
  goal: number,
): BenchRow {
  const [one, many] = [1, upstreams].map((count) => rates.get(count) ?? []);
  const ratio = median((many ?? []).map((rate, at) => rate / (one?.[at] ?? Number.NaN)));
  return {
    name: `${upstreams} upstreams beside one, model of ${sleepMs} ms`,
    value: median(many ?? []),
    unit: 'req/s',
    peer: median(one ?? []),
    ratio,
    goal,
    ok: ratio >= goal,
  };
}

function startSleepers(count: number): ChildProcess {
  const script = fileURLToPath(new URL('./upstream-sleeper.ts', import.meta.url));
  const order = [count, sleepMs, slots].map(String);
  return spawn(process.execPath, ['--import', 'tsx', script, ...order], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function portsOf({ stdout }: ChildProcess): Promise<readonly number[]> {
  if (stdout === null) throw new Error('the sleepers have no output');
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line) as number[];
  throw new Error('the sleepers did not start');
}

/** Answers a second; throws when a single one fails. */
async function rateOf(ports: readonly number[]): Promise<number> {
  const model = await open(ports);
  const startMs = performance.now();
  const endMs = startMs + runSeconds * 1000;
  let answered = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < endMs) {
      await ask(model);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: callersPerUpstream * ports.length }, caller));
  const seconds = (performance.now() - startMs) / 1000;
  await model.close();
  return answered / seconds;
}

async function ask(model: ServedModel): Promise<void> {
  const outcome = await model.infer({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: new Float32Array(4) }],
    deadlineMs: performance.now() + 30_000,
    isGone: () => false,
  });
  if (outcome.kind !== 'outputs') throw new Error(`no answer: ${JSON.stringify(outcome)}`);
}

function open(ports: readonly number[]): Promise<ServedModel> {
  const config = backendSchema.parse({
    kind: 'open-inference',
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    model: 'sleep',
    sha256: '00'.repeat(32),
  });
  return openUpstreamModel(
    config,
    { name: 'sleep', version: '1', apiKey: null, drainMs: 0 },
    {
      http: createHttpClient({ operatorHosts: true }),
      platform: createPlatform(),
      log: silent,
      metrics: createUpstreamMetrics(createMetricsRegistry()),
    },
  );
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

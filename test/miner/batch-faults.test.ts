import { afterAll, describe, expect, it } from 'vitest';
import { createPlatform } from '../../common/node/platform.ts';
import { createBatcher } from '../../miner/batch/batcher.ts';
import type { BatchOutcome, Batcher } from '../../miner/batch/batcher.ts';
import type { OnnxEngine } from '../../miner/engine/engine-onnx.ts';
import { createModelFolder, int8 } from './tiny-models.ts';

/** Batcher and model processes together, while processes die and hang. */
const folder = createModelFolder();
afterAll(() => folder.remove());

const { clock } = createPlatform();
const maxBatch = 8;

function batcherOf(engine: OnnxEngine): Batcher {
  const observer = { onQueue: () => undefined, onRun: () => undefined };
  return createBatcher(
    { engine, clock, defer: setImmediate, observer },
    { maxBatch, maxWaiting: 1000 },
  );
}

function submit(batcher: Batcher, value: number): Promise<BatchOutcome> {
  const data = Int8Array.of(value, 0, 0, 0);
  const inputs = [{ name: 'x', datatype: 'INT8', shape: [1, 4], data } as const];
  return batcher.submit({ inputs, deadlineMs: Infinity, isGone: () => false });
}

function many(batcher: Batcher, count: number): Promise<readonly BatchOutcome[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => submit(batcher, at % 100)));
}

/** What each request got: its own answer, another's, or why none. */
function verdicts(outcomes: readonly BatchOutcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  outcomes.forEach((outcome, at) => {
    const data = outcome.kind === 'outputs' ? outcome.outputs[0]?.data : undefined;
    const isOwn = data?.[0] === at % 100;
    const verdict = outcome.kind === 'outputs' ? (isOwn ? 'own' : 'other') : outcome.reason;
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  });
  return counts;
}

describe.each([1, 2])('a pool of %i', (instances) => {
  it('loses at most the run that a killed process computed, and nothing later', async () => {
    const engine = await folder.start(int8, { instances });
    const batcher = batcherOf(engine);
    const pid = engine.pid() ?? 0;
    process.kill(pid, 'SIGSTOP');
    const asked = many(batcher, 400);
    await expect.poll(() => batcher.running).toBeGreaterThan(0);
    process.kill(pid, 'SIGKILL');
    const { own = 0, crashed = 0, ...rest } = verdicts(await asked);
    expect(rest).toEqual({});
    expect(crashed).toBeGreaterThan(0);
    expect(crashed).toBeLessThanOrEqual(maxBatch);
    expect(own).toBe(400 - crashed);
    expect(verdicts(await many(batcher, 100))).toEqual({ own: 100 });
    await engine.close();
  });

  it('loses at most the run of a hung process, whose place another takes', async () => {
    const engine = await folder.start(int8, { instances, runTimeoutMs: 1500 });
    const batcher = batcherOf(engine);
    process.kill(engine.pid() ?? 0, 'SIGSTOP');
    const { own = 0, timeout = 0, ...rest } = verdicts(await many(batcher, 100));
    expect(rest).toEqual({});
    expect(timeout).toBeGreaterThan(0);
    expect(timeout).toBeLessThanOrEqual(maxBatch);
    expect(own).toBe(100 - timeout);
    await engine.close();
  });
});

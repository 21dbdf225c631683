import { describe, expect, it } from 'vitest';
import { createMutex } from '../../common/mutex.ts';
import { backoffMs, retry } from '../../common/retry.ts';
import { createSimPlatform } from '../sim/sim-platform.ts';

describe('a mutex', () => {
  it('runs one piece of work at a time, in order', async () => {
    const mutex = createMutex();
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} in`);
      await Promise.resolve();
      await Promise.resolve();
      seen.push(`${name} out`);
      return name;
    };
    const results = await Promise.all(['a', 'b', 'c'].map((name) => mutex.run(work(name))));
    expect(results).toEqual(['a', 'b', 'c']);
    expect(seen).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  it('goes on after a failure, which reaches its own caller alone', async () => {
    const mutex = createMutex();
    const failing = mutex.run(async () => {
      throw new Error('mine');
    });
    const next = mutex.run(async () => 'fine');
    await expect(failing).rejects.toThrow('mine');
    expect(await next).toBe('fine');
  });
});

describe('retry', () => {
  const { clock } = createSimPlatform('retry');
  const options = { clock, attempts: 4, firstDelayMs: 100, maxDelayMs: 300 };

  it('gives the first success, after pauses that double up to the longest', async () => {
    const startedMs = clock.monotonicMs();
    let calls = 0;
    const result = await retry(async (attempt) => {
      calls += 1;
      if (attempt < 3) throw new Error('not yet');
      return attempt;
    }, options);
    expect([result, calls]).toEqual([3, 4]);
    expect(clock.monotonicMs() - startedMs).toBe(100 + 200 + 300);
  });

  it('throws the last error when all fail, or at once when it is not worthwhile', async () => {
    let calls = 0;
    const fail = async (): Promise<never> => {
      calls += 1;
      throw new Error(`call ${calls}`);
    };
    await expect(retry(fail, options)).rejects.toThrow('call 4');
    await expect(retry(fail, { ...options, worthwhile: () => false })).rejects.toThrow('call 5');
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const fail = async (): Promise<never> => {
      stop.abort(new Error('stopped'));
      throw new Error('failed');
    };
    await expect(retry(fail, { ...options, signal: stop.signal })).rejects.toThrow('stopped');
  });

  it('never pauses longer than it may', () => {
    expect([0, 1, 2, 5, 1e6].map((attempt) => backoffMs(attempt, 10, 100))).toEqual([
      10, 20, 40, 100, 100,
    ]);
  });
});

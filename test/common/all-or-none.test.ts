import { describe, expect, it } from 'vitest';
import { allOrNone } from '../../common/all-or-none.ts';

/** A promise that ends when the test says so. */
function later<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  return { promise, resolve, reject };
}

/** Several starts, and what was stopped. */
function world(count: number) {
  const stopped: number[] = [];
  const letStop = later<void>();
  const starts = Array.from({ length: count }, () => later<number>());
  const all = allOrNone(
    starts.map(({ promise }) => promise),
    async (started) => {
      await letStop.promise;
      stopped.push(started);
    },
  ).catch((error: unknown) => error);
  return { starts, stopped, letStop, all };
}

describe('several starts', () => {
  it('give what they started in their order, whichever was first', async () => {
    const { starts, stopped, all } = world(3);
    for (const at of [2, 0, 1]) starts[at]?.resolve(at);
    expect(await all).toEqual([0, 1, 2]);
    expect(stopped).toEqual([]);
    expect(await allOrNone([], () => Promise.resolve())).toEqual([]);
  });

  it('leave nothing begun when one fails, be it that it starts after the failure', async () => {
    const { starts, stopped, letStop, all } = world(4);
    const first = new Error('the first by place');
    starts[3]?.reject(new Error('the first in time'));
    starts[0]?.resolve(0);
    starts[1]?.reject(first);
    starts[2]?.resolve(2);
    letStop.resolve();
    expect(await all).toBe(first);
    expect(stopped).toEqual([0, 2]);
  });

  it('fail only once those that began are stopped', async () => {
    const { starts, stopped, letStop, all } = world(2);
    const seen: string[] = [];
    const failed = all.then(() => seen.push(`failed with ${stopped.length} stopped`));
    starts[0]?.resolve(0);
    starts[1]?.reject(new Error('no'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
    letStop.resolve();
    await failed;
    expect(seen).toEqual(['failed with 1 stopped']);
  });

  it('say why one did not start, even when another does not stop', async () => {
    const starts = [Promise.resolve(1), Promise.reject(new Error('no start'))];
    const stop = (): Promise<void> => Promise.reject(new Error('no stop'));
    await expect(allOrNone(starts, stop)).rejects.toThrow('no start');
  });
});

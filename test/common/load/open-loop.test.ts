import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openLoop } from '../../../common/load/open-loop.ts';
import type { OpenLoopOptions, OpenLoopReport } from '../../../common/load/open-loop.ts';

/** Time that moves only when somebody waits for it; answers come at their own moments. */
function manualTime() {
  let nowMs = 0;
  const timers: { readonly atMs: number; readonly wake: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  const advanceTo = async (atMs: number): Promise<void> => {
    for (;;) {
      timers.sort((a, b) => a.atMs - b.atMs);
      const next = timers[0];
      if (next === undefined || next.atMs > atMs) break;
      timers.shift();
      nowMs = Math.max(nowMs, next.atMs);
      next.wake();
      await settle();
    }
    nowMs = Math.max(nowMs, atMs);
  };
  return {
    monotonicMs: () => nowMs,
    waitUntil: async (atMs: number) => {
      await advanceTo(atMs);
      await settle();
    },
    after: (ms: number) => new Promise<void>((wake) => timers.push({ atMs: nowMs + ms, wake })),
    /** As a busy processor does: time passes and nobody gets a turn. */
    lose: (ms: number) => void (nowMs += ms),
    advanceTo,
  };
}

interface Trial {
  readonly report: OpenLoopReport;
  /** What each request took since it was due. */
  readonly latenciesMs: readonly number[];
  readonly mostUnderWay: number;
  readonly prepared: number;
}

interface Peer {
  /** How long the peer takes for a request that comes at a moment. */
  readonly serviceMs: (atMs: number) => number;
  readonly prepareMs?: number;
}

async function run(
  arrivals: readonly number[],
  { serviceMs, prepareMs = 0 }: Peer,
  options: Partial<OpenLoopOptions> = {},
): Promise<Trial> {
  const time = manualTime();
  const latenciesMs: number[] = [];
  let underWay = 0;
  let mostUnderWay = 0;
  let prepared = 0;
  let allDue = false;
  const watched = function* () {
    yield* arrivals;
    allDue = true;
  };
  const running = openLoop(
    {
      clock: time,
      waitUntil: time.waitUntil,
      prepare: () => {
        time.lose(prepareMs);
        prepared += 1;
        return prepared;
      },
      send: async (_, arrival) => {
        underWay += 1;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        await time.after(serviceMs(time.monotonicMs()));
        underWay -= 1;
        if (arrival.counts) latenciesMs.push(time.monotonicMs() - arrival.dueMs);
      },
    },
    watched(),
    {
      maxInFlight: 1000,
      warmUpMs: 0,
      durationMs: 1e9,
      signal: new AbortController().signal,
      ...options,
    },
  );
  const state = { done: false };
  void running.then(() => (state.done = true));
  while (!state.done) {
    await new Promise((resolve) => setImmediate(resolve));
    // Until then it is the loop itself that moves the time on.
    if (allDue || options.signal?.aborted === true) await time.advanceTo(time.monotonicMs() + 10);
  }
  return { report: await running, latenciesMs, mostUnderWay, prepared };
}

const every10Ms = Array.from({ length: 100 }, (_, at) => at * 10);

describe('the open loop', () => {
  it('sends at the times that were set, however slow the answers are', async () => {
    const { report, latenciesMs, mostUnderWay } = await run(every10Ms, { serviceMs: () => 300 });
    expect(report).toMatchObject({ due: 100, sent: 100, shedFull: 0, shedLate: 0 });
    expect(report.lateness.maxMs).toBe(0);
    expect(latenciesMs.every((ms) => ms === 300)).toBe(true);
    expect(mostUnderWay).toBe(30);
    expect(report.mostInFlight).toBe(30);
  });

  it('does not hide a stall: each request that fell into it waits its own time', async () => {
    // The peer stands still from 220 ms to 720 ms, then answers all at once.
    const stalled = (atMs: number): number => (atMs < 220 || atMs > 720 ? 1 : 720 - atMs);
    const { latenciesMs } = await run(every10Ms, { serviceMs: stalled });
    const slow = latenciesMs.filter((ms) => ms > 5).sort((a, b) => a - b);
    // A loop that waits for its answer would have seen one slow request only.
    expect(slow).toHaveLength(50);
    expect(slow.at(-1)).toBe(500);
    expect(slow[0]).toBe(10);
  });

  it('counts from the time that was meant, when it is the sender that was late', async () => {
    // Making a request ready takes longer than the gap: the sender falls behind, and tells.
    const { report, latenciesMs } = await run(every10Ms.slice(0, 20), {
      serviceMs: () => 1,
      prepareMs: 15,
    });
    expect(report.lateness.maxMs).toBeGreaterThan(50);
    expect(Math.max(...latenciesMs)).toBeGreaterThanOrEqual(report.lateness.maxMs);
  });

  it('sheds what a sender that is behind cannot send soon after the time is over', async () => {
    const { report } = await run(
      every10Ms,
      { serviceMs: () => 1, prepareMs: 40 },
      { durationMs: 1000 },
    );
    expect(report.shedLate).toBeGreaterThan(30);
    expect(report.sent + report.shedLate).toBe(100);
  });

  it('leaves the warm-up out of the figures, and sends it all the same', async () => {
    const { report, latenciesMs, prepared } = await run(
      every10Ms,
      { serviceMs: () => 1 },
      { warmUpMs: 500 },
    );
    expect(report).toMatchObject({ due: 50, sent: 50 });
    expect(latenciesMs).toHaveLength(50);
    expect(prepared).toBe(100);
  });

  it('stops when it is told to, with the answers that are still to come', async () => {
    const stop = new AbortController();
    const { report, latenciesMs } = await run(
      every10Ms,
      {
        serviceMs: (atMs) => {
          if (atMs > 400) stop.abort();
          return 50;
        },
      },
      { signal: stop.signal },
    );
    expect(report.sent).toBeLessThan(50);
    expect(latenciesMs).toHaveLength(report.sent);
  });

  it('never has more under way than it may, and accounts for every arrival', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 200 }),
        async (times, maxInFlight, takesMs) => {
          const arrivals = [...times].sort((a, b) => a - b);
          const trial = await run(arrivals, { serviceMs: () => takesMs }, { maxInFlight });
          const { due, sent, shedFull, shedLate } = trial.report;
          expect(trial.mostUnderWay).toBeLessThanOrEqual(maxInFlight);
          expect(due).toBe(arrivals.length);
          expect(sent + shedFull + shedLate).toBe(due);
          expect(trial.latenciesMs).toHaveLength(sent);
        },
      ),
      { numRuns: 60 },
    );
  });
});

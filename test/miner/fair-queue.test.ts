import { assert, property } from 'fast-check';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFairQueue } from '../../miner/batch/fair-queue.ts';
import type { FairQueue, Ticket } from '../../miner/batch/fair-queue.ts';
import { collectGarbage } from '../fakes/collect-garbage.ts';

interface Request extends Ticket {
  readonly id: number;
}

let ids = 0;

function request(caller: string, more: Partial<Request> = {}): Request {
  return { caller, classAt: 0, key: 'k', rows: 1, cost: 1, ...more, id: ids++ };
}

function many(count: number, caller: string, more: Partial<Request> = {}): readonly Request[] {
  return Array.from({ length: count }, () => request(caller, more));
}

function filled(weights: readonly number[], requests: readonly Request[]): FairQueue<Request> {
  const queue = createFairQueue<Request>({ weights, knowsLast: true });
  requests.forEach(queue.push);
  return queue;
}

/** One by one. */
function order(queue: FairQueue<Request>, count = Infinity): readonly Request[] {
  const taken: Request[] = [];
  while (queue.size > 0 && taken.length < count) taken.push(...queue.takeGroup(1));
  return taken;
}

function costOf(taken: readonly Request[], which: (one: Request) => boolean): number {
  return taken.filter(which).reduce((sum, { cost }) => sum + cost, 0);
}

describe('fair turns', () => {
  it('go to callers in turn, however many requests one of them has', () => {
    const queue = filled([1], [...many(100, 'flood'), ...many(2, 'a'), ...many(2, 'b')]);
    const callers = order(queue, 6).map(({ caller }) => caller);
    expect(callers).toEqual(['flood', 'a', 'b', 'flood', 'a', 'b']);
  });

  it('count by cost: a caller of large requests gets fewer of them', () => {
    const large = many(50, 'large', { cost: 10 });
    const taken = order(filled([1], [...large, ...many(500, 'small')]), 220);
    expect(costOf(taken, ({ caller }) => caller === 'large')).toBe(200);
  });

  it('go to classes by their weights', () => {
    const low = many(100, 'low');
    const high = many(100, 'high', { classAt: 1 });
    const taken = order(filled([1, 4], [...low, ...high]), 50);
    expect(costOf(taken, ({ classAt }) => classAt === 1)).toBe(40);
  });

  it('do not make up for the time in which a caller asked for nothing', () => {
    const queue = filled([1], many(60, 'busy'));
    order(queue, 50);
    many(60, 'late').forEach(queue.push);
    const taken = order(queue, 10);
    expect(costOf(taken, ({ caller }) => caller === 'late')).toBe(5);
  });
});

describe('fair turns of classes', () => {
  it('do not make up for the time in which a class asked for nothing', () => {
    const queue = filled([1, 1], many(60, 'busy'));
    order(queue, 50);
    many(60, 'late', { classAt: 1 }).forEach(queue.push);
    const taken = order(queue, 10);
    expect(costOf(taken, ({ caller }) => caller === 'late')).toBeLessThanOrEqual(6);
  });
});

describe('a run', () => {
  it('is led by the one whose turn it is and filled with what can share it', () => {
    const queue = filled(
      [1],
      [request('a', { key: 'x' }), request('b', { key: 'y' }), request('c', { key: 'x' })],
    );
    expect(queue.rowsOf('x')).toBe(2);
    const groups = [queue.takeGroup(8), queue.takeGroup(8)];
    expect(groups.map((group) => group.map(({ caller }) => caller))).toEqual([['a', 'c'], ['b']]);
    expect([queue.size, queue.cost, queue.rowsOf('x')]).toEqual([0, 0, 0]);
  });

  it('steps over what does not fit, and leads with it the next time', () => {
    const sizes = [1, 1, 1, 5, 1];
    const queue = filled(
      [1],
      sizes.map((rows) => request('a', { rows, cost: rows })),
    );
    const groups = [queue.takeGroup(2), queue.takeGroup(2), queue.takeGroup(2)];
    expect(groups.map((group) => group.map(({ rows }) => rows))).toEqual([[1, 1], [1, 1], [5]]);
  });

  it('takes companions along for nothing, so that a lone shape is not pushed back by them', () => {
    // The lower class always has work: shapes of its own, and one that the higher can share.
    const companions = many(400, 'many', { classAt: 1, key: 'x' });
    const ownShapes = Array.from({ length: 200 }, (_, at) => request('low z', { key: `z${at}` }));
    const queue = filled([1, 1], [...companions, ...ownShapes, request('low x', { key: 'x' })]);
    const lone = request('lone', { classAt: 1, key: 'y' });
    queue.push(lone);
    let runs = 0;
    for (let group = queue.takeGroup(8); !group.includes(lone); group = queue.takeGroup(8)) {
      runs += 1;
      if (group.some(({ caller }) => caller === 'low x'))
        queue.push(request('low x', { key: 'x' }));
    }
    expect(runs).toBeLessThanOrEqual(3);
  });
});

describe('the place of the last', () => {
  it('goes to one who has had less', () => {
    const queue = filled([1], many(10, 'flood'));
    const last = queue.lastAfter(request('other'));
    expect(last).toBe([...queue.tickets()].at(-1));
    expect(queue.lastAfter(request('flood'))).toBeUndefined();
  });

  it('goes to a higher class, and never to a lower one', () => {
    const queue = filled([1, 2], many(3, 'low'));
    expect(queue.lastAfter(request('high', { classAt: 1 }))?.caller).toBe('low');
    const high = filled([1, 2], many(3, 'high', { classAt: 1 }));
    expect(high.lastAfter(request('low'))).toBeUndefined();
  });
});

interface Plan {
  readonly weights: readonly number[];
  readonly arrivals: readonly (Ticket & { readonly takesBefore: number })[];
  readonly lone: { readonly classAt: number; readonly cost: number };
  readonly maxRows: number;
}

const plans = fc
  .record({
    weights: fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 4 }),
    count: fc.integer({ min: 10, max: 300 }),
  })
  .chain(({ weights, count }) =>
    fc.record({
      weights: fc.constant(weights),
      arrivals: fc.array(
        fc.record({
          caller: fc.constantFrom('a', 'b', 'c', 'd'),
          classAt: fc.integer({ min: 0, max: weights.length - 1 }),
          key: fc.constantFrom('x', 'y', 'z'),
          rows: fc.integer({ min: 1, max: 4 }),
          cost: fc.integer({ min: 1, max: 50 }),
          takesBefore: fc.integer({ min: 0, max: 2 }),
        }),
        { minLength: count, maxLength: count },
      ),
      lone: fc.record({
        classAt: fc.integer({ min: 0, max: weights.length - 1 }),
        cost: fc.integer({ min: 1, max: 50 }),
      }),
      maxRows: fc.integer({ min: 1, max: 16 }),
    }),
  );

const dearest = 50;
const others = 4;

/** What may be led before a caller's first request, by the stated rule. */
function boundOf({ weights, lone }: Plan): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const own = weights[lone.classAt] ?? 1;
  const inClass = 2 * others * dearest + lone.cost;
  return inClass + ((sum - own) / own) * (inClass + dearest) + weights.length * dearest;
}

describe('laws of the fair queue', () => {
  it('nobody starves: the wait of a first request is bounded, whatever else arrives', () => {
    assert(
      property(plans, (plan) => {
        const queue = createFairQueue<Request>({ weights: plan.weights });
        const half = Math.floor(plan.arrivals.length / 2);
        for (const arrival of plan.arrivals.slice(0, half)) queue.push({ ...arrival, id: ids++ });
        const lone = request('lone', { ...plan.lone, key: 'x' });
        queue.push(lone);
        let led = 0;
        // The flood goes on for as long as it takes: after each run, as much comes as was taken.
        for (let at = half; ; at += 1) {
          const leader = queue.next();
          const group = queue.takeGroup(plan.maxRows);
          if (group.includes(lone)) return led <= boundOf(plan);
          led += leader?.cost ?? 0;
          if (led > 1_000_000) return false;
          for (let more = 0; more <= group.length; more += 1) {
            const arrival = plan.arrivals[(at + more) % plan.arrivals.length];
            if (arrival !== undefined) queue.push({ ...arrival, id: ids++ });
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('shares by weight within one request, while all classes have work', () => {
    assert(
      property(
        fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 2, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 400, maxLength: 400 }),
        (weights, costs) => {
          const requests = costs.flatMap((cost) =>
            weights.map((_, classAt) => request('a', { classAt, cost })),
          );
          const taken = order(filled(weights, requests), 300);
          const shares = weights.map(
            (weight, classAt) => costOf(taken, (one) => one.classAt === classAt) / weight,
          );
          const step = dearest / Math.min(...weights);
          return Math.max(...shares) - Math.min(...shares) <= step;
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives out each request once, of one key a run and no larger than allowed', () => {
    assert(
      property(plans, ({ weights, arrivals, maxRows }) => {
        const queue = createFairQueue<Request>({ weights, knowsLast: true });
        const waiting = new Set<Request>();
        const got = (group: readonly Request[]): void => {
          const rows = group.reduce((sum, one) => sum + one.rows, 0);
          expect(group.every((one) => waiting.delete(one))).toBe(true);
          expect(new Set(group.map(({ key }) => key)).size).toBeLessThanOrEqual(1);
          expect(rows <= maxRows || group.length === 1).toBe(true);
        };
        for (const { takesBefore, ...arrival } of arrivals) {
          for (let at = 0; at < takesBefore; at += 1) got(queue.takeGroup(maxRows));
          const one = { ...arrival, id: ids++ };
          waiting.add(one);
          queue.push(one);
          expect(queue.size).toBe(waiting.size);
        }
        while (queue.size > 0) got(queue.takeGroup(maxRows));
        expect([waiting.size, queue.cost]).toEqual([0, 0]);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps its sums when requests leave by themselves', () => {
    assert(
      property(plans, fc.array(fc.boolean()), ({ weights, arrivals }, leaves) => {
        const queue = createFairQueue<Request>({ weights, knowsLast: true });
        const kept = arrivals.filter((arrival, at) => {
          const one = { ...arrival, id: ids++ };
          queue.push(one);
          if (leaves[at % Math.max(1, leaves.length)] === true) queue.remove(one);
          return leaves[at % Math.max(1, leaves.length)] !== true;
        });
        expect(queue.size).toBe(kept.length);
        expect(queue.cost).toBe(kept.reduce((sum, { cost }) => sum + cost, 0));
        expect(order(queue).length).toBe(kept.length);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the price of a place', () => {
  it('hardly grows with what waits: a hundred thousand come and go', () => {
    const count = 100_000;
    const queue = createFairQueue<Request>({ weights: [1, 3] });
    for (let at = 0; at < count; at += 1) {
      queue.push(request(`caller ${at % 256}`, { classAt: at % 2, key: `k${at % 3}` }));
    }
    let taken = 0;
    while (queue.size > 0) taken += queue.takeGroup(32).length;
    expect(taken).toBe(count);
  });
});

describe('a caller who asks for more than its share', () => {
  it('gets its share all the same, though most of what it asks expires', () => {
    interface Timed extends Ticket {
      readonly expires: number;
    }
    const queue = createFairQueue<Timed>({ weights: [1] });
    const callers = [
      { name: 'greedy', outstanding: 64 },
      ...Array.from({ length: 20 }, (_, at) => ({ name: `modest ${at}`, outstanding: 4 })),
    ];
    const waiting = new Map(callers.map(({ name }) => [name, new Set<Timed>()]));
    const served = new Map<string, number>();
    const [turns, patience] = [6000, 100];
    for (let now = 0; now < turns; now += 1) {
      for (const { name, outstanding } of callers) {
        const own = waiting.get(name) ?? new Set();
        for (const ticket of own) {
          if (ticket.expires > now) continue;
          queue.remove(ticket);
          own.delete(ticket);
        }
        while (own.size < outstanding) {
          const shape = { classAt: 0, key: 'k', rows: 1, cost: 1 };
          const ticket = { caller: name, expires: now + patience, ...shape };
          queue.push(ticket);
          own.add(ticket);
        }
      }
      for (const ticket of queue.takeGroup(1)) {
        waiting.get(ticket.caller)?.delete(ticket);
        if (now >= turns / 2) served.set(ticket.caller, (served.get(ticket.caller) ?? 0) + 1);
      }
    }
    const share = turns / 2 / callers.length;
    for (const { name } of callers) expect(served.get(name) ?? 0).toBeGreaterThan(share * 0.7);
  });
});

describe('what has left', () => {
  it('is held no longer, however few wait behind it', async () => {
    const queue = createFairQueue<Request>({ weights: [1], knowsLast: true });
    const comeAndGo = (): readonly WeakRef<Request>[] => {
      const leavers = many(40, 'left');
      const served = many(20, 'served');
      for (const one of [...leavers, ...served, request('stays')]) queue.push(one);
      leavers.forEach(queue.remove);
      queue.takeGroup(20);
      return [...leavers, ...served].map((one) => new WeakRef(one));
    };
    const gone = comeAndGo();
    await collectGarbage();
    // The last one may still lie in a register of the interpreter.
    expect(gone.filter((one) => one.deref() !== undefined).length).toBeLessThan(3);
    expect(order(queue)).toHaveLength(1);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Breaker, Verdict } from '../../../miner/upstream/breaker.ts';
import {
  admits,
  afterBegin,
  afterEnd,
  afterRecovery,
  closedBreaker,
} from '../../../miner/upstream/breaker.ts';

const options = { failures: 3, openMs: 100, maxOpenMs: 1000 };

/** A breaker and the tries that were begun under it. */
class World {
  breaker: Breaker = closedBreaker;
  nowMs = 0;
  readonly open: boolean[] = [];

  begin(): void {
    if (!admits(this.breaker, this.nowMs)) return;
    const { breaker, trial } = afterBegin(this.breaker);
    this.breaker = breaker;
    this.open.push(trial);
  }

  end(verdict: Verdict, at: number): void {
    const [trial] = this.open.splice(at % Math.max(1, this.open.length), 1);
    if (trial === undefined) return;
    this.breaker = afterEnd(this.breaker, verdict, trial, this.nowMs, options);
  }
}

type Step =
  | { readonly kind: 'begin' | 'recover' }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'end'; readonly verdict: Verdict; readonly at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 300 }) }),
  fc.record({ kind: fc.constant('recover' as const) }),
  fc.record({
    kind: fc.constant('end' as const),
    verdict: fc.constantFrom<Verdict>('success', 'failure', 'none'),
    at: fc.nat(20),
  }),
);

function run(world: World, one: Step): void {
  if (one.kind === 'begin') world.begin();
  if (one.kind === 'pass') world.nowMs += one.ms;
  if (one.kind === 'recover') world.breaker = afterRecovery(world.breaker, world.nowMs);
  if (one.kind === 'end') world.end(one.verdict, one.at);
}

function failed(times: number): Breaker {
  let breaker = closedBreaker;
  for (let at = 0; at < times; at += 1) breaker = afterEnd(breaker, 'failure', false, 0, options);
  return breaker;
}

describe('the circuit breaker', () => {
  it('never has two trials, and is never open longer than allowed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const world = new World();
        for (const one of steps) {
          run(world, one);
          expect(world.open.filter((trial) => trial).length).toBeLessThanOrEqual(1);
          if (world.breaker.state === 'open') {
            expect(world.breaker.untilMs - world.nowMs).toBeLessThanOrEqual(options.maxOpenMs);
          }
        }
      }),
    );
  });

  it('always finds its way back: one good trial after the longest break closes it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const world = new World();
        for (const one of steps) run(world, one);
        while (world.open.length > 0) world.end('none', 0);
        world.nowMs += options.maxOpenMs;
        expect(admits(world.breaker, world.nowMs)).toBe(true);
        world.begin();
        world.end('success', 0);
        expect(world.breaker).toEqual(closedBreaker);
      }),
    );
  });

  it('opens at so many failures in a row, and a success between them starts anew', () => {
    expect(failed(2).state).toBe('closed');
    expect(failed(3)).toEqual({ state: 'open', untilMs: 100, trials: 0 });
    const mended = afterEnd(failed(2), 'success', false, 0, options);
    expect(afterEnd(mended, 'failure', false, 0, options).state).toBe('closed');
  });

  it('lets one trial through when its time is over, and doubles the break when that fails', () => {
    expect(admits(failed(3), 99)).toBe(false);
    expect(admits(failed(3), 100)).toBe(true);
    const { breaker, trial } = afterBegin(failed(3));
    expect(trial).toBe(true);
    expect(admits(breaker, 100)).toBe(false);
    const again = afterEnd(breaker, 'failure', true, 100, options);
    expect(again).toEqual({ state: 'open', untilMs: 300, trials: 1 });
  });

  it('hears only its trial once it has opened', () => {
    expect(afterEnd(failed(3), 'success', false, 50, options)).toEqual(failed(3));
    const { breaker } = afterBegin(failed(3));
    expect(afterEnd(breaker, 'failure', false, 100, options)).toEqual(breaker);
  });

  it('gives a trial that told nothing to the next request', () => {
    const { breaker } = afterBegin(failed(3));
    expect(admits(afterEnd(breaker, 'none', true, 100, options), 100)).toBe(true);
  });

  it('is tried at once when a health check found the upstream well again', () => {
    expect(admits(afterRecovery(failed(3), 1), 1)).toBe(true);
  });
});

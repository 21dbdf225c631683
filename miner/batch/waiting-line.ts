import type { Clock } from '../../common/platform-port.ts';
import type { BatchRefusal, BatcherOptions, BatchJob } from './batcher.ts';
import { createFairQueue } from './fair-queue.ts';
import type { Ticket } from './fair-queue.ts';
import { classAt, sortedClasses } from './priority.ts';

/** Who waits, for how long, and whose turn counts against whom. */
export type Asker = Omit<BatchJob, 'inputs'>;

export type LineOptions = Pick<BatcherOptions, 'maxWaiting' | 'classes' | 'whenFull'>;

/** What waits for its turn, and how it hears that it gets none. */
export interface InLine {
  readonly asker: Asker;
  /** Of its turn; above 0. */
  readonly cost: number;
  refuse(refusal: BatchRefusal): void;
}

/**
 * Work that waits for one of a few places, in the fair turns of its callers. What nobody waits for
 * any more leaves by itself, and begins nothing.
 */
export interface WaitingLine<W extends InLine> {
  readonly size: number;
  /** Refuses it when there is no room. */
  push(work: W): void;
  /** The work whose turn it is, of somebody who still waits. */
  take(): W | null;
  /** Refuses all that waits, and all that comes. */
  close(): void;
}

interface Place<W> extends Ticket {
  readonly work: W;
}

const sweepMs = 20;
/** So many are looked at in one turn of the event loop. */
const sweptAtOnce = 4096;
/** So many of the oldest are looked at when there is no room. */
const checkedWhenFull = 64;

export function createWaitingLine<W extends InLine>(
  clock: Clock,
  { maxWaiting, classes, whenFull = 'refuse' }: LineOptions,
): WaitingLine<W> {
  const sorted = sortedClasses(classes);
  const queue = createFairQueue<Place<W>>({
    weights: sorted.map(({ weight }) => weight),
    knowsLast: whenFull === 'displace',
  });
  let closed = false;
  let sweeping = false;

  const dropIfUseless = (place: Place<W>): boolean => {
    const reason = uselessBecause(place.work.asker, clock.monotonicMs());
    if (reason === null) return false;
    queue.remove(place);
    place.work.refuse({ kind: 'refused', reason });
    return true;
  };
  /** True when it came to the end of them. */
  const dropUseless = (places: Iterator<Place<W>>, atMost: number): boolean => {
    for (let seen = 0; seen < atMost; seen += 1) {
      const { value, done } = places.next();
      if (done === true) return true;
      dropIfUseless(value);
    }
    return false;
  };
  const makeRoom = (newcomer: Place<W>): boolean => {
    dropUseless(queue.tickets(), checkedWhenFull);
    if (queue.size < maxWaiting) return true;
    const last = whenFull === 'displace' ? queue.lastAfter(newcomer) : undefined;
    if (last === undefined) return false;
    queue.remove(last);
    last.work.refuse({ kind: 'refused', reason: 'full' });
    return true;
  };
  const sweep = async (): Promise<void> => {
    if (sweeping) return;
    sweeping = true;
    let places = queue.tickets();
    while (queue.size > 0) {
      await clock.sleep(sweepMs);
      if (dropUseless(places, sweptAtOnce)) places = queue.tickets();
    }
    sweeping = false;
  };
  return {
    get size() {
      return queue.size;
    },
    push: (work) => {
      const { caller = '', stakeRao = 0n } = work.asker;
      const at = classAt(sorted, stakeRao);
      const place = { caller, classAt: at, key: '', rows: 1, cost: work.cost, work };
      if (closed) return work.refuse({ kind: 'refused', reason: 'closed' });
      if (queue.size >= maxWaiting && !makeRoom(place)) {
        return work.refuse({ kind: 'refused', reason: 'full' });
      }
      queue.push(place);
      void sweep();
    },
    take: () => {
      for (let next = queue.next(); next !== undefined; next = queue.next()) {
        if (dropIfUseless(next)) continue;
        queue.takeGroup(1);
        return next.work;
      }
      return null;
    },
    close: () => {
      closed = true;
      for (const { work } of queue.takeAll()) work.refuse({ kind: 'refused', reason: 'closed' });
    },
  };
}

function uselessBecause(asker: Asker, nowMs: number): 'gone' | 'expired' | null {
  if (asker.isGone()) return 'gone';
  return nowMs > asker.deadlineMs ? 'expired' : null;
}

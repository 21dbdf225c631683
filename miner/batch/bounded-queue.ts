import type { Clock } from '../../common/platform-port.ts';
import { createFairQueue } from './fair-queue.ts';
import type { FairQueue, Ticket } from './fair-queue.ts';
import { classAt, sortedClasses } from './priority.ts';
import type { PriorityClass } from './priority.ts';

/** Who waits, for how long, and whose turn counts against whom. */
export interface Asker {
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** True once nobody waits for the answer. */
  isGone(): boolean;
  /** Callers of one class have even shares. Those without a name are one caller. */
  readonly caller?: string;
  /** Of the caller: decides the class. */
  readonly stakeRao?: bigint;
}

/**
 * `full`: no place in the queue. `expired`: its deadline passed while it waited. `gone`: its caller
 * left. `closed`: the miner stops.
 */
export type RefusalReason = 'full' | 'expired' | 'gone' | 'closed';

/**
 * What happens to a request that finds the queue full. `refuse`: it is turned away. `displace`: it
 * takes the place of the one whose turn is last, if its own turn comes before that, and that one is
 * turned away: so a caller who fills the queue fills it only until others come.
 */
export const fullPolicies = ['refuse', 'displace'] as const;

export type FullPolicy = (typeof fullPolicies)[number];

export interface QueueLimits {
  /** Requests that may wait. */
  readonly maxWaiting: number;
  /** By the caller's stake; default one for all. */
  readonly classes?: readonly PriorityClass[];
  /** Default `refuse`. */
  readonly whenFull?: FullPolicy;
}

export interface AskedTicket extends Ticket {
  readonly job: Asker;
}

export interface BoundedQueueDeps<T> {
  readonly clock: Clock;
  /** Tells one that it gets no turn; by then it has left the queue. */
  readonly refuse: (ticket: T, reason: RefusalReason) => void;
  /** Some of the queue was looked through. */
  readonly onSwept?: () => void;
}

/** A fair queue with an end, which refuses what has no place and what nobody waits for. */
export interface BoundedQueue<T extends AskedTicket> extends Pick<
  FairQueue<T>,
  'size' | 'cost' | 'next' | 'rowsOf' | 'takeGroup'
> {
  readonly isClosed: boolean;
  /** Of the ticket that this one gets. */
  classOf(asker: Asker): number;
  /** False: it was refused. */
  push(ticket: T): boolean;
  /** It had a place before, and keeps it in a full queue. */
  putBack(ticket: T): void;
  /** Refuses it, in the queue or just taken, when nobody waits for it any more; true then. */
  dropIfUseless(ticket: T): boolean;
  /** Looks for those that nobody waits for, again and again until the queue is empty. */
  sweep(): void;
  /** Refuses all that waits, and all that comes. */
  close(): void;
}

/** How often the queue is looked through for requests that nobody waits for any more. */
const sweepMs = 20;
/** So many are looked at in one go: the queue may be long, the loop must not be held up. */
const sweptAtOnce = 4096;
/** So many of the oldest are looked at when the queue is full. */
const checkedWhenFull = 64;

export function createBoundedQueue<T extends AskedTicket>(
  { clock, refuse, onSwept }: BoundedQueueDeps<T>,
  { maxWaiting, classes, whenFull = 'refuse' }: QueueLimits,
): BoundedQueue<T> {
  const sorted = sortedClasses(classes);
  const queue = createFairQueue<T>({
    weights: sorted.map(({ weight }) => weight),
    knowsLast: whenFull === 'displace',
  });
  let isClosed = false;
  let sweeping = false;

  const drop = (ticket: T, reason: RefusalReason): void => {
    queue.remove(ticket);
    refuse(ticket, reason);
  };
  const dropIfUseless = (ticket: T): boolean => {
    const reason = uselessBecause(ticket.job, clock.monotonicMs());
    if (reason === null) return false;
    drop(ticket, reason);
    return true;
  };
  /** True when it came to the end of them. */
  const dropUseless = (tickets: Iterator<T>, atMost: number): boolean => {
    for (let seen = 0; seen < atMost; seen += 1) {
      const { value, done } = tickets.next();
      if (done === true) return true;
      dropIfUseless(value);
    }
    return false;
  };
  /** True when there is room, be it that others had to leave. */
  const makeRoom = (newcomer: T): boolean => {
    if (queue.size < maxWaiting) return true;
    dropUseless(queue.tickets(), checkedWhenFull);
    if (queue.size < maxWaiting) return true;
    const last = whenFull === 'displace' ? queue.lastAfter(newcomer) : undefined;
    if (last === undefined) return false;
    drop(last, 'full');
    return true;
  };
  const sweepUntilEmpty = async (): Promise<void> => {
    sweeping = true;
    let tickets = queue.tickets();
    while (queue.size > 0) {
      await clock.sleep(sweepMs);
      if (dropUseless(tickets, sweptAtOnce)) tickets = queue.tickets();
      onSwept?.();
    }
    sweeping = false;
  };
  return {
    get size() {
      return queue.size;
    },
    get cost() {
      return queue.cost;
    },
    get isClosed() {
      return isClosed;
    },
    next: queue.next,
    rowsOf: queue.rowsOf,
    takeGroup: queue.takeGroup,
    classOf: ({ stakeRao = 0n }) => classAt(sorted, stakeRao),
    push: (ticket) => {
      const waits = !isClosed && makeRoom(ticket);
      if (waits) queue.push(ticket);
      else refuse(ticket, isClosed ? 'closed' : 'full');
      return waits;
    },
    putBack: (ticket) => {
      if (isClosed) refuse(ticket, 'closed');
      else queue.push(ticket);
    },
    dropIfUseless,
    sweep: () => {
      if (!sweeping && queue.size > 0) void sweepUntilEmpty();
    },
    close: () => {
      isClosed = true;
      for (const ticket of queue.takeAll()) refuse(ticket, 'closed');
    },
  };
}

function uselessBecause(asker: Asker, nowMs: number): 'gone' | 'expired' | null {
  if (asker.isGone()) return 'gone';
  return nowMs > asker.deadlineMs ? 'expired' : null;
}

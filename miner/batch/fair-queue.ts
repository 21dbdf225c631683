import { createHeap } from './heap.ts';
import type { Heap } from './heap.ts';

/** What the queue must know of one request. */
export interface Ticket {
  readonly caller: string;
  /** Index into the weights of the classes. */
  readonly classAt: number;
  /** Requests of equal keys can share a run. */
  readonly key: string;
  readonly rows: number;
  /** What its turn is charged with; above 0. */
  readonly cost: number;
}

/**
 * What waits, in the order of fair turns.
 *
 * Classes share the model by their weights, and callers of one class share its part evenly, both
 * by cost and not by count: while all of them have something waiting, the cost of what was taken
 * for a class stays in proportion to its weight within one request, and so for the callers in it.
 * Who comes after a pause does not get the past made good. So nobody starves: before its turn, a
 * request that is its caller's first sees at most two requests of each other caller of its class
 * and the other classes' part for the same time.
 *
 * A run is led by the request whose turn it is; the free places in it go to others that can share
 * it. Those that ride along before their turn are not charged for it: the place was free.
 */
export interface FairQueue<T extends Ticket> {
  readonly size: number;
  /** Of all that waits. */
  readonly cost: number;
  push(ticket: T): void;
  /** The one whose turn it is. */
  next(): T | undefined;
  /** Rows that wait under this key. */
  rowsOf(key: string): number;
  /** The one whose turn it is, with those that can share its run of at most `maxRows`. */
  takeGroup(maxRows: number): readonly T[];
  remove(ticket: T): void;
  /** The one that goes before the given one at the latest, if its turn is later than a newcomer's. */
  lastAfter(newcomer: Ticket): T | undefined;
  takeAll(): readonly T[];
  /** The oldest first; what comes and goes meanwhile does not disturb it. */
  tickets(): IterableIterator<T>;
}

interface Entry<T> {
  /** Null once it has left: what it holds need not wait until the heaps are tidied. */
  ticket: T | null;
  /** Virtual time within its class at which its turn begins. */
  readonly turn: number;
  readonly order: number;
  readonly lane: Lane<T>;
}

/** One that has not left. */
interface Waiting<T> extends Entry<T> {
  ticket: T;
}

/** Requests that can share runs. */
interface Lane<T> {
  readonly key: string;
  /** By class. */
  readonly turns: readonly Heap<Entry<T>>[];
  rows: number;
  count: number;
}

interface Account {
  /** Virtual time at which the turns given out so far end. */
  end: number;
  waiting: number;
}

interface ClassState<T> {
  /** Among the classes. */
  readonly place: number;
  readonly weight: number;
  readonly turns: Heap<Entry<T>>;
  /** The last turn first; null when nobody asks for it. */
  readonly lastTurns: Heap<Entry<T>> | null;
  readonly accounts: Map<string, Account>;
  /** Virtual time between classes. */
  time: number;
  /** Virtual time between the callers of this class. */
  innerTime: number;
  waiting: number;
}

/** So many too large requests are stepped over to fill a run, at most. */
const maxStepsOver = 8;
/** Lanes in which nothing waits are kept for the next, as long as there are few. */
const maxIdleLanes = 32;
/** Entries that are gone, and empty, may lie in a heap until they outnumber the rest by so many. */
const slack = 64;

export interface FairQueueOptions {
  /** Of the classes, the lowest class first. */
  readonly weights: readonly number[];
  /** Whether `lastAfter` will be asked for; default false. */
  readonly knowsLast?: boolean;
}

export function createFairQueue<T extends Ticket>(options: FairQueueOptions): FairQueue<T> {
  const { weights, knowsLast = false } = options;
  const classes = weights.map((weight, at) => createClass<T>(at, weight, knowsLast));
  const lanes = new Map<string, Lane<T>>();
  const entries = new Map<T, Entry<T>>();
  let now = 0;
  let order = 0;
  let cost = 0;

  const classOf = ({ classAt }: Ticket): ClassState<T> => {
    const found = classes[classAt] ?? classes[0];
    if (found === undefined) throw new RangeError('a queue has at least one class');
    return found;
  };
  const laneOf = (key: string): Lane<T> => {
    const known = lanes.get(key);
    if (known !== undefined) return known;
    const made = {
      key,
      turns: classes.map(() => createHeap<Entry<T>>(isSooner)),
      rows: 0,
      count: 0,
    };
    lanes.set(key, made);
    return made;
  };
  const push = (ticket: T): void => {
    const own = classOf(ticket);
    if (own.waiting === 0) own.time = Math.max(own.time, now);
    const lane = laneOf(ticket.key);
    const entry: Entry<T> = { ticket, turn: openTurn(own, ticket), order: order++, lane };
    entries.set(ticket, entry);
    own.turns.push(entry);
    own.lastTurns?.push(entry);
    lane.turns[own.place]?.push(entry);
    own.waiting += 1;
    lane.rows += ticket.rows;
    lane.count += 1;
    cost += ticket.cost;
  };
  /** It had no turn of its own: its caller owes nothing for it. */
  const removeUnserved = (ticket: T): void => {
    if (entries.has(ticket)) giveBack(classOf(ticket), ticket);
    remove(ticket);
  };
  const remove = (ticket: T): void => {
    const entry = entries.get(ticket);
    if (entry === undefined) return;
    const own = classOf(ticket);
    entries.delete(ticket);
    entry.ticket = null;
    leave(own, ticket);
    cost -= ticket.cost;
    if (entries.size === 0) restart();
    const { lane } = entry;
    lane.rows -= ticket.rows;
    lane.count -= 1;
    tidyLane(lane);
    if (lane.count === 0 && lanes.size > maxIdleLanes) lanes.delete(lane.key);
  };
  /** Nothing waits: the sums begin anew, so that they stay exact for ever. */
  const restart = (): void => {
    now = 0;
    cost = 0;
    for (const own of classes) own.time = 0;
  };
  const nextEntry = (): { entry: Waiting<T>; own: ClassState<T> } | undefined => {
    const own = earliest(classes, ({ waiting }) => waiting > 0);
    const entry = own === undefined ? undefined : firstWaiting(own.turns);
    return own === undefined || entry === undefined ? undefined : { entry, own };
  };
  const charge = (own: ClassState<T>, { turn, ticket }: Waiting<T>): void => {
    now = Math.max(now, own.time);
    own.time += ticket.cost / own.weight;
    own.innerTime = Math.max(own.innerTime, turn);
  };
  const take = (entry: Waiting<T>): T => {
    const { ticket } = entry;
    const turn = nextEntry();
    if (turn?.entry === entry) charge(turn.own, entry);
    else giveBack(classOf(ticket), ticket);
    remove(ticket);
    return ticket;
  };
  const takeGroup = (maxRows: number): readonly T[] => {
    const leader = nextEntry()?.entry;
    if (leader === undefined) return [];
    const first = take(leader);
    const group = [first];
    let room = maxRows - first.rows;
    while (room > 0) {
      const companion = companionIn(leader.lane, classes, room);
      if (companion === undefined) break;
      const next = take(companion);
      group.push(next);
      room -= next.rows;
    }
    return group;
  };
  const lastAfter = (newcomer: Ticket): T | undefined => {
    const lowest = classes.find(({ waiting }) => waiting > 0);
    if (lowest === undefined || lowest.lastTurns === null) return undefined;
    const last = firstWaiting(lowest.lastTurns);
    if (last === undefined) return undefined;
    const own = classOf(newcomer);
    const isLater =
      own.place > lowest.place || (own === lowest && turnOf(own, newcomer) < last.turn);
    return isLater ? last.ticket : undefined;
  };
  return {
    get size() {
      return entries.size;
    },
    get cost() {
      return cost;
    },
    push,
    remove: removeUnserved,
    takeGroup,
    lastAfter,
    next: () => nextEntry()?.entry.ticket,
    tickets: () => entries.keys(),
    rowsOf: (key) => lanes.get(key)?.rows ?? 0,
    takeAll: () => {
      const all = [...entries.keys()];
      all.forEach(remove);
      return all;
    },
  };
}

function createClass<T>(place: number, weight: number, knowsLast: boolean): ClassState<T> {
  return {
    place,
    weight,
    turns: createHeap<Entry<T>>(isSooner),
    lastTurns: knowsLast ? createHeap<Entry<T>>((a, b) => isSooner(b, a)) : null,
    accounts: new Map(),
    time: 0,
    innerTime: 0,
    waiting: 0,
  };
}

function isSooner<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.turn === b.turn ? a.order < b.order : a.turn < b.turn;
}

/** When the turn of this caller's next request would begin. */
function turnOf<T>({ accounts, innerTime }: ClassState<T>, { caller }: Ticket): number {
  return Math.max(innerTime, accounts.get(caller)?.end ?? 0);
}

function openTurn<T>(own: ClassState<T>, ticket: Ticket): number {
  const { caller, cost } = ticket;
  const account = own.accounts.get(caller);
  const turn = Math.max(own.innerTime, account?.end ?? 0);
  if (account === undefined) own.accounts.set(caller, { end: turn + cost, waiting: 1 });
  else {
    account.end = turn + cost;
    account.waiting += 1;
  }
  return turn;
}

/**
 * What was set aside for a turn that never came. Without it, who asks for more than its share, and
 * loses the rest to deadlines, would be set back by that for ever.
 */
function giveBack<T>({ accounts, innerTime }: ClassState<T>, { caller, cost }: Ticket): void {
  const account = accounts.get(caller);
  if (account !== undefined) account.end = Math.max(innerTime, account.end - cost);
}

function leave<T>(own: ClassState<T>, { caller }: Ticket): void {
  own.waiting -= 1;
  const account = own.accounts.get(caller);
  if (account !== undefined) account.waiting -= 1;
  if (own.waiting === 0) settle(own);
  else if (own.accounts.size > 2 * own.waiting + slack) dropPaidAccounts(own);
  tidy(own.turns, own.waiting);
  if (own.lastTurns !== null) tidy(own.lastTurns, own.waiting);
}

/** Nobody waits: all begin anew, even. */
function settle<T>(own: ClassState<T>): void {
  own.accounts.clear();
  own.innerTime = 0;
}

/** An account that owes nothing any more is as good as none. */
function dropPaidAccounts<T>({ accounts, innerTime }: ClassState<T>): void {
  for (const [caller, { end, waiting }] of accounts) {
    if (waiting === 0 && end <= innerTime) accounts.delete(caller);
  }
}

/** Entries that left lie in the heaps until they come up, or until they are most of what lies there. */
function tidy<T>(heap: Heap<Entry<T>>, waiting: number): void {
  if (heap.size > 2 * waiting + slack) heap.filter(waits);
}

function tidyLane<T>({ turns, count }: Lane<T>): void {
  for (const heap of turns) tidy(heap, count);
}

function waits<T>(entry: Entry<T>): entry is Waiting<T> {
  return entry.ticket !== null;
}

function firstWaiting<T>(heap: Heap<Entry<T>>): Waiting<T> | undefined {
  for (;;) {
    const first = heap.peek();
    if (first === undefined || waits(first)) return first;
    heap.pop();
  }
}

/** The class that is furthest behind its share; the higher of two that are equal. */
function earliest<T>(
  classes: readonly ClassState<T>[],
  may: (one: ClassState<T>) => boolean,
): ClassState<T> | undefined {
  let found: ClassState<T> | undefined;
  for (const one of classes) {
    if (may(one) && (found === undefined || one.time <= found.time)) found = one;
  }
  return found;
}

/** Of one lane, the fairest that has room. */
function companionIn<T extends Ticket>(
  { turns }: Lane<T>,
  classes: readonly ClassState<T>[],
  room: number,
): Waiting<T> | undefined {
  const inOrder = classes.length === 1 ? classes : [...classes].sort(byTime);
  for (const { place } of inOrder) {
    const heap = turns[place];
    const found = heap === undefined ? undefined : firstFitting(heap, room);
    if (found !== undefined) return found;
  }
  return undefined;
}

function byTime<T>(a: ClassState<T>, b: ClassState<T>): number {
  return a.time - b.time || b.place - a.place;
}

function firstFitting<T extends Ticket>(
  heap: Heap<Entry<T>>,
  room: number,
): Waiting<T> | undefined {
  let found = firstWaiting(heap);
  if (found === undefined || found.ticket.rows <= room) return found;
  const steppedOver: Waiting<T>[] = [];
  while (found !== undefined && found.ticket.rows > room && steppedOver.length < maxStepsOver) {
    steppedOver.push(found);
    heap.pop();
    found = firstWaiting(heap);
  }
  for (const entry of steppedOver) heap.push(entry);
  return found !== undefined && found.ticket.rows <= room ? found : undefined;
}

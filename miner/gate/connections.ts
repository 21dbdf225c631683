import { createOldestFirst } from '../../common/oldest-first.ts';

export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly maxPerAddress: number;
  /** Requests of one connection whose answers were not sent yet. */
  readonly maxPipelined: number;
}

export type ConnectionRefusal = 'full' | 'address';

/**
 * Which connections are open, in bounded numbers. When all places are taken, the connection that
 * was longest idle gives way, those that never carried an admitted request first; of these also the
 * ones whose request is still to be proved, the oldest first. Whoever holds idle connections, or
 * sends heads and then nothing, keeps nobody out.
 */
export interface Connections<C> {
  /** Null when it may stay; its idle time begins. */
  open(connection: C, address: string): ConnectionRefusal | null;
  /** A request began; false when too many of this connection are unanswered. */
  begin(connection: C): boolean;
  /** The caller of a request of it was admitted. */
  prove(connection: C): void;
  /** A request of it was answered. */
  end(connection: C): void;
  closed(connection: C): void;
  readonly size: number;
  readonly addresses: number;
}

interface Entry {
  readonly address: string;
  underWay: number;
  proven: boolean;
}

/** `evict` closes a connection; `isAsking`: a request of it, of an unknown caller, is under way. */
export function createConnections<C>(
  limits: ConnectionLimits,
  evict: (connection: C, isAsking: boolean) => void,
): Connections<C> {
  const entries = new Map<C, Entry>();
  const perAddress = new Map<string, number>();
  /** Each in the order of coming; those of `asking` never carried an admitted request. */
  const waiting = {
    idle: createOldestFirst<C, null>(),
    asking: createOldestFirst<C, null>(),
    proven: createOldestFirst<C, null>(),
  };
  const takeOut = (connection: C): void => {
    waiting.idle.delete(connection);
    waiting.asking.delete(connection);
    waiting.proven.delete(connection);
  };

  const closed = (connection: C): void => {
    const entry = entries.get(connection);
    if (entry === undefined) return;
    entries.delete(connection);
    takeOut(connection);
    count(perAddress, entry.address, -1);
  };
  const makeRoom = (): boolean => {
    if (entries.size < limits.maxConnections) return true;
    const idle = waiting.idle.takeOldest();
    const asking = idle === undefined ? waiting.asking.takeOldest() : undefined;
    const given = idle ?? asking ?? waiting.proven.takeOldest();
    if (given === undefined) return false;
    closed(given);
    evict(given, asking !== undefined);
    return true;
  };
  return {
    open: (connection, address) => {
      if ((perAddress.get(address) ?? 0) >= limits.maxPerAddress) return 'address';
      if (!makeRoom()) return 'full';
      entries.set(connection, { address, underWay: 0, proven: false });
      waiting.idle.set(connection, null);
      count(perAddress, address, 1);
      return null;
    },
    begin: (connection) => {
      const entry = entries.get(connection);
      if (entry === undefined) return true;
      entry.underWay += 1;
      waiting.idle.delete(connection);
      waiting.proven.delete(connection);
      // Added again, it keeps the place that it has.
      if (!entry.proven) waiting.asking.set(connection, null);
      return entry.underWay <= limits.maxPipelined;
    },
    prove: (connection) => {
      const entry = entries.get(connection);
      if (entry === undefined) return;
      entry.proven = true;
      waiting.asking.delete(connection);
    },
    end: (connection) => {
      const entry = entries.get(connection);
      if (entry === undefined) return;
      entry.underWay -= 1;
      if (entry.underWay > 0) return;
      waiting.asking.delete(connection);
      (entry.proven ? waiting.proven : waiting.idle).set(connection, null);
    },
    closed,
    get size() {
      return entries.size;
    },
    get addresses() {
      return perAddress.size;
    },
  };
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const sum = (counts.get(key) ?? 0) + by;
  if (sum > 0) counts.set(key, sum);
  else counts.delete(key);
}

import { oldestFirst } from './oldest-first.ts';

export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly maxPerAddress: number;
  /** Requests of one connection whose answers were not sent yet. */
  readonly maxPipelined: number;
}

export type ConnectionRefusal = 'full' | 'address';

/**
 * Which connections are open, in bounded numbers. When all places are taken, the connection that
 * was longest idle gives way, those that never carried an admitted request first: whoever holds
 * idle connections keeps nobody out.
 */
export interface Connections<C> {
  /** Null when it may stay; its idle time begins. */
  open(connection: C, address: string): ConnectionRefusal | null;
  /** A request began; false when too many of this connection are unanswered. */
  begin(connection: C): boolean;
  /** A request of it was answered; `proven` when its caller was admitted. */
  end(connection: C, proven: boolean): void;
  closed(connection: C): void;
  readonly size: number;
  readonly addresses: number;
}

interface Entry {
  readonly address: string;
  underWay: number;
  proven: boolean;
}

/** `evict` closes a connection that has no request under way. */
export function createConnections<C>(
  limits: ConnectionLimits,
  evict: (connection: C) => void,
): Connections<C> {
  const entries = new Map<C, Entry>();
  const perAddress = new Map<string, number>();
  /** The longest idle first. */
  const idle = { unproven: new Set<C>(), proven: new Set<C>() };
  const longestIdle = { unproven: oldestFirst(idle.unproven), proven: oldestFirst(idle.proven) };

  const closed = (connection: C): void => {
    const entry = entries.get(connection);
    if (entry === undefined) return;
    entries.delete(connection);
    idle.unproven.delete(connection);
    idle.proven.delete(connection);
    count(perAddress, entry.address, -1);
  };
  const makeRoom = (): boolean => {
    if (entries.size < limits.maxConnections) return true;
    const oldest = longestIdle.unproven.takeOldest() ?? longestIdle.proven.takeOldest();
    if (oldest === undefined) return false;
    closed(oldest);
    evict(oldest);
    return true;
  };
  return {
    open: (connection, address) => {
      if ((perAddress.get(address) ?? 0) >= limits.maxPerAddress) return 'address';
      if (!makeRoom()) return 'full';
      entries.set(connection, { address, underWay: 0, proven: false });
      idle.unproven.add(connection);
      count(perAddress, address, 1);
      return null;
    },
    begin: (connection) => {
      const entry = entries.get(connection);
      if (entry === undefined) return true;
      entry.underWay += 1;
      idle.unproven.delete(connection);
      idle.proven.delete(connection);
      return entry.underWay <= limits.maxPipelined;
    },
    end: (connection, proven) => {
      const entry = entries.get(connection);
      if (entry === undefined) return;
      entry.underWay -= 1;
      entry.proven ||= proven;
      if (entry.underWay === 0) (entry.proven ? idle.proven : idle.unproven).add(connection);
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

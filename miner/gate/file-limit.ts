import { readFileSync } from 'node:fs';

/** Files that a process needs besides its connections: model process, chain, logs. */
const keptForOthers = 128;

/** Connections that are accepted at once, before those that give way to them are closed. */
const acceptedAtOnce = 128;

/** Handshakes of TLS: more than come together on a good day. */
const mostHandshakes = 512;

export interface ConnectionRoom {
  readonly maxConnections: number;
  /** How many more may be open for a moment. */
  readonly atOnce: number;
  /**
   * And how many more that are no connection yet. They have places of their own: in those of others,
   * stalled ones would make node itself drop newcomers, before the oldest could give way.
   */
  readonly handshakes: number;
}

/**
 * How many connections the limit on open files leaves room for, at most `wanted`, and those beyond
 * them that are open for a moment. Without files left, a server can neither accept nor refuse: it
 * must stop before that.
 */
export function connectionRoom(
  wanted: number,
  byTls: boolean,
  maxFiles = maxOpenFiles(),
): ConnectionRoom {
  const wantedHandshakes = byTls ? mostHandshakes : 0;
  if (maxFiles === null) {
    return { maxConnections: wanted, atOnce: acceptedAtOnce, handshakes: wantedHandshakes };
  }
  const left = Math.max(3, maxFiles - keptForOthers);
  const atOnce = Math.min(acceptedAtOnce, Math.floor(left / 4) + 1);
  const handshakes = Math.min(wantedHandshakes, Math.floor(left / 8) + 1);
  return { maxConnections: Math.min(wanted, left - atOnce - handshakes), atOnce, handshakes };
}

/** The soft limit of this process, or null where the system does not say. */
function maxOpenFiles(): number | null {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return line === null ? null : Number(line[1]);
  } catch {
    return null;
  }
}

import type { PoolStatus } from '../link/link-port.ts';

const gone: Readonly<Record<string, 'Invalid' | 'Dropped' | 'Usurped'>> = {
  invalid: 'Invalid',
  dropped: 'Dropped',
  usurped: 'Usurped',
};

/**
 * A notification of `author_submitAndWatchExtrinsic`: a word (`ready`), or a record of one
 * (`{"inBlock": "0x.."}`). null for what says nothing new.
 */
export function readPoolStatus(status: unknown): PoolStatus | null {
  const [word, value] = typeof status === 'string' ? [status, null] : entryOf(status);
  const how = gone[word];
  if (how !== undefined) return { kind: 'gone', how };
  if (word === 'finalityTimeout') return { kind: 'finality-timeout' };
  if (['ready', 'future', 'broadcast'].includes(word)) return { kind: 'pooled' };
  if (typeof value !== 'string') return null;
  if (word === 'inBlock') return { kind: 'in-block', blockHash: value };
  if (word === 'finalized') return { kind: 'finalised', blockHash: value };
  return word === 'retracted' ? { kind: 'retracted', blockHash: value } : null;
}

function entryOf(status: unknown): readonly [string, unknown] {
  if (typeof status !== 'object' || status === null) return ['', null];
  return Object.entries(status)[0] ?? ['', null];
}

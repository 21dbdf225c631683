import { createHash } from 'node:crypto';

/** The same bytes for the same label, on every machine: SHAKE-256 of the label. */
export function seededBytes(label: string, length: number): Uint8Array {
  if (length === 0) return new Uint8Array();
  const hash = createHash('shake256', { outputLength: length });
  return new Uint8Array(hash.update(label).digest());
}

import { asList, asNumber, asRecord } from './decoded.ts';
import type { Codec } from './decorated-view.ts';
import type { BlockEvent } from './link/link-port.ts';

/** A decoded event record of the library. */
export interface EventRecord {
  readonly phase: {
    readonly isApplyExtrinsic: boolean;
    readonly asApplyExtrinsic: { toNumber(): number };
  };
  readonly event: {
    /** Pallet and variant. */
    readonly index: Uint8Array;
    readonly method: string;
    readonly data: Codec;
  };
}

/** Names of one runtime's metadata; stored numbers mean another thing in the next one. */
export interface PalletNames {
  pallet(index: number): string;
  /** Throws for a number that the metadata does not know. */
  error(pallet: number, error: number): string;
}

export function readEvent(names: PalletNames, { phase, event }: EventRecord): BlockEvent {
  const args = asList(event.data.toJSON());
  return {
    name: `${names.pallet(event.index[0] ?? 0)}.${event.method}`,
    args,
    extrinsic: phase.isApplyExtrinsic ? phase.asApplyExtrinsic.toNumber() : null,
    failure: failureIn(names, args),
  };
}

const dispatchErrors = new Set([
  'other',
  'cannotLookup',
  'badOrigin',
  'module',
  'consumerRemaining',
  'noProviders',
  'tooManyConsumers',
  'token',
  'arithmetic',
  'transactional',
  'exhausted',
  'corruption',
  'unavailable',
  'rootNotAllowed',
  'trie',
]);

/** The name of a DispatchError among an event's arguments, bare or as the Err of a result. */
function failureIn(names: PalletNames, args: readonly unknown[]): string | null {
  for (const one of args) {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) continue;
    const fields = asRecord(one);
    if ('err' in fields) return nameError(names, fields['err']);
    if (Object.keys(fields).some((key) => dispatchErrors.has(key))) return nameError(names, one);
  }
  return null;
}

function nameError(names: PalletNames, error: unknown): string {
  if (typeof error === 'string') return upperFirst(error);
  const [kind = 'Unknown', inner] = Object.entries(asRecord(error))[0] ?? [];
  if (kind !== 'module') return upperFirst(typeof inner === 'string' ? inner : kind);
  const { index, error: code } = asRecord(inner);
  const place = asNumber(index);
  // Four bytes, of which the first is the variant; a bare number on runtimes before 2022.
  const variant = typeof code === 'string' ? Number(code.slice(0, 4)) : asNumber(code);
  try {
    return names.error(place, variant);
  } catch {
    return `${names.pallet(place)}Error${variant}`;
  }
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

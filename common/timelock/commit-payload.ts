import { ByteReader, byteVec, concat, u16Vec, u64 } from '../scale-bytes.ts';

/** The weights inside a timelocked commit. */
export interface CommitPayload {
  /** Public key of the committer, which the chain holds against the signer; null in the old form. */
  readonly hotkey: Uint8Array | null;
  readonly uids: readonly number[];
  readonly values: readonly number[];
  readonly versionKey: bigint;
}

const keyLength = 32;

/** SCALE, in the form that `hotkey` says. Throws RangeError for what is no u16, or no key. */
export function encodePayload({ hotkey, uids, values, versionKey }: CommitPayload): Uint8Array {
  if (hotkey !== null && hotkey.length !== keyLength) throw new RangeError('a hotkey has 32 bytes');
  const owner = hotkey === null ? new Uint8Array() : byteVec(hotkey);
  return concat(owner, u16Vec(uids), u16Vec(values), u64(versionKey));
}

/** The newer form if it is one, else the older, as the chain tries them; null for neither. */
export function decodePayload(bytes: Uint8Array): CommitPayload | null {
  const withHotkey = (reader: ByteReader): Uint8Array | null => {
    const hotkey = reader.bytes().slice();
    if (hotkey.length !== keyLength) throw new RangeError('not a hotkey');
    return hotkey;
  };
  return readPayload(bytes, withHotkey) ?? readPayload(bytes, () => null);
}

function readPayload(
  bytes: Uint8Array,
  owner: (reader: ByteReader) => Uint8Array | null,
): CommitPayload | null {
  try {
    const reader = new ByteReader(bytes);
    const hotkey = owner(reader);
    const [uids, values] = [reader.u16s(), reader.u16s()];
    const versionKey = reader.uint(8);
    return reader.left === 0 ? { hotkey, uids, values, versionKey } : null;
  } catch {
    return null;
  }
}

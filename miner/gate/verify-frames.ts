import type { SignatureCheck } from '../../common/signer-port.ts';

/**
 * Signature checks as one run of bytes, to be handed to a thread without copying objects: for each
 * a little-endian u32 with the length of the message, the public key, the signature, the message.
 */
const lengthBytes = 4;
const keyBytes = 32;
const signatureBytes = 64;
const headBytes = lengthBytes + keyBytes + signatureBytes;

/** Null when a key or signature has another length: such a check is false, and needs no thread. */
export function packChecks(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> | null {
  const shaped = checks.every(
    ({ publicKey, signature }) =>
      publicKey.length === keyBytes && signature.length === signatureBytes,
  );
  if (!shaped) return null;
  const size = checks.reduce((sum, { message }) => sum + headBytes + message.length, 0);
  const packed = new Uint8Array(size);
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const { message, publicKey, signature } of checks) {
    view.setUint32(at, message.length, true);
    packed.set(publicKey, at + lengthBytes);
    packed.set(signature, at + lengthBytes + keyBytes);
    packed.set(message, at + headBytes);
    at += headBytes + message.length;
  }
  return packed;
}

export function unpackChecks(packed: Uint8Array): readonly SignatureCheck[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const checks: SignatureCheck[] = [];
  for (let at = 0; at < packed.length;) {
    const end = at + headBytes + view.getUint32(at, true);
    checks.push({
      publicKey: packed.subarray(at + lengthBytes, at + lengthBytes + keyBytes),
      signature: packed.subarray(at + lengthBytes + keyBytes, at + headBytes),
      message: packed.subarray(at + headBytes, end),
    });
    at = end;
  }
  return checks;
}

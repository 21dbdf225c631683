import type { SignatureCheck, Verifier } from '../signer-port.ts';

const encoder = new TextEncoder();
const opening = encoder.encode('<Bytes>');
const closing = encoder.encode('</Bytes>');

/** The message as browser wallets sign it, so that it can never be a transaction. */
export function wrapBytes(message: Uint8Array): Uint8Array {
  const wrapped = new Uint8Array(opening.length + message.length + closing.length);
  wrapped.set(opening);
  wrapped.set(message, opening.length);
  wrapped.set(closing, opening.length + message.length);
  return wrapped;
}

/**
 * True when the signature is over the message or over the wrapped message, which the Bittensor
 * wallets accept alike. For the classic wire only; newer envelopes take the message as it is.
 */
export function verifyPlainOrWrapped(verifier: Verifier, check: SignatureCheck): boolean {
  const { message, signature, publicKey } = check;
  return (
    verifier.verify(message, signature, publicKey) ||
    verifier.verify(wrapBytes(message), signature, publicKey)
  );
}

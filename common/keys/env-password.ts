import { fromBase64, toBase64 } from './base64.ts';

/**
 * The variable in which the Bittensor wallets look for the password of a key file: the path, upper
 * case, with `_` for each `/` and `.`. Hyphens stay, so a shell's `export` cannot set every name.
 */
export function passwordVariable(path: string): string {
  return `BT_PW_${path.replaceAll(/[/.\\]/g, '_').toUpperCase()}`;
}

/** A password as that variable holds it: XORed with the variable's own name, in base64. */
export function encodePassword(variable: string, password: string): string {
  return toBase64(xor(new TextEncoder().encode(password), variable));
}

/** `undefined` when the value was not made so, in particular when it is the password itself. */
export function decodePassword(variable: string, value: string): string | undefined {
  const bytes = fromBase64(value.trim());
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    const password = new TextDecoder('utf-8', { fatal: true }).decode(xor(bytes, variable));
    return /\p{Cc}/u.test(password) ? undefined : password;
  } catch {
    return undefined;
  }
}

function xor(bytes: Uint8Array, variable: string): Uint8Array {
  const mask = new TextEncoder().encode(variable);
  return bytes.map((byte, at) => byte ^ (mask[at % mask.length] ?? 0));
}

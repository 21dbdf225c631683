import { hash } from 'node:crypto';

/** Lower-case hex of SHA3-256 over the UTF-8 bytes of a text, by the native library. */
export function sha3OfText(text: string): string {
  return hash('sha3-256', text, 'hex');
}

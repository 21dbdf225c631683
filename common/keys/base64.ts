const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const valueOf: ReadonlyMap<string, number> = new Map(
  Array.from(alphabet, (character, at) => [character, at]),
);

/** The bytes of base64 text with its padding; `undefined` for anything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  const digits = text.replace(/={1,2}$/, '');
  if (text.length % 4 !== 0 || digits.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let [bits, held, next] = [0, 0, 0];
  for (const digit of digits) {
    const value = valueOf.get(digit);
    if (value === undefined) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[next] = (bits >> held) & 0xff;
      next += 1;
    }
  }
  return bytes;
}

/** Base64 text with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0] as const;
    const digits = [
      group[0] >> 2,
      ((group[0] & 3) << 4) | (group[1] >> 4),
      ((group[1] & 15) << 2) | (group[2] >> 6),
      group[2] & 63,
    ].map((value) => alphabet.charAt(value));
    const count = Math.min(3, bytes.length - at) + 1;
    text += digits.slice(0, count).join('').padEnd(4, '=');
  }
  return text;
}

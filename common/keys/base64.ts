const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const noDigit = 0xff;
/** By character code: tensors come as base64 too, so this has to be quick. */
const valueOf = new Uint8Array(256).fill(noDigit);
for (let value = 0; value < alphabet.length; value += 1) {
  valueOf[alphabet.charCodeAt(value)] = value;
}

/** The bytes of base64 text with its padding; `undefined` for anything else. */
export function fromBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : Number(text.endsWith('='));
  const digits = text.length - padding;
  if (text.length % 4 !== 0 || digits % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((digits * 3) / 4));
  let [bits, held, next] = [0, 0, 0];
  for (let at = 0; at < digits; at += 1) {
    const code = text.charCodeAt(at);
    const value = code < 256 ? (valueOf[code] ?? noDigit) : noDigit;
    if (value === noDigit) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[next] = (bits >> held) & 0xff;
    next += 1;
  }
  return bytes;
}

/** Base64 text with padding. */
export function toBase64(bytes: Uint8Array): string {
  const whole = bytes.length - (bytes.length % 3);
  let text = '';
  for (let at = 0; at < whole; at += 3) {
    text += digits(((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0));
  }
  const left = bytes.length - whole;
  if (left === 0) return text;
  const last = ((bytes[whole] ?? 0) << 16) | ((bytes[whole + 1] ?? 0) << 8);
  return text + digits(last).slice(0, left + 1) + '='.repeat(3 - left);
}

/** Four digits of 24 bits. */
function digits(bits: number): string {
  return (
    alphabet.charAt(bits >> 18) +
    alphabet.charAt((bits >> 12) & 63) +
    alphabet.charAt((bits >> 6) & 63) +
    alphabet.charAt(bits & 63)
  );
}

/** 16-bit floating point (IEEE 754 binary16) held as raw bits, as FP16 tensors are. */

const bitsOf = new Uint32Array(1);
const floatOf = new Float32Array(bitsOf.buffer);

/** Exactly the value that the bits stand for. */
export function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest half; ties go to the even one. */
export function floatToHalf(value: number): number {
  floatOf[0] = value;
  const bits = bitsOf[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | roundEven(Math.abs(floatOf[0] ?? 0) * 2 ** 24);
  const rebased = magnitude - 0x38000000;
  return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
}

function roundEven(value: number): number {
  const down = Math.floor(value);
  const over = value - down;
  if (over === 0.5) return down + (down % 2);
  return over > 0.5 ? down + 1 : down;
}

let table: Float32Array | null = null;

/** Sixteen bits have 65,536 values: looking them up is many times faster than working them out. */
export function halvesToFloats(halves: Uint16Array): Float32Array {
  table ??= Float32Array.from({ length: 65_536 }, (_, half) => halfToFloat(half));
  const out = new Float32Array(halves.length);
  for (let at = 0; at < out.length; at += 1) out[at] = table[halves[at] ?? 0] ?? 0;
  return out;
}

export function floatsToHalves(floats: Float32Array): Uint16Array {
  const out = new Uint16Array(floats.length);
  for (let at = 0; at < out.length; at += 1) out[at] = floatToHalf(floats[at] ?? 0);
  return out;
}

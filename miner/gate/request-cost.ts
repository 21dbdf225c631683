import type { Tensor } from '../../common/tensor.ts';

/** Four bytes of a text or an encoded image count as one element, about as much as one token. */
const bytesPerElement = 4;

/**
 * What a request costs in tokens of its hotkey's bucket: one for each `unit` elements of its inputs,
 * one at least.
 */
export function requestCost(inputs: readonly Tensor[], unit: number): number {
  let elements = 0;
  for (const { data } of inputs) elements += Array.isArray(data) ? textElements(data) : data.length;
  return Math.max(1, elements / unit);
}

function textElements(strings: readonly Uint8Array[]): number {
  let elements = 0;
  for (const { length } of strings) elements += Math.max(1, Math.ceil(length / bytesPerElement));
  return elements;
}

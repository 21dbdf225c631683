import type { Tensor } from '../../common/tensor.ts';
import { openingPixels, picturePixels } from '../models/steps/image-size.ts';

/** Four bytes of a text or an encoded image count as one element, about as much as one token. */
const bytesPerElement = 4;
/** So many a photograph has for four bytes; a picture of one colour, as long to decode, has many more. */
const pixelsPerElement = 16;
/** What one picture is taken for at most: as many as a model takes that does not say otherwise. */
const mostPixels = 16_777_216;

/**
 * What a request costs in tokens of its hotkey's bucket: one for each `unit` elements of its inputs,
 * one at least. Nothing is looked at past `most` tokens.
 */
export function requestCost(inputs: readonly Tensor[], unit: number, most = Infinity): number {
  let elements = 0;
  for (const { data } of inputs) {
    elements += Array.isArray(data) ? byteElements(data, most * unit - elements) : data.length;
  }
  return Math.max(1, elements / unit);
}

/** Heads of pictures that are made to be searched for long cost more to look at than they say. */
function byteElements(strings: readonly Uint8Array[], most: number): number {
  let elements = 0;
  for (const bytes of strings) {
    if (elements > most) return elements;
    elements += Math.max(1, Math.ceil(elementsOf(bytes)));
  }
  return elements;
}

function elementsOf(bytes: Uint8Array): number {
  const pixels = picturePixels(bytes, mostPixels);
  const decoding = pixels === 0 ? 0 : openingPixels + pixels;
  return Math.max(bytes.length / bytesPerElement, decoding / pixelsPerElement);
}

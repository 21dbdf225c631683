import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { packagePath } from '../node/package-root.ts';
import type { FlatNumbers, Lifted } from './flat-numbers.ts';

/** Shorter texts are parsed as fast whole. */
const minBytes = 512;
/** Longer ones would keep too much memory: five times their length. */
const maxBytes = 4_194_304;
/** Arrays of one text; further ones stay in it. */
const maxArrays = 64;
const wordBytes = 8;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  room(length: number): number;
  lift(text: number, length: number, from: number, out: number, max: number): number;
  found(): number;
}

// The part of the WebAssembly interface that is used; Node's types for this version have none.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

/**
 * Compiles and starts our own reader of numbers (`native/numbers`); synchronous. What one call of
 * `lift` gives is good until the next.
 */
export function loadFlatNumbers(): FlatNumbers {
  const bytes = Uint8Array.from(readFileSync(packagePath('native', 'numbers', 'numbers.wasm')));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  // Nobody outside can write the name of a place into a text of their own.
  const token = randomBytes(16).toString('hex');
  return { lift: (json) => lift(exports as Exports, token, json) };
}

interface Place {
  /** Behind the opening bracket. */
  readonly start: number;
  /** At the closing one. */
  readonly end: number;
  readonly numbers: Float64Array;
}

function lift(wasm: Exports, token: string, json: Uint8Array): Lifted | null {
  if (json.length < minBytes || json.length > maxBytes) return null;
  const places = findPlaces(wasm, json);
  if (places.length === 0) return null;
  const named = new Map(places.map((place, at) => [`${token}:${at}`, place.numbers]));
  return {
    text: textWithout(json, places, [...named.keys()]),
    numbersOf: (value) => {
      const name: unknown = Array.isArray(value) && value.length === 1 ? value[0] : undefined;
      return typeof name === 'string' ? named.get(name) : undefined;
    },
  };
}

function findPlaces(wasm: Exports, json: Uint8Array): readonly Place[] {
  const outOffset = Math.ceil(json.length / wordBytes) * wordBytes;
  // Each number but the last has a comma behind it.
  const capacity = Math.ceil(json.length / 2) + 1;
  const text = wasm.room(outOffset + capacity * wordBytes);
  if (text === 0) return [];
  const { buffer } = wasm.memory;
  new Uint8Array(buffer).set(json, text);
  const found = new Uint32Array(buffer, wasm.found(), 3);
  const places: Place[] = [];
  let out = text + outOffset;
  let left = capacity;
  let from = 0;
  while (places.length < maxArrays && wasm.lift(text, json.length, from, out, left) === 1) {
    const [start = 0, end = 0, count = 0] = found;
    places.push({ start, end: end - 1, numbers: new Float64Array(buffer, out, count) });
    out += count * wordBytes;
    left -= count;
    from = end;
  }
  return places;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textWithout(
  json: Uint8Array,
  places: readonly Place[],
  names: readonly string[],
): string | null {
  try {
    let text = '';
    let from = 0;
    places.forEach(({ start, end }, at) => {
      text += `${decoder.decode(json.subarray(from, start))}"${names[at] ?? ''}"`;
      from = end;
    });
    return text + decoder.decode(json.subarray(from));
  } catch {
    return null;
  }
}

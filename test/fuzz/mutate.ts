import type { Random } from './random.ts';

type Mutation = (random: Random, input: Uint8Array, other: Uint8Array) => Uint8Array;

const words: readonly [string, ...string[]] = [
  '0',
  '-1',
  '1e999',
  'NaN',
  '9007199254740993',
  '18446744073709551616',
  'null',
  'true',
  '""',
  '[]',
  '{}',
  '__proto__',
  '\\ud800',
  '\\u0000',
  '\r\n',
  '\r\n\r\n',
  ': ',
  ',',
  '-0',
  '%',
  '%ff',
  '\ufeff',
  'é',
];
const odd: readonly [number, ...number[]] = [
  0, 1, 9, 10, 13, 32, 34, 44, 91, 123, 127, 128, 254, 255,
];

const flipBit: Mutation = (random, input) => {
  const copy = input.slice();
  const at = random.below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
};
const setByte: Mutation = (random, input) => {
  const copy = input.slice();
  copy[random.below(copy.length)] = random.pick(odd);
  return copy;
};
const cutOut: Mutation = (random, input) => {
  const from = random.below(input.length + 1);
  return joined(input.subarray(0, from), input.subarray(from + 1 + random.length(32)));
};
const cutEnd: Mutation = (random, input) => input.slice(0, random.below(input.length + 1));
const insertBytes: Mutation = (random, input) =>
  insert(random, input, random.bytes(1 + random.length(16)));
const insertWord: Mutation = (random, input) =>
  insert(random, input, Buffer.from(random.pick(words), 'utf8'));
const repeatPart: Mutation = (random, input) => {
  const from = random.below(input.length);
  const part = input.subarray(from, from + 1 + random.length(64));
  const times = 1 + random.length(20);
  return insert(random, input, joined(...Array.from({ length: times }, () => part)));
};
const splice: Mutation = (random, input, other) =>
  joined(
    input.subarray(0, random.below(input.length + 1)),
    other.subarray(random.below(other.length + 1)),
  );
const swapNumber: Mutation = (random, input) => {
  const text = Buffer.from(input).toString('latin1');
  const numbers = [...text.matchAll(/[0-9]+/g)];
  const match = numbers[random.below(numbers.length)];
  if (match === undefined) return input;
  const put = random.pick(['0', '-1', '4294967295', '4294967296', '1e400', '99999999999999999999']);
  return Buffer.from(
    `${text.slice(0, match.index)}${put}${text.slice(match.index + match[0].length)}`,
    'latin1',
  );
};

const mutations: readonly [Mutation, ...Mutation[]] = [
  flipBit,
  setByte,
  cutOut,
  cutEnd,
  insertBytes,
  insertWord,
  repeatPart,
  splice,
  swapNumber,
];
const mostBytes = 65_536;

/** A few small changes of `input`; `other` is what parts are taken from. */
export function mutate(random: Random, input: Uint8Array, other: Uint8Array): Uint8Array {
  let changed = input;
  for (let left = 1 + random.length(5); left > 0; left -= 1) {
    changed = random.pick(mutations)(random, changed, other);
  }
  return changed.length > mostBytes ? changed.slice(0, mostBytes) : changed;
}

function insert(random: Random, input: Uint8Array, part: Uint8Array): Uint8Array {
  const at = random.below(input.length + 1);
  return joined(input.subarray(0, at), part, input.subarray(at));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

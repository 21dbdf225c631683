import { sha3OfText } from '../../../common/node/sha3.ts';
import { packNumpy, unpackNumpy } from '../../../common/wire/classic/numpy-pack.ts';
import { pyStr } from '../../../common/wire/classic/py-text.ts';
import { readPyValue } from '../../../common/wire/classic/py-value.ts';
import { bodyHash, readSynapse } from '../../../common/wire/classic/synapse-body.ts';
import { defaultInferLimits, isProtocolError } from '../../../common/wire/inference-types.ts';
import { isDeeperThan, parseLossless } from '../../../common/wire/json-lossless.ts';
import { elementCount } from '../../../common/tensor.ts';
import { formOf } from '../../common/classic/forms.ts';
import { ascii, jsonText } from '../grammar.ts';
import { promise } from '../target.ts';
import type { FuzzTarget } from '../target.ts';

const names = [
  'count',
  'ratio',
  'word',
  'flag',
  'counts',
  'rows',
  'words',
  'free',
  'mixed',
  'image',
];
const form = formOf(
  'Everything',
  {
    count: 'int?',
    ratio: 'float?',
    word: 'str?',
    flag: 'bool?',
    counts: 'list[int]?',
    rows: 'list[list[float]]?',
    words: 'list[str]?',
    free: 'dict?',
    mixed: 'list?',
    image: 'tensor?',
  },
  names,
);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function jsonOf(input: Uint8Array): string | null {
  try {
    const text = decoder.decode(input);
    JSON.parse(text);
    return isDeeperThan(text, defaultInferLimits.maxJsonDepth) ? null : text;
  } catch {
    return null;
  }
}

export const synapseTarget: FuzzTarget = {
  name: 'synapse',
  make: (random) => {
    const fields = names.filter(() => random.chance(0.5));
    const members = fields.map((name) => `"${name}":${jsonText(random, 2)}`);
    return ascii(random.chance(0.9) ? `{${members.join()}}` : jsonText(random));
  },
  run: (input) => {
    const body = readSynapse(input, {}, form, () => true, defaultInferLimits);
    if (isProtocolError(body)) {
      promise(body.status >= 400 && body.status < 500, 'what a peer wrote is never our failure');
      return;
    }
    const hash = bodyHash(form, body.values, sha3OfText);
    promise(/^[0-9a-f]{64}$/.test(hash), 'a body hash is 64 hex digits');
    const again = readSynapse(input, {}, form, () => true, defaultInferLimits);
    promise(!isProtocolError(again), 'a body is read the same twice');
  },
};

export const losslessTarget: FuzzTarget = {
  name: 'lossless',
  make: (random) => ascii(jsonText(random)),
  run: (input) => {
    const text = jsonOf(input);
    if (text === null) return;
    const plain = JSON.stringify(JSON.parse(text));
    const lossless = JSON.stringify(parseLossless(text), (_, value: unknown) =>
      typeof value === 'bigint' ? Number(value) : value,
    );
    promise(ordered(lossless) === ordered(plain), 'reads what JSON.parse reads');
    promise(typeof pyStr(readPyValue(text)) === 'string', 'has a text in Python');
  },
};

/** `__proto__` is a key like any other to one of the two, and numbers stand first in objects. */
function ordered(text: string): string {
  return [...text].sort().join('');
}

export const numpyTarget: FuzzTarget = {
  name: 'numpy',
  make: (random) => {
    const shape = Array.from({ length: random.below(4) }, () => random.below(4));
    const data = Float32Array.from({ length: elementCount(shape) }, () => random.below(1000));
    return packNumpy({ datatype: 'FP32', shape, data }) ?? new Uint8Array();
  },
  run: (input) => {
    const array = unpackNumpy(input, 4096);
    if ('problem' in array) {
      promise(array.problem.length < 300, 'a problem is a short text');
      return;
    }
    const { shape, data } = array.ok;
    promise(data.length === elementCount(shape), 'as many values as its shape says');
  },
};

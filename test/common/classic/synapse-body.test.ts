import { describe, expect, it } from 'vitest';
import { sha3OfText } from '../../../common/node/sha3.ts';
import { bodyHash, hasHash, readSynapse } from '../../../common/wire/classic/synapse-body.ts';
import type { SynapseBody } from '../../../common/wire/classic/synapse-body.ts';
import type { SynapseForm } from '../../../common/wire/classic/synapse-form.ts';
import { defaultInferLimits, isProtocolError } from '../../../common/wire/inference-types.ts';
import type { ProtocolError } from '../../../common/wire/inference-types.ts';
import { utf8 } from '../wire-keys.ts';
import { formOf } from './forms.ts';
import { classicVectors } from './vectors.ts';

const everything = {
  count: 'int',
  ratio: 'float',
  word: 'str',
  flag: 'bool',
  counts: 'list[int]?',
  ratios: 'list[float]?',
  rows: 'list[list[float]]?',
  words: 'list[str]?',
  flags: 'list[bool]?',
  free: 'dict?',
  mixed: 'list?',
};
const forms: Readonly<Record<string, SynapseForm>> = {
  Everything: formOf('Everything', everything, Object.keys(everything)),
  Digits: formOf('Digits', { image: 'list[float]', probabilities: 'list[list[float]]?' }, [
    'image',
  ]),
  DigitsTensor: formOf('DigitsTensor', { note: 'str?', image: 'tensor?' }, ['note', 'image']),
  Synapse: formOf('Synapse', {}, []),
};

function read(form: SynapseForm, json: string): SynapseBody | ProtocolError {
  return readSynapse(utf8(json), {}, form, () => true, defaultInferLimits);
}

function hashOf(form: SynapseForm, json: string): string {
  const body = read(form, json);
  if (isProtocolError(body)) throw new Error(body.error);
  return bodyHash(form, body.values, sha3OfText);
}

describe('the body hash', () => {
  it('uses the SHA3-256 of Python', () => {
    for (const { text, sha3 } of classicVectors.sha3) expect(sha3OfText(text)).toBe(sha3);
  });

  for (const vector of classicVectors.requests) {
    it(`is that of the SDK: ${vector.name}`, () => {
      const form = forms[vector.synapse];
      expect(form).toBeDefined();
      if (form !== undefined) expect(hashOf(form, vector.body)).toBe(vector.bodyHash);
    });
  }

  it.each(['{"f": [1, 2.50]}', '{"f": [1.0, 2.5]}', '{"f":[1.0,2.5]}'])(
    'is found in %s, however the numbers are written',
    (json) => {
      const form = formOf('F', { f: 'list[float]' }, ['f']);
      const body = read(form, json);
      if (isProtocolError(body)) throw new Error(body.error);
      const signed = hashOf(form, '{"f":[1.0, 2.5]}');
      expect(signed).toBe(sha3OfText(sha3OfText('[1.0, 2.5]')));
      expect(hasHash(form, body, signed, sha3OfText)).toBe(true);
      expect(hasHash(form, body, hashOf(form, '{"f":[1.0, 2.6]}'), sha3OfText)).toBe(false);
    },
  );

  it('takes an integer in a float field for a float, as the receiver in Python does', () => {
    const form = formOf('F', { f: 'float' }, ['f']);
    expect(hashOf(form, '{"f":1}')).toBe(hashOf(form, '{"f":1.0}'));
    const whole = formOf('F', { f: 'int' }, ['f']);
    expect(hashOf(whole, '{"f":42.0}')).toBe(hashOf(whole, '{"f":42}'));
    expect(hashOf(form, '{"f":1}')).not.toBe(hashOf(whole, '{"f":1}'));
  });

  it('goes by the order in which the hash fields are listed', () => {
    const types = { b: 'int', a: 'int' };
    const one = hashOf(formOf('F', types, ['a', 'b']), '{"b":1,"a":2}');
    expect(hashOf(formOf('F', types, ['b', 'a']), '{"b":1,"a":2}')).not.toBe(one);
  });

  it('matches the examples of the wire as it is known', () => {
    const form = formOf('F', { s: 'str' }, ['s']);
    expect(hashOf(form, '{"s":"hello"}')).toBe(
      'cd1ba9b9d9fae7c1e56ddf6aa2947ad2e0b83b96bd91dd4b67fc560e83589bad',
    );
    expect(hashOf(formOf('F', { s: 'list[int]' }, ['s']), '{"s":[1,2,3]}')).toBe(
      'c56908861d1c9afdab9225b5ef8f2f9089b92123c5f5f75d6cfba12de7532867',
    );
    const chat = formOf('F', { model: 'str', messages: 'list', temperature: 'float' }, [
      'model',
      'messages',
      'temperature',
    ]);
    const body = '{"model":"m","messages":[{"role":"user","content":"it\'s"}],"temperature":0.7}';
    expect(hashOf(chat, body)).toBe(
      '42a478bcd51dc7d049d70f1c428c57840e3709c00a1fb5fe2d09345b1df8a51f',
    );
  });
});

describe('a body that is not what its form asks for', () => {
  const form = formOf('F', { n: 'int', f: 'float?', s: 'str?', b: 'bool?', t: 'tensor?' }, ['n']);

  it.each([
    ['', 400],
    ['[]', 400],
    ['{"n":1', 400],
    ['{}', 400],
    ['{"n":null}', 400],
    ['{"n":42.5}', 400],
    ['{"n":true}', 400],
    ['{"n":NaN}', 400],
    ['{"n":1,"f":"1"}', 400],
    ['{"n":1,"s":1}', 400],
    ['{"n":1,"s":"\\ud800"}', 400],
    ['{"n":1,"b":1}', 400],
    ['{"n":1,"t":{"buffer":1,"dtype":"float32","shape":[1]}}', 400],
    ['{"n":1,"t":{"buffer":"","dtype":"float32","shape":"[1]"}}', 400],
    [`{"n":${'['.repeat(70)}${']'.repeat(70)}}`, 400],
  ])('is refused: %j', (json, status) => {
    expect(read(form, json)).toMatchObject({ kind: 'protocol-error', status });
  });

  it('is refused when it is compressed', () => {
    const headers = { 'content-encoding': 'gzip' };
    expect(
      readSynapse(utf8('{"n":1}'), headers, form, () => true, defaultInferLimits),
    ).toMatchObject({ status: 415 });
  });

  it('may name other fields, and any terminal info', () => {
    const body = read(
      form,
      '{"n":9007199254740993,"x":[],"dendrite":{"nonce":1795289076266371799}}',
    );
    if (isProtocolError(body)) throw new Error(body.error);
    expect(body.values.get('n')).toBe(9007199254740993n);
    expect(body.texts.get('dendrite')).toBe('{"nonce":1795289076266371799}');
  });
});

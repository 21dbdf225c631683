import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../common/hex.ts';
import {
  datatypeOfNumpy,
  numpyName,
  packNumpy,
  unpackNumpy,
} from '../../../common/wire/classic/numpy-pack.ts';
import { toWire } from '../../../common/wire/tensor-codec.ts';
import { classicVectors } from './vectors.ts';

const most = 1_000_000;

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

describe('arrays of msgpack-numpy', () => {
  for (const vector of classicVectors.tensors) {
    it(`reads and writes ${vector.dtype} [${vector.numpyShape.join()}]`, () => {
      const read = unpackNumpy(bytesOf(vector.buffer), most);
      if ('problem' in read) throw new Error(read.problem);
      expect(read.ok.shape).toEqual(vector.numpyShape);
      expect(read.ok.datatype).toBe(datatypeOfNumpy(vector.dtype));
      expect(numpyName(read.ok.datatype)).toBe(vector.dtype);
      expect(toHex(toWire({ name: '', ...read.ok }))).toBe(vector.dataHex);
      expect(toHex(packNumpy(read.ok) ?? new Uint8Array())).toBe(toHex(bytesOf(vector.buffer)));
    });
  }

  it('writes long data and long axes in a form that it reads', () => {
    const shape = [70_000, 1];
    const packed = packNumpy({ datatype: 'INT8', shape, data: new Int8Array(70_000).fill(3) });
    const read = unpackNumpy(packed ?? new Uint8Array(), most);
    expect(read).toMatchObject({ ok: { datatype: 'INT8', shape } });
  });

  it('has no form for datatypes that bt.Tensor does not know', () => {
    expect(packNumpy({ datatype: 'BF16', shape: [1], data: new Uint16Array(1) })).toBeNull();
    expect(numpyName('UINT64')).toBeNull();
    expect(datatypeOfNumpy('complex64')).toBeNull();
    expect(datatypeOfNumpy('torch.float32')).toBe('FP32');
  });

  it('refuses more elements than it is told to take', () => {
    const [first] = classicVectors.tensors;
    expect(unpackNumpy(bytesOf(first?.buffer ?? ''), 2)).toHaveProperty('problem');
  });

  it('never throws, and takes no other length of data than the shape asks for', () => {
    const seeds = classicVectors.tensors.slice(0, 10).map(({ buffer }) => bytesOf(buffer));
    const change = fc.record({ at: fc.nat(400), value: fc.nat(255), cut: fc.nat(60) });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), change, (seed, { at, value, cut }) => {
        const bytes = seed.slice(0, seed.length - (cut > 30 ? cut - 30 : 0));
        if (bytes.length > 0) bytes[at % bytes.length] = value;
        const read = unpackNumpy(bytes, most);
        if ('problem' in read) return;
        const { shape, data } = read.ok;
        expect(data.length).toBe(shape.reduce((product, length) => product * length, 1));
      }),
      { seed: 13, numRuns: 500 },
    );
  });
});

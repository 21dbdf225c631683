import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../../common/tensor.ts';
import { datatypes, fitsShape } from '../../../common/tensor.ts';
import { encodeInferRequest } from '../../../common/wire/inference-protocol.ts';
import { isProtocolError } from '../../../common/wire/inference-types.ts';
import type { ModelInterface } from '../../../common/wire/inference-types.ts';
import type { PinOptions } from '../../../miner/upstream/model-pin.ts';
import { ModelPin } from '../../../miner/upstream/model-pin.ts';
import {
  readConfigParameters,
  readManifestSha256,
  readModelStatement,
  readServerExtensions,
} from '../../../miner/upstream/model-statement.ts';
import { fingerprintOf, isSameFingerprint, probeInputs } from '../../../miner/upstream/probe.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const sha256 = (data: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(data).digest());
const model: ModelInterface = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 4] }],
};
const hash = 'ab'.repeat(32);

function floats(values: readonly number[]): readonly Tensor[] {
  const data = Float32Array.from(values);
  return [{ name: 'y', datatype: 'FP32', shape: [data.length], data }];
}

describe('what a server says of its model', () => {
  it('is read as MLServer writes it, and as Triton does', () => {
    const said = { name: 'm', versions: [], platform: '', ...model, parameters: { p: 'v' } };
    expect(readModelStatement(bytes(said))).toEqual({
      name: 'm',
      interface: model,
      parameters: { p: 'v' },
    });
    const config = { parameters: { p: { string_value: 'v' } }, max_batch_size: 8 };
    expect(readConfigParameters(bytes(config))).toEqual({ p: 'v' });
    expect(readServerExtensions(bytes({ name: 't', extensions: ['a'] }))).toEqual(['a']);
    expect(readManifestSha256(bytes({ sha256: hash }))).toBe(hash);
  });

  it('has no interface when it names no tensors', () => {
    expect(readModelStatement(bytes({ name: 'm', inputs: [] }))?.interface).toBeNull();
    expect(readModelStatement(bytes({ name: 'm', inputs: null }))?.interface).toBeNull();
  });

  it('is null or well-formed for any bytes', () => {
    const readers = [
      readModelStatement,
      readConfigParameters,
      readServerExtensions,
      readManifestSha256,
    ];
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc
        .record({ name: fc.anything(), inputs: fc.anything(), parameters: fc.anything() })
        .map((value) => new TextEncoder().encode(safeJson(value))),
    );
    fc.assert(
      fc.property(anything, (body) => {
        for (const read of readers) expect(() => read(body)).not.toThrow();
      }),
    );
  });
});

function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

describe('the probe', () => {
  it.each(datatypes)('is a proper request of %s', (datatype) => {
    const interfaceOf = { ...model, inputs: [{ name: 'x', datatype, shape: [-1, 3, -1] }] };
    const inputs = probeInputs(interfaceOf);
    expect(fitsShape([-1, 3, -1], inputs[0]?.shape ?? [])).toBe(true);
    const request = { inputs, outputs: [], binaryOutput: true, parameters: {} };
    expect(isProtocolError(encodeInferRequest(request, { binary: true }))).toBe(false);
    expect(probeInputs(interfaceOf)).toEqual(inputs);
  });

  // Of the smallest floats a last bit is a large part.
  const value = fc
    .double({ min: -100, max: 100, noNaN: true })
    .map((one) => (Math.abs(one) < 1e-30 ? 0 : one));
  const values = fc.array(value, { minLength: 4, maxLength: 64 });

  it('knows an answer again that differs by rounding', () => {
    fc.assert(
      fc.property(values, (all) => {
        const noisy = all.map((value, at) => value * (1 + (at % 2 === 0 ? 1e-5 : -1e-5)));
        const [a, b] = [all, noisy].map((one) => fingerprintOf(floats(one), sha256));
        expect(isSameFingerprint(a ?? [], b ?? [], 0.01)).toBe(true);
      }),
    );
  });

  it('tells another answer apart, wherever the difference is', () => {
    fc.assert(
      fc.property(values, fc.nat(63), (all, at) => {
        const other = all.map((value, index) => (index === at % all.length ? value + 300 : value));
        const [a, b] = [all, other].map((one) => fingerprintOf(floats(one), sha256));
        expect(isSameFingerprint(a ?? [], b ?? [], 0.01)).toBe(false);
      }),
    );
  });

  it('tells texts apart, and halves by their value', () => {
    const text = (word: string): readonly Tensor[] => [
      { name: 't', datatype: 'BYTES', shape: [1], data: [new TextEncoder().encode(word)] },
    ];
    const [a, b] = ['one', 'two'].map((word) => fingerprintOf(text(word), sha256));
    expect(isSameFingerprint(a ?? [], b ?? [], 0.01)).toBe(false);
    const half = (datatype: 'FP16' | 'BF16', bits: number): number | undefined =>
      fingerprintOf([{ name: 'h', datatype, shape: [1], data: Uint16Array.of(bits) }], sha256)[0];
    expect(half('FP16', 0x3c00)).toBe(1);
    expect(half('FP16', 0xc000)).toBe(2);
    expect(half('BF16', 0x4049)).toBe(3.14063);
  });
});

describe('the pin', () => {
  const fingerprint = fingerprintOf(floats([1, 2, 3]), sha256);
  const other = fingerprintOf(floats([3, 1, -2]), sha256);
  const pinned = (options: Partial<PinOptions> = {}): ModelPin =>
    new ModelPin({
      sha256: hash,
      interface: undefined,
      fingerprint: undefined,
      tolerance: 0.01,
      require: 'any',
      ...options,
    });
  const shown = { interface: model, sha256: hash, fingerprint };

  it('takes what the first upstream shows, and holds the others to it', () => {
    const pin = pinned();
    expect(pin.compare({ ...shown, sha256: null })).toEqual({ saidSha256: false, fingerprint });
    expect(pin.interface).toEqual(model);
    expect(pin.compare({ ...shown, fingerprint: other })).toHaveProperty('why');
    const wider: ModelInterface = { ...model, outputs: [...model.outputs, ...model.inputs] };
    expect(pin.compare({ ...shown, interface: wider })).toHaveProperty('why');
    expect(pin.compare(shown)).toEqual({ saidSha256: true, fingerprint });
  });

  it('never takes another sha256, nor learns anything from who says one', () => {
    const pin = pinned();
    expect(pin.compare({ ...shown, sha256: 'cd'.repeat(32) })).toHaveProperty('why');
    expect(pin.interface).toBeUndefined();
  });

  it('demands what the configuration requires', () => {
    expect(pinned({ require: 'said' }).compare({ ...shown, sha256: null })).toHaveProperty('why');
    const silent = { ...shown, fingerprint: null };
    expect(pinned({ require: 'probe' }).compare(silent)).toHaveProperty('why');
    expect(pinned({ fingerprint: other }).compare(shown)).toHaveProperty('why');
    expect(pinned({ fingerprint }).compare(shown)).toHaveProperty('saidSha256', true);
  });

  it('wants an interface from somewhere', () => {
    expect(pinned().compare({ ...shown, interface: null })).toHaveProperty('why');
    const given = pinned({ interface: model }).compare({ ...shown, interface: null });
    expect(given).toHaveProperty('saidSha256', true);
  });
});

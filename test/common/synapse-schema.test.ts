import { describe, expect, it } from 'vitest';
import { minerSchema } from '../../common/config/miner-schema.ts';
import { subnetSchema } from '../../common/config/subnet-schema.ts';
import { synapseFormOf, synapseRoute } from '../../common/config/synapse-schema.ts';
import { digitsRoutes } from '../interop/classic-routes.ts';

type Loose = Readonly<Record<string, unknown>>;

const image = { name: 'image', type: 'list[float]', required: true, input: { tensor: 'image' } };
const shares = { name: 'shares', type: 'list[list[float]]', output: { tensor: 'shares' } };
const good = { synapse: 'Digits', fields: [image, shares], hashFields: ['image'] };

function problems(route: Loose): string[] {
  const parsed = synapseRoute.safeParse(route);
  return parsed.success ? [] : parsed.error.issues.map(({ message }) => message);
}

describe('a synapse in YAML', () => {
  it('becomes the form that the wire works with', () => {
    const form = synapseFormOf(synapseRoute.parse(good), 'digits');
    expect(form).toMatchObject({ synapse: 'Digits', model: 'digits', hashFields: ['image'] });
    expect(form.fields).toMatchObject([
      { name: 'image', required: true, input: { tensor: 'image', shape: null }, output: null },
      { name: 'shares', required: false, output: { tensor: 'shares', encoding: 'nested' } },
    ]);
  });

  it('may name its model, the encoding of an output and a value', () => {
    const fields = [
      { ...image, input: { tensor: 'image', shape: [-1, 8] } },
      { ...shares, output: { tensor: 'shares', encoding: 'list' } },
      { name: 'heat', type: 'float', value: 1 },
    ];
    const form = synapseFormOf(synapseRoute.parse({ ...good, model: 'm', fields }), 'digits');
    expect(form.model).toBe('m');
    expect(form.fields).toMatchObject([
      { input: { shape: [-1, 8] } },
      { output: { encoding: 'list' } },
      { constant: '1' },
    ]);
  });

  it.each<[string, Loose, RegExp]>([
    ['signs nothing', { ...good, hashFields: [] }, /not signed/],
    ['hashes what it has not', { ...good, hashFields: ['x'] }, /no field x/],
    ['hashes a field twice', { ...good, hashFields: ['image', 'image'] }, /twice/],
    ['lists a field twice', { ...good, fields: [image, image] }, /twice/],
    ['has a type of its own', { ...good, fields: [{ ...image, type: 'bytes' }] }, /type/],
    ['takes a field of every synapse', { ...good, fields: [{ ...image, name: 'axon' }] }, /every/],
    [
      'has capitals in a required name',
      { ...good, fields: [{ ...image, name: 'Image' }], hashFields: ['Image'] },
      /lower/,
    ],
    ['requires a tensor', { ...good, fields: [{ ...image, type: 'tensor' }] }, /bt\.Tensor/],
    ['requires an output', { ...good, fields: [image, { ...shares, required: true }] }, /required/],
    ['is both', { ...good, fields: [{ ...image, output: shares.output }] }, /one of/],
    [
      'has a value of another type',
      { ...good, fields: [image, { name: 'n', type: 'int', value: 0.5 }] },
      /no int/,
    ],
    ['is no Python class', { ...good, synapse: 'a/b' }, /Python name/],
  ])('is refused when it %s', (_, route, message) => {
    expect(problems(route).join()).toMatch(message);
  });

  it('may leave its body unsigned when it says so', () => {
    expect(problems({ ...good, hashFields: [], unsignedBody: 'accept' })).toEqual([]);
  });
});

const miner = {
  netuid: 1,
  chain: { endpoints: ['ws://127.0.0.1:1'] },
  task: 'digits',
  model: { path: 'm.onnx', sha256: '0'.repeat(64) },
};

describe('the entrances of a miner', () => {
  it('are btauth alone by default', () => {
    expect(minerSchema.parse(miner).entrances).toEqual({ btauth: true, epistula: false });
  });

  it('cannot all be shut, and name each synapse once', () => {
    const opened = (entrances: Loose): boolean =>
      minerSchema.safeParse({ ...miner, entrances }).success;
    expect(opened({ btauth: false })).toBe(false);
    expect(opened({ btauth: false, epistula: true })).toBe(true);
    expect(opened({ btauth: false, classic: { routes: digitsRoutes } })).toBe(true);
    expect(opened({ classic: { routes: [good, good] } })).toBe(false);
    expect(opened({ classic: { routes: [] } })).toBe(false);
  });
});

describe('the wire of a subnet', () => {
  const tensor = (name: string, shape: number[]): Loose => ({ name, datatype: 'FP32', shape });
  const task = (name: string): Loose => ({
    name,
    kind: 'classify',
    interface: { inputs: [tensor('image', [-1, 64])], outputs: [tensor('shares', [-1, 10])] },
    source: { path: 'd.bin', sha256: '0'.repeat(64) },
    classes: 10,
  });
  const issues = (wire: unknown, tasks = [task('digits')]): string => {
    const parsed = subnetSchema.safeParse({ name: 's', netuid: 1, tasks, wire });
    return parsed.success ? '' : parsed.error.issues.map(({ message }) => message).join();
  };

  it('is btauth by default', () => {
    const { wire } = subnetSchema.parse({ name: 's', netuid: 1, tasks: [task('digits')] });
    expect(wire).toEqual({ protocol: 'btauth', synapses: [] });
    expect(issues({ protocol: 'epistula' })).toBe('');
  });

  it('has a synapse for each task where it is classic', () => {
    expect(issues({ protocol: 'classic', synapses: [good] })).toBe('');
    expect(issues({ protocol: 'classic' })).toMatch(/not exactly one synapse for digits/);
    const both = [task('digits'), task('more')];
    expect(issues({ protocol: 'classic', synapses: [good] }, both)).toMatch(/digits.*more/);
    const named = [
      { ...good, model: 'digits' },
      { ...good, synapse: 'More', model: 'more' },
    ];
    expect(issues({ protocol: 'classic', synapses: named }, both)).toBe('');
  });

  it('signs nothing that it does not know', () => {
    const note = { name: 'note', type: 'str' };
    const fields = [image, note, shares];
    const route = { ...good, fields, hashFields: ['image', 'note'] };
    expect(issues({ protocol: 'classic', synapses: [route] })).toMatch(
      /note is required or hashed/,
    );
    const told = { ...route, fields: [image, { ...note, value: 'x' }, shares] };
    expect(issues({ protocol: 'classic', synapses: [told] })).toBe('');
  });

  it.each([
    [null],
    [5],
    [{ protocol: 'classic', synapses: [null, 5, { fields: [null], hashFields: 3 }] }],
  ])('is refused, not stumbled over: %j', (wire) => {
    expect(issues(wire)).not.toBe('');
  });
});

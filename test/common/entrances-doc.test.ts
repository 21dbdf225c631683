import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { minerSchema } from '../../common/config/miner-schema.ts';
import { subnetSchema } from '../../common/config/subnet-schema.ts';

const doc = readFileSync(new URL('../../docs/entrances.md', import.meta.url), 'utf8');
const examples = [...doc.matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, text = '']) => parse(text) as Readonly<Record<string, unknown>>,
);

const miner = {
  netuid: 1,
  chain: { endpoints: ['ws://127.0.0.1:1'] },
  task: 'digits',
  model: { path: 'm.onnx', sha256: '0'.repeat(64) },
};
const task = {
  name: 'digits',
  kind: 'classify',
  interface: {
    inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 64] }],
    outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 10] }],
  },
  source: { path: 'd.bin', sha256: '0'.repeat(64) },
  classes: 10,
};

describe('docs/entrances.md', () => {
  it('shows YAML that a miner and a subnet take', () => {
    const [entrances = {}, wire = {}, ...rest] = examples;
    expect(rest).toEqual([]);
    const served = minerSchema.parse({ ...miner, ...entrances });
    expect(served.entrances.classic?.routes.map(({ synapse }) => synapse)).toEqual(['Digits']);
    const asked = subnetSchema.parse({ name: 's', netuid: 1, tasks: [task], ...wire });
    expect(asked.wire.protocol).toBe('classic');
  });
});

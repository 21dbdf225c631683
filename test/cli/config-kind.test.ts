import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kindOf } from '../../cli/config-kind.ts';
import { packagePath } from '../../common/node/package-root.ts';

describe('the kind of a YAML file', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'kind-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each([
    ['validator', 'subnet: s.yaml\nchain: { endpoints: [ws://localhost:9944] }\n'],
    ['validator', 'subnet: s.yaml\nchain: {}\nstateDir: x\n'],
    ['miner', 'netuid: 1\ntask: digits\nmodel: {}\nchain: {}\n'],
    ['miner', 'netuid: 1\nsubnet: s.yaml\ntask: digits\nmodel: {}\nchain: {}\n'],
    ['subnet', 'name: x\nnetuid: 1\ntasks: []\n'],
    ['genesis', 'balances: []\nsubnets: []\n'],
  ])('%s is seen from its keys', (kind, text) => {
    const file = join(dir, 'some.yaml');
    writeFileSync(file, text);
    expect(kindOf(file, undefined)).toBe(kind);
  });

  it.each(['miner', 'validator', 'genesis'] as const)('%s: the file that ships', (kind) => {
    expect(kindOf(packagePath('config', `${kind}.yaml`), undefined)).toBe(kind);
  });
});

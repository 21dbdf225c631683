import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packagePath } from '../../common/node/package-root.ts';

const artefacts = [
  ['chain/artefact/subnet-runtime.wasm', 'chain/wasm-inputs.json'],
  ['chain/artefact/subnet-runtime-legacy.wasm', 'chain/wasm-inputs.json'],
  ['native/sr25519/sr25519.wasm', 'native/wasm-inputs.json'],
  ['native/numbers/numbers.wasm', 'native/numbers/wasm-inputs.json'],
] as const;

function check(wasm: string, inputs: string) {
  const args = ['check', '--root', packagePath(), '--inputs', packagePath(inputs), '--wasm', wasm];
  return spawnSync(process.execPath, [packagePath('scripts/wasm-artefact.mjs'), ...args], {
    encoding: 'utf8',
  });
}

function digestOf(inputs: string): string {
  const args = ['digest', '--root', packagePath(), '--inputs', packagePath(inputs)];
  const tool = packagePath('scripts/wasm-artefact.mjs');
  return spawnSync(process.execPath, [tool, ...args], { encoding: 'utf8' }).stdout.trim();
}

describe.each(artefacts)('%s', (wasm, inputs) => {
  it('carries the digest of the sources as they stand', () => {
    const { status, stderr } = check(packagePath(wasm), inputs);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('holds no path of a machine', () => {
    const text = readFileSync(packagePath(wasm)).toString('latin1');
    expect(text).not.toMatch(/\/(home|root|Users|work)\/[a-z]/);
  });

  it('is refused when its section names other sources', () => {
    const folder = mkdtempSync(join(tmpdir(), 'artefact-'));
    try {
      const copy = join(folder, 'copy.wasm');
      copyFileSync(packagePath(wasm), copy);
      const bytes = readFileSync(copy);
      const digest = digestOf(inputs);
      expect(digest).toHaveLength(64);
      const at = bytes.lastIndexOf(digest, undefined, 'latin1');
      bytes[at] = digest.startsWith('0') ? 0x31 : 0x30;
      writeFileSync(copy, bytes);
      expect(check(copy, inputs).status).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

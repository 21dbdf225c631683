import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagePath, packageVersion } from '../../common/node/package-root.ts';
import { bundle } from '../../scripts/bundle.ts';

/** What ships beside `dist/`, and is looked for from there. */
const shipped = ['native', 'chain', 'config', 'examples'];

let root: string;

beforeAll(async () => {
  mkdirSync(packagePath('runs'), { recursive: true });
  root = mkdtempSync(packagePath('runs', 'built-'));
  cpSync(packagePath('package.json'), join(root, 'package.json'));
  for (const name of shipped) symlinkSync(packagePath(name), join(root, name));
  await bundle(join(root, 'dist'), ['cli/main.ts']);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function subnet(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'dist', 'cli', 'main.js'), ...args],
    { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' }, timeout: 60_000 },
  );
  return { status, stdout, stderr };
}

/** The sources run in all other tests; here runs what is installed. */
describe('the command as it ships', () => {
  it('knows its version', () => {
    expect(subnet('--version')).toMatchObject({ status: 0, stdout: `${packageVersion()}\n` });
  });

  it.each(['miner', 'validator', 'wallet', 'subnets', 'chain', 'demo', 'doctor'])(
    'loads the commands of %s',
    (group) => {
      expect(subnet(group, '--help')).toMatchObject({ status: 0, stderr: '' });
    },
  );

  it('tells a wrong path as the sources do', () => {
    const { status, stderr } = subnet('miner', 'run', '--config', join(root, 'none.yaml'));
    expect(stderr).toMatch(/^error CONFIG_NOT_FOUND: /);
    expect(status).toBe(2);
  });

  it('makes a wallet and reads it back', () => {
    const at = ['--wallet-path', join(root, 'wallets'), '--wallet-name', 'one', '--json'];
    const made = subnet('wallet', 'new-hotkey', ...at);
    expect(made).toMatchObject({ status: 0 });
    expect(
      subnet('wallet', 'list', '--wallet-path', join(root, 'wallets'), '--json').stdout,
    ).toContain('one');
  });
});

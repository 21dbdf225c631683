import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagePath } from '../../common/node/package-root.ts';

function subnet(...args: string[]) {
  const entry = ['--import', 'tsx', packagePath('cli', 'main.ts')];
  const env = { ...process.env, NO_COLOR: '1' };
  return spawnSync(process.execPath, [...entry, ...args], { encoding: 'utf8', env });
}

describe('subnet, as a person types it', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('says what it can do', () => {
    const { stdout, status } = subnet('--help');
    expect(status).toBe(0);
    for (const group of ['demo', 'chain', 'miner', 'validator', 'wallet', 'config']) {
      expect(stdout).toContain(`  ${group}`);
    }
  });

  it('guesses the kind of a file from its keys, not from its path', () => {
    const file = join(folder, 'subnet-miner.yaml');
    writeFileSync(file, 'subnt: a\nstateDir: b\nquery: {}\nchain: {}\n');
    const { stdout, status } = subnet('config', 'check', file);
    expect(status).toBe(2);
    expect(stdout).toContain('did you mean subnet?');
  });

  it('suggests what was meant, with exit code 2', () => {
    const { stderr, status } = subnet('minor');
    expect(status).toBe(2);
    expect(stderr).toContain('Did you mean miner?');
  });

  it('lists every problem of a file and exits with 2', () => {
    const file = join(folder, 'subnet.yaml');
    writeFileSync(file, 'name: 5\nnetuid: 2\nfoo: 1\ntasks: []\n');
    const { stdout, status } = subnet('config', 'check', file, '--json');
    expect(status).toBe(2);
    const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { problems: object[] };
    expect(result).toMatchObject({ ok: false });
    expect(result.problems).toHaveLength(3);
  });

  it('looks at the files that a file names, and at their hashes', () => {
    const validator = join(folder, 'validator.yaml');
    writeFileSync(
      validator,
      "subnet: nope.yaml\nchain: { endpoints: ['ws://127.0.0.1:9944'] }\nstateDir: ./state\n",
    );
    const missing = subnet('config', 'check', validator);
    expect(missing.status).toBe(2);
    expect(missing.stdout).toContain(`${validator}:1:1 subnet: names a file that does not exist`);
    const miner = join(folder, 'miner.yaml');
    writeFileSync(join(folder, 'model.onnx'), 'x');
    writeFileSync(
      miner,
      `netuid: 2\nchain: { endpoints: ['ws://127.0.0.1:9944'] }\ntask: digits\nmodel:\n  path: model.onnx\n  sha256: '${'0'.repeat(64)}'\n`,
    );
    const other = subnet('config', 'check', miner);
    expect(other.stdout).toMatch(
      /miner\.yaml:5:3 model\.path: the file's sha256 is 2d711642\w+, not 0{64}\n {2}hint: put the/,
    );
  });

  it('tells an operator what to do, without a stack trace', () => {
    const { stderr, status } = subnet('config', 'check', join(folder, 'absent.yaml'));
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error CONFIG_NOT_FOUND: .*no such file/);
    expect(stderr).toContain('fix:');
    expect(stderr).not.toContain('    at ');
  });

  it('gives errors as JSON when asked to', () => {
    const { stdout } = subnet('config', 'check', join(folder, 'absent.yaml'), '--json');
    const line = JSON.parse(stdout.trim()) as object;
    expect(line).toMatchObject({ ok: false, error: { code: 'CONFIG_NOT_FOUND' } });
  });

  it('tells scripts too what is wrong with a command line', () => {
    const { stdout, stderr, status } = subnet('stake', 'add', '--amount', '1,5', '--json');
    expect(status).toBe(2);
    expect(stderr).toContain('an amount such as 1.5');
    const line = JSON.parse(stdout.trim()) as { error: { message: string } };
    expect(line).toMatchObject({ ok: false, error: { code: 'USAGE' } });
    expect(line.error.message).toContain('an amount such as 1.5');
  });

  it('refuses a kind of file that does not exist as USAGE', () => {
    const { stderr, status } = subnet('config', 'check', 'x.yaml', '--kind', 'subnett');
    expect(status).toBe(2);
    expect(stderr).toContain('USAGE');
  });
});

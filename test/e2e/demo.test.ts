import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagePath } from '../../common/node/package-root.ts';

interface Summary {
  readonly ok: boolean;
  readonly epochs: number;
  readonly wallSeconds: number;
  readonly miners: readonly { name: string; score: number; weight: number; emissionRao: string }[];
  readonly validators: readonly { name: string; vtrust: number; weightsEffectiveBlock: number }[];
}

function demo(...args: string[]): ChildProcess {
  const entry = ['--import', 'tsx', packagePath('cli', 'main.ts'), 'demo', ...args];
  return spawn(process.execPath, entry, { stdio: ['ignore', 'pipe', 'pipe'] });
}

function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  const text = { out: '', err: '' };
  child.stdout?.on('data', (data: Buffer) => (text.out += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (text.err += data.toString()));
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, ...text }));
  });
}

/** Processes whose command line names `text`. */
function processesNaming(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
}

async function until(condition: () => boolean, seconds: number): Promise<boolean> {
  for (let waited = 0; waited < seconds * 10; waited += 1) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return condition();
}

const onLinux = process.platform === 'linux';

describe('npm run demo', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'demo-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('pays for quality on a real chain, and leaves its evidence with --out', async () => {
    const out = join(folder, 'run');
    const { code, out: stdout } = await ended(demo('--json', '--epochs', '2', '--out', out));
    const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Summary;
    expect(summary).toMatchObject({ ok: true });
    expect(code).toBe(0);
    expect(summary.epochs).toBeGreaterThanOrEqual(2);
    const paid = summary.miners.map((miner) => BigInt(miner.emissionRao));
    expect(summary.miners.map((miner) => miner.name)).toEqual([
      'best',
      'weaker',
      'constant',
      'absent',
    ]);
    expect(paid[0] ?? 0n).toBeGreaterThan(paid[1] ?? 0n);
    expect(paid[1] ?? 0n).toBeGreaterThan(0n);
    expect(paid.slice(2)).toEqual([0n, 0n]);
    expect(summary.validators.every((one) => one.weightsEffectiveBlock > 0)).toBe(true);
    expect(existsSync(join(out, 'state', 'alpha'))).toBe(true);
    expect(readFileSync(join(out, 'logs', 'alpha.log'), 'utf8')).not.toMatch(/secret|mnemonic/i);
    if (onLinux) expect(processesNaming(out)).toEqual([]);
  });

  it('refuses a directory that is not empty', async () => {
    const out = join(folder, 'full');
    mkdirSync(join(out, 'something'), { recursive: true });
    const { code, err } = await ended(demo('--out', out));
    expect(code).toBe(2);
    expect(err).toContain('DEMO_OUT_NOT_EMPTY');
  });

  it('says so when its directory cannot be made', async () => {
    const { code, err } = await ended(demo('--out', '/dev/null/run'));
    expect(code).toBe(1);
    expect(err).toContain('DEMO_SETUP_FAILED');
  });

  it('gives up after --timeout, and leaves no process', async () => {
    const out = join(folder, 'late');
    const { code, out: stdout } = await ended(demo('--json', '--timeout', '2', '--out', out));
    expect(code).toBe(1);
    expect(stdout).toContain('DEMO_TIMEOUT');
    if (onLinux) expect(processesNaming(out)).toEqual([]);
  });

  it.runIf(onLinux)('takes all its processes with it when one of them crashes', async () => {
    const out = join(folder, 'crash');
    const child = demo('--out', out);
    const done = ended(child);
    const config = join(out, 'config', 'best.yaml');
    expect(await until(() => processesNaming(config).length > 0, 60)).toBe(true);
    for (const pid of processesNaming(config)) process.kill(Number(pid), 'SIGKILL');
    const { code, err } = await done;
    expect(code).toBe(1);
    expect(err).toContain('DEMO_PROCESS_DIED');
    expect(await until(() => processesNaming(out).length === 0, 20)).toBe(true);
  });

  it.runIf(onLinux)('leaves nothing behind even when it is killed itself', async () => {
    const out = join(folder, 'killed');
    const child = demo('--out', out);
    const done = ended(child);
    const config = join(out, 'config', 'best.yaml');
    expect(await until(() => processesNaming(config).length > 0, 60)).toBe(true);
    child.kill('SIGKILL');
    await done;
    expect(await until(() => processesNaming(out).length === 0, 30)).toBe(true);
  });
});

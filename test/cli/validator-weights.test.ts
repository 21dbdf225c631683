import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { watchWeights } from '../../cli/validator-weights.ts';
import { validatorCommand } from '../../cli/validator.ts';
import type { CliIo } from '../../cli/io.ts';
import { createWallet } from '../../common/keys/wallet.ts';
import { packagePath } from '../../common/node/package-root.ts';
import { jsonReply, startStatusServer } from '../../common/node/status-server.ts';
import type { StatusServer } from '../../common/node/status-server.ts';
import { openLevelStore } from '../../common/node/store-level.ts';
import { readStatus, readVectors } from '../../validator/main.ts';
import { sr25519 } from '../sim/world.ts';
import { commitReveal, createRig, first, tempo } from '../validator/weights-rig.ts';

const dirs: string[] = [];
const servers: StatusServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});

/** A stopped validator whose newest vector came so many blocks far. */
async function leftBy(blocks: number): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'weights-'));
  dirs.push(dir);
  const wallet = { path: join(dir, 'wallets'), name: 'alpha', hotkey: 'default' };
  createWallet(sr25519, wallet, { coldkey: 'unencrypted', hotkeySuri: '//sim//alpha' });
  const configFile = join(dir, 'validator.yaml');
  const subnet = packagePath('config', 'subnets', 'digits.yaml');
  const chain = { endpoints: ['ws://127.0.0.1:9'] };
  await writeFile(configFile, JSON.stringify({ subnet, chain, wallet, stateDir: 'state' }));
  const rig = await createRig(commitReveal);
  await rig.tend(first, { submit: { commit: 'hash' } });
  await rig.live({ kind: 'no-vector', reason: 'end' }, blocks, { submit: { commit: 'hash' } });
  const store = await openLevelStore(join(dir, 'state', 'db'));
  const entries = [...rig.node.store.contents()];
  await store.batch(entries.map(([key, value]) => ({ type: 'put' as const, key, value })));
  await store.close();
  return configFile;
}

interface Shown {
  readonly io: CliIo;
  readonly lines: string[];
  code: number;
}

function capture(columns = 80): Shown {
  const lines: string[] = [];
  const shown: Shown = { lines, code: 0, io: undefined as never };
  const io: CliIo = {
    out: (text) => void lines.push(text),
    err: (text) => void lines.push(text),
    env: {},
    isTty: false,
    colour: false,
    columns,
    signal: new AbortController().signal,
    setExitCode: (code) => void (shown.code = code),
  };
  return Object.assign(shown, { io });
}

async function run(...args: string[]): Promise<Shown> {
  const shown = capture();
  await validatorCommand(shown.io).parseAsync(['node', 'validator', ...args]);
  return shown;
}

/** Vectors as a chain of millions of blocks has them, one with a long reason, on a running node. */
async function running(): Promise<string> {
  const config = await leftBy(0);
  const [vector] = (await readVectors(config)).vectors;
  const blocks = { builtBlock: 7_412_345, block: 7_412_346, dueBlock: 7_412_700 };
  const reason = `the reveal did not come: ${'the beacon stood still '.repeat(8)}`.trim();
  const vectors = [
    { ...vector, ...blocks, epoch: 20_533 },
    { ...vector, ...blocks, reason },
  ];
  const url = 'wss://one.of.many.endpoints.example:9944';
  const endpoints = ['in-use', 'failed'].map((state) => ({
    url,
    state,
    score: 0.5,
    problem: reason,
  }));
  const miner = { uid: 1, hotkey: 'x'.repeat(48), rounds: 9, faults: 1, note: reason };
  const status = {
    ...(await readStatus(config)),
    running: true,
    miners: [{ ...miner, score: 0.5, weight: 1, lastPoints: 0.25 }],
    endpoints,
    alerts: [{ name: 'weights-missed', detail: reason }],
  };
  const server = await startStatusServer({
    host: '127.0.0.1',
    port: 0,
    routes: { '/weights': () => jsonReply(vectors), '/status': () => jsonReply(status) },
  });
  servers.push(server);
  const file = join(dirname(config), 'state', 'endpoint.json');
  await writeFile(file, JSON.stringify({ url: server.url }));
  return config;
}

describe.each([['weights'], ['status']])('subnet validator %s on a terminal', (command) => {
  it('keeps to 80 columns, prose on lines of its own, and gives a pipe all of it', async () => {
    const config = await running();
    const narrow = await run(command, '--config', config);
    const lines = narrow.lines.join('\n').split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.join('\n')).toMatch(/^ {4}the reveal did not come/m);
    expect(lines.join('\n')).not.toMatch(/[│─┌]/);
    const wide = capture(Infinity);
    await validatorCommand(wide.io).parseAsync(['node', 'validator', command, '--config', config]);
    const row = wide.lines
      .join('\n')
      .split('\n')
      .find((line) => line.includes('did not come'));
    expect(row?.length).toBeGreaterThan(200);
    if (command === 'weights') expect(row).toMatch(/7412345 +7412346 +7412700/);
  });
});

describe('subnet validator weights', () => {
  it('shows the vectors of a stopped validator, without what is secret', async () => {
    const config = await leftBy(0);
    const table = await run('weights', '--config', config);
    expect(table.lines.join('\n')).toMatch(/committed/);
    expect(table.lines.join('\n')).toMatch(/the validator does not run/);
    const json = await run('weights', '--config', config, '--json');
    const read = JSON.parse(json.lines.join('')) as { running: boolean; vectors: object[] };
    expect(read).toMatchObject({ running: false, vectors: [{ vector: 0, state: 'committed' }] });
    expect(Object.keys(read.vectors[0] ?? {})).not.toContain('salt');
    expect(json.lines.join('')).not.toMatch(/salt/);
  });

  it('watches one to its end: 0 when it is effective, 1 when nothing can come any more', async () => {
    const done = await leftBy(tempo + 4);
    const good = await run('weights', 'watch', '--config', done);
    expect(good.code).toBe(0);
    expect(good.lines.join('\n')).toMatch(/vector 0: effective.*effective at block \d+/);
    const waiting = capture();
    await watchWeights(waiting.io, { config: await leftBy(1), timeout: 5, json: true });
    expect(waiting.code).toBe(1);
    expect(JSON.parse(waiting.lines[0] ?? '')).toMatchObject({ state: 'committed' });
  });

  it('says what is missing', async () => {
    await expect(run('weights')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(run('run', '--config', 'x', '--force')).rejects.toMatchObject({ code: 'USAGE' });
  });
});

import { mkdtemp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { packagePath } from '../../common/node/package-root.ts';
import { jsonReply, startStatusServer } from '../../common/node/status-server.ts';
import { openLevelStore } from '../../common/node/store-level.ts';
import { createWallet } from '../../common/keys/wallet.ts';
import { checkEvidence } from '../../validator/evidence.ts';
import { exportEvidence, readStatus, readVectors, runValidator } from '../../validator/main.ts';
import { SubnetError } from '../../common/errors.ts';
import type { ConnectOptions } from '../../common/chain/chain-substrate.ts';
import { claimState } from '../../validator/state.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { runFor } from '../sim/run.ts';
import { simMiner } from '../sim/sim-miner.ts';
import { nearestMean } from '../sim/sim-models.ts';
import { createWorld, key, sr25519, train } from '../sim/world.ts';

const dirs: string[] = [];
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});

/** A folder with a wallet and a validator.yaml. */
async function layOut(): Promise<{ readonly dir: string; readonly configFile: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'validator-'));
  dirs.push(dir);
  const wallet = { path: join(dir, 'wallets'), name: 'alpha', hotkey: 'default' };
  createWallet(sr25519, wallet, { coldkey: 'unencrypted', hotkeySuri: '//sim//alpha' });
  const configFile = join(dir, 'validator.yaml');
  const config = {
    subnet: packagePath('config', 'subnets', 'digits.yaml'),
    chain: { endpoints: ['ws://127.0.0.1:9'], requestTimeoutMs: 500 },
    wallet,
    stateDir: 'state',
    metrics: { port: 0 },
    log: { level: 'error' },
  };
  await writeFile(configFile, JSON.stringify(config));
  return { dir, configFile };
}

/** Some rounds on fakes, their state copied to where a stopped validator would have left it. */
async function leaveState(dir: string): Promise<void> {
  const world = createWorld();
  const { platform } = world;
  world.addValidator('alpha');
  const model = nearestMean(train);
  world.addMiner('good', simMiner({ signer: key('good'), verifier: sr25519, platform, model }));
  const memory = createMemoryStore();
  await runFor(world, await world.node('alpha', { store: memory }), 30);
  const store = await openLevelStore(join(dir, 'state', 'db'));
  const entries = [...memory.contents()];
  await store.batch(entries.map(([name, value]) => ({ type: 'put' as const, key: name, value })));
  await store.close();
}

describe('status', () => {
  it('of a validator that never ran says so, and makes nothing', async () => {
    const { configFile } = await layOut();
    await expect(readStatus(configFile)).rejects.toMatchObject({ code: 'NO_STATUS', exitCode: 3 });
    await expect(readStatus(configFile)).rejects.toMatchObject({ code: 'NO_STATUS' });
  });

  it('of a stopped one comes from its state', async () => {
    const { dir, configFile } = await layOut();
    await leaveState(dir);
    const status = await readStatus(configFile);
    expect(status).toMatchObject({ running: false, hotkey: key('alpha').ss58, netuid: 2 });
    expect(status.miners).toHaveLength(1);
    expect(status.weights?.state).toBe('effective');
  });

  it('of a running one is asked from it', async () => {
    const { dir, configFile } = await layOut();
    const routes = { '/status': () => jsonReply({ round: 77 }) };
    const server = await startStatusServer({ host: '127.0.0.1', port: 0, routes });
    await mkdir(join(dir, 'state'));
    await writeFile(join(dir, 'state', 'endpoint.json'), JSON.stringify({ url: server.url }));
    expect(await readStatus(configFile)).toEqual({ round: 77 });
    await server.close();
  });

  it('of a killed one, which left its endpoint behind, comes from its state', async () => {
    const { dir, configFile } = await layOut();
    await leaveState(dir);
    const server = await startStatusServer({ host: '127.0.0.1', port: 0, routes: {} });
    await server.close();
    await writeFile(join(dir, 'state', 'endpoint.json'), JSON.stringify({ url: server.url }));
    expect((await readStatus(configFile)).running).toBe(false);
  });
});

describe('a state that cannot be read', () => {
  it('because its validator holds it without an answer, is busy, and not missing', async () => {
    const { dir, configFile } = await layOut();
    await leaveState(dir);
    const store = await openLevelStore(join(dir, 'state', 'db'));
    await expect(readVectors(configFile)).rejects.toMatchObject({ code: 'STORE_BUSY' });
    const read = readStatus(configFile);
    void sleep(400).then(() => store.close());
    expect((await read).running).toBe(false);
  });

  it('because a file of it is damaged, is damaged, left where it is, and not missing', async () => {
    const { dir, configFile } = await layOut();
    await leaveState(dir);
    const db = join(dir, 'state', 'db');
    await (await openLevelStore(db)).close();
    const table = (await readdir(db)).find((name) => name.endsWith('.ldb')) ?? '';
    await writeFile(join(db, table), 'A'.repeat((await stat(join(db, table))).size));
    await expect(readStatus(configFile)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await rm(join(db, 'CURRENT'));
    await expect(readStatus(configFile)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    expect(await readdir(join(dir, 'state'))).toEqual(['db']);
  });

  it('for a reason of the disk, says that reason', async () => {
    const { dir, configFile } = await layOut();
    await leaveState(dir);
    const db = join(dir, 'state', 'db');
    const manifest = (await readdir(db)).find((name) => name.startsWith('MANIFEST-')) ?? '';
    await rm(join(db, manifest));
    await expect(readVectors(configFile)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      facts: { detail: expect.stringContaining('IO error') as string },
    });
  });
});

describe('evidence', () => {
  it('is handed out line by line, as it was written', async () => {
    const { dir, configFile } = await layOut();
    await leaveState(dir);
    const lines: string[] = [];
    const count = await exportEvidence(configFile, (line) => void lines.push(line));
    expect(count).toBe(lines.length);
    const { sha256 } = createWorld().platform;
    expect(await checkEvidence(lines, sha256)).toMatchObject({ entries: count, firstSeq: 0 });
  });
});

describe('run', () => {
  const options = { once: true, dryRun: true, signal: new AbortController().signal };

  it('ends with the reason, and lets go of its state, when no chain answers', async () => {
    const { dir, configFile } = await layOut();
    await expect(runValidator({ ...options, configFile })).rejects.toMatchObject({
      code: 'CHAIN_UNREACHABLE',
    });
    await (await openLevelStore(join(dir, 'state', 'db'))).close();
  });

  it('asks for the chain that its state was written on, and names that state when all are foreign', async () => {
    const { dir, configFile } = await layOut();
    const genesisHash = `0x${'77'.repeat(32)}`;
    const store = await openLevelStore(join(dir, 'state', 'db'));
    await claimState(store, { genesisHash, netuid: 2, hotkey: key('alpha').ss58 });
    await store.close();
    const asked: ConnectOptions[] = [];
    const connect = (given: ConnectOptions): Promise<never> => {
      asked.push(given);
      const code = asked.length === 1 ? 'CHAIN_FOREIGN' : 'CHAIN_UNREACHABLE';
      return Promise.reject(new SubnetError(code, { detail: 'genesis 0x88' }));
    };
    const started = runValidator({ ...options, configFile, connect });
    await expect(started).rejects.toMatchObject({
      code: 'STATE_FOREIGN',
      message: expect.stringMatching(/genesis 0x77.*genesis 0x88/) as string,
    });
    expect(asked[0]?.genesisHash).toBe(genesisHash);
    const again = runValidator({ ...options, configFile, connect });
    await expect(again).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
  });

  it('waits for somebody who only looks at its state', async () => {
    const { dir, configFile } = await layOut();
    const store = await openLevelStore(join(dir, 'state', 'db'));
    const started = runValidator({ ...options, configFile });
    void sleep(400).then(() => store.close());
    await expect(started).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
  });

  it('does not start beside another on the same state', async () => {
    const { dir, configFile } = await layOut();
    const store = await openLevelStore(join(dir, 'state', 'db'));
    await expect(runValidator({ ...options, configFile })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
    });
    await store.close();
  });
});

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain } from '../../chain/devchain.ts';
import { nodeArguments } from '../../common/node/package-root.ts';
import { rawClient, until } from './chain-client.ts';
import { contractGenesis, silent } from './chain-world.ts';

/** Timestamp.Now */
const nowKey = '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb';

describe('a development chain that is kept in a directory', () => {
  let root: string;
  let dirs = 0;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'chain-state-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const freshDir = (): string => join(root, String((dirs += 1)));
  const open = (stateDir: string, genesis = contractGenesis): Promise<DevChain> =>
    startDevChain({ port: 0, blockTimeMs: 250, genesis, manual: true, stateDir, log: silent });

  async function readBack(chain: DevChain, hash: string): Promise<readonly unknown[]> {
    const client = await rawClient(chain.url);
    const answers = [
      await client.call('state_getStorage', nowKey, hash),
      await client.call('chain_getBlock', hash),
      await client.call('state_getStorage', '0xabcd'),
    ];
    client.close();
    return answers;
  }

  it('goes on where it stopped: head, state, and blocks before it', async () => {
    const dir = freshDir();
    const first = await open(dir);
    await first.newBlock();
    const older = first.head().hash;
    const client = await rawClient(first.url);
    await client.call('dev_setStorage', [['0xabcd', '0x07']]);
    client.close();
    const [head, kept] = [first.head(), await readBack(first, older)];
    await first.close();

    const second = await open(dir);
    expect(second.genesisHash).toBe(first.genesisHash);
    expect(second.head()).toEqual(head);
    expect(await readBack(second, older)).toEqual(kept);
    await second.newBlock();
    expect(second.head().number).toBe(head.number + 1);
    await second.close();
  });

  it('refuses a state of another genesis, and one that is in use', async () => {
    const dir = freshDir();
    const first = await open(dir);
    await expect(open(dir)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await first.close();
    const other = open(dir, { ...contractGenesis, sudo: '//Bob' });
    await expect(other).rejects.toMatchObject({ code: 'CHAIN_STATE_FOREIGN' });
    const again = await open(dir);
    expect(again.head().number).toBe(first.head().number);
    await again.close();
  });

  it('gives a different genesis a different hash, and the same one the same', async () => {
    const [a, b] = [
      await open(freshDir()),
      await open(freshDir(), { ...contractGenesis, sudo: '//Bob' }),
    ];
    const again = await open(freshDir());
    expect(b.genesisHash).not.toBe(a.genesisHash);
    expect(again.genesisHash).toBe(a.genesisHash);
    for (const chain of [a, b, again]) await chain.close();
  });

  interface Process {
    readonly child: ChildProcess;
    readonly ready: { readonly url: string; readonly genesisHash: string; readonly head: number };
  }

  const started: ChildProcess[] = [];
  afterAll(() => {
    for (const child of started) child.kill('SIGKILL');
  });

  async function run(dir: string): Promise<Process> {
    const flags = ['chain', 'dev', '--port', '0', '--block-time', '20', '--state', dir, '--json'];
    const child = spawn(process.execPath, [...nodeArguments('cli/main.ts'), ...flags], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    started.push(child);
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line')) as [string];
    return { child, ready: JSON.parse(line) as Process['ready'] };
  }

  it('is at a whole block after kill -9 in the middle of its work', async () => {
    const dir = freshDir();
    let lastSeen = 0;
    for (let round = 0; round < 2; round += 1) {
      const { child, ready } = await run(dir);
      // What a client has seen was on disk before.
      expect(ready.head).toBeGreaterThanOrEqual(lastSeen);
      const client = await rawClient(ready.url);
      const seen = async (): Promise<number> =>
        Number(((await client.call('chain_getHeader')) as { number: string }).number);
      await until(async () => (await seen()) >= ready.head + 5);
      lastSeen = await seen();
      child.kill('SIGKILL');
      await once(child, 'exit');
      client.close();
    }
    const { child, ready } = await run(dir);
    expect(ready.head).toBeGreaterThanOrEqual(lastSeen);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
  });
});

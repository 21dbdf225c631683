import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { devBeacon } from '../../chain/beacon.ts';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain, RuntimeChoice } from '../../chain/devchain.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { packagePath } from '../../common/node/package-root.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { contractNetuid } from '../contract/chain-contract.ts';
import { rawClient, until } from './chain-client.ts';
import { contractGenesis, silent } from './chain-world.ts';

const codeOf = (file: string): string =>
  `0x${readFileSync(packagePath('chain', 'artefact', file)).toString('hex')}`;
const modern = codeOf('subnet-runtime.wasm');
const legacy = codeOf('subnet-runtime-legacy.wasm');

interface Version {
  readonly specVersion: number;
}

describe('a development chain whose runtime changes', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'chain-upgrade-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const open = (
    runtime: RuntimeChoice,
    name: string,
    manual = true,
    genesis = contractGenesis,
  ): Promise<DevChain> => {
    const options = { port: 0, blockTimeMs: 250, genesis, log: silent };
    return startDevChain({ ...options, manual, runtime, stateDir: join(root, name) });
  };

  it('tells its clients, answers with the new metadata, and goes on after a restart', async () => {
    const chain = await open('legacy', 'code');
    const client = await rawClient(chain.url);
    const before = (await client.call('state_getRuntimeVersion')) as Version;
    const oldMetadata = await client.call('state_getMetadata');
    const subscription = await client.call('state_subscribeRuntimeVersion');
    await until(() => client.notified(subscription).length === 1);
    const old = chain.head();
    await client.call('dev_setCode', modern);
    await until(() => client.notified(subscription).length === 2);
    const told = client.notified(subscription) as Version[];
    expect(told[0]).toEqual(before);
    expect(told[1]?.specVersion).toBeGreaterThan(before.specVersion);
    expect(await client.call('state_getRuntimeVersion')).toEqual(told[1]);
    const newMetadata = await client.call('state_getMetadata');
    expect(newMetadata).not.toBe(oldMetadata);
    expect(await client.call('state_getMetadata', old.hash)).toBe(oldMetadata);
    await client.call('dev_newBlock', { count: 3 });
    expect(chain.head().number).toBe(old.number + 4);
    client.close();
    await chain.close();

    const again = await open('legacy', 'code');
    const second = await rawClient(again.url);
    expect(await second.call('state_getRuntimeVersion')).toEqual(told[1]);
    expect(await second.call('state_getMetadata')).toBe(newMetadata);
    await again.newBlock();
    expect(again.head().number).toBeGreaterThan(old.number + 4);
    second.close();
    await again.close();
  });

  it('refuses code that is no runtime', async () => {
    const chain = await open('modern', 'no-code');
    const client = await rawClient(chain.url);
    await expect(client.call('dev_setCode', '0x0061736d')).rejects.toThrow(/not a runtime/);
    await expect(client.call('dev_setCode', 'wasm')).rejects.toThrow(/not hex/);
    expect(chain.head().number).toBe(1);
    await chain.newBlock();
    client.close();
    await chain.close();
  });

  it('is upgraded by sudo, and the client of the nodes goes on', async () => {
    const ownBeacon = { ...contractGenesis, beacon: 'development' } as const;
    const dev = await open('legacy', 'sudo', false, ownBeacon);
    const endpoints = [dev.url];
    const chain = await connectChain({ endpoints, platform: createPlatform(), logger: silent });
    const before = chain.runtime;
    const alice = signerFromSuri(loadSr25519(), '//Alice');
    const call = {
      call: 'named',
      pallet: 'System',
      name: 'set_code',
      args: { code: modern },
    } as const;
    const outcome = await chain.submit({ ...call, sudo: true }, alice);
    expect(outcome).toMatchObject({ kind: 'included' });
    await until(() => chain.runtime.specVersion > before.specVersion);
    expect([before.epochs, chain.runtime.epochs]).toEqual(['modulo', 'stateful']);
    expect((await chain.beacon())?.publicKey).toEqual(devBeacon.publicKey);
    expect(before.metagraph).toBe('storage');
    await until(async () => (await chain.view()).runtime.metagraph === 'selective');
    const { number } = dev.head();
    await until(() => dev.head().number > number + 2);
    expect((await chain.snapshot(contractNetuid)).block.number).toBeGreaterThan(number);
    await chain.close();
    await dev.close();
  });

  it('reads every block by the names of its own runtime, through changes to and fro', async () => {
    const dev = await open('legacy', 'to-and-fro', false);
    const endpoints = [dev.url];
    const chain = await connectChain({ endpoints, platform: createPlatform(), logger: silent });
    const client = await rawClient(dev.url);
    const seen: { number: number; neurons: number; staked: boolean }[] = [];
    const reading = new AbortController();
    const readOn = async (): Promise<void> => {
      while (!reading.signal.aborted) {
        const { block, neurons } = await chain.snapshot(contractNetuid);
        const staked = neurons.some(({ alphaStakeRao }) => alphaStakeRao > 0n);
        seen.push({ number: block.number, neurons: neurons.length, staked });
        await chain.eventsAt(block);
      }
    };
    const readers = Promise.all([readOn(), readOn()]);
    for (const code of [modern, legacy, modern]) {
      const before = chain.runtime.specVersion;
      await client.call('dev_setCode', code);
      await until(() => chain.runtime.specVersion !== before);
      const { number } = dev.head();
      await until(() => dev.head().number > number + 2);
    }
    reading.abort();
    await readers;
    expect(new Set(seen.map(({ number }) => number)).size).toBeGreaterThan(9);
    expect(seen.filter(({ staked }) => !staked)).toEqual([]);
    expect(new Set(seen.map(({ neurons }) => neurons)).size).toBe(1);
    client.close();
    await chain.close();
    await dev.close();
  });
});

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain, RuntimeChoice } from '../../chain/devchain.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import type { Chain, ChainCall, Neuron } from '../../common/chain-port.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { packagePath } from '../../common/node/package-root.ts';
import { contractNetuid as netuid, contractTempo } from '../contract/chain-contract.ts';
import { rawClient, until } from './chain-client.ts';
import { contractGenesis, silent } from './chain-world.ts';

const sr25519 = loadSr25519();
const signer = (suri: string) => signerFromSuri(sr25519, suri);
const miner = signer('//Miner');

describe('a node on the older dialect and over a change of code', () => {
  let dev: DevChain;
  let chain: Chain;

  const start = async (runtime: RuntimeChoice, blockTimeMs: number): Promise<void> => {
    dev = await startDevChain({
      port: 0,
      blockTimeMs,
      genesis: contractGenesis,
      runtime,
      log: silent,
    });
    chain = await connectChain({
      endpoints: [dev.url],
      platform: createPlatform(),
      logger: silent,
    });
  };
  beforeEach(() => start('legacy', 500));
  afterEach(async () => {
    await chain.close();
    await dev.close();
  });

  const send = async (call: ChainCall, suri: string): Promise<void> => {
    expect(await chain.submit(call, signer(suri))).toMatchObject({ kind: 'included' });
  };
  const neuron = async (uid: number): Promise<Neuron> => {
    const found = (await chain.snapshot(netuid)).neurons[uid];
    if (found === undefined) throw new Error(`no neuron ${uid}`);
    return found;
  };
  const passEpochs = async (count: number): Promise<void> => {
    const last = dev.head().number + count * (contractTempo + 1);
    while (dev.head().number < last) await dev.newBlock();
  };

  /** Registers the miner and lets the validator weigh it. */
  async function work(): Promise<number> {
    await send({ call: 'burned_register', netuid, hotkey: miner.ss58 }, '//Bob');
    const uid = await chain.uidOf(netuid, miner.ss58);
    if (uid === null) throw new Error('not registered');
    await passEpochs(1);
    await weigh(uid);
    return uid;
  }

  const weigh = (uid: number): Promise<void> =>
    send({ call: 'set_weights', netuid, uids: [uid], values: [1], versionKey: 0n }, '//Validator');

  async function setCode(runtime: string): Promise<void> {
    const code = readFileSync(packagePath('chain', 'artefact', runtime));
    const client = await rawClient(dev.url);
    await client.call('dev_setCode', `0x${code.toString('hex')}`);
    client.close();
  }

  /** Until a block is read that the new code has made; the one before may be read with either. */
  async function speaks(specVersion: number): Promise<void> {
    const exchanged = dev.head().number;
    await until(async () => {
      const read = await chain.snapshot(netuid).catch(() => null);
      const isNew = read !== null && read.block.number > exchanged + 1;
      return isNew && chain.runtime.specVersion === specVersion;
    });
  }

  it('registers, sets weights and pays in the older one', async () => {
    expect(chain.runtime).toEqual({
      specName: 'node-subtensor',
      specVersion: 218,
      epochs: 'modulo',
      metagraph: 'storage',
      mechanisms: false,
      commits: { hash: true, timelocked: false },
    });
    const uid = await work();
    await passEpochs(2);
    const paid = await neuron(uid);
    expect(paid.totalStakeRao).toBeGreaterThan(0n);
    expect(paid).toMatchObject({ incentive: 1, rank: 1, trust: 1 });
    expect(await chain.weightsOf(netuid, 1)).toEqual([[uid, 65_535]]);
  });

  it('goes on with what it held when the code is exchanged in the middle of a run', async () => {
    const uid = await work();
    await passEpochs(2);
    const [before, validator, hash] = [await neuron(uid), await neuron(1), chain.genesisHash];
    await setCode('subnet-runtime.wasm');
    await speaks(425);
    expect(chain.runtime).toMatchObject({ epochs: 'stateful', mechanisms: true });
    const after = await neuron(uid);
    expect(after).toMatchObject({ hotkey: before.hotkey, coldkey: before.coldkey });
    expect(after.alphaStakeRao).toBeGreaterThanOrEqual(before.totalStakeRao);
    expect((await neuron(1)).alphaStakeRao).toBeGreaterThanOrEqual(validator.totalStakeRao);
    expect(after).not.toHaveProperty('rank');
    expect(await chain.weightsOf(netuid, 1)).toEqual([[uid, 65_535]]);
    await weigh(uid);
    await passEpochs(2);
    expect((await neuron(uid)).alphaStakeRao).toBeGreaterThan(after.alphaStakeRao);

    await setCode('subnet-runtime-legacy.wasm');
    await speaks(218);
    const back = await neuron(uid);
    expect(back.totalStakeRao).toBeGreaterThan(after.alphaStakeRao);
    await weigh(uid);
    await passEpochs(2);
    expect((await neuron(uid)).totalStakeRao).toBeGreaterThan(back.totalStakeRao);
    expect(chain.genesisHash).toBe(hash);
  });

  it('is upgraded by a transaction of the sudo key, as real chains are', async () => {
    const code = readFileSync(packagePath('chain', 'artefact', 'subnet-runtime.wasm'));
    const args = { code: `0x${code.toString('hex')}` };
    const call = { call: 'named', pallet: 'System', name: 'set_code', args, sudo: true } as const;
    await send(call, '//Alice');
    await speaks(425);
    await passEpochs(1);
    expect((await neuron(1)).alphaStakeRao).toBeGreaterThan(0n);
  });
});

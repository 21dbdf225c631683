import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ml_kem768 as mlKem } from '@noble/post-quantum/ml-kem.js';
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import type { SubmittableExtrinsic } from '@polkadot/api/types';
import type { ProviderInterface } from '@polkadot/rpc-provider/types';
import { hexToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { cryptoWaitReady, xxhashAsU8a } from '@polkadot/util-crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain, DevChainOptions } from '../../chain/devchain.ts';
import { quietLibraryLogs } from '../../cli/quiet-console.ts';
import { packagePath } from '../../common/node/package-root.ts';
import { contractNetuid } from '../contract/chain-contract.ts';
import { contractGenesis, silent } from './chain-world.ts';

quietLibraryLogs(console);

type Tx = SubmittableExtrinsic<'promise'>;

const fast = 250;
const real = 12_000;
const carrierLife = 8;
/** A block begins with the time and the announcement of a key. */
const inherents = 2;

/** A client of a chain that makes blocks when asked, with keys of //Bob's. */
class World {
  readonly chain: DevChain;
  readonly api: ApiPromise;
  readonly bob = new Keyring({ type: 'sr25519' }).addFromUri('//Bob');

  constructor(chain: DevChain, api: ApiPromise) {
    [this.chain, this.api] = [chain, api];
  }

  async pass(blocks: number): Promise<void> {
    for (let made = 0; made < blocks; made += 1) await this.chain.newBlock();
  }

  /** What the pallet keeps under a name, as bytes. */
  async key(name: string): Promise<Uint8Array> {
    const item = this.api.query['mevShield']?.[name];
    if (item === undefined) throw new Error(`no storage ${name}`);
    return hexToU8a((await item()).toHex()).subarray(2);
  }

  call(pallet: string, name: string, ...args: readonly unknown[]): Tx {
    const call = this.api.tx[pallet]?.[name];
    if (call === undefined) throw new Error(`no call ${pallet}.${name}`);
    return call(...args);
  }

  register(hotkey: string): Tx {
    return this.call('subtensorModule', 'burnedRegister', contractNetuid, hotkey);
  }

  async signed(tx: Tx, nonce: number, era = carrierLife): Promise<Tx> {
    return tx.signAsync(this.bob, { nonce, era });
  }

  async carrier(ciphertext: Uint8Array, nonce: number, era = carrierLife): Promise<Tx> {
    return this.signed(this.call('mevShield', 'submitEncrypted', u8aToHex(ciphertext)), nonce, era);
  }

  send(tx: Tx): Promise<string> {
    return this.api.rpc.author.submitExtrinsic(tx).then((hash) => hash.toHex());
  }

  /** What the newest block holds behind its inherents. */
  async included(): Promise<readonly string[]> {
    const { block } = await this.api.rpc.chain.getBlock(this.chain.head().hash);
    return block.extrinsics.slice(inherents).map((one) => one.hash.toHex());
  }

  async nonce(): Promise<number> {
    const hash = this.chain.head().hash;
    const at = await this.api.at(hash);
    const account = (await at.query['system']?.['account']?.(this.bob.address))?.toJSON();
    return (account as { readonly nonce: number }).nonce;
  }

  async pending(): Promise<number> {
    return (await this.api.rpc.author.pendingExtrinsics()).length;
  }
}

/** As clients of the real chain encrypt. */
function encrypted(publicKey: Uint8Array, plain: Uint8Array): Uint8Array {
  const { cipherText, sharedSecret } = mlKem.encapsulate(publicKey);
  const nonce = new Uint8Array(24).fill(1);
  const sealed = xchacha20poly1305(sharedSecret, nonce).encrypt(plain);
  const length = Uint8Array.of(cipherText.length & 255, cipherText.length >> 8);
  return u8aConcat(xxhashAsU8a(publicKey, 128), length, cipherText, nonce, sealed);
}

describe('the encrypted mempool of the embedded chain', () => {
  const open: World[] = [];

  beforeAll(() => cryptoWaitReady());

  afterEach(async () => {
    for (const { chain, api } of open.splice(0)) {
      await api.disconnect();
      await chain.close();
    }
  });

  async function world(options: Partial<DevChainOptions> = {}): Promise<World> {
    const defaults = { port: 0, blockTimeMs: fast, manual: true, log: silent };
    const chain = await startDevChain({ ...defaults, genesis: contractGenesis, ...options });
    // Its own declaration does not fit exactOptionalPropertyTypes.
    const provider = new WsProvider(chain.url) as unknown as ProviderInterface;
    const api = await ApiPromise.create({ provider, noInitWarn: true });
    const made = new World(chain, api);
    open.push(made);
    return made;
  }

  const hotkey = (name: string): string =>
    new Keyring({ type: 'sr25519' }).addFromUri(name).address;

  it('registers a hotkey: what a carrier holds goes right behind it', async () => {
    const one = await world();
    await one.pass(4);
    const key = await one.key('nextKey');
    const inner = await one.signed(one.register(hotkey('//New')), 1);
    const outer = await one.carrier(encrypted(key, inner.toU8a()), 0);
    await one.send(outer);
    await one.pass(1);
    expect(await one.included()).toEqual([]);
    expect(await one.key('pendingKey')).toEqual(key);
    await one.pass(1);
    expect(await one.included()).toEqual([outer.hash.toHex(), inner.hash.toHex()]);
    expect(await one.nonce()).toBe(2);
    const uid = await one.api.query['subtensorModule']?.['uids']?.(contractNetuid, hotkey('//New'));
    expect(uid?.toJSON()).toBe(2);
    expect(await one.pending()).toBe(0);
  });

  it('keeps a carrier for a key whose block is over until its era ends, and takes nothing for it', async () => {
    const one = await world({ blockTimeMs: real });
    await one.pass(4);
    const key = await one.key('nextKey');
    await one.pass(2);
    const inner = await one.signed(one.register(hotkey('//New')), 1);
    await one.send(await one.carrier(encrypted(key, inner.toU8a()), 0));
    await one.pass(carrierLife - 1);
    expect(await one.pending()).toBe(1);
    await one.pass(1);
    expect([await one.pending(), await one.nonce()]).toEqual([0, 0]);
  });

  it('opens on a fast chain what was encrypted to a key of a moment ago', async () => {
    const one = await world();
    await one.pass(4);
    const key = await one.key('nextKey');
    await one.pass(6);
    const inner = await one.signed(one.register(hotkey('//New')), 1);
    await one.send(await one.carrier(encrypted(key, inner.toU8a()), 0));
    await one.pass(1);
    expect(await one.nonce()).toBe(2);
  });

  it('includes a carrier alone when what it holds cannot be applied', async () => {
    const one = await world();
    await one.pass(4);
    const key = await one.key('nextKey');
    const late = await one.signed(one.register(hotkey('//New')), 7);
    const outer = await one.carrier(encrypted(key, late.toU8a()), 0);
    await one.send(outer);
    const noise = await one.carrier(encrypted(key, new Uint8Array(64).fill(7)), 1);
    await one.send(noise);
    await one.pass(2);
    expect(await one.included()).toEqual([outer.hash.toHex(), noise.hash.toHex()]);
    expect(await one.nonce()).toBe(2);
  });

  it('refuses a malformed carrier as number 23, and one that lives too long as outdated', async () => {
    const one = await world();
    await one.pass(4);
    const malformed = await one.carrier(new Uint8Array(40), 0);
    await expect(one.send(malformed)).rejects.toThrow('Custom error: 23');
    const ciphertext = encrypted(await one.key('nextKey'), new Uint8Array(64));
    const long = await one.carrier(ciphertext, 0, 64);
    await expect(one.send(long)).rejects.toThrow('Transaction is outdated');
  });

  it('comes with an upgrade from the older dialect', async () => {
    const one = await world({ runtime: 'legacy' });
    await one.pass(2);
    const code = readFileSync(packagePath('chain', 'artefact', 'subnet-runtime.wasm'));
    const provider = new WsProvider(one.chain.url);
    await provider.isReady;
    await provider.send('dev_setCode', [u8aToHex(code)]);
    await one.pass(4);
    await provider.disconnect();
    const api = await ApiPromise.create({
      provider: new WsProvider(one.chain.url) as unknown as ProviderInterface,
      noInitWarn: true,
    });
    const upgraded = new World(one.chain, api);
    expect(await upgraded.key('nextKey')).toHaveLength(1184);
    await api.disconnect();
  });
});

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { devBeacon } from '../../chain/beacon.ts';
import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain, DevChainOptions } from '../../chain/devchain.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import type { Chain, ChainCall, TxOutcome } from '../../common/chain-port.ts';
import { genesisSchema } from '../../common/config/genesis-schema.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { encodePayload } from '../../common/timelock/commit-payload.ts';
import { revealRound } from '../../common/timelock/reveal-round.ts';
import { encrypt } from '../../common/timelock/timelock.ts';
import { rawClient } from './chain-client.ts';
import { asNumber } from '../../common/chain/decoded.ts';
import type { StateSource } from '../../common/state-view.ts';
import { silent } from './chain-world.ts';
import vectors from '../vectors/timelock.json' with { type: 'json' };

const netuid = 2;
const sr25519 = loadSr25519();
const validator = signerFromSuri(sr25519, '//Validator');

const genesisOf = (beacon: 'development' | 'quicknet') =>
  genesisSchema.parse({
    beacon,
    balances: [{ account: '//Alice', tao: 1000 }],
    network: { stakeThresholdTao: 0, adminFreezeWindow: 0 },
    subnets: [
      {
        netuid,
        owner: '//Alice',
        ownerHotkey: '//Owner',
        tempo: 10,
        commitRevealEnabled: true,
        commitRevealPeriod: 1,
        weightsRateLimit: 0,
        neurons: [{ hotkey: '//Validator', coldkey: '//Alice', stakeTao: 100 }],
      },
    ],
  });

interface World {
  readonly dev: DevChain;
  readonly chain: Chain & StateSource;
  close(): Promise<void>;
}

async function open(options: Partial<DevChainOptions>): Promise<World> {
  const defaults = { port: 0, blockTimeMs: 250, manual: true, log: silent };
  const dev = await startDevChain({ ...defaults, genesis: genesisOf('development'), ...options });
  const endpoints = [dev.url];
  const chain = await connectChain({ endpoints, platform: createPlatform(), logger: silent });
  const close = async (): Promise<void> => {
    await chain.close();
    await dev.close();
  };
  return { dev, chain, close };
}

async function lastRound({ chain }: World): Promise<number> {
  return asNumber(await (await chain.view()).storage('Drand', 'LastStoredRound'));
}

async function pass({ dev }: World, blocks: number): Promise<void> {
  for (let made = 0; made < blocks; made += 1) await dev.newBlock();
}

/** Sends, and makes blocks until the outcome is known. */
async function sent(world: World, call: ChainCall): Promise<TxOutcome> {
  const done = world.chain.submit(call, validator);
  for (let left = 40; left > 0; left -= 1) {
    const outcome = await Promise.race([done, sleep(100, null)]);
    if (outcome !== null) return outcome;
    await world.dev.newBlock();
  }
  return done;
}

/** Commits [self: 65535] of the validator as a client would; the reveal block and round. */
async function commit(world: World): Promise<{ readonly block: number; readonly round: number }> {
  const { chain } = world;
  const [snapshot, beacon] = [await chain.snapshot(netuid), await chain.beacon()];
  if (beacon === null) throw new Error('the runtime has no beacon');
  const { epoch: schedule, chainTimeMs, blockTimeMs, hyperparams } = snapshot;
  const head = snapshot.block.number;
  const periodEpochs = hyperparams.commitRevealPeriod;
  const input = { schedule, netuid, head, chainTimeMs, blockTimeMs, periodEpochs, beacon };
  const reveal = revealRound(input);
  const uid = (await chain.uidOf(netuid, validator.ss58)) ?? -1;
  const hotkey = validator.publicKey;
  const plaintext = encodePayload({ hotkey, uids: [uid], values: [65_535], versionKey: 0n });
  const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));
  const outcome = await sent(world, {
    call: 'commit_timelocked_weights',
    netuid,
    commit: encrypt(beacon.publicKey, reveal.round, plaintext, { random }),
    revealRound: reveal.round,
    version: snapshot.commitRevealVersion ?? 0,
  });
  expect(outcome).toMatchObject({ kind: 'included' });
  return reveal;
}

async function revealed({ chain }: World): Promise<boolean> {
  const uid = (await chain.uidOf(netuid, validator.ss58)) ?? -1;
  const row = await chain.weightsOf(netuid, uid);
  return row.length === 1 && row[0]?.[0] === uid && row[0][1] === 65_535;
}

describe('the beacon of the development chain', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'chain-beacon-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  afterEach(() => vi.useRealTimers());

  it('is told by the chain, and is seen to tick', async () => {
    const world = await open({ blockTimeMs: 2000 });
    const beacon = await world.chain.beacon();
    expect(beacon).toMatchObject({ ...devBeacon, publicKey: expect.anything() as unknown });
    expect(beacon?.publicKey).toEqual(devBeacon.publicKey);
    const before = await lastRound(world);
    await pass(world, 17);
    expect(await lastRound(world)).toBeGreaterThanOrEqual(before + 30);
    expect(await world.chain.hasPulse(await lastRound(world))).toBe(true);
    await world.close();
  });

  it.each([250, 1000, 12_000])(
    'opens commits in time with blocks of %i ms',
    async (blockTimeMs) => {
      const world = await open({ blockTimeMs });
      await pass(world, 4);
      const { block } = await commit(world);
      await pass(world, block - 1 - world.dev.head().number);
      expect(await revealed(world)).toBe(false);
      await pass(world, 9);
      expect(await revealed(world)).toBe(true);
      await world.close();
    },
  );

  it('opens a commit after a pause in which its round went by', async () => {
    const options = { stateDir: join(dir, 'paused') };
    const first = await open(options);
    await pass(first, 4);
    const { block, round } = await commit(first);
    await first.close();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    const second = await open(options);
    expect(second.dev.head().number).toBeLessThan(block);
    await pass(second, block + 9 - second.dev.head().number);
    expect(await second.chain.hasPulse(round)).toBe(true);
    expect(await revealed(second)).toBe(true);
    await second.close();
  });

  it('takes the pulses of quicknet from outside, and no others', async () => {
    const world = await open({ genesis: genesisOf('quicknet') });
    const client = await rawClient(world.dev.url);
    const { round, signature } = vectors;
    await pass(world, 3);
    expect((await world.chain.beacon())?.periodS).toBe(3);
    expect(await world.chain.hasPulse(round)).toBe(false);
    await client.call('dev_writePulse', { round: round + 1, signature });
    await world.dev.newBlock();
    expect(await world.chain.hasPulse(round + 1)).toBe(false);
    await client.call('dev_writePulse', { round, signature });
    await world.dev.newBlock();
    expect(await world.chain.hasPulse(round)).toBe(true);
    await expect(client.call('dev_writePulse', { round, signature })).rejects.toThrow(/1010/);
    await expect(client.call('dev_writePulse', { round: 0, signature })).rejects.toThrow(/round/);
    await expect(client.call('dev_writePulse', { round, signature: '0x00' })).rejects.toThrow(/48/);
    client.close();
    await world.close();
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  BlockRef,
  Chain,
  ChainCall,
  Neuron,
  SignedExtrinsic,
  TxOutcome,
} from '../../common/chain-port.ts';
import { SubnetError } from '../../common/errors.ts';
import type { Signer } from '../../common/signer-port.ts';

/**
 * A chain with netuid 1: tempo 5, no rate limits, no commit-reveal, no stake threshold, burn 1 TAO
 * or less. uid 0 is the owner's hotkey; uid 1 is `validator`, with stake of `coldkey`.
 */
export interface ChainWorld {
  readonly chain: Chain;
  /** `legacy`: as of spec 218; the default is today's. What differs is told by the tests. */
  readonly dialect?: 'modern' | 'legacy';
  /** The key of this development URI, e.g. `//Charlie`. */
  signer(suri: string): Signer;
  /** Registered as uid 1 and staked, so that the first epoch gives it a permit. */
  readonly validator: Signer;
  /** Owns the validator, with at least 1,000 TAO. */
  readonly coldkey: Signer;
  /** May use Sudo. */
  readonly sudo: Signer;
  passBlocks(count: number): Promise<void>;
  dispose(): Promise<void>;
}

export const contractNetuid = 1;
export const contractTempo = 5;

/** What every Chain must do; the tests share one world and use keys of their own in it. */
export function chainContract(name: string, make: () => Promise<ChainWorld>): void {
  describe(`chain: ${name}`, () => {
    let world: ChainWorld;
    let chain: Chain;
    let isLegacy: boolean;
    beforeAll(async () => {
      world = await make();
      chain = world.chain;
      isLegacy = world.dialect === 'legacy';
    });
    afterAll(() => world.dispose());

    async function neuronOf(signer: Signer): Promise<Neuron | undefined> {
      const { neurons } = await chain.snapshot(contractNetuid);
      return neurons.find((neuron) => neuron.hotkey === signer.ss58);
    }

    async function register(suri: string): Promise<Signer> {
      const hotkey = world.signer(suri);
      const call = {
        call: 'burned_register',
        netuid: contractNetuid,
        hotkey: hotkey.ss58,
      } as const;
      expect(await chain.submit(call, world.coldkey)).toMatchObject({ kind: 'included' });
      return hotkey;
    }

    const weights = (uids: readonly number[], values: readonly number[]): ChainCall => ({
      call: 'set_weights',
      netuid: contractNetuid,
      uids,
      values,
      versionKey: 0n,
    });

    const axon = (ip: string, port = 8091): ChainCall => ({
      call: 'serve_axon',
      netuid: contractNetuid,
      version: 7,
      ip,
      port,
    });

    const admin = (name: string, ...args: readonly (number | boolean)[]): ChainCall => ({
      call: 'admin',
      name,
      args,
      sudo: true,
    });

    async function permitted(): Promise<void> {
      for (let tries = 0; tries < 3; tries += 1) {
        if ((await neuronOf(world.validator))?.validatorPermit === true) return;
        await world.passBlocks(contractTempo + 1);
      }
      throw new Error('the validator got no permit');
    }

    it('names its blocks by number and hash', async () => {
      await world.passBlocks(1);
      const head = await chain.head();
      expect(head.number).toBeGreaterThanOrEqual(1);
      expect(head.hash).toMatch(/^0x[0-9a-f]{64}$/);
      expect(await chain.blockHash(head.number)).toBe(head.hash);
      expect(await chain.blockHash(0)).toBe(chain.genesisHash);
      await expect(chain.blockHash(1_000_000_000)).rejects.toMatchObject({
        code: 'CHAIN_NO_BLOCK',
      });
    });

    it('reads a subnet at one block, neurons dense by uid', async () => {
      const snapshot = await chain.snapshot(contractNetuid);
      expect(snapshot.netuid).toBe(contractNetuid);
      expect(await chain.blockHash(snapshot.block.number)).toBe(snapshot.block.hash);
      expect(snapshot.neurons.map((neuron) => neuron.uid)).toEqual(
        snapshot.neurons.map((_, uid) => uid),
      );
      expect(snapshot.neurons[1]).toMatchObject({
        hotkey: world.validator.ss58,
        coldkey: world.coldkey.ss58,
        axon: null,
      });
      expect(snapshot.neurons[1]?.totalStakeRao).toBeGreaterThan(0n);
      // Runtimes before 2025 keep the owner's coldkey alone.
      expect(snapshot.ownerHotkey).toBe(isLegacy ? null : snapshot.neurons[0]?.hotkey);
      expect(snapshot.hyperparams).toMatchObject({
        tempo: contractTempo,
        weightsRateLimit: 0,
        commitRevealEnabled: false,
        weightsVersionKey: 0n,
      });
      const period = isLegacy ? contractTempo + 1 : contractTempo;
      expect(snapshot.epoch.model).toBe(isLegacy ? 'modulo' : 'stateful');
      expect(snapshot.nextEpochBlock).toBe(snapshot.lastEpochBlock + period);
      expect(snapshot.nextEpochBlock).toBeGreaterThan(snapshot.block.number);
    });

    it('says that a subnet does not exist', async () => {
      await expect(chain.snapshot(99)).rejects.toMatchObject({ code: 'CHAIN_NO_SUBNET' });
      expect(await chain.netuids()).toContain(contractNetuid);
      expect(await chain.netuids()).not.toContain(99);
    });

    it('shows what the runtime keeps, and nothing that it does not', async () => {
      const { neurons, mechanisms } = await chain.snapshot(contractNetuid);
      for (const name of ['rank', 'trust', 'pruningScore']) {
        expect(Object.hasOwn(neurons[0] ?? {}, name)).toBe(isLegacy);
      }
      expect(mechanisms[0]?.lastUpdate).toEqual(neurons.map(({ lastUpdate }) => lastUpdate));
      expect(chain.runtime).toMatchObject(
        isLegacy
          ? { epochs: 'modulo', mechanisms: false, metagraph: 'storage' }
          : { epochs: 'stateful' },
      );
    });

    it('knows how its endpoint does', async () => {
      // On a busy machine a head may be late at any moment, which is told until the next one.
      let seen = chain.endpoints()[0];
      for (let tries = 0; seen?.problem !== null && tries < 20; tries += 1) {
        await world.passBlocks(1);
        seen = chain.endpoints()[0];
      }
      expect(seen).toMatchObject({ state: 'in-use', problem: null });
    });

    it('finds uids by hotkey', async () => {
      expect(await chain.uidOf(contractNetuid, world.validator.ss58)).toBe(1);
      expect(await chain.uidOf(contractNetuid, world.signer('//Nobody').ss58)).toBeNull();
    });

    it('counts a nonce and takes the price of a registration', async () => {
      const before = await chain.account(world.coldkey.ss58);
      const hotkey = await register('//Contract//registered');
      const after = await chain.account(world.coldkey.ss58);
      expect(after.nonce).toBe(before.nonce + 1);
      expect(after.freeRao).toBeLessThan(before.freeRao);
      const neuron = await neuronOf(hotkey);
      expect(neuron).toMatchObject({ coldkey: world.coldkey.ss58, axon: null, incentive: 0 });
      expect(await chain.account(world.signer('//Nobody').ss58)).toEqual({ freeRao: 0n, nonce: 0 });
    });

    it('tells the block and the events of what was included', async () => {
      const hotkey = world.signer('//Contract//events');
      const call = {
        call: 'burned_register',
        netuid: contractNetuid,
        hotkey: hotkey.ss58,
      } as const;
      const outcome = await chain.submit(call, world.coldkey);
      if (outcome.kind !== 'included') throw new Error(outcome.message);
      expect(outcome.extrinsicHash).toMatch(/^0x[0-9a-f]{64}$/);
      expect(await chain.blockHash(outcome.block.number)).toBe(outcome.block.hash);
      const registered = outcome.events.find(
        (event) => event.name === 'SubtensorModule.NeuronRegistered',
      );
      const uid = await chain.uidOf(contractNetuid, hotkey.ss58);
      expect(registered?.args).toEqual([contractNetuid, uid, hotkey.ss58]);
    });

    it('names what the dispatch refused', async () => {
      await register('//Contract//twice');
      const hotkey = world.signer('//Contract//twice').ss58;
      const again = { call: 'burned_register', netuid: contractNetuid, hotkey } as const;
      expect(await chain.submit(again, world.coldkey)).toMatchObject({
        kind: 'refused',
        where: 'dispatch',
        name: 'HotKeyAlreadyRegisteredInSubNet',
      });
      const fresh = world.signer('//Contract//cheap').ss58;
      const cheap = {
        call: 'register_limit',
        netuid: contractNetuid,
        hotkey: fresh,
        limitPriceRao: 1n,
      } as const;
      if (isLegacy) {
        await expect(chain.submit(cheap, world.coldkey)).rejects.toMatchObject({
          code: 'CHAIN_UNSUPPORTED',
          facts: { missing: 'SubtensorModule.register_limit' },
        });
        return;
      }
      expect(await chain.submit(cheap, world.coldkey)).toMatchObject({
        kind: 'refused',
        name: 'RegistrationPriceLimitExceeded',
      });
    });

    it('keeps the key of an axon’s certificate, and another in its place', async () => {
      const miner = await register('//Contract//tls');
      for (const [algorithm, length] of [
        [1, 32],
        [2, 64],
        [0, 1],
      ] as const) {
        const tlsKey = { algorithm, publicKey: new Uint8Array(length).fill(7 + length) };
        const place = { netuid: contractNetuid, version: 1, ip: '192.168.1.11', port: 8100 };
        const outcome = await chain.submit({ call: 'serve_axon_tls', ...place, tlsKey }, miner);
        expect(outcome).toMatchObject({ kind: 'included' });
        const keys = await chain.tlsKeys(contractNetuid);
        expect([...keys]).toEqual([[miner.ss58, tlsKey]]);
      }
      expect((await neuronOf(miner))?.axon).toMatchObject({ ip: '192.168.1.11', port: 8100 });
    });

    it('lets a hotkey without funds serve, and reads the axon back', async () => {
      const miner = await register('//Contract//server');
      const outcome = await chain.submit(axon('192.168.1.10', 8099), miner);
      expect(outcome).toMatchObject({ kind: 'included' });
      const { number } = outcome.kind === 'included' ? outcome.block : { number: -1 };
      expect((await neuronOf(miner))?.axon).toMatchObject({
        ip: '192.168.1.10',
        port: 8099,
        ipType: 4,
        version: 7,
        block: number,
      });
      await chain.submit(axon('2001:db8::1'), miner);
      expect((await neuronOf(miner))?.axon).toMatchObject({ ip: '2001:db8::1', ipType: 6 });
    });

    it('names what the pool refused, with its code', async () => {
      const miner = await register('//Contract//refused');
      const refusals: readonly [TxOutcome, string, number][] = [
        [await chain.submit(axon('127.0.0.1'), miner), 'InvalidIpAddress', 11],
        [await chain.submit(axon('10.0.0.1', 0), miner), 'InvalidPort', 13],
        [
          await chain.submit(axon('10.0.0.1'), world.signer('//Nobody')),
          'HotKeyNotRegisteredInNetwork',
          10,
        ],
      ];
      for (const [outcome, expected, customCode] of refusals) {
        // The older pool checks nothing of an axon.
        const where = isLegacy ? { where: 'dispatch' } : { where: 'pool', customCode };
        expect(outcome).toMatchObject({ kind: 'refused', name: expected, ...where });
      }
    });

    it('refuses weights without a permit', async () => {
      const miner = await register('//Contract//nopermit');
      expect(await chain.submit(weights([0, 1], [1, 1]), miner)).toMatchObject({
        kind: 'refused',
        where: 'dispatch',
        name: 'NeuronNoValidatorPermit',
      });
    });

    it('stores weights upscaled, in the order they came', async () => {
      await register('//Contract//weighed');
      await permitted();
      const outcome = await chain.submit(weights([2, 0], [1000, 500]), world.validator);
      expect(outcome).toMatchObject({ kind: 'included' });
      expect(await chain.weightsOf(contractNetuid, 1)).toEqual([
        [2, 65_535],
        [0, 32_768],
      ]);
      const { number } = outcome.kind === 'included' ? outcome.block : { number: -1 };
      expect((await neuronOf(world.validator))?.lastUpdate).toBe(number);
      expect(await chain.weightsOf(contractNetuid, 0)).toEqual([]);
    });

    it('tells what it signs before it sends it, and takes a nonce twice from nobody', async () => {
      await permitted();
      const { nonce } = await chain.account(world.validator.ss58);
      const { number } = await chain.head();
      const told: SignedExtrinsic[] = [];
      const onSigned = async (signed: SignedExtrinsic): Promise<void> => void told.push(signed);
      const outcome = await chain.submit(weights([0], [1]), world.validator, { onSigned });
      expect(outcome).toMatchObject({ kind: 'included' });
      const { extrinsicHash } = outcome.kind === 'included' ? outcome : { extrinsicHash: '' };
      expect(told).toEqual([{ extrinsicHash, nonce, lastBlock: expect.any(Number) }]);
      expect(told[0]?.lastBlock).toBeGreaterThan(number);
      const before = (await neuronOf(world.validator))?.lastUpdate;
      const again = await chain.submit(weights([0], [1]), world.validator, { nonce });
      expect(again).toMatchObject({ kind: 'refused', where: 'pool', name: 'Stale' });
      expect((await neuronOf(world.validator))?.lastUpdate).toBe(before);
    });

    it('refuses weights that make no sense', async () => {
      await permitted();
      const refuse = async (call: ChainCall, expected: string): Promise<void> => {
        const outcome = await chain.submit(call, world.validator);
        expect(outcome).toMatchObject({ kind: 'refused', where: 'dispatch', name: expected });
      };
      await refuse(weights([0, 0], [1, 1]), 'DuplicateUids');
      await refuse(weights([60_000], [1]), 'UidVecContainInvalidOne');
    });

    it('obeys the limits that sudo sets, and shows them', async () => {
      await permitted();
      const limit = admin('sudo_set_weights_set_rate_limit', contractNetuid, 1000);
      expect(await chain.submit(limit, world.sudo)).toMatchObject({ kind: 'included' });
      expect((await chain.snapshot(contractNetuid)).hyperparams.weightsRateLimit).toBe(1000);
      await chain.submit(weights([0], [1]), world.validator);
      expect(await chain.submit(weights([0], [1]), world.validator)).toMatchObject({
        kind: 'refused',
        ...(isLegacy
          ? { where: 'dispatch', name: 'SettingWeightsTooFast' }
          : { where: 'pool', customCode: 6 }),
      });
      await chain.submit(admin('sudo_set_weights_set_rate_limit', contractNetuid, 0), world.sudo);
      expect(await chain.submit(weights([0], [1]), world.validator)).toMatchObject({
        kind: 'included',
      });
    });

    it('looks inside Sudo: a refused inner call is refused', async () => {
      expect(await chain.submit(admin('sudo_set_tempo', 99, 7), world.sudo)).toMatchObject({
        kind: 'refused',
        where: 'dispatch',
        name: 'SubnetDoesNotExist',
      });
    });

    it('moves stake', async () => {
      const before = await neuronOf(world.validator);
      const stake = {
        call: 'add_stake',
        hotkey: world.validator.ss58,
        netuid: contractNetuid,
        amountRao: 5_000_000_000n,
      } as const;
      expect(await chain.submit(stake, world.coldkey)).toMatchObject({ kind: 'included' });
      const after = await neuronOf(world.validator);
      const gained = (after?.alphaStakeRao ?? 0n) - (before?.alphaStakeRao ?? 0n);
      // Emission may have been paid meanwhile; the stake itself is there in full.
      expect(gained).toBeGreaterThanOrEqual(5_000_000_000n);
    });

    it('sends several calls of one key at once, each with a nonce of its own', async () => {
      const hotkeys = ['//Contract//a', '//Contract//b', '//Contract//c'].map(world.signer);
      const outcomes = await Promise.all(
        hotkeys.map(({ ss58: hotkey }) =>
          chain.submit({ call: 'burned_register', netuid: contractNetuid, hotkey }, world.coldkey),
        ),
      );
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(['included', 'included', 'included']);
    });

    it('calls back for heads until told to stop', async () => {
      const heads: BlockRef[] = [];
      const stop = chain.onHead((head) => void heads.push(head));
      const before = await chain.head();
      await world.passBlocks(2);
      await until(() => heads.some((head) => head.number >= before.number + 2));
      stop();
      const seen = heads.length;
      await world.passBlocks(1);
      expect(heads.length).toBe(seen);
      const numbers = heads.map((head) => head.number);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    });

    it('refuses to work once closed, and may be closed twice', async () => {
      await chain.close();
      await chain.close();
      const error = await chain.head().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SubnetError);
      expect(error).toMatchObject({ code: 'CHAIN_CLOSED' });
    });
  });
}

async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !done(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  expect(done()).toBe(true);
}

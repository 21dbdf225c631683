import type { Chain } from '../../common/chain-port.ts';
import { SubnetError, isSubnetError } from '../../common/errors.ts';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../common/node/log.ts';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';
import { tlsAlgorithms, withdrawnTlsKey } from '../../common/tls-key.ts';
import type { TlsKey } from '../../common/tls-key.ts';
import {
  blocksUntilServe,
  checkAxonAddress,
  ensureRegistered,
  followMetagraph,
  keepServing,
  serveAxon,
} from '../../miner/announce.ts';
import type { AnnounceDeps } from '../../miner/announce.ts';
import { createMinerMetrics } from '../../miner/metrics.ts';
import type { FakeChain } from '../fakes/fake-chain.ts';
import { minerChain, minerColdkey, minerKey, netuid } from './rig.ts';

const never = new AbortController().signal;
const axon = { ip: '127.0.0.2', port: 8091 };

interface Rig {
  readonly chain: FakeChain;
  readonly deps: AnnounceDeps;
}

function rig(): Rig {
  const chain = minerChain();
  const clock = {
    nowMs: () => 0,
    nowNs: () => 0n,
    monotonicMs: () => 0,
    sleep: () => Promise.resolve(void chain.advance()),
  };
  const deps = {
    chain,
    clock,
    hotkey: minerKey,
    log: createLogger({ level: 'silent' }),
    metrics: createMinerMetrics(createMetricsRegistry()),
  };
  return { chain, deps };
}

const register = { coldkey: () => minerColdkey, maxBurnRao: 1_000_000_000n };

function withSubmit(chain: Chain, submit: Chain['submit']): Chain {
  return new Proxy(chain, {
    get: (of, name) => (name === 'submit' ? submit : Reflect.get(of, name, of)),
  });
}

function abortedReason(stop: AbortController, signal: AbortSignal | undefined): Error {
  stop.abort(new Error('stopping'));
  return signal?.reason as Error;
}

async function failure(work: Promise<unknown>): Promise<SubnetError> {
  return work.then(
    () => Promise.reject(new Error('it went well')),
    (error: SubnetError) => error,
  );
}

describe('registration', () => {
  it('is left alone when the hotkey has its place, and refused when not asked for', async () => {
    const { chain, deps } = rig();
    const unasked = { netuid, register: null, axon: null };
    const error = await failure(ensureRegistered(deps, unasked, never));
    expect(error.code).toBe('MINER_NOT_REGISTERED');
    chain.addNeuron(netuid, { hotkey: minerKey.ss58 });
    expect(await ensureRegistered(deps, unasked, never)).toBe(2);
    expect(chain.submissions).toEqual([]);
  });

  it('registers by the coldkey, with the limit that it may cost', async () => {
    const { chain, deps } = rig();
    const uid = await ensureRegistered(deps, { netuid, register, axon: null }, never);
    expect(uid).toBe(2);
    expect(chain.submissions.map((one) => [one.hotkey, one.call])).toEqual([
      [
        minerColdkey.ss58,
        { call: 'register_limit', netuid, hotkey: minerKey.ss58, limitPriceRao: 1_000_000_000n },
      ],
    ]);
  });

  it('pays the price of now where the runtime takes no limit, and not when it rose', async () => {
    const { chain, deps } = rig();
    const submit: Chain['submit'] = (call, signer, options) => {
      if (call.call !== 'register_limit') return chain.submit(call, signer, options);
      return Promise.reject(new SubnetError('CHAIN_UNSUPPORTED', { missing: 'register_limit' }));
    };
    const older = { ...deps, chain: withSubmit(chain, submit) };
    expect(await ensureRegistered(older, { netuid, register, axon: null }, never)).toBe(2);
    expect(chain.submissions.map((one) => one.call)).toEqual([
      { call: 'burned_register', netuid, hotkey: minerKey.ss58 },
    ]);
    const dear = rig();
    const risen: Chain['submit'] = () => {
      dear.chain.patchSubnet(netuid, { hyperparams: { burnRao: 2_000_000_000n } });
      return Promise.reject(new SubnetError('CHAIN_UNSUPPORTED', { missing: 'register_limit' }));
    };
    const poorer = { ...dear.deps, chain: withSubmit(dear.chain, risen) };
    const error = await failure(ensureRegistered(poorer, { netuid, register, axon: null }, never));
    expect(error.code).toBe('MINER_REGISTRATION_FAILED');
    expect(dear.chain.submissions).toEqual([]);
  });

  it('does not ask for what costs more than allowed', async () => {
    const { chain, deps } = rig();
    const poor = { netuid, register: { ...register, maxBurnRao: 5n }, axon: null };
    const error = await failure(ensureRegistered(deps, poor, never));
    expect(error.code).toBe('MINER_REGISTRATION_FAILED');
    expect(error.message).toContain('announce.maxBurnTao allows 5');
    expect(chain.submissions).toEqual([]);
  });

  it('tries again when others filled the block, and gives up on other refusals', async () => {
    const { chain, deps } = rig();
    const refused = { kind: 'refused', where: 'dispatch', message: 'full' } as const;
    chain.answerNextSubmit({ ...refused, name: 'TooManyRegistrationsThisBlock' });
    const options = { netuid, register, axon: null };
    expect(await ensureRegistered(deps, options, never)).toBe(2);
    const other = rig();
    other.chain.answerNextSubmit({ ...refused, name: 'NotEnoughBalanceToStake' });
    const error = await failure(ensureRegistered(other.deps, options, never));
    expect(error.message).toContain('NotEnoughBalanceToStake');
  });
});

describe('the axon on chain', () => {
  it('is served once, and not again while it is the same', async () => {
    const { chain, deps } = rig();
    chain.addNeuron(netuid, { hotkey: minerKey.ss58 });
    expect(await serveAxon(deps, netuid, axon, never)).toBeNull();
    expect(await serveAxon(deps, netuid, axon, never)).toBeNull();
    expect(chain.submissions.map(({ call }) => call)).toEqual([
      { call: 'serve_axon', netuid, version: 1, ...axon },
    ]);
  });

  it('waits for the rate limit of the chain before it changes', async () => {
    const { chain, deps } = rig();
    chain.patchSubnet(netuid, { hyperparams: { servingRateLimit: 5 } });
    chain.addNeuron(netuid, { hotkey: minerKey.ss58 });
    await serveAxon(deps, netuid, axon, never);
    const changed = serveAxon(deps, netuid, { ...axon, port: 9000 }, never);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    expect(chain.submissions).toHaveLength(1);
    chain.advance(6);
    expect(await changed).toBeNull();
    expect(chain.submissions).toHaveLength(2);
  });

  it('publishes the key of its certificate, changes it, and takes it back', async () => {
    const { chain, deps } = rig();
    chain.patchSubnet(netuid, { hyperparams: { servingRateLimit: 0 } });
    chain.addNeuron(netuid, { hotkey: minerKey.ss58 });
    const keyOf = (fill: number): TlsKey => ({
      algorithm: tlsAlgorithms.ed25519,
      publicKey: new Uint8Array(32).fill(fill),
    });
    const onChain = async (): Promise<TlsKey | undefined> =>
      (await chain.tlsKeys(netuid)).get(minerKey.ss58);
    const serve = (tlsKey?: TlsKey): Promise<string | null> =>
      serveAxon(deps, netuid, { ...axon, ...(tlsKey !== undefined && { tlsKey }) }, never);
    await serve(keyOf(1));
    expect(await onChain()).toEqual(keyOf(1));
    await serve(keyOf(1));
    expect(chain.submissions).toHaveLength(1);
    await serve(keyOf(2));
    expect(await onChain()).toEqual(keyOf(2));
    await serve();
    expect(await onChain()).toEqual(withdrawnTlsKey);
    await serve();
    expect(chain.submissions).toHaveLength(3);
  });

  it('gives up for now, tells why, and goes on with long pauses until the chain takes it', async () => {
    const { chain, deps } = rig();
    chain.addNeuron(netuid, { hotkey: minerKey.ss58 });
    let submitted = 0;
    const refused = { kind: 'refused', where: 'pool', name: 'Paused', message: 'not now' } as const;
    const stubborn = withSubmit(chain, (...call) => {
      submitted += 1;
      if (submitted === 64) return Promise.reject(new Error('no endpoint answers'));
      return submitted <= 70 ? Promise.resolve(refused) : chain.submit(...call);
    });
    const pauses: number[] = [];
    const sleep = (ms: number): Promise<void> => Promise.resolve(void pauses.push(ms));
    const patient = { ...deps, chain: stubborn, clock: { ...deps.clock, sleep } };
    expect(await serveAxon(patient, netuid, axon, never)).toBe('Paused: not now');
    const told: (string | null)[] = [];
    await keepServing(patient, netuid, axon, never, (problem) => told.push(problem));
    const text = 'Paused: not now';
    expect(told).toEqual([text, 'no endpoint answers', text, text, null]);
    expect(pauses.filter((ms) => ms > 1000)).toEqual([60_000, 120_000, 240_000, 480_000, 960_000]);
  });

  it('ends with its signal, and says nothing more', async () => {
    const { chain, deps } = rig();
    const stop = new AbortController();
    const told: (string | null)[] = [];
    chain.disconnect();
    const sleep = (_: number, signal?: AbortSignal): Promise<void> =>
      told.length < 3 ? Promise.resolve() : Promise.reject(abortedReason(stop, signal));
    const patient = { ...deps, clock: { ...deps.clock, sleep } };
    await keepServing(patient, netuid, axon, stop.signal, (problem) => told.push(problem));
    expect(told).toHaveLength(3);
  });

  it('has no block to wait for before the first time', async () => {
    const { chain } = rig();
    expect(blocksUntilServe(await chain.snapshot(netuid), null)).toBe(0);
  });

  it.each(['127.0.0.1', '::1', '0.0.0.0', '', 'example', '224.0.0.1'])('refuses %s', (ip) => {
    expect(codeOf(() => checkAxonAddress({ ip, port: 8091 }))).toBe('MINER_ADDRESS_REFUSED');
  });

  it('refuses port 0', () => {
    expect(() => checkAxonAddress({ ip: '8.8.8.8', port: 0 })).toThrow(/externalPort/);
  });
});

describe('following the metagraph', () => {
  it('reads every so many blocks, and keeps the last through a broken connection', async () => {
    const { chain, deps } = rig();
    const blocks: number[] = [];
    const stop = followMetagraph(deps, { netuid, everyBlocks: 3 }, (snapshot) =>
      blocks.push(snapshot.block.number),
    );
    const step = async (): Promise<void> => {
      chain.advance();
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    };
    for (let at = 0; at < 7; at += 1) await step();
    const before = blocks.length;
    expect(before).toBe(3);
    chain.disconnect();
    for (let at = 0; at < 4; at += 1) await step();
    expect(blocks).toHaveLength(before);
    chain.reconnect();
    await step();
    expect(blocks.length).toBeGreaterThan(before);
    stop();
  });

  it('reads anew when the chain was set back, and not when it passes the old height', async () => {
    const { chain, deps } = rig();
    const blocks: number[] = [];
    const stop = followMetagraph(deps, { netuid, everyBlocks: 3 }, (snapshot) =>
      blocks.push(snapshot.block.number),
    );
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    };
    chain.advance(40);
    await settle();
    const { number } = chain.setBack(30);
    await settle();
    expect(blocks.at(-1)).toBe(number);
    stop();
  });
});

/** Code of the catalogue that `work` throws. */
function codeOf(work: () => void): string {
  try {
    work();
  } catch (error) {
    if (isSubnetError(error)) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

import type {
  AxonInfo,
  Chain,
  ChainCall,
  Neuron,
  Snapshot,
  TxOutcome,
} from '../common/chain-port.ts';
import { SubnetError, isSubnetError, messageOf } from '../common/errors.ts';
import { addressClass } from '../common/chain/ip.ts';
import type { Clock } from '../common/platform-port.ts';
import { backoffMs } from '../common/retry.ts';
import type { Signer } from '../common/signer-port.ts';
import type { Logger } from '../common/telemetry-port.ts';
import { isUsableTlsKey, sameTlsKey, withdrawnTlsKey } from '../common/tls-key.ts';
import type { TlsKey } from '../common/tls-key.ts';
import type { MinerMetrics } from './metrics.ts';

export interface AnnounceDeps {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly hotkey: Signer;
  readonly log: Logger;
  readonly metrics: MinerMetrics;
}

export interface RegisterOptions {
  /** Asked for only when there is something to register: the coldkey pays. */
  readonly coldkey: () => Signer;
  readonly maxBurnRao: bigint;
}

/** Where validators shall find the miner. */
export interface AxonAddress {
  readonly ip: string;
  readonly port: number;
  /** Of the certificate that it shows; absent for plain HTTP. */
  readonly tlsKey?: TlsKey;
}

export interface AnnounceOptions {
  readonly netuid: number;
  /** Null: the hotkey must be registered already. */
  readonly register: RegisterOptions | null;
  /** Null: the axon on chain is left alone. */
  readonly axon: AxonAddress | null;
}

/** Written into the axon: what the SDK's newest version writes. */
const axonVersion = 1;
const maxTries = 60;
const pauseMs = 1000;
/** Of each attempt later on: every one costs the chain a call. */
const laterTries = 3;
const firstLongPauseMs = 60_000;
const maxLongPauseMs = 1_800_000;

/**
 * Checks an address before the chain is asked: it refuses 127.0.0.1, ::1 and port 0. Throws
 * MINER_ADDRESS_REFUSED.
 */
export function checkAxonAddress({ ip, port }: AxonAddress): void {
  const kind = addressClass(ip);
  const refused =
    kind === 'invalid' || kind === 'unspecified' || kind === 'multicast'
      ? `${ip === '' ? 'no address is set' : `${ip} is ${kind}`}; set server.externalIp`
      : ip === '127.0.0.1' || ip === '::1'
        ? `the chain takes no ${ip}; another loopback address (127.0.0.2) serves local networks`
        : port === 0
          ? 'port 0 cannot be served; set server.externalPort'
          : null;
  if (refused !== null) throw new SubnetError('MINER_ADDRESS_REFUSED', { detail: refused });
}

/**
 * Registers the hotkey when asked to and needed; gives its uid. Never pays more than
 * `maxBurnRao`: the chain itself refuses above it, where its runtime can. Throws MINER_NOT_REGISTERED,
 * MINER_REGISTRATION_FAILED, CHAIN_*.
 */
export async function ensureRegistered(
  deps: AnnounceDeps,
  { netuid, register }: AnnounceOptions,
  signal: AbortSignal,
): Promise<number> {
  const { chain, clock, hotkey, log } = deps;
  const before = await chain.uidOf(netuid, hotkey.ss58);
  if (before !== null) return before;
  if (register === null) {
    throw new SubnetError('MINER_NOT_REGISTERED', { netuid, hotkey: hotkey.ss58 });
  }
  await checkBurn(deps, netuid, register);
  let last = '';
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const outcome = await submitRegistration(deps, netuid, register);
    const uid = await chain.uidOf(netuid, hotkey.ss58);
    if (uid !== null) {
      log.info('registered', { netuid, uid, hotkey: hotkey.ss58 });
      return uid;
    }
    last = outcomeText(outcome);
    if (!worthRepeating(outcome)) break;
    log.debug('registration not yet', { attempt, outcome: last });
    await clock.sleep(pauseMs, signal);
  }
  throw registrationFailed(deps, netuid, last);
}

async function checkBurn(
  deps: AnnounceDeps,
  netuid: number,
  { maxBurnRao }: RegisterOptions,
): Promise<bigint> {
  const { hyperparams } = await deps.chain.snapshot(netuid);
  if (!hyperparams.registrationAllowed) {
    throw registrationFailed(deps, netuid, 'the subnet takes no registrations now');
  }
  if (hyperparams.burnRao <= maxBurnRao) return hyperparams.burnRao;
  const detail = `it costs ${hyperparams.burnRao} RAO now, announce.maxBurnTao allows ${maxBurnRao}`;
  throw registrationFailed(deps, netuid, detail);
}

/** Older runtimes hold no price to a limit: there it is read right before it is paid. */
async function submitRegistration(
  deps: AnnounceDeps,
  netuid: number,
  register: RegisterOptions,
): Promise<TxOutcome> {
  const { chain, log } = deps;
  const { coldkey, maxBurnRao } = register;
  const hotkey = deps.hotkey.ss58;
  try {
    const limited = { call: 'register_limit', netuid, hotkey, limitPriceRao: maxBurnRao } as const;
    return await chain.submit(limited, coldkey());
  } catch (error) {
    if (!isSubnetError(error) || error.code !== 'CHAIN_UNSUPPORTED') throw error;
    const burnRao = await checkBurn(deps, netuid, register);
    const prices = { netuid, burnRao: String(burnRao), maxBurnRao: String(maxBurnRao) };
    log.info('the runtime has no register_limit: registering at the price of now', prices);
    return chain.submit({ call: 'burned_register', netuid, hotkey }, coldkey());
  }
}

function registrationFailed({ hotkey }: AnnounceDeps, netuid: number, detail: string): SubnetError {
  const facts = { netuid, hotkey: hotkey.ss58, detail };
  return new SubnetError('MINER_REGISTRATION_FAILED', facts);
}

/** The chain takes few registrations in a block; others may come first. */
function worthRepeating(outcome: TxOutcome): boolean {
  return outcome.kind !== 'refused' || /^TooManyRegistrations|RateLimit/.test(outcome.name);
}

function outcomeText(outcome: TxOutcome): string {
  if (outcome.kind === 'included') return 'included, but the hotkey is not registered';
  return outcome.kind === 'unknown' ? outcome.message : `${outcome.name}: ${outcome.message}`;
}

/**
 * Serves the axon on chain, only if it changed, and not before the chain's rate limit allows.
 * Resolves null once the chain shows the address, else why it did not take it.
 */
export async function serveAxon(
  deps: AnnounceDeps,
  netuid: number,
  axon: AxonAddress,
  signal: AbortSignal,
  tries = maxTries,
): Promise<string | null> {
  const { chain, clock, hotkey, log } = deps;
  const { ip, port, tlsKey = null } = axon;
  const place = { netuid, ip, port, tls: tlsKey !== null };
  let last = '';
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const snapshot = await chain.snapshot(netuid);
    const current = neuronOf(snapshot, hotkey)?.axon ?? null;
    const keyToServe = keyChange((await chain.tlsKeys(netuid)).get(hotkey.ss58), tlsKey);
    if (isSame(current, axon) && keyToServe === null) {
      log.info('axon on chain', { ...place, unchanged: attempt === 0 });
      return null;
    }
    const waitBlocks = blocksUntilServe(snapshot, current);
    if (waitBlocks > 0) {
      log.info('the axon can be changed later', { waitBlocks });
      await waitForBlock(deps, snapshot.block.number + waitBlocks, signal);
    }
    const outcome = await chain.submit(serveCall(netuid, axon, keyToServe), hotkey);
    last = outcome.kind === 'included' ? 'included, but not on chain' : outcomeText(outcome);
    if (outcome.kind === 'included') continue;
    log.warn('the axon was not taken yet', { outcome: last });
    await clock.sleep(pauseMs, signal);
  }
  log.error('the chain does not take the axon; it is tried again', { ...place, outcome: last });
  return last;
}

/**
 * Goes on where `serveAxon` gave up, with pauses that grow to half an hour, until the chain shows
 * the address or the signal aborts: without it no validator finds the miner. Never rejects.
 */
export async function keepServing(
  deps: AnnounceDeps,
  netuid: number,
  axon: AxonAddress,
  signal: AbortSignal,
  onOutcome: (problem: string | null) => void,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      await deps.clock.sleep(backoffMs(attempt, firstLongPauseMs, maxLongPauseMs), signal);
      const problem = await serveAxon(deps, netuid, axon, signal, laterTries);
      onOutcome(problem);
      if (problem === null) return;
    } catch (error) {
      if (signal.aborted) return;
      onOutcome(messageOf(error));
      deps.log.warn('the axon could not be served', { error: messageOf(error) });
    }
  }
}

/** The key that has to be published; null when the chain says what is true. */
function keyChange(current: TlsKey | undefined, wanted: TlsKey | null): TlsKey | null {
  if (wanted !== null) return current !== undefined && sameTlsKey(current, wanted) ? null : wanted;
  // Plain HTTP behind a key that stands on chain: callers would try TLS.
  return current !== undefined && isUsableTlsKey(current) ? withdrawnTlsKey : null;
}

function serveCall(netuid: number, { ip, port }: AxonAddress, tlsKey: TlsKey | null): ChainCall {
  const served = { netuid, version: axonVersion, ip, port };
  return tlsKey === null
    ? { call: 'serve_axon', ...served }
    : { call: 'serve_axon_tls', ...served, tlsKey };
}

export function neuronOf(snapshot: Snapshot, { ss58 }: Signer): Neuron | undefined {
  return snapshot.neurons.find((neuron) => neuron.hotkey === ss58);
}

export function isSame(current: AxonInfo | null, axon: AxonAddress): boolean {
  return current !== null && current.ip === axon.ip && current.port === axon.port;
}

/** Blocks from the snapshot's on until a changed axon may be served. */
export function blocksUntilServe(snapshot: Snapshot, current: AxonInfo | null): number {
  if (current === null || current.block === 0) return 0;
  const due = current.block + snapshot.hyperparams.servingRateLimit;
  return Math.max(0, due - snapshot.block.number);
}

function waitForBlock({ chain }: AnnounceDeps, block: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = chain.onHead((head) => {
      if (head.number < block) return;
      leave();
      resolve();
    });
    const onAbort = (): void => {
      leave();
      reject(signal.reason);
    };
    const leave = (): void => {
      stop();
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Reads the metagraph now and then again every `everyBlocks`. A chain that cannot be reached
 * leaves the last snapshot in use. Returns how to stop.
 */
export function followMetagraph(
  { chain, log, metrics }: Pick<AnnounceDeps, 'chain' | 'log' | 'metrics'>,
  { netuid, everyBlocks }: { readonly netuid: number; readonly everyBlocks: number },
  onSnapshot: (snapshot: Snapshot) => void,
): () => void {
  let lastBlock = -Infinity;
  let reading = false;
  const read = async (block: number): Promise<void> => {
    reading = true;
    try {
      onSnapshot(await chain.snapshot(netuid));
      lastBlock = block;
    } catch (error) {
      metrics.chainFailures.inc();
      log.warn('the metagraph could not be read; the last one stays in use', {
        error: messageOf(error),
      });
    } finally {
      reading = false;
    }
  };
  return chain.onHead(({ number }) => {
    // A chain that was set back is read anew too.
    if (!reading && Math.abs(number - lastBlock) >= everyBlocks) void read(number);
  });
}

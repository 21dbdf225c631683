import type { Chain } from '../../common/chain-port.ts';
import { aborted } from '../../common/node/lifecycle.ts';
import { createLogger } from '../../common/node/log.ts';
import { createPlatform } from '../../common/node/platform.ts';
import type { KeySigner } from '../../common/keys/keys.ts';
import type { WalletLocation } from '../../common/keys/wallet.ts';
import { resolveNetwork } from '../../common/networks.ts';
import type { StateSource, StateView } from '../../common/state-view.ts';
import { networkOf } from '../flags.ts';
import type { ActionFlags, NetworkFlags, OutputFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { processTerminal, terminalPrompter } from '../prompt.ts';
import type { Prompter } from '../prompt.ts';
import { checkEndpoints } from './endpoint-check.ts';
import type { Purpose } from './endpoint-check.ts';
import { asCancelled, throwIfStopped } from '../stopped.ts';
import { openColdkey, openHotkey } from '../wallet-open.ts';

export type OperatorChain = Chain & StateSource;

/** The world of the operator's chain commands; tests hand in their own. */
export interface OperatorDeps {
  /** A network name, an endpoint, or several endpoints with commas between them. */
  connect(network: string, purpose: Purpose): Promise<OperatorChain>;
  prompter(flags: ActionFlags): Prompter;
  open(
    location: WalletLocation,
    signedBy: 'coldkey' | 'hotkey',
    prompter: Prompter,
  ): Promise<KeySigner>;
}

/** Of one read: a person waits for it. */
const requestTimeoutMs = 15_000;

/** For the genesis of the endpoints that are not in use; a visit has the deadline of a request. */
const readerWaitsMs = 2000;
const signerWaitsMs = 2 * requestTimeoutMs;

export function operatorDeps(io: CliIo): OperatorDeps {
  return {
    connect: (network, purpose) => connect(io, network, purpose),
    prompter: (flags) => terminalPrompter(processTerminal(io.signal), flags),
    open: (location, signedBy, prompter) => {
      const parts = { prompter, io };
      return signedBy === 'coldkey' ? openColdkey(location, parts) : openHotkey(location, parts);
    },
  };
}

async function connect(io: CliIo, network: string, purpose: Purpose): Promise<OperatorChain> {
  const { endpoints, genesisHash } = resolveNetwork(network);
  const platform = createPlatform();
  // Loaded here: the client takes longer to load than all else, and a wrong flag is told without it.
  const { connectChain } = await import('../../common/chain/chain-substrate.ts');
  const chain = await connectChain({
    endpoints,
    platform,
    logger: createLogger({ level: 'silent' }),
    requestTimeoutMs,
    signal: io.signal,
    ...(genesisHash === undefined ? {} : { genesisHash }),
  });
  const waitsMs = purpose === 'read' ? readerWaitsMs : signerWaitsMs;
  const patience = platform.deadline(waitsMs, io.signal);
  try {
    await Promise.race([chain.othersVisited(), aborted(patience.signal)]);
    throwIfStopped(io.signal);
    checkEndpoints(io, chain, purpose);
    return chain;
  } catch (error) {
    await chain.close();
    throw error;
  } finally {
    patience.dispose();
  }
}

/** Connects, does the work, and closes the connection whatever happens. */
export async function withChain<T>(
  io: CliIo,
  deps: OperatorDeps,
  flags: NetworkFlags,
  work: (chain: OperatorChain) => Promise<T>,
  purpose: Purpose = 'sign',
): Promise<T> {
  try {
    const chain = await deps.connect(networkOf(io, flags), purpose);
    return await closing(chain, io.signal, work);
  } catch (error) {
    throw asCancelled(error, io.signal);
  }
}

/** Cancelling closes the connection: whatever waits for an answer ends at once. */
async function closing<T>(
  chain: OperatorChain,
  signal: AbortSignal,
  work: (chain: OperatorChain) => Promise<T>,
): Promise<T> {
  const stop = (): void => void chain.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    throwIfStopped(signal);
    return await work(chain);
  } finally {
    signal.removeEventListener('abort', stop);
    await chain.close();
  }
}

/** What a reading command found: one JSON object, or lines for people. */
export interface Answer {
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}

/** Reads at one block and prints, as `--json` says. */
export async function answer(
  io: CliIo,
  deps: OperatorDeps,
  flags: NetworkFlags & OutputFlags,
  read: (view: StateView, chain: OperatorChain) => Promise<Answer>,
): Promise<void> {
  const reading = async (chain: OperatorChain) => {
    const view = await chain.view();
    const { genesisHash } = chain;
    return { genesisHash, block: view.block, ...(await read(view, chain)) };
  };
  const found = await withChain(io, deps, flags, reading, 'read');
  if (flags.json === true) {
    const { genesisHash } = found;
    const { number: block, hash: blockHash } = found.block;
    io.out(jsonLine({ ok: true, genesisHash, block, blockHash, ...found.json }));
  } else {
    found.lines.forEach((line) => io.out(line));
  }
}

/** Integers too large for JSON as decimal text; their names say the unit (`Rao`). */
export function jsonLine(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one));
}

import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { Command } from 'commander';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { createLogger } from '../../common/node/log.ts';
import { SubnetError } from '../../common/errors.ts';
import type { Chain, ChainCall } from '../../common/chain-port.ts';
import type { Signer } from '../../common/signer-port.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { readColdkey, readHotkey } from '../../common/keys/wallet.ts';
import type { CliIo } from '../io.ts';

interface AbsentOptions {
  readonly chain: string;
  readonly wallet: string;
  readonly host: string;
  readonly port: string;
  readonly netuid: string;
}

/**
 * A miner that registers, serves its axon on chain, accepts connections and never says a word:
 * what a validator must survive, and pay nothing for. Part of the demo, not of the miner.
 */
export function absentCommand(io: CliIo): Command {
  return new Command('absent')
    .description('(demo) registers, announces itself and never answers')
    .requiredOption('--chain <url>')
    .requiredOption('--wallet <path>')
    .requiredOption('--host <ip>')
    .requiredOption('--port <port>')
    .requiredOption('--netuid <netuid>')
    .action((options: AbsentOptions) => runAbsent(options, io.signal));
}

async function runAbsent(options: AbsentOptions, signal: AbortSignal): Promise<void> {
  const sockets = new Set<Socket>();
  const server = await listenSilently(options.host, Number(options.port), sockets);
  const log = createLogger({ level: 'info', format: 'json' });
  const endpoints = [options.chain];
  const chain = await connectChain({ endpoints, platform: createPlatform(), logger: log });
  await announce(chain, options);
  log.info('announced, and silent from here on');
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  for (const socket of sockets) socket.destroy();
  server.close();
  await chain.close();
}

function listenSilently(host: string, port: number, sockets: Set<Socket>): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
      socket.resume();
    });
    server.once('error', reject);
    server.listen({ host, port }, () => resolve(server));
  });
}

async function announce(chain: Chain, options: AbsentOptions): Promise<void> {
  const netuid = Number(options.netuid);
  const where = { path: options.wallet, name: 'absent', hotkey: 'default' };
  const sr25519 = loadSr25519();
  const coldkey = readColdkey(sr25519, where).signer;
  const hotkey = readHotkey(sr25519, where).signer;
  await mustSubmit(chain, { call: 'burned_register', netuid, hotkey: hotkey.ss58 }, coldkey);
  const { host: ip, port } = options;
  const serve: ChainCall = { call: 'serve_axon', netuid, version: 1, ip, port: Number(port) };
  await mustSubmit(chain, serve, hotkey);
}

async function mustSubmit(chain: Chain, call: ChainCall, signer: Signer): Promise<void> {
  const outcome = await chain.submit(call, signer);
  if (outcome.kind === 'included') return;
  throw new SubnetError('DEMO_SETUP_FAILED', { detail: `${call.call}: ${outcome.message}` });
}

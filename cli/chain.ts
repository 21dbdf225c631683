import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { startDevChain } from '../chain/devchain.ts';
import type { DevChainOptions, RuntimeChoice } from '../chain/devchain.ts';
import { genesisProblems } from '../chain/genesis-problems.ts';
import { loadConfig } from '../common/config/config-load.ts';
import { genesisSchema } from '../common/config/genesis-schema.ts';
import { aborted } from '../common/node/lifecycle.ts';
import { createLogger } from '../common/node/log.ts';
import type { CliIo } from './io.ts';
import { wholeNumberOption } from './options.ts';

interface DevFlags {
  readonly port: number;
  readonly host: string;
  readonly blockTime: number;
  readonly genesis?: string;
  readonly state?: string;
  readonly runtime: RuntimeChoice;
  readonly manual?: boolean;
  readonly json?: boolean;
}

/** `subnet chain dev`: the embedded chain, for development and tests. */
export function chainCommand(io: CliIo): Command {
  const command = new Command('chain').description('the embedded development chain');
  command
    .command('dev')
    .description('run the embedded chain until it is stopped')
    .option('--port <port>', 'JSON-RPC over WebSocket and HTTP; 0 finds a free one', port, 9944)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--block-time <ms>', 'milliseconds from block to block', blockTime, 250)
    .option('--genesis <file>', 'genesis YAML (accounts, subnets, hyperparameters)')
    .option('--state <dir>', 'keep the chain there, over restarts')
    .addOption(runtime)
    .option('--manual', 'build blocks only when asked to (dev_newBlock)')
    .option('--json', 'one JSON line on stdout when it is ready')
    .action((flags: DevFlags) => runDev(io, flags));
  return command;
}

const runtime = new Option(
  '--runtime <name>',
  'runtime to start with; legacy is for tests of clients',
)
  .choices(['modern', 'legacy'])
  .default('modern');
const port = wholeNumberOption(0, 65535);
const blockTime = wholeNumberOption(10, 3_600_000);

/** The shape, and what the runtime would stumble over: both with file, line and column. */
const checkedGenesis = genesisSchema.superRefine((genesis, context) => {
  for (const { path, message } of genesisProblems(genesis)) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
});

async function runDev(io: CliIo, flags: DevFlags): Promise<void> {
  const chain = await startDevChain(optionsOf(flags));
  const { number } = chain.head();
  if (flags.json === true) {
    const { url, genesisHash } = chain;
    io.out(JSON.stringify({ event: 'ready', url, genesisHash, head: number }));
  } else {
    io.out(`${chain.url}  genesis ${chain.genesisHash}  head ${number}`);
  }
  try {
    const failure = await Promise.race([aborted(io.signal), chain.failed]);
    if (failure instanceof Error) throw failure;
  } finally {
    await chain.close();
  }
}

function optionsOf(flags: DevFlags): DevChainOptions {
  const genesis =
    flags.genesis === undefined ? {} : { genesis: loadConfig(flags.genesis, checkedGenesis).value };
  return {
    port: flags.port,
    host: flags.host,
    blockTimeMs: flags.blockTime,
    manual: flags.manual === true,
    runtime: flags.runtime,
    log: createLogger({ level: 'info' }),
    ...genesis,
    ...(flags.state === undefined ? {} : { stateDir: resolve(flags.state) }),
  };
}

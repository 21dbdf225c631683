#!/usr/bin/env node
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { isSubnetError, messageOf, SubnetError } from '../common/errors.ts';
import { packageVersion } from '../common/node/package-root.ts';
import { processIo } from './io.ts';
import type { CliIo } from './io.ts';
import { quietLibraryLogs } from './quiet-console.ts';

interface Group {
  readonly name: string;
  readonly summary: string;
  load(io: CliIo): Promise<Command>;
}

/** One file per command group, loaded only when it is asked for: `subnet --help` stays instant. */
const groups: readonly Group[] = [
  {
    name: 'demo',
    summary: 'a whole subnet on this machine: chain, miners, validators, emission',
    load: async (io) => (await import('./demo.ts')).demoCommand(io),
  },
  {
    name: 'chain',
    summary: 'the embedded development chain',
    load: async (io) => (await import('./chain.ts')).chainCommand(io),
  },
  {
    name: 'miner',
    summary: 'serve a model and earn',
    load: async (io) => (await import('./miner.ts')).minerCommand(io),
  },
  {
    name: 'validator',
    summary: 'query miners, score them, set weights',
    load: async (io) => (await import('./validator.ts')).validatorCommand(io),
  },
  {
    name: 'wallet',
    summary: 'wallets in the Bittensor directory layout',
    load: async (io) => (await import('./wallet.ts')).walletCommand(io),
  },
  {
    name: 'subnets',
    summary: 'look at subnets, register, create, start',
    load: async (io) => (await import('./subnets.ts')).subnetsCommand(io),
  },
  {
    name: 'stake',
    summary: 'add, remove and list stake',
    load: async (io) => (await import('./stake.ts')).stakeCommand(io),
  },
  {
    name: 'weights',
    summary: 'look at weights, set, commit, reveal, watch',
    load: async (io) => (await import('./weights.ts')).weightsCommand(io),
  },
  {
    name: 'sudo',
    summary: "read and set a subnet's hyperparameters",
    load: async (io) => (await import('./sudo.ts')).sudoCommand(io),
  },
  {
    name: 'axon',
    summary: 'where a hotkey serves, on chain',
    load: async (io) => (await import('./axon.ts')).axonCommand(io),
  },
  {
    name: 'spec',
    summary: 'bring the chain to what the subnet YAML says',
    load: async (io) => (await import('./spec.ts')).specCommand(io),
  },
  {
    name: 'doctor',
    summary: 'what is wrong with this node, and what to do',
    load: async (io) => (await import('./doctor.ts')).doctorCommand(io),
  },
  {
    name: 'config',
    summary: 'check YAML files',
    load: async (io) => (await import('./config.ts')).configCommand(io),
  },
];

async function buildProgram(io: CliIo, wanted: string | undefined): Promise<Command> {
  const program = new Command('subnet')
    .description('Node software of a Bittensor-style subnet')
    .version(packageVersion())
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    });
  for (const group of groups) {
    const command =
      group.name === wanted
        ? await group.load(io)
        : new Command(group.name).description(group.summary);
    program.addCommand(inherit(command));
  }
  return program;
}

/** Errors of nested commands are thrown to `main` instead of ending the process. */
function inherit(command: Command): Command {
  command.exitOverride();
  command.commands.forEach(inherit);
  return command;
}

function report(io: CliIo, error: unknown, asJson: boolean): number {
  if (error instanceof CommanderError) return reportUsage(io, error, asJson);
  const known = isSubnetError(error);
  const code = known ? error.code : 'INTERNAL';
  if (asJson) {
    const fix = known ? error.fix : 'Please report it.';
    io.out(JSON.stringify({ ok: false, error: { code, message: messageOf(error), fix } }));
  } else {
    io.err(`error ${code}: ${messageOf(error)}`);
    if (known) io.err(`  fix: ${error.fix}`);
    else if (error instanceof Error && error.stack !== undefined) io.err(error.stack);
  }
  return known ? error.exitCode : 1;
}

/** Commander has told people already what is wrong with their command line. */
function reportUsage(io: CliIo, { exitCode, message }: CommanderError, asJson: boolean): number {
  if (exitCode === 0) return 0;
  const usage = new SubnetError('USAGE', { detail: message.replace(/^error: /, '') });
  const { code, fix } = usage;
  if (asJson) io.out(JSON.stringify({ ok: false, error: { code, message: usage.message, fix } }));
  return usage.exitCode;
}

const lingerMs = 2000;

/** Runs one command line; resolves to the exit code. A second Ctrl-C ends the process at once. */
async function main(argv: readonly string[]): Promise<void> {
  const stop = new AbortController();
  const io = processIo(stop.signal);
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted && name === 'SIGINT') process.exit(130);
      stop.abort(new Error(name));
    });
  }
  stopWithParent(stop);
  quietLibraryLogs(console);
  try {
    const program = await buildProgram(io, argv[2]);
    await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = report(io, error, argv.includes('--json'));
  }
  // A half-dead socket waits half a minute for a farewell; all that matters is stopped by now.
  setTimeout(() => process.exit(), lingerMs).unref();
}

/** A process that was started with a channel to its parent ends when the parent does. */
function stopWithParent(stop: AbortController): void {
  if (process.channel === undefined || process.channel === null) return;
  process.channel.unref();
  process.on('disconnect', () => stop.abort(new Error('the parent process ended')));
}

await main(process.argv);

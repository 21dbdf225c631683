import { Command } from 'commander';
import { acceptCommonFlags, withAction, withHotkey, withNetuid, withNetwork } from './flags.ts';
import type { CliIo } from './io.ts';
import { resetAxon, setAxon } from './operator/axon-serve.ts';
import type { AxonFlags } from './operator/axon-serve.ts';
import { operatorDeps } from './operator/session.ts';
import { wholeNumberOption } from './options.ts';

/** `subnet axon`: where a hotkey serves, as the metagraph shows it. */
export function axonCommand(io: CliIo, deps = operatorDeps(io)): Command {
  const command = new Command('axon').description('where a hotkey serves, on chain');
  const signing = (name: string, description: string): Command =>
    withNetuid(withHotkey(withAction(withNetwork(command.command(name).description(description)))));
  signing('set', 'serve an endpoint')
    .option('--ip <address>', 'IPv4 or IPv6 address that validators reach')
    .option('--port <port>', 'its TCP port', wholeNumberOption(1, 65_535))
    .action((flags: AxonFlags) => setAxon(io, deps, flags));
  signing('reset', 'take the endpoint off the metagraph').action((flags: AxonFlags) =>
    resetAxon(io, deps, flags),
  );
  command.commands.forEach(acceptCommonFlags);
  return command;
}

import { Command } from 'commander';
import {
  acceptCommonFlags,
  withAction,
  withHotkey,
  withJson,
  withNetuid,
  withNetwork,
  withWallet,
} from './flags.ts';
import type { CliIo } from './io.ts';
import { amountOption } from './operator/command-parts.ts';
import type { SigningFlags } from './operator/command-parts.ts';
import { showHyperparameters } from './operator/hyperparameter-list.ts';
import { operatorDeps } from './operator/session.ts';
import { burnCost, listSubnets, showMetagraph, showSubnet } from './operator/subnets-read.ts';
import type { ReadFlags } from './operator/subnets-read.ts';
import { createSubnet, registerNeuron, startSubnet } from './operator/subnets-write.ts';
import type { RegisterFlags } from './operator/subnets-write.ts';

/** `subnet subnets`: look at subnets, register on them, create and start one. */
export function subnetsCommand(io: CliIo, deps = operatorDeps(io)): Command {
  const command = new Command('subnets').description('look at subnets, register, create, start');
  const reading = (name: string, description: string): Command =>
    withJson(withNetwork(command.command(name).description(description)));
  reading('list', 'every subnet with price, emission, seats and burn').action((flags: ReadFlags) =>
    listSubnets(io, deps, flags),
  );
  withNetuid(reading('show', 'one subnet in full')).action((flags: ReadFlags) =>
    showSubnet(io, deps, flags),
  );
  withNetuid(reading('metagraph', 'every neuron of a subnet')).action((flags: ReadFlags) =>
    showMetagraph(io, deps, flags),
  );
  withNetuid(reading('hyperparameters', "a subnet's hyperparameters, and who may set them")).action(
    (flags: ReadFlags) => showHyperparameters(io, deps, flags),
  );
  withNetuid(reading('burn-cost', 'what registering a neuron burns now')).action(
    (flags: ReadFlags) => burnCost(io, deps, flags),
  );
  addSigning(io, command, deps);
  command.commands.forEach(acceptCommonFlags);
  return command;
}

function addSigning(io: CliIo, command: Command, deps: ReturnType<typeof operatorDeps>): void {
  const signing = (name: string, description: string): Command =>
    withAction(withNetwork(command.command(name).description(description)));
  withNetuid(withHotkey(signing('register', 'register a hotkey on a subnet by burning TAO')))
    .option('--max-burn <tao>', 'never burn more (default: the price that is shown)', amountOption)
    .action((flags: RegisterFlags) => registerNeuron(io, deps, flags));
  withHotkey(signing('create', 'create a subnet; locks TAO')).action((flags: SigningFlags) =>
    createSubnet(io, deps, flags),
  );
  withNetuid(withWallet(signing('start', "start a new subnet's emission (its owner)"))).action(
    (flags: SigningFlags) => startSubnet(io, deps, flags),
  );
}

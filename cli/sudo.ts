import { Command } from 'commander';
import {
  acceptCommonFlags,
  textOption,
  withAction,
  withJson,
  withNetuid,
  withNetwork,
  withWallet,
} from './flags.ts';
import type { CliIo } from './io.ts';
import { showHyperparameters } from './operator/hyperparameter-list.ts';
import type { HyperparameterFlags } from './operator/hyperparameter-list.ts';
import { operatorDeps } from './operator/session.ts';
import { setByOwner } from './operator/sudo-set.ts';
import type { SudoSetFlags } from './operator/sudo-set.ts';

/** `subnet sudo`: a subnet's hyperparameters, by the names that btcli uses. */
export function sudoCommand(io: CliIo, deps = operatorDeps(io)): Command {
  const command = new Command('sudo').description("read and set a subnet's hyperparameters");
  const get = command.command('get').description('what is set, and who may set it');
  withNetuid(withJson(withNetwork(get)))
    .option('--param <name>', 'one hyperparameter (all when absent)', textOption)
    .action((flags: HyperparameterFlags) => showHyperparameters(io, deps, flags));
  const set = command.command('set').description('set one, as the owner of the subnet');
  withNetuid(withWallet(withAction(withNetwork(set))))
    .option('--param <name>', 'which one: subnet sudo get lists them', textOption)
    .option('--value <value>', 'amounts in TAO, on/off for switches, LOW,HIGH for pairs')
    .option('--sudo', 'sign with the root key of a development chain')
    .action((flags: SudoSetFlags) => setByOwner(io, deps, flags));
  command.commands.forEach(acceptCommonFlags);
  return command;
}

import { Command } from 'commander';
import { runMiner } from '../miner/main.ts';
import type { CliIo } from './io.ts';
import { adminCommand, modelsCommand } from './miner/admin.ts';
import { benchCommand } from './miner/bench.ts';
import { addModelFiles } from './miner/stored-models.ts';
import { tuneCommand } from './miner/tune.ts';

/** `subnet miner`: serve a model and earn. */
export function minerCommand(io: CliIo): Command {
  const command = new Command('miner').description('serve a model and earn');
  command
    .command('run')
    .description('serve the model of a miner YAML until it is stopped')
    .requiredOption('--config <file>', 'miner YAML')
    .action((flags: { config: string }) =>
      runMiner({ configFile: flags.config, signal: io.signal }),
    );
  command.addCommand(adminCommand(io));
  const models = modelsCommand(io);
  addModelFiles(models, io);
  command.addCommand(models);
  command.addCommand(benchCommand(io));
  command.addCommand(tuneCommand(io));
  return command;
}

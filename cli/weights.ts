import { Command, InvalidArgumentError } from 'commander';
import {
  acceptCommonFlags,
  textOption,
  withAction,
  withHotkey,
  withJson,
  withNetuid,
  withNetwork,
} from './flags.ts';
import type { CliIo } from './io.ts';
import { operatorDeps } from './operator/session.ts';
import { revealWeights } from './operator/weights-reveal.ts';
import type { RevealFlags } from './operator/weights-reveal.ts';
import { commitWeights, setWeights } from './operator/weights-send.ts';
import type { CommitFlags } from './operator/weights-send.ts';
import type { WeightFlags } from './operator/weights-plan.ts';
import { showWeights } from './operator/weights-show.ts';
import type { ShowFlags } from './operator/weights-show.ts';
import { wholeNumberOption } from './options.ts';
import { addWatchCommand } from './validator-weights.ts';

/** `subnet weights`: look at weight rows, set them by hand, commit, reveal, watch a validator's. */
export function weightsCommand(io: CliIo, deps = operatorDeps(io)): Command {
  const command = new Command('weights').description('look at weights, set, commit, reveal, watch');
  withMecid(
    withNetuid(
      withHotkey(withJson(withNetwork(command.command('show').description('stored weight rows')))),
    ),
  )
    .option('--uid <uid>', "this validator's row (default: that of the wallet's hotkey)", uidOption)
    .option('--all', 'the rows of all validators, as without a wallet')
    .action((flags: ShowFlags) => showWeights(io, deps, flags));
  const signing = (name: string, description: string): Command =>
    withHotkey(withAction(withNetwork(command.command(name).description(description))));
  withVector(signing('set', 'set weights, or commit them timelocked where commit-reveal is on'))
    .addHelpText('after', runningNode)
    .action((flags: WeightFlags) => setWeights(io, deps, flags));
  withVector(signing('commit', 'commit the hash of weights; the salt is written to a file first'))
    .option('--salt-file <file>', 'new file (default: weights-netuid<N>-<hash>.json)', textOption)
    .addHelpText('after', runningNode)
    .action((flags: CommitFlags) => commitWeights(io, deps, flags));
  signing('reveal', 'reveal weights that were committed by hash')
    .option('--salt-file <file>', 'the file that the commit wrote', textOption)
    .action((flags: RevealFlags) => revealWeights(io, deps, flags));
  addWatchCommand(io, command);
  command.commands.forEach(acceptCommonFlags);
  return command;
}

const runningNode = `
A running validator of the same hotkey takes a commit that it did not make for another
validator with its key, and stops. Stop it first.`;

const uidOption = wholeNumberOption(0, 65_535);

function withMecid(command: Command): Command {
  return command.option(
    '--mecid <n>',
    'incentive mechanism (default: 0)',
    wholeNumberOption(0, 15),
  );
}

function withVector(command: Command): Command {
  return withMecid(withNetuid(command))
    .option('--uids <list>', 'who gets weight, as in 0,3,7')
    .option('--weights <list>', 'how much each, in proportion, as in 0.2,1,0.5')
    .option('--version-key <n>', 'default: the one that the subnet asks for', versionKeyOption);
}

function versionKeyOption(text: string): bigint {
  if (/^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return BigInt(text);
  throw new InvalidArgumentError('must be a whole number below 2^64');
}

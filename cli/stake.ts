import { Command, InvalidArgumentError } from 'commander';
import { parseAmount } from '../common/operator/amount.ts';
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
import { addressOption, positiveAmountOption } from './operator/command-parts.ts';
import { operatorDeps } from './operator/session.ts';
import { moveStake } from './operator/stake-move.ts';
import type { MoveFlags } from './operator/stake-move.ts';
import { listStake } from './operator/stake-list.ts';
import type { StakeListFlags } from './operator/stake-list.ts';
import { addStake, removeStake } from './operator/stake-trade.ts';
import type { TradeFlags } from './operator/stake-trade.ts';
import { wholeNumberOption } from './options.ts';

/** `subnet stake`: list, add, remove, move, transfer and swap stake. */
export function stakeCommand(io: CliIo, deps = operatorDeps(io)): Command {
  const command = new Command('stake').description('add, remove and list stake');
  const list = command.command('list').description('what a coldkey has staked, with its worth');
  withNetuid(withWallet(withJson(withNetwork(list))))
    .option('--coldkey <ss58>', "this coldkey rather than the wallet's", addressOption)
    .action((flags: StakeListFlags) => listStake(io, deps, flags));
  const trading = (name: string, description: string): Command =>
    withNetuid(withHotkey(withAction(withNetwork(command.command(name).description(description)))));
  withTrade(trading('add', 'stake TAO to a hotkey on a subnet'), 'TAO', 'all the free balance')
    .option('--all-hotkeys', 'to each hotkey of the wallet: the amount, or its part of --all')
    .action((flags: TradeFlags) => addStake(io, deps, flags));
  withTrade(trading('remove', 'turn stake into free TAO'), 'alpha (TAO on root)', 'all of it')
    .option('--all-hotkeys', 'with --all: from every hotkey')
    .option('--all-netuids', 'with --all: on every subnet')
    .action((flags: TradeFlags) => removeStake(io, deps, flags));
  withUnsafe(withMove(trading('move', 'to another hotkey')))
    .option('--to-hotkey <ss58>', 'the hotkey that gets it', addressOption)
    .action((flags: MoveFlags) => moveStake(io, deps, 'move', flags));
  withUnsafe(withMove(trading('transfer', 'to another coldkey')))
    .option('--to-coldkey <ss58>', 'the coldkey that gets it', addressOption)
    .action((flags: MoveFlags) => moveStake(io, deps, 'transfer', flags));
  withLimit(
    withMove(trading('swap', 'to another subnet, at the price of both pools')),
    'stake there for one alpha here: not worse than this',
  ).action((flags: MoveFlags) => moveStake(io, deps, 'swap', flags));
  command.commands.forEach(acceptCommonFlags);
  return command;
}

function withMove(command: Command): Command {
  return command
    .option('--amount <amount>', 'in alpha (TAO on root) of --netuid', positiveAmountOption)
    .option('--all', 'all of it')
    .option('--to-netuid <netuid>', 'the subnet that it goes to', wholeNumberOption(0, 65_535));
}

function withTrade(command: Command, unit: string, all: string): Command {
  const trade = command
    .option('--amount <amount>', `in ${unit}, at most nine decimals`, positiveAmountOption)
    .option('--all', all);
  return withLimit(trade, 'TAO for one alpha: not worse than this');
}

/** Those calls hold no limit; on one subnet nothing is traded. */
function withUnsafe(command: Command): Command {
  return command.option(
    '--unsafe',
    'at any price, where that is another subnet with another price',
  );
}

function withLimit(command: Command, price: string): Command {
  return command
    .option('--limit-price <amount>', price, positiveAmountOption)
    .option('--tolerance <percent>', 'how far the price may move (default: 0.5)', toleranceOption)
    .option('--partial', 'trade what the limit allows, rather than nothing')
    .option('--unsafe', 'at any price');
}

/** Percent with at most one decimal, as thousandths. */
function toleranceOption(text: string): bigint {
  const percent = parseAmount(text);
  const permille = percent === null ? null : percent / 100_000_000n;
  const isExact = percent !== null && percent % 100_000_000n === 0n;
  if (permille !== null && isExact && permille <= 1000n) return permille;
  throw new InvalidArgumentError('must be a percentage such as 0.5, at most one decimal');
}

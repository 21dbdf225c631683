import { Command } from 'commander';
import type { Hotkey } from '../../common/brand.ts';
import type { Neuron, Snapshot } from '../../common/chain-port.ts';
import { SubnetError } from '../../common/errors.ts';
import { listWallets, summariseWallet } from '../../common/keys/wallet.ts';
import { amountText, shortDecimal, tao } from '../../common/operator/amount.ts';
import { readColdkeyBalance } from '../../common/operator/balances.ts';
import type { ColdkeyBalance } from '../../common/operator/balances.ts';
import { readNetuids } from '../../common/operator/subnet-list.ts';
import type { StateView } from '../../common/state-view.ts';
import {
  acceptCommonFlags,
  locationOf,
  withJson,
  withNetuid,
  withNetwork,
  withWallet,
} from '../flags.ts';
import type { NetworkFlags, OutputFlags, WalletFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { coldkeyOf } from './command-parts.ts';
import type { SubnetFlags } from './command-parts.ts';
import { factsJson } from './facts.ts';
import { neuronJson } from './metagraph-json.ts';
import { axonText, updatedText } from './metagraph-view.ts';
import { answer, operatorDeps } from './session.ts';
import type { OperatorDeps } from './session.ts';
import { positionJson } from './stake-list.ts';
import { countText, renderTable, share, shortKey } from './table.ts';
import type { Column } from './table.ts';

interface BalanceFlags extends WalletFlags, NetworkFlags, OutputFlags {
  /** Every wallet of the folder. */
  readonly all?: boolean;
}

interface OverviewFlags extends WalletFlags, NetworkFlags, OutputFlags, SubnetFlags {}

/** `subnet wallet balance` and `subnet wallet overview`: what the chain holds for a wallet. */
export function addWalletChainCommands(
  io: CliIo,
  command: Command,
  deps: OperatorDeps = operatorDeps(io),
): void {
  const balance = command.command('balance').description('free and staked TAO of a coldkey');
  withWallet(withJson(withNetwork(balance)))
    .option('--all', 'of every wallet in the folder')
    .action((flags: BalanceFlags) => showBalance(io, deps, flags));
  const overview = command
    .command('overview')
    .description("the neurons of a wallet's hotkeys on every subnet");
  withNetuid(withWallet(withJson(withNetwork(overview)))).action((flags: OverviewFlags) =>
    showOverview(io, deps, flags),
  );
  [balance, overview].forEach(acceptCommonFlags);
}

interface NamedBalance extends ColdkeyBalance {
  readonly name: string;
}

const balanceColumns: readonly Column<NamedBalance>[] = [
  { title: 'wallet', text: ({ name }) => name },
  { title: 'coldkey', text: ({ coldkey }) => shortKey(coldkey) },
  { title: 'free TAO', align: 'right', text: ({ freeRao }) => shortDecimal(freeRao, 9) },
  { title: 'staked TAO', align: 'right', text: (one) => shortDecimal(one.stakedValueRao, 9) },
  {
    title: 'total TAO',
    align: 'right',
    text: (one) => shortDecimal(one.freeRao + one.stakedValueRao, 9),
  },
];

function showBalance(io: CliIo, deps: OperatorDeps, flags: BalanceFlags): Promise<void> {
  const wallets = flags.all === true ? everyWallet(io, flags) : [oneWallet(io, flags)];
  return answer(io, deps, flags, async (view) => {
    const balances = await Promise.all(
      wallets.map(async ({ name, coldkey }) => ({
        name,
        ...(await readColdkeyBalance(view, coldkey)),
      })),
    );
    const total = balances.reduce((sum, one) => sum + one.freeRao + one.stakedValueRao, 0n);
    return {
      json: { balances: balances.map(balanceJson), ...factsJson({ total: tao(total) }) },
      lines: [
        ...renderTable(balanceColumns, balances, io.columns).split('\n'),
        `total ${amountText(tao(total))} at block ${view.block.number}; stake is valued at the pools' prices`,
      ],
    };
  });
}

type NamedColdkey = Pick<NamedBalance, 'name' | 'coldkey'>;

function oneWallet(io: CliIo, flags: WalletFlags): NamedColdkey {
  return { name: locationOf(io, flags).name, coldkey: coldkeyOf(io, flags) };
}

/** Throws WALLET_NOT_FOUND when no coldkey's address can be read. */
function everyWallet(io: CliIo, flags: WalletFlags): readonly NamedColdkey[] {
  const { path } = locationOf(io, flags);
  const found = listWallets(path).flatMap(({ name, coldkey }) =>
    coldkey.ss58 === undefined ? [] : [{ name, coldkey: coldkey.ss58 }],
  );
  if (found.length === 0) throw new SubnetError('WALLET_NOT_FOUND', { folder: path });
  return found;
}

function balanceJson(one: NamedBalance): Readonly<Record<string, unknown>> {
  const { name, coldkey, freeRao, reservedRao, stakedValueRao, positions } = one;
  return {
    ...factsJson({
      name,
      coldkey,
      free: tao(freeRao),
      reserved: tao(reservedRao),
      staked: tao(stakedValueRao),
      total: tao(freeRao + stakedValueRao),
    }),
    positions: positions.map(positionJson),
  };
}

interface OwnNeuron {
  readonly netuid: number;
  readonly name: string;
  readonly neuron: Neuron;
  readonly block: number;
}

/** `trust` is shown where the runtime keeps it. */
const overviewColumns: readonly Column<OwnNeuron>[] = [
  { title: 'netuid', align: 'right', text: ({ netuid }) => String(netuid) },
  { title: 'hotkey', text: ({ name }) => name },
  { title: 'uid', align: 'right', text: ({ neuron }) => String(neuron.uid) },
  { title: 'stake', align: 'right', text: (one) => shortDecimal(one.neuron.totalStakeRao, 2) },
  { title: 'trust', align: 'right', rank: 5, text: ({ neuron }) => share(neuron.trust) },
  { title: 'vtrust', align: 'right', rank: 1, text: (one) => share(one.neuron.validatorTrust) },
  { title: 'incentive', align: 'right', rank: 1, text: (one) => share(one.neuron.incentive) },
  {
    title: 'emission',
    align: 'right',
    rank: 1,
    text: ({ neuron }) => shortDecimal(neuron.emissionRao),
  },
  {
    title: 'updated',
    align: 'right',
    rank: 2,
    text: ({ neuron, block }) => updatedText(neuron, block),
  },
  { title: 'axon', rank: 3, text: ({ neuron }) => axonText(neuron) },
];

function columnsFor(own: readonly OwnNeuron[]): readonly Column<OwnNeuron>[] {
  const hasTrust = own.some(({ neuron }) => neuron.trust !== undefined);
  return overviewColumns.filter(({ title }) => title !== 'trust' || hasTrust);
}

function showOverview(io: CliIo, deps: OperatorDeps, flags: OverviewFlags): Promise<void> {
  const location = locationOf(io, flags);
  const { hotkeys } = summariseWallet(location);
  const names = new Map(hotkeys.flatMap(({ name, ss58 }) => (ss58 ? [[ss58, name] as const] : [])));
  if (names.size === 0) {
    throw new SubnetError('WALLET_NOT_FOUND', { folder: location.path, wallet: location.name });
  }
  return answer(io, deps, flags, async (view, chain) => {
    const netuids = flags.netuid === undefined ? await readNetuids(view) : [flags.netuid];
    const where = await netuidsWith(view, netuids, [...names.keys()]);
    const snapshots = await Promise.all(where.map((netuid) => chain.snapshot(netuid)));
    const own = snapshots.flatMap((snapshot) => ownNeurons(snapshot, names));
    const head = `wallet ${location.name}: ${countText(own.length, 'neuron')} of ${countText(names.size, 'hotkey')} on ${countText(netuids.length, 'subnet')} at block ${view.block.number}`;
    const table = own.length === 0 ? [] : renderTable(columnsFor(own), own, io.columns).split('\n');
    return { json: { wallet: location.name, neurons: own.map(ownJson) }, lines: [head, ...table] };
  });
}

/** Where any of the hotkeys is registered: one request for all. */
async function netuidsWith(
  view: StateView,
  netuids: readonly number[],
  hotkeys: readonly Hotkey[],
): Promise<readonly number[]> {
  const pairs = netuids.flatMap((netuid) => hotkeys.map((hotkey) => [netuid, hotkey] as const));
  const uids = await view.storageMany('SubtensorModule', 'Uids', pairs);
  const found = pairs.filter((_, at) => uids[at] !== null && uids[at] !== undefined);
  return [...new Set(found.map(([netuid]) => netuid))];
}

function ownNeurons(
  { netuid, neurons, block }: Snapshot,
  names: ReadonlyMap<Hotkey, string>,
): readonly OwnNeuron[] {
  return neurons.flatMap((neuron) => {
    const name = names.get(neuron.hotkey);
    return name === undefined ? [] : [{ netuid, name, neuron, block: block.number }];
  });
}

function ownJson({ netuid, name, neuron }: OwnNeuron): Readonly<Record<string, unknown>> {
  return { netuid, hotkeyName: name, ...neuronJson(neuron, netuid) };
}

import type { Hotkey } from '../../common/brand.ts';
import type { PendingCommit, Snapshot, WeightRow } from '../../common/chain-port.ts';
import { asNumber } from '../../common/chain/decoded.ts';
import { revealWindow } from '../../common/chain/reveal-window.ts';
import { isSubnetError, SubnetError } from '../../common/errors.ts';
import type { StateView } from '../../common/state-view.ts';
import { storageIndex } from '../../common/timelock/commit-hash.ts';
import type { NetworkFlags, OutputFlags, WalletFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { hotkeyOf, requireNetuid } from './command-parts.ts';
import type { SubnetFlags } from './command-parts.ts';
import { answer } from './session.ts';
import type { OperatorChain, OperatorDeps } from './session.ts';
import { renderTable, shortKey } from './table.ts';
import type { Column } from './table.ts';
import { readRow } from './weights-plan.ts';

export interface ShowFlags extends NetworkFlags, OutputFlags, WalletFlags, SubnetFlags {
  readonly uid?: number;
  readonly all?: boolean;
  readonly mecid?: number;
}

interface ValidatorRow {
  readonly uid: number;
  readonly hotkey: Hotkey | null;
  readonly row: WeightRow;
  readonly pending: readonly PendingCommit[];
}

/** `subnet weights show`: rows as the chain stores them, and the commits that wait. */
export function showWeights(io: CliIo, deps: OperatorDeps, flags: ShowFlags): Promise<void> {
  return answer(io, deps, flags, async (view, chain) => {
    const snapshot = await chain.snapshot(requireNetuid(flags));
    const mecid = flags.mecid ?? 0;
    const uids = await uidsOf(io, view, snapshot, flags);
    const rows = await Promise.all(uids.map((uid) => readOne(view, chain, snapshot, mecid, uid)));
    const head = `weights on netuid ${snapshot.netuid}, mechanism ${mecid}, at block ${view.block.number}`;
    return {
      json: {
        netuid: snapshot.netuid,
        mecid,
        validators: rows.map((one) => rowJson(one, snapshot)),
      },
      lines: [head, ...rows.flatMap((one) => rowLines(one, snapshot, io.columns))],
    };
  });
}

async function uidsOf(
  io: CliIo,
  view: StateView,
  { netuid, neurons }: Snapshot,
  flags: ShowFlags,
): Promise<readonly number[]> {
  if (flags.uid !== undefined) return [flags.uid];
  const hotkey = flags.all === true ? null : wantedHotkey(io, flags);
  if (hotkey === null) {
    const index = storageIndex(netuid, flags.mecid ?? 0);
    const entries = await view.entries('SubtensorModule', 'Weights', index);
    return entries.map(({ keys }) => asNumber(keys.at(-1))).sort((a, b) => a - b);
  }
  const own = neurons.find((neuron) => neuron.hotkey === hotkey);
  if (own === undefined) throw new SubnetError('HOTKEY_NOT_REGISTERED', { netuid, hotkey });
  return [own.uid];
}

/** null where nobody says which and no wallet is there: whoever only looks needs no keys. */
function wantedHotkey(io: CliIo, flags: ShowFlags): Hotkey | null {
  if (flags.hotkey !== undefined || flags.walletName !== undefined) return hotkeyOf(io, flags);
  try {
    return hotkeyOf(io, flags);
  } catch (error) {
    if (isSubnetError(error) && error.code === 'WALLET_NOT_FOUND') return null;
    throw error;
  }
}

async function readOne(
  view: StateView,
  chain: OperatorChain,
  { netuid, neurons }: Snapshot,
  mecid: number,
  uid: number,
): Promise<ValidatorRow> {
  const hotkey = neurons[uid]?.hotkey ?? null;
  const [row, pending] = await Promise.all([
    view.storage('SubtensorModule', 'Weights', storageIndex(netuid, mecid), uid),
    hotkey === null ? [] : chain.pendingCommits(netuid, mecid, hotkey),
  ]);
  return { uid, hotkey, row: readRow(row), pending };
}

function rowJson(
  { uid, hotkey, row, pending }: ValidatorRow,
  snapshot: Snapshot,
): Readonly<Record<string, unknown>> {
  const weights = row.map(([target, value]) => ({ uid: target, value }));
  const pendingCommits = pending.map((one) => ({ ...one, reveal: revealWindow(snapshot, one) }));
  return { uid, hotkey, weights, pendingCommits };
}

interface Cell {
  readonly uid: number;
  readonly hotkey: string;
  readonly value: number;
  readonly share: number;
}

const columns: readonly Column<Cell>[] = [
  { title: 'uid', align: 'right', text: ({ uid }) => String(uid) },
  { title: 'hotkey', text: ({ hotkey }) => hotkey },
  { title: 'weight (of 65535)', align: 'right', text: ({ value }) => String(value) },
  { title: 'share', align: 'right', text: (cell) => `${(100 * cell.share).toFixed(2)} %` },
];

function rowLines(
  { uid, hotkey, row, pending }: ValidatorRow,
  snapshot: Snapshot,
  width: number,
): readonly string[] {
  const { neurons } = snapshot;
  const sum = row.reduce((total, [, value]) => total + value, 0);
  const cells = row.map(([target, value]) => {
    const found = neurons[target]?.hotkey;
    const name = found === undefined ? '-' : shortKey(found);
    return { uid: target, hotkey: name, value, share: sum === 0 ? 0 : value / sum };
  });
  const who = `validator uid ${uid} ${hotkey ?? '(no neuron)'}`;
  const table =
    cells.length === 0 ? ['no weights'] : renderTable(columns, cells, width).split('\n');
  return [who, ...table, ...pending.map((one) => pendingLine(one, snapshot))];
}

function pendingLine(commit: PendingCommit, snapshot: Snapshot): string {
  const round =
    commit.kind === 'timelocked' ? `, with round ${commit.revealRound} of the beacon` : '';
  const held = `${commit.kind} commit ${commit.hash} of block ${commit.block}`;
  const window = revealWindow(snapshot, commit);
  if (window === null) return `pending ${held}: no epochs run`;
  const { state, fromBlock, toBlock, isExact } = window;
  if (state === 'expired') return `expired ${held}, ${isExact ? 'at' : 'about'} block ${toBlock}`;
  return `pending ${held}: its reveal is in blocks ${fromBlock} to ${toBlock}${round}`;
}

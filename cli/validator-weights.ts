import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { SubnetError, isSubnetError } from '../common/errors.ts';
import { readVectors } from '../validator/main.ts';
import type { VectorsRead } from '../validator/main.ts';
import type { VectorReport } from '../validator/weights/vector-report.ts';
import type { VectorState } from '../validator/weights/vector-state.ts';
import type { CliIo } from './io.ts';
import { notedTable } from './operator/table.ts';
import type { Column } from './operator/table.ts';
import { wholeNumberOption } from './options.ts';

interface WeightsFlags {
  readonly config: string;
  readonly json?: boolean;
}

export interface WatchFlags extends WeightsFlags {
  /** Seconds to wait for the end. */
  readonly timeout: number;
}

/** `subnet validator weights`: the vectors of the last epochs, and one of them followed live. */
export function validatorWeightsCommand(io: CliIo): Command {
  const command = new Command('weights')
    .description('weight vectors of the last epochs: state, blocks, reasons')
    .option('--config <file>', 'validator YAML')
    .option('--json', 'one JSON object')
    .action((flags: Partial<WeightsFlags>) => showVectors(io, withConfig(flags)));
  addWatchCommand(io, command);
  return command;
}

/** `watch` below any command that it belongs to. */
export function addWatchCommand(io: CliIo, parent: Command): void {
  parent
    .command('watch')
    .description('follow the newest vector until it is effective or has failed')
    .option('--config <file>', 'validator YAML')
    .option('--timeout <seconds>', 'give up after so long', wholeNumberOption(1, 604_800), 7200)
    .option('--json', 'one JSON object for each change')
    .action((_: unknown, command: Command) => {
      const flags = command.optsWithGlobals<Partial<WatchFlags> & { timeout: number }>();
      return watchWeights(io, { ...withConfig(flags), timeout: flags.timeout });
    });
}

function withConfig<T extends Partial<WeightsFlags>>(flags: T): T & { readonly config: string } {
  const { config } = flags;
  if (config === undefined)
    throw new SubnetError('USAGE', { detail: '--config <file> is missing' });
  return { ...flags, config };
}

async function showVectors(io: CliIo, { config, json }: WeightsFlags): Promise<void> {
  const read = await readVectors(config);
  io.out(json === true ? JSON.stringify(read) : textOf(read, io.columns));
}

const columns: readonly Column<VectorReport>[] = [
  { title: 'vector', align: 'right', text: ({ vector }) => String(vector) },
  { title: 'mec', align: 'right', rank: 1, text: ({ mecid }) => String(mecid) },
  { title: 'state', text: ({ state }) => state },
  { title: 'path', rank: 2, text: ({ path }) => path },
  { title: 'epoch', align: 'right', rank: 3, text: ({ epoch }) => numberText(epoch) },
  { title: 'built', align: 'right', rank: 4, text: ({ builtBlock }) => String(builtBlock) },
  { title: 'on chain', align: 'right', text: ({ block }) => numberText(block) },
  { title: 'due', align: 'right', text: dueText },
  { title: 'effective', align: 'right', text: (one) => numberText(one.effectiveBlock) },
];
const why: Column<VectorReport> = {
  title: 'why',
  text: (one) => one.reason ?? commitLine(one),
};

function textOf({ running, vectors }: VectorsRead, width: number): string {
  const who = running ? 'the validator runs' : 'the validator does not run';
  if (vectors.length === 0) return `no weight vectors yet; ${who}`;
  return `${notedTable(columns, why, vectors, width)}\n${who}`;
}

function numberText(value: number | null): string {
  return value === null ? '' : String(value);
}

function dueText({ path, dueBlock }: VectorReport): string {
  return path === 'plain' ? '' : numberText(dueBlock);
}

function commitLine({ commitHash, revealRound }: VectorReport): string {
  if (commitHash === null) return '';
  const round = revealRound === null ? '' : `, round ${revealRound}`;
  return `${commitHash.slice(0, 14)}…${round}`;
}

const goodStates: readonly VectorState[] = ['effective'];
const badStates: readonly VectorState[] = ['rejected', 'lapsed', 'missed', 'differs'];
const pollMs = 1000;

/**
 * Follows the newest vector of each mechanism, a line for each change, until all are effective or
 * one has failed. Exit code 0, 4 for a failure, 1 when the time is over or the validator does not
 * run, so that nothing more can happen. Throws NO_STATUS, CONFIG_*.
 */
export async function watchWeights(io: CliIo, flags: WatchFlags): Promise<void> {
  const end = Date.now() + flags.timeout * 1000;
  const seen = new Map<number, string>();
  for (;;) {
    const { running, vectors } = await readPatiently(flags.config, end);
    const newest = newestByMechanism(vectors);
    for (const one of newest) tellChange(io, seen, one, flags.json === true);
    const verdict = verdictOf(newest, running) ?? (Date.now() >= end ? 1 : null);
    if (io.signal.aborted) return;
    if (verdict !== null) return finish(io, verdict, running);
    await sleep(pollMs, undefined, { signal: io.signal }).catch(() => undefined);
  }
}

/** A validator that starts or stops holds its state for a while without an answer. */
async function readPatiently(config: string, endMs: number): Promise<VectorsRead> {
  for (;;) {
    try {
      return await readVectors(config);
    } catch (error) {
      const busy = isSubnetError(error) && error.code === 'STORE_BUSY';
      if (!busy || Date.now() >= endMs) throw error;
    }
  }
}

function newestByMechanism(vectors: readonly VectorReport[]): readonly VectorReport[] {
  const newest = new Map<number, VectorReport>();
  for (const one of vectors) if (!newest.has(one.mecid)) newest.set(one.mecid, one);
  return [...newest.values()].sort((a, b) => a.mecid - b.mecid);
}

function tellChange(
  io: CliIo,
  seen: Map<number, string>,
  one: VectorReport,
  asJson: boolean,
): void {
  const now = `${one.vector} ${one.state}`;
  if (seen.get(one.mecid) === now) return;
  seen.set(one.mecid, now);
  if (asJson) return io.out(JSON.stringify(one));
  const where = [
    one.block === null ? '' : `, on chain at block ${one.block}`,
    one.path === 'plain' || one.dueBlock === null ? '' : `, due at block ${one.dueBlock}`,
    one.effectiveBlock === null ? '' : `, effective at block ${one.effectiveBlock}`,
    one.reason === null ? '' : `: ${one.reason}`,
  ];
  io.out(`mechanism ${one.mecid}, vector ${one.vector}: ${one.state}${where.join('')}`);
}

/** Exit code, or null while there is more to come. */
function verdictOf(newest: readonly VectorReport[], running: boolean): 0 | 1 | 4 | null {
  if (newest.some(({ state }) => badStates.includes(state))) return 4;
  if (newest.length > 0 && newest.every(({ state }) => goodStates.includes(state))) return 0;
  return running ? null : 1;
}

function finish(io: CliIo, verdict: 0 | 1 | 4, running: boolean): void {
  if (verdict === 1) io.err(running ? 'the time is over' : 'the validator does not run');
  io.setExitCode(verdict);
}

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { Command } from 'commander';
import { SubnetError } from '../common/errors.ts';
import { exportEvidence, readStatus, runValidator } from '../validator/main.ts';
import type { AlertName } from '../validator/alerts.ts';
import type { MinerStatus, ValidatorStatus } from '../validator/explain.ts';
import type { CliIo } from './io.ts';
import { notedTable, share, shortKey, wrapText } from './operator/table.ts';
import type { Column } from './operator/table.ts';
import { validatorWeightsCommand } from './validator-weights.ts';

interface RunFlags {
  readonly config: string;
  readonly once?: boolean;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly adopt?: boolean;
  readonly json?: boolean;
}

/** `subnet validator`: run a validator, see what it knows, hand out its evidence. */
export function validatorCommand(io: CliIo): Command {
  const command = new Command('validator').description('query miners, score them, set weights');
  command
    .command('run')
    .description('round after round until it is stopped')
    .requiredOption('--config <file>', 'validator YAML')
    .option('--once', 'one round; set weights if they can be set; then end')
    .option('--dry-run', 'never sign an extrinsic; show the vector')
    .option('--force', 'with --once: also a vector much emptier than the last one')
    .option('--adopt', 'vouch for what this hotkey did on chain until now, once')
    .option('--json', 'with --once: the status as the last line of stdout')
    .action((flags: RunFlags) => run(io, flags));
  command
    .command('status')
    .description('scores, faults and weights, of a running validator or a stopped one')
    .requiredOption('--config <file>', 'validator YAML')
    .option('--json', 'one JSON object')
    .action((flags: RunFlags) => status(io, flags));
  command.addCommand(validatorWeightsCommand(io));
  command
    .command('evidence')
    .description('write the evidence of all rounds as JSON lines (the validator must be stopped)')
    .requiredOption('--config <file>', 'validator YAML')
    .requiredOption('--out <file>', 'file to write')
    .action((flags: { config: string; out: string }) => evidence(io, flags));
  return command;
}

/** With these the one round was in vain: the chain takes no weights, and time will not help. */
const refusedByChain: readonly AlertName[] = [
  'not-registered',
  'weights-blocked',
  'weights-rejected',
  'weights-differ',
  'weights-lost',
  'weights-missed',
  'weights-emptier',
  'none-earn',
];

async function run(io: CliIo, flags: RunFlags): Promise<void> {
  if (flags.force === true && flags.once !== true) {
    const detail = '--force goes with --once; weights.allowEmptier in the YAML lasts';
    throw new SubnetError('USAGE', { detail });
  }
  const result = await runValidator({
    configFile: flags.config,
    once: flags.once === true,
    dryRun: flags.dryRun === true,
    force: flags.force === true,
    adopt: flags.adopt === true,
    signal: io.signal,
  });
  if (flags.once !== true || result === null) return;
  show(io, result, flags.json === true);
  const inVain = result.alerts.some(({ name }) => refusedByChain.includes(name));
  if (inVain && flags.dryRun !== true) io.setExitCode(4);
}

async function status(io: CliIo, flags: RunFlags): Promise<void> {
  show(io, await readStatus(flags.config), flags.json === true);
}

async function evidence(io: CliIo, flags: { config: string; out: string }): Promise<void> {
  const file = createWriteStream(flags.out, { flags: 'wx' });
  await once(file, 'open');
  const lines = await exportEvidence(flags.config, async (line) => {
    if (!file.write(`${line}\n`)) await once(file, 'drain');
  });
  file.end();
  await once(file, 'finish');
  io.out(`${lines} entries in ${flags.out}`);
}

function show(io: CliIo, state: ValidatorStatus, asJson: boolean): void {
  io.out(asJson ? JSON.stringify(state) : textOf(state, io.columns));
}

function textOf(state: ValidatorStatus, width: number): string {
  const table = state.miners.length === 0 ? 'no miners yet' : minerTable(state, width);
  const lines = [
    weightsLine(state),
    ...mechanismLines(state),
    ...endpointLines(state),
    ...proposedLines(state),
    ...alertLines(state),
  ];
  const wrapped = [headline(state), ...lines].map((line) => wrapText(line, width).join('\n'));
  return [...wrapped.slice(0, 1), table, ...wrapped.slice(1)].join('\n');
}

function headline({ netuid, hotkey, uid, round, head, running, vtrust }: ValidatorStatus): string {
  const where = uid === null ? '' : `, uid ${uid}`;
  const at = head === null ? '' : `, block ${head.number}`;
  const trust = vtrust === null ? '' : `, vtrust ${vtrust.toFixed(3)}`;
  const state = running ? 'running' : 'not running';
  return `netuid ${netuid}${where}, hotkey ${hotkey}: ${state}, round ${round}${at}${trust}`;
}

const columns: readonly Column<MinerStatus>[] = [
  { title: 'uid', align: 'right', text: ({ uid }) => String(uid) },
  { title: 'hotkey', rank: 1, text: ({ hotkey }) => shortKey(hotkey) },
  { title: 'score', align: 'right', text: ({ score }) => share(score) },
  { title: 'weight', align: 'right', text: ({ weight }) => share(weight) },
  { title: 'last', align: 'right', rank: 2, text: ({ lastPoints }) => share(lastPoints) },
  { title: 'rounds', align: 'right', rank: 3, text: ({ rounds }) => String(rounds) },
  { title: 'faults', align: 'right', rank: 3, text: ({ faults }) => String(faults) },
];
const note: Column<MinerStatus> = { title: 'note', text: (one) => one.note };

function minerTable({ miners }: ValidatorStatus, width: number): string {
  return notedTable(columns, note, miners, width);
}

function weightsLine({ weights, skipped }: ValidatorStatus): string {
  const why = skipped === null ? '' : `; last round: ${skipped.detail}`;
  if (weights === null) return `weights: none yet${why}`;
  const { vector, state, effectiveBlock, reason } = weights;
  const at = effectiveBlock === null ? waitText(weights) : ` since block ${effectiveBlock}`;
  return `weights: vector ${vector} ${state}${at}${reason === null ? '' : ` (${reason})`}${why}`;
}

function waitText({ path, block, dueBlock }: NonNullable<ValidatorStatus['weights']>): string {
  const on = block === null ? '' : ` at block ${block}`;
  return path === 'plain' || dueBlock === null ? on : `${on}, due at block ${dueBlock}`;
}

function proposedLines({ proposed }: ValidatorStatus): readonly string[] {
  if (proposed === null) return [];
  const pairs = proposed.uids.map((uid, at) => `${uid}:${proposed.values[at] ?? 0}`).join(' ');
  const why = proposed.blocked === null ? 'the chain would take it' : proposed.blocked.detail;
  return [`dry run, not sent: ${pairs} (${why})`];
}

/** Of the mechanisms beside the first, which has its line. */
function mechanismLines({ mechanisms }: ValidatorStatus): readonly string[] {
  return mechanisms.slice(1).map(({ mecid, newest, skipped }) => {
    const stands = newest === null ? 'none yet' : `vector ${newest.vector} ${newest.state}`;
    return `weights of mechanism ${mecid}: ${stands}${skipped === null ? '' : `; ${skipped.detail}`}`;
  });
}

/** Only where there is something to tell: one endpoint that works needs no words. */
function endpointLines({ endpoints }: ValidatorStatus): readonly string[] {
  if (endpoints.length < 2 && endpoints.every(({ state }) => state === 'in-use')) return [];
  return endpoints.map(({ url, state, score, problem }) => {
    return `endpoint ${url}: ${state}, score ${score.toFixed(2)}${problem === null ? '' : ` (${problem})`}`;
  });
}

function alertLines({ alerts }: ValidatorStatus): readonly string[] {
  return alerts.map(({ name, detail }) => `ALERT ${name}: ${detail}`);
}

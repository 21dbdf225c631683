import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import Table from 'cli-table3';
import { Command } from 'commander';
import { exportEvidence, readStatus, runValidator } from '../validator/main.ts';
import type { AlertName } from '../validator/alerts.ts';
import type { ValidatorStatus } from '../validator/explain.ts';
import type { CliIo } from './io.ts';

interface RunFlags {
  readonly config: string;
  readonly once?: boolean;
  readonly dryRun?: boolean;
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
    .option('--json', 'with --once: the status as the last line of stdout')
    .action((flags: RunFlags) => run(io, flags));
  command
    .command('status')
    .description('scores, faults and weights, of a running validator or a stopped one')
    .requiredOption('--config <file>', 'validator YAML')
    .option('--json', 'one JSON object')
    .action((flags: RunFlags) => status(io, flags));
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
];

async function run(io: CliIo, flags: RunFlags): Promise<void> {
  const result = await runValidator({
    configFile: flags.config,
    once: flags.once === true,
    dryRun: flags.dryRun === true,
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
  io.out(asJson ? JSON.stringify(state) : textOf(state));
}

function textOf(state: ValidatorStatus): string {
  const lines = [headline(state), minerTable(state), weightsLine(state)];
  return [...lines, ...proposedLines(state), ...alertLines(state)].join('\n');
}

function headline({ netuid, hotkey, uid, round, head, running, vtrust }: ValidatorStatus): string {
  const where = uid === null ? '' : `, uid ${uid}`;
  const at = head === null ? '' : `, block ${head.number}`;
  const trust = vtrust === null ? '' : `, vtrust ${vtrust.toFixed(3)}`;
  const state = running ? 'running' : 'not running';
  return `netuid ${netuid}${where}, hotkey ${hotkey}: ${state}, round ${round}${at}${trust}`;
}

function minerTable({ miners }: ValidatorStatus): string {
  const table = new Table({
    head: ['uid', 'hotkey', 'score', 'weight', 'last', 'rounds', 'faults', 'note'],
    style: { head: [], border: [] },
    colAligns: ['right', 'left', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const one of miners) {
    const figures = [one.score, one.weight, one.lastPoints].map((value) => value.toFixed(4));
    table.push([
      one.uid,
      `${one.hotkey.slice(0, 8)}…`,
      ...figures,
      one.rounds,
      one.faults,
      one.note,
    ]);
  }
  return table.toString();
}

function weightsLine({ weights, skipped }: ValidatorStatus): string {
  const why = skipped === null ? '' : `; last round: ${skipped.detail}`;
  if (weights === null) return `weights: none yet${why}`;
  const { vector, state, effectiveBlock, reason } = weights;
  const at = effectiveBlock === null ? '' : ` since block ${effectiveBlock}`;
  return `weights: vector ${vector} ${state}${at}${reason === null ? '' : ` (${reason})`}${why}`;
}

function proposedLines({ proposed }: ValidatorStatus): readonly string[] {
  if (proposed === null) return [];
  const pairs = proposed.uids.map((uid, at) => `${uid}:${proposed.values[at] ?? 0}`).join(' ');
  const why = proposed.blocked === null ? 'the chain would take it' : proposed.blocked.detail;
  return [`dry run, not sent: ${pairs} (${why})`];
}

function alertLines({ alerts }: ValidatorStatus): readonly string[] {
  return alerts.map(({ name, detail }) => `ALERT ${name}: ${detail}`);
}

import { Command } from 'commander';
import { isSubnetError, messageOf } from '../common/errors.ts';
import type { DoctorFlags } from './doctor/examination.ts';
import { skipped } from './doctor/finding.ts';
import type { Finding, FindingStatus } from './doctor/finding.ts';
import { machineFindings } from './doctor/machine-findings.ts';
import { withHotkey, withJson, withNetuid, withNetwork } from './flags.ts';
import type { CliIo } from './io.ts';

/** `subnet doctor`: everything that a node needs, looked at without changing anything. */
export function doctorCommand(io: CliIo): Command {
  const command = new Command('doctor').description(
    'look at machine, files, wallet, chain and subnet; say what to do; change nothing',
  );
  command.option('--config <file>', 'YAML of a miner or a validator: everything that it names');
  withJson(withNetuid(withNetwork(withHotkey(command))))
    .option('--role <role>', 'without --config: miner or validator', 'validator')
    .addHelpText('after', helpText)
    .action((flags: DoctorFlags) => doctor(io, flags));
  return command;
}

const helpText = `
Examples:
  $ subnet doctor --config config/validator.yaml
  $ subnet doctor --network finney --netuid 2 --wallet-name mine --hotkey default --json

Exit code: 0 when nothing failed (warnings may remain), 1 when something did.`;

async function doctor(io: CliIo, flags: DoctorFlags): Promise<void> {
  const show = (finding: Finding): void => {
    if (flags.json !== true) linesOf(finding, io.colour).forEach((line) => io.out(line));
  };
  const findings = await findingsFor(io, flags, show);
  const counts = countsOf(findings);
  if (flags.json === true) io.out(JSON.stringify({ ok: counts.fail === 0, counts, findings }));
  else io.out(summary(counts));
  if (counts.fail > 0) io.setExitCode(1);
}

type Report = (finding: Finding) => void;

async function findingsFor(
  io: CliIo,
  flags: DoctorFlags,
  report: Report,
): Promise<readonly Finding[]> {
  const machine = machineFindings();
  machine.forEach(report);
  return [...machine, ...(await examined(io, flags, { machine, report }))];
}

/** Where too few files may be open, which was told before, what cannot be loaded is no fault here. */
async function examined(
  io: CliIo,
  flags: DoctorFlags,
  { machine, report }: { readonly machine: readonly Finding[]; readonly report: Report },
): Promise<readonly Finding[]> {
  try {
    const { examineAll } = await import('./doctor/examination.ts');
    return await examineAll(io, flags, report);
  } catch (error) {
    const fewFiles = machine.some(({ id, status }) => id === 'machine.files' && status === 'fail');
    if (!fewFiles || isSubnetError(error)) throw error;
    const finding = skipped('doctor', `the rest could not be looked at: ${messageOf(error)}`);
    report(finding);
    return [finding];
  }
}

const marks: Readonly<Record<FindingStatus, readonly [text: string, colour: number]>> = {
  pass: ['ok  ', 32],
  warn: ['warn', 33],
  fail: ['FAIL', 31],
  skip: ['-   ', 90],
};

function linesOf({ id, status, detail, fix }: Finding, colour: boolean): readonly string[] {
  const [text, code] = marks[status];
  const mark = colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  const first = `${mark}  ${id.padEnd(18)}  ${detail}`;
  return fix === null ? [first] : [first, `${' '.repeat(26)}fix: ${fix}`];
}

type Counts = Readonly<Record<FindingStatus, number>>;

function countsOf(findings: readonly Finding[]): Counts {
  const count = (status: FindingStatus): number =>
    findings.filter((finding) => finding.status === status).length;
  return { pass: count('pass'), warn: count('warn'), fail: count('fail'), skip: count('skip') };
}

function summary({ pass, warn, fail: failed, skip }: Counts): string {
  return `${pass} ok, ${warn} to look at, ${failed} wrong, ${skip} not looked at`;
}

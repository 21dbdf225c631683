import { Command } from 'commander';
import { connectChain } from '../common/chain/chain-substrate.ts';
import { isSubnetError, messageOf, SubnetError } from '../common/errors.ts';
import { resolveNetwork } from '../common/networks.ts';
import { createHttpClient } from '../common/node/http-undici.ts';
import { createPlatform } from '../common/node/platform.ts';
import type { Logger } from '../common/telemetry-port.ts';
import { examine } from './doctor/doctor.ts';
import type { DoctorDeps } from './doctor/doctor.ts';
import { fail } from './doctor/finding.ts';
import type { Finding, FindingStatus } from './doctor/finding.ts';
import { machineFindings } from './doctor/machine-findings.ts';
import { subjectOf } from './doctor/subject.ts';
import type { Subject } from './doctor/subject.ts';
import { locationOf, networkOf, withHotkey, withJson, withNetuid, withNetwork } from './flags.ts';
import type { NetworkFlags, OutputFlags, WalletFlags } from './flags.ts';
import type { CliIo } from './io.ts';

interface DoctorFlags extends WalletFlags, NetworkFlags, OutputFlags {
  readonly config?: string;
  readonly netuid?: number;
  readonly role: string;
}

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

async function findingsFor(
  io: CliIo,
  flags: DoctorFlags,
  report: (finding: Finding) => void,
): Promise<readonly Finding[]> {
  let subject: Subject;
  try {
    subject = flags.config === undefined ? namedSubject(io, flags) : subjectOf(flags.config);
  } catch (error) {
    if (!isSubnetError(error) || !error.code.startsWith('CONFIG_')) throw error;
    const broken = [...machineFindings([]), fail('config.valid', messageOf(error), error.fix)];
    broken.forEach(report);
    return broken;
  }
  return withDeps(io, flags, report, (deps) => examine(subject, deps));
}

/** Without a YAML: what the flags and the environment name. */
function namedSubject(io: CliIo, flags: DoctorFlags): Subject {
  if (flags.netuid === undefined) {
    throw new SubnetError('USAGE', { detail: 'give --config FILE, or --netuid N' });
  }
  if (flags.role !== 'miner' && flags.role !== 'validator') {
    throw new SubnetError('USAGE', {
      detail: `--role ${flags.role} is neither miner nor validator`,
    });
  }
  return {
    configFile: null,
    role: flags.role,
    netuid: flags.netuid,
    endpoints: resolveNetwork(networkOf(io, flags)).endpoints,
    wallet: locationOf(io, flags),
    folders: [],
    model: null,
    axon: null,
    subnetFile: null,
  };
}

async function withDeps<T>(
  io: CliIo,
  flags: DoctorFlags,
  report: (finding: Finding) => void,
  work: (deps: DoctorDeps) => Promise<T>,
): Promise<T> {
  const platform = createPlatform();
  const http = createHttpClient();
  const { signal } = io;
  const base = { platform, logger: silent, requestTimeoutMs: 10_000, signal };
  const connect = (endpoints: readonly string[]) => connectChain({ ...base, endpoints });
  const expected = expectedNetwork(io, flags);
  try {
    return await work({ platform, http, connect, expected, report });
  } finally {
    await http.close();
  }
}

/** The known network that was asked for by name; with a YAML the endpoints speak for themselves. */
function expectedNetwork(io: CliIo, flags: DoctorFlags): DoctorDeps['expected'] {
  if (flags.config !== undefined) return null;
  const { name, genesisHash } = resolveNetwork(networkOf(io, flags));
  return genesisHash === undefined ? null : { name, genesisHash };
}

/** The findings say what the connection's log would. */
const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

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

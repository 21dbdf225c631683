import { isSubnetError, messageOf, SubnetError } from '../../common/errors.ts';
import { resolveNetwork } from '../../common/networks.ts';
import { createHttpClient } from '../../common/node/http-undici.ts';
import { createPlatform } from '../../common/node/platform.ts';
import type { Logger } from '../../common/telemetry-port.ts';
import { locationOf, networkOf } from '../flags.ts';
import type { NetworkFlags, OutputFlags, WalletFlags } from '../flags.ts';
import type { CliIo } from '../io.ts';
import { examine } from './doctor.ts';
import type { DoctorDeps } from './doctor.ts';
import { fail } from './finding.ts';
import type { Finding } from './finding.ts';
import { subjectOf } from './subject.ts';
import type { Subject } from './subject.ts';

export interface DoctorFlags extends WalletFlags, NetworkFlags, OutputFlags {
  readonly config?: string;
  readonly netuid?: number;
  readonly role: string;
}

/** Everything but the machine itself. Throws USAGE; what else it finds are findings. */
export async function examineAll(
  io: CliIo,
  flags: DoctorFlags,
  report: (finding: Finding) => void,
): Promise<readonly Finding[]> {
  let subject: Subject;
  try {
    subject = flags.config === undefined ? namedSubject(io, flags) : subjectOf(flags.config);
  } catch (error) {
    if (!isSubnetError(error) || !error.code.startsWith('CONFIG_')) throw error;
    const broken = fail('config.valid', messageOf(error), error.fix);
    report(broken);
    return [broken];
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
  // Opens hundreds of files at once: where that fails it is a finding, and all others are there.
  const connect = async (endpoints: readonly string[]) => {
    const { connectChain } = await import('../../common/chain/chain-substrate.ts');
    return connectChain({ ...base, endpoints });
  };
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

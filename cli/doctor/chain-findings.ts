import type { BlockRef, Chain, Snapshot } from '../../common/chain-port.ts';
import { isSubnetError, messageOf } from '../../common/errors.ts';
import { placeOf } from '../../common/endpoint-name.ts';
import type { Platform } from '../../common/platform-port.ts';
import { fail, pass, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** How one endpoint answered when it was asked alone. */
export interface EndpointReport {
  readonly url: string;
  readonly genesisHash: string | null;
  readonly head: BlockRef | null;
  readonly connectMs: number;
  /** Of a small read on the open connection. */
  readonly answerMs: number;
  readonly problem: string | null;
}

export type ConnectTo = (url: string) => Promise<Chain>;

/** Connects to one endpoint, asks, and closes again. Never throws. */
export async function probeEndpoint(
  url: string,
  connect: ConnectTo,
  platform: Platform,
): Promise<EndpointReport> {
  const { clock } = platform;
  const started = clock.monotonicMs();
  try {
    const chain = await connect(url);
    try {
      const connected = clock.monotonicMs();
      const head = await chain.head();
      const answerMs = clock.monotonicMs() - connected;
      const connectMs = connected - started;
      return { url, genesisHash: chain.genesisHash, head, connectMs, answerMs, problem: null };
    } finally {
      await chain.close();
    }
  } catch (error) {
    const connectMs = clock.monotonicMs() - started;
    const problem = causeOf(error, url);
    return { url, genesisHash: null, head: null, connectMs, answerMs: 0, problem };
  }
}

/** What happened at this endpoint, without a title that speaks of all of them. */
function causeOf(error: unknown, url: string): string {
  const detail = isSubnetError(error) ? error.facts['detail'] : undefined;
  const text = detail === undefined ? messageOf(error) : String(detail);
  const before = `${placeOf(url)}: `;
  return text.startsWith(before) ? text.slice(before.length) : text;
}

const slowMs = 1500;
const farBehindBlocks = 3;

/** Reachable, quick, at the same head, and all of one chain; pure. */
export function endpointFindings(
  reports: readonly EndpointReport[],
  expected: { readonly name: string; readonly genesisHash: string } | null,
): readonly Finding[] {
  const newest = Math.max(...reports.map(({ head }) => head?.number ?? 0));
  const dead = reports.filter(isDead).length;
  const count = `${dead} of ${reports.length}`;
  return [
    ...reports.map((report) =>
      isDead(report)
        ? deadFinding(report, count, dead < reports.length)
        : endpointFinding(report, newest),
    ),
    identityFinding(reports, expected),
  ];
}

function isDead({ problem, head }: EndpointReport): boolean {
  return problem !== null || head === null;
}

/** With another one that answers the node runs: it fails over. */
function deadFinding({ url, problem }: EndpointReport, count: string, runs: boolean): Finding {
  const detail = `${placeOf(url)} does not answer (${count}): ${problem ?? 'no head'}`;
  const fix = 'Check the address and the firewall, or put another endpoint into chain.endpoints.';
  return runs ? warn('chain.endpoint', detail, fix) : fail('chain.endpoint', detail, fix);
}

function endpointFinding(
  { url, head, connectMs, answerMs }: EndpointReport,
  newest: number,
): Finding {
  const id = 'chain.endpoint';
  const number = head?.number ?? 0;
  const times = `connected in ${Math.round(connectMs)} ms, answers in ${Math.round(answerMs)} ms`;
  const detail = `${placeOf(url)}: block ${number}, ${times}`;
  if (newest - number > farBehindBlocks) {
    const fix = 'It lags behind the others: put it last, or take it out.';
    return warn(id, `${detail}; ${newest - number} blocks behind`, fix);
  }
  return answerMs > slowMs
    ? warn(id, detail, 'It is slow: prefer one nearer to you.')
    : pass(id, detail);
}

function identityFinding(
  reports: readonly EndpointReport[],
  expected: { readonly name: string; readonly genesisHash: string } | null,
): Finding {
  const id = 'chain.identity';
  const hashes = [...new Set(reports.flatMap(({ genesisHash }) => genesisHash ?? []))];
  const [first] = hashes;
  if (first === undefined) return skipped(id, 'no endpoint answered');
  if (hashes.length > 1) {
    const told = reports
      .map(({ url, genesisHash }) => `${placeOf(url)} ${genesisHash ?? '?'}`)
      .join('; ');
    return fail(id, `the endpoints serve different chains: ${told}`, 'Keep those of one chain.');
  }
  if (expected === null) return pass(id, `genesis ${first}`);
  if (first === expected.genesisHash)
    return pass(id, `genesis ${first}, which is ${expected.name}`);
  const detail = `genesis ${first}, but ${expected.name} has ${expected.genesisHash}`;
  return fail(id, detail, 'The endpoint serves another chain under this name: do not use it.');
}

/** Which runtime, and in what dialect it is spoken to. */
export function runtimeFinding({ runtime }: Chain): Finding {
  const { specName, specVersion, epochs, metagraph, mechanisms, commits } = runtime;
  const ways = [commits.timelocked && 'timelocked', commits.hash && 'hash'].filter(Boolean);
  const parts = [
    `${specName} ${specVersion}`,
    `epochs ${epochs}`,
    `metagraph from ${metagraph}`,
    mechanisms ? 'mechanisms' : 'no mechanisms',
    `commits ${ways.length === 0 ? 'none' : ways.join(' and ')}`,
  ];
  const detail = parts.join(', ');
  if (specName === 'node-subtensor') return pass('chain.runtime', detail);
  return warn('chain.runtime', detail, 'This is no Subtensor runtime: is it the right chain?');
}

/** What requests and answers may differ by in time (docs/protocol.md). */
const allowedDriftMs = 8000;

/**
 * The wall clock against the chain's: a new head is awaited, whose time is at most one block old.
 * Never throws.
 */
export async function clockFinding(
  chain: Chain,
  netuid: number,
  platform: Platform,
): Promise<Finding> {
  const id = 'machine.clock';
  try {
    const before = await anySnapshot(chain, netuid);
    const waitMs = Math.min(2 * before.blockTimeMs + 1000, 26_000);
    if (!(await sawNewHead(chain, platform, waitMs))) {
      return skipped(
        id,
        `no new block in ${Math.round(waitMs / 1000)} s to compare the clock with`,
      );
    }
    return driftFinding(await anySnapshot(chain, before.netuid), platform.clock.nowMs());
  } catch (error) {
    return skipped(id, `the chain's time could not be read: ${messageOf(error)}`);
  }
}

/** The time is that of the chain: where the subnet does not exist, the root's does as well. */
async function anySnapshot(chain: Chain, netuid: number): Promise<Snapshot> {
  try {
    return await chain.snapshot(netuid);
  } catch (error) {
    if (isSubnetError(error) && error.code === 'CHAIN_NO_SUBNET') return chain.snapshot(0);
    throw error;
  }
}

export function driftFinding(snapshot: Snapshot, nowMs: number): Finding {
  const id = 'machine.clock';
  const driftMs = nowMs - snapshot.chainTimeMs;
  const seconds = Math.abs(driftMs / 1000).toFixed(1);
  const side = driftMs < 0 ? 'before' : 'after';
  const detail = `${seconds} s ${side} the time of block ${snapshot.block.number}`;
  const late = driftMs > snapshot.blockTimeMs + allowedDriftMs;
  if (driftMs < -2000 || late) {
    const fix =
      'Set the clock by NTP (timedatectl set-ntp true): requests outside 8 s are refused.';
    return fail(id, `this clock is ${detail}`, fix);
  }
  return pass(id, `this clock is ${detail}, which fits`);
}

async function sawNewHead(chain: Chain, platform: Platform, waitMs: number): Promise<boolean> {
  const { signal, dispose } = platform.deadline(waitMs);
  let stop = (): void => undefined;
  try {
    return await new Promise((resolve) => {
      stop = chain.onHead(() => resolve(true));
      signal.addEventListener('abort', () => resolve(false), { once: true });
    });
  } finally {
    stop();
    dispose();
  }
}

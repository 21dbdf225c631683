import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Hotkey } from '../../common/brand.ts';
import type { Chain, Snapshot } from '../../common/chain-port.ts';
import { asNumber } from '../../common/chain/decoded.ts';
import { isSubnetError, messageOf } from '../../common/errors.ts';
import type { HttpClient } from '../../common/http-port.ts';
import { compareRules } from '../../common/owner/rules-commitment.ts';
import type { RulesState } from '../../common/owner/rules-commitment.ts';
import type { Platform } from '../../common/platform-port.ts';
import type { StateSource } from '../../common/state-view.ts';
import { axonFinding, pinnedKey, reachFinding, tlsFinding } from './axon-findings.ts';
import { clockFinding, endpointFindings, probeEndpoint, runtimeFinding } from './chain-findings.ts';
import type { HeldCommit } from './commit-findings.ts';
import { referencesFinding } from './files-findings.ts';
import { fail, pass, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';
import { folderFindings } from './folder-findings.ts';
import { modelFindings } from './model-findings.ts';
import { neuronFindings } from './neuron-findings.ts';
import type { Subject } from './subject.ts';
import { walletReport } from './wallet-findings.ts';
import { weightsFindings } from './weights-findings.ts';

export interface DoctorDeps {
  readonly platform: Platform;
  readonly http: HttpClient;
  readonly connect: (endpoints: readonly string[]) => Promise<Chain & StateSource>;
  /** Known network that the endpoints claim to be; null for any. */
  readonly expected: { readonly name: string; readonly genesisHash: string } | null;
  /** Told as soon as each is known. */
  readonly report: (finding: Finding) => void;
}

/** Looks at everything that a node needs, changes nothing. Never throws for what it finds. */
export async function examine(subject: Subject, deps: DoctorDeps): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const add = (findings: readonly Finding[]): void => {
    for (const finding of findings) {
      found.push(finding);
      deps.report(finding);
    }
  };
  add(folderFindings(subject.folders));
  if (subject.configFile !== null) {
    add([referencesFinding(subject.configFile, subject.role)]);
  }
  const { hotkey, findings } = walletReport(subject.wallet);
  add(findings);
  if (subject.model !== null) add(await modelFindings(subject.model));
  await examineChain(subject, hotkey, deps, add);
  return found;
}

type Add = (findings: readonly Finding[]) => void;

async function examineChain(
  subject: Subject,
  hotkey: Hotkey | null,
  deps: DoctorDeps,
  add: Add,
): Promise<void> {
  const probes = subject.endpoints.map((url) =>
    probeEndpoint(url, (one) => deps.connect([one]), deps.platform),
  );
  const reports = await Promise.all(probes);
  const endpoints = endpointFindings(reports, deps.expected);
  add(endpoints);
  const usable = reports.filter(({ problem }) => problem === null).map(({ url }) => url);
  const oneChain = endpoints.every(
    ({ id, status }) => id !== 'chain.identity' || status !== 'fail',
  );
  if (usable.length === 0 || !oneChain) return;
  await withChain(deps, usable, add, async (chain) => {
    add([runtimeFinding(chain), await clockFinding(chain, subject.netuid, deps.platform)]);
    await examineSubnet(subject, hotkey, { ...deps, chain }, add);
  });
}

async function withChain(
  deps: DoctorDeps,
  endpoints: readonly string[],
  add: Add,
  work: (chain: Chain & StateSource) => Promise<void>,
): Promise<void> {
  try {
    const chain = await deps.connect(endpoints);
    try {
      await work(chain);
    } finally {
      await chain.close();
    }
  } catch (error) {
    add([readFault(error)]);
  }
}

function readFault(error: unknown): Finding {
  const again = 'Run it again; if it stays, use another endpoint.';
  return fail('chain.read', messageOf(error), isSubnetError(error) ? error.fix : again);
}

interface ChainDeps extends DoctorDeps {
  readonly chain: Chain & StateSource;
}

async function examineSubnet(
  subject: Subject,
  hotkey: Hotkey | null,
  deps: ChainDeps,
  add: Add,
): Promise<void> {
  const { chain } = deps;
  const snapshot = await chain.snapshot(subject.netuid);
  if (subject.subnetFile !== null) add([await rulesFinding(chain, subject, subject.subnetFile)]);
  if (hotkey === null) return add([skipped('neuron.registered', 'no hotkey could be read')]);
  const minNonImmune = await minNonImmuneOf(chain, subject.netuid);
  add(neuronFindings({ snapshot, hotkey, role: subject.role, minNonImmune }));
  if (subject.role === 'validator') {
    const pending = await pendingOf(chain, snapshot, hotkey);
    add(weightsFindings({ snapshot, hotkey, pending }));
  } else {
    add(await axonFindings(subject, snapshot, hotkey, deps));
  }
}

async function axonFindings(
  subject: Subject,
  snapshot: Snapshot,
  hotkey: Hotkey,
  { http, chain }: ChainDeps,
): Promise<readonly Finding[]> {
  const onChain = axonFinding(snapshot, hotkey, subject.axon);
  const axon = snapshot.neurons.find((neuron) => neuron.hotkey === hotkey)?.axon ?? null;
  if (axon === null) return [onChain, skipped('axon.reachable', 'no axon on chain to ask')];
  const tlsKey = pinnedKey((await chain.tlsKeys(subject.netuid)).get(hotkey));
  return [onChain, tlsFinding(tlsKey, subject.axon), await reachFinding(http, axon, tlsKey)];
}

async function pendingOf(
  chain: Chain,
  { netuid, mechanisms }: Snapshot,
  hotkey: Hotkey,
): Promise<readonly HeldCommit[]> {
  const reads = mechanisms.map(async ({ mecid }) => {
    const commits = await chain.pendingCommits(netuid, mecid, hotkey);
    return commits.map((commit) => ({ mecid, commit }));
  });
  return (await Promise.all(reads)).flat();
}

/** `MinNonImmuneUids` of the chain; its default where the runtime keeps none. */
async function minNonImmuneOf(source: StateSource, netuid: number): Promise<number> {
  const view = await source.view();
  if (!view.hasStorage('SubtensorModule', 'MinNonImmuneUids')) return 10;
  return asNumber(await view.storage('SubtensorModule', 'MinNonImmuneUids', netuid));
}

async function rulesFinding(
  source: StateSource,
  { netuid }: Subject,
  file: string,
): Promise<Finding> {
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  return rulesText(await compareRules(await source.view(), netuid, sha256), file, sha256);
}

function rulesText(state: RulesState, file: string, sha256: string): Finding {
  const id = 'subnet.rules';
  switch (state.kind) {
    case 'same':
      return pass(id, `${file} is the one that the owner committed at block ${state.block}`);
    case 'differs': {
      const detail = `${file} has sha256 ${sha256}, the owner committed ${state.committed}`;
      return warn(id, detail, "Get the owner's newest file, unless you mean to run another one.");
    }
    case 'none':
      return pass(id, 'the owner committed no rules on chain');
    case 'unknown':
      return skipped(id, state.detail);
  }
}

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { subnetSchema } from '../common/config/subnet-schema.ts';
import { validatorSchema } from '../common/config/validator-schema.ts';
import { loadConfig, resolvePath } from '../common/config/config-load.ts';
import { createHttpClient } from '../common/node/http-undici.ts';
import { signerFromSuri } from '../common/keys/keys.ts';
import { packagePath } from '../common/node/package-root.ts';
import { createLogger } from '../common/node/log.ts';
import { createPlatform } from '../common/node/platform.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { openLevelStore } from '../common/node/store-level.ts';
import { parseDataset } from '../tasks/dataset.ts';
import { prepareTask } from '../tasks/registry.ts';
import { createFakeChain } from '../test/fakes/fake-chain.ts';
import type { FakeChain } from '../test/fakes/fake-chain.ts';
import { createEvidenceLog, readHead } from '../validator/evidence.ts';
import { createCommitMaker } from '../validator/weights/commit-maker.ts';
import { createJournal } from '../validator/weights/journal.ts';
import { roundConfigOf } from '../validator/round-config.ts';
import { runRound } from '../validator/round.ts';
import type { RoundConfig, RoundDeps, RoundState } from '../validator/round.ts';
import { emptyBoard } from '../validator/scoreboard.ts';
import { median } from './row.ts';
import type { BenchRow } from './row.ts';

const miners = 64;
const warmUp = 5;
const measured = 21;
const netuid = 2;

/**
 * A whole round over 64 miners that answer at once, in another process on loopback: snapshot from
 * memory, everything else real, state on disk. Beside it, in turn, the same 64 bodies by `fetch`,
 * not signed, not verified, not judged, not stored.
 */
export async function benchRound(): Promise<BenchRow[]> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-round-'));
  const { subnet, config, batch } = settings();
  const { child, ports } = await startMiners(batch);
  try {
    const { deps, close } = await makeDeps(dir, ports);
    try {
      return await measure(deps, roundConfigOf(subnet.value, subnet.tasks, config), ports);
    } finally {
      await close();
    }
  } finally {
    if (child.connected) child.disconnect();
    rmSync(dir, { recursive: true, force: true });
  }
}

function settings() {
  const file = packagePath('config', 'subnets', 'digits.yaml');
  const { value, baseDir } = loadConfig(file, subnetSchema);
  const tasks = value.tasks.map((task) => {
    const path = resolvePath(baseDir, task.source.path);
    const bytes = new Uint8Array(readFileSync(path));
    return prepareTask(task, parseDataset(bytes, { path, sha256: task.source.sha256 }));
  });
  const { query, evidence, weights } = loadConfig(
    packagePath('config', 'validator.yaml'),
    validatorSchema,
  ).value;
  const config = {
    netuid,
    intervalBlocks: 10,
    rulesSha256: '',
    query: { ...query, allowPrivateAddresses: true },
    evidence,
    weights,
    dryRun: true,
  };
  return { subnet: { value, tasks }, config, batch: tasks[0]?.items ?? 1 };
}

async function startMiners(
  batch: number,
): Promise<{ readonly child: ChildProcess; readonly ports: readonly number[] }> {
  const file = fileURLToPath(new URL('./round-miners.ts', import.meta.url));
  const child = fork(file, [String(miners), String(batch)], { execArgv: ['--import', 'tsx'] });
  const [ports] = (await once(child, 'message')) as [readonly number[]];
  return { child, ports };
}

async function makeDeps(
  dir: string,
  ports: readonly number[],
): Promise<{ readonly deps: RoundDeps; readonly close: () => Promise<void> }> {
  const sr25519 = loadSr25519();
  const platform = createPlatform();
  const store = await openLevelStore(dir);
  const http = createHttpClient();
  const deps = {
    chain: chainWith(ports),
    http,
    store,
    platform,
    signer: signerFromSuri(sr25519, '//bench//validator'),
    verifier: sr25519,
    journal: createJournal(store, platform.sha256),
    evidence: createEvidenceLog(await readHead(store), platform.sha256),
    commits: createCommitMaker((length) => platform.randomBytes(length)),
    log: createLogger({ level: 'silent' }),
  };
  const close = async (): Promise<void> => {
    await http.close();
    await store.close();
  };
  return { deps, close };
}

function chainWith(ports: readonly number[]): FakeChain {
  const sr25519 = loadSr25519();
  const chain = createFakeChain();
  chain.addSubnet(netuid);
  ports.forEach((port, at) => {
    const axon = { ip: '127.0.0.1', port, ipType: 4, protocol: 4, version: 1, block: 1 } as const;
    chain.addNeuron(netuid, { hotkey: signerFromSuri(sr25519, `//bench//${at}`).ss58, axon });
  });
  return chain;
}

async function measure(
  deps: RoundDeps,
  config: RoundConfig,
  ports: readonly number[],
): Promise<BenchRow[]> {
  const bodies: Uint8Array[] = [];
  const [ours, peers] = [[] as number[], [] as number[]];
  let state: RoundState = { board: emptyBoard, lastRound: 0, voidRounds: 0 };
  for (let at = 0; at < warmUp + measured; at += 1) {
    const startedMs = performance.now();
    const result = await runRound(deps, state, config, { eager: true });
    const tookMs = performance.now() - startedMs;
    state = result.state;
    const answers = result.outcomes.filter(({ result: found }) => found.kind === 'judgement');
    if (answers.length !== miners) throw new Error(`${answers.length} of ${miners} answered`);
    bodies.splice(0, bodies.length, ...result.outcomes.flatMap(({ sent }) => sent?.body ?? []));
    const peerMs = await fetchAll(ports, bodies);
    if (at >= warmUp) {
      ours.push(tookMs);
      peers.push(peerMs);
    }
  }
  return [row(median(ours), median(peers))];
}

async function fetchAll(ports: readonly number[], bodies: readonly Uint8Array[]): Promise<number> {
  const startedMs = performance.now();
  await Promise.all(
    ports.map(async (port, at) => {
      const body = Uint8Array.from(bodies[at] ?? []);
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
      return answer.arrayBuffer();
    }),
  );
  return performance.now() - startedMs;
}

function row(value: number, peer: number): BenchRow {
  return {
    name: `round over ${miners} instant miners (peer: the same questions by bare fetch)`,
    value,
    unit: 'ms',
    peer,
    ratio: peer / value,
    goal: null,
    ok: true,
  };
}

import { startDevChain } from '../../chain/devchain.ts';
import type { DevChain, RuntimeChoice } from '../../chain/devchain.ts';
import { connectChain } from '../../common/chain/chain-substrate.ts';
import type { Chain, Neuron, Snapshot } from '../../common/chain-port.ts';
import { genesisSchema } from '../../common/config/genesis-schema.ts';
import { signerFromSuri } from '../../common/keys/keys.ts';
import type { KeySigner } from '../../common/keys/keys.ts';
import { loadSr25519 } from '../../common/keys/sr25519.ts';
import { createPlatform } from '../../common/node/platform.ts';
import { createEvidenceLog, readHead } from '../../validator/evidence.ts';
import { createCommitMaker } from '../../validator/weights/commit-maker.ts';
import type { CommitChoice } from '../../validator/weights/commit-path.ts';
import { createJournal } from '../../validator/weights/journal.ts';
import type { SubmitDeps } from '../../validator/weights/submit.ts';
import { tendWeights } from '../../validator/weights/tend.ts';
import type { MechanismReport } from '../../validator/weights/tend.ts';
import type { VectorRecord } from '../../validator/weights/vector-state.ts';
import type { WeightVector } from '../../validator/weights/weights.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { blocksOnDemand, byBlocksAlone } from './blocks-on-demand.ts';
import { rawClient } from './chain-client.ts';
import type { RawClient } from './chain-client.ts';
import { silent } from './chain-world.ts';

export const netuid = 2;
export const tempo = 10;
const sr25519 = loadSr25519();
const signer = signerFromSuri(sr25519, '//Validator');

export interface WeightsWorldOptions {
  /** `quicknet` never has a pulse here: its signatures come from outside. */
  readonly beacon?: 'development' | 'quicknet';
  readonly runtime?: RuntimeChoice;
  /** Laid over the subnet's genesis. */
  readonly subnet?: Readonly<Record<string, unknown>>;
}

export interface TendMore {
  readonly mecid?: number;
  readonly commit?: CommitChoice;
  readonly patienceBlocks?: number;
}

/**
 * The weights of one validator on the embedded chain: everything is real but the hours, for blocks
 * are made by hand. uid 0 is the owner, uid 1 the validator, uids 2 and 3 are miners.
 */
export interface WeightsWorld {
  readonly chain: Chain;
  readonly rpc: RawClient;
  readonly signer: KeySigner;
  /** One look after the weights, ready to send this vector. */
  tend(vector: WeightVector, more?: TendMore): Promise<MechanismReport>;
  /** Looks once in every block, until the journal says so; throws after 100 blocks. */
  live(
    vector: WeightVector,
    done: (records: readonly VectorRecord[], report: MechanismReport) => boolean,
    more?: TendMore,
  ): Promise<MechanismReport>;
  pass(blocks: number): Promise<void>;
  /** What is sent next waits in the pool, and nobody sees what becomes of it. */
  loseNext(): void;
  /** The node dies; another one, with a line of its own, starts on what is on disk. */
  restart(): Promise<void>;
  /** Runs something that sends an extrinsic, and makes blocks for it. */
  mined<T>(work: Promise<T>): Promise<T>;
  records(mecid?: number): Promise<readonly VectorRecord[]>;
  neuron(uid: number): Promise<Neuron>;
  close(): Promise<void>;
}

export const best: WeightVector = { kind: 'vector', uids: [2, 3], values: [65_535, 300] };
export const other: WeightVector = { kind: 'vector', uids: [2, 3], values: [300, 65_535] };

export async function startWeightsWorld(options: WeightsWorldOptions = {}): Promise<WeightsWorld> {
  const dev = await openDev(options);
  const rpc = await rawClient(dev.url);
  const platform = createPlatform();
  const connect = (): Promise<Chain> =>
    connectChain({ endpoints: [dev.url], platform, logger: silent });
  const chain = await connect();
  const store = createMemoryStore();
  const blocks = blocksOnDemand(dev, rpc);
  const lines = [chain];
  let losesNext = false;
  /** With blocks for what it sends, but for what is lost. */
  const sendingOn = (line: Chain): Chain => {
    const mining = blocks.submitting(line);
    const submit: Chain['submit'] = (call, key, more) => {
      if (!losesNext) return mining.submit(call, key, more);
      losesNext = false;
      return line.submit(call, key, { ...more, timeoutMs: 1000 });
    };
    return new Proxy(mining, {
      get: (target, name) => (name === 'submit' ? submit : Reflect.get(target, name, target)),
    });
  };
  let deps: SubmitDeps = {
    chain: sendingOn(chain),
    signer,
    journal: createJournal(store, platform.sha256),
    evidence: createEvidenceLog(await readHead(store), platform.sha256),
    platform,
    commits: createCommitMaker((length) => platform.randomBytes(length)),
    log: silent,
  };
  const pass = (count: number): Promise<void> => blocks.pass(chain, count);
  const tend: WeightsWorld['tend'] = async (vector, { mecid = 0, ...more } = {}) => {
    const snapshot = await deps.chain.snapshot(netuid);
    const plan = { snapshot, mecid, round: 1, vector, versionKey: 0n };
    return tendWeights(deps, plan, { ...tending, submit: { ...submit, commit: 'auto', ...more } });
  };
  const restart = async (): Promise<void> => {
    const line = await connect();
    lines.push(line);
    const journal = createJournal(createMemoryStore(store.contents()), platform.sha256);
    deps = { ...deps, chain: sendingOn(line), journal };
  };
  const records = (mecid = 0) => deps.journal.recent(100, mecid);
  await untilPermitted(chain, pass);
  return {
    chain,
    rpc,
    signer,
    tend,
    pass,
    loseNext: () => {
      losesNext = true;
    },
    restart,
    mined: blocks.mined,
    records,
    live: async (vector, done, more) => {
      for (let block = 0; block < longestLife; block += 1) {
        const report = await tend(vector, more);
        if (done(await records(more?.mecid), report)) return report;
        await pass(1);
      }
      throw new Error(`not in ${longestLife} blocks: ${JSON.stringify(await records())}`);
    },
    neuron: async (uid) => neuronOf(await chain.snapshot(netuid), uid),
    close: async () => {
      rpc.close();
      for (const line of lines) await line.close();
      await dev.close();
    },
  };
}

const longestLife = 120;

const submit = {
  timeoutMs: 60_000,
  lifetimeBlocks: 72,
  patienceBlocks: 8,
  readBackAttempts: 10,
  readBackPauseMs: 100,
  dryRun: false,
  allowEmptier: true,
} as const;

const tending = { schedule: { intervalBlocks: 2, leadBlocks: null }, eager: true };

function openDev({ beacon, runtime, subnet }: WeightsWorldOptions): Promise<DevChain> {
  const genesis = genesisSchema.parse({
    sudo: '//Alice',
    beacon: beacon ?? 'quicknet',
    balances: [
      { account: '//Alice', tao: 1000 },
      { account: '//Bob', tao: 1000 },
    ],
    network: { stakeThresholdTao: 0, adminFreezeWindow: 0 },
    subnets: [
      {
        netuid,
        owner: '//Alice',
        ownerHotkey: '//Owner',
        started: true,
        tempo,
        commitRevealEnabled: true,
        commitRevealPeriod: 1,
        weightsRateLimit: 0,
        ...subnet,
        neurons: [
          { hotkey: '//Validator', coldkey: '//Bob', stakeTao: 100 },
          { hotkey: '//MinerOne', coldkey: '//Bob' },
          { hotkey: '//MinerTwo', coldkey: '//Bob' },
        ],
      },
    ],
  });
  const open = { port: 0, blockTimeMs: 250, ...byBlocksAlone(), genesis, log: silent };
  return startDevChain({ ...open, ...(runtime !== undefined && { runtime }) });
}

async function untilPermitted(
  chain: Chain,
  pass: (blocks: number) => Promise<void>,
): Promise<void> {
  for (let blocks = 0; blocks < 3 * tempo; blocks += 1) {
    const snapshot = await chain.snapshot(netuid);
    if (neuronOf(snapshot, 1).validatorPermit) return;
    await pass(1);
  }
  throw new Error('no epoch gave the validator its permit');
}

function neuronOf({ neurons }: Snapshot, uid: number): Neuron {
  const found = neurons.find((one) => one.uid === uid);
  if (found === undefined) throw new Error(`no uid ${uid}`);
  return found;
}

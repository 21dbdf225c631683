import type { SubnetHyperparams } from '../../common/chain-port.ts';
import { tendWeights } from '../../validator/weights/tend.ts';
import type { MechanismReport, TendOptions } from '../../validator/weights/tend.ts';
import type { VectorRecord } from '../../validator/weights/vector-state.ts';
import type { NoVector, WeightVector } from '../../validator/weights/weights.ts';
import type { FakeChain, FakeChainOptions } from '../fakes/fake-chain.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { createWorld, netuid } from '../sim/world.ts';
import type { SimNode, World } from '../sim/world.ts';

export const tempo = 20;
export const first: WeightVector = { kind: 'vector', uids: [1, 2], values: [65_535, 7] };
export const second: WeightVector = { kind: 'vector', uids: [1, 2], values: [7, 65_535] };

export interface RigOptions {
  readonly hyperparams?: Partial<SubnetHyperparams>;
  readonly chain?: FakeChainOptions;
  readonly mechanisms?: number;
}

export interface Rig {
  readonly world: World;
  readonly chain: FakeChain;
  node: SimNode;
  /** One look after the weights, ready to send this vector. */
  tend(vector: WeightVector | NoVector, more?: TendMore): Promise<MechanismReport>;
  /** Looks once in every block, `blocks` times; the last report. */
  live(vector: WeightVector | NoVector, blocks: number, more?: TendMore): Promise<MechanismReport>;
  /** The process ends and another one starts on what is on disk. */
  restart(): Promise<void>;
  records(mecid?: number): Promise<readonly VectorRecord[]>;
}

export interface TendMore {
  readonly mecid?: number;
  readonly submit?: Partial<TendOptions['submit']>;
  readonly eager?: boolean;
}

/** A validator `alpha` (uid 0) and five miners; the first epoch has begun. */
export async function createRig(options: RigOptions = {}): Promise<Rig> {
  // With the eight blocks to spare as long as `lifetimeBlocks`.
  const world = createWorld('rig', { eraBlocks: 22, ...options.chain });
  const { chain } = world;
  world.addValidator('alpha');
  for (const name of ['one', 'two', 'three', 'four', 'five']) world.addMiner(name, null);
  chain.patchSubnet(netuid, {
    hyperparams: { tempo, weightsRateLimit: 5, ...options.hyperparams },
    ...(options.mechanisms !== undefined && { mechanisms: options.mechanisms }),
  });
  chain.advance(tempo + 2);
  const rig: Rig = {
    world,
    chain,
    node: await world.node('alpha'),
    tend: async (vector, { mecid = 0, submit = {}, eager = true } = {}) => {
      const { deps, config } = rig.node;
      const snapshot = await chain.snapshot(netuid);
      const plan = { snapshot, mecid, round: 1, vector, versionKey: 1n };
      const own = { lifetimeBlocks: 30, patienceBlocks: 4, ...submit };
      const tending = { submit: { ...config.submit, ...own }, schedule: config.schedule, eager };
      return tendWeights(deps, plan, tending);
    },
    live: async (vector, blocks, more) => {
      let report = await rig.tend(vector, more);
      for (let block = 0; block < blocks; block += 1) {
        chain.advance();
        report = await rig.tend(vector, more);
      }
      return report;
    },
    restart: async () => {
      const store = createMemoryStore(rig.node.store.contents());
      rig.node = await world.node('alpha', { store });
    },
    records: (mecid = 0) => rig.node.deps.journal.recent(500, mecid),
  };
  return rig;
}

export const commitReveal = { hyperparams: { commitRevealEnabled: true } } as const;

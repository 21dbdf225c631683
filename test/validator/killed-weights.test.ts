import { describe, expect, it } from 'vitest';
import type { Chain } from '../../common/chain-port.ts';
import { prng } from '../../tasks/prng.ts';
import { chainRow } from '../../validator/weights/weights.ts';
import type { WeightVector } from '../../validator/weights/weights.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import type { MemoryStore } from '../fakes/memory-store.ts';
import { netuid } from '../sim/world.ts';
import { createRig, tempo } from './weights-rig.ts';
import type { Rig, RigOptions } from './weights-rig.ts';

class Killed extends Error {}

/** Counts everything a node does to the world outside, and kills it at one of these. */
interface Executioner {
  /** Runs `work`, or dies before it, or after it and before anybody hears of it. */
  act<T>(work: () => Promise<T>, weighty: boolean): Promise<T>;
  acts: number;
  /** Count writes and submissions alone: the moments around which something can be lost. */
  onlyWeighty: boolean;
  dieAt: number;
  after: boolean;
}

function createExecutioner(): Executioner {
  const it: Executioner = {
    acts: 0,
    onlyWeighty: false,
    dieAt: Infinity,
    after: false,
    act: async (work, weighty) => {
      if (weighty || !it.onlyWeighty) it.acts += 1;
      const dies = it.acts === it.dieAt && (weighty || !it.onlyWeighty);
      if (dies && !it.after) throw new Killed('kill -9');
      const done = await work();
      if (dies) throw new Killed('kill -9');
      return done;
    },
  };
  return it;
}

/** Reads are killed too: what was decided by then must be on disk or not matter. */
function mortalChain(chain: Chain, executioner: Executioner): Chain {
  const deadly = ['submit', 'snapshot', 'pendingCommits', 'weightsOf', 'eventsAt'];
  return new Proxy(chain, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      if (!deadly.includes(String(name))) return call;
      return (...args: unknown[]) => executioner.act(async () => call(...args), name === 'submit');
    },
  });
}

function mortalStore(store: MemoryStore, executioner: Executioner): MemoryStore {
  return { ...store, batch: (ops) => executioner.act(() => store.batch(ops), true) };
}

/** Scores move with every block: whoever builds anew builds something else. */
const newest = (head: number): WeightVector => ({
  kind: 'vector',
  uids: [1, 2, 3],
  values: [65_535, 1 + (head % 97), 7],
});

interface Scenario {
  readonly name: string;
  readonly rig: RigOptions;
  readonly commit: 'auto' | 'hash';
}

const on = { commitRevealEnabled: true };
const scenarios: readonly Scenario[] = [
  { name: 'timelocked', rig: { hyperparams: on }, commit: 'auto' },
  { name: 'hash', rig: { hyperparams: on }, commit: 'hash' },
  { name: 'plain', rig: {}, commit: 'auto' },
  {
    name: 'timelocked, no rate limit, three epochs to the reveal',
    rig: { hyperparams: { ...on, weightsRateLimit: 0, commitRevealPeriod: 3 } },
    commit: 'auto',
  },
  {
    name: 'hash, modulo epochs',
    rig: { hyperparams: on, chain: { runtime: { epochs: 'modulo', mechanisms: false } } },
    commit: 'hash',
  },
];

const runsEach = 10;
const killsEach = 4;
/** Acts between two kills, at most: a few blocks of looking, or the middle of a submission. */
const actsAhead = 40;
/** Writes and submissions: about those of one vector. */
const weightyAhead = 7;

interface Run {
  readonly rig: Rig;
  readonly kills: number;
  readonly epochs: ReadonlyMap<number, number>;
}

async function runOne(scenario: Scenario, seed: string): Promise<Run> {
  const random = prng(new TextEncoder().encode(seed.padEnd(32).slice(0, 32)), 'kills');
  const rig = await createRig(scenario.rig);
  const epochs = watchEpochs(rig.chain);
  const executioner = createExecutioner();
  let disk = createMemoryStore(rig.node.store.contents());
  const start = async (): Promise<void> => {
    const node = await rig.world.node('alpha', { store: mortalStore(disk, executioner) });
    const chain = mortalChain(rig.chain, executioner);
    rig.node = { ...node, deps: { ...node.deps, chain } };
  };
  await start();
  const submit = { commit: scenario.commit, patienceBlocks: 2 };
  let kills = 0;
  const blocks = 10 * tempo;
  const doomed = 6 * tempo;
  const aim = (): void => {
    executioner.onlyWeighty = kills < killsEach - 1;
    const ahead = random.below(executioner.onlyWeighty ? weightyAhead : actsAhead);
    executioner.dieAt = kills < killsEach ? executioner.acts + 1 + ahead : Infinity;
    executioner.after = random.below(2) === 1;
  };
  aim();
  for (let block = 0; block < blocks; block += 1) {
    if (block === doomed) executioner.dieAt = Infinity;
    try {
      const { number } = await rig.chain.head();
      await rig.tend(newest(number), { submit, eager: block % 5 === 0 });
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      kills += 1;
      disk = createMemoryStore(disk.contents());
      await start();
      aim();
    }
    if (random.below(4) > 0 || block > doomed) rig.chain.advance();
  }
  await rig.tend({ kind: 'no-vector', reason: 'the end' }, { submit });
  return { rig, kills, epochs };
}

interface Landed {
  readonly epoch: number;
  /** The commit's hash, or the plain vector. */
  readonly what: string;
}

/** What took place on chain, as the chain itself tells it by its events. */
async function landedOn({ chain }: Rig, epochs: ReadonlyMap<number, number>): Promise<Landed[]> {
  const landed: Landed[] = [];
  for (const [number, epoch] of epochs) {
    for (const { name, args } of await chain.eventsAt({ number, hash: '' })) {
      if (name.endsWith('WeightsCommitted')) landed.push({ epoch, what: String(args[2]) });
      if (name.endsWith('WeightsSet')) landed.push({ epoch, what: vectorSetAt(chain, number) });
    }
  }
  return landed;
}

/** The fake chain includes one submission in a block. */
function vectorSetAt({ submissions }: Rig['chain'], number: number): string {
  const call = submissions.find(({ block }) => block === number)?.call;
  return call?.call === 'set_weights' ? JSON.stringify([call.uids, call.values]) : 'nothing';
}

/** The epoch of every block that passes, by the chain's own snapshot. */
function watchEpochs(chain: Rig['chain']): ReadonlyMap<number, number> {
  const epochs = new Map<number, number>();
  chain.onHead(({ number }) => {
    void chain.snapshot(netuid).then(({ epoch }) => {
      const modulo = Math.floor((number + netuid + 1) / (tempo + 1));
      epochs.set(number, epoch.model === 'stateful' ? epoch.epochIndex : modulo);
    });
  });
  return epochs;
}

const followed: readonly string[] = ['committed', 'due', 'revealed', 'effective', 'missed'];

describe.each(scenarios)('a validator killed at any moment ($name)', (scenario) => {
  it.each(Array.from({ length: runsEach }, (_, run) => run))(
    'never has two vectors for one epoch, loses nothing, ends effective (seed %i)',
    async (run) => {
      const { rig, kills, epochs } = await runOne(scenario, `${scenario.name} ${run}`);
      expect(kills).toBe(killsEach);
      const records = await rig.records();
      // What landed is followed to its end: none is taken for lost, refused or never sent.
      const known = new Set(
        records
          .filter(({ state }) => followed.includes(state))
          .map(({ commit, uids, values }) => commit?.hash ?? JSON.stringify([uids, values])),
      );
      const perEpoch = new Map<number, Set<string>>();
      for (const { epoch, what } of await landedOn(rig, epochs)) {
        expect(known).toContain(what);
        perEpoch.set(epoch, (perEpoch.get(epoch) ?? new Set()).add(what));
      }
      expect(perEpoch.size).toBeGreaterThan(2);
      expect([...perEpoch.values()].filter(({ size }) => size !== 1)).toEqual([]);
      const done = records.find(({ state }) => state === 'effective');
      expect(done).toBeDefined();
      const row = await rig.chain.weightsOf(netuid, 0);
      expect(row).toEqual(chainRow(done?.uids ?? [], done?.values ?? []));
    },
  );
});

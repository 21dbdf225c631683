import type { Chain, Neuron, Snapshot, WeightRow } from '../../common/chain-port.ts';
import { demoMiners, demoNetuid, demoValidators } from './plan.ts';
import type { DemoMiner, DemoValidator } from './plan.ts';
import { keysOf } from './setup.ts';
import type { DemoLayout } from './setup.ts';
import type { DemoState, MinerRow, ValidatorRow } from './state.ts';

/** The part of a validator's /status that the demo shows. */
interface BoardStatus {
  readonly round: number | null;
  readonly scores: ReadonlyMap<string, { readonly score: number; readonly note: string }>;
}

export interface Observer {
  /** Reads chain and validators once and counts paid epochs. */
  observe(): Promise<DemoState>;
}

export function createObserver(chain: Chain, layout: DemoLayout, wantedEpochs: number): Observer {
  const paidAt = new Set<number>();
  return {
    observe: async () => {
      const snapshot = await chain.snapshot(demoNetuid);
      const miners = demoMiners.map((name) => neuronOf(snapshot, layout, name));
      if (miners.some((neuron) => (neuron?.incentive ?? 0) > 0))
        paidAt.add(snapshot.lastEpochBlock);
      const rows = await Promise.all(
        demoValidators.map((name) => rowOf(chain, neuronOf(snapshot, layout, name))),
      );
      const boards = await Promise.all(demoValidators.map((name) => boardOf(layout, name)));
      return {
        block: snapshot.block.number,
        nextEpochBlock: snapshot.nextEpochBlock,
        paidEpochs: paidAt.size,
        wantedEpochs,
        seconds: (performance.now() - layout.startedAt) / 1000,
        miners: demoMiners.map((name, at) => minerRow(layout, name, miners[at], rows, boards)),
        validators: rows.map((row, at) => validatorRow(layout, row, boards[at], at)),
      };
    },
  };
}

interface ValidatorRead {
  readonly neuron: Neuron | undefined;
  readonly weights: WeightRow;
}

function neuronOf(snapshot: Snapshot, layout: DemoLayout, name: string): Neuron | undefined {
  const { hotkey } = keysOf(layout, name);
  return snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
}

async function rowOf(chain: Chain, neuron: Neuron | undefined): Promise<ValidatorRead> {
  const weights = neuron === undefined ? [] : await chain.weightsOf(demoNetuid, neuron.uid);
  return { neuron, weights };
}

function minerRow(
  layout: DemoLayout,
  name: DemoMiner,
  neuron: Neuron | undefined,
  rows: readonly ValidatorRead[],
  boards: readonly BoardStatus[],
): MinerRow {
  const { hotkey } = keysOf(layout, name);
  const entries = boards.flatMap((board) => board.scores.get(hotkey) ?? []);
  const total = entries.reduce((sum, entry) => sum + entry.score, 0);
  return {
    name,
    uid: neuron?.uid ?? null,
    hotkey,
    score: entries.length === 0 ? null : total / entries.length,
    weight: neuron === undefined ? 0 : weightOf(neuron.uid, rows),
    incentive: neuron?.incentive ?? 0,
    emissionRao: neuron?.alphaStakeRao ?? 0n,
    note: entries.find((entry) => entry.note !== '')?.note ?? '',
  };
}

/** A miner's share of each validator's row, averaged by the validators' stake. */
function weightOf(uid: number, rows: readonly ValidatorRead[]): number {
  let [weighted, stakes] = [0, 0];
  for (const { neuron, weights } of rows) {
    const sum = weights.reduce((total, [, value]) => total + value, 0);
    if (neuron === undefined || sum === 0) continue;
    const stake = Number(neuron.totalStakeRao);
    weighted += (stake * (weights.find(([target]) => target === uid)?.[1] ?? 0)) / sum;
    stakes += stake;
  }
  return stakes === 0 ? 0 : weighted / stakes;
}

function validatorRow(
  layout: DemoLayout,
  { neuron, weights }: ValidatorRead,
  board: BoardStatus | undefined,
  at: number,
): ValidatorRow {
  const name = demoValidators[at] ?? 'alpha';
  return {
    name,
    uid: neuron?.uid ?? null,
    hotkey: keysOf(layout, name).hotkey,
    stakeRao: neuron?.totalStakeRao ?? 0n,
    vtrust: neuron?.validatorTrust ?? 0,
    dividends: neuron?.dividends ?? 0,
    weightsEffectiveBlock: weights.length === 0 ? null : (neuron?.lastUpdate ?? null),
    round: board?.round ?? null,
  };
}

const nothing: BoardStatus = { round: null, scores: new Map() };

/** A validator that does not answer yet shows as unknown: the demo only looks on. */
async function boardOf(layout: DemoLayout, name: DemoValidator): Promise<BoardStatus> {
  try {
    const url = `http://127.0.0.1:${layout.validatorMetrics[name]}/status`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(1000) });
    return answer.ok ? parseStatus(await answer.json()) : nothing;
  } catch {
    return nothing;
  }
}

function parseStatus(status: unknown): BoardStatus {
  const { round, miners } = status as { round?: unknown; miners?: unknown };
  const list = Array.isArray(miners) ? (miners as Record<string, unknown>[]) : [];
  const entries = list.map(
    (entry) =>
      [
        String(entry['hotkey']),
        {
          score: Number(entry['score'] ?? 0),
          note: typeof entry['note'] === 'string' ? entry['note'] : '',
        },
      ] as const,
  );
  return { round: typeof round === 'number' ? round : null, scores: new Map(entries) };
}

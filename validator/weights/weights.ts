import type { Hotkey } from '../../common/brand.ts';
import type { Snapshot, WeightRow } from '../../common/chain-port.ts';
import type { Board, BoardEntry } from '../scoreboard.ts';

const u16Max = 65_535;

export interface WeightPolicy {
  /** Scores below this earn nothing, 0..1. */
  readonly minScore: number;
  /** Weight is score to this power; above 1 favours the best. */
  readonly exponent: number;
  /** Largest share that one miner can get, above 0 up to 1. */
  readonly maxShare: number;
  /** What to set while nobody earns: nothing at all, or everything to the subnet owner's hotkey. */
  readonly whenNoneEarn: 'skip' | 'owner';
}

/** What is sent to the chain. */
export interface WeightVector {
  readonly kind: 'vector';
  /** Ascending. */
  readonly uids: readonly number[];
  /** 0..65535; the largest is 65535. */
  readonly values: readonly number[];
  /** Why it is not to be trusted: it leaves out scores that are no numbers. */
  readonly suspect?: string;
}

export interface NoVector {
  readonly kind: 'no-vector';
  readonly reason: string;
  readonly suspect?: string;
}

interface Share {
  readonly uid: number;
  readonly share: number;
}

/**
 * Scores to the vector for the chain. Scores are looked up by hotkey in a snapshot that is as new
 * as can be, so that a newcomer never inherits the weight of the neuron that it replaced.
 */
export function toWeights(
  board: Board,
  snapshot: Snapshot,
  policy: WeightPolicy,
  scoreOf: ScoreOf = overall,
): WeightVector | NoVector {
  const vector = ofSoundScores(board, snapshot, policy, scoreOf);
  const broken = brokenScores(board, snapshot, scoreOf);
  if (broken.length === 0) return vector;
  const detail = `the scores of ${broken.length} neurons are no numbers (uid ${broken.join(', ')})`;
  return { ...vector, suspect: detail };
}

function brokenScores(board: Board, { neurons }: Snapshot, scoreOf: ScoreOf): readonly number[] {
  return neurons.flatMap(({ uid, hotkey, blockAtRegistration }) => {
    const entry = entryOf(board, hotkey, blockAtRegistration);
    return entry === undefined || Number.isFinite(scoreOf(entry)) ? [] : [uid];
  });
}

function ofSoundScores(
  board: Board,
  snapshot: Snapshot,
  policy: WeightPolicy,
  scoreOf: ScoreOf,
): WeightVector | NoVector {
  const limit = Math.min(policy.maxShare, snapshot.hyperparams.maxWeightsLimit / u16Max);
  const earning = earners(board, snapshot, policy, scoreOf);
  if (earning.length === 0) return nobodyEarns(snapshot, policy);
  const shares = capShares(
    earning.map(({ share }) => share),
    limit,
  );
  const { uids, values } = quantise(
    earning.map(({ uid }) => uid),
    shares,
  );
  return { kind: 'vector', ...padded(uids, values, snapshot) };
}

/** What a mechanism pays for, 0..1. */
export type ScoreOf = (entry: BoardEntry) => number;

const overall: ScoreOf = (entry) => entry.score;

/** The mean of some tasks alone, by their weights; what was not measured in them counts nothing. */
export function scoreOfTasks(
  tasks: readonly { readonly name: string; readonly weight: number }[],
): ScoreOf {
  const all = tasks.reduce((sum, { weight }) => sum + weight, 0);
  return ({ taskScores }) =>
    tasks.reduce((sum, { name, weight }) => sum + weight * (taskScores[name] ?? 0), 0) / all;
}

function earners(
  board: Board,
  snapshot: Snapshot,
  policy: WeightPolicy,
  scoreOf: ScoreOf,
): readonly Share[] {
  const scored = snapshot.neurons
    .map(({ uid, hotkey, blockAtRegistration }) => {
      const entry = entryOf(board, hotkey, blockAtRegistration);
      return { uid, score: entry === undefined ? 0 : scoreOf(entry) };
    })
    .filter(({ score }) => Number.isFinite(score) && score > 0 && score >= policy.minScore);
  // Beside the best, so that a large exponent cannot turn the best score into 0.
  const best = Math.max(...scored.map(({ score }) => score));
  return scored
    .map(({ uid, score }) => ({ uid, share: (score / best) ** policy.exponent }))
    .filter(({ share }) => share > 0);
}

function entryOf(board: Board, hotkey: Hotkey, registeredAt: number): BoardEntry | undefined {
  const entry = board.entries.get(hotkey);
  return entry?.registeredAt === registeredAt ? entry : undefined;
}

function nobodyEarns(snapshot: Snapshot, policy: WeightPolicy): WeightVector | NoVector {
  if (policy.whenNoneEarn === 'skip') {
    return { kind: 'no-vector', reason: 'no miner has earned anything yet' };
  }
  const owner = snapshot.neurons.find(({ hotkey }) => hotkey === snapshot.ownerHotkey);
  if (owner === undefined) {
    return { kind: 'no-vector', reason: 'no miner earns and the owner hotkey is not registered' };
  }
  return { kind: 'vector', ...padded([owner.uid], [u16Max], snapshot) };
}

/**
 * Shares that sum to 1, none above `limit`; what is cut off goes to the others in proportion.
 * Equal shares when there are too few to meet the limit. Values must be finite and above 0.
 *
 * What the SDK's `normalize_max_weight` aims at, without its epsilon: that one moves the cut by
 * more than rounding does where the limit is nearly 1 / n, so that a better score could cost a
 * little, and it turns zeros into shares.
 */
export function capShares(values: readonly number[], limit: number): readonly number[] {
  const n = values.length;
  if (n * limit <= 1) return values.map(() => 1 / n);
  const sorted = [...values].sort((a, b) => b - a);
  const { capped, top, parts } = firstThatFits(sorted, limit);
  const rest = 1 - capped * limit;
  return values.map((value) => (value > top ? limit : (value / top / parts) * rest));
}

/** How many have to be cut off, the largest that is not, and the sum of the rest beside it. */
function firstThatFits(
  sorted: readonly number[],
  limit: number,
): { readonly capped: number; readonly top: number; readonly parts: number } {
  let [capped, top, parts] = [0, 1, 1];
  for (; capped < sorted.length; capped += 1) {
    top = sorted[capped] ?? 1;
    parts = sorted.slice(capped).reduce((sum, value) => sum + value / top, 0);
    if ((1 - capped * limit) / parts <= limit) break;
  }
  return { capped, top, parts };
}

/**
 * The SDK's `convert_weights_and_uids_for_emit`: the largest weight becomes 65535, the others in
 * proportion, rounded half to even; zeros are dropped; order is kept. All zero gives nothing.
 * Weights must be finite and not negative.
 */
export function quantise(
  uids: readonly number[],
  weights: readonly number[],
): { readonly uids: readonly number[]; readonly values: readonly number[] } {
  const largest = weights.reduce((top, weight) => Math.max(top, weight), 0);
  if (largest === 0) return { uids: [], values: [] };
  const scaled = weights.map((weight) => roundHalfEven((weight / largest) * u16Max));
  const kept = scaled.flatMap((value, at) => (value === 0 ? [] : [at]));
  return { uids: kept.map((at) => uids[at] ?? 0), values: kept.map((at) => scaled[at] ?? 0) };
}

/** Python's `round`: 0.5 -> 0, 1.5 -> 2, 2.5 -> 2. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The chain wants at least min(min_allowed_weights, n) entries and keeps zeros: entries of value 0
 * meet that without paying anyone who earned nothing.
 */
function padded(
  uids: readonly number[],
  values: readonly number[],
  snapshot: Snapshot,
): { readonly uids: readonly number[]; readonly values: readonly number[] } {
  const wanted = Math.min(snapshot.hyperparams.minAllowedWeights, snapshot.neurons.length);
  const have = new Set(uids);
  const spare = snapshot.neurons.map(({ uid }) => uid).filter((uid) => !have.has(uid));
  const added = spare.slice(0, Math.max(0, wanted - uids.length));
  const pairs = [
    ...uids.map((uid, at) => [uid, values[at] ?? 0] as const),
    ...added.map((uid) => [uid, 0] as const),
  ].sort(([a], [b]) => a - b);
  return { uids: pairs.map(([uid]) => uid), values: pairs.map(([, value]) => value) };
}

/**
 * What the chain stores of a vector: the largest value becomes 65535 and the others are scaled
 * alike, rounded to nearest (Subtensor `vec_u16_max_upscale_to_u16`). All zero stays.
 */
export function chainRow(uids: readonly number[], values: readonly number[]): WeightRow {
  const largest = values.reduce((top, value) => Math.max(top, value), 0);
  const scale = (value: number): number =>
    largest === 0 ? 0 : Math.round((value * u16Max) / largest);
  return uids.map((uid, at) => [uid, scale(values[at] ?? 0)] as const);
}

/** Same uids, same values, whatever the order. */
export function sameRow(a: WeightRow, b: WeightRow): boolean {
  const text = (row: WeightRow): string =>
    JSON.stringify([...row].sort(([left], [right]) => left - right));
  return a.length === b.length && text(a) === text(b);
}

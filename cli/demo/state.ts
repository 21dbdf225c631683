import type { DemoMiner, DemoValidator } from './plan.ts';

/** What is known of one miner; numbers are 0..1, null where nothing was observed yet. */
export interface MinerRow {
  readonly name: DemoMiner;
  readonly uid: number | null;
  readonly hotkey: string;
  /** Mean of the validators' scoreboards. */
  readonly score: number | null;
  /** Share of the validators' effective weights, by their stake. */
  readonly weight: number;
  readonly incentive: number;
  /** Alpha that the runtime paid to the hotkey so far. */
  readonly emissionRao: bigint;
  /** The last fault that a validator saw, or the share of right answers. */
  readonly note: string;
}

export interface ValidatorRow {
  readonly name: DemoValidator;
  readonly uid: number | null;
  readonly hotkey: string;
  readonly stakeRao: bigint;
  readonly vtrust: number;
  readonly dividends: number;
  /** Block at which the row that now counts was set; null when none was. */
  readonly weightsEffectiveBlock: number | null;
  readonly round: number | null;
}

export interface DemoState {
  readonly block: number;
  readonly nextEpochBlock: number | null;
  /** Epochs in which the runtime paid miners. */
  readonly paidEpochs: number;
  readonly wantedEpochs: number;
  readonly seconds: number;
  readonly miners: readonly MinerRow[];
  readonly validators: readonly ValidatorRow[];
}

/** Payment that rounding may leave with those who earned nothing, in RAO. */
const roundingRao = 1000n;

/** True when the runtime paid best > weaker > 0 and nothing to the cheat and the absent one. */
export function paidFairly(miners: readonly MinerRow[]): boolean {
  const paid = (name: DemoMiner): bigint =>
    miners.find((miner) => miner.name === name)?.emissionRao ?? 0n;
  return (
    paid('best') > paid('weaker') &&
    paid('weaker') > roundingRao &&
    paid('constant') <= roundingRao &&
    paid('absent') <= roundingRao
  );
}

/** The last line of stdout with --json. */
export function summaryOf(state: DemoState): object {
  return {
    ok: paidFairly(state.miners) && state.paidEpochs >= state.wantedEpochs,
    epochs: state.paidEpochs,
    wallSeconds: Math.round(state.seconds * 10) / 10,
    miners: state.miners.map(({ name, uid, hotkey, score, weight, incentive, emissionRao }) => ({
      name,
      uid,
      hotkey,
      score: score ?? 0,
      weight,
      incentive,
      emissionRao: emissionRao.toString(),
    })),
    validators: state.validators.map(({ name, uid, hotkey, vtrust, weightsEffectiveBlock }) => ({
      name,
      uid,
      hotkey,
      vtrust,
      weightsEffectiveBlock,
    })),
  };
}

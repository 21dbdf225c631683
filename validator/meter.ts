import { isFault } from '../common/fault.ts';
import { sharesOf } from './explain.ts';
import type { ValidatorMetrics } from './metrics.ts';
import type { RoundResult } from './round.ts';
import type { MechanismReport, WeightsReport } from './weights/tend.ts';
import { vectorStates } from './weights/vector-state.ts';
import type { VectorRecord } from './weights/vector-state.ts';

/** What a finished round tells Prometheus. */
export function meterRound(metrics: ValidatorMetrics, result: RoundResult, hotkey: string): void {
  metrics.rounds.inc({ result: result.voided === null ? 'counted' : 'void' });
  for (const { task, got, result: found } of result.outcomes) {
    metrics.outcomes.inc({ task, outcome: isFault(found) ? found.reason : 'answer' });
    if (got !== null) metrics.answerSeconds.observe(got.latencyMs / 1000, { task });
  }
  for (const { uid, score } of result.state.board.entries.values()) {
    metrics.score.set(score, { uid });
  }
  const own = result.snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  metrics.registered.set(own === undefined ? 0 : 1);
  metrics.validatorTrust.set(own?.validatorTrust ?? 0);
}

/** Where the weights stand; `vectors` is the newest of each mechanism. */
export function meterWeights(
  metrics: ValidatorMetrics,
  weights: readonly MechanismReport[],
  vectors: readonly VectorRecord[],
): void {
  for (const { mecid, report, stepped } of weights) {
    metrics.weightSubmissions.inc({ result: wordFor(report) });
    for (const { state } of stepped) if (state === 'missed') metrics.missedReveals.inc({ mecid });
  }
  const [first] = vectors;
  for (const [uid, share] of first === undefined ? [] : sharesOf(first)) {
    metrics.weight.set(share, { uid });
  }
  for (const record of vectors) meterVector(metrics, record);
}

function meterVector(metrics: ValidatorMetrics, record: VectorRecord): void {
  const { mecid, commit, includedAtBlock, dueAtBlock, effectiveAtBlock } = record;
  for (const state of vectorStates) {
    metrics.vectorState.set(record.state === state ? 1 : 0, { mecid, state });
  }
  const due = dueAtBlock ?? commit?.revealBlock ?? null;
  if (includedAtBlock !== null) metrics.weightsCommittedBlock.set(includedAtBlock, { mecid });
  if (due !== null) metrics.weightsDueBlock.set(due, { mecid });
  if (effectiveAtBlock !== null) metrics.weightsEffectiveBlock.set(effectiveAtBlock, { mecid });
}

export function wordFor(report: WeightsReport): string {
  if (report.kind === 'sent') return report.record.state;
  return report.kind === 'skipped' ? report.reason : report.kind;
}

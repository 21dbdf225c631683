import { sharesOf } from './explain.ts';
import type { Verdict } from './judge-answer.ts';
import type { ValidatorMetrics } from './metrics.ts';
import type { RoundResult } from './round.ts';
import type { MechanismReport, WeightsReport } from './weights/tend.ts';
import { newestOfEach } from './weights/vector-report.ts';
import { vectorStates } from './weights/vector-state.ts';
import type { VectorRecord } from './weights/vector-state.ts';

/** What a finished round tells Prometheus. */
export function meterRound(metrics: ValidatorMetrics, result: RoundResult, hotkey: string): void {
  metrics.rounds.inc({ result: result.voided === null ? 'counted' : 'void' });
  for (const { task, got, result: found } of result.outcomes) {
    metrics.outcomes.inc({ task, outcome: outcomeWord(found) });
    if (got !== null) metrics.answerSeconds.observe(got.latencyMs / 1000, { task });
  }
  metrics.score.clear();
  for (const { uid, score } of result.state.board.entries.values()) {
    metrics.score.set(score, { uid });
  }
  const own = result.snapshot.neurons.find((neuron) => neuron.hotkey === hotkey);
  metrics.registered.set(own === undefined ? 0 : 1);
  metrics.validatorTrust.set(own?.validatorTrust ?? 0);
}

const outcomeOfKind = { judgement: 'answer', unjudged: 'unjudged' } as const;

function outcomeWord(verdict: Verdict): string {
  return verdict.kind === 'fault' ? verdict.reason : outcomeOfKind[verdict.kind];
}

/** Where the weights stand; `recent` are vectors of the journal, newest first. */
export function meterWeights(
  metrics: ValidatorMetrics,
  weights: readonly MechanismReport[],
  recent: readonly VectorRecord[],
): void {
  for (const { mecid, report, stepped } of weights) {
    metrics.weightSubmissions.inc({ result: wordFor(report) });
    for (const { state } of stepped) if (state === 'missed') metrics.missedReveals.inc({ mecid });
  }
  metrics.weight.clear();
  metrics.vectors.clear();
  for (const record of newestOfEach(recent)) {
    meterVector(metrics, record);
    meterMechanism(metrics, record.mecid, recent);
  }
}

function meterVector(metrics: ValidatorMetrics, record: VectorRecord): void {
  const { mecid, commit, includedAtBlock, dueAtBlock } = record;
  for (const [uid, share] of sharesOf(record)) metrics.weight.set(share, { mecid, uid });
  for (const state of vectorStates) {
    metrics.vectorState.set(record.state === state ? 1 : 0, { mecid, state });
  }
  const due = dueAtBlock ?? commit?.revealBlock ?? null;
  if (includedAtBlock !== null) metrics.weightsCommittedBlock.set(includedAtBlock, { mecid });
  if (due !== null) metrics.weightsDueBlock.set(due, { mecid });
}

/** Vectors of one mechanism that are counted by state. */
const countedVectors = 20;

/**
 * With commit-reveal the newest vector is seldom the one in effect: the next commit goes out before
 * the last one is revealed.
 */
function meterMechanism(
  metrics: ValidatorMetrics,
  mecid: number,
  recent: readonly VectorRecord[],
): void {
  const own = recent.filter((one) => one.mecid === mecid);
  const effective = own.map((one) => one.effectiveAtBlock).filter((block) => block !== null);
  if (effective.length > 0) metrics.weightsEffectiveBlock.set(Math.max(...effective), { mecid });
  for (const state of vectorStates) {
    const count = own.slice(0, countedVectors).filter((one) => one.state === state).length;
    metrics.vectors.set(count, { mecid, state });
  }
}

export function wordFor(report: WeightsReport): string {
  if (report.kind === 'sent') return report.record.state;
  return report.kind === 'skipped' ? report.reason : report.kind;
}

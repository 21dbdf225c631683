import type { Chain } from '../chain-port.ts';
import { SubnetError, isSubnetError } from '../errors.ts';
import type { Platform } from '../platform-port.ts';
import type { Signer } from '../signer-port.ts';
import type { StateSource } from '../state-view.ts';
import type { GateQuestion } from './owner-gates.ts';
import { clearsAt, makePlan } from './plan.ts';
import type { Plan, PlanStep, Wishes } from './plan.ts';
import { setHyperparameter } from './set-hyperparameter.ts';

export interface ApplyDeps {
  readonly chain: Chain & StateSource;
  readonly signer: Signer;
  readonly platform: Platform;
  readonly signal: AbortSignal;
  readonly report: (event: ApplyEvent) => void;
}

export type ApplyEvent =
  | {
      readonly kind: 'waiting';
      readonly step: PlanStep;
      readonly untilBlock: number;
      readonly block: number;
    }
  | { readonly kind: 'sending'; readonly step: PlanStep }
  | {
      readonly kind: 'changed';
      readonly step: PlanStep;
      readonly block: number;
      readonly call: string;
    };

export interface ApplyOptions {
  /** Wait for freeze windows and rate limits instead of leaving such steps for another run. */
  readonly wait: boolean;
}

export interface Applied {
  readonly changed: readonly { readonly name: string; readonly block: number }[];
  /** The plan as it stands afterwards: what is left, and why. */
  readonly left: Plan;
}

const pollMs = 1000;
/** A block that came in between may close the window again. */
const maxLate = 5;
const clearsWithTime = ['AdminActionProhibitedDuringWeightsWindow', 'TxRateLimitExceeded'];

/**
 * Carries a plan out step by step and reads each back. The chain is the only memory: a run that
 * was cut off, or whose transaction's fate was not seen, is taken up by planning anew. Throws
 * HYPERPARAMETER_*, CHAIN_*; what was changed before stays changed and is reported.
 */
export async function applyPlan(
  deps: ApplyDeps,
  wishes: Wishes,
  question: GateQuestion,
  options: ApplyOptions,
): Promise<Applied> {
  const changed: { name: string; block: number }[] = [];
  for (let late = 0; late <= maxLate;) {
    const plan = await makePlan(await deps.chain.view(), wishes, question);
    const step = nextStep(plan, options);
    if (step === null || deps.signal.aborted) return { changed, left: plan };
    if (step.state === 'waits') {
      await waitFor(deps, step, plan);
      continue;
    }
    const done = await carryOut(deps, step, question);
    if (done === null) late += 1;
    else changed.push(done);
  }
  return { changed, left: await makePlan(await deps.chain.view(), wishes, question) };
}

/** What can go now, before what waits; of that the soonest. */
function nextStep(plan: Plan, { wait }: ApplyOptions): PlanStep | null {
  const ready = plan.steps.find(({ state }) => state === 'ready');
  if (ready !== undefined || !wait) return ready ?? null;
  const waiting = plan.steps.filter(({ state }) => state === 'waits');
  return [...waiting].sort((a, b) => (clearsAt(a) ?? 0) - (clearsAt(b) ?? 0))[0] ?? null;
}

async function waitFor(deps: ApplyDeps, step: PlanStep, plan: Plan): Promise<void> {
  const untilBlock = clearsAt(step) ?? plan.block;
  deps.report({ kind: 'waiting', step, untilBlock, block: plan.block });
  // The extrinsic lands in the block after the head that is seen.
  while (!deps.signal.aborted && (await deps.chain.head()).number + 1 < untilBlock) {
    await deps.platform.clock.sleep(pollMs, deps.signal).catch((error: unknown) => {
      if (!deps.signal.aborted) throw error;
    });
  }
}

async function carryOut(
  deps: ApplyDeps,
  step: PlanStep,
  question: GateQuestion,
): Promise<{ name: string; block: number } | null> {
  deps.report({ kind: 'sending', step });
  const { parameter, wanted: value } = step;
  const { netuid, authority } = question;
  const change = { netuid, parameter, value, authority };
  try {
    const { block, call } = await setHyperparameter(deps, change);
    deps.report({ kind: 'changed', step, block, call });
    return { name: parameter.name, block };
  } catch (error) {
    if (isLate(error)) return null;
    throw inStep(error, step);
  }
}

/** The gate closed between the plan and the block. */
function isLate(error: unknown): boolean {
  if (!isSubnetError(error) || error.code !== 'HYPERPARAMETER_REFUSED') return false;
  return clearsWithTime.includes(String(error.facts['error']));
}

function inStep(error: unknown, { parameter }: PlanStep): unknown {
  if (!isSubnetError(error) || !error.code.startsWith('CHAIN_')) return error;
  const detail = `while setting ${parameter.name}: ${error.message}`;
  return new SubnetError('HYPERPARAMETER_UNSEEN', { detail }, { cause: error });
}

import type { StateView } from '../state-view.ts';
import { parseValue, sameValue } from './hyperparameter-value.ts';
import type { RawValue } from './hyperparameter-value.ts';
import { hyperparameters } from './hyperparameters.ts';
import type { Hyperparameter } from './hyperparameters.ts';
import { gatesOf, setBy } from './owner-gates.ts';
import type { Authority, Gate, GateQuestion } from './owner-gates.ts';
import { readHyperparameter } from './set-hyperparameter.ts';
import { valueGate } from './value-rules.ts';
import type { Wished } from './value-rules.ts';

/** One wished hyperparameter beside what the chain holds. */
export interface PlanStep {
  readonly parameter: Hyperparameter;
  readonly wanted: RawValue;
  /** Whose call it is on this runtime. */
  readonly setBy: Authority;
  /** null: this runtime does not know it. */
  readonly current: RawValue | null;
  /** `done` needs nothing; `ready` can go now; `waits` clears with time; `blocked` does not. */
  readonly state: 'done' | 'ready' | 'waits' | 'blocked';
  readonly gates: readonly Gate[];
}

export interface Plan {
  readonly netuid: number;
  readonly block: number;
  /** In the order in which they have to be carried out. */
  readonly steps: readonly PlanStep[];
}

/** YAML keys with what was written; throws HYPERPARAMETER_VALUE for what does not fit. */
export type Wishes = Readonly<Record<string, unknown>>;

/** Compares the wishes with the chain at one block. Throws HYPERPARAMETER_VALUE, CHAIN_*. */
export async function makePlan(
  view: StateView,
  wishes: Wishes,
  question: GateQuestion,
): Promise<Plan> {
  const wished = hyperparameters.filter(({ key }) => wishes[key] !== undefined);
  const wanted = wished.map(
    (parameter) => [parameter, parseValue(parameter, wishes[parameter.key])] as const,
  );
  const values: Wished = new Map(wanted.map(([{ name }, value]) => [name, value]));
  const steps = await Promise.all(
    wanted.map(([parameter, value]) => stepFor(view, parameter, value, question, values)),
  );
  return { netuid: question.netuid, block: view.block.number, steps: inOrder(steps) };
}

async function stepFor(
  view: StateView,
  parameter: Hyperparameter,
  wanted: RawValue,
  question: GateQuestion,
  wished: Wished,
): Promise<PlanStep> {
  const current = await readHyperparameter(view, question.netuid, parameter);
  const base = { parameter, wanted, current, setBy: setBy(view, parameter) };
  if (current !== null && sameValue(current, wanted)) return { ...base, state: 'done', gates: [] };
  const refused = await valueGate(view, parameter, wanted, question, wished);
  const timely = await gatesOf(view, parameter, question);
  const gates = refused === null ? timely : [...timely, refused];
  return { ...base, state: stateOf(gates), gates };
}

function stateOf(gates: readonly Gate[]): PlanStep['state'] {
  if (gates.length === 0) return 'ready';
  return gates.some(({ clearsAtBlock }) => clearsAtBlock === null) ? 'blocked' : 'waits';
}

/** First block at which all gates of a step are open. */
export function clearsAt({ gates }: PlanStep): number | null {
  if (gates.some(({ clearsAtBlock }) => clearsAtBlock === null)) return null;
  return gates.reduce((latest, gate) => Math.max(latest, gate.clearsAtBlock ?? 0), 0);
}

/**
 * The chain checks one value against another that is changed too: the upper bound goes first when
 * it rises, the lower one when it falls; liquid alpha is switched on before its values are set, and
 * the tempo, which starts the cycle anew, goes last.
 */
function inOrder(steps: readonly PlanStep[]): readonly PlanStep[] {
  const rank = ({ parameter, wanted, current }: PlanStep): number => {
    const falls = typeof wanted === 'bigint' && typeof current === 'bigint' && wanted < current;
    if (parameter.name === 'max_burn' || parameter.name === 'max_allowed_uids')
      return falls ? 3 : 1;
    if (parameter.name === 'tempo') return 9;
    return 2;
  };
  return [...steps].sort((a, b) => rank(a) - rank(b));
}

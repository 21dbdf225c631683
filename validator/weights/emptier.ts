import type { Snapshot } from '../../common/chain-port.ts';
import { skip } from './skip.ts';
import type { Skip } from './skip.ts';
import type { VectorRecord } from './vector-state.ts';
import type { WeightVector } from './weights.ts';

/** One that was paid alone may always give way to another. */
const fewestPaid = 2;

/**
 * A vector that pays fewer than half of the neurons which the last effective one paid, and which
 * are still there, is more likely a fault of this node than of its miners: it is held back until
 * somebody says that it is meant. Winners may change: only how many are paid counts.
 */
export function muchEmptier(
  vector: WeightVector,
  last: VectorRecord | undefined,
  snapshot: Snapshot,
): Skip | null {
  if (last === undefined) return null;
  const before = last.uids.filter((uid, at) => {
    const registered = snapshot.neurons[uid]?.blockAtRegistration ?? Infinity;
    return (last.values[at] ?? 0) > 0 && registered <= last.builtAtBlock;
  }).length;
  const now = vector.values.filter((value) => value > 0).length;
  if (before < fewestPaid || now * 2 >= before) return null;
  const detail =
    `it pays ${now} neurons, vector ${last.id} paid ${before} that are still there; ` +
    'if it is meant: run --once --force, or weights.allowEmptier in the validator YAML';
  return skip('much-emptier', detail);
}

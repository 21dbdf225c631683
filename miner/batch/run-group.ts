import type { Tensor } from '../../common/tensor.ts';
import type { Engine, RunFailure, RunOutcome, RunOutputs } from '../engine/engine-port.ts';
import { joinRows, splitRows } from './batch-rows.ts';
import type { Joined } from './batch-rows.ts';
import type { PaddingRule } from './padding.ts';

/** A request that was taken out of the queue to be computed. */
export interface Member {
  readonly job: { readonly inputs: readonly Tensor[] };
  readonly rows: number;
  readonly settle: (outcome: RunOutcome) => void;
}

export interface GroupDeps<M extends Member> {
  readonly engine: Engine;
  readonly padding: PaddingRule | null;
  /** Those that somebody still waits for; settles the others. */
  readonly stillWanted: (group: readonly M[]) => readonly M[];
  /** They were not begun: the model process was not there. */
  readonly putBack: (group: readonly M[], failure: RunFailure) => void;
  readonly onRun: (group: readonly M[], runMs: number) => void;
}

/** What a part of the requests may pass: they are halved. */
const byHalves: ReadonlySet<RunFailure['reason']> = new Set([
  'model',
  'too-large',
  'memory',
  'device',
]);

/**
 * Computes requests in one run and gives each its own. One poisoned request must not fail its
 * companions: what the model refuses is halved until the one is found, which costs about three
 * times the run, and not one run for each. So is what the device has no memory for,
 * and what is too large to be sent.
 */
export async function runGroup<M extends Member>(
  deps: GroupDeps<M>,
  group: readonly M[],
): Promise<void> {
  const joined = joinRows(
    group.map(({ job }) => job.inputs),
    deps.padding,
  );
  const outcome = await deps.engine.run(joined.inputs, group.length);
  if (outcome.kind === 'outputs') return share(deps, group, joined, outcome);
  if (outcome.reason === 'unavailable') return deps.putBack(group, outcome);
  if (!byHalves.has(outcome.reason) || group.length === 1) {
    for (const { settle } of group) settle(outcome);
    return;
  }
  const middle = Math.ceil(group.length / 2);
  await runEach(deps, [group.slice(0, middle), group.slice(middle)]);
}

async function runEach<M extends Member>(
  deps: GroupDeps<M>,
  groups: readonly (readonly M[])[],
): Promise<void> {
  for (const group of groups) {
    const wanted = deps.stillWanted(group);
    if (wanted.length > 0) await runGroup(deps, wanted);
  }
}

async function share<M extends Member>(
  deps: GroupDeps<M>,
  group: readonly M[],
  joined: Joined,
  outcome: RunOutputs,
): Promise<void> {
  const isWhole =
    group.length === 1 && (joined.lengths?.[0] ?? joined.runLength) === joined.runLength;
  const parts = isWhole ? [outcome.outputs] : splitRows(outcome.outputs, joined, deps.padding);
  if (parts === null) return shareNothing(deps, group, outcome);
  deps.onRun(group, outcome.runMs);
  group.forEach(({ settle }, at) => settle({ ...outcome, outputs: parts[at] ?? [] }));
}

/** The outputs are not by rows: each must run alone to get its own. */
async function shareNothing<M extends Member>(
  deps: GroupDeps<M>,
  group: readonly M[],
  { outputs }: RunOutputs,
): Promise<void> {
  if (group.length > 1) {
    return runEach(
      deps,
      group.map((one) => [one]),
    );
  }
  const shapes = outputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
  const detail = `the outputs do not have the shape that the padding rule says: ${shapes}`;
  for (const { settle } of group) settle({ kind: 'failed', reason: 'model', detail });
}

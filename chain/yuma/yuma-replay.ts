import { isDeeperThan, parseLossless, type LosslessJson } from '../../common/wire/json-lossless.ts';
import { messageOf, SubnetError } from '../../common/errors.ts';
import { fromHex, toHex } from '../bytes.ts';
import type { Hex, StorageView } from '../chain-state.ts';
import type { Executor } from '../executor.ts';
import { decode, encode } from '../scale.ts';
import {
  replayArguments,
  replayFormula,
  replayFormulas,
  replayNumbers,
  replayResult,
  type ReplayOutcome,
} from './yuma-api.ts';
import { compareEpoch, expectsAnything } from './yuma-compare.ts';
import { asNumber, asText, CaseProblem, Fields, isObject, type Place } from './yuma-read.ts';
import type { Compute } from './yuma-expect.ts';
import { checkRows } from './yuma-rows.ts';
import { planSequence, type SequencePlan } from './yuma-sequence.ts';

/** What became of one case; `problem` is the first difference, or absent when all agreed. */
export interface CaseResult {
  readonly id: string;
  readonly problem?: string;
}

const deepest = 64;

/**
 * The cases of a file in the format of test/vectors/yuma-cases.json.
 * Throws YUMA_FILE_INVALID when the text is no JSON or holds no list of cases.
 */
export function readCases(text: string, file: string): readonly LosslessJson[] {
  const json = parsed(text, file);
  const cases = isObject(json) ? json['cases'] : undefined;
  if (Array.isArray(cases) && cases.length > 0) return cases;
  throw new SubnetError('YUMA_FILE_INVALID', { file, detail: 'there is no list named cases' });
}

function parsed(text: string, file: string): LosslessJson {
  try {
    if (isDeeperThan(text, deepest)) throw new Error(`it nests deeper than ${deepest} levels`);
    JSON.parse(text);
    return parseLossless(text);
  } catch (error) {
    throw new SubnetError('YUMA_FILE_INVALID', { file, detail: messageOf(error) });
  }
}

/** Replays the cases one after the other on the runtime `wasm` (bytes, not compressed). */
export async function* replayCases(
  executor: Executor,
  wasm: Uint8Array,
  cases: readonly LosslessJson[],
): AsyncGenerator<CaseResult> {
  const call = callerOf(executor, toHex(wasm));
  for (const [index, json] of cases.entries()) yield replayOne(call, json, index);
}

async function replayOne(call: Call, json: LosslessJson, index: number): Promise<CaseResult> {
  const id = idOf(json, index);
  try {
    await replayCase(call, { json, path: id });
    return { id };
  } catch (error) {
    return { id, problem: withoutPrefix(id, messageOf(error)) };
  }
}

function idOf(json: LosslessJson, index: number): string {
  const id = isObject(json) ? json['id'] : undefined;
  return typeof id === 'string' && /^[\w.:-]{1,100}$/.test(id) ? id : `case ${index}`;
}

/** One line whatever the message holds, and without the case's name, which stands before it. */
function withoutPrefix(id: string, message: string): string {
  const line = message.replace(/\s+/g, ' ');
  return line.startsWith(`${id}.`) ? line.slice(id.length + 1) : line;
}

async function replayCase(call: Call, place: Place): Promise<void> {
  const fields = new Fields(place);
  const id = asText(fields.required('id'));
  const kind = asText(fields.required('kind'));
  fields.optional('provenance', 'model_checked');
  fields.optional('model_checked');
  if (kind === 'epoch_sequence') await replaySequence(call, fields);
  else await checkRows(id, fields.required('rows'), computeWith(call));
  fields.done();
}

async function replaySequence(call: Call, fields: Fields): Promise<void> {
  const granted = fields.optional('tolerance_absolute_on_fractions');
  const plan = planSequence(fields);
  if (!plan.epochs.some(expectsAnything)) {
    throw new CaseProblem(`${fields.path}: no epoch has anything to compare with`);
  }
  const outcomes = await outcomesOf(call, plan);
  for (const [index, epoch] of plan.epochs.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) throw new CaseProblem(`${epoch.step.path}: the epoch did not run`);
    compareEpoch(epoch, outcome, granted === undefined ? 0 : asNumber(granted));
  }
}

async function outcomesOf(call: Call, plan: SequencePlan): Promise<readonly ReplayOutcome[]> {
  const { neurons, steps } = plan;
  const answer = await call('YumaReplayApi_replay', encode(replayArguments, { neurons, steps }));
  const result = decode(replayResult, answer);
  if (result.kind === 'Ok') return result.value;
  throw new CaseProblem(
    `${plan.origins[result.value] ?? 'the case'}: the runtime refused the step`,
  );
}

interface Waiting {
  readonly formula: Uint8Array;
  readonly resolve: (numbers: readonly bigint[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Formulas that are asked for in one turn travel in one call, because starting a call is slow. */
function computeWith(call: Call): Compute {
  let waiting: Waiting[] = [];
  const send = () => {
    const batch = waiting;
    waiting = [];
    void computeBatch(call, batch);
  };
  return (value) =>
    new Promise((resolve, reject) => {
      const formula = encode(replayFormula, value);
      if (waiting.push({ formula, resolve, reject }) === 1) queueMicrotask(send);
    });
}

async function computeBatch(call: Call, batch: readonly Waiting[]): Promise<void> {
  try {
    const formulas = batch.map(({ formula }) => formula);
    const answer = await call('YumaReplayApi_compute', encode(replayFormulas, formulas));
    const results = decode(replayNumbers, answer);
    for (const [index, { resolve }] of batch.entries()) resolve(results[index] ?? []);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}

/** Calls a runtime API with encoded arguments and returns the encoded answer. */
type Call = (method: string, args: Uint8Array) => Promise<Uint8Array>;

function callerOf(executor: Executor, wasm: Hex): Call {
  return async (name, args) => {
    const calls = [{ name, argument: toHex(args) }];
    const { result } = await executor.run(wasm, emptyState, calls);
    return fromHex(result) ?? new Uint8Array();
  };
}

/** A chain without any storage: what a case needs it writes itself. */
const emptyState: StorageView = { get: () => null, nextKey: () => null };

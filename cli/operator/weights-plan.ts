import type { Hotkey } from '../../common/brand.ts';
import type { Snapshot } from '../../common/chain-port.ts';
import { asList, asNumber } from '../../common/chain/decoded.ts';
import type { ErrorCode } from '../../common/errors.ts';
import { refusal } from '../../common/operator/refusal.ts';
import type { Refusal } from '../../common/operator/refusal.ts';
import { parseWeights } from '../../common/operator/weight-input.ts';
import type { WeightRow } from '../../common/chain-port.ts';
import type { StateView } from '../../common/state-view.ts';
import { storageIndex } from '../../common/timelock/commit-hash.ts';
import { precheck } from '../../validator/weights/precheck.ts';
import type { Skip, SkipReason } from '../../validator/weights/skip.ts';
import type { WeightVector } from '../../validator/weights/weights.ts';
import { usage } from './command-parts.ts';
import type { SigningFlags } from './command-parts.ts';

export interface WeightFlags extends SigningFlags {
  readonly uids?: string;
  readonly weights?: string;
  readonly mecid?: number;
  readonly versionKey?: bigint;
}

/** The vector of --uids and --weights. Throws USAGE. */
export function vectorOf({ uids, weights }: WeightFlags): WeightVector {
  if (uids === undefined || weights === undefined) throw usage('give both --uids and --weights');
  const written = parseWeights(uids, weights);
  if (typeof written === 'string') throw usage(written);
  return { kind: 'vector', ...written };
}

/** Who sends which weights where, on which state. */
export interface WeightOrder {
  readonly snapshot: Snapshot;
  readonly hotkey: Hotkey;
  readonly mecid: number;
  readonly vector: WeightVector;
  readonly versionKey: bigint;
}

/** Without --version-key the one that the chain asks for. */
export function orderOf(snapshot: Snapshot, hotkey: Hotkey, flags: WeightFlags): WeightOrder {
  const versionKey = flags.versionKey ?? snapshot.hyperparams.weightsVersionKey;
  return { snapshot, hotkey, mecid: flags.mecid ?? 0, vector: vectorOf(flags), versionKey };
}

/** What the node itself checks before it sends weights, and what a hand-written vector may miss. */
export function weightRefusals({ snapshot, ...candidate }: WeightOrder): readonly Refusal[] {
  const skipped = precheck(snapshot, candidate);
  if (skipped !== null) return [refusalOf(skipped)];
  const { uids } = candidate.vector;
  const count = snapshot.neurons.length;
  const least = Math.min(snapshot.hyperparams.minAllowedWeights, count);
  const stranger = uids.find((uid) => uid >= count);
  if (stranger !== undefined) {
    const detail = `there is no uid ${stranger}: the subnet has ${count} neurons`;
    return [refusal('CALL_REFUSED', 'UidVecContainInvalidOne', detail)];
  }
  const isSelf = uids.length === 1 && snapshot.neurons[uids[0] ?? -1]?.hotkey === candidate.hotkey;
  if (uids.length >= least || isSelf) return [];
  const detail = `${uids.length} weights, the subnet wants ${least}; a weight of 0 counts`;
  return [refusal('CALL_REFUSED', 'WeightVecLengthIsLow', detail)];
}

/** Our code, and the chain's name where it has one. */
const names: Readonly<Partial<Record<SkipReason, readonly [ErrorCode, string]>>> = {
  'not-registered': ['HOTKEY_NOT_REGISTERED', 'HotKeyNotRegisteredInSubNet'],
  'no-mechanism': ['CALL_REFUSED', 'MechanismDoesNotExist'],
  'stake-below-threshold': ['STAKE_TOO_LOW', 'NotEnoughStakeToSetWeights'],
  'version-key': ['CALL_REFUSED', 'IncorrectWeightVersionKey'],
  'rate-limit': ['CALL_TOO_SOON', 'SettingWeightsTooFast'],
  'no-permit': ['CALL_REFUSED', 'NeuronNoValidatorPermit'],
  'too-many-weights': ['CALL_REFUSED', 'UidsLengthExceedUidsInSubNet'],
  'too-many-commits': ['CALL_REFUSED', 'TooManyUnrevealedCommits'],
};

export function refusalOf({ reason, detail, clearsAtBlock }: Skip): Refusal {
  const [code, chainError] = names[reason] ?? (['CALL_REFUSED', reason] as const);
  return refusal(code, chainError, detail, clearsAtBlock);
}

/** The stored row of a validator at the view's block; null when the hotkey has no uid there. */
export async function rowOf(
  view: StateView,
  { snapshot, hotkey, mecid }: Pick<WeightOrder, 'snapshot' | 'hotkey' | 'mecid'>,
): Promise<WeightRow | null> {
  const { netuid } = snapshot;
  const uid = await view.storage('SubtensorModule', 'Uids', netuid, hotkey);
  if (uid === null) return null;
  const index = storageIndex(netuid, mecid);
  return readRow(await view.storage('SubtensorModule', 'Weights', index, uid));
}

export function readRow(value: unknown): WeightRow {
  return asList(value).map((pair) => {
    const [uid, weight] = asList(pair);
    return [asNumber(uid), asNumber(weight)] as const;
  });
}

/** `0: 65535 (50.00 %)` for each, as facts to read before saying yes. */
export function vectorText({ uids, values }: WeightVector): string {
  const sum = values.reduce((total, value) => total + value, 0);
  return uids
    .map((uid, at) => {
      const value = values[at] ?? 0;
      return `uid ${uid}: ${((100 * value) / sum).toFixed(2)} %`;
    })
    .join(', ');
}

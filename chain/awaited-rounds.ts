import { ByteReader } from '../common/scale-bytes.ts';
import { fromHex } from './bytes.ts';
import type { Hex, StorageView } from './chain-state.ts';

/** SubtensorModule.TimelockedWeightCommits: by mechanism and epoch. */
const weightCommits: Hex = '0x658faa385070e074c85bf6b568cf0555119e1c428ff5c7c6dac4c888a10d1443';
/** Commitments.CommitmentOf: by subnet and account. */
const commitments: Hex = '0xca407206ec1ab726b2636c4b145ac287419a60ae8b01e6dcaebd7317e43c69bf';

/** The beacon's rounds that commits on the chain wait for, ascending. */
export function awaitedRounds(view: StorageView): readonly number[] {
  const rounds = [
    ...valuesUnder(view, weightCommits).flatMap(readable(roundsOfWeights)),
    ...valuesUnder(view, commitments).flatMap(readable(roundsOfCommitment)),
  ];
  return [...new Set(rounds)].sort((a, b) => a - b);
}

/** `dev_setStorage` may have put anything there, which must not stop the chain. */
function readable(read: (value: ByteReader) => number[]): (value: ByteReader) => number[] {
  return (value) => {
    try {
      return read(value);
    } catch {
      return [];
    }
  };
}

function valuesUnder(view: StorageView, prefix: Hex): ByteReader[] {
  const values: ByteReader[] = [];
  for (let key = view.nextKey(prefix, prefix); key !== null; key = view.nextKey(prefix, key)) {
    values.push(new ByteReader(fromHex(view.get(key) ?? '0x') ?? new Uint8Array()));
  }
  return values;
}

/** `VecDeque<(account, commit block u64, bytes, reveal round u64)>` */
function roundsOfWeights(value: ByteReader): number[] {
  return Array.from({ length: Number(value.compact()) }, () => {
    value.take(32 + 8);
    value.bytes();
    return Number(value.uint(8));
  });
}

/** `{ deposit u64, block u32, fields: Vec<Data> }` */
function roundsOfCommitment(value: ByteReader): number[] {
  value.take(8 + 4);
  return Array.from({ length: Number(value.compact()) }, () => roundOfField(value)).flat();
}

/** `Data`: 0 none, 1..129 raw bytes, 130..133 hashes, 134 timelocked, 135 none, 136 long bytes. */
function roundOfField(value: ByteReader): number[] {
  const variant = value.u8();
  if (variant >= 1 && variant <= 129) value.take(variant - 1);
  if (variant >= 130 && variant <= 133) value.take(32);
  if (variant === 134 || variant === 136) value.bytes();
  return variant === 134 ? [Number(value.uint(8))] : [];
}

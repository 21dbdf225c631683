import { randomBytes } from 'node:crypto';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { encodePayload } from '../common/timelock/commit-payload.ts';
import { decrypt, encrypt, roundPoint } from '../common/timelock/timelock.ts';
import { median } from './row.ts';
import type { BenchRow } from './row.ts';

const rounds = 15;
const uids = 256;

/** Timelocked commits of a full subnet's weights: medians in milliseconds of processor time. */
export function benchTimelock(): readonly BenchRow[] {
  const { shortSignatures, utils } = bls12_381;
  const secret = utils.randomSecretKey();
  const publicKey = shortSignatures.getPublicKey(secret).toBytes();
  const signature = shortSignatures.sign(roundPoint(1000), secret).toBytes();
  const all = Array.from({ length: uids }, (_, uid) => uid);
  const hotkey = new Uint8Array(32);
  const plaintext = encodePayload({ hotkey, uids: all, values: all, versionKey: 0n });
  const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));
  const seal = (): Uint8Array => encrypt(publicKey, 1000, plaintext, { random });
  const sealed = seal();
  return [
    row(`timelock: encrypt ${uids} weights`, millisecondsOf(seal)),
    row(
      `timelock: open ${uids} weights`,
      millisecondsOf(() => decrypt(signature, sealed)),
    ),
  ];
}

function millisecondsOf(work: () => unknown): number {
  work();
  const times = Array.from({ length: rounds }, () => {
    const from = process.cpuUsage();
    work();
    return process.cpuUsage(from).user / 1000;
  });
  return median(times);
}

/** 100 ms are nothing in a block of 12 s, but they hold up whatever else the process does. */
function row(name: string, value: number): BenchRow {
  return { name, value, unit: 'ms', peer: null, ratio: null, goal: 100, ok: value <= 100 };
}

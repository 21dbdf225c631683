import { cryptoWaitReady, sr25519Sign, sr25519Verify } from '@polkadot/util-crypto';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import type { Sr25519 } from '../common/keys/sr25519.ts';
import type { SignatureCheck } from '../common/signer-port.ts';
import { median } from './row.ts';
import type { BenchRow } from './row.ts';

const rounds = 15;
const sliceMs = 60;
const messageLength = 200;
/** More keys than are remembered, in turns: each comes as if for the first time. */
const strangers = 400;

/** Something to measure: each call of `run` does `count` operations. */
interface Subject {
  readonly count: number;
  readonly run: () => void;
}

type Subjects = Readonly<Record<keyof typeof goals | 'peerVerify' | 'peerSign', Subject>>;

/**
 * What each row is called and how many times the peer it should reach. The two goals are 12,000
 * and 22,000 signatures a second where the peer does 629.
 */
const goals = {
  verify: ['sr25519 verify, 32 known keys in turns', 19],
  stranger: ['sr25519 verify, a key for the first time', null],
  batchOf8: ['sr25519 verify in batches of 8, one key', 35],
  batchOf32: ['sr25519 verify in batches of 32, one key', null],
  batchOf32Keys: ['sr25519 verify in batches of 32, 32 keys', null],
  sign: ['sr25519 sign', null],
} as const satisfies Record<string, readonly [string, number | null]>;

/**
 * sr25519 on one thread against the WASM inside @polkadot/util-crypto, on messages of 200 bytes:
 * medians of interleaved rounds, so that a busy machine slows both sides alike.
 */
export async function benchSignatures(): Promise<BenchRow[]> {
  await cryptoWaitReady();
  const subjects = makeSubjects();
  const names = Object.keys(subjects) as (keyof Subjects)[];
  const rates = new Map(names.map((name) => [name, [] as number[]]));
  for (const name of names) rateOf(subjects[name]);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) rates.get(name)?.push(rateOf(subjects[name]));
  }
  const rate = (name: keyof Subjects): number => median(rates.get(name) ?? []);
  return (Object.keys(goals) as (keyof typeof goals)[]).map((name) => {
    const [title, goal] = goals[name];
    return row(title, rate(name), rate(name === 'sign' ? 'peerSign' : 'peerVerify'), goal);
  });
}

function makeSubjects(): Subjects {
  const sr25519 = loadSr25519();
  const message = new Uint8Array(messageLength).fill(49);
  const pairs = Array.from({ length: strangers }, (_, at) =>
    sr25519.keypairFromMiniSecret(new Uint8Array(32).fill(at).fill(at >> 8, 31)),
  );
  const checks = pairs.map((pair) => checkBy(sr25519, pair, message));
  const known = checks.slice(0, 32);
  const [pair = new Uint8Array()] = pairs;
  const one = Array.from({ length: 32 }, () => checkBy(sr25519, pair, message));
  const ours = (verifier: Sr25519, next: () => SignatureCheck): Subject => ({
    count: 1,
    run: () => must(verifyWith((...check) => verifier.verify(...check), next())),
  });
  const peerPair = peerForm(pair);
  const next = cycle(known);
  return {
    verify: ours(sr25519, cycle(known)),
    stranger: ours(loadSr25519(), cycle(checks)),
    batchOf8: batch(sr25519, one.slice(0, 8)),
    batchOf32: batch(sr25519, one),
    batchOf32Keys: batch(sr25519, known),
    sign: { count: 1, run: () => void sr25519.sign(pair, message) },
    peerVerify: { count: 1, run: () => must(verifyWith(sr25519Verify, next())) },
    peerSign: { count: 1, run: () => void sr25519Sign(message, peerPair) },
  };
}

function checkBy(sr25519: Sr25519, pair: Uint8Array, message: Uint8Array): SignatureCheck {
  return { message, signature: sr25519.sign(pair, message), publicKey: pair.slice(64) };
}

function batch(sr25519: Sr25519, checks: readonly SignatureCheck[]): Subject {
  return { count: checks.length, run: () => must(sr25519.verifyBatch(checks).every(Boolean)) };
}

type Verify = (message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array) => boolean;

function verifyWith(verify: Verify, { message, signature, publicKey }: SignatureCheck): boolean {
  return verify(message, signature, publicKey);
}

/** The peer holds the scalar in the ed25519-expanded form: times eight. */
function peerForm(pair: Uint8Array): { publicKey: Uint8Array; secretKey: Uint8Array } {
  const secretKey = pair.slice(0, 64);
  let carry = 0;
  for (let at = 0; at < 32; at += 1) {
    carry += (secretKey[at] ?? 0) * 8;
    secretKey[at] = carry & 0xff;
    carry >>= 8;
  }
  return { publicKey: pair.slice(64), secretKey };
}

function cycle(checks: readonly SignatureCheck[]): () => SignatureCheck {
  let at = 0;
  return () => {
    const check = checks[at++ % checks.length];
    if (check === undefined) throw new Error('nothing to check');
    return check;
  };
}

function must(valid: boolean): void {
  if (!valid) throw new Error('a good signature was refused');
}

/** Operations per second over one slice of time. */
function rateOf({ count, run }: Subject): number {
  const start = performance.now();
  let done = 0;
  let elapsed = 0;
  while (elapsed < sliceMs) {
    run();
    done += count;
    elapsed = performance.now() - start;
  }
  return (done / elapsed) * 1000;
}

function row(name: string, value: number, peer: number, goal: number | null): BenchRow {
  const ratio = value / peer;
  const ok = goal === null || ratio >= goal;
  return { name, value, unit: '1/s', peer, ratio, goal, ok };
}

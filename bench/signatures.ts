import { cryptoWaitReady, sr25519Sign, sr25519Verify } from '@polkadot/util-crypto';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { median } from './row.ts';
import type { BenchRow } from './row.ts';

const rounds = 7;
const sliceMs = 150;
const batchSize = 32;
const messageLength = 200;

/** Something to measure: each call of `run` does `count` operations. */
interface Subject {
  readonly count: number;
  readonly run: () => void;
}

type Subjects = Readonly<
  Record<'verify' | 'batch8' | 'batch' | 'sign' | 'peerVerify' | 'peerSign', Subject>
>;

/**
 * sr25519 on one thread against the WASM inside @polkadot/util-crypto, on messages of 200 bytes:
 * medians of seven interleaved rounds, so that a busy machine slows both sides alike.
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
  return [
    row('sr25519 verify', rate('verify'), rate('peerVerify'), 15),
    rateRow('sr25519 verify in batches of 8', rate('batch8'), 22_000),
    row(`sr25519 verify in batches of ${batchSize}`, rate('batch'), rate('peerVerify'), null),
    row('sr25519 sign', rate('sign'), rate('peerSign'), null),
  ];
}

function makeSubjects(): Subjects {
  const sr25519 = loadSr25519();
  const message = new Uint8Array(messageLength).fill(49);
  const pairs = Array.from({ length: batchSize }, (_, at) =>
    sr25519.keypairFromMiniSecret(new Uint8Array(32).fill(at + 1)),
  );
  const checks = pairs.map((pair) => ({
    message,
    signature: sr25519.sign(pair, message),
    publicKey: pair.slice(64),
  }));
  const eight = checks.slice(0, 8);
  const [pair = new Uint8Array()] = pairs;
  const peerPair = peerForm(pair);
  const next = cycle(checks);
  const verify: Verify = (...check) => sr25519.verify(...check);
  return {
    verify: { count: 1, run: () => must(verifyWith(verify, next())) },
    batch8: { count: 8, run: () => must(sr25519.verifyBatch(eight).every(Boolean)) },
    batch: { count: batchSize, run: () => must(sr25519.verifyBatch(checks).every(Boolean)) },
    sign: { count: 1, run: () => void sr25519.sign(pair, message) },
    peerVerify: { count: 1, run: () => must(verifyWith(sr25519Verify, next())) },
    peerSign: { count: 1, run: () => void sr25519Sign(message, peerPair) },
  };
}

type Check = { message: Uint8Array; signature: Uint8Array; publicKey: Uint8Array };
type Verify = (message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array) => boolean;

function verifyWith(verify: Verify, { message, signature, publicKey }: Check): boolean {
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

function cycle(checks: readonly Check[]): () => Check {
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

/** The goal is a rate, not a multiple of the peer's. */
function rateRow(name: string, value: number, goal: number): BenchRow {
  return { name, value, unit: '1/s', peer: null, ratio: null, goal, ok: value >= goal };
}

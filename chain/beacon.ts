import { bls12_381 } from '@noble/curves/bls12-381.js';
import { sha256, sha384 } from '@noble/hashes/sha2.js';
import { signerFromMiniSecret } from '../common/keys/keys.ts';
import { loadSr25519 } from '../common/keys/sr25519.ts';
import { ByteReader, byteVec, compact, concat, littleEndian, u64 } from '../common/scale-bytes.ts';
import { roundPoint } from '../common/timelock/timelock.ts';
import { awaitedRounds } from './awaited-rounds.ts';
import { fromHex, toHex } from './bytes.ts';
import type { Hex, StorageView } from './chain-state.ts';
import type { BlockTime } from './dev-node.ts';

/**
 * The development chain's own randomness beacon, which opens timelocked commits offline. Its secret
 * is public by design, as that of //Alice is: whoever reads this line can open what is encrypted
 * to it. It stands in development genesis blocks only.
 */
const seed = 'the beacon of subnet chain dev';
const secretKey = bls12_381.utils.randomSecretKey(sha384(new TextEncoder().encode(seed)));

const author = signerFromMiniSecret(loadSr25519(), sha256(new TextEncoder().encode(seed)));

/** As in `Drand.BeaconConfig`. One second: the chain's shortest, for blocks of 250 ms and more. */
export const devBeacon = {
  publicKey: bls12_381.shortSignatures.getPublicKey(secretKey).toBytes(),
  periodS: 1,
  genesisTimeS: 1_700_000_000,
} as const;

const beaconId = 'development';
const beaconScheme = 'bls-unchained-g1-rfc9380';

/** Drand.BeaconConfig */
const configKey: Hex = '0xa285cdb66e8b8524ea70b1693c7b1e0508194cd5e83170f4eb38043b5770aa61';
/** Drand.LastStoredRound */
const lastRoundKey: Hex = '0xa285cdb66e8b8524ea70b1693c7b1e05087f3dd6e0ceded0e388dd34f810a73d';
/** `StorageVersion` of Drand and of MevShield. */
const drandVersionKey: Hex = '0xa285cdb66e8b8524ea70b1693c7b1e054e7b9012096b41c4eb3aaf947f6ea429';
const shieldVersionKey: Hex = '0x9e94fc9ecf3c8d51c7baba39080fb4334e7b9012096b41c4eb3aaf947f6ea429';
const drandPallet = 26;
const writePulseCall = 0;
/**
 * Pulses in one block: the runtime checks each with two pairings, so they must not make a chain
 * later that is late already, or hurried through its blocks.
 */
const maxPulses = 16;
const maxHurriedPulses = 4;
/** Beyond the rounds of a block's own time: a block may be as late as that and miss none. */
const lateRounds = 2;

/** A round that nobody waits for is written this often. */
const tellEveryRounds = 30;

/** Of `Drand.BeaconConfig` with this beacon: where it lies in the storage, and its SCALE bytes. */
export function devBeaconEntry(): readonly [Hex, Hex] {
  const { publicKey, periodS, genesisTimeS } = devBeacon;
  const hash = byteVec(sha256(publicKey));
  const text = (value: string): Uint8Array => byteVec(new TextEncoder().encode(value));
  const times = concat(littleEndian(BigInt(periodS), 4), littleEndian(BigInt(genesisTimeS), 4));
  const names = concat(hash, hash, text(beaconScheme), text(beaconId));
  return [configKey, toHex(concat(byteVec(publicKey), times, names))];
}

export interface Pulse {
  readonly round: number;
  /** 48 bytes: a BLS signature in G1. */
  readonly signature: Uint8Array;
}

/**
 * The pulses for the next block, as extrinsics, when the chain's beacon is the development one:
 * none where the runtime has no beacon, or where its pulses come from outside.
 */
export function duePulses(view: StorageView, time: BlockTime): readonly Hex[] {
  const config = hasPallet(view) ? beaconOf(view) : null;
  if (config === null || toHex(config.publicKey) !== toHex(devBeacon.publicKey)) return [];
  const periodMs = config.periodS * 1000;
  const current = Math.floor((time.nowMs - config.genesisTimeS * 1000) / periodMs) + 1;
  const limit = roomFor(time, periodMs);
  const rounds = roundsToWrite(lastRoundOf(view), current, limit, () => awaitedRounds(view));
  return rounds.map((round) => writePulse({ round, signature: signRound(round) }));
}

/** How many pulses the next block may have. */
function roomFor({ blockTimeMs, hurried }: BlockTime, periodMs: number): number {
  const usual = Math.ceil(blockTimeMs / periodMs) + lateRounds;
  return Math.min(usual, hurried ? maxHurriedPulses : maxPulses);
}

/**
 * Which rounds to write of those after `last` up to `current`, at most `limit`: those that commits wait
 * for, as soon as they are due, and now and then the newest, so that the beacon is seen to tick. The
 * runtime checks each with pairings that cost the executor a third of a second: every round would
 * take half a core. Rounds on the chain only rise, so the newest waits while too many are awaited.
 */
export function roundsToWrite(
  last: number,
  current: number,
  limit: number,
  awaited: () => readonly number[],
): readonly number[] {
  if (current <= last) return [];
  const wanted = awaited().filter((round) => round > last && round <= current);
  const isQuiet = current - last < tellEveryRounds || wanted.at(-1) === current;
  return (isQuiet ? wanted : [...wanted, current]).slice(0, limit);
}

/** The development beacon's signature of a round. */
export function signRound(round: number): Uint8Array {
  return bls12_381.shortSignatures.sign(roundPoint(round), secretKey).toBytes();
}

/**
 * `Drand.write_pulse` as an unsigned extrinsic. Its payload (block number u32, one pulse of round,
 * randomness and signature, the author's sr25519 key) bears the author's signature, as on the
 * real chain; anybody may be the author, for the beacon's own signature is what counts.
 */
export function writePulse({ round, signature }: Pulse): Hex {
  const pulse = concat(u64(BigInt(round)), byteVec(sha256(signature)), byteVec(signature));
  const payload = concat(new Uint8Array(4), compact(1), pulse, sr25519(author.publicKey));
  const call = Uint8Array.of(4, drandPallet, writePulseCall);
  const signed = concat(Uint8Array.of(1), sr25519(author.sign(payload)));
  return toHex(byteVec(concat(call, payload, signed)));
}

/** `MultiSigner` and `MultiSignature`: the scheme's number first. */
function sr25519(bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(1), bytes);
}

/**
 * The older runtime has the beacon's configuration in its state, for the upgrade, and no pallet to
 * take pulses: it would panic at each. An upgrade notes the version of a pallet that had no state
 * before, as MevShield, which came with Drand.
 */
function hasPallet(view: StorageView): boolean {
  return [drandVersionKey, shieldVersionKey].some((key) => view.get(key) !== null);
}

function beaconOf(view: StorageView) {
  const bytes = fromHex(view.get(configKey) ?? '0x') ?? new Uint8Array();
  if (bytes.length === 0) return null;
  const reader = new ByteReader(bytes);
  const [publicKey, period, genesis] = [reader.bytes(), reader.uint(4), reader.uint(4)];
  return { publicKey, periodS: Number(period), genesisTimeS: Number(genesis) };
}

function lastRoundOf(view: StorageView): number {
  const bytes = fromHex(view.get(lastRoundKey) ?? '0x') ?? new Uint8Array();
  return bytes.length === 8 ? Number(new ByteReader(bytes).uint(8)) : 0;
}

import type { Hotkey } from '../common/brand.ts';
import type { AxonInfo, Neuron, Snapshot } from '../common/chain-port.ts';
import { toHex } from '../common/hex.ts';
import { isUsableTlsKey } from '../common/tls-key.ts';
import type { TlsKey } from '../common/tls-key.ts';

export interface SelectOptions {
  readonly ownHotkey: Hotkey;
  /** Serving miners that are asked in one round; null for all. */
  readonly sampleSize: number | null;
  /** With a permit and more stake than this it is a validator; null goes by what it does. */
  readonly maxStakeRao: bigint | null;
}

export interface MinerTarget {
  readonly uid: number;
  readonly hotkey: Hotkey;
  /** null: registered but not serving, which counts as a failed question. */
  readonly axon: AxonInfo | null;
  /** Of the certificate that it must show; absent for plain HTTP. */
  readonly tlsKey?: TlsKey;
}

export interface Selection {
  /** Everyone who may earn from this validator; others have no place on the board. */
  readonly eligible: readonly Neuron[];
  /** Whom this round measures, ascending by uid: the sampled who serve, and all who do not. */
  readonly measured: readonly MinerTarget[];
}

/**
 * A permit alone makes no validator: on a small subnet every miner that earned stake has one. So
 * the owner names a stake, or it goes by what the neuron does: registering sets `lastUpdate` to
 * the block of registration, and only weights that were really set lie above it.
 */
export function isValidator(neuron: Neuron, maxStakeRao: bigint | null): boolean {
  if (!neuron.validatorPermit) return false;
  if (maxStakeRao !== null) return neuron.totalStakeRao > maxStakeRao;
  return neuron.lastUpdate > neuron.blockAtRegistration;
}

/** Whom to measure. The same snapshot and seed give the same selection. */
export function selectMiners(
  snapshot: Snapshot,
  options: SelectOptions,
  seed: Uint8Array,
  sha256: (bytes: Uint8Array) => Uint8Array,
  tlsKeys: ReadonlyMap<Hotkey, TlsKey> = new Map(),
): Selection {
  const { ownHotkey, maxStakeRao } = options;
  const eligible = snapshot.neurons.filter(
    (neuron) => neuron.hotkey !== ownHotkey && !isValidator(neuron, maxStakeRao),
  );
  const serving = eligible.filter((neuron) => neuron.axon !== null);
  const silent = eligible.filter((neuron) => neuron.axon === null);
  const drawn = sample(serving, options.sampleSize, seed, sha256);
  const measured = [...drawn, ...silent].map(({ uid, hotkey, axon }) => {
    const tlsKey = tlsKeys.get(hotkey);
    // A key of another kind is some other software's affair, and its axon speaks plain HTTP.
    const isPinned = tlsKey !== undefined && isUsableTlsKey(tlsKey);
    return { uid, hotkey, axon, ...(isPinned && { tlsKey }) };
  });
  return { eligible, measured: measured.sort((a, b) => a.uid - b.uid) };
}

/** Lots are hashes of seed and hotkey: no one's chance depends on who else is there. */
function sample(
  neurons: readonly Neuron[],
  size: number | null,
  seed: Uint8Array,
  sha256: (bytes: Uint8Array) => Uint8Array,
): readonly Neuron[] {
  if (size === null || size >= neurons.length) return neurons;
  const encoder = new TextEncoder();
  const prefix = `subnet-sample/1\n${toHex(seed)}\n`;
  const lots = neurons.map((neuron) => ({
    neuron,
    lot: toHex(sha256(encoder.encode(prefix + neuron.hotkey))),
  }));
  lots.sort((a, b) => (a.lot < b.lot ? -1 : 1));
  return lots.slice(0, size).map(({ neuron }) => neuron);
}

import type { Hotkey } from '../../common/brand.ts';
import type { Neuron, Snapshot } from '../../common/chain-port.ts';
import { encodeSs58 } from '../../common/keys/ss58.ts';
import { emptyBoard } from '../../validator/scoreboard.ts';
import type { Board, BoardEntry } from '../../validator/scoreboard.ts';
import { toUnit, zero } from '../../validator/unit.ts';
import { fakeHyperparams } from '../fakes/fake-chain.ts';

/** Builders for values that pure functions take. */
const made = new Map<number, Hotkey>();
export function hotkey(n: number): Hotkey {
  const known = made.get(n);
  if (known !== undefined) return known;
  const key = Uint8Array.from({ length: 32 }, (_, at) => (at < 4 ? (n >> (8 * at)) & 255 : 7));
  made.set(n, encodeSs58(key));
  return encodeSs58(key);
}

export function neuron(uid: number, more: Partial<Neuron> = {}): Neuron {
  return {
    uid,
    hotkey: hotkey(uid),
    coldkey: hotkey(uid + 10_000),
    axon: { ip: '8.8.8.8', port: 8091, ipType: 4, protocol: 4, version: 1, block: 1 },
    active: true,
    validatorPermit: false,
    totalStakeRao: 0n,
    alphaStakeRao: 0n,
    incentive: 0,
    dividends: 0,
    consensus: 0,
    validatorTrust: 0,
    emissionRao: 0n,
    lastUpdate: 5,
    blockAtRegistration: 5,
    ...more,
  };
}

export function snapshot(neurons: readonly Neuron[], more: Partial<Snapshot> = {}): Snapshot {
  const hyperparams = more.hyperparams ?? fakeHyperparams;
  return {
    netuid: 2,
    block: { number: 100, hash: `0x${'ab'.repeat(32)}` },
    hyperparams,
    stakeThresholdRao: 0n,
    lastEpochBlock: 95,
    nextEpochBlock: 105,
    epoch: {
      model: 'stateful',
      tempo: hyperparams.tempo,
      lastEpochBlock: more.lastEpochBlock ?? 95,
      pendingEpochAt: 0,
      epochIndex: 7,
      blocksSinceLastStep: 5,
    },
    chainTimeMs: 1_700_000_000_000,
    blockTimeMs: 12_000,
    commitRevealVersion: 4,
    ownerHotkey: null,
    ownerColdkey: null,
    mechanisms: [
      {
        mecid: 0,
        lastUpdate: neurons.map(({ lastUpdate }) => lastUpdate),
        incentive: neurons.map(({ incentive }) => incentive),
      },
    ],
    neurons,
    ...more,
  };
}

export function entry(uid: number, score: number, more: Partial<BoardEntry> = {}): BoardEntry {
  return {
    hotkey: hotkey(uid),
    uid,
    registeredAt: 5,
    score: toUnit(score),
    taskScores: {},
    lastPoints: zero,
    lastRound: 0,
    lastLatencyMs: null,
    rounds: 1,
    faults: 0,
    lastFault: null,
    window: [],
    ...more,
  };
}

export function board(...entries: BoardEntry[]): Board {
  return entries.length === 0
    ? emptyBoard
    : { entries: new Map(entries.map((one) => [one.hotkey, one])) };
}

/** A board on which uid i has the i-th score, with a snapshot of just these neurons. */
export function scored(scores: readonly number[], more: Partial<Snapshot> = {}) {
  return {
    board: board(...scores.map((score, uid) => entry(uid, score))),
    snapshot: snapshot(
      scores.map((_, uid) => neuron(uid)),
      more,
    ),
  };
}

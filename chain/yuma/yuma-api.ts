/**
 * The shapes of `YumaReplayApi`, the development-only runtime API of the embedded chain
 * (chain/pallet/src/replay.rs): same fields, same order.
 */
import {
  bool,
  encoded,
  i128,
  i16,
  i64,
  option,
  pair,
  struct,
  u128,
  u16,
  u32,
  u64,
  u8,
  variants,
  vec,
  type Decoded,
} from '../scale.ts';

/** Hyperparameters of the replayed subnet; ratios in 65535ths, averages in millionths. */
export const replayParams = struct({
  tempo: u16,
  kappa: u16,
  bondsPenalty: u16,
  bondsMovingAverage: u64,
  maxAllowedValidators: u16,
  yuma3: bool,
  liquidAlpha: bool,
  alphaLow: u16,
  alphaHigh: u16,
  alphaSigmoidSteepness: i16,
  stakeThreshold: u64,
  ownerUid: option(u16),
  activityCutoffFactorMilli: u32,
  taoWeight: u64,
  lastMechanismStepBlock: u64,
  commitReveal: bool,
  bondsReset: bool,
});

const row = vec(pair(u16, u16));

export const replayStep = variants({
  Configure: replayParams,
  SetBlock: u32,
  SetStake: struct({ uid: u16, alpha: u64, root: u64 }),
  SetPermits: vec(bool),
  SetLastUpdate: vec(u64),
  SetRegistered: vec(u64),
  PutWeights: struct({ uid: u16, row }),
  PutBonds: struct({ uid: u16, row }),
  SetWeights: struct({ uid: u16, dests: vec(u16), values: vec(u16) }),
  Replace: struct({ uid: u16, alpha: u64 }),
  ResetBonds: u16,
  SetCommitBlock: struct({ uid: u16, block: option(u64) }),
  Epoch: u64,
});

/** What one epoch left behind, by uid. */
export const replayOutcome = struct({
  active: vec(bool),
  stakeWeight: vec(u16),
  consensus: vec(u16),
  incentive: vec(u16),
  dividends: vec(u16),
  validatorTrust: vec(u16),
  validatorPermit: vec(bool),
  serverEmission: vec(u64),
  validatorEmission: vec(u64),
  emission: vec(u64),
  bonds: vec(row),
});

export const replayArguments = struct({ neurons: u16, steps: vec(replayStep) });

/** The outcomes of all epochs, or the index of the step that could not be taken. */
export const replayResult = variants({ Ok: vec(replayOutcome), Err: u32 });

const clock = struct({
  tempo: u16,
  lastEpochBlock: u64,
  pendingEpochAt: u64,
  blocksSinceLastStep: u64,
});
const legacyClock = struct({ netuid: u16, tempo: u16, block: u64 });
const fixedVector = vec(i64);
const fixedMatrix = vec(fixedVector);
const burn = struct({ burn: u64, minBurn: u64, maxBurn: u64 });

/** Fixed-point numbers travel as their bits (32 fraction bits, burn multipliers 64). */
export const replayFormula = variants({
  MaxUpscaleU16: vec(u16),
  MaxUpscale: fixedVector,
  WithinLimit: struct({ values: vec(u16), limit: u16 }),
  WeightedMedian: struct({ stake: fixedVector, score: fixedVector, majority: i64 }),
  WeightedMedianColumns: struct({
    stake: fixedVector,
    score: fixedMatrix,
    columns: u16,
    majority: i64,
  }),
  TopK: struct({ vector: fixedVector, k: u32, nonzero: bool }),
  EmaPerCell: struct({ fresh: fixedMatrix, old: fixedMatrix, alpha: fixedMatrix }),
  Interpolate: struct({ a: fixedVector, b: fixedVector, ratio: i64 }),
  ColumnMaxUpscale: fixedVector,
  NextEpoch: clock,
  BlocksUntilEpoch: struct({ clock, block: u64 }),
  EpochDue: struct({ clock, block: u64 }),
  LegacyBlocksUntilEpoch: legacyClock,
  LegacyEpochIndex: legacyClock,
  SplitAlpha: struct({ alphaOut: u64, ownerCut: u16, rootProportion: u128 }),
  BlockEmission: u64,
  BurnAfterBlocks: struct({ burn, halfLife: u16, blocks: u64 }),
  BurnAfterRegistrations: struct({ burn, multiplier: u128, count: u8 }),
  DecayFactor: u16,
});

/** Formulas that are encoded already. */
export const replayFormulas = vec(encoded);

/**
 * Per formula whole numbers, bits of fixed-point numbers, or 0 and 1; an absent value is an empty
 * list.
 */
export const replayNumbers = vec(vec(i128));

export type ReplayParams = Decoded<typeof replayParams>;
export type ReplayStep = Decoded<typeof replayStep>;
export type ReplayOutcome = Decoded<typeof replayOutcome>;
export type ReplayFormula = Decoded<typeof replayFormula>;

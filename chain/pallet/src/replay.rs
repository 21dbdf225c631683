//! Development only: reference cases of the consensus, replayed on this pallet.
//!
//! A case runs inside one read-only runtime call: it writes the storage of a subnet into the
//! call's overlay, lets the pallet's own code set weights, replace neurons and run epochs, and
//! returns what the epochs stored. The overlay is dropped afterwards, so the chain never changes.
//! Real chains have no such API.

use alloc::vec;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::storage::{storage_prefix, unhashed};
use frame_support::traits::PalletInfoAccess;
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::traits::{TrailingZeroInput, UniqueSaturatedFrom};
use subnet_consensus as maths;
use subnet_consensus::{EpochClock, SparseRow, I32F32};

use crate::neurons::put_at;
use crate::pallet::*;
use crate::types::*;

const NETUID: NetUid = 1;
/// Commits of a replayed case never expire.
const COMMIT_EPOCH: u64 = 0;

/// Hyperparameters of the replayed subnet: 65535ths, millionths of the bonds' average, RAO.
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, PartialEq, Eq, Debug)]
pub struct ReplayParams {
    pub tempo: u16,
    pub kappa: u16,
    pub bonds_penalty: u16,
    pub bonds_moving_average: u64,
    pub max_allowed_validators: u16,
    pub yuma3: bool,
    pub liquid_alpha: bool,
    pub alpha_low: u16,
    pub alpha_high: u16,
    pub alpha_sigmoid_steepness: i16,
    pub stake_threshold: u64,
    pub owner_uid: Option<u16>,
    pub activity_cutoff_factor_milli: u32,
    pub tao_weight: u64,
    pub last_mechanism_step_block: u64,
    pub commit_reveal: bool,
    pub bonds_reset: bool,
}

type Row = Vec<(u16, u16)>;

#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, PartialEq, Eq, Debug)]
pub enum ReplayStep {
    Configure(ReplayParams),
    SetBlock(u32),
    SetStake {
        uid: u16,
        alpha: u64,
        root: u64,
    },
    SetPermits(Vec<bool>),
    SetLastUpdate(Vec<u64>),
    SetRegistered(Vec<u64>),
    /// Rows as they are stored.
    PutWeights {
        uid: u16,
        row: Row,
    },
    PutBonds {
        uid: u16,
        row: Row,
    },
    /// Weights as a validator sends them.
    SetWeights {
        uid: u16,
        dests: Vec<u16>,
        values: Vec<u16>,
    },
    Replace {
        uid: u16,
        alpha: u64,
    },
    ResetBonds(u16),
    SetCommitBlock {
        uid: u16,
        block: Option<u64>,
    },
    /// Alpha to divide.
    Epoch(u64),
}

/// What one epoch left behind, by uid.
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, PartialEq, Eq, Debug)]
pub struct ReplayOutcome {
    pub active: Vec<bool>,
    pub stake_weight: Vec<u16>,
    pub consensus: Vec<u16>,
    pub incentive: Vec<u16>,
    pub dividends: Vec<u16>,
    pub validator_trust: Vec<u16>,
    pub validator_permit: Vec<bool>,
    pub server_emission: Vec<u64>,
    pub validator_emission: Vec<u64>,
    pub emission: Vec<u64>,
    pub bonds: Vec<Row>,
}

/// A schedule's stored state.
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, PartialEq, Eq, Debug)]
pub struct ReplayClock {
    pub tempo: u16,
    pub last_epoch_block: u64,
    pub pending_epoch_at: u64,
    pub blocks_since_last_step: u64,
}

#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, PartialEq, Eq, Debug)]
pub struct ReplayLegacyClock {
    pub netuid: u16,
    pub tempo: u16,
    pub block: u64,
}

#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, PartialEq, Eq, Debug)]
pub struct ReplayBurn {
    pub burn: u64,
    pub min_burn: u64,
    pub max_burn: u64,
}

/// One formula with its arguments; fixed-point numbers are bits (32 fraction bits, burn
/// multipliers 64).
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, PartialEq, Eq, Debug)]
pub enum ReplayFormula {
    MaxUpscaleU16(Vec<u16>),
    MaxUpscale(Vec<i64>),
    WithinLimit {
        values: Vec<u16>,
        limit: u16,
    },
    WeightedMedian {
        stake: Vec<i64>,
        score: Vec<i64>,
        majority: i64,
    },
    WeightedMedianColumns {
        stake: Vec<i64>,
        score: Vec<Vec<i64>>,
        columns: u16,
        majority: i64,
    },
    TopK {
        vector: Vec<i64>,
        k: u32,
        nonzero: bool,
    },
    EmaPerCell {
        fresh: Vec<Vec<i64>>,
        old: Vec<Vec<i64>>,
        alpha: Vec<Vec<i64>>,
    },
    Interpolate {
        a: Vec<i64>,
        b: Vec<i64>,
        ratio: i64,
    },
    ColumnMaxUpscale(Vec<i64>),
    NextEpoch(ReplayClock),
    BlocksUntilEpoch {
        clock: ReplayClock,
        block: u64,
    },
    EpochDue {
        clock: ReplayClock,
        block: u64,
    },
    LegacyBlocksUntilEpoch(ReplayLegacyClock),
    LegacyEpochIndex(ReplayLegacyClock),
    SplitAlpha {
        alpha_out: u64,
        owner_cut: u16,
        root_proportion: u128,
    },
    BlockEmission(u64),
    BurnAfterBlocks {
        burn: ReplayBurn,
        half_life: u16,
        blocks: u64,
    },
    BurnAfterRegistrations {
        burn: ReplayBurn,
        multiplier: u128,
        count: u8,
    },
    DecayFactor(u16),
}

impl<T: Config> Pallet<T> {
    /// Replays the steps on a fresh subnet of `neurons` and returns what every epoch left; on
    /// failure the index of the step that names something absent.
    pub fn replay(neurons: u16, steps: Vec<ReplayStep>) -> Result<Vec<ReplayOutcome>, u32> {
        NetworksAdded::<T>::insert(NETUID, true);
        for uid in 0..neurons {
            Self::append_neuron(NETUID, &newcomer::<T>(uid, 0), 0);
        }
        let mut outcomes = Vec::new();
        for (index, step) in (0u32..).zip(steps) {
            outcomes.extend(Self::replay_step(index, step).ok_or(index)?);
        }
        Ok(outcomes)
    }

    /// `None` when the step names a uid that does not exist.
    fn replay_step(index: u32, step: ReplayStep) -> Option<Option<ReplayOutcome>> {
        match step {
            ReplayStep::Configure(params) => Self::replay_params(params)?,
            ReplayStep::SetBlock(block) => set_block::<T>(block),
            ReplayStep::SetStake { uid, alpha, root } => Self::replay_stake(uid, alpha, root)?,
            ReplayStep::SetPermits(permits) => ValidatorPermit::<T>::insert(NETUID, permits),
            ReplayStep::SetLastUpdate(blocks) => LastUpdate::<T>::insert(NETUID, blocks),
            ReplayStep::SetRegistered(blocks) => {
                for (uid, block) in (0u16..).zip(blocks) {
                    BlockAtRegistration::<T>::insert(NETUID, uid, block);
                }
            }
            ReplayStep::PutWeights { uid, row } => Weights::<T>::insert(NETUID, uid, row),
            ReplayStep::PutBonds { uid, row } => Bonds::<T>::insert(NETUID, uid, row),
            ReplayStep::SetWeights { uid, dests, values } => {
                Self::store_weights(NETUID, uid, dests, &values);
                put_at::<LastUpdate<T>, _>(NETUID, uid, Self::current_block());
            }
            ReplayStep::Replace { uid, alpha } => {
                let hotkey = newcomer::<T>(uid, index.saturating_add(1));
                Self::replace_neuron(NETUID, uid, &hotkey, Self::current_block());
                Self::replay_stake(uid, alpha, 0)?;
            }
            ReplayStep::ResetBonds(uid) => Self::reset_bonds(NETUID, &Self::holder(uid)?),
            ReplayStep::SetCommitBlock { uid, block } => Self::replay_commit(uid, block)?,
            ReplayStep::Epoch(emission) => return Some(Some(Self::replay_epoch(emission))),
        }
        Some(None)
    }

    fn holder(uid: u16) -> Option<T::AccountId> {
        Keys::<T>::try_get(NETUID, uid).ok()
    }

    fn replay_params(params: ReplayParams) -> Option<()> {
        Tempo::<T>::insert(NETUID, params.tempo);
        Kappa::<T>::insert(NETUID, params.kappa);
        BondsPenalty::<T>::insert(NETUID, params.bonds_penalty);
        BondsMovingAverage::<T>::insert(NETUID, params.bonds_moving_average);
        MaxAllowedValidators::<T>::insert(NETUID, params.max_allowed_validators);
        Yuma3On::<T>::insert(NETUID, params.yuma3);
        LiquidAlphaOn::<T>::insert(NETUID, params.liquid_alpha);
        AlphaValues::<T>::insert(NETUID, (params.alpha_low, params.alpha_high));
        AlphaSigmoidSteepness::<T>::insert(NETUID, params.alpha_sigmoid_steepness);
        StakeThreshold::<T>::put(params.stake_threshold);
        ActivityCutoffFactorMilli::<T>::insert(NETUID, params.activity_cutoff_factor_milli);
        TaoWeight::<T>::put(params.tao_weight);
        LastMechansimStepBlock::<T>::insert(NETUID, params.last_mechanism_step_block);
        CommitRevealWeightsEnabled::<T>::insert(NETUID, params.commit_reveal);
        BondsResetOn::<T>::insert(NETUID, params.bonds_reset);
        match params.owner_uid {
            Some(uid) => SubnetOwnerHotkey::<T>::insert(NETUID, Self::holder(uid)?),
            None => SubnetOwnerHotkey::<T>::remove(NETUID),
        }
        Some(())
    }

    fn replay_stake(uid: u16, alpha: u64, root: u64) -> Option<()> {
        let hotkey = Self::holder(uid)?;
        TotalHotkeyAlpha::<T>::insert(&hotkey, NETUID, alpha);
        let before = TotalHotkeyAlpha::<T>::get(&hotkey, ROOT);
        TotalHotkeyAlpha::<T>::insert(&hotkey, ROOT, root);
        SubnetAlphaOut::<T>::mutate(ROOT, |all| {
            *all = all.saturating_sub(before).saturating_add(root);
        });
        Some(())
    }

    fn replay_commit(uid: u16, block: Option<u64>) -> Option<()> {
        let hotkey = Self::holder(uid)?;
        let commits = block.map(|block| (H256::zero(), COMMIT_EPOCH, block, 0));
        WeightCommits::<T>::set(NETUID, hotkey, commits.map(|commit| [commit].into()));
        Some(())
    }

    fn replay_epoch(emission: u64) -> ReplayOutcome {
        let output = Self::run_epoch(NETUID, &Self::hotkeys(NETUID), emission);
        ReplayOutcome {
            active: Active::<T>::get(NETUID),
            stake_weight: StakeWeight::<T>::get(NETUID),
            consensus: Consensus::<T>::get(NETUID),
            incentive: Incentive::<T>::get(NETUID),
            dividends: Dividends::<T>::get(NETUID),
            validator_trust: ValidatorTrust::<T>::get(NETUID),
            validator_permit: ValidatorPermit::<T>::get(NETUID),
            server_emission: output.server_emission,
            validator_emission: output.validator_emission,
            emission: Emission::<T>::get(NETUID),
            bonds: (0..SubnetworkN::<T>::get(NETUID))
                .map(|uid| Bonds::<T>::get(NETUID, uid))
                .collect(),
        }
    }
}

/// A hotkey of its own for every holder of every uid.
fn newcomer<T: Config>(uid: u16, generation: u32) -> T::AccountId {
    T::AccountId::decode(&mut TrailingZeroInput::new(
        &(b"replay", uid, generation).encode(),
    ))
    .expect("an account id decodes from bytes followed by zeroes")
}

/// Jumps to a block. `frame_system` itself only ever counts up by one.
fn set_block<T: Config>(block: u32) {
    let system = <frame_system::Pallet<T> as PalletInfoAccess>::name();
    let number = BlockNumberFor::<T>::unique_saturated_from(block);
    unhashed::put(&storage_prefix(system.as_bytes(), b"Number"), &number);
}

/// Computes one formula: whole numbers, bits of fixed-point numbers, or 0 and 1; an absent value
/// is an empty list.
pub fn compute(formula: ReplayFormula) -> Vec<i128> {
    use ReplayFormula::*;
    match formula {
        MaxUpscaleU16(values) => integers(maths::max_upscale_u16(&values)),
        MaxUpscale(values) => integers(maths::max_upscale(&fixed(&values))),
        WithinLimit { values, limit } => flags([maths::weights_within_limit(&values, limit)]),
        WeightedMedian {
            stake,
            score,
            majority,
        } => {
            let minority = I32F32::ONE.sub(I32F32::from_bits(majority));
            bits([maths::weighted_median(
                &fixed(&stake),
                &fixed(&score),
                minority,
            )])
        }
        WeightedMedianColumns {
            stake,
            score,
            columns,
            majority,
        } => {
            let rows = sparse_rows(&score);
            let majority = I32F32::from_bits(majority);
            let columns = usize::from(columns);
            bits(maths::weighted_median_columns(
                &fixed(&stake),
                &rows,
                columns,
                majority,
            ))
        }
        TopK { vector, k, nonzero } => {
            let mark = if nonzero {
                maths::top_k_nonzero
            } else {
                maths::top_k
            };
            flags(mark(&fixed(&vector), k as usize))
        }
        EmaPerCell { fresh, old, alpha } => compute_ema(&fresh, &old, &alpha),
        Interpolate { a, b, ratio } => compute_interpolation(&a, &b, ratio),
        ColumnMaxUpscale(column) => compute_upscaled_column(&column),
        NextEpoch(clock) => integers(maths::next_epoch_start(&clock.into())),
        BlocksUntilEpoch { clock, block } => {
            integers([maths::blocks_until_next_epoch(&clock.into(), block)])
        }
        EpochDue { clock, block } => flags([maths::epoch_due(&clock.into(), block)]),
        LegacyBlocksUntilEpoch(ReplayLegacyClock {
            netuid,
            tempo,
            block,
        }) => integers([maths::legacy_blocks_until_next_epoch(netuid, tempo, block)]),
        LegacyEpochIndex(ReplayLegacyClock {
            netuid,
            tempo,
            block,
        }) => integers([maths::legacy_epoch_index(netuid, tempo, block)]),
        SplitAlpha {
            alpha_out,
            owner_cut,
            root_proportion,
        } => {
            let root = maths::U96F32::from_bits(root_proportion);
            let split = maths::split_block_alpha(alpha_out, owner_cut, root);
            integers([split.owner, split.server, split.validator, split.root])
        }
        BlockEmission(issuance) => integers([maths::block_emission(issuance)]),
        BurnAfterBlocks {
            burn,
            half_life,
            blocks,
        } => {
            let ReplayBurn {
                burn,
                min_burn,
                max_burn,
            } = burn;
            integers([maths::burn_after_blocks(
                burn, half_life, blocks, min_burn, max_burn,
            )])
        }
        BurnAfterRegistrations {
            burn,
            multiplier,
            count,
        } => {
            let multiplier = maths::U64F64::from_bits(multiplier);
            let raise = |price, _| {
                maths::burn_after_registration(price, multiplier, burn.min_burn, burn.max_burn)
            };
            integers([(0..count).fold(burn.burn, raise)])
        }
        DecayFactor(half_life) => integers([maths::decay_factor_q32(half_life)]),
    }
}

fn compute_ema(fresh: &[Vec<i64>], old: &[Vec<i64>], alpha: &[Vec<i64>]) -> Vec<i128> {
    let rate = |row: usize, column: u16| {
        let cell = alpha.get(row).and_then(|row| row.get(usize::from(column)));
        I32F32::from_bits(cell.copied().unwrap_or(0))
    };
    let rows = maths::ema_per_cell(&sparse_rows(fresh), &sparse_rows(old), rate);
    bits(rows.into_iter().flatten().map(|(_, value)| value))
}

fn compute_interpolation(a: &[i64], b: &[i64], ratio: i64) -> Vec<i128> {
    let (a, b, columns) = (sparse_row(a), sparse_row(b), a.len().max(b.len()));
    let rows = maths::interpolate(&[a], &[b], columns, I32F32::from_bits(ratio));
    let mut dense = vec![0; columns];
    for (column, value) in rows.into_iter().flatten() {
        dense[usize::from(column)] = i128::from(value.to_bits());
    }
    dense
}

fn compute_upscaled_column(column: &[i64]) -> Vec<i128> {
    let mut rows: Vec<SparseRow> = column
        .iter()
        .map(|value| vec![(0, I32F32::from_bits(*value))])
        .collect();
    maths::column_max_upscale(&mut rows, 1);
    bits(rows.into_iter().flatten().map(|(_, value)| value))
}

impl From<ReplayClock> for EpochClock {
    fn from(clock: ReplayClock) -> Self {
        Self {
            tempo: clock.tempo,
            last_epoch_block: clock.last_epoch_block,
            pending_epoch_at: clock.pending_epoch_at,
            blocks_since_last_step: clock.blocks_since_last_step,
        }
    }
}

fn fixed(values: &[i64]) -> Vec<I32F32> {
    values
        .iter()
        .map(|value| I32F32::from_bits(*value))
        .collect()
}

fn sparse_row(values: &[i64]) -> SparseRow {
    (0u16..).zip(fixed(values)).collect()
}

fn sparse_rows(rows: &[Vec<i64>]) -> Vec<SparseRow> {
    rows.iter().map(|row| sparse_row(row)).collect()
}

fn bits(values: impl IntoIterator<Item = I32F32>) -> Vec<i128> {
    values
        .into_iter()
        .map(|value| i128::from(value.to_bits()))
        .collect()
}

fn integers<N: Into<i128>>(values: impl IntoIterator<Item = N>) -> Vec<i128> {
    values.into_iter().map(Into::into).collect()
}

fn flags(values: impl IntoIterator<Item = bool>) -> Vec<i128> {
    values.into_iter().map(i128::from).collect()
}

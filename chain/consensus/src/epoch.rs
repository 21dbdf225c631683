//! One epoch of Yuma consensus (versions 2 and 3) for one mechanism of one subnet.

use alloc::vec;
use alloc::vec::Vec;

use crate::bonds::{bond_alpha, ema, ema_liquid, LiquidAlpha};
use crate::fixed::{I32F32, U64F64};
use crate::matrix::{
    clip_columns, column_max_upscale, combine_rows, interpolate, multiply, multiply_shares,
    normalize_columns, normalize_rows, row_sum, scale_rows, SparseRow,
};
use crate::median::weighted_median_columns;
use crate::vector::{
    divide_all, normalize, normalize_stake, proportion_from_u16, proportion_to_u16, sum,
    top_k_nonzero,
};

/// All that an epoch depends on. Vectors are indexed by uid and as long as `stake`; a shorter
/// one counts as padded with zeros (`permits`: false, `weights`, `bonds`: empty rows).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochInput {
    pub block: u64,
    pub tempo: u16,
    /// `ActivityCutoffFactorMilli`.
    pub activity_cutoff_factor_milli: u32,
    /// `LastMechansimStepBlock`; zero before the first step.
    pub last_mechanism_step_block: u64,
    /// Blocks of the last accepted weights or commit.
    pub last_update: Vec<u64>,
    pub block_at_registration: Vec<u64>,
    /// Inherited alpha plus weighted inherited root stake, see [`crate::weighted_stake`].
    pub stake: Vec<U64F64>,
    pub stake_threshold: u64,
    /// Uid of the subnet owner's hotkey, if it is registered.
    pub owner_uid: Option<u16>,
    pub permits: Vec<bool>,
    pub max_allowed_validators: u16,
    /// Rows as stored: `(uid, max-upscaled weight)` in the caller's order.
    pub weights: Vec<Vec<(u16, u16)>>,
    pub bonds: Vec<Vec<(u16, u16)>>,
    /// With commit-reveal on: block of the oldest unexpired commit, `u64::MAX` if none.
    pub commit_blocks: Option<Vec<u64>>,
    pub kappa: u16,
    pub bonds_penalty: u16,
    /// Millionths.
    pub bonds_moving_average: u64,
    pub yuma3: bool,
    /// Only looked at by version 3.
    pub liquid_alpha: Option<LiquidAlpha>,
    /// Alpha to divide, in RAO.
    pub emission: u64,
}

/// Results, indexed by uid. Ratios are 65535ths rounded down, amounts RAO rounded down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochOutput {
    pub active: Vec<bool>,
    pub stake_weight: Vec<u16>,
    pub consensus: Vec<u16>,
    pub incentive: Vec<u16>,
    pub dividends: Vec<u16>,
    pub validator_trust: Vec<u16>,
    pub permits: Vec<bool>,
    pub server_emission: Vec<u64>,
    pub validator_emission: Vec<u64>,
    pub emission: Vec<u64>,
    /// What to store per uid: empty without a new permit.
    pub bonds: Vec<Vec<(u16, u16)>>,
}

/// Blocks without an update after which a validator counts as inactive: at least 1.
pub fn activity_cutoff_blocks(factor_milli: u32, tempo: u16) -> u64 {
    (u64::from(factor_milli) * u64::from(tempo) / 1000).max(1)
}

/// Runs the epoch. Total for any input: malformed entries are ignored, never a reason to panic.
pub fn epoch(input: &EpochInput) -> EpochOutput {
    let factor = input.activity_cutoff_factor_milli;
    let rules = Rules {
        activity_cutoff: activity_cutoff_blocks(factor, input.tempo),
        choose_validators: top_k_nonzero,
    };
    run(input, &rules).output
}

/// What differs between the dialects of the chain.
pub(crate) struct Rules {
    /// Blocks without an update after which a validator counts as inactive.
    pub activity_cutoff: u64,
    pub choose_validators: fn(&[I32F32], usize) -> Vec<bool>,
}

/// The results and what they were made of.
pub(crate) struct Run {
    pub output: EpochOutput,
    pub old_permits: Vec<bool>,
    pub active_stake: Vec<I32F32>,
    pub consensus: Vec<I32F32>,
    /// Shares of the emission.
    pub combined: Vec<I32F32>,
}

pub(crate) fn run(input: &EpochInput, rules: &Rules) -> Run {
    let active = activity(input, rules.activity_cutoff);
    let stake = normalize_stake(&stake_above_threshold(input));
    let old_permits = with_owner(padded(&input.permits, input.stake.len()), input.owner_uid);
    let candidates = (rules.choose_validators)(&stake, usize::from(input.max_allowed_validators));
    let permits = with_owner(candidates, input.owner_uid);
    let active_stake = voting_stake(&stake, &active, &old_permits);

    let votes = Votes::count(input, &active_stake, &old_permits);
    let bonding = if input.yuma3 { bond_yuma3 } else { bond_yuma2 };
    let (dividends, bonds) = bonding(input, &votes, &active_stake);

    let fallback = if sum(&active_stake) == I32F32::ZERO {
        &stake
    } else {
        &active_stake
    };
    let shares = Shares::of(&votes.incentive, &dividends, fallback);
    let output = EpochOutput {
        stake_weight: to_u16(&stake),
        consensus: to_u16(&votes.consensus),
        incentive: to_u16(&votes.incentive),
        dividends: to_u16(&dividends),
        validator_trust: to_u16(&votes.trust),
        server_emission: amounts(&shares.server, input.emission),
        validator_emission: amounts(&shares.validator, input.emission),
        emission: amounts(&shares.combined, input.emission),
        bonds: stored_bonds(bonds, &permits),
        active,
        permits,
    };
    Run {
        output,
        old_permits,
        active_stake,
        consensus: votes.consensus,
        combined: shares.combined,
    }
}

fn activity(input: &EpochInput, cutoff: u64) -> Vec<bool> {
    let last_update = padded(&input.last_update, input.stake.len());
    last_update
        .iter()
        .map(|update| update.saturating_add(cutoff) >= input.block)
        .collect()
}

fn stake_above_threshold(input: &EpochInput) -> Vec<U64F64> {
    let counts = |uid: usize, stake: U64F64| {
        is_owner(input.owner_uid, uid) || stake.to_u64() >= input.stake_threshold
    };
    let keep = |(uid, stake): (usize, &U64F64)| {
        if counts(uid, *stake) {
            stake.clamp_signed()
        } else {
            U64F64::ZERO
        }
    };
    input.stake.iter().enumerate().map(keep).collect()
}

fn voting_stake(stake: &[I32F32], active: &[bool], permits: &[bool]) -> Vec<I32F32> {
    let votes = active
        .iter()
        .zip(permits)
        .map(|(active, permit)| *active && *permit);
    let mask = |(stake, votes): (&I32F32, bool)| if votes { *stake } else { I32F32::ZERO };
    normalize(&stake.iter().zip(votes).map(mask).collect::<Vec<_>>())
}

/// What the validators' weights amount to.
struct Votes {
    consensus: Vec<I32F32>,
    incentive: Vec<I32F32>,
    trust: Vec<I32F32>,
    for_bonds: Vec<SparseRow>,
}

impl Votes {
    fn count(input: &EpochInput, active_stake: &[I32F32], permits: &[bool]) -> Self {
        let n = input.stake.len();
        let weights = effective_weights(input, permits);
        let kappa = proportion_from_u16(input.kappa);
        let consensus = weighted_median_columns(active_stake, &weights, n, kappa);
        let clipped = clip_columns(&weights, &consensus);
        let penalty = proportion_from_u16(input.bonds_penalty);
        Self {
            incentive: normalize(&combine_rows(&clipped, active_stake, n)),
            trust: clipped.iter().map(|row| row_sum(row)).collect(),
            for_bonds: interpolate(&weights, &clipped, n, penalty),
            consensus,
        }
    }
}

/// Row-normalised weights that may count: from permitted validators, not for oneself (unless
/// the owner), not older than the neuron they are for, not committed before it registered.
pub(crate) fn effective_weights(input: &EpochInput, permits: &[bool]) -> Vec<SparseRow> {
    let n = input.stake.len();
    let registered = padded(&input.block_at_registration, n);
    let updated = padded(&input.last_update, n);
    let newest = registered.iter().copied().max().unwrap_or(0);
    let mut weights = vec![SparseRow::new(); n];
    for (row, entries) in input.weights.iter().enumerate().take(n) {
        if !permits[row] {
            continue;
        }
        let committed = commit_block(input, row);
        // Mostly everybody registered before the row was set: then no entry needs a look.
        let all_older = updated[row] > newest && committed >= newest;
        let own = if is_owner(input.owner_uid, row) {
            n
        } else {
            row
        };
        let counts = |column: usize| {
            let older = |column: usize| {
                updated[row] > registered[column] && committed >= registered[column]
            };
            column < n && column != own && (all_older || older(column))
        };
        weights[row] = kept_entries(entries, |value| value.into(), counts);
    }
    normalize_rows(&mut weights);
    weights
}

/// Block of the row's oldest commit; without commit-reveal no commit is too old.
fn commit_block(input: &EpochInput, row: usize) -> u64 {
    let blocks = input.commit_blocks.as_ref();
    blocks
        .and_then(|blocks| blocks.get(row))
        .copied()
        .unwrap_or(u64::MAX)
}

fn kept_entries(
    entries: &[(u16, u16)],
    convert: impl Fn(u16) -> I32F32,
    keep: impl Fn(usize) -> bool,
) -> SparseRow {
    let mut row = SparseRow::with_capacity(entries.len());
    let kept = entries
        .iter()
        .filter(|(column, _)| keep(usize::from(*column)));
    row.extend(kept.map(|(column, value)| (*column, convert(*value))));
    row
}

type Bonding = (Vec<I32F32>, Vec<SparseRow>);

/// Version 2: bonds are shares of each miner, stored relative to the largest holder.
fn bond_yuma2(input: &EpochInput, votes: &Votes, active_stake: &[I32F32]) -> Bonding {
    let n = input.stake.len();
    let mut old = valid_bonds(input, I32F32::from);
    normalize_columns(&mut old, n);
    let mut new = scale_rows(&votes.for_bonds, active_stake);
    normalize_columns(&mut new, n);
    let mut bonds = ema(&new, &old, bond_alpha(input.bonds_moving_average));
    normalize_columns(&mut bonds, n);
    let dividends = normalize(&multiply(&bonds, &votes.incentive));
    column_max_upscale(&mut bonds, n);
    (dividends, bonds)
}

/// Version 3: bonds are an average of each validator's own weights, stored as they are.
fn bond_yuma3(input: &EpochInput, votes: &Votes, active_stake: &[I32F32]) -> Bonding {
    let old = valid_bonds(input, proportion_from_u16);
    let any_consensus = votes.consensus.iter().any(|value| *value != I32F32::ZERO);
    let bonds = match input.liquid_alpha.filter(|_| any_consensus) {
        Some(params) => ema_liquid(&votes.for_bonds, &old, &votes.consensus, params),
        None => ema(
            &votes.for_bonds,
            &old,
            bond_alpha(input.bonds_moving_average),
        ),
    };
    let earned = multiply_shares(&bonds, &votes.incentive);
    let weighted: Vec<_> = earned
        .iter()
        .zip(active_stake)
        .map(|(e, s)| e.mul(*s))
        .collect();
    (normalize(&weighted), bonds)
}

/// Stored bonds without those on neurons that registered since the last step.
fn valid_bonds(input: &EpochInput, convert: impl Fn(u16) -> I32F32) -> Vec<SparseRow> {
    let registered = padded(&input.block_at_registration, input.stake.len());
    let last_step = match input.last_mechanism_step_block {
        0 => input.block.saturating_sub(u64::from(input.tempo)),
        block => block.saturating_add(1),
    };
    let n = input.stake.len();
    let mut bonds = vec![SparseRow::new(); n];
    for (row, entries) in bonds.iter_mut().zip(&input.bonds) {
        let held = |column: usize| column < n && last_step > registered[column];
        *row = kept_entries(entries, &convert, held);
    }
    bonds
}

/// Shares of the emission; without any incentive or dividend everything follows stake.
struct Shares {
    server: Vec<I32F32>,
    validator: Vec<I32F32>,
    combined: Vec<I32F32>,
}

impl Shares {
    fn of(incentive: &[I32F32], dividends: &[I32F32], fallback: &[I32F32]) -> Self {
        let combined: Vec<_> = incentive
            .iter()
            .zip(dividends)
            .map(|(i, d)| i.add(*d))
            .collect();
        let total = sum(&combined);
        let earned = total != I32F32::ZERO;
        let or_stake = |values: Vec<I32F32>| if earned { values } else { fallback.to_vec() };
        Self {
            server: divide_all(incentive, total),
            validator: or_stake(divide_all(dividends, total)),
            combined: or_stake(divide_all(&combined, total)),
        }
    }
}

fn amounts(shares: &[I32F32], emission: u64) -> Vec<u64> {
    let amount = |share: &I32F32| {
        let share = u128::try_from(share.to_bits()).unwrap_or(0);
        u64::try_from((share * u128::from(emission)) >> 32).unwrap_or(u64::MAX)
    };
    shares.iter().map(amount).collect()
}

fn stored_bonds(bonds: Vec<SparseRow>, permits: &[bool]) -> Vec<Vec<(u16, u16)>> {
    let row = |(row, permit): (SparseRow, &bool)| match permit {
        true => row
            .iter()
            .map(|(uid, value)| (*uid, proportion_to_u16(*value)))
            .collect(),
        false => Vec::new(),
    };
    bonds.into_iter().zip(permits).map(row).collect()
}

pub(crate) fn to_u16(values: &[I32F32]) -> Vec<u16> {
    values.iter().copied().map(proportion_to_u16).collect()
}

fn padded<T: Copy + Default>(values: &[T], n: usize) -> Vec<T> {
    let mut result = values[..values.len().min(n)].to_vec();
    result.resize(n, T::default());
    result
}

fn is_owner(owner: Option<u16>, uid: usize) -> bool {
    owner.is_some_and(|owner| usize::from(owner) == uid)
}

fn with_owner(mut permits: Vec<bool>, owner: Option<u16>) -> Vec<bool> {
    if let Some(permit) = owner.and_then(|uid| permits.get_mut(usize::from(uid))) {
        *permit = true;
    }
    permits
}

//! Pure mathematics of the embedded chain: no storage, no clock, no randomness.
//!
//! Every function works on fixed-point numbers with the rounding rules of the chain
//! (spec 425), so that results agree bit for bit with Subtensor's.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod bonds;
mod burn;
mod emission;
mod epoch;
mod family;
mod fixed;
mod legacy;
mod matrix;
mod median;
mod schedule;
mod stake;
mod vector;
mod wide;

pub use bonds::{bond_alpha, ema_per_cell, liquid_alpha, LiquidAlpha};
pub use burn::{burn_after_blocks, burn_after_registration, decay_factor_q32, decayed_burn};
pub use emission::{
    block_emission, distribute_dividends, root_proportion, split_block_alpha, split_take,
    AlphaSplit, DividendClaim, DividendShare,
};
pub use epoch::{activity_cutoff_blocks, epoch, EpochInput, EpochOutput};
pub use family::{share_with_parents, ChildStake, FamilyShares, ParentStake};
pub use fixed::{I32F32, U64F64, U96F32};
pub use legacy::{adjusted_burn, legacy_epoch, legacy_reveal_blocks, LegacyOutput};
pub use matrix::{column_max_upscale, interpolate, SparseRow};
pub use median::{weighted_median, weighted_median_columns};
pub use schedule::{
    blocks_until_next_epoch, epoch_due, first_epoch_anchor, legacy_blocks_until_next_epoch,
    legacy_epoch_index, next_epoch_start, EpochClock, MAX_TEMPO,
};
pub use stake::{inherited_stake, tao_weight_fraction, weighted_stake, weighted_stake_floor};
pub use vector::{
    max_upscale, max_upscale_u16, normalize, proportion_from_u16, proportion_to_u16, top_k,
    top_k_nonzero, weights_within_limit,
};

/// RAO per TAO, and per alpha.
pub const RAO_PER_TAO: u64 = 1_000_000_000;

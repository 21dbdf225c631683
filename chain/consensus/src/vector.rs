//! Operations on vectors indexed by uid.

use alloc::vec;
use alloc::vec::Vec;

use crate::fixed::{I32F32, U64F64, U96F32};

/// Above this maximum a value times 65535 would not fit the format, so the factor comes first.
const FACTOR_FIRST_ABOVE: I32F32 = I32F32::from_int(32_768);

pub(crate) fn sum(values: &[I32F32]) -> I32F32 {
    values
        .iter()
        .fold(I32F32::ZERO, |total, value| total.add(*value))
}

/// Each value divided by the sum; a vector whose sum is zero stays as it is.
pub fn normalize(values: &[I32F32]) -> Vec<I32F32> {
    divide_all(values, sum(values))
}

/// Each value divided by `total`, unless that is zero.
pub(crate) fn divide_all(values: &[I32F32], total: I32F32) -> Vec<I32F32> {
    if total == I32F32::ZERO {
        return values.to_vec();
    }
    values.iter().map(|value| value.div(total)).collect()
}

/// Normalises in the wide format, then drops the low bits. Stakes beyond any possible supply
/// are halved until their sum fits.
pub(crate) fn normalize_stake(stake: &[U64F64]) -> Vec<I32F32> {
    let Some(total) = total_stake(stake) else {
        let halved: Vec<_> = stake.iter().map(|value| value.half()).collect();
        return normalize_stake(&halved);
    };
    stake
        .iter()
        .map(|value| value.div(total).to_i32f32())
        .collect()
}

fn total_stake(stake: &[U64F64]) -> Option<U64F64> {
    stake
        .iter()
        .try_fold(U64F64::ZERO, |total, value| total.checked_add(*value))
}

/// `floor(value * 65535)`, clamped to the range of u16.
pub fn proportion_to_u16(value: I32F32) -> u16 {
    value.mul(I32F32::from(u16::MAX)).to_u16()
}

/// `value / 65535`, truncated.
pub fn proportion_from_u16(value: u16) -> I32F32 {
    I32F32::from(value).div(I32F32::from(u16::MAX))
}

pub(crate) fn share_of_u16(value: u16) -> U96F32 {
    U96F32::from(u64::from(value)).div(U96F32::from(u64::from(u16::MAX)))
}

/// Scales so that the largest value becomes 65535, rounding to nearest; all-zero stays zero.
pub fn max_upscale(values: &[I32F32]) -> Vec<u16> {
    let full = I32F32::from(u16::MAX);
    let largest = values.iter().copied().max().unwrap_or_default();
    if largest == I32F32::ZERO {
        return values
            .iter()
            .map(|value| value.mul(full).to_u16())
            .collect();
    }
    if largest > FACTOR_FIRST_ABOVE {
        let factor = full.div(largest);
        return values
            .iter()
            .map(|value| value.mul(factor).round_to_u16())
            .collect();
    }
    values
        .iter()
        .map(|value| value.mul(full).div(largest).round_to_u16())
        .collect()
}

/// [`max_upscale`] of whole numbers: what a weight vector goes through before it is stored.
pub fn max_upscale_u16(values: &[u16]) -> Vec<u16> {
    max_upscale(&from_u16(values))
}

/// Whether the largest share of the normalised vector is at most `limit` / 65535.
pub fn weights_within_limit(values: &[u16], limit: u16) -> bool {
    let limit = proportion_from_u16(limit);
    normalize(&from_u16(values))
        .iter()
        .all(|share| *share <= limit)
}

/// Marks the `k` largest; among equal values the later index wins.
pub fn top_k(values: &[I32F32], k: usize) -> Vec<bool> {
    keep_largest(values, k, vec![true; values.len()])
}

/// [`top_k`] that never marks a zero.
pub fn top_k_nonzero(values: &[I32F32], k: usize) -> Vec<bool> {
    keep_largest(
        values,
        k,
        values.iter().map(|value| *value != I32F32::ZERO).collect(),
    )
}

fn keep_largest(values: &[I32F32], k: usize, mut marks: Vec<bool>) -> Vec<bool> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|index| values[*index]);
    for index in order.into_iter().take(values.len().saturating_sub(k)) {
        marks[index] = false;
    }
    marks
}

fn from_u16(values: &[u16]) -> Vec<I32F32> {
    values.iter().map(|value| I32F32::from(*value)).collect()
}

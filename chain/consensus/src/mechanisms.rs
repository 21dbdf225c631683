//! A subnet of several mechanisms: what each has to divide, and their results as one.

use alloc::vec;
use alloc::vec::Vec;

use crate::epoch::EpochOutput;
use crate::fixed::U64F64;

/// Divides `alpha` among `count` mechanisms: evenly, or by parts of 65535, where a missing part is
/// zero. What rounding leaves goes to the first.
pub fn split_emission(alpha: u64, count: u8, parts: Option<&[u16]>) -> Vec<u64> {
    let count = usize::from(count);
    let mut shares = match parts {
        Some(parts) => parts.iter().map(|part| share_of(alpha, *part)).collect(),
        None => vec![alpha.checked_div(count as u64).unwrap_or(0); count],
    };
    shares.resize(count, 0);
    let rest = alpha.saturating_sub(shares.iter().sum());
    if let Some(first) = shares.first_mut() {
        *first = first.saturating_add(rest);
    }
    shares
}

fn share_of(alpha: u64, part: u16) -> u64 {
    let share = u128::from(alpha) * u128::from(part) / u128::from(u16::MAX);
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// Weight of a mechanism's results: its part of the emission. Without emission the first counts.
pub fn mechanism_weight(share: u64, alpha: u64, first: bool) -> U64F64 {
    let bits = (u128::from(share) << 64).checked_div(u128::from(alpha));
    let alone = if first { U64F64::ONE } else { U64F64::ZERO };
    bits.map_or(alone, U64F64::from_bits)
}

/// Adds the results of one mechanism to the subnet's: payments are summed, flags are true where any
/// is, all other numbers are sums by weight, rounded down after each mechanism. Incentives and bonds
/// stay each mechanism's own.
pub fn add_mechanism(total: &mut EpochOutput, part: &EpochOutput, weight: U64F64) {
    let ratio = |sum: &mut u16, value: u16| {
        *sum =
            u16::try_from(weighted(u64::from(*sum), u64::from(value), weight)).unwrap_or(u16::MAX);
    };
    let any = |sum: &mut bool, value: bool| *sum |= value;
    let plus = |sum: &mut u64, value: u64| *sum = sum.saturating_add(value);
    combine(&mut total.active, &part.active, any);
    combine(&mut total.permits, &part.permits, any);
    combine(&mut total.stake_weight, &part.stake_weight, ratio);
    combine(&mut total.consensus, &part.consensus, ratio);
    combine(&mut total.dividends, &part.dividends, ratio);
    combine(&mut total.validator_trust, &part.validator_trust, ratio);
    combine(&mut total.server_emission, &part.server_emission, plus);
    combine(
        &mut total.validator_emission,
        &part.validator_emission,
        plus,
    );
    combine(&mut total.emission, &part.emission, |sum, value| {
        *sum = weighted(*sum, value, weight);
    });
}

fn combine<V: Copy + Default>(sums: &mut Vec<V>, values: &[V], add: impl Fn(&mut V, V)) {
    if sums.len() < values.len() {
        sums.resize(values.len(), V::default());
    }
    for (sum, value) in sums.iter_mut().zip(values) {
        add(sum, *value);
    }
}

/// `sum + value * weight`, rounded down. The weight is at most one, so nothing is lost above.
fn weighted(sum: u64, value: u64, weight: U64F64) -> u64 {
    let (value, bits) = (u128::from(value), weight.to_bits());
    let whole = value.saturating_mul(bits >> 64);
    let fraction = (value * (bits & u128::from(u64::MAX))) >> 64;
    let product = whole.saturating_add(fraction);
    u64::try_from(u128::from(sum).saturating_add(product)).unwrap_or(u64::MAX)
}

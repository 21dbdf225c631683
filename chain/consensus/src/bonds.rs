//! How a validator's bonds follow its weights.

use alloc::vec::Vec;

use crate::fixed::{I32F32, U64F64};
use crate::matrix::{gather, scatter, SparseRow};
use crate::vector::proportion_from_u16;

const AVERAGE_DENOMINATOR: u64 = 1_000_000;

/// Parameters of liquid alpha: the range of the rate in 65535ths and the sigmoid's steepness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiquidAlpha {
    pub low: u16,
    pub high: u16,
    pub steepness: i16,
}

/// Share of the new weights in the bonds: `1 - average / 1e6`.
pub fn bond_alpha(bonds_moving_average: u64) -> I32F32 {
    let average = U64F64::from(bonds_moving_average).clamp_signed();
    I32F32::ONE.sub(average.div(U64F64::from(AVERAGE_DENOMINATOR)).to_i32f32())
}

/// `alpha * new + (1 - alpha) * old`, positive results in column order.
pub(crate) fn ema(new: &[SparseRow], old: &[SparseRow], alpha: I32F32) -> Vec<SparseRow> {
    let columns = new.len();
    let rest = I32F32::ONE.sub(alpha);
    let mut dense = scatter(&[], columns);
    let row = |(new, old): (&SparseRow, &SparseRow)| {
        if new.is_empty() && old.is_empty() {
            return SparseRow::new();
        }
        dense.fill(I32F32::ZERO);
        accumulate(&mut dense, new, alpha);
        accumulate(&mut dense, old, rest);
        gather(&dense)
    };
    new.iter().zip(old).map(row).collect()
}

fn accumulate(dense: &mut [I32F32], row: &[(u16, I32F32)], factor: I32F32) {
    for (column, value) in row {
        if let Some(cell) = dense.get_mut(usize::from(*column)) {
            *cell = cell.add(factor.mul(*value));
        }
    }
}

/// The EMA with a rate per cell, results clamped to at most 1.
///
/// Only the columns present in the new row survive: a column left out of it loses its bond at
/// once, one sent with weight zero decays.
pub fn ema_per_cell(
    new: &[SparseRow],
    old: &[SparseRow],
    alpha: impl Fn(usize, u16) -> I32F32,
) -> Vec<SparseRow> {
    let columns = new.len();
    let row = |(index, (new, old)): (usize, (&SparseRow, &SparseRow))| {
        let old = scatter(old, columns);
        let cell = |(column, value): &(u16, I32F32)| {
            let rate = alpha(index, *column);
            let kept = I32F32::ONE.sub(rate).mul(*old.get(usize::from(*column))?);
            let bond = kept
                .add(rate.mul(*value).max(I32F32::ZERO))
                .min(I32F32::ONE);
            (bond > I32F32::ZERO).then_some((*column, bond))
        };
        new.iter().filter_map(cell).collect()
    };
    new.iter().zip(old).enumerate().map(row).collect()
}

/// Bonds under liquid alpha: the rate of every cell depends on how far its weight lies above
/// the consensus (when buying) or its bond above the weight (when selling).
pub(crate) fn ema_liquid(
    new: &[SparseRow],
    old: &[SparseRow],
    consensus: &[I32F32],
    params: LiquidAlpha,
) -> Vec<SparseRow> {
    let columns = consensus.len();
    let weights: Vec<_> = new.iter().map(|row| aligned(row, columns)).collect();
    let bonds: Vec<_> = old.iter().map(|row| aligned(row, columns)).collect();
    ema_per_cell(new, old, |row, column| {
        let at = usize::from(column);
        liquid_alpha(consensus[at], weights[row][at], bonds[row][at], params)
    })
}

/// The row as the chain's walk in column order sees it: an entry stored after one with a higher
/// column is missed, because rows keep the caller's order.
fn aligned(row: &[(u16, I32F32)], columns: usize) -> Vec<I32F32> {
    let mut rest = row.iter().peekable();
    let mut value_at = |column: usize| {
        while rest.next_if(|(at, _)| usize::from(*at) < column).is_some() {}
        match rest.peek() {
            Some((at, value)) if usize::from(*at) == column => *value,
            _ => I32F32::ZERO,
        }
    };
    (0..columns).map(&mut value_at).collect()
}

/// Rate of one cell: a sigmoid of the distance, between `low` and `high`.
pub fn liquid_alpha(
    consensus: I32F32,
    weight: I32F32,
    bond: I32F32,
    params: LiquidAlpha,
) -> I32F32 {
    let low = proportion_from_u16(params.low);
    let high = proportion_from_u16(params.high);
    let distance = if weight >= bond {
        weight.sub(consensus)
    } else {
        bond.sub(weight)
    };
    let distance = distance.min(I32F32::ONE).max(I32F32::ZERO);
    let slope = I32F32::from(params.steepness).div(I32F32::from_int(-100));
    let exponent = slope.mul(distance.sub(I32F32::ratio(1, 2)));
    let sigmoid = I32F32::ONE.div(I32F32::ONE.add(exponent.exp()));
    // Not `clamp`: it panics when an owner has set low above high.
    low.add(sigmoid.mul(high.sub(low))).min(high).max(low)
}

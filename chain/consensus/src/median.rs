//! The stake-weighted median that gives a miner its consensus weight.

use alloc::vec;
use alloc::vec::Vec;

use crate::fixed::I32F32;
use crate::matrix::SparseRow;
use crate::vector::{normalize, sum};

/// Consensus per column: the median over the rows with positive stake, whose stakes are
/// normalised again. A missing entry scores zero.
pub fn weighted_median_columns(
    stake: &[I32F32],
    rows: &[SparseRow],
    columns: usize,
    majority: I32F32,
) -> Vec<I32F32> {
    let voters: Vec<(&I32F32, &SparseRow)> = stake
        .iter()
        .zip(rows)
        .filter(|(stake, _)| **stake > I32F32::ZERO)
        .collect();
    let stakes = normalize(&voters.iter().map(|(stake, _)| **stake).collect::<Vec<_>>());
    let scores = transpose(voters.iter().map(|(_, row)| *row), voters.len(), columns);
    let minority = sum(&stakes).sub(majority);
    scores
        .iter()
        .map(|column| weighted_median(&stakes, column, minority))
        .collect()
}

fn transpose<'a>(
    rows: impl Iterator<Item = &'a SparseRow>,
    height: usize,
    columns: usize,
) -> Vec<Vec<I32F32>> {
    let mut result = vec![vec![I32F32::ZERO; height]; columns];
    for (index, row) in rows.enumerate() {
        for (column, value) in row {
            if let Some(scores) = result.get_mut(usize::from(*column)) {
                scores[index] = *value;
            }
        }
    }
    result
}

/// Elements with lower and with higher scores than the pivot, and the stake of each side.
struct Partition {
    lower: Vec<usize>,
    lower_stake: I32F32,
    upper: Vec<usize>,
    upper_stake: I32F32,
}

/// Smallest score at which more than `minority` of the stake lies at or below it.
///
/// Found by halving around the score of the middle element (in index order), because the
/// sums of the fixed-point stakes depend on the order in which they are added.
pub fn weighted_median(stake: &[I32F32], score: &[I32F32], minority: I32F32) -> I32F32 {
    let mut current: Vec<usize> = (0..stake.len().min(score.len())).collect();
    let (mut low, mut high) = (I32F32::ZERO, sum(stake));
    while current.len() > 1 {
        let pivot = score[current[current.len() / 2]];
        let parts = partition(&current, stake, score, pivot);
        let below = low.add(parts.lower_stake);
        let above = high.sub(parts.upper_stake);
        if minority < below && !parts.lower.is_empty() {
            current = parts.lower;
            high = below;
        } else if above <= minority && !parts.upper.is_empty() {
            current = parts.upper;
            low = above;
        } else {
            return pivot;
        }
    }
    current.first().map_or(I32F32::ZERO, |index| score[*index])
}

fn partition(current: &[usize], stake: &[I32F32], score: &[I32F32], pivot: I32F32) -> Partition {
    let stake_of = |side: &[usize]| {
        side.iter()
            .fold(I32F32::ZERO, |total, index| total.add(stake[*index]))
    };
    let lower: Vec<usize> = current
        .iter()
        .copied()
        .filter(|i| score[*i] < pivot)
        .collect();
    let upper: Vec<usize> = current
        .iter()
        .copied()
        .filter(|i| score[*i] > pivot)
        .collect();
    Partition {
        lower_stake: stake_of(&lower),
        upper_stake: stake_of(&upper),
        lower,
        upper,
    }
}

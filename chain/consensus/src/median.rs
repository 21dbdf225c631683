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
    let total = sum(&stakes);
    let mut search = Search::new(&stakes, total.sub(majority), total);
    let column = |index| search.median(&scores[index * voters.len()..][..voters.len()]);
    (0..columns).map(column).collect()
}

/// All columns one after the other, each `height` long.
fn transpose<'a>(
    rows: impl Iterator<Item = &'a SparseRow>,
    height: usize,
    columns: usize,
) -> Vec<I32F32> {
    let mut result = vec![I32F32::ZERO; height * columns];
    for (index, row) in rows.enumerate() {
        for (column, value) in row {
            if let Some(score) = result.get_mut(usize::from(*column) * height + index) {
                *score = *value;
            }
        }
    }
    result
}

/// Smallest score at which more than `minority` of the stake lies at or below it.
///
/// Found by halving around the score of the middle element (in index order), because the
/// sums of the fixed-point stakes depend on the order in which they are added.
pub fn weighted_median(stake: &[I32F32], score: &[I32F32], minority: I32F32) -> I32F32 {
    let length = stake.len().min(score.len());
    Search::new(&stake[..length], minority, sum(stake)).median(&score[..length])
}

/// One search after the other over the same stakes. The lists are kept between them: inside the
/// runtime every allocation is a call to the host.
struct Search<'a> {
    stake: &'a [I32F32],
    minority: I32F32,
    total: I32F32,
    current: Vec<usize>,
    lower: Side,
    upper: Side,
}

/// Elements with lower or with higher scores than the pivot, and their stake.
#[derive(Default)]
struct Side {
    elements: Vec<usize>,
    stake: I32F32,
}

impl Side {
    fn clear(&mut self) {
        self.elements.clear();
        self.stake = I32F32::ZERO;
    }

    fn push(&mut self, element: usize, stake: I32F32) {
        self.elements.push(element);
        self.stake = self.stake.add(stake);
    }
}

impl<'a> Search<'a> {
    fn new(stake: &'a [I32F32], minority: I32F32, total: I32F32) -> Self {
        Self {
            stake,
            minority,
            total,
            current: Vec::with_capacity(stake.len()),
            lower: Side::default(),
            upper: Side::default(),
        }
    }

    fn median(&mut self, score: &[I32F32]) -> I32F32 {
        self.current.clear();
        self.current.extend(0..self.stake.len());
        let (mut low, mut high) = (I32F32::ZERO, self.total);
        while self.current.len() > 1 {
            let pivot = score[self.current[self.current.len() / 2]];
            self.partition(score, pivot);
            let below = low.add(self.lower.stake);
            let above = high.sub(self.upper.stake);
            if self.minority < below && !self.lower.elements.is_empty() {
                core::mem::swap(&mut self.current, &mut self.lower.elements);
                high = below;
            } else if above <= self.minority && !self.upper.elements.is_empty() {
                core::mem::swap(&mut self.current, &mut self.upper.elements);
                low = above;
            } else {
                return pivot;
            }
        }
        self.current
            .first()
            .map_or(I32F32::ZERO, |index| score[*index])
    }

    fn partition(&mut self, score: &[I32F32], pivot: I32F32) {
        self.lower.clear();
        self.upper.clear();
        for element in &self.current {
            let (value, stake) = (score[*element], self.stake[*element]);
            if value < pivot {
                self.lower.push(*element, stake);
            } else if value > pivot {
                self.upper.push(*element, stake);
            }
        }
    }
}

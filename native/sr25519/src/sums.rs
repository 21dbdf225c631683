//! The tables behind [`crate::comb`] and [`crate::base`]: sums of a point's powers of two.
#![forbid(unsafe_code)]

use crate::point::{Point, Summand};
use alloc::vec::Vec;

/// How a scalar's bits are laid out. They stand in `rows` rows, one after the other; the columns
/// are dealt out to `tables` tables, `share` neighbours to each. Going from one column of a share
/// to the next doubles the sum, for all tables together. The bits of one column name one entry of
/// its table.
///
/// A bit means plus or minus, never nothing. So half of the sums are the negatives of the other
/// half: a table holds those in which the last row counts as plus, and no column is empty.
#[derive(Clone, Copy)]
pub struct Layout {
    /// Bits that one entry answers for.
    pub rows: usize,
    /// Tables for one point.
    pub tables: usize,
    /// Columns of one table.
    pub share: usize,
}

impl Layout {
    /// Bits in all.
    pub const fn bits(self) -> usize {
        self.rows * self.tables * self.share
    }

    /// Entries of one table.
    pub const fn entries(self) -> usize {
        1 << (self.rows - 1)
    }

    /// All tables of a point, one after the other; some 500 additions.
    pub fn sums_of(self, point: &Point) -> Vec<Summand> {
        let powers = self.powers_of(point);
        let doubles: Vec<Point> = powers.iter().map(Point::doubled).collect();
        let (powers, doubles) = (Point::to_summands(&powers), Point::to_summands(&doubles));
        let mut sums = Vec::with_capacity(self.tables * self.entries());
        for table in 0..self.tables {
            let rows = |all: &[Summand]| -> Vec<Summand> {
                all.iter().skip(table).step_by(self.tables).copied().collect()
            };
            self.push_table(&mut sums, &rows(&powers), &rows(&doubles));
        }
        Point::to_summands(&sums)
    }

    // What the first column of each table stands for, row by row.
    fn powers_of(self, point: &Point) -> Vec<Point> {
        let mut power = *point;
        let mut powers = Vec::with_capacity(self.rows * self.tables);
        for _ in 0..self.rows * self.tables {
            powers.push(power);
            power = (0..self.share).fold(power, |power, _| power.doubled());
        }
        powers
    }

    // From all minus on, each row in turn is made plus in what is there already.
    fn push_table(self, sums: &mut Vec<Point>, rows: &[Summand], doubles: &[Summand]) {
        let from = sums.len();
        let last = Point::IDENTITY.plus(&rows[self.rows - 1]);
        sums.push(rows[..self.rows - 1].iter().fold(last, |sum, row| sum.minus(row)));
        for double in &doubles[..self.rows - 1] {
            for at in from..sums.len() {
                sums.push(sums[at].plus(double));
            }
        }
    }
}

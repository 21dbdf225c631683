//! Multiples of a point that is used again and again, from a table of its sums.
//!
//! A scalar's 256 bits stand in a grid of eight rows. Column by column, the eight bits of a column
//! name one entry of the table, and going from one column to the next doubles the sum. A bit means
//! plus one or minus one instead of one or zero: then half of the entries are the negatives of the
//! other half, and need no place. All this takes time that depends on its inputs: only public keys
//! and signatures may come near it.
#![forbid(unsafe_code)]

use crate::point::{Point, Summand};
use alloc::vec::Vec;
use curve25519_dalek::scalar::Scalar;

/// Bits that one entry answers for.
const ROWS: usize = 8;
/// The columns are dealt out to this many tables, which share the doublings.
const TABLES: usize = 2;
/// Columns in each table's share.
const SHARE: usize = 256 / (ROWS * TABLES);
/// Sums in a table: the last row always counts as plus, the sign stands outside.
const SUMS: usize = 1 << (ROWS - 1);

/// The tables of one point.
pub struct Comb {
    sums: Vec<Summand>,
}

/// A scalar's columns, by table.
pub struct Columns([[u8; SHARE]; TABLES]);

/// Turns scalars into columns.
pub struct Dealer {
    quarter: Scalar,
    half_of_all_ones: Scalar,
}

impl Default for Dealer {
    fn default() -> Self {
        let half = Scalar::from(2u8).invert();
        let all_ones = Scalar::from_bytes_mod_order([0xff; 32]);
        Self { quarter: half * half, half_of_all_ones: half * all_ones }
    }
}

impl Dealer {
    /// The columns of half of x. With the bits of y + (2^256 - 1)/2 as signs, all the ±2^i add up
    /// to 2y modulo the order; so y is a quarter of x.
    pub fn columns_of_half(&self, x: &Scalar) -> Columns {
        let bytes = (x * self.quarter + self.half_of_all_ones).to_bytes();
        let mut columns = [[0; SHARE]; TABLES];
        for table in 0..TABLES {
            for eight in 0..SHARE / 8 {
                let first = table * (SHARE / 8) + eight;
                let rows = core::array::from_fn(|row| bytes[first + row * (SHARE / 8 * TABLES)]);
                columns[table][eight * 8..][..8].copy_from_slice(&transposed(rows));
            }
        }
        Columns(columns)
    }
}

// Eight bytes as a square of bits, mirrored at its diagonal: blocks of one, two and four change
// places.
fn transposed(rows: [u8; 8]) -> [u8; 8] {
    let swap = |square: u64, mask: u64, by: u32| {
        let change = (square ^ (square >> by)) & mask;
        square ^ change ^ (change << by)
    };
    let square = swap(u64::from_le_bytes(rows), 0x00aa_00aa_00aa_00aa, 7);
    let square = swap(square, 0x0000_cccc_0000_cccc, 14);
    swap(square, 0x0000_0000_f0f0_f0f0, 28).to_le_bytes()
}

impl Comb {
    /// The tables of the point behind an encoding: some 500 additions. `None` for other bytes.
    pub fn of(encoding: &[u8; 32]) -> Option<Self> {
        let mut power = Point::decode(encoding)?;
        let mut rows = Vec::with_capacity(ROWS * TABLES);
        for _ in 0..ROWS * TABLES {
            rows.push(power);
            power = (0..SHARE).fold(power, |power, _| power.doubled());
        }
        let summands = Point::to_summands(&rows);
        let doubles: Vec<Point> = rows.iter().map(Point::doubled).collect();
        let doubles = Point::to_summands(&doubles);
        let mut sums = Vec::with_capacity(TABLES * SUMS);
        for table in 0..TABLES {
            let pick = |all: &[Summand]| all.iter().skip(table).step_by(TABLES).copied().collect();
            push_sums(&mut sums, pick(&summands), pick(&doubles));
        }
        Some(Self { sums: Point::to_summands(&sums) })
    }
}

// The last row, plus or minus each other row.
fn push_sums(sums: &mut Vec<Point>, rows: Vec<Summand>, doubles: Vec<Summand>) {
    let from = sums.len();
    let all_minus = Point::IDENTITY.plus(&rows[ROWS - 1]);
    sums.push(rows[..ROWS - 1].iter().fold(all_minus, |sum, row| sum.minus(row)));
    for double in &doubles[..ROWS - 1] {
        for at in from..sums.len() {
            sums.push(sums[at].plus(double));
        }
    }
}

/// x·X + y·Y, from the tables of X and Y and the columns of x and y.
pub fn sum(terms: [(&Comb, &Columns); 2]) -> Point {
    let mut sum = Point::IDENTITY;
    for column in (0..SHARE).rev() {
        sum = sum.doubled();
        for (comb, columns) in terms {
            for (table, columns) in comb.sums.chunks_exact(SUMS).zip(&columns.0) {
                sum = step(&sum, table, columns[column]);
            }
        }
    }
    sum
}

#[inline]
fn step(sum: &Point, table: &[Summand], signs: u8) -> Point {
    if signs & 0x80 != 0 {
        sum.plus(&table[(signs & 0x7f) as usize])
    } else {
        sum.minus(&table[(!signs & 0x7f) as usize])
    }
}

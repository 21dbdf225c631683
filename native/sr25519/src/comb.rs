//! Multiples of a point that is used again and again, from tables of its sums. This takes time that
//! depends on the scalars: only public keys and signatures may come near it.
#![forbid(unsafe_code)]

use crate::point::{Point, Summand};
use crate::sums::Layout;
use alloc::vec::Vec;
use curve25519_dalek::scalar::Scalar;

const ROWS: usize = 8;
const TABLES: usize = 2;
const SHARE: usize = 16;
const LAYOUT: Layout = Layout { rows: ROWS, tables: TABLES, share: SHARE };

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
    /// The tables of the point behind an encoding; `None` for other bytes.
    pub fn of(encoding: &[u8; 32]) -> Option<Self> {
        Some(Self { sums: LAYOUT.sums_of(&Point::decode(encoding)?) })
    }
}

/// x·X + y·Y, from the tables of X and Y and the columns of x and y.
pub fn sum(terms: [(&Comb, &Columns); 2]) -> Point {
    let mut sum = Point::IDENTITY;
    for column in (0..SHARE).rev() {
        sum = sum.doubled();
        for (comb, columns) in terms {
            for (table, columns) in comb.sums.chunks_exact(LAYOUT.entries()).zip(&columns.0) {
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

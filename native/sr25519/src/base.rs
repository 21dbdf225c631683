//! Multiples of the base point by secret scalars, in time and with accesses that tell nothing of
//! them: every table is read whole, and signs are applied by masks.
//!
//! The scheme is that of [`crate::comb`], with smaller tables: they fit where reading all of them
//! is cheap.
#![forbid(unsafe_code)]

use crate::field::Mask;
use crate::point::{Point, Summand};
use crate::sums::Layout;
use alloc::vec::Vec;
use curve25519_dalek::{constants::RISTRETTO_BASEPOINT_COMPRESSED, scalar::Scalar};
use zeroize::Zeroizing;

/// 255 bits, two more than a scalar has. With 16 entries to read for each of 51 additions the two
/// cost about the same.
const LAYOUT: Layout = Layout { rows: 5, tables: 17, share: 3 };
const ENTRIES: usize = LAYOUT.entries();

/// The tables of the base point.
pub struct Base {
    sums: Vec<Summand>,
    quarter: Scalar,
    half_of_all_ones: Scalar,
}

impl Default for Base {
    fn default() -> Self {
        let base = Point::decode(RISTRETTO_BASEPOINT_COMPRESSED.as_bytes());
        let half = Scalar::from(2u8).invert();
        let all_ones = (0..LAYOUT.bits()).fold(Scalar::ZERO, |ones, _| ones + ones + Scalar::ONE);
        Self {
            sums: LAYOUT.sums_of(&base.expect("the base point is a point")),
            quarter: half * half,
            half_of_all_ones: half * all_ones,
        }
    }
}

impl Base {
    /// The Ristretto encoding of x times the base point.
    pub fn times(&self, x: &Scalar) -> [u8; 32] {
        // With the bits of x/4 + (2^255 - 1)/2 as signs, all the ±2^i add up to x/2.
        let signs = Zeroizing::new((x * self.quarter + self.half_of_all_ones).to_bytes());
        let mut sum = Point::IDENTITY;
        for column in (0..LAYOUT.share).rev() {
            sum = sum.doubled();
            for (table, sums) in self.sums.chunks_exact(ENTRIES).enumerate() {
                sum = step(&sum, sums, column_of(&signs, table * LAYOUT.share + column));
            }
        }
        sum.encode_double()
    }
}

fn column_of(bits: &[u8; 32], column: usize) -> u8 {
    (0..LAYOUT.rows).fold(0, |signs, row| {
        let at = column + row * LAYOUT.tables * LAYOUT.share;
        signs | (((bits[at / 8] >> (at % 8)) & 1) << row)
    })
}

#[inline]
fn step(sum: &Point, sums: &[Summand], signs: u8) -> Point {
    let is_minus = 1 - (signs >> (LAYOUT.rows - 1));
    // Where the last row is minus, the entry with all signs turned is subtracted.
    let entry = (signs ^ is_minus.wrapping_neg()) % ENTRIES as u8;
    let mut summand = Summand::EMPTY;
    for (entry, mask) in sums.iter().zip(Mask::of_one::<ENTRIES>(entry)) {
        summand.take(entry, mask);
    }
    sum.plus_or_minus(&summand, Mask::of_bit(is_minus))
}

//! The three fixed-point formats of the chain, with its rounding rules:
//! products are floored, quotients are truncated toward zero, a division that has no
//! representable result gives zero, and everything else saturates.

use crate::wide::{mul_shr, shl_div};

/// Signed, 32 integer and 32 fraction bits: nearly everything inside an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct I32F32(i64);

/// Unsigned, 64 integer and 64 fraction bits: stake vectors and price multipliers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct U64F64(u128);

/// Unsigned, 96 integer and 32 fraction bits: amounts in RAO that are being divided up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct U96F32(u128);

/// One in a format with 32 fraction bits.
const UNIT: u64 = 1 << 32;
const EXP_LIMIT: i32 = 20;
/// Euler's number as the chain's library knows it: 23 fraction bits.
const EULER: I32F32 = I32F32(22_802_600 << 9);
const TAYLOR_LAST_TERM: i32 = 31;

impl I32F32 {
    pub const ZERO: Self = Self(0);
    pub const ONE: Self = Self(1 << 32);
    pub const MAX: Self = Self(i64::MAX);

    pub const fn from_bits(bits: i64) -> Self {
        Self(bits)
    }

    pub const fn to_bits(self) -> i64 {
        self.0
    }

    pub const fn from_int(value: i32) -> Self {
        Self((value as i64) << 32)
    }

    /// Exact for halves, quarters and so on; otherwise truncated toward zero.
    pub fn ratio(numerator: i32, denominator: i32) -> Self {
        Self::from_int(numerator).div(Self::from_int(denominator))
    }

    #[must_use]
    #[inline(always)]
    pub fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    #[must_use]
    pub fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    #[must_use]
    #[inline(always)]
    pub fn mul(self, other: Self) -> Self {
        // WebAssembly has no wide product: what fits 64 bits must not pay for one.
        let (a, b) = (self.0 as u64, other.0 as u64);
        if a < UNIT && b < UNIT {
            return Self((a.wrapping_mul(b) >> 32) as i64);
        }
        // A whole number times at most one.
        if a <= UNIT && other.0 >= 0 && b % UNIT == 0 {
            return Self((a * (b >> 32)) as i64);
        }
        self.mul_wide(other)
    }

    #[inline(never)]
    fn mul_wide(self, other: Self) -> Self {
        let product = (i128::from(self.0) * i128::from(other.0)) >> 32;
        Self(saturate_i64(product))
    }

    /// Zero when the divisor is zero or the quotient does not fit.
    #[must_use]
    #[inline(always)]
    pub fn div(self, other: Self) -> Self {
        if other.0 == 0 {
            return Self::ZERO;
        }
        if self.0 >= 0 && other.0 > 0 {
            // Common zero bits leave the quotient as it is, and whole numbers have 32 of them.
            let (a, b) = (self.0 as u64, other.0 as u64);
            let shift = (a | b).trailing_zeros();
            let (a, b) = (a >> shift, b >> shift);
            if a < UNIT {
                return Self(i64::try_from((a << 32) / b).unwrap_or(0));
            }
        }
        self.div_wide(other)
    }

    #[inline(never)]
    fn div_wide(self, other: Self) -> Self {
        let quotient = (i128::from(self.0) << 32) / i128::from(other.0);
        Self(i64::try_from(quotient).unwrap_or(0))
    }

    /// Whole part rounded down, clamped to `0..=65535`.
    pub fn to_u16(self) -> u16 {
        (self.0 >> 32).clamp(0, i64::from(u16::MAX)) as u16
    }

    /// Nearest whole number (halves away from zero), clamped to `0..=65535`.
    pub fn round_to_u16(self) -> u16 {
        let half = 1i64 << 31;
        self.add(Self(half)).to_u16()
    }

    /// `e^self`, argument clamped to ±20, by a Taylor series of 31 terms.
    /// A negative argument is the truncated reciprocal of the positive one.
    #[must_use]
    pub fn exp(self) -> Self {
        let argument = self.clamp(Self::from_int(-EXP_LIMIT), Self::from_int(EXP_LIMIT));
        if argument == Self::ONE {
            return EULER;
        }
        let series = taylor_exp(Self(argument.0.abs()));
        if argument < Self::ZERO {
            return Self::ONE.div(series);
        }
        series
    }
}

fn taylor_exp(x: I32F32) -> I32F32 {
    let mut sum = x.add(I32F32::ONE);
    let mut term = x;
    for i in 2..=TAYLOR_LAST_TERM {
        // The division by a whole number, without a wide quotient.
        term = I32F32(term.mul(x).0 / i64::from(i));
        if term == I32F32::ZERO {
            break;
        }
        sum = sum.add(term);
    }
    sum
}

impl From<u16> for I32F32 {
    fn from(value: u16) -> Self {
        Self(i64::from(value) << 32)
    }
}

impl From<i16> for I32F32 {
    fn from(value: i16) -> Self {
        Self::from_int(i32::from(value))
    }
}

impl U64F64 {
    pub const ZERO: Self = Self(0);
    pub const ONE: Self = Self(1 << 64);
    /// The chain keeps stake in the signed sibling of this format.
    const SIGNED_MAX: u128 = i128::MAX as u128;

    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    pub const fn to_bits(self) -> u128 {
        self.0
    }

    #[must_use]
    #[inline(always)]
    pub fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    #[must_use]
    pub fn half(self) -> Self {
        Self(self.0 / 2)
    }

    #[must_use]
    pub fn mul(self, other: Self) -> Self {
        Self(mul_shr(self.0, other.0, 64).unwrap_or(u128::MAX))
    }

    #[must_use]
    pub fn div(self, other: Self) -> Self {
        Self(shl_div(self.0, 64, other.0).unwrap_or(0))
    }

    /// Whole part, rounded down.
    pub fn to_u64(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// Drops the low 32 fraction bits, saturating.
    pub fn to_i32f32(self) -> I32F32 {
        I32F32(i64::try_from(self.0 >> 32).unwrap_or(i64::MAX))
    }

    /// Clamped to what the signed format of the same width can hold.
    #[must_use]
    pub fn clamp_signed(self) -> Self {
        Self(self.0.min(Self::SIGNED_MAX))
    }
}

impl From<u64> for U64F64 {
    fn from(value: u64) -> Self {
        Self(u128::from(value) << 64)
    }
}

impl U96F32 {
    pub const ZERO: Self = Self(0);
    pub const ONE: Self = Self(1 << 32);
    pub const HALF: Self = Self(1 << 31);

    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    pub const fn to_bits(self) -> u128 {
        self.0
    }

    #[must_use]
    #[inline(always)]
    pub fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    #[must_use]
    pub fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    #[must_use]
    pub fn mul(self, other: Self) -> Self {
        Self(mul_shr(self.0, other.0, 32).unwrap_or(u128::MAX))
    }

    /// Zero when the divisor is zero or the quotient does not fit.
    #[must_use]
    pub fn div(self, other: Self) -> Self {
        Self(shl_div(self.0, 32, other.0).unwrap_or(0))
    }

    /// Whole part rounded down, saturating.
    pub fn to_u64(self) -> u64 {
        u64::try_from(self.0 >> 32).unwrap_or(u64::MAX)
    }
}

impl From<u64> for U96F32 {
    fn from(value: u64) -> Self {
        Self(u128::from(value) << 32)
    }
}

fn saturate_i64(value: i128) -> i64 {
    value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small and large, even and odd, whole and broken, of both signs.
    fn samples() -> Vec<I32F32> {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state
        };
        let edges = [
            0,
            1,
            1 << 31,
            UNIT - 1,
            UNIT,
            UNIT + 1,
            65_535 << 32,
            i64::MAX as u64,
        ];
        let random: Vec<u64> = (0..300).map(|i| next() >> (i % 64)).collect();
        let whole: Vec<u64> = (0..20).map(|_| (next() >> 48) << 32).collect();
        let bits = edges
            .into_iter()
            .chain(random)
            .chain(whole)
            .map(|bits| bits as i64);
        let all: Vec<i64> = bits.flat_map(|bits| [bits, bits.wrapping_neg()]).collect();
        all.into_iter().map(I32F32::from_bits).collect()
    }

    #[test]
    fn the_short_ways_agree_with_the_wide_ones() {
        for a in samples() {
            for b in samples() {
                assert_eq!(a.mul(b), a.mul_wide(b), "{a:?} * {b:?}");
                if b != I32F32::ZERO {
                    assert_eq!(a.div(b), a.div_wide(b), "{a:?} / {b:?}");
                }
            }
        }
    }

    #[test]
    fn a_product_is_floored_also_below_zero() {
        let tiny = I32F32::from_bits(1);
        assert_eq!(I32F32::from_bits(-1).mul(tiny), I32F32::from_bits(-1));
        assert_eq!(tiny.mul(tiny), I32F32::ZERO);
    }

    #[test]
    fn a_quotient_is_truncated_toward_zero() {
        let third = I32F32::ratio(1, 3);
        assert_eq!(third.to_bits(), 1_431_655_765);
        assert_eq!(I32F32::ratio(-1, 3).to_bits(), -1_431_655_765);
    }

    #[test]
    fn impossible_quotients_are_zero() {
        assert_eq!(I32F32::ONE.div(I32F32::ZERO), I32F32::ZERO);
        assert_eq!(I32F32::MAX.div(I32F32::from_bits(1)), I32F32::ZERO);
        assert_eq!(U96F32::ONE.div(U96F32::ZERO), U96F32::ZERO);
    }

    #[test]
    fn rounding_takes_halves_up_and_clamps() {
        assert_eq!(I32F32::ratio(1, 2).round_to_u16(), 1);
        assert_eq!(I32F32::from_int(-3).round_to_u16(), 0);
        assert_eq!(I32F32::MAX.round_to_u16(), u16::MAX);
    }

    #[test]
    fn the_exponential_knows_its_limits() {
        assert_eq!(I32F32::ZERO.exp(), I32F32::ONE);
        assert_eq!(I32F32::ONE.exp(), EULER);
        assert_eq!(I32F32::from_int(-900).exp(), I32F32::from_int(-20).exp());
        assert_eq!(I32F32::from_int(900).exp(), I32F32::from_int(20).exp());
    }
}

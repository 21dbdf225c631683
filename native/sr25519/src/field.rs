//! The field of curve25519: the proven routines of fiat-crypto under names that read like
//! arithmetic. They take the same time for all elements; what looks at an element and answers with
//! a `bool` or an `Option` is for public ones.
//!
//! Their types keep the bounds: what was multiplied is [`Tight`], one addition or subtraction of
//! two tight elements gives a [`Loose`] one, only that goes into a product, and only a product or
//! [`Loose::carry`] leads back.
#![forbid(unsafe_code)]

use core::hint::black_box;
use fiat_crypto::curve25519_32::{
    fiat_25519_add, fiat_25519_carry, fiat_25519_carry_mul, fiat_25519_carry_square,
    fiat_25519_from_bytes, fiat_25519_loose_field_element, fiat_25519_opp, fiat_25519_relax,
    fiat_25519_sub, fiat_25519_tight_field_element, fiat_25519_to_bytes,
};

/// An element that may be added and subtracted.
#[derive(Clone, Copy)]
pub struct Tight(fiat_25519_tight_field_element);

/// An element that may be multiplied.
#[derive(Clone, Copy)]
pub struct Loose(fiat_25519_loose_field_element);

/// All ones or all zeros. The compiler learns neither which nor how it came about, so it cannot make
/// a branch of it: what it is made from and what comes out both pass through a black box.
#[derive(Clone, Copy)]
pub struct Mask(u32);

impl Mask {
    /// All ones for 1, all zeros for 0.
    pub fn of_bit(bit: u8) -> Self {
        black_box(Self(black_box(u32::from(bit)).wrapping_neg()))
    }

    /// All ones at `index`, all zeros elsewhere.
    pub fn of_one<const N: usize>(index: u8) -> [Self; N] {
        let differences: [u32; N] =
            black_box(core::array::from_fn(|at| u32::from(index) ^ at as u32));
        black_box(differences.map(|difference| Self(all_ones_for_zero(difference))))
    }
}

// Of numbers below 2^31, only 0 less 1 has the highest bit set.
fn all_ones_for_zero(number: u32) -> u32 {
    (number.wrapping_sub(1) as i32 >> 31) as u32
}

const EMPTY: [u32; 10] = [0; 10];

/// d of the curve: -121665/121666.
pub const D: Loose = Loose::from_limbs([
    0x35978a3, 0x0d37284, 0x3156ebd, 0x06a0a0e, 0x001c029, 0x179e898, 0x3a03cbb, 0x1ce7198,
    0x2e2b6ff, 0x1480db3,
]);
/// 2d.
pub const TWICE_D: Loose = Loose::from_limbs([
    0x2b2f159, 0x1a6e509, 0x22add7a, 0x0d4141d, 0x0038052, 0x0f3d130, 0x3407977, 0x19ce331,
    0x1c56dff, 0x0901b67,
]);
/// The even root of -1.
pub const ROOT_OF_MINUS_ONE: Loose = Loose::from_limbs([
    0x20ea0b0, 0x186c9d2, 0x08f189d, 0x035697f, 0x0bd0c60, 0x1fbd7a7, 0x2804c9e, 0x1e16569,
    0x004fc1d, 0x0ae0c92,
]);
/// One over the root of -1 - d.
pub const INVERSE_ROOT_OF_A_MINUS_D: Loose = Loose::from_limbs([
    0x05d40ea, 0x03f6aa0, 0x257d339, 0x0bad20b, 0x274bc58, 0x001d840, 0x13dc8ff, 0x19442d8,
    0x05cfaff, 0x1e1b224,
]);

impl Tight {
    /// 0.
    pub const ZERO: Self = Self(fiat_25519_tight_field_element(EMPTY));
    /// 1.
    pub const ONE: Self = Self(fiat_25519_tight_field_element([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]));

    /// Reads 255 bits, little-endian; `None` unless they are the one spelling of an element.
    pub fn from_canonical(bytes: &[u8; 32]) -> Option<Self> {
        if bytes[31] > 0x7f {
            return None;
        }
        let mut out = fiat_25519_tight_field_element(EMPTY);
        fiat_25519_from_bytes(&mut out, bytes);
        Some(Self(out)).filter(|element| element.to_bytes() == *bytes)
    }

    /// The one spelling.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut out = [0; 32];
        fiat_25519_to_bytes(&mut out, &self.0);
        out
    }

    /// Whether it is 0 modulo p.
    pub fn is_zero(&self) -> bool {
        self.to_bytes() == [0; 32]
    }

    /// Odd elements count as negative.
    pub fn is_negative(&self) -> bool {
        self.to_bytes()[0] & 1 == 1
    }

    /// The same element as a factor.
    #[inline]
    pub fn loose(&self) -> Loose {
        let mut out = fiat_25519_loose_field_element(EMPTY);
        fiat_25519_relax(&mut out, &self.0);
        Loose(out)
    }

    /// self + other
    #[inline]
    pub fn plus(&self, other: &Self) -> Loose {
        let mut out = fiat_25519_loose_field_element(EMPTY);
        fiat_25519_add(&mut out, &self.0, &other.0);
        Loose(out)
    }

    /// self - other
    #[inline]
    pub fn minus(&self, other: &Self) -> Loose {
        let mut out = fiat_25519_loose_field_element(EMPTY);
        fiat_25519_sub(&mut out, &self.0, &other.0);
        Loose(out)
    }

    /// -self
    pub fn negated(&self) -> Loose {
        let mut out = fiat_25519_loose_field_element(EMPTY);
        fiat_25519_opp(&mut out, &self.0);
        Loose(out)
    }

    /// self · other
    #[inline]
    pub fn times(&self, other: &Loose) -> Self {
        self.loose().times(other)
    }

    /// self²
    #[inline]
    pub fn squared(&self) -> Self {
        self.loose().squared()
    }

    /// 1/self; 0 for 0.
    pub fn inverted(&self) -> Self {
        let (t250, t11) = self.to_ones();
        t250.squared_often(5).times(&t11.loose())
    }

    /// 1/√self, either root; `None` when self is no square or 0.
    pub fn inverse_root(&self) -> Option<Self> {
        let cube = self.squared().times(&self.loose());
        let seventh = cube.squared().times(&self.loose());
        let (t250, _) = seventh.to_ones();
        let power = t250.squared_often(2).times(&seventh.loose());
        let root = cube.times(&power.loose());
        let check = root.squared().times(&self.loose());
        if check.minus(&Self::ONE).carry().is_zero() {
            return Some(root);
        }
        let opposite = check.plus(&Self::ONE).carry().is_zero();
        opposite.then(|| root.times(&ROOT_OF_MINUS_ONE))
    }

    // self^(2^250 - 1) and self^11, from which both powers that are needed follow.
    fn to_ones(self) -> (Self, Self) {
        let grow = |low: &Self, by: usize| low.squared_often(by).times(&low.loose());
        let t9 = self.squared_often(3).times(&self.loose());
        let t11 = t9.times(&self.squared().loose());
        let t5 = t11.squared().times(&t9.loose());
        let t10 = grow(&t5, 5);
        let t20 = grow(&t10, 10);
        let t40 = grow(&t20, 20);
        let t50 = t40.squared_often(10).times(&t10.loose());
        let t100 = grow(&t50, 50);
        let t200 = grow(&t100, 100);
        (t200.squared_often(50).times(&t50.loose()), t11)
    }

    fn squared_often(&self, times: usize) -> Self {
        (0..times).fold(*self, |power, _| power.squared())
    }
}

impl Loose {
    /// 0.
    pub const ZERO: Self = Self::from_limbs(EMPTY);

    /// Becomes `other` where it is 0 and the mask is all ones; stays as it is with all zeros.
    #[inline]
    pub fn take(&mut self, other: &Self, mask: Mask) {
        for (limb, theirs) in self.0 .0.iter_mut().zip(&other.0 .0) {
            *limb |= theirs & mask.0;
        }
    }

    /// Exchanges the two where the mask is all ones.
    #[inline]
    pub fn exchange(&mut self, other: &mut Self, mask: Mask) {
        for (limb, theirs) in self.0 .0.iter_mut().zip(&mut other.0 .0) {
            let change = (*limb ^ *theirs) & mask.0;
            *limb ^= change;
            *theirs ^= change;
        }
    }

    const fn from_limbs(limbs: [u32; 10]) -> Self {
        Self(fiat_25519_loose_field_element(limbs))
    }

    /// self · other
    // Out of line: a copy in each place makes the engine's compiler spill more.
    #[inline(never)]
    pub fn times(&self, other: &Self) -> Tight {
        let mut out = fiat_25519_tight_field_element(EMPTY);
        fiat_25519_carry_mul(&mut out, &self.0, &other.0);
        Tight(out)
    }

    /// self²
    #[inline(never)]
    pub fn squared(&self) -> Tight {
        let mut out = fiat_25519_tight_field_element(EMPTY);
        fiat_25519_carry_square(&mut out, &self.0);
        Tight(out)
    }

    /// The same element within tight bounds.
    #[inline]
    pub fn carry(&self) -> Tight {
        let mut out = fiat_25519_tight_field_element(EMPTY);
        fiat_25519_carry(&mut out, &self.0);
        Tight(out)
    }
}

/// Replaces each element by its inverse, for the price of one inversion and three products each;
/// 0 stays 0.
pub fn invert_all(elements: &mut [Tight]) {
    let mut products = alloc::vec::Vec::with_capacity(elements.len());
    let mut product = Tight::ONE;
    for element in elements.iter().filter(|element| !element.is_zero()) {
        products.push(product);
        product = product.times(&element.loose());
    }
    let mut inverse = product.inverted();
    for element in elements.iter_mut().rev().filter(|element| !element.is_zero()) {
        let before = products.pop().unwrap_or(Tight::ONE);
        let own = inverse.times(&before.loose());
        inverse = inverse.times(&element.loose());
        *element = own;
    }
}

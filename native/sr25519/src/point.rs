//! Points of the Edwards curve behind Ristretto: adding, doubling, reading an encoding, and the
//! encodings of doubles. A point stands for its Ristretto class.
//!
//! Adding and doubling take the same time for all points. An encoding is public; its making takes
//! time that depends on nothing else.
#![forbid(unsafe_code)]

use crate::field::{
    invert_all, Loose, Mask, Tight, D, INVERSE_ROOT_OF_A_MINUS_D, ROOT_OF_MINUS_ONE, TWICE_D,
};
use alloc::vec::Vec;

/// X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z.
#[derive(Clone, Copy)]
pub struct Point {
    x: Tight,
    y: Tight,
    z: Tight,
    t: Tight,
}

/// A point as a summand: (y + x)/2, (y - x)/2 and dxy.
#[derive(Clone, Copy)]
pub struct Summand {
    sum: Loose,
    difference: Loose,
    product: Loose,
}

impl Summand {
    /// All zeros: no point, but what one is taken into.
    pub const EMPTY: Self =
        Self { sum: Loose::ZERO, difference: Loose::ZERO, product: Loose::ZERO };

    /// Becomes `other` where it is empty and the mask is all ones.
    #[inline]
    pub fn take(&mut self, other: &Self, mask: Mask) {
        self.sum.take(&other.sum, mask);
        self.difference.take(&other.difference, mask);
        self.product.take(&other.product, mask);
    }
}

impl Point {
    /// The neutral element.
    pub const IDENTITY: Self =
        Self { x: Tight::ZERO, y: Tight::ONE, z: Tight::ONE, t: Tight::ZERO };

    /// Reads a Ristretto encoding; `None` for bytes that are none.
    pub fn decode(bytes: &[u8; 32]) -> Option<Self> {
        let s = Tight::from_canonical(bytes).filter(|s| !s.is_negative())?;
        let ss = s.squared();
        let below = Tight::ONE.plus(&ss);
        let above = Tight::ONE.minus(&ss);
        let below_squared = below.squared();
        let v = above.squared().times(&D).plus(&below_squared).carry().negated().carry();
        let root = v.times(&below_squared.loose()).inverse_root()?;
        let x_inverse = root.times(&below);
        let y_inverse = root.times(&x_inverse.loose()).times(&v.loose());
        let x = absolute(s.plus(&s).times(&x_inverse.loose()));
        let y = y_inverse.times(&above);
        let t = x.times(&y.loose());
        let z = Tight::ONE;
        (!t.is_negative() && !y.is_zero()).then_some(Self { x, y, z, t })
    }

    /// self + self
    pub fn doubled(&self) -> Self {
        let (xx, yy, zz) = (self.x.squared(), self.y.squared(), self.z.squared());
        let both = xx.plus(&yy);
        let e = self.x.plus(&self.y).squared().minus(&both.carry());
        let g = yy.minus(&xx);
        let f = zz.plus(&zz).carry().minus(&g.carry());
        Self::from_factors(&e, &f, &g, &both)
    }

    /// self + summand
    #[inline]
    pub fn plus(&self, summand: &Summand) -> Self {
        let a = self.y.minus(&self.x).times(&summand.difference);
        let b = self.y.plus(&self.x).times(&summand.sum);
        let c = self.t.times(&summand.product);
        let (f, g) = (self.z.minus(&c), self.z.plus(&c));
        Self::from_factors(&b.minus(&a), &f, &g, &b.plus(&a))
    }

    /// self - summand
    #[inline]
    pub fn minus(&self, summand: &Summand) -> Self {
        let a = self.y.minus(&self.x).times(&summand.sum);
        let b = self.y.plus(&self.x).times(&summand.difference);
        let c = self.t.times(&summand.product);
        let (f, g) = (self.z.plus(&c), self.z.minus(&c));
        Self::from_factors(&b.minus(&a), &f, &g, &b.plus(&a))
    }

    /// self + summand, or self - summand where the mask is all ones.
    #[inline]
    pub fn plus_or_minus(&self, summand: &Summand, minus: Mask) -> Self {
        let Summand { mut sum, mut difference, product } = *summand;
        sum.exchange(&mut difference, minus);
        let a = self.y.minus(&self.x).times(&difference);
        let b = self.y.plus(&self.x).times(&sum);
        let c = self.t.times(&product);
        let (mut f, mut g) = (self.z.minus(&c), self.z.plus(&c));
        f.exchange(&mut g, minus);
        Self::from_factors(&b.minus(&a), &f, &g, &b.plus(&a))
    }

    /// All of them as summands, for one inversion.
    pub fn to_summands(points: &[Self]) -> Vec<Summand> {
        let mut halves: Vec<Tight> = points.iter().map(|p| p.z.plus(&p.z).carry()).collect();
        invert_all(&mut halves);
        points.iter().zip(halves).map(|(point, half)| point.to_summand(&half)).collect()
    }

    fn to_summand(self, half: &Tight) -> Summand {
        let half = half.loose();
        Summand {
            sum: self.y.plus(&self.x).times(&half).loose(),
            difference: self.y.minus(&self.x).times(&half).loose(),
            product: self.t.times(&half).times(&TWICE_D).loose(),
        }
    }

    /// The Ristretto encoding of twice the point; leaves nothing of it on the heap.
    pub fn encode_double(&self) -> [u8; 32] {
        let double = Double::of(self);
        double.encode(&double.to_invert().inverted())
    }

    /// The Ristretto encodings of twice each point: with a double no root is needed, and one
    /// inversion serves all.
    pub fn encode_doubles(points: &[Self]) -> Vec<[u8; 32]> {
        let doubles: Vec<Double> = points.iter().map(Double::of).collect();
        let mut inverses: Vec<Tight> = doubles.iter().map(Double::to_invert).collect();
        invert_all(&mut inverses);
        doubles.iter().zip(inverses).map(|(double, inverse)| double.encode(&inverse)).collect()
    }

    fn from_factors(e: &Loose, f: &Loose, g: &Loose, h: &Loose) -> Self {
        Self { x: e.times(f), y: g.times(h), z: f.times(g), t: e.times(h) }
    }
}

/// Twice a point: x = e/f, y = g/h.
struct Double {
    e: Tight,
    f: Tight,
    g: Tight,
    h: Tight,
    eg: Loose,
    fh: Loose,
}

impl Double {
    fn of(point: &Point) -> Self {
        let zz = point.z.squared();
        let dtt = point.t.squared().times(&D);
        let e = point.y.plus(&point.y).times(&point.x.loose());
        let f = zz.plus(&dtt).carry();
        let g = point.y.squared().plus(&point.x.squared()).carry();
        let h = zz.minus(&dtt).carry();
        let eg = e.times(&g.loose()).loose();
        let fh = f.times(&h.loose()).loose();
        Self { e, f, g, h, eg, fh }
    }

    // Zero only for the class of the identity: d and -d are no squares, so f and h never are.
    fn to_invert(&self) -> Tight {
        self.eg.times(&self.fh)
    }

    // The questions asked here are about x, y and their product, not about how Z came to be: the
    // answers follow from the encoding.
    fn encode(&self, inverse: &Tight) -> [u8; 32] {
        let inverse = inverse.loose();
        let z_inverse = self.eg.times(&inverse).loose();
        let t_inverse = self.fh.times(&inverse).loose();
        let turned = self.eg.times(&z_inverse).is_negative();
        let (e, g, h, factor) = if turned {
            let h = self.f.times(&ROOT_OF_MINUS_ONE);
            (self.g, self.e.negated().carry(), h, ROOT_OF_MINUS_ONE)
        } else {
            (self.e, self.g, self.h, INVERSE_ROOT_OF_A_MINUS_D)
        };
        let flipped = h.times(&e.loose()).times(&z_inverse).is_negative();
        let g = if flipped { g.negated().carry() } else { g };
        let scale = g.times(&t_inverse).times(&factor);
        absolute(h.minus(&g).times(&scale.loose())).to_bytes()
    }
}

fn absolute(element: Tight) -> Tight {
    if element.is_negative() {
        element.negated().carry()
    } else {
        element
    }
}

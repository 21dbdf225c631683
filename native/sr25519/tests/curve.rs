//! The field, the points and the tables against curve25519-dalek.
use curve25519_dalek::{
    constants::{RISTRETTO_BASEPOINT_POINT, RISTRETTO_BASEPOINT_TABLE},
    ristretto::{CompressedRistretto, RistrettoPoint},
    scalar::Scalar,
    traits::Identity,
};
use sr25519_wasm::{
    base::Base,
    comb::{sum, Comb, Dealer},
    field::{invert_all, Mask, Tight, D, INVERSE_ROOT_OF_A_MINUS_D, ROOT_OF_MINUS_ONE, TWICE_D},
    point::Point,
};

mod random;
use random::Random;

const P: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed;
    bytes[31] = 0x7f;
    bytes
};

fn small(value: u8) -> Tight {
    let mut bytes = [0; 32];
    bytes[0] = value;
    Tight::from_canonical(&bytes).unwrap()
}

fn below_p(by: u8) -> [u8; 32] {
    let mut bytes = P;
    bytes[0] -= by;
    bytes
}

/// Elements where a carry could go wrong: near 0, near p, all ones and all zeros in turns.
fn elements(random: &mut Random) -> Vec<Tight> {
    let near = (1..=40).map(below_p).chain((0..40).map(|value| small(value).to_bytes()));
    let powers = (0..255).flat_map(|bit| {
        let mut power = [0; 32];
        power[bit / 8] = 1 << (bit % 8);
        let mut ones = [0; 32];
        ones[..bit / 8].fill(0xff);
        ones[bit / 8] = (1u16 << (bit % 8)).wrapping_sub(1) as u8;
        [power, ones]
    });
    let any = (0..400).map(|_| random.bytes::<32>());
    near.chain(powers).chain(any).filter_map(|bytes| Tight::from_canonical(&bytes)).collect()
}

#[test]
fn an_element_has_one_spelling() {
    assert!(Tight::from_canonical(&P).is_none());
    assert!(Tight::from_canonical(&[0xff; 32]).is_none());
    assert!(Tight::from_canonical(&below_p(1)).is_some());
    let mut high = [0; 32];
    high[31] = 0x80;
    assert!(Tight::from_canonical(&high).is_none());
}

#[test]
fn the_constants_are_what_they_are_called() {
    let minus_one = Tight::ZERO.minus(&Tight::ONE).carry();
    let number = |value: u32| {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&value.to_le_bytes());
        Tight::from_canonical(&bytes).unwrap()
    };
    let d = number(121666).times(&D);
    assert!(d.plus(&number(121665)).carry().is_zero());
    assert_eq!(TWICE_D.carry().to_bytes(), D.carry().plus(&D.carry()).carry().to_bytes());
    assert_eq!(ROOT_OF_MINUS_ONE.squared().to_bytes(), minus_one.to_bytes());
    let a_minus_d = minus_one.minus(&D.carry());
    let inverse = INVERSE_ROOT_OF_A_MINUS_D.squared();
    assert_eq!(inverse.times(&a_minus_d).to_bytes(), Tight::ONE.to_bytes());
}

#[test]
fn arithmetic_keeps_its_laws() {
    let all = elements(&mut Random::new(1));
    for (a, b) in all.iter().zip(all.iter().rev()) {
        let (sum, difference) = (a.plus(b), a.minus(b));
        let squares = a.squared().minus(&b.squared()).carry();
        assert_eq!(sum.times(&difference).to_bytes(), squares.to_bytes());
        assert_eq!(sum.squared().to_bytes(), sum.times(&sum).to_bytes());
        assert_eq!(sum.carry().times(&difference).to_bytes(), squares.to_bytes());
        assert_eq!(a.negated().carry().plus(a).carry().to_bytes(), [0; 32]);
        let one = if a.is_zero() { Tight::ZERO } else { Tight::ONE };
        assert_eq!(a.inverted().times(&a.loose()).to_bytes(), one.to_bytes());
    }
}

#[test]
fn roots_are_found_of_squares_only() {
    for a in elements(&mut Random::new(2)).iter().filter(|a| !a.is_zero()) {
        let square = a.squared();
        let root = square.inverse_root().unwrap();
        assert_eq!(root.squared().times(&square.loose()).to_bytes(), Tight::ONE.to_bytes());
        // d is no square, so this is none either.
        assert!(square.times(&D).inverse_root().is_none());
    }
    assert!(Tight::ZERO.inverse_root().is_none());
}

#[test]
fn elements_are_inverted_together_as_alone() {
    let mut all = elements(&mut Random::new(3));
    let alone: Vec<_> = all.iter().map(|element| element.inverted().to_bytes()).collect();
    invert_all(&mut all);
    assert_eq!(all.iter().map(Tight::to_bytes).collect::<Vec<_>>(), alone);
    invert_all(&mut []);
}

fn ours(point: &RistrettoPoint) -> Point {
    Point::decode(point.compress().as_bytes()).unwrap()
}

#[test]
fn decodes_what_dalek_decodes_and_nothing_else() {
    let mut random = Random::new(4);
    for _ in 0..2000 {
        let bytes = random.bytes::<32>();
        let theirs = CompressedRistretto(bytes).decompress();
        let point = Point::decode(&bytes);
        assert_eq!(point.is_some(), theirs.is_some(), "{bytes:?}");
        if let (Some(point), Some(theirs)) = (point, theirs) {
            assert_eq!(Point::encode_doubles(&[point])[0], (theirs + theirs).compress().0);
        }
    }
}

#[test]
fn every_multiple_of_the_base_doubles_as_in_dalek() {
    let mut point = RistrettoPoint::identity();
    let mut points = Vec::new();
    for _ in 0..300 {
        points.push(point);
        point += RISTRETTO_BASEPOINT_POINT;
    }
    let decoded: Vec<Point> = points.iter().map(ours).collect();
    let theirs = RistrettoPoint::double_and_compress_batch(&points);
    let encodings = Point::encode_doubles(&decoded);
    assert_eq!(encodings, theirs.iter().map(|one| one.0).collect::<Vec<_>>());
    let doubled: Vec<Point> = decoded.iter().map(Point::doubled).collect();
    let fourfold: Vec<_> = points.iter().map(|one| (one + one + one + one).compress().0).collect();
    assert_eq!(Point::encode_doubles(&doubled), fourfold);
}

#[test]
fn adding_and_subtracting_agree_with_dalek() {
    let mut random = Random::new(5);
    let mut points = vec![RistrettoPoint::identity(), RISTRETTO_BASEPOINT_POINT];
    points.extend((0..20).map(|_| &random.scalar() * RISTRETTO_BASEPOINT_TABLE));
    let decoded: Vec<Point> = points.iter().map(ours).collect();
    let summands = Point::to_summands(&decoded);
    for (a, left) in points.iter().zip(&decoded) {
        for (b, right) in points.iter().zip(&summands) {
            let both = Point::encode_doubles(&[left.plus(right), left.minus(right)]);
            assert_eq!(both, [(a + b + a + b).compress().0, (a - b + a - b).compress().0]);
            let masked = [0, 1].map(|bit| left.plus_or_minus(right, Mask::of_bit(bit)));
            assert_eq!(masked.map(|point| point.encode_double()), both[..]);
        }
    }
}

fn comb(point: &RistrettoPoint) -> Comb {
    Comb::of(point.compress().as_bytes()).unwrap()
}

fn scalars(random: &mut Random) -> Vec<Scalar> {
    let powers = (0..253).map(|bit| {
        let mut bytes = [0; 32];
        bytes[bit / 8] = 1 << (bit % 8);
        Scalar::from_bytes_mod_order(bytes)
    });
    let near: Vec<Scalar> =
        (0..20u64).map(Scalar::from).flat_map(|small| [small, -small]).collect();
    powers.chain(near).chain((0..100).map(|_| random.scalar())).collect()
}

#[test]
fn the_tables_give_half_of_the_sum() {
    let mut random = Random::new(6);
    let dealer = Dealer::default();
    let x_point = RISTRETTO_BASEPOINT_POINT;
    let y_point = &random.scalar() * RISTRETTO_BASEPOINT_TABLE;
    let (x_comb, y_comb) = (comb(&x_point), comb(&y_point));
    let all = scalars(&mut random);
    for (x, y) in all.iter().zip(all.iter().rev()) {
        let terms = [(&x_comb, &dealer.columns_of_half(x)), (&y_comb, &dealer.columns_of_half(y))];
        let encoding = Point::encode_doubles(&[sum(terms)])[0];
        assert_eq!(encoding, (x * x_point + y * y_point).compress().0);
    }
}

#[test]
fn the_base_times_any_scalar() {
    let base = Base::default();
    for x in scalars(&mut Random::new(8)) {
        assert_eq!(base.times(&x), (&x * RISTRETTO_BASEPOINT_TABLE).compress().0);
    }
}

#[test]
fn a_sum_that_vanishes_is_the_identity() {
    let mut random = Random::new(7);
    let dealer = Dealer::default();
    let point = &random.scalar() * RISTRETTO_BASEPOINT_TABLE;
    let (plus, minus) = (comb(&point), comb(&-point));
    let x = dealer.columns_of_half(&random.scalar());
    let nothing = sum([(&plus, &x), (&minus, &x)]);
    let something = ours(&point);
    let encodings = Point::encode_doubles(&[something, nothing, something]);
    let double = (point + point).compress().0;
    assert_eq!(encodings, [double, [0; 32], double]);
}

//! Signatures against schnorrkel's own verification: before a key has its table, and with it.
use curve25519_dalek::{
    constants::RISTRETTO_BASEPOINT_TABLE, ristretto::CompressedRistretto, scalar::Scalar,
};
use rand_core::{CryptoRng, Error, RngCore};
use schnorrkel::{
    context::{attach_rng, SigningTranscript},
    signing_context, Keypair, PublicKey, Signature,
};
use sr25519_wasm::keys::{keypair_from_mini, KEYPAIR};
use sr25519_wasm::signatures::{Claim, Signatures};

mod random;
use random::Random;

type Pair = [u8; KEYPAIR];
/// Enough checks for any key to have its table, one table being made for each call.
const WARMING: usize = 5;

#[derive(Clone)]
struct Case {
    public: [u8; 32],
    signature: [u8; 64],
    message: Vec<u8>,
}

impl Case {
    fn claim(&self) -> Claim<'_> {
        Claim { public: &self.public, signature: &self.signature, message: &self.message }
    }
}

fn pair(seed: u8) -> Pair {
    keypair_from_mini(&[seed; 32]).unwrap()
}

fn public(pair: &Pair) -> [u8; 32] {
    pair[64..].try_into().unwrap()
}

fn secret(pair: &Pair) -> Scalar {
    Scalar::from_canonical_bytes(pair[..32].try_into().unwrap()).unwrap()
}

fn signed(pair: &Pair, message: &[u8]) -> Case {
    let signature = Signatures::default().sign(pair, message, &[7; 32]).unwrap();
    Case { public: public(pair), signature, message: message.to_vec() }
}

/// What schnorrkel says, and no to the identity key.
fn reference(case: &Case) -> bool {
    let Ok(public) = PublicKey::from_bytes(&case.public) else { return false };
    let Ok(signature) = Signature::from_bytes(&case.signature) else { return false };
    let transcript = signing_context(b"substrate").bytes(&case.message);
    case.public != [0; 32] && public.verify(transcript, &signature).is_ok()
}

fn warmed(publics: &[[u8; 32]]) -> Signatures {
    let mut kept = Signatures::default();
    for public in publics {
        let case = Case { public: *public, signature: [0x80; 64], message: Vec::new() };
        let marked = Case { signature: with_s(&case.signature, &Scalar::ONE), ..case };
        for _ in 0..WARMING {
            kept.verify(&marked.claim());
        }
    }
    kept
}

fn with_s(signature: &[u8; 64], s: &Scalar) -> [u8; 64] {
    let mut out = *signature;
    out[32..].copy_from_slice(s.as_bytes());
    out[63] |= 0x80;
    out
}

fn s_of(signature: &[u8; 64]) -> Scalar {
    let mut s: [u8; 32] = signature[32..].try_into().unwrap();
    s[31] &= 0x7f;
    Scalar::from_canonical_bytes(s).unwrap()
}

/// The verdicts of all cases by every way, which must be the reference's.
fn agree(cases: &[Case]) -> Vec<bool> {
    let expected: Vec<bool> = cases.iter().map(reference).collect();
    let publics: Vec<[u8; 32]> = cases.iter().map(|case| case.public).collect();
    let claims: Vec<Claim> = cases.iter().map(Case::claim).collect();
    for mut kept in [Signatures::default(), warmed(&publics), Signatures::with_room_for(1)] {
        assert_eq!(kept.verify_each(&claims), expected);
        let singly: Vec<bool> = claims.iter().map(|claim| kept.verify(claim)).collect();
        assert_eq!(singly, expected);
        assert_eq!(kept.verify_each(&claims), expected);
    }
    expected
}

#[test]
fn signs_what_verifies_and_nothing_else() {
    let alice = pair(1);
    let good = signed(&alice, b"hello");
    let other_message = Case { message: b"hellO".to_vec(), ..good.clone() };
    let other_key = Case { public: public(&pair(2)), ..good.clone() };
    assert_eq!(agree(&[good, other_message, other_key]), [true, false, false]);
}

#[test]
fn refuses_to_sign_with_what_is_no_keypair() {
    let mut kept = Signatures::default();
    let mut unreduced = pair(1);
    unreduced[31] = 0xff;
    assert!(kept.sign(&unreduced, b"m", &[7; 32]).is_none());
    let mut no_point = pair(1);
    no_point[64..].fill(0xff);
    assert!(kept.sign(&no_point, b"m", &[7; 32]).is_none());
}

#[test]
fn signs_byte_by_byte_as_schnorrkel() {
    let mut random = Random::new(13);
    let mut kept = Signatures::default();
    for at in 0..2000 {
        let pair = keypair_from_mini(&random.bytes()).unwrap();
        let (message, randomness) = (vec![7; at % 500], random.bytes());
        let theirs = Keypair::from_bytes(&pair).unwrap();
        let transcript = signing_context(b"substrate").bytes(&message);
        let transcript = attach_rng(transcript, Fixed(randomness));
        let expected = theirs.sign(transcript).to_bytes();
        assert_eq!(kept.sign(&pair, &message, &randomness).unwrap(), expected);
    }
}

struct Fixed([u8; 32]);

impl RngCore for Fixed {
    fn next_u32(&mut self) -> u32 {
        unreachable!("signing asks for bytes only")
    }
    fn next_u64(&mut self) -> u64 {
        unreachable!("signing asks for bytes only")
    }
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.copy_from_slice(&self.0);
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}
impl CryptoRng for Fixed {}

#[test]
fn signatures_depend_on_the_randomness() {
    let mut kept = Signatures::default();
    let one = kept.sign(&pair(1), b"m", &[1; 32]).unwrap();
    assert_ne!(kept.sign(&pair(1), b"m", &[2; 32]).unwrap(), one);
    assert_eq!(kept.sign(&pair(1), b"m", &[1; 32]).unwrap(), one);
}

#[test]
fn messages_of_every_length() {
    let bob = pair(2);
    let cases: Vec<Case> = (0..40).map(|at| signed(&bob, &vec![at as u8; at * 17])).collect();
    assert!(agree(&cases).iter().all(|verdict| *verdict));
}

#[test]
fn any_bit_changed() {
    let mut random = Random::new(11);
    let pairs: Vec<Pair> = (1..=4).map(pair).collect();
    for _ in 0..12 {
        let cases: Vec<Case> = (0..24).map(|at| changed(&mut random, &pairs[at % 4])).collect();
        agree(&cases);
    }
}

fn changed(random: &mut Random, pair: &Pair) -> Case {
    let mut case = signed(pair, &random.bytes::<24>());
    let bit = random.below(2048);
    match bit / 512 {
        0 => case.signature[bit / 8] ^= 1 << (bit % 8),
        1 => case.message[bit % 24] ^= 1 << (bit % 8),
        2 if bit % 512 < 256 => case.public[bit % 512 / 8] ^= 1 << (bit % 8),
        _ => {}
    }
    case
}

#[test]
fn malformed_signatures_and_keys() {
    let good = signed(&pair(1), b"m");
    let mut unmarked = good.clone();
    unmarked.signature[63] &= 0x7f;
    let no_key = Case { public: [0xff; 32], ..good.clone() };
    let all_ones = Case { signature: [0xff; 64], ..good.clone() };
    let all_zeros = Case { signature: [0; 64], ..good.clone() };
    let unreduced = Case { signature: add_order(&good.signature), ..good.clone() };
    let cases = [unmarked, no_key, all_ones, all_zeros, unreduced, good];
    assert_eq!(agree(&cases), [false, false, false, false, false, true]);
}

// s + l is the same residue in another spelling.
fn add_order(signature: &[u8; 64]) -> [u8; 64] {
    let largest = (-Scalar::ONE).to_bytes();
    let mut out = *signature;
    let mut carry = 1u16;
    for at in 0..32 {
        let byte = if at == 31 { out[63] & 0x7f } else { out[32 + at] };
        carry += byte as u16 + largest[at] as u16;
        out[32 + at] = carry as u8;
        carry >>= 8;
    }
    out[63] |= 0x80;
    out
}

#[test]
fn r_in_another_spelling_or_turned_round() {
    let good = signed(&pair(1), b"m");
    let respelled = |change: &dyn Fn(&mut [u8; 32])| {
        let mut r: [u8; 32] = good.signature[..32].try_into().unwrap();
        change(&mut r);
        let mut case = good.clone();
        case.signature[..32].copy_from_slice(&r);
        case
    };
    let plus_p = respelled(&|r| add_p(r));
    let high_bit = respelled(&|r| r[31] |= 0x80);
    let opposite = respelled(&|r| {
        let point = CompressedRistretto(*r).decompress().unwrap();
        *r = (-point).compress().0;
    });
    let negative = respelled(&|r| minus_from_p(r));
    assert_eq!(agree(&[plus_p, high_bit, opposite, negative]), [false; 4]);
}

fn add_p(bytes: &mut [u8; 32]) {
    let mut carry = 0u16;
    for (at, byte) in bytes.iter_mut().enumerate() {
        carry += *byte as u16 + prime(at);
        *byte = carry as u8;
        carry >>= 8;
    }
}

fn minus_from_p(bytes: &mut [u8; 32]) {
    let mut borrow = 0i16;
    for (at, byte) in bytes.iter_mut().enumerate() {
        let difference = prime(at) as i16 - *byte as i16 - borrow;
        *byte = difference as u8;
        borrow = (difference < 0) as i16;
    }
}

fn prime(at: usize) -> u16 {
    match at {
        0 => 0xed,
        31 => 0x7f,
        _ => 0xff,
    }
}

#[test]
fn the_identity_as_r_is_judged_like_any_other() {
    // With R = 0 the equation is sB = kA, which the key's owner can meet: schnorrkel takes it.
    let owner = pair(5);
    let message = b"zero".to_vec();
    let mut transcript = signing_context(b"substrate").bytes(&message);
    transcript.proto_name(b"Schnorr-sig");
    transcript.commit_point(b"sign:pk", &CompressedRistretto(public(&owner)));
    transcript.commit_point(b"sign:R", &CompressedRistretto([0; 32]));
    let k: Scalar = transcript.challenge_scalar(b"sign:c");
    let signature = with_s(&[0; 64], &(k * secret(&owner)));
    let vanishing = Case { public: public(&owner), signature, message };
    let wrong = Case { signature: with_s(&[0; 64], &k), ..vanishing.clone() };
    let good = signed(&owner, b"m");
    let cases = [good.clone(), vanishing, good, wrong];
    assert_eq!(agree(&cases), [true, true, true, false]);
}

#[test]
fn the_identity_key_under_which_anyone_signs() {
    // With A = 0 the equation is R = sB: any key's secret as s, its public key as R.
    let any = pair(3);
    let mut r = [0; 64];
    r[..32].copy_from_slice(&public(&any));
    let forged =
        Case { public: [0; 32], signature: with_s(&r, &secret(&any)), message: b"m".to_vec() };
    assert_eq!(agree(&[forged.clone(), forged]), [false, false]);
}

#[test]
fn wrong_amounts_that_cancel() {
    let (one, two) = (signed(&pair(1), b"m"), signed(&pair(1), b"n"));
    let shift = |case: &Case, by: Scalar| Case {
        signature: with_s(&case.signature, &(s_of(&case.signature) + by)),
        ..case.clone()
    };
    let cases = [shift(&one, Scalar::ONE), shift(&two, -Scalar::ONE), one, two];
    assert_eq!(agree(&cases), [false, false, true, true]);
}

#[test]
fn extreme_scalars() {
    let alice = pair(1);
    let case = |s: Scalar| {
        let r = (&s * RISTRETTO_BASEPOINT_TABLE).compress();
        let mut signature = with_s(&[0; 64], &s);
        signature[..32].copy_from_slice(r.as_bytes());
        Case { public: public(&alice), signature, message: b"m".to_vec() }
    };
    let scalars = [Scalar::ZERO, Scalar::ONE, -Scalar::ONE, Scalar::from(2u8).invert()];
    agree(&scalars.map(case));
    // The base point as a key: its secret is 1.
    let mut one = [0; KEYPAIR];
    one[0] = 1;
    one[64..].copy_from_slice((&Scalar::ONE * RISTRETTO_BASEPOINT_TABLE).compress().as_bytes());
    assert_eq!(agree(&[signed(&one, b"m")]), [true]);
}

#[test]
fn one_bad_signature_hurts_only_itself() {
    for keys in [1, 3, 32] {
        let pairs: Vec<Pair> = (1..=keys).map(pair).collect();
        let mut cases: Vec<Case> =
            (0..32usize).map(|at| signed(&pairs[at % pairs.len()], &[at as u8; 9])).collect();
        assert_eq!(agree(&cases), [true; 32]);
        cases[5].signature[3] ^= 1;
        cases[9].signature[63] &= 0x7f;
        let expected: Vec<bool> = (0..32).map(|at| at != 5 && at != 9).collect();
        assert_eq!(agree(&cases), expected);
    }
}

#[test]
fn an_empty_batch_is_fine() {
    assert!(Signatures::default().verify_each(&[]).is_empty());
}

#[test]
fn more_keys_than_there_is_room_for() {
    let mut random = Random::new(12);
    let mut kept = Signatures::with_room_for(3);
    let pairs: Vec<Pair> = (1..=8).map(pair).collect();
    let good: Vec<Case> = pairs.iter().map(|pair| signed(pair, b"m")).collect();
    for round in 0..300 {
        // Some rounds stay with few keys, so that tables are made, then dropped.
        let mut case = good[random.below(2 + round / 50)].clone();
        let bad = random.below(2) == 1;
        case.signature[0] ^= bad as u8;
        assert_eq!(kept.verify(&case.claim()), !bad);
        assert!(kept.sign(&pairs[random.below(8)], b"m", &[7; 32]).is_some());
    }
}

mod common;
use common::{seal, Beacon};
use hex_literal::hex;
use subnet_timelock::{open, verify};

/// Public key of quicknet and its signature of round 1000.
const QUICKNET: [u8; 96] = hex!("83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a");
const ROUND_1000: [u8; 48] = hex!("b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39");
const TEXT: &[u8] = b"hello timelock";

#[test]
fn quicknets_signature_is_accepted_for_its_round_only() {
    assert_eq!(verify(&QUICKNET, 1000, &ROUND_1000), Some(true));
    assert_eq!(verify(&QUICKNET, 1001, &ROUND_1000), Some(false));
    let other = Beacon::new(7);
    assert_eq!(verify(&other.public_key(), 1000, &ROUND_1000), Some(false));
    assert_eq!(verify(&other.public_key(), 5, &other.sign(5)), Some(true));
}

#[test]
fn what_is_no_point_is_no_signature() {
    assert_eq!(verify(&QUICKNET, 1000, &[]), None);
    assert_eq!(verify(&QUICKNET, 1000, &ROUND_1000[..47]), None);
    assert_eq!(verify(&QUICKNET, 1000, &[0xff; 48]), None);
    assert_eq!(verify(&QUICKNET[..95], 1000, &ROUND_1000), None);
    assert_eq!(verify(&[0xab; 96], 1000, &ROUND_1000), None);
    // On the curve, but not in the group that drand signs in.
    let mut strange = [0u8; 48];
    strange[0] = 0x80;
    assert_eq!(verify(&QUICKNET, 1000, &strange), None);
}

#[test]
fn the_signature_of_the_round_opens_what_was_sealed_to_it() {
    let sealed = seal(&QUICKNET, 1000, TEXT);
    assert_eq!(sealed.len(), TEXT.len() + 244);
    assert_eq!(open(&sealed, &ROUND_1000).as_deref(), Some(TEXT));
    let beacon = Beacon::new(99);
    let sealed = seal(&beacon.public_key(), 3, TEXT);
    assert_eq!(open(&sealed, &beacon.sign(3)).as_deref(), Some(TEXT));
    assert_eq!(open(&sealed, &beacon.sign(4)), None);
    assert_eq!(open(&sealed, &[0; 48]), None);
}

#[test]
fn a_change_of_any_part_is_noticed() {
    let sealed = seal(&QUICKNET, 1000, TEXT);
    // U, V, W, length of the body, ciphertext, tag, nonce.
    for position in [0, 60, 105, 145, 176, 186, 200, 215, 230] {
        let mut tampered = sealed.clone();
        tampered[position] ^= 1;
        assert_eq!(open(&tampered, &ROUND_1000), None, "byte {position}");
    }
    let mut renamed = sealed.clone();
    *renamed.last_mut().expect("bytes") ^= 1;
    renamed.push(0);
    assert_eq!(open(&renamed, &ROUND_1000).as_deref(), Some(TEXT));
}

#[test]
fn no_length_of_it_panics() {
    let sealed = seal(&QUICKNET, 1000, TEXT);
    for length in (0..sealed.len()).rev() {
        assert_eq!(open(&sealed[..length], &ROUND_1000), None);
    }
    let mut endless = sealed.clone();
    endless[96..104].fill(0xff);
    assert_eq!(open(&endless, &ROUND_1000), None);
}

//! A beacon whose secret is known, and the sealing side of the scheme.
#![allow(dead_code)]

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit};
use ark_bls12_381::{Bls12_381, Fr, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use sha2::{Digest, Sha256};
use subnet_timelock::beacon::round_point;
use subnet_timelock::ciphertext::{blinding, mask, xor};

const KEY: [u8; 32] = [2; 32];
const SIGMA: [u8; 32] = [3; 32];
const NONCE: [u8; 12] = [4; 12];

fn bytes_of(point: impl CanonicalSerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    point.serialize_compressed(&mut bytes).expect("memory");
    bytes
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u64).to_le_bytes()[..], bytes].concat()
}

/// A beacon of our own.
pub struct Beacon(Fr);

impl Beacon {
    pub fn new(secret: u64) -> Self {
        Self(Fr::from(secret))
    }

    pub fn public_key(&self) -> Vec<u8> {
        bytes_of((G2Affine::generator() * self.0).into_affine())
    }

    pub fn sign(&self, round: u64) -> Vec<u8> {
        let point = round_point(round).expect("a point");
        bytes_of((point * self.0).into_affine())
    }
}

/// Seals a message to a round of the beacon with this key.
pub fn seal(public_key: &[u8], round: u64, message: &[u8]) -> Vec<u8> {
    let key = G2Affine::deserialize_compressed(public_key).expect("a key");
    let r = blinding(&SIGMA, &KEY);
    let u = (G2Affine::generator() * r).into_affine();
    let shared = Bls12_381::pairing(round_point(round).expect("a point"), key);
    let g = (shared * r).0;
    let v = xor(&SIGMA, &mask(&g));
    let w = xor(&KEY, &Sha256::digest(SIGMA).into());
    let text = Aes256Gcm::new(&KEY.into()).encrypt(&NONCE.into(), message);
    let body = [sized(&text.expect("short")), sized(&NONCE)].concat();
    let parts = [bytes_of(u), sized(&v), sized(&w), sized(&body)];
    [parts.concat(), sized(b"AES_GCM_")].concat()
}

//! What is encrypted to a round, and how its signature opens it: a key that the signature unlocks
//! (Boneh-Franklin with the Fujisaki-Okamoto check), and the message under that key.

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit};
use alloc::vec::Vec;
use ark_bls12_381::{Bls12_381, Fq12, Fr, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::AffineRepr;
use ark_ff::PrimeField;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use sha2::{Digest, Sha256};

const POINT_BYTES: usize = 96;
const NONCE_BYTES: usize = 12;

/// Opens `sealed` with the signature of the round that it was sealed to: `U` (a point of G2,
/// compressed), then V, W, the body and the name of the cipher, each after its length in eight
/// bytes, little endian; the body holds ciphertext and nonce in the same way. What follows, and the
/// name, are not looked at, as on the chain. `None` when anything does not fit together.
pub fn open(sealed: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let mut rest = sealed;
    let point = take(&mut rest, POINT_BYTES)?;
    let (v, w) = (take_key(&mut rest)?, take_key(&mut rest)?);
    let body = take_sized(&mut rest)?;
    let _cipher = take_sized(&mut rest)?;
    // That the point is in the right group follows from the check below.
    let point = G2Affine::deserialize_compressed_unchecked(point).ok()?;
    let signature = G1Affine::deserialize_compressed(signature).ok()?;
    let sigma = xor(&v, &mask(&Bls12_381::pairing(signature, point).0));
    let key = xor(&w, &Sha256::digest(sigma).into());
    if G2Affine::generator() * blinding(&sigma, &key) != point {
        return None;
    }
    decrypt(body, &key)
}

/// The number that blinds the sealed key. It follows from what is sealed, so that a changed
/// ciphertext is recognised.
pub fn blinding(sigma: &[u8; 32], key: &[u8; 32]) -> Fr {
    let digest = Sha256::new().chain_update(sigma).chain_update(key);
    Fr::from_be_bytes_mod_order(&digest.finalize())
}

/// What hides sigma: the hash of a pairing's value.
pub fn mask(pairing: &Fq12) -> [u8; 32] {
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _ = pairing.serialize_compressed(&mut bytes);
    Sha256::digest(&bytes).into()
}

pub fn xor(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    core::array::from_fn(|index| a[index] ^ b[index])
}

fn decrypt(mut body: &[u8], key: &[u8; 32]) -> Option<Vec<u8>> {
    let ciphertext = take_sized(&mut body)?;
    let nonce: [u8; NONCE_BYTES] = take_sized(&mut body)?.try_into().ok()?;
    Aes256Gcm::new(key.into())
        .decrypt(&nonce.into(), ciphertext)
        .ok()
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

/// Bytes after their count.
fn take_sized<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let count = take(bytes, 8)?.try_into().ok()?;
    take(bytes, u64::from_le_bytes(count).try_into().ok()?)
}

fn take_key(bytes: &mut &[u8]) -> Option<[u8; 32]> {
    take_sized(bytes)?.try_into().ok()
}

//! The signature of a round.

use ark_bls12_381::{g1, Bls12_381, G1Affine, G1Projective, G2Affine};
use ark_ec::hashing::curve_maps::wb::WBMap;
use ark_ec::hashing::map_to_curve_hasher::MapToCurveBasedHasher;
use ark_ec::hashing::HashToCurve;
use ark_ec::pairing::Pairing;
use ark_ec::AffineRepr;
use ark_ff::field_hashers::DefaultFieldHasher;
use ark_ff::Field;
use ark_serialize::CanonicalDeserialize;
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

type ToCurve =
    MapToCurveBasedHasher<G1Projective, DefaultFieldHasher<Sha256, 128>, WBMap<g1::Config>>;

/// Point that a round's signature multiplies with the secret key.
pub fn round_point(round: u64) -> Option<G1Affine> {
    let message = Sha256::digest(round.to_be_bytes());
    ToCurve::new(DOMAIN).ok()?.hash(&message).ok()
}

/// Whether the signature is that of the beacon with this public key for the round; `None` when one
/// of them is no point. The key is taken as one that a person chose to trust: only that it lies on
/// the curve is checked. The signature must be in the group that drand signs in.
pub fn verify(public_key: &[u8], round: u64, signature: &[u8]) -> Option<bool> {
    let key = G2Affine::deserialize_compressed_unchecked(public_key).ok()?;
    let signature = G1Affine::deserialize_compressed(signature).ok()?;
    let point = round_point(round)?;
    let product = Bls12_381::multi_pairing([-signature, point], [G2Affine::generator(), key]);
    Some(product.0 == Field::ONE)
}

//! Keys and their derivation: bytes in, bytes out, no ambient randomness.
#![forbid(unsafe_code)]

use rand_core::{CryptoRng, Error, RngCore};
use schnorrkel::{
    derive::ChainCode, derive::Derivation, ExpansionMode, Keypair, MiniSecretKey, SecretKey,
};
use zeroize::{Zeroize, Zeroizing};

/// A keypair as the host holds it: scalar (32, canonical mod l), nonce (32), public key (32).
pub const KEYPAIR: usize = 96;

/// 32 bytes from the host, handed to the one place in the transcript that asks for randomness.
pub(crate) struct HostRandomness(Zeroizing<[u8; 32]>);

impl HostRandomness {
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*seed))
    }
}

impl RngCore for HostRandomness {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }
    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }
    // merlin draws exactly 32 bytes once per transcript, then expands them with Strobe-128.
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for chunk in dest.chunks_mut(32) {
            chunk.copy_from_slice(&self.0[..chunk.len()]);
        }
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}
impl CryptoRng for HostRandomness {}

/// Expands a 32-byte mini secret the way Substrate does (Ed25519 mode).
pub fn keypair_from_mini(mini: &[u8; 32]) -> Option<[u8; KEYPAIR]> {
    let mini = MiniSecretKey::from_bytes(mini).ok()?;
    Some(pack(&mini.expand_to_keypair(ExpansionMode::Ed25519)))
}

/// Reads the 64 bytes that a keyfile calls `privateKey`: canonical scalar, then nonce.
/// `None` for a scalar that is not reduced or is zero.
pub fn keypair_from_secret(secret: &[u8; 64]) -> Option<[u8; KEYPAIR]> {
    let keypair = SecretKey::from_bytes(secret).ok()?.to_keypair();
    if is_identity(&keypair.public.to_bytes()) {
        return None;
    }
    Some(pack(&keypair))
}

/// Hard junction: the child's mini secret and its keypair.
pub fn derive_hard(keypair: &[u8; KEYPAIR], chain_code: &[u8; 32]) -> Option<[u8; 32 + KEYPAIR]> {
    let parent = unpack(keypair)?;
    let (mini, _) = parent.hard_derive_mini_secret_key(Some(ChainCode(*chain_code)), b"");
    let mut out = [0u8; 32 + KEYPAIR];
    out[..32].copy_from_slice(mini.as_bytes());
    let mut child = pack(&mini.expand_to_keypair(ExpansionMode::Ed25519));
    out[32..].copy_from_slice(&child);
    child.zeroize();
    Some(out)
}

/// Soft junction. The child's signing nonce is drawn from `randomness`; its scalar and public
/// key depend on parent and chain code only.
pub fn derive_soft(
    keypair: &[u8; KEYPAIR],
    chain_code: &[u8; 32],
    randomness: &[u8; 32],
) -> Option<[u8; KEYPAIR]> {
    let parent = unpack(keypair)?;
    let rng = HostRandomness::new(randomness);
    let (child, _) = parent.derived_key_simple_rng(ChainCode(*chain_code), b"", rng);
    Some(pack(&child))
}

/// Under the identity key anyone can sign anything. Ristretto has one encoding of it: all zeros.
pub(crate) fn is_identity(public: &[u8; 32]) -> bool {
    public.iter().all(|byte| *byte == 0)
}

fn pack(keypair: &Keypair) -> [u8; KEYPAIR] {
    keypair.to_bytes()
}

fn unpack(bytes: &[u8; KEYPAIR]) -> Option<Keypair> {
    Keypair::from_bytes(bytes).ok()
}

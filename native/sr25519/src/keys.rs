//! Keys, derivation, signatures: bytes in, bytes out, no ambient randomness.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use rand_core::{CryptoRng, Error, RngCore};
use schnorrkel::{
    context::attach_rng, derive::ChainCode, derive::Derivation, signing_context, verify_batch_rng,
    ExpansionMode, Keypair, MiniSecretKey, PublicKey, SecretKey, Signature,
};
use zeroize::{Zeroize, Zeroizing};

/// Every Substrate chain signs under this context.
const CONTEXT: &[u8] = b"substrate";
/// A keypair as the host holds it: scalar (32, canonical mod l), nonce (32), public key (32).
pub const KEYPAIR: usize = 96;

/// 32 bytes from the host, handed to the one place in the transcript that asks for randomness.
struct HostRandomness(Zeroizing<[u8; 32]>);

impl HostRandomness {
    fn new(seed: &[u8; 32]) -> Self {
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

/// Signs `message` under the `substrate` context. The nonce mixes the key's own nonce half, the
/// transcript and `randomness`, so weak randomness alone does not leak the key.
pub fn sign(keypair: &[u8; KEYPAIR], message: &[u8], randomness: &[u8; 32]) -> Option<[u8; 64]> {
    let keypair = unpack(keypair)?;
    let transcript = signing_context(CONTEXT).bytes(message);
    let transcript = attach_rng(transcript, HostRandomness::new(randomness));
    Some(keypair.sign(transcript).to_bytes())
}

/// One signature to check; lengths are exact by type.
pub struct Claim<'a> {
    /// Ristretto-compressed public key.
    pub public: &'a [u8; 32],
    /// R, then s with the schnorrkel marker bit.
    pub signature: &'a [u8; 64],
    /// The message as signed.
    pub message: &'a [u8],
}

struct Checked<'a> {
    public: PublicKey,
    signature: Signature,
    message: &'a [u8],
}

/// False for anything malformed: unmarked or unreduced signature, undecodable or identity key.
pub fn verify(claim: &Claim) -> bool {
    match check(claim) {
        Some(checked) => verify_checked(&checked),
        None => false,
    }
}

/// One verdict per claim, equal to what [`verify`] says of each alone. When the joint equation
/// fails every member is checked singly, so the worst a bad signature does is to cost its batch
/// the speed-up: halving instead would not be cheaper with one bad member and dearer with more.
pub fn verify_each(claims: &[Claim], randomness: &[u8; 32]) -> Vec<bool> {
    let checked: Vec<Option<Checked>> = claims.iter().map(check).collect();
    let sound: Vec<&Checked> = checked.iter().flatten().collect();
    if sound.len() > 1 && verify_jointly(&sound, randomness) {
        return checked.iter().map(Option::is_some).collect();
    }
    let single = |one: &Option<Checked>| one.as_ref().is_some_and(verify_checked);
    checked.iter().map(single).collect()
}

fn check<'a>(claim: &Claim<'a>) -> Option<Checked<'a>> {
    // Under the identity key anyone can sign anything.
    if is_identity(claim.public) {
        return None;
    }
    Some(Checked {
        signature: Signature::from_bytes(claim.signature).ok()?,
        public: PublicKey::from_bytes(claim.public).ok()?,
        message: claim.message,
    })
}

fn verify_checked(one: &Checked) -> bool {
    let transcript = signing_context(CONTEXT).bytes(one.message);
    one.public.verify(transcript, &one.signature).is_ok()
}

// The coefficients must not be foreseeable: schnorrkel's deterministic variant does not commit to
// the s halves, so two signatures wrong by cancelling amounts would pass together.
fn verify_jointly(sound: &[&Checked], randomness: &[u8; 32]) -> bool {
    let context = signing_context(CONTEXT);
    let transcripts = sound.iter().map(|one| context.bytes(one.message));
    let signatures: Vec<Signature> = sound.iter().map(|one| one.signature).collect();
    let keys: Vec<PublicKey> = sound.iter().map(|one| one.public).collect();
    let rng = HostRandomness::new(randomness);
    verify_batch_rng(transcripts, &signatures, &keys, false, rng).is_ok()
}

// Ristretto has one encoding of the identity: all zeros.
fn is_identity(public: &[u8; 32]) -> bool {
    public.iter().all(|byte| *byte == 0)
}

fn pack(keypair: &Keypair) -> [u8; KEYPAIR] {
    keypair.to_bytes()
}

fn unpack(bytes: &[u8; KEYPAIR]) -> Option<Keypair> {
    Keypair::from_bytes(bytes).ok()
}

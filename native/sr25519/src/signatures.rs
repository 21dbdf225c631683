//! Signing and verifying, with a memory of public keys.
#![forbid(unsafe_code)]

use crate::base::Base;
use crate::comb::{sum, Comb, Dealer};
use crate::keys::{is_identity, HostRandomness, KEYPAIR};
use crate::known_keys::{KnownKeys, CAPACITY};
use crate::point::Point;
use alloc::vec::Vec;
use curve25519_dalek::{
    constants::RISTRETTO_BASEPOINT_COMPRESSED, ristretto::CompressedRistretto, scalar::Scalar,
};
use schnorrkel::{
    context::{attach_rng, SigningContext, SigningTranscript},
    PublicKey, Signature,
};
use zeroize::Zeroizing;

/// Every Substrate chain signs under this context.
const CONTEXT: &[u8] = b"substrate";
/// The highest bit of a signature tells schnorrkel's from others.
const MARK: u8 = 0x80;

/// One signature to check; lengths are exact by type.
pub struct Claim<'a> {
    /// Ristretto-compressed public key.
    pub public: &'a [u8; 32],
    /// R, then s with the schnorrkel marker bit.
    pub signature: &'a [u8; 64],
    /// The message as signed.
    pub message: &'a [u8],
}

/// Signs and verifies; remembers public keys, and nothing else, from call to call.
pub struct Signatures {
    context: SigningContext,
    dealer: Dealer,
    base: Base,
    base_comb: Comb,
    known: KnownKeys,
}

impl Default for Signatures {
    fn default() -> Self {
        Self::with_room_for(CAPACITY)
    }
}

impl Signatures {
    /// Remembers at most `keys` keys.
    pub fn with_room_for(keys: usize) -> Self {
        let base_comb = Comb::of(RISTRETTO_BASEPOINT_COMPRESSED.as_bytes());
        Self {
            context: SigningContext::new(CONTEXT),
            dealer: Dealer::default(),
            base: Base::default(),
            base_comb: base_comb.expect("the base point is a point"),
            known: KnownKeys::new(keys),
        }
    }

    /// Signs `message`, as schnorrkel does. The nonce mixes the key's own nonce half, the
    /// transcript and `randomness`, so weak randomness alone does not leak the key.
    pub fn sign(
        &mut self,
        keypair: &[u8; KEYPAIR],
        message: &[u8],
        randomness: &[u8; 32],
    ) -> Option<[u8; 64]> {
        let (key, nonce) = (third(keypair, 0), third(keypair, 1));
        let key = Zeroizing::new(Option::<Scalar>::from(Scalar::from_canonical_bytes(key))?);
        let public = third(keypair, 2);
        self.known.find(&public)?;
        let transcript = self.context.bytes(message);
        let mut transcript = attach_rng(transcript, HostRandomness::new(randomness));
        name_key(&mut transcript, &public);
        let nonce = Zeroizing::new(nonce);
        let r = Zeroizing::new(transcript.witness_scalar(b"signing", &[&nonce[..]]));
        let encoding = self.base.times(&r);
        let s = challenge(&mut transcript, &encoding) * *key + *r;
        Some(written(&encoding, &s))
    }

    /// False for anything malformed: unmarked or unreduced signature, undecodable or identity key.
    pub fn verify(&mut self, claim: &Claim) -> bool {
        self.verify_each(core::slice::from_ref(claim)) == [true]
    }

    /// One verdict per claim, each by its own equation: no claim has a say in another's.
    pub fn verify_each(&mut self, claims: &[Claim]) -> Vec<bool> {
        // At most one key gets tables in a call, so that none takes unusually long.
        let mut may_build = true;
        let findings: Vec<Finding> =
            claims.iter().map(|claim| self.examine(claim, &mut may_build)).collect();
        let halves: Vec<Point> = findings.iter().filter_map(Finding::half).collect();
        let mut encodings = Point::encode_doubles(&halves).into_iter();
        let verdict = |finding: &Finding| match finding {
            Finding::Settled(verdict) => *verdict,
            Finding::HalfOf { r, .. } => encodings.next() == Some(*r),
        };
        findings.iter().map(verdict).collect()
    }

    fn examine(&mut self, claim: &Claim, may_build: &mut bool) -> Finding {
        self.look_up(claim, may_build).unwrap_or(Finding::Settled(false))
    }

    // `None` for what is malformed.
    fn look_up(&mut self, claim: &Claim, may_build: &mut bool) -> Option<Finding> {
        let (r, s) = read(claim.signature)?;
        if is_identity(claim.public) {
            return None;
        }
        let key = self.known.find(claim.public)?;
        *may_build &= !key.count_check(*may_build);
        let mut transcript = self.context.bytes(claim.message);
        let Some(comb) = key.comb() else {
            return Some(Finding::Settled(verify_plainly(transcript, key.public(), claim)));
        };
        name_key(&mut transcript, claim.public);
        let minus_k = -challenge(&mut transcript, &r);
        let s = self.dealer.columns_of_half(&s);
        let minus_k = self.dealer.columns_of_half(&minus_k);
        let half = sum([(&self.base_comb, &s), (comb, &minus_k)]);
        Some(Finding::HalfOf { r, half })
    }
}

/// What a claim comes to before all encodings are made together.
enum Finding {
    Settled(bool),
    /// Twice this point has to have the encoding `r`.
    HalfOf {
        r: [u8; 32],
        half: Point,
    },
}

impl Finding {
    fn half(&self) -> Option<Point> {
        match self {
            Finding::HalfOf { half, .. } => Some(*half),
            Finding::Settled(_) => None,
        }
    }
}

fn third(keypair: &[u8; KEYPAIR], at: usize) -> [u8; 32] {
    core::array::from_fn(|byte| keypair[at * 32 + byte])
}

// Only the one spelling of s below the group's order, and only with the mark.
fn read(signature: &[u8; 64]) -> Option<([u8; 32], Scalar)> {
    let r = core::array::from_fn(|at| signature[at]);
    let mut s: [u8; 32] = core::array::from_fn(|at| signature[32 + at]);
    if s[31] & MARK == 0 {
        return None;
    }
    s[31] &= !MARK;
    Option::from(Scalar::from_canonical_bytes(s)).map(|s| (r, s))
}

fn written(r: &[u8; 32], s: &Scalar) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(r);
    signature[32..].copy_from_slice(s.as_bytes());
    signature[63] |= MARK;
    signature
}

fn name_key(transcript: &mut impl SigningTranscript, public: &[u8; 32]) {
    transcript.proto_name(b"Schnorr-sig");
    transcript.commit_point(b"sign:pk", &CompressedRistretto(*public));
}

fn challenge(transcript: &mut impl SigningTranscript, r: &[u8; 32]) -> Scalar {
    transcript.commit_point(b"sign:R", &CompressedRistretto(*r));
    transcript.challenge_scalar(b"sign:c")
}

fn verify_plainly(transcript: impl SigningTranscript, public: &PublicKey, claim: &Claim) -> bool {
    Signature::from_bytes(claim.signature)
        .is_ok_and(|signature| public.verify(transcript, &signature).is_ok())
}

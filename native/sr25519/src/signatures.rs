//! Signing and verifying, with a memory of public keys.
#![forbid(unsafe_code)]

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
    PublicKey, SecretKey, Signature,
};

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
    base: Option<Comb>,
    known: KnownKeys,
}

impl Default for Signatures {
    fn default() -> Self {
        Self::with_room_for(CAPACITY)
    }
}

/// What a claim comes to before the encodings of all are computed together.
enum Finding {
    Settled(bool),
    /// Half of the point that R has to encode.
    HalfOfR(Point),
}

impl Signatures {
    /// Remembers at most `keys` keys.
    pub fn with_room_for(keys: usize) -> Self {
        Self {
            context: SigningContext::new(CONTEXT),
            dealer: Dealer::default(),
            base: Comb::of(RISTRETTO_BASEPOINT_COMPRESSED.as_bytes()),
            known: KnownKeys::new(keys),
        }
    }

    /// Signs `message`. The nonce mixes the key's own nonce half, the transcript and
    /// `randomness`, so weak randomness alone does not leak the key.
    pub fn sign(
        &mut self,
        keypair: &[u8; KEYPAIR],
        message: &[u8],
        randomness: &[u8; 32],
    ) -> Option<[u8; 64]> {
        let (secret, public) = keypair.split_at(64);
        let secret = SecretKey::from_bytes(secret).ok()?;
        let public = self.known.find(public.try_into().ok()?)?.public();
        let transcript = self.context.bytes(message);
        let transcript = attach_rng(transcript, HostRandomness::new(randomness));
        Some(secret.sign(transcript, public).to_bytes())
    }

    /// False for anything malformed: unmarked or unreduced signature, undecodable or identity key.
    pub fn verify(&mut self, claim: &Claim) -> bool {
        self.verify_each(core::slice::from_ref(claim)) == [true]
    }

    /// One verdict per claim, each by its own equation: no claim has a say in another's.
    pub fn verify_each(&mut self, claims: &[Claim]) -> Vec<bool> {
        let mut may_build = true;
        let findings: Vec<Finding> =
            claims.iter().map(|claim| self.examine(claim, &mut may_build)).collect();
        let halves: Vec<Point> = findings.iter().filter_map(Finding::half).collect();
        let mut encodings = Point::encode_doubles(&halves).into_iter();
        let verdict = |(finding, claim): (&Finding, &Claim)| match finding {
            Finding::Settled(verdict) => *verdict,
            Finding::HalfOfR(_) => {
                encodings.next().as_ref().map(|r| &r[..]) == claim.signature.get(..32)
            }
        };
        findings.iter().zip(claims).map(verdict).collect()
    }

    // At most one table is made for each call, so that none takes unusually long.
    fn examine(&mut self, claim: &Claim, may_build: &mut bool) -> Finding {
        let Some(s) = read_s(claim.signature).filter(|_| !is_identity(claim.public)) else {
            return Finding::Settled(false);
        };
        let Some(key) = self.known.find(claim.public) else {
            return Finding::Settled(false);
        };
        *may_build &= !key.count_check(*may_build);
        match (&self.base, key.comb()) {
            (Some(base), Some(comb)) => {
                let minus_k = -challenge(&self.context, claim);
                let s = self.dealer.columns_of_half(&s);
                let minus_k = self.dealer.columns_of_half(&minus_k);
                Finding::HalfOfR(sum([(base, &s), (comb, &minus_k)]))
            }
            _ => Finding::Settled(verify_plainly(&self.context, key.public(), claim)),
        }
    }
}

impl Finding {
    fn half(&self) -> Option<Point> {
        match self {
            Finding::HalfOfR(half) => Some(*half),
            Finding::Settled(_) => None,
        }
    }
}

// Only the one spelling of s below the group's order, and only with the mark.
fn read_s(signature: &[u8; 64]) -> Option<Scalar> {
    let mut s = [0; 32];
    s.copy_from_slice(&signature[32..]);
    if s[31] & MARK == 0 {
        return None;
    }
    s[31] &= !MARK;
    Scalar::from_canonical_bytes(s).into()
}

fn challenge(context: &SigningContext, claim: &Claim) -> Scalar {
    let mut r = [0; 32];
    r.copy_from_slice(&claim.signature[..32]);
    let mut transcript = context.bytes(claim.message);
    transcript.proto_name(b"Schnorr-sig");
    transcript.commit_point(b"sign:pk", &CompressedRistretto(*claim.public));
    transcript.commit_point(b"sign:R", &CompressedRistretto(r));
    transcript.challenge_scalar(b"sign:c")
}

fn verify_plainly(context: &SigningContext, public: &PublicKey, claim: &Claim) -> bool {
    let transcript = context.bytes(claim.message);
    Signature::from_bytes(claim.signature)
        .is_ok_and(|signature| public.verify(transcript, &signature).is_ok())
}

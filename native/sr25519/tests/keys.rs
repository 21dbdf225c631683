use sr25519_wasm::keys::*;
use sr25519_wasm::signatures::{Claim, Signatures};

const RANDOM: [u8; 32] = [7; 32];

fn pair(seed: u8) -> [u8; KEYPAIR] {
    keypair_from_mini(&[seed; 32]).unwrap()
}

fn public(pair: &[u8; KEYPAIR]) -> [u8; 32] {
    pair[64..].try_into().unwrap()
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let mut out = [0; N];
    for (at, slot) in out.iter_mut().enumerate() {
        *slot = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    }
    out
}

#[test]
fn keyfile_form_gives_the_same_key() {
    let alice = pair(1);
    let again = keypair_from_secret(alice[..64].try_into().unwrap()).unwrap();
    assert_eq!(again, alice);
}

#[test]
fn refuses_an_unreduced_or_zero_scalar() {
    let mut secret: [u8; 64] = pair(1)[..64].try_into().unwrap();
    secret[31] = 0xff;
    assert!(keypair_from_secret(&secret).is_none());
    assert!(keypair_from_secret(&[0; 64]).is_none());
}

#[test]
fn derives_the_documented_development_key() {
    // //Alice from the well-known development phrase; the chain code is SCALE("Alice").
    let root = keypair_from_mini(&hex::<32>(
        "fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e",
    ))
    .unwrap();
    assert_eq!(
        public(&root),
        hex::<32>("46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a")
    );
    let mut code = [0u8; 32];
    code[..6].copy_from_slice(b"\x14Alice");
    let child = derive_hard(&root, &code).unwrap();
    assert_eq!(
        child[..32],
        hex::<32>("e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a")
    );
    assert_eq!(
        child[96..],
        hex::<32>("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d")
    );
}

#[test]
fn soft_child_signs() {
    let child = derive_soft(&pair(1), &[9; 32], &RANDOM).unwrap();
    let mut kept = Signatures::default();
    let signature = kept.sign(&child, b"m", &RANDOM).unwrap();
    let claim = Claim { public: &public(&child), signature: &signature, message: b"m" };
    assert!(kept.verify(&claim));
    assert_eq!(public(&child), public(&derive_soft(&pair(1), &[9; 32], &[8; 32]).unwrap()));
}

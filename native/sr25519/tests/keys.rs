use sr25519_wasm::keys::*;

const RANDOM: [u8; 32] = [7; 32];

fn pair(seed: u8) -> [u8; KEYPAIR] {
    keypair_from_mini(&[seed; 32]).unwrap()
}

fn public(pair: &[u8; KEYPAIR]) -> [u8; 32] {
    pair[64..].try_into().unwrap()
}

fn holds(public: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    verify(&Claim { public, signature, message })
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    let mut out = [0; N];
    for (at, slot) in out.iter_mut().enumerate() {
        *slot = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    }
    out
}

#[test]
fn signs_what_it_verifies_and_nothing_else() {
    let alice = pair(1);
    let signature = sign(&alice, b"hello", &RANDOM).unwrap();
    assert!(holds(&public(&alice), &signature, b"hello"));
    assert!(!holds(&public(&alice), &signature, b"hellO"));
    assert!(!holds(&public(&pair(2)), &signature, b"hello"));
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
    let signature = sign(&child, b"m", &RANDOM).unwrap();
    assert!(holds(&public(&child), &signature, b"m"));
    assert_eq!(public(&child), public(&derive_soft(&pair(1), &[9; 32], &[8; 32]).unwrap()));
}

#[test]
fn refuses_malformed_signatures_and_keys() {
    let alice = pair(1);
    let good = sign(&alice, b"m", &RANDOM).unwrap();
    let mut unmarked = good;
    unmarked[63] &= 127;
    assert!(!holds(&public(&alice), &unmarked, b"m"));
    assert!(!holds(&public(&alice), &add_order(&good), b"m"));
    assert!(!holds(&[0xff; 32], &good, b"m"));
    assert!(!holds(&public(&alice), &[0xff; 64], b"m"));
}

// s + l is the same residue in another encoding.
fn add_order(signature: &[u8; 64]) -> [u8; 64] {
    let order: [u8; 32] = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut out = *signature;
    let mut carry = 0u16;
    for at in 0..32 {
        let byte = if at == 31 { out[63] & 127 } else { out[32 + at] };
        carry += byte as u16 + order[at] as u16;
        out[32 + at] = carry as u8;
        carry >>= 8;
    }
    out[63] |= 128;
    out
}

#[test]
fn refuses_the_identity_key_under_which_anyone_signs() {
    // With A = 0 the equation is R = sB: take any key's secret as s and its public key as R.
    let any = pair(3);
    let mut forged = [0u8; 64];
    forged[..32].copy_from_slice(&public(&any));
    forged[32..].copy_from_slice(&any[..32]);
    forged[63] |= 128;
    assert!(!holds(&[0; 32], &forged, b"m"));
    let claim = Claim { public: &[0; 32], signature: &forged, message: b"m" };
    assert_eq!(verify_each(&[claim], &RANDOM), [false]);
}

#[test]
fn one_bad_signature_hurts_only_itself() {
    let pairs: Vec<_> = (1..=32).map(pair).collect();
    let publics: Vec<_> = pairs.iter().map(public).collect();
    let mut signatures: Vec<_> =
        pairs.iter().map(|pair| sign(pair, b"m", &RANDOM).unwrap()).collect();
    let verdicts = |signatures: &[[u8; 64]]| {
        let claims: Vec<_> = publics
            .iter()
            .zip(signatures)
            .map(|(public, signature)| Claim { public, signature, message: b"m" })
            .collect();
        verify_each(&claims, &RANDOM)
    };
    assert_eq!(verdicts(&signatures), [true; 32]);
    signatures[5][3] ^= 1;
    signatures[9][63] &= 127;
    let expected: Vec<bool> = (0..32).map(|at| at != 5 && at != 9).collect();
    assert_eq!(verdicts(&signatures), expected);
}

#[test]
fn an_empty_batch_is_fine() {
    assert!(verify_each(&[], &RANDOM).is_empty());
}

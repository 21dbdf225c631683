use sr25519_wasm::keys::keypair_from_mini;
use sr25519_wasm::known_keys::KnownKeys;

fn public(seed: u8) -> [u8; 32] {
    keypair_from_mini(&[seed; 32]).unwrap()[64..].try_into().unwrap()
}

fn check(known: &mut KnownKeys, seed: u8, may_build: bool) -> bool {
    known.find(&public(seed)).unwrap().count_check(may_build)
}

fn has_tables(known: &mut KnownKeys, seed: u8) -> bool {
    known.find(&public(seed)).unwrap().comb().is_some()
}

#[test]
fn a_key_gets_its_tables_at_the_fourth_check_when_it_may() {
    let mut known = KnownKeys::new(4);
    let built: Vec<bool> = (0..6).map(|at| check(&mut known, 1, at != 3)).collect();
    assert_eq!(built, [false, false, false, false, true, false]);
    assert!(has_tables(&mut known, 1));
    assert!(!has_tables(&mut known, 2));
}

#[test]
fn what_is_used_stays_and_what_is_not_makes_room() {
    let mut known = KnownKeys::new(3);
    for _ in 0..4 {
        check(&mut known, 1, true);
    }
    for stranger in 2..40 {
        known.find(&public(stranger)).unwrap();
        assert!(has_tables(&mut known, 1));
    }
    for stranger in 40..46 {
        known.find(&public(stranger)).unwrap();
    }
    assert!(!has_tables(&mut known, 1));
}

#[test]
fn bytes_that_are_no_point_take_no_room() {
    let mut known = KnownKeys::new(1);
    for _ in 0..4 {
        check(&mut known, 1, true);
    }
    assert!(known.find(&[0xff; 32]).is_none());
    assert!(has_tables(&mut known, 1));
}

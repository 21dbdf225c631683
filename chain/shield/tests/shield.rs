use codec::Encode;
use core::cell::RefCell;
use frame_support::inherent::{InherentData, ProvideInherent};
use frame_support::pallet_prelude::TransactionSource;
use frame_support::traits::{ConstU32, Hooks};
use frame_support::{assert_noop, assert_ok, construct_runtime, derive_impl, BoundedVec};
use pallet_shield::extension::is_well_formed;
use pallet_shield::pallet as shield;
use pallet_shield::*;
use sp_runtime::traits::{BlakeTwo256, Hash as _, TransactionExtension, TxBaseImplication};
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionValidityError, ValidTransaction,
};
use sp_runtime::{BuildStorage, DispatchError};

type Block = frame_system::mocking::MockBlock<Test>;

construct_runtime!(
    pub enum Test {
        System: frame_system = 0,
        MevShield: shield = 30,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
}

impl shield::Config for Test {
    type AuthorityId = u64;
    type Authors = Turns;
}

/// Authors that take turns, by the number of the block; none of a chain without any.
pub struct Turns;

thread_local! {
    static AUTHORS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

fn author_at(block: u64) -> Option<u64> {
    AUTHORS.with_borrow(|authors| {
        let turn = block.checked_rem(authors.len() as u64)?;
        authors.get(turn as usize).copied()
    })
}

impl Authors<u64> for Turns {
    fn of_this_block() -> Option<u64> {
        author_at(System::block_number())
    }

    fn of_second_next_block() -> Option<u64> {
        author_at(System::block_number() + 2)
    }
}

fn with_authors(authors: &[u64], test: impl FnOnce()) {
    AUTHORS.set(authors.to_vec());
    let storage = RuntimeGenesisConfig::default()
        .build_storage()
        .expect("genesis");
    sp_io::TestExternalities::new(storage).execute_with(test);
}

/// A key that tells the block of its announcement.
fn key(block: u64) -> ShieldEncKey {
    bytes(vec![block as u8; KEY_LENGTH])
}

fn bytes<const N: u32>(bytes: Vec<u8>) -> BoundedVec<u8, ConstU32<N>> {
    bytes.try_into().expect("short enough")
}

fn announce(block: u64, key: Option<ShieldEncKey>) {
    System::set_block_number(block);
    assert_ok!(MevShield::announce_next_key(RuntimeOrigin::none(), key));
}

/// Next, pending, current.
fn keys() -> [Option<ShieldEncKey>; 3] {
    [
        NextKey::<Test>::get(),
        PendingKey::<Test>::get(),
        CurrentKey::<Test>::get(),
    ]
}

#[test]
fn a_key_is_passed_on_until_its_authors_turn() {
    with_authors(&[100, 101, 102], || {
        for block in 1..=9 {
            announce(block, Some(key(block)));
        }
        // Block 10 is 101's, which announced in 7; 11 is 102's. Who builds 10 opens what is pending.
        assert_eq!(keys(), [Some(key(8)), Some(key(7)), Some(key(6))]);
        assert_eq!(AuthorKeys::<Test>::get(100), Some(key(9)));
        assert_eq!(PendingKeyExpiresAt::<Test>::get(), Some(11));
        assert_eq!(NextKeyExpiresAt::<Test>::get(), Some(12));
    });
}

#[test]
fn the_first_blocks_have_no_keys_yet() {
    with_authors(&[100], || {
        announce(1, Some(key(1)));
        assert_eq!(keys(), [None, None, None]);
        assert_eq!(NextKeyExpiresAt::<Test>::get(), None);
        announce(2, Some(key(2)));
        assert_eq!(keys(), [Some(key(1)), None, None]);
        assert_eq!(PendingKeyExpiresAt::<Test>::get(), None);
        announce(3, Some(key(3)));
        assert_eq!(keys(), [Some(key(2)), Some(key(1)), None]);
        announce(4, Some(key(4)));
        assert_eq!(keys(), [Some(key(3)), Some(key(2)), Some(key(1))]);
    });
}

#[test]
fn an_author_without_a_key_takes_no_part() {
    with_authors(&[100], || {
        announce(1, Some(key(1)));
        announce(2, None);
        assert_eq!(AuthorKeys::<Test>::get(100), None);
        announce(3, Some(key(3)));
        assert_eq!(keys(), [None, Some(key(1)), None]);
        assert_eq!(NextKeyExpiresAt::<Test>::get(), None);
    });
}

#[test]
fn a_key_of_another_length_changes_nothing() {
    with_authors(&[100], || {
        announce(1, Some(key(1)));
        announce(2, Some(key(2)));
        for length in [KEY_LENGTH - 1, KEY_LENGTH + 1] {
            assert_noop!(
                MevShield::announce_next_key(RuntimeOrigin::none(), Some(bytes(vec![0; length]))),
                Error::<Test>::BadEncKeyLen
            );
        }
    });
}

#[test]
fn only_the_builder_of_a_block_announces() {
    with_authors(&[100], || {
        for origin in [RuntimeOrigin::signed(1), RuntimeOrigin::root()] {
            assert_noop!(
                MevShield::announce_next_key(origin, None),
                DispatchError::BadOrigin
            );
        }
    });
    with_authors(&[], || {
        assert_noop!(
            MevShield::announce_next_key(RuntimeOrigin::none(), None),
            Error::<Test>::Unreachable
        );
    });
}

#[test]
fn an_announcement_is_an_inherent_of_the_chains_identifier() {
    let mut data = InherentData::new();
    assert!(MevShield::create_inherent(&data).is_none());
    data.put_data(*b"shieldpk", &Some(key(1))).expect("new");
    let call = MevShield::create_inherent(&data).expect("an announcement");
    assert_eq!(
        call,
        shield::Call::announce_next_key {
            enc_key: Some(key(1))
        }
    );
    assert!(MevShield::is_inherent(&call));
    let carrier = shield::Call::<Test>::submit_encrypted {
        ciphertext: bytes(vec![]),
    };
    assert!(!MevShield::is_inherent(&carrier));
}

#[test]
fn a_carrier_is_noted_with_the_hash_of_who_and_what() {
    with_authors(&[100], || {
        System::set_block_number(1);
        let ciphertext: Ciphertext = bytes(vec![7; 90]);
        assert_ok!(MevShield::submit_encrypted(
            RuntimeOrigin::signed(5),
            ciphertext.clone()
        ));
        let id = BlakeTwo256::hash(&(5u64, ciphertext).encode());
        System::assert_last_event(Event::EncryptedSubmitted { id, who: 5 }.into());
        assert_noop!(
            MevShield::submit_encrypted(RuntimeOrigin::none(), bytes(vec![])),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn what_is_stored_is_dropped_by_the_next_block() {
    with_authors(&[100], || {
        System::set_block_number(1);
        for index in 0..2 {
            assert_ok!(store(5));
            System::assert_last_event(Event::ExtrinsicStored { index, who: 5 }.into());
        }
        System::set_block_number(2);
        System::reset_events();
        MevShield::on_initialize(2);
        let seen: Vec<_> = System::events()
            .into_iter()
            .map(|record| record.event)
            .collect();
        let dropped = |index| RuntimeEvent::MevShield(Event::ExtrinsicDecodeFailed { index });
        assert_eq!(seen, [dropped(0), dropped(1)]);
        assert_eq!(PendingExtrinsics::<Test>::count(), 0);
        assert_ok!(store(6));
        assert!(PendingExtrinsics::<Test>::contains_key(2));
    });
}

fn store(who: u64) -> Result<(), DispatchError> {
    MevShield::store_encrypted(RuntimeOrigin::signed(who), bytes(vec![1]))
}

#[test]
fn the_queue_has_a_limit_and_a_lifetime() {
    with_authors(&[100], || {
        let root = RuntimeOrigin::root;
        System::set_block_number(1);
        assert_ok!(MevShield::set_max_pending_extrinsics_number(root(), 1));
        assert_ok!(MevShield::set_stored_extrinsic_lifetime(root(), 0));
        assert_ok!(store(5));
        assert_noop!(store(5), Error::<Test>::TooManyPendingExtrinsics);
        System::set_block_number(2);
        MevShield::on_initialize(2);
        System::assert_last_event(Event::ExtrinsicExpired { index: 0 }.into());
    });
}

#[test]
fn limits_are_roots_and_bounded() {
    with_authors(&[100], || {
        let most = 2_000_000_000_000;
        assert_ok!(MevShield::set_on_initialize_weight(
            RuntimeOrigin::root(),
            most
        ));
        assert_ok!(MevShield::set_max_extrinsic_weight(
            RuntimeOrigin::root(),
            most
        ));
        assert_eq!(OnInitializeWeight::<Test>::get(), most);
        assert_eq!(MaxExtrinsicWeight::<Test>::get(), most);
        let too_much = Error::<Test>::WeightExceedsAbsoluteMax;
        let root = RuntimeOrigin::root;
        assert_noop!(
            MevShield::set_on_initialize_weight(root(), most + 1),
            too_much
        );
        let too_much = Error::<Test>::WeightExceedsAbsoluteMax;
        assert_noop!(
            MevShield::set_max_extrinsic_weight(root(), most + 1),
            too_much
        );
        let mine = || RuntimeOrigin::signed(1);
        for refused in [
            MevShield::set_on_initialize_weight(mine(), 1),
            MevShield::set_max_extrinsic_weight(mine(), 1),
            MevShield::set_max_pending_extrinsics_number(mine(), 1),
            MevShield::set_stored_extrinsic_lifetime(mine(), 1),
        ] {
            assert_eq!(refused, Err(DispatchError::BadOrigin));
        }
    });
}

fn envelope(kem: usize, sealed: usize) -> Vec<u8> {
    let length = (kem as u16).to_le_bytes();
    [
        &[9; 16][..],
        &length,
        &vec![1; kem],
        &[2; 24],
        &vec![3; sealed],
    ]
    .concat()
}

#[test]
fn an_envelope_has_all_its_parts() {
    for whole in [envelope(1088, 17), envelope(0, 1), envelope(4, 90)] {
        assert!(is_well_formed(&whole));
    }
    let whole = envelope(4, 1);
    for length in 0..whole.len() {
        assert!(!is_well_formed(&whole[..length]), "{length}");
    }
    let mut endless = envelope(4, 90);
    endless[16..18].copy_from_slice(&u16::MAX.to_le_bytes());
    assert!(!is_well_formed(&endless));
}

fn checked(
    origin: RuntimeOrigin,
    call: RuntimeCall,
) -> Result<ValidTransaction, TransactionValidityError> {
    let extension = CheckShieldedTxValidity::<Test>(core::marker::PhantomData);
    let info = Default::default();
    let source = TransactionSource::External;
    extension
        .validate(
            origin,
            &call,
            &info,
            0,
            (),
            &TxBaseImplication(&call),
            source,
        )
        .map(|(validity, (), _)| validity)
}

#[test]
fn the_pool_refuses_a_malformed_carrier_as_number_23() {
    with_authors(&[100], || {
        let carrier = |ciphertext| {
            RuntimeCall::MevShield(shield::Call::submit_encrypted {
                ciphertext: bytes(ciphertext),
            })
        };
        let signed = || RuntimeOrigin::signed(1);
        let fine = Ok(ValidTransaction::default());
        assert_eq!(checked(signed(), carrier(envelope(1088, 200))), fine);
        let refused = Err(InvalidTransaction::Custom(23).into());
        assert_eq!(checked(signed(), carrier(vec![0; 5])), refused);
        assert_eq!(checked(RuntimeOrigin::none(), carrier(vec![0; 5])), fine);
        let other = shield::Call::store_encrypted {
            encrypted_call: bytes(vec![]),
        };
        assert_eq!(checked(signed(), other.into()), fine);
    });
}

use codec::Encode;
use frame_support::pallet_prelude::{TransactionSource, ValidateUnsigned};
use frame_support::{assert_noop, assert_ok, construct_runtime, derive_impl};
use hex_literal::hex;
use pallet_drand::pallet as drand;
use pallet_drand::*;
use sp_core::{sr25519, Pair};
use sp_runtime::transaction_validity::InvalidTransaction;
use sp_runtime::{BuildStorage, DispatchResult, MultiSignature, MultiSigner};
use subnet_timelock::seal::Beacon;

type Block = frame_system::mocking::MockBlock<Test>;
type Payload = PulsesPayload<MultiSigner, u64>;

construct_runtime!(
    pub enum Test {
        System: frame_system = 0,
        Drand: drand = 26,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
}

impl drand::Config for Test {}

fn beacon() -> Beacon {
    Beacon::new(4711)
}

/// Block 5 of a chain that follows `beacon()`.
fn with_beacon(test: impl FnOnce()) {
    let key: String = beacon()
        .public_key()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let json = serde_json::json!({ "publicKey": format!("0x{key}"), "period": 1 });
    let beacon = serde_json::from_value(json).expect("a beacon");
    run(Some(beacon), test);
}

fn run(beacon: Option<genesis::GenesisBeacon>, test: impl FnOnce()) {
    let drand = drand::GenesisConfig {
        beacon,
        ..Default::default()
    };
    let genesis = RuntimeGenesisConfig {
        drand,
        ..Default::default()
    };
    let storage = genesis.build_storage().expect("genesis");
    sp_io::TestExternalities::new(storage).execute_with(|| {
        System::set_block_number(5);
        test();
    });
}

fn pulse(round: u64, signature: &[u8]) -> Pulse {
    Pulse {
        round,
        randomness: sp_io::hashing::sha2_256(signature)
            .to_vec()
            .try_into()
            .expect("32 bytes"),
        signature: signature.to_vec().try_into().expect("short"),
    }
}

fn payload(pulses: Vec<Pulse>) -> Payload {
    Payload {
        block_number: 5,
        pulses,
        public: author().public().into(),
    }
}

fn author() -> sr25519::Pair {
    sr25519::Pair::from_seed(&[1; 32])
}

fn write(pulses: Vec<Pulse>) -> DispatchResult {
    Drand::write_pulse(RuntimeOrigin::none(), payload(pulses), None)
}

fn validity(payload: Payload, signer: &sr25519::Pair) -> Result<u64, InvalidTransaction> {
    let signature = MultiSignature::from(signer.sign(&payload.encode()));
    let call = drand::Call::<Test>::write_pulse {
        pulses_payload: payload,
        signature: Some(signature),
    };
    match Drand::validate_unsigned(TransactionSource::Local, &call) {
        Ok(valid) => Ok(valid.priority),
        Err(error) => match error {
            sp_runtime::transaction_validity::TransactionValidityError::Invalid(invalid) => {
                Err(invalid)
            }
            other => panic!("{other:?}"),
        },
    }
}

#[test]
fn a_chain_follows_quicknet_unless_its_genesis_names_another_beacon() {
    run(None, || {
        let config = BeaconConfig::<Test>::get();
        assert_eq!(config.public_key.len(), 96);
        assert_eq!(config.period, 3);
        assert_eq!(config.genesis_time, 1_692_803_367);
        assert_eq!(config.hash[..3], [0x52, 0xdb, 0x9b]);
        assert_eq!(config.metadata.beacon_id[..], b"quicknet"[..]);
        let signature = hex!("b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39");
        assert_ok!(write(vec![pulse(1000, &signature)]));
        assert_eq!(LastStoredRound::<Test>::get(), 1000);
    });
    with_beacon(|| {
        assert_eq!(BeaconConfig::<Test>::get().period, 1);
        assert_eq!(
            BeaconConfig::<Test>::get().public_key.to_vec(),
            beacon().public_key()
        );
    });
}

#[test]
fn verified_pulses_are_stored_one_after_the_other() {
    with_beacon(|| {
        assert_ok!(write(vec![pulse(8, &beacon().sign(8))]));
        assert_ok!(write(vec![pulse(9, &beacon().sign(9))]));
        assert_eq!(Pulses::<Test>::get(8), Some(pulse(8, &beacon().sign(8))));
        assert_eq!(LastStoredRound::<Test>::get(), 9);
        assert_eq!(OldestStoredRound::<Test>::get(), 8);
        assert_eq!(NextUnsignedAt::<Test>::get(), 5);
        let event = drand::Event::<Test>::NewPulse { rounds: vec![9] };
        System::assert_last_event(event.into());
        assert_noop!(
            write(vec![pulse(8, &beacon().sign(8))]),
            Error::<Test>::InvalidRoundNumber
        );
    });
}

#[test]
fn a_wrong_signature_stores_nothing() {
    with_beacon(|| {
        assert_ok!(write(vec![pulse(8, &beacon().sign(9))]));
        assert_eq!(Pulses::<Test>::iter().count(), 0);
        assert_eq!(LastStoredRound::<Test>::get(), 0);
        assert_noop!(
            write(vec![pulse(8, &[1; 48])]),
            Error::<Test>::PulseVerificationError
        );
        let signed = Drand::write_pulse(RuntimeOrigin::signed(1), payload(vec![]), None);
        assert_noop!(signed, sp_runtime::traits::BadOrigin);
    });
}

#[test]
fn the_pool_takes_one_newer_pulse_signed_by_its_bringer() {
    with_beacon(|| {
        let of = |rounds: &[u64]| payload(rounds.iter().map(|r| pulse(*r, &[])).collect());
        assert_eq!(validity(of(&[8]), &author()), Ok(u64::MAX));
        let older = validity(of(&[2 << 20]), &author()).expect("valid");
        let newer = validity(of(&[(2 << 20) + 1]), &author()).expect("valid");
        assert!(newer < older);
        assert_eq!(validity(of(&[]), &author()), Err(InvalidTransaction::Call));
        assert_eq!(
            validity(of(&[8, 9]), &author()),
            Err(InvalidTransaction::Call)
        );
        let stranger = sr25519::Pair::from_seed(&[2; 32]);
        assert_eq!(
            validity(of(&[8]), &stranger),
            Err(InvalidTransaction::BadProof)
        );
        let mut early = of(&[8]);
        early.block_number = 6;
        assert_eq!(validity(early, &author()), Err(InvalidTransaction::Future));
        assert_ok!(write(vec![pulse(8, &beacon().sign(8))]));
        assert_eq!(
            validity(of(&[8]), &author()),
            Err(InvalidTransaction::Stale)
        );
        // Several extrinsics of one block, each with the next round.
        assert!(validity(of(&[9]), &author()).is_ok());
        NextUnsignedAt::<Test>::put(6);
        assert_eq!(
            validity(of(&[9]), &author()),
            Err(InvalidTransaction::Stale)
        );
        let unsigned = drand::Call::<Test>::write_pulse {
            pulses_payload: of(&[9]),
            signature: None,
        };
        let bare = Drand::validate_unsigned(TransactionSource::Local, &unsigned);
        assert_eq!(bare, Err(InvalidTransaction::BadSigner.into()));
    });
}

#[test]
fn old_pulses_are_removed_some_at_a_time() {
    with_beacon(|| {
        for round in 1..=150 {
            Pulses::<Test>::insert(round, pulse(round, &[]));
        }
        OldestStoredRound::<Test>::put(1);
        let last = MAX_KEPT_PULSES + 120;
        LastStoredRound::<Test>::put(last - 1);
        assert_ok!(write(vec![pulse(last, &beacon().sign(last))]));
        assert_eq!(OldestStoredRound::<Test>::get(), 101);
        assert!(!Pulses::<Test>::contains_key(100));
        assert!(Pulses::<Test>::contains_key(101));
        assert_ok!(write(vec![pulse(last + 1, &beacon().sign(last + 1))]));
        assert_eq!(OldestStoredRound::<Test>::get(), 122);
    });
}

#[test]
fn only_root_changes_the_beacon_and_the_oldest_round() {
    with_beacon(|| {
        let config = BeaconConfigurationPayload {
            block_number: 5,
            config: BeaconConfiguration {
                period: 9,
                ..BeaconConfig::<Test>::get()
            },
            public: author().public().into(),
        };
        let refused = Drand::set_beacon_config(RuntimeOrigin::signed(1), config.clone(), None);
        assert_noop!(refused, sp_runtime::traits::BadOrigin);
        assert_ok!(Drand::set_beacon_config(
            RuntimeOrigin::root(),
            config,
            None
        ));
        assert_eq!(BeaconConfig::<Test>::get().period, 9);
        assert_eq!(NextUnsignedAt::<Test>::get(), 6);
        System::assert_last_event(drand::Event::<Test>::BeaconConfigChanged.into());
        let refused = Drand::set_oldest_stored_round(RuntimeOrigin::signed(1), 3);
        assert_noop!(refused, sp_runtime::traits::BadOrigin);
        assert_ok!(Drand::set_oldest_stored_round(RuntimeOrigin::root(), 3));
        assert_eq!(OldestStoredRound::<Test>::get(), 3);
    });
}

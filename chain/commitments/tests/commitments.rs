//! Commitments: encoding, space, the flag that resets bonds, fields that wait for the beacon.

use codec::{Decode, Encode};
use frame_support::traits::{ConstU16, Hooks};
use frame_support::{assert_noop, assert_ok, construct_runtime, derive_impl, BoundedVec};
use pallet_commitments::types::{CommitmentInfo, Data};
use pallet_commitments::*;
use scale_info::{TypeDef, TypeInfo};
use sp_core::U256;
use sp_runtime::traits::IdentityLookup;
use sp_runtime::BuildStorage;
use std::cell::RefCell;

const NETUID: u16 = 1;

construct_runtime!(
    pub enum Test {
        System: frame_system = 0,
        Commitments: pallet_commitments = 18,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountId = U256;
    type Lookup = IdentityLookup<U256>;
    type SS58Prefix = ConstU16<42>;
}

thread_local! {
    static EPOCH: RefCell<u64> = const { RefCell::new(0) };
    static RESET: RefCell<Vec<(u16, U256)>> = const { RefCell::new(Vec::new()) };
}

/// Everybody below 100 is a neuron of every subnet.
pub struct Network;

impl Subnets<U256> for Network {
    fn may_commit(_: u16, hotkey: &U256) -> bool {
        *hotkey < U256::from(100)
    }

    fn epoch(_: u16) -> u64 {
        EPOCH.with_borrow(|epoch| *epoch)
    }

    fn reset_bonds(netuid: u16, hotkey: &U256) {
        RESET.with_borrow_mut(|asked| asked.push((netuid, *hotkey)));
    }
}

/// Rounds up to 10 are known; what begins with zero does not open.
pub struct Beacon;

impl RevealTimelocked for Beacon {
    fn open(encrypted: &[u8], reveal_round: u64) -> Timelock {
        match (reveal_round, encrypted.first()) {
            (11.., _) => Timelock::Closed,
            (_, Some(0)) => Timelock::Broken,
            _ => Timelock::Open(encrypted.iter().rev().copied().collect()),
        }
    }
}

impl pallet_commitments::Config for Test {
    type Subnets = Network;
    type RevealTimelocked = Beacon;
}

fn chain() -> sp_io::TestExternalities {
    let genesis = RuntimeGenesisConfig::default();
    let mut ext = sp_io::TestExternalities::new(genesis.build_storage().expect("genesis"));
    ext.execute_with(|| {
        System::set_block_number(1);
        EPOCH.set(0);
        RESET.take();
    });
    ext
}

fn id(n: u64) -> U256 {
    U256::from(n)
}

fn info(fields: Vec<Data>) -> Box<CommitmentInfo> {
    let fields = BoundedVec::try_from(fields).expect("three fields");
    Box::new(CommitmentInfo { fields })
}

fn raw(bytes: &[u8]) -> Data {
    Data::Raw(BoundedVec::try_from(bytes.to_vec()).expect("128 bytes"))
}

fn locked(encrypted: &[u8], reveal_round: u64) -> Data {
    let encrypted = BoundedVec::try_from(encrypted.to_vec()).expect("1024 bytes");
    Data::TimelockEncrypted {
        encrypted,
        reveal_round,
    }
}

fn commit(who: u64, fields: Vec<Data>) -> sp_runtime::DispatchResult {
    Commitments::set_commitment(RuntimeOrigin::signed(id(who)), NETUID, info(fields))
}

fn big(length: usize) -> Data {
    Data::BigRaw(BoundedVec::try_from(vec![7; length]).expect("512 bytes"))
}

fn events() -> Vec<Event<Test>> {
    let own = |record: frame_system::EventRecord<RuntimeEvent, _>| match record.event {
        RuntimeEvent::Commitments(event) => Some(event),
        _ => None,
    };
    let events = System::events().into_iter().filter_map(own).collect();
    System::reset_events();
    events
}

fn reveal() {
    Commitments::on_initialize(System::block_number());
}

#[test]
fn every_kind_of_data_has_the_chains_bytes() {
    let cases = [
        (Data::None, vec![0]),
        (raw(b""), vec![1]),
        (raw(b"ab"), vec![3, b'a', b'b']),
        (raw(&[9; 128]), [vec![129], vec![9; 128]].concat()),
        (
            Data::BlakeTwo256([1; 32]),
            [vec![130], vec![1; 32]].concat(),
        ),
        (Data::Sha256([1; 32]), [vec![131], vec![1; 32]].concat()),
        (Data::Keccak256([1; 32]), [vec![132], vec![1; 32]].concat()),
        (
            Data::ShaThree256([1; 32]),
            [vec![133], vec![1; 32]].concat(),
        ),
        (locked(&[5], 6), vec![134, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0]),
        (Data::ResetBondsFlag, vec![135]),
        (big(1), vec![136, 4, 7]),
    ];
    for (data, bytes) in cases {
        assert_eq!(data.encode(), bytes);
        assert_eq!(Data::decode(&mut &bytes[..]), Ok(data));
    }
    assert!(Data::decode(&mut &[137u8][..]).is_err());
    assert!(Data::decode(&mut &[3u8, 1][..]).is_err());
}

#[test]
fn clients_see_a_variant_for_each_length() {
    let TypeDef::Variant(variants) = Data::type_info().type_def else {
        panic!("an enum");
    };
    let names: Vec<_> = variants
        .variants
        .iter()
        .map(|v| (v.name, v.index))
        .collect();
    assert_eq!(names.len(), 137);
    assert_eq!(names[0], ("None", 0));
    assert_eq!(names[12], ("Raw11", 12));
    assert_eq!(names[129], ("Raw128", 129));
    assert_eq!(names[136], ("BigRaw", 136));
}

#[test]
fn a_commitment_replaces_the_last_one() {
    chain().execute_with(|| {
        assert_ok!(commit(1, vec![raw(b"old")]));
        System::set_block_number(5);
        assert_ok!(commit(1, vec![raw(b"new"), Data::None]));
        let stored = CommitmentOf::<Test>::get(NETUID, id(1)).expect("stored");
        assert_eq!((stored.deposit, stored.block), (0, 5));
        assert_eq!(stored.info, *info(vec![raw(b"new"), Data::None]));
        assert_eq!(LastCommitment::<Test>::get(NETUID, id(1)), Some(5));
        let (netuid, who) = (NETUID, id(1));
        assert_eq!(events(), vec![Event::Commitment { netuid, who }; 2]);
    });
}

#[test]
fn only_neurons_may_commit() {
    chain().execute_with(|| {
        let refused = Error::<Test>::AccountNotAllowedCommit;
        assert_noop!(commit(100, vec![raw(b"hello")]), refused);
    });
}

#[test]
fn an_account_has_so_much_space_in_an_epoch() {
    chain().execute_with(|| {
        // Each counts 100 bytes at least.
        for _ in 0..31 {
            assert_ok!(commit(1, vec![raw(b"small")]));
        }
        assert_noop!(commit(1, vec![]), Error::<Test>::SpaceLimitExceeded);
        assert_ok!(commit(2, vec![big(512)]));
        EPOCH.set(1);
        assert_ok!(commit(1, vec![big(512), big(512), big(512)]));
        assert_eq!(
            UsedSpaceOf::<Test>::get(NETUID, id(1)).map(|u| u.used_space),
            Some(1536)
        );
        assert_ok!(Commitments::set_max_space(RuntimeOrigin::root(), 1600));
        assert_noop!(commit(1, vec![]), Error::<Test>::SpaceLimitExceeded);
        assert!(Commitments::set_max_space(RuntimeOrigin::signed(id(1)), 1).is_err());
    });
}

#[test]
fn the_flag_asks_for_a_reset_of_bonds() {
    chain().execute_with(|| {
        assert_ok!(commit(1, vec![raw(b"x"), Data::ResetBondsFlag]));
        assert_ok!(commit(2, vec![raw(b"x")]));
        assert_eq!(RESET.take(), [(NETUID, id(1))]);
        assert_eq!(LastBondsReset::<Test>::get(NETUID, id(1)), Some(1));
        assert_eq!(LastBondsReset::<Test>::get(NETUID, id(2)), None);
    });
}

#[test]
fn a_timelocked_field_opens_when_its_round_has_come() {
    chain().execute_with(|| {
        let (netuid, who) = (NETUID, id(1));
        assert_ok!(commit(
            1,
            vec![raw(b"keep"), locked(b"abc", 9), locked(b"later", 11)]
        ));
        let reveal_round = 9;
        let waiting = Event::TimelockCommitment {
            netuid,
            who,
            reveal_round,
        };
        assert_eq!(events(), [waiting]);
        System::set_block_number(7);
        reveal();
        let kept = *info(vec![raw(b"keep"), locked(b"later", 11)]);
        assert_eq!(
            CommitmentOf::<Test>::get(NETUID, id(1)).map(|r| r.info),
            Some(kept)
        );
        let revealed = vec![(b"cba".to_vec(), 7)];
        assert_eq!(
            RevealedCommitments::<Test>::get(NETUID, id(1)),
            Some(revealed)
        );
        assert_eq!(events(), [Event::CommitmentRevealed { netuid, who }]);
        assert!(TimelockedIndex::<Test>::get().contains(&(NETUID, id(1))));
    });
}

#[test]
fn what_its_round_does_not_open_is_dropped() {
    chain().execute_with(|| {
        assert_ok!(commit(1, vec![locked(&[0, 1], 3)]));
        reveal();
        assert_eq!(CommitmentOf::<Test>::get(NETUID, id(1)), None);
        assert_eq!(RevealedCommitments::<Test>::get(NETUID, id(1)), None);
        assert!(TimelockedIndex::<Test>::get().is_empty());
    });
}

#[test]
fn the_last_ten_reveals_are_kept() {
    chain().execute_with(|| {
        for n in 1..=12u8 {
            EPOCH.set(n.into());
            assert_ok!(commit(1, vec![locked(&[n], 1)]));
            reveal();
        }
        let kept = RevealedCommitments::<Test>::get(NETUID, id(1)).expect("reveals");
        assert_eq!(kept.len(), 10);
        assert_eq!(kept[0].0, [3]);
    });
}

#[test]
fn a_removed_subnet_keeps_no_commitment() {
    chain().execute_with(|| {
        assert_ok!(commit(1, vec![locked(b"x", 99)]));
        assert_eq!(Commitments::encoded_commitments(NETUID).len(), 1);
        Commitments::purge(NETUID);
        assert_eq!(Commitments::encoded_commitments(NETUID), []);
        assert!(TimelockedIndex::<Test>::get().is_empty());
        assert_eq!(UsedSpaceOf::<Test>::get(NETUID, id(1)), None);
    });
}

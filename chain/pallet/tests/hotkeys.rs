//! Hotkeys that take another's place, seats on root, and the faucet.

mod common;

use common::*;
use frame_support::traits::fungible::Inspect;
use frame_support::{assert_noop, assert_ok};

const OLD: u64 = 1;
const NEW: u64 = 11;
const COLD: u64 = 400;
const NOMINATOR: u64 = 200;

/// Hotkey 1 of coldkey 400 with 10 TAO of its own and 5 of coldkey 200.
fn neuron_of_cold(test: impl FnOnce()) {
    with_subnet(subnet(), || {
        assert_ok!(register(COLD, OLD));
        assert_ok!(SubtensorModule::add_stake(
            signed(COLD),
            id(OLD),
            NETUID,
            10 * TAO
        ));
        assert_ok!(SubtensorModule::add_stake(
            signed(NOMINATOR),
            id(OLD),
            NETUID,
            5 * TAO
        ));
        SubtensorModule::serve_axon(signed(OLD), NETUID, 1, 0x01020304, 8091, 4, 4, 0, 0)
            .expect("an axon");
        take_events();
        test();
    });
}

fn swap(netuid: Option<u16>, keep_stake: bool) -> sp_runtime::DispatchResult {
    SubtensorModule::swap_hotkey_v2(signed(COLD), id(OLD), id(NEW), netuid, keep_stake)
}

fn held(hotkey: u64, coldkey: u64) -> u64 {
    SubtensorModule::stake_of(&id(hotkey), &id(coldkey), NETUID)
}

#[test]
fn a_new_hotkey_takes_everything_of_the_old() {
    neuron_of_cold(|| {
        let uid = uid_of(OLD);
        let before = Balances::balance(&id(COLD));
        assert_ok!(swap(None, false));
        assert_eq!((uid_of(OLD), uid_of(NEW)), (None, uid));
        assert_eq!(Keys::<Test>::get(NETUID, uid.expect("a uid")), id(NEW));
        assert_eq!(
            Axons::<Test>::get(NETUID, id(NEW)).map(|axon| axon.port),
            Some(8091)
        );
        assert!(!Axons::<Test>::contains_key(NETUID, id(OLD)));
        assert_eq!([held(NEW, COLD), held(NEW, NOMINATOR)], [10 * TAO, 5 * TAO]);
        assert_eq!([held(OLD, COLD), held(OLD, NOMINATOR)], [0, 0]);
        assert!(!Owner::<Test>::contains_key(id(OLD)));
        assert_eq!(Owner::<Test>::get(id(NEW)), id(COLD));
        assert_eq!(OwnedHotkeys::<Test>::get(id(COLD)), [id(NEW)]);
        assert_eq!(StakingHotkeys::<Test>::get(id(NOMINATOR)), [id(NEW)]);
        assert_eq!(before - Balances::balance(&id(COLD)), 100_000_000);
        let (coldkey, old_hotkey, new_hotkey) = (id(COLD), id(OLD), id(NEW));
        let swapped = Event::HotkeySwapped {
            coldkey,
            old_hotkey,
            new_hotkey,
        };
        assert_eq!(take_events(), [swapped]);
    });
}

#[test]
fn stake_may_stay_behind() {
    neuron_of_cold(|| {
        assert_ok!(swap(Some(NETUID), true));
        assert_eq!(uid_of(OLD), None);
        assert_eq!(held(OLD, COLD), 10 * TAO);
        assert_eq!(Owner::<Test>::get(id(OLD)), id(COLD));
        assert_eq!(OwnedHotkeys::<Test>::get(id(COLD)), [id(OLD), id(NEW)]);
    });
}

#[test]
fn one_subnet_costs_less_and_may_be_swapped_once_a_day() {
    neuron_of_cold(|| {
        TxRateLimit::<Test>::put(0);
        let before = Balances::balance(&id(COLD));
        assert_ok!(swap(Some(NETUID), false));
        assert_eq!(before - Balances::balance(&id(COLD)), 1_000_000);
        let back = || {
            let signer = signed(COLD);
            SubtensorModule::swap_hotkey(signer, id(NEW), id(OLD), Some(NETUID))
        };
        let soon = Error::<Test>::HotKeySwapOnSubnetIntervalNotPassed;
        assert_noop!(back(), soon);
        System::set_block_number(7_202);
        assert_ok!(back());
        assert!(uid_of(OLD).is_some());
    });
}

#[test]
fn the_subnets_owner_keeps_its_subnet_and_relations_their_other_end() {
    neuron_of_cold(|| {
        SubnetOwnerHotkey::<Test>::insert(NETUID, id(OLD));
        SubtokenEnabled::<Test>::insert(NETUID, false);
        let children = vec![(7, id(30))];
        let set = SubtensorModule::set_children;
        assert_ok!(set(signed(COLD), id(OLD), NETUID, children.clone()));
        assert_ok!(set(
            signed(OWNER),
            id(OWNER_HOTKEY),
            NETUID,
            vec![(9, id(OLD))]
        ));
        assert_ok!(swap(None, false));
        assert_eq!(SubnetOwnerHotkey::<Test>::get(NETUID), id(NEW));
        assert_eq!(ChildKeys::<Test>::get(id(NEW), NETUID), children);
        assert_eq!(ParentKeys::<Test>::get(id(30), NETUID), [(7, id(NEW))]);
        assert_eq!(
            ChildKeys::<Test>::get(id(OWNER_HOTKEY), NETUID),
            [(9, id(NEW))]
        );
        assert_eq!(
            ParentKeys::<Test>::get(id(NEW), NETUID),
            [(9, id(OWNER_HOTKEY))]
        );
        assert!(!ChildKeys::<Test>::contains_key(id(OLD), NETUID));
        assert!(!ParentKeys::<Test>::contains_key(id(OLD), NETUID));
    });
}

#[test]
fn swaps_are_refused_in_the_chains_order() {
    neuron_of_cold(|| {
        let by =
            |signer, old, new| SubtensorModule::swap_hotkey(signed(signer), id(old), id(new), None);
        assert_noop!(by(NOMINATOR, OLD, NEW), Error::<Test>::NonAssociatedColdKey);
        assert_noop!(
            by(COLD, OLD, OWNER_HOTKEY),
            Error::<Test>::NonAssociatedColdKey
        );
        assert_noop!(by(COLD, OLD, OLD), Error::<Test>::NewHotKeyIsSameWithOld);
        assert_ok!(register(COLD, 12));
        let registered = Error::<Test>::HotKeyAlreadyRegisteredInSubNet;
        assert_noop!(by(COLD, OLD, 12), registered);
        assert_ok!(by(COLD, OLD, NEW));
        assert_noop!(
            by(COLD, NEW, 13),
            Error::<Test>::HotKeySetTxRateLimitExceeded
        );
    });
}

#[test]
fn root_has_64_seats_for_those_with_most_stake() {
    with_subnet(subnet(), || {
        TargetRegistrationsPerInterval::<Test>::insert(0, 1_000);
        MaxRegistrationsPerBlock::<Test>::insert(0, 100);
        let join = |hotkey| SubtensorModule::root_register(signed(COLD), id(hotkey));
        for hotkey in 1000..1064 {
            assert_ok!(join(hotkey));
        }
        let seated = Error::<Test>::HotKeyAlreadyRegisteredInSubNet;
        assert_noop!(join(1000), seated);
        assert_noop!(join(2000), Error::<Test>::StakeTooLowForRoot);
        SubtensorModule::try_associate_hotkey(signed(COLD), id(2000)).expect("an owner");
        assert_ok!(SubtensorModule::add_stake(signed(COLD), id(2000), 0, TAO));
        take_events();
        assert_ok!(join(2000));
        assert_eq!(take_events(), [Event::NeuronRegistered(0, 0, id(2000))]);
        assert_eq!(Uids::<Test>::get(0, id(1000)), None);
        assert_eq!(SubnetworkN::<Test>::get(0), 64);
        assert!(Delegates::<Test>::contains_key(id(2000)));
    });
}

#[test]
fn root_admits_few_in_a_block() {
    with_subnet(subnet(), || {
        let join = |hotkey| SubtensorModule::root_register(signed(COLD), id(hotkey));
        assert_ok!(join(1000));
        assert_noop!(join(1001), Error::<Test>::TooManyRegistrationsThisBlock);
        for hotkey in 1001..1006 {
            run_blocks(1);
            assert_ok!(join(hotkey));
        }
        run_blocks(1);
        assert_noop!(join(1006), Error::<Test>::TooManyRegistrationsThisInterval);
        run_to(101);
        assert_ok!(join(1006));
    });
}

#[test]
fn root_validators_lend_their_stake_to_a_new_subnets_owner() {
    with_subnet(subnet(), || {
        NetworkRateLimit::<Test>::put(0);
        assert_ok!(SubtensorModule::root_register(signed(COLD), id(1000)));
        run_blocks(1);
        assert_ok!(SubtensorModule::root_register(signed(COLD), id(1001)));
        let opt_out = SubtensorModule::set_auto_parent_delegation_enabled;
        assert_ok!(opt_out(signed(COLD), id(1001), false));
        assert_ok!(SubtensorModule::register_network(signed(300), id(50)));
        assert_eq!(ChildKeys::<Test>::get(id(1000), 2), [(u64::MAX, id(50))]);
        assert!(!ChildKeys::<Test>::contains_key(id(1001), 2));
    });
}

#[test]
fn the_faucet_pays_for_work() {
    with_subnet(subnet(), || {
        run_to(5);
        // Found by trying, for the hash of zeros that blocks have here.
        let nonce = 1_672_219;
        let work = SubtensorModule::faucet_seal(4, nonce, &id(77)).to_vec();
        let ask = |block, nonce, work: &[u8]| {
            SubtensorModule::faucet(signed(77), block, nonce, work.to_vec())
        };
        assert_noop!(ask(2, nonce, &work), Error::<Test>::InvalidWorkBlock);
        assert_noop!(ask(6, nonce, &work), Error::<Test>::InvalidWorkBlock);
        assert_noop!(ask(4, nonce, &[255; 32]), Error::<Test>::InvalidDifficulty);
        assert_noop!(ask(4, nonce + 1, &work), Error::<Test>::InvalidSeal);
        assert_noop!(ask(4, nonce, &work[1..]), Error::<Test>::InvalidSeal);
        assert_ok!(ask(4, nonce, &work));
        assert_eq!(Balances::balance(&id(77)), 1_000 * TAO);
        assert_eq!(
            take_events().last(),
            Some(&Event::Faucet(id(77), 1_000 * TAO))
        );
    });
}

#[test]
fn an_owner_sets_tempo_and_cutoff_within_bounds() {
    with_subnet(subnet(), || {
        AdminFreezeWindow::<Test>::put(0);
        let tempo = |tempo| SubtensorModule::set_tempo(signed(OWNER), NETUID, tempo);
        assert_noop!(tempo(359), Error::<Test>::TempoOutOfBounds);
        assert_ok!(tempo(400));
        assert_eq!(Tempo::<Test>::get(NETUID), 400);
        assert_noop!(tempo(401), Error::<Test>::TxRateLimitExceeded);
        let factor = |by, factor| SubtensorModule::set_activity_cutoff_factor(by, NETUID, factor);
        let bounds = Error::<Test>::ActivityCutoffFactorMilliOutOfBounds;
        assert_noop!(factor(signed(OWNER), 999), bounds);
        assert_ok!(factor(signed(OWNER), 1_000));
        assert_noop!(
            factor(signed(OWNER), 1_001),
            Error::<Test>::TxRateLimitExceeded
        );
        assert_ok!(factor(RuntimeOrigin::root(), 50_000));
        assert_eq!(ActivityCutoffFactorMilli::<Test>::get(NETUID), 50_000);
    });
}

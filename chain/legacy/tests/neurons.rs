//! Registration, stake, endpoints, subnets and setters.

mod common;

use common::*;
use frame_support::{assert_noop, assert_ok};
use pallet_subtensor_legacy::admin;
use sp_runtime::traits::BadOrigin;

fn register(by: u64, hotkey: u64) -> sp_runtime::DispatchResult {
    SubtensorModule::burned_register(signed(by), NETUID, id(hotkey))
}

#[test]
fn a_registration_burns_its_price() {
    with_subnet(subnet(), || {
        let issued = TotalIssuance::<Test>::get();
        assert_ok!(register(200, 21));
        assert_eq!(Uids::<Test>::get(NETUID, id(21)), Some(1));
        assert_eq!(Balances::free_balance(id(200)), 9_999 * TAO);
        assert_eq!(issued - TotalIssuance::<Test>::get(), TAO);
        assert_eq!(RAORecycledForRegistration::<Test>::get(NETUID), TAO);
        let full = Error::<Test>::TooManyRegistrationsThisBlock;
        assert_noop!(register(200, 22), full);
        run_to(2);
        let known = Error::<Test>::HotKeyAlreadyRegisteredInSubNet;
        assert_noop!(register(300, 21), known);
    });
}

#[test]
fn the_price_follows_demand_once_in_an_interval() {
    with_subnet(subnet(), || {
        AdjustmentInterval::<Test>::insert(NETUID, 5);
        AdjustmentAlpha::<Test>::insert(NETUID, 0);
        for hotkey in 21..24 {
            assert_ok!(register(200, hotkey));
            run_to(System::block_number() + 1);
        }
        let full = Error::<Test>::TooManyRegistrationsThisInterval;
        assert_noop!(register(200, 24), full);
        assert_eq!(Burn::<Test>::get(NETUID), TAO);
        run_to(5);
        assert_eq!(
            Burn::<Test>::get(NETUID),
            2 * TAO,
            "three came, one was wanted"
        );
        run_to(10);
        assert_eq!(Burn::<Test>::get(NETUID), TAO);
    });
}

#[test]
fn the_lowest_pruning_score_makes_room_and_loses_its_stake() {
    with_subnet(populated(), || {
        MaxAllowedUids::<Test>::insert(NETUID, 4);
        ImmunityPeriod::<Test>::insert(NETUID, 0);
        PruningScores::<Test>::insert(NETUID, vec![5, 9, 7, 2]);
        SubtensorModule::increase_stake(&id(3), &coldkey(3), 7 * TAO);
        assert_ok!(register(200, 21));
        assert_eq!(Keys::<Test>::get(NETUID, 3), id(21));
        assert_eq!(PruningScores::<Test>::get(NETUID)[3], u16::MAX);
        assert_eq!(TotalHotkeyStake::<Test>::get(id(3)), 0);
        assert_eq!(Balances::free_balance(coldkey(3)), 7 * TAO);
    });
}

#[test]
fn stake_counts_for_pair_hotkey_coldkey_and_all() {
    with_subnet(populated(), || {
        let closed = Error::<Test>::HotKeyNotDelegateAndSignerNotOwnHotKey;
        assert_noop!(SubtensorModule::add_stake(signed(300), id(1), TAO), closed);
        assert_ok!(SubtensorModule::become_delegate(signed(1001), id(1)));
        let before = (TotalStake::<Test>::get(), TotalIssuance::<Test>::get());
        assert_ok!(SubtensorModule::add_stake(signed(300), id(1), 40 * TAO));
        assert_eq!(stake_of(1, id(300)), 40 * TAO);
        assert_eq!(TotalHotkeyStake::<Test>::get(id(1)), 140 * TAO);
        assert_eq!(TotalColdkeyStake::<Test>::get(id(300)), 40 * TAO);
        assert_eq!(TotalStake::<Test>::get(), before.0 + 40 * TAO);
        assert_eq!(
            TotalIssuance::<Test>::get(),
            before.1,
            "stake is still issued"
        );
        let more = Error::<Test>::NotEnoughStakeToWithdraw;
        assert_noop!(
            SubtensorModule::remove_stake(signed(300), id(1), 41 * TAO),
            more
        );
        assert_ok!(SubtensorModule::remove_stake(signed(300), id(1), 40 * TAO));
        assert!(!Stake::<Test>::contains_key(id(1), id(300)));
        assert_eq!(Balances::free_balance(id(300)), 10_000 * TAO);
        let nobody = Error::<Test>::HotKeyAccountNotExists;
        assert_noop!(SubtensorModule::add_stake(signed(300), id(77), TAO), nobody);
    });
}

#[test]
fn takes_move_within_their_bounds() {
    with_subnet(populated(), || {
        assert_ok!(SubtensorModule::become_delegate(signed(1001), id(1)));
        assert_ok!(SubtensorModule::decrease_take(signed(1001), id(1), 1000));
        assert_eq!(Delegates::<Test>::get(id(1)), 1000);
        let foreign = Error::<Test>::NonAssociatedColdKey;
        assert_noop!(
            SubtensorModule::increase_take(signed(300), id(1), 2000),
            foreign
        );
        let soon = Error::<Test>::DelegateTxRateLimitExceeded;
        assert_noop!(
            SubtensorModule::increase_take(signed(1001), id(1), 2000),
            soon
        );
        TxDelegateTakeRateLimit::<Test>::put(0);
        assert_ok!(SubtensorModule::increase_take(signed(1001), id(1), 2000));
    });
}

#[test]
fn endpoints_are_checked_and_limited_in_rate() {
    with_subnet(populated(), || {
        let serve = |hotkey, ip, port| {
            SubtensorModule::serve_axon(signed(hotkey), NETUID, 1, ip, port, 4, 4, 0, 0)
        };
        let stranger = Error::<Test>::HotKeyNotRegisteredInNetwork;
        assert_noop!(serve(55, 9, 80), stranger);
        assert_noop!(serve(1, 0, 80), Error::<Test>::InvalidIpAddress);
        assert_noop!(serve(1, 0x7f00_0001, 80), Error::<Test>::InvalidIpAddress);
        assert_noop!(serve(1, 9, 0), Error::<Test>::InvalidPort);
        assert_ok!(serve(1, 9, 80));
        let axon = Axons::<Test>::get(NETUID, id(1)).expect("served");
        assert_eq!((axon.block, axon.ip, axon.port), (1, 9, 80));
        assert_noop!(serve(1, 9, 81), Error::<Test>::ServingRateLimitExceeded);
        assert_ok!(SubtensorModule::serve_prometheus(
            signed(1),
            NETUID,
            1,
            9,
            90,
            4
        ));
    });
}

#[test]
fn a_subnet_costs_its_lock_and_takes_no_arguments() {
    with_subnet(subnet(), || {
        assert_ok!(SubtensorModule::register_network(signed(200)));
        assert_eq!(SubnetOwner::<Test>::get(2), id(200));
        assert_eq!(SubnetLocked::<Test>::get(2), 1000 * TAO);
        assert_eq!(
            (Tempo::<Test>::get(2), SubnetworkN::<Test>::get(2)),
            (360, 0)
        );
        let soon = Error::<Test>::NetworkTxRateLimitExceeded;
        assert_noop!(SubtensorModule::register_network(signed(300)), soon);
        NetworkRateLimit::<Test>::put(0);
        assert_eq!(Pallet::<Test>::network_lock_cost(), 2000 * TAO);
    });
}

#[test]
fn setters_belong_to_the_owner_or_to_root() {
    with_subnet(subnet(), || {
        let limit = |origin| AdminUtils::sudo_set_weights_set_rate_limit(origin, NETUID, 7);
        assert_noop!(limit(signed(300)), BadOrigin);
        assert_ok!(limit(signed(OWNER)));
        assert_eq!(WeightsSetRateLimit::<Test>::get(NETUID), 7);
        assert_noop!(
            AdminUtils::sudo_set_tempo(signed(OWNER), NETUID, 20),
            BadOrigin
        );
        assert_ok!(AdminUtils::sudo_set_tempo(
            RuntimeOrigin::root(),
            NETUID,
            20
        ));
        assert_eq!(Tempo::<Test>::get(NETUID), 20);
        let nowhere = AdminUtils::sudo_set_tempo(RuntimeOrigin::root(), 9, 20);
        assert_eq!(
            nowhere,
            Err(admin::Error::<Test>::SubnetDoesNotExist.into())
        );
        let hidden =
            AdminUtils::sudo_set_commit_reveal_weights_enabled(signed(OWNER), NETUID, true);
        assert_ok!(hidden);
        assert!(CommitRevealWeightsEnabled::<Test>::get(NETUID));
    });
}

//! Stake that changes its hotkey, coldkey or subnet, or ceases to exist.

mod common;

use common::*;
use frame_support::traits::fungible::Inspect;
use frame_support::{assert_noop, assert_ok};

const OTHER: u16 = 2;
const STAKER: u64 = 200;
const FRIEND: u64 = 300;

/// Alice-like hotkeys 1 and 2 on subnet 1, a second started subnet, 100 TAO of coldkey 200 with 1.
fn staked(test: impl FnOnce()) {
    let mut one = subnet();
    one.neurons = vec![neuron(1, 1_000 * TAO), neuron(2, 1_000 * TAO)];
    with_subnet(one, || {
        let mut two = subnet();
        two.netuid = OTHER;
        two.neurons = vec![neuron(3, 0)];
        Subtensor::create_for_test(&two);
        assert_ok!(SubtensorModule::add_stake(
            signed(STAKER),
            id(1),
            NETUID,
            100 * TAO
        ));
        take_events();
        test();
    });
}

/// Through the genesis that clients use, since the pallet has no other way to make a subnet at once.
struct Subtensor;

impl Subtensor {
    fn create_for_test(subnet: &pallet_subtensor::genesis::GenesisSubnet<AccountId>) {
        let netuid = subnet.netuid;
        SubtensorModule::init_new_network(netuid, 10);
        SubtokenEnabled::<Test>::insert(netuid, true);
        SubnetOwner::<Test>::insert(netuid, subnet.owner_coldkey);
        SubnetOwnerHotkey::<Test>::insert(netuid, subnet.owner_hotkey);
        for neuron in &subnet.neurons {
            SubtensorModule::create_account_if_new(&neuron.coldkey, &neuron.hotkey);
            SubtensorModule::append_neuron(netuid, &neuron.hotkey, 0);
        }
    }
}

fn held(hotkey: u64, coldkey: u64, netuid: u16) -> u64 {
    SubtensorModule::stake_of(&id(hotkey), &id(coldkey), netuid)
}

fn free(coldkey: u64) -> u64 {
    Balances::balance(&id(coldkey))
}

#[test]
fn stake_moves_to_another_hotkey() {
    staked(|| {
        let call = SubtensorModule::move_stake;
        assert_ok!(call(signed(STAKER), id(1), id(2), NETUID, NETUID, 30 * TAO));
        assert_eq!(held(1, STAKER, NETUID), 70 * TAO);
        assert_eq!(held(2, STAKER, NETUID), 30 * TAO);
        let (cold, tao) = (id(STAKER), 30 * TAO);
        let events = [
            Event::StakeRemoved(cold, id(1), tao, tao, NETUID, 0),
            Event::StakeAdded(cold, id(2), tao, tao, NETUID, 0),
            Event::StakeMoved(cold, id(1), NETUID, id(2), NETUID, tao),
        ];
        assert_eq!(take_events(), events);
    });
}

#[test]
fn stake_moves_to_another_subnet_with_its_tao() {
    staked(|| {
        let pools = || [NETUID, OTHER].map(SubnetTAO::<Test>::get);
        let before = pools();
        let call = SubtensorModule::swap_stake;
        assert_ok!(call(signed(STAKER), id(1), NETUID, OTHER, 40 * TAO));
        assert_eq!(held(1, STAKER, NETUID), 60 * TAO);
        assert_eq!(held(1, STAKER, OTHER), 40 * TAO);
        assert_eq!(pools(), [before[0] - 40 * TAO, before[1] + 40 * TAO]);
        let swapped = Event::StakeSwapped(id(STAKER), id(1), NETUID, OTHER, 40 * TAO);
        assert_eq!(take_events().last(), Some(&swapped));
    });
}

#[test]
fn more_than_there_is_means_all_of_it() {
    staked(|| {
        let call = SubtensorModule::swap_stake;
        assert_ok!(call(signed(STAKER), id(1), NETUID, OTHER, u64::MAX));
        assert_eq!(held(1, STAKER, OTHER), 100 * TAO);
    });
}

#[test]
fn a_price_limit_is_met_at_one_or_not_at_all() {
    staked(|| {
        let call = |price, partial| {
            let amount = 10 * TAO;
            let signer = signed(STAKER);
            SubtensorModule::swap_stake_limit(signer, id(1), NETUID, OTHER, amount, price, partial)
        };
        assert_noop!(call(TAO + 1, false), Error::<Test>::SlippageTooHigh);
        assert_noop!(call(TAO + 1, true), Error::<Test>::AmountTooLow);
        assert_ok!(call(TAO, false));
        assert_eq!(held(1, STAKER, OTHER), 10 * TAO);
    });
}

#[test]
fn stake_goes_to_another_coldkey_where_the_subnets_allow_it() {
    staked(|| {
        let call = |to| {
            let signer = signed(STAKER);
            SubtensorModule::transfer_stake(signer, id(FRIEND), id(1), NETUID, to, 10 * TAO)
        };
        let before = free(FRIEND);
        assert_ok!(call(NETUID));
        assert_ok!(call(OTHER));
        assert_eq!(held(1, FRIEND, NETUID), 10 * TAO);
        assert_eq!(held(1, FRIEND, OTHER), 10 * TAO);
        assert_eq!(free(FRIEND), before);
        let friend = id(FRIEND);
        let event = Event::StakeTransferred(id(STAKER), friend, id(1), NETUID, OTHER, 10 * TAO);
        assert_eq!(take_events().last(), Some(&event));
        TransferToggle::<Test>::insert(OTHER, false);
        assert_noop!(call(OTHER), Error::<Test>::TransferDisallowed);
        assert_ok!(call(NETUID));
    });
}

#[test]
fn moves_are_refused_in_the_chains_order() {
    staked(|| {
        let call = |to_hotkey: u64, from, to, alpha| {
            let signer = signed(STAKER);
            SubtensorModule::move_stake(signer, id(1), id(to_hotkey), from, to, alpha)
        };
        assert_noop!(call(1, NETUID, NETUID, TAO), Error::<Test>::SameNetuid);
        assert_noop!(call(2, NETUID, 99, TAO), Error::<Test>::SubnetNotExists);
        SubtokenEnabled::<Test>::insert(OTHER, false);
        assert_noop!(call(2, NETUID, OTHER, TAO), Error::<Test>::SubtokenDisabled);
        SubtokenEnabled::<Test>::insert(OTHER, true);
        assert_noop!(
            call(77, NETUID, OTHER, TAO),
            Error::<Test>::HotKeyAccountNotExists
        );
        assert_noop!(
            call(2, NETUID, OTHER, 2_000_000),
            Error::<Test>::AmountTooLow
        );
        assert_noop!(
            call(2, NETUID, NETUID, 1_999_999),
            Error::<Test>::AmountTooLow
        );
    });
}

#[test]
fn burned_alpha_stays_counted_and_recycled_alpha_does_not() {
    staked(|| {
        let out = || SubnetAlphaOut::<Test>::get(NETUID);
        let before = out();
        assert_ok!(SubtensorModule::burn_alpha(
            signed(STAKER),
            id(1),
            TAO,
            NETUID
        ));
        assert_eq!(out(), before);
        assert_ok!(SubtensorModule::recycle_alpha(
            signed(STAKER),
            id(1),
            TAO,
            NETUID
        ));
        assert_eq!(out(), before - TAO);
        assert_eq!(held(1, STAKER, NETUID), 98 * TAO);
        let events = [
            Event::AlphaBurned(id(STAKER), id(1), TAO, NETUID),
            Event::AlphaRecycled(id(STAKER), id(1), TAO, NETUID),
        ];
        assert_eq!(take_events(), events);
        let root = Error::<Test>::CannotBurnOrRecycleOnRootSubnet;
        assert_noop!(
            SubtensorModule::burn_alpha(signed(STAKER), id(1), TAO, 0),
            root
        );
    });
}

#[test]
fn stake_can_be_burned_as_it_is_bought() {
    staked(|| {
        let before = free(STAKER);
        let call = SubtensorModule::add_stake_burn;
        assert_ok!(call(signed(STAKER), id(1), NETUID, TAO, None));
        assert_eq!(held(1, STAKER, NETUID), 100 * TAO);
        assert_eq!(free(STAKER), before - TAO);
        let dear = call(signed(STAKER), id(1), NETUID, TAO, Some(TAO - 1));
        assert_noop!(dear, Error::<Test>::SlippageTooHigh);
    });
}

#[test]
fn all_alpha_becomes_root_stake() {
    staked(|| {
        assert_ok!(SubtensorModule::add_stake(
            signed(STAKER),
            id(1),
            OTHER,
            5 * TAO
        ));
        assert_ok!(SubtensorModule::add_stake(signed(STAKER), id(1), 0, TAO));
        assert_ok!(SubtensorModule::unstake_all_alpha(signed(STAKER), id(1)));
        assert_eq!(held(1, STAKER, NETUID) + held(1, STAKER, OTHER), 0);
        assert_eq!(held(1, STAKER, 0), 106 * TAO);
        let nothing = SubtensorModule::unstake_all_alpha(signed(STAKER), id(1));
        assert_noop!(nothing, Error::<Test>::AmountTooLow);
    });
}

#[test]
fn incentive_can_be_redirected_to_another_neuron() {
    staked(|| {
        let call = SubtensorModule::set_coldkey_auto_stake_hotkey;
        let unknown = Error::<Test>::HotKeyNotRegisteredInSubNet;
        assert_noop!(call(signed(STAKER), NETUID, id(3)), unknown);
        assert_ok!(call(signed(STAKER), NETUID, id(1)));
        let same = Error::<Test>::SameAutoStakeHotkeyAlreadySet;
        assert_noop!(call(signed(STAKER), NETUID, id(1)), same);
        assert_ok!(call(signed(STAKER), NETUID, id(2)));
        let known = |n| AutoStakeDestinationColdkeys::<Test>::get(id(n), NETUID);
        assert_eq!((known(1), known(2)), (vec![], vec![id(STAKER)]));
        let (coldkey, netuid, hotkey) = (id(STAKER), NETUID, id(2));
        let event = Event::AutoStakeDestinationSet {
            coldkey,
            netuid,
            hotkey,
        };
        assert_eq!(take_events().last(), Some(&event));
    });
}

mod common;
use common::*;
use frame_support::assert_ok;
use pallet_subtensor::genesis::GenesisSubnet;

/// Owner on uid 0 without stake, validator 1 on uid 1, miners 2, 3, 4 on uids 2, 3, 4.
fn played(tempo: u16) -> GenesisSubnet<AccountId> {
    let mut subnet = subnet();
    subnet.tempo = Some(tempo);
    subnet.weights_rate_limit = Some(0);
    subnet.neurons = vec![
        neuron(1, 1000 * TAO),
        neuron(2, 0),
        neuron(3, 0),
        neuron(4, 0),
    ];
    subnet
}

fn set(hotkey: u64, uids: &[u16], values: &[u16]) {
    assert_ok!(SubtensorModule::set_weights(
        signed(hotkey),
        NETUID,
        uids.to_vec(),
        values.to_vec(),
        0
    ));
}

fn alpha(hotkey: u64) -> u64 {
    TotalHotkeyAlpha::<Test>::get(id(hotkey), NETUID)
}

#[test]
fn a_permit_comes_with_the_first_epoch_and_counts_in_the_second() {
    with_subnet(played(10), || {
        run_to(10);
        assert_eq!(
            ValidatorPermit::<Test>::get(NETUID),
            [true, true, false, false, false]
        );
        assert_eq!(Incentive::<Test>::get(NETUID), [0; 5]);
        set(1, &[2, 3], &[65535, 21845]);
        run_to(20);
        assert_eq!(Incentive::<Test>::get(NETUID), [0, 0, 49151, 16383, 0]);
        assert_eq!(SubnetEpochIndex::<Test>::get(NETUID), 2);
        assert_eq!(LastEpochBlock::<Test>::get(NETUID), 20);
        assert_eq!(BlocksSinceLastStep::<Test>::get(NETUID), 0);
        assert_eq!(LastMechansimStepBlock::<Test>::get(NETUID), 20);
    });
}

#[test]
fn miners_are_paid_by_their_incentive_and_validators_the_other_half() {
    with_subnet(played(10), || {
        run_to(10);
        set(1, &[2, 3], &[65535, 21845]);
        let before = alpha(1);
        run_to(20);
        let server = 10 * 410_002_288u64;
        let near = |amount: u64, due: u64| amount <= due && due - amount < 20;
        assert!(near(alpha(2), server / 4 * 3), "{}", alpha(2));
        assert!(near(alpha(3), server / 4), "{}", alpha(3));
        assert_eq!(alpha(4), 0);
        assert!(near(alpha(1) - before, server), "{}", alpha(1) - before);
        let owner = SubtensorModule::stake_of(&id(OWNER_HOTKEY), &id(OWNER), NETUID);
        assert_eq!(owner, 19 * 179_995_422);
    });
}

#[test]
fn without_incentive_the_validators_get_all_but_the_owners_cut() {
    with_subnet(played(10), || {
        let before = alpha(1);
        run_to(10);
        let paid = alpha(1) - before;
        let due = 9 * (410_002_288 + 410_002_288);
        assert!(paid <= due && due - paid < 20, "{paid} of {due}");
    });
}

#[test]
fn the_take_goes_to_the_validators_owner_and_the_rest_to_its_nominators() {
    with_subnet(played(10), || {
        assert_ok!(SubtensorModule::add_stake(
            signed(200),
            id(1),
            NETUID,
            1000 * TAO
        ));
        run_to(10);
        let rest = AlphaDividendsPerSubnet::<Test>::get(NETUID, id(1));
        let take = alpha(1) - 2000 * TAO - rest;
        let due = u128::from(take + rest) * 11_796 / 65_535;
        assert!(due.abs_diff(u128::from(take)) < 5);
        let nominator = SubtensorModule::stake_of(&id(1), &id(200), NETUID) - 1000 * TAO;
        let share = u128::from(rest) * 1000 * u128::from(TAO) / u128::from(2000 * TAO + take);
        assert!(
            share.abs_diff(u128::from(nominator)) < 5,
            "{nominator} of {share}"
        );
    });
}

#[test]
fn what_the_owners_neuron_earns_is_withheld() {
    with_subnet(played(10), || {
        run_to(10);
        set(1, &[0, 2], &[65535, 65535]);
        let before = alpha(OWNER_HOTKEY);
        run_to(20);
        assert_eq!(alpha(OWNER_HOTKEY) - before, 10 * 179_995_422);
        assert_eq!(MinerBurned::<Test>::get(NETUID).bits, 1 << 31);
        let miner = alpha(2);
        assert!(miner.abs_diff(10 * 205_001_144) < 20, "{miner}");
    });
}

#[test]
fn issued_alpha_is_paid_pending_burned_or_a_rounding_remainder() {
    with_subnet(played(10), || {
        run_to(10);
        set(1, &[2, 3, 4], &[65535, 20000, 7]);
        for epoch in 2..=20u64 {
            run_to(epoch * 10 + 3);
            let issued = SubnetAlphaOut::<Test>::get(NETUID);
            let held: u64 = [1, 2, 3, 4, OWNER_HOTKEY].into_iter().map(alpha).sum();
            let pending = PendingServerEmission::<Test>::get(NETUID)
                + PendingValidatorEmission::<Test>::get(NETUID)
                + PendingOwnerCut::<Test>::get(NETUID);
            let lost = issued
                .checked_sub(held + pending)
                .expect("never more than was issued");
            assert!(lost <= 200 * epoch, "{lost} RAO after {epoch} epochs");
        }
        assert_eq!(SubnetAlphaOut::<Test>::get(NETUID), 1000 * TAO + 202 * TAO);
    });
}

#[test]
fn tao_is_neither_lost_nor_made_beside_the_block_emission() {
    with_subnet(played(10), || {
        let before = Balances::total_issuance();
        assert_ok!(register(200, 9));
        assert_ok!(SubtensorModule::add_stake(
            signed(300),
            id(9),
            NETUID,
            50 * TAO
        ));
        run_to(31);
        assert_ok!(SubtensorModule::remove_stake(
            signed(300),
            id(9),
            NETUID,
            20 * TAO
        ));
        let issuance = Balances::total_issuance();
        assert_eq!(issuance - before, 30 * TAO);
        assert_eq!(TotalIssuance::<Test>::get(), issuance);
        let pool = SubtensorModule::subnet_account(NETUID);
        assert_eq!(Balances::free_balance(pool), SubnetTAO::<Test>::get(NETUID));
    });
}

#[test]
fn the_incentive_event_lists_every_uid() {
    with_subnet(played(10), || {
        run_to(10);
        set(1, &[2], &[1]);
        take_events();
        run_to(20);
        let listed = |event: &Event<Test>| match event {
            Event::IncentiveAlphaEmittedToMiners { netuid, emissions } => {
                Some((*netuid, emissions.len(), emissions[2]))
            }
            _ => None,
        };
        let events: Vec<_> = take_events().iter().filter_map(listed).collect();
        assert_eq!(events, [(NETUID, 5, alpha(2))]);
    });
}

#[test]
fn epochs_beyond_the_limit_of_a_block_wait_one_block() {
    with_subnet(played(10), || {
        for netuid in 2..=3 {
            SubtensorModule::init_new_network(netuid, 10);
            LastEpochBlock::<Test>::insert(netuid, 0);
        }
        run_to(9);
        take_events();
        run_to(10);
        let deferred = Event::EpochDeferred {
            netuid: 3,
            from_block: 10,
            to_block: 11,
        };
        assert!(take_events().contains(&deferred));
        assert_eq!(LastEpochBlock::<Test>::get(3), 0);
        run_to(11);
        assert_eq!(LastEpochBlock::<Test>::get(3), 11);
        assert_eq!(PendingEpochAt::<Test>::get(3), 0);
    });
}

#[test]
fn a_hotkey_on_two_uids_skips_the_epoch_and_its_pay_waits() {
    with_subnet(played(10), || {
        Keys::<Test>::insert(NETUID, 3, id(2));
        run_to(10);
        let skipped = Event::EpochSkipped {
            netuid: NETUID,
            block: 10,
        };
        assert!(take_events().contains(&skipped));
        assert_eq!(SubnetEpochIndex::<Test>::get(NETUID), 1);
        assert_eq!(PendingOwnerCut::<Test>::get(NETUID), 9 * 179_995_422);
        Keys::<Test>::insert(NETUID, 3, id(3));
        run_to(20);
        assert_eq!(PendingOwnerCut::<Test>::get(NETUID), 0);
        assert_eq!(alpha(OWNER_HOTKEY), 19 * 179_995_422);
    });
}

#[test]
fn an_idle_or_unmentioned_miner_earns_nothing() {
    with_subnet(played(10), || {
        run_to(10);
        set(1, &[2, 3], &[65535, 1]);
        run_to(100);
        assert_eq!(alpha(4), 0);
        assert!(
            alpha(2) > 50_000 * alpha(3) && alpha(3) > 0,
            "{} {}",
            alpha(2),
            alpha(3)
        );
    });
}

#[test]
fn an_owner_may_trigger_an_epoch_outside_the_freeze_window() {
    with_subnet(played(100), || {
        run_to(5);
        assert_ok!(SubtensorModule::trigger_epoch(signed(OWNER), NETUID));
        run_to(14);
        assert_eq!(SubnetEpochIndex::<Test>::get(NETUID), 0);
        run_to(15);
        assert_eq!(SubnetEpochIndex::<Test>::get(NETUID), 1);
        assert_eq!(LastEpochBlock::<Test>::get(NETUID), 15);
    });
}

#[test]
fn incentive_is_the_owners_alone_also_where_others_staked() {
    with_subnet(played(10), || {
        run_to(10);
        set(1, &[2], &[1]);
        assert_ok!(SubtensorModule::add_stake(
            signed(200),
            id(2),
            NETUID,
            5 * TAO
        ));
        run_to(20);
        let nominator = SubtensorModule::stake_of(&id(2), &id(200), NETUID);
        assert!(nominator.abs_diff(5 * TAO) <= 1, "{nominator}");
        let owner = SubtensorModule::stake_of(&id(2), &coldkey(2), NETUID);
        assert!(owner.abs_diff(10 * 410_002_288) < 20, "{owner}");
    });
}

#[test]
fn a_pool_that_was_emptied_is_paid_into_again() {
    with_subnet(played(10), || {
        run_to(10);
        set(1, &[2], &[1]);
        run_to(20);
        let owner = RuntimeOrigin::signed(coldkey(2));
        assert_ok!(SubtensorModule::remove_stake(
            owner,
            id(2),
            NETUID,
            u64::MAX
        ));
        assert_eq!(
            (alpha(2), TotalHotkeyShares::<Test>::get(id(2), NETUID).bits),
            (0, 0)
        );
        run_to(30);
        assert_eq!(
            SubtensorModule::stake_of(&id(2), &coldkey(2), NETUID),
            alpha(2)
        );
        assert!(alpha(2).abs_diff(10 * 410_002_288) < 20, "{}", alpha(2));
    });
}

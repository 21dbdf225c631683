mod common;
use common::*;
use frame_support::{assert_noop, assert_ok};

#[test]
fn a_newcomer_gets_the_next_uid_and_pays_the_price() {
    with_subnet(subnet(), || {
        let price = Burn::<Test>::get(NETUID);
        let before = Balances::free_balance(id(200));
        assert_ok!(register(200, 1));
        assert_eq!(uid_of(1), Some(1));
        assert_eq!(Keys::<Test>::get(NETUID, 1), id(1));
        assert_eq!(Owner::<Test>::get(id(1)), id(200));
        assert_eq!(Balances::free_balance(id(200)), before - price);
        assert_eq!(SubnetTAO::<Test>::get(NETUID), price);
        assert_eq!(Burn::<Test>::get(NETUID), price * 126 / 100);
        assert!(take_events().contains(&Event::NeuronRegistered(NETUID, 1, id(1))));
    });
}

#[test]
fn dense_vectors_have_one_element_for_each_uid() {
    with_subnet(subnet(), || {
        assert_ok!(register(200, 1));
        assert_ok!(register(200, 2));
        let n = usize::from(SubnetworkN::<Test>::get(NETUID));
        assert_eq!(n, 3);
        assert_eq!(Active::<Test>::get(NETUID), vec![true; n]);
        assert_eq!(ValidatorPermit::<Test>::get(NETUID), vec![false; n]);
        assert_eq!(Emission::<Test>::get(NETUID).len(), n);
        assert_eq!(Consensus::<Test>::get(NETUID).len(), n);
        assert_eq!(Incentive::<Test>::get(NETUID).len(), n);
        assert_eq!(Dividends::<Test>::get(NETUID).len(), n);
        assert_eq!(StakeWeight::<Test>::get(NETUID).len(), n);
        assert_eq!(ValidatorTrust::<Test>::get(NETUID).len(), n);
        assert_eq!(LastUpdate::<Test>::get(NETUID), vec![0, 1, 1]);
    });
}

#[test]
fn refusals_come_in_the_chains_order() {
    with_subnet(subnet(), || {
        let to_root = SubtensorModule::burned_register(signed(200), 0, id(1));
        assert_noop!(to_root, Error::<Test>::RegistrationNotPermittedOnRootSubnet);
        let unknown = SubtensorModule::burned_register(signed(200), 9, id(1));
        assert_noop!(unknown, Error::<Test>::SubnetNotExists);
        NetworkRegistrationAllowed::<Test>::insert(NETUID, false);
        assert_noop!(
            register(200, OWNER_HOTKEY),
            Error::<Test>::SubNetRegistrationDisabled
        );
        NetworkRegistrationAllowed::<Test>::insert(NETUID, true);
        let again = Error::<Test>::HotKeyAlreadyRegisteredInSubNet;
        assert_noop!(register(555, OWNER_HOTKEY), again);
        assert_noop!(register(555, 1), Error::<Test>::NotEnoughBalanceToStake);
        assert_ok!(SubtensorModule::try_associate_hotkey(signed(300), id(1)));
        assert_noop!(register(200, 1), Error::<Test>::NonAssociatedColdKey);
        MaxAllowedUids::<Test>::insert(NETUID, 1);
        assert_noop!(register(200, 2), Error::<Test>::NoNeuronIdAvailable);
    });
}

#[test]
fn a_price_limit_is_kept() {
    with_subnet(subnet(), || {
        let price = Burn::<Test>::get(NETUID);
        let low = SubtensorModule::register_limit(signed(200), NETUID, id(1), price - 1);
        assert_noop!(low, Error::<Test>::RegistrationPriceLimitExceeded);
        assert_ok!(SubtensorModule::register_limit(
            signed(200),
            NETUID,
            id(1),
            price
        ));
    });
}

#[test]
fn the_price_falls_by_half_in_a_half_life_and_not_below_the_minimum() {
    with_subnet(subnet(), || {
        let start = Burn::<Test>::get(NETUID);
        run_to(361);
        let half = Burn::<Test>::get(NETUID);
        assert!((start / 2 - 1000..=start / 2).contains(&half), "{half}");
        MinBurn::<Test>::insert(NETUID, half);
        run_blocks(50);
        assert_eq!(Burn::<Test>::get(NETUID), half);
    });
}

/// Full subnet: owner on uid 0, hotkeys 1, 2, 3 after it, all out of immunity.
fn full_subnet(test: impl FnOnce()) {
    let mut full = subnet();
    full.max_allowed_uids = Some(4);
    full.min_non_immune_uids = Some(0);
    full.immunity_period = Some(5);
    full.tempo = Some(1000);
    full.neurons = (1..=3).map(|n| neuron(n, 0)).collect();
    with_subnet(full, || {
        run_to(10);
        test();
    });
}

#[test]
fn the_lowest_emission_is_replaced_then_the_oldest_then_the_lowest_uid() {
    full_subnet(|| {
        Emission::<Test>::insert(NETUID, vec![0, 5, 5, 9]);
        assert_eq!(SubtensorModule::neuron_to_prune(NETUID), Some(1));
        BlockAtRegistration::<Test>::insert(NETUID, 1, 3);
        assert_eq!(SubtensorModule::neuron_to_prune(NETUID), Some(2));
        Emission::<Test>::insert(NETUID, vec![0, 4, 5, 9]);
        assert_eq!(SubtensorModule::neuron_to_prune(NETUID), Some(1));
    });
}

#[test]
fn the_young_are_spared_while_enough_others_remain() {
    full_subnet(|| {
        BlockAtRegistration::<Test>::insert(NETUID, 1, 8);
        assert_eq!(SubtensorModule::neuron_to_prune(NETUID), Some(2));
        MinNonImmuneUids::<Test>::insert(NETUID, 2);
        assert_eq!(SubtensorModule::neuron_to_prune(NETUID), Some(1));
        BlockAtRegistration::<Test>::insert(NETUID, 1, 0);
        MinNonImmuneUids::<Test>::insert(NETUID, 3);
        assert_eq!(SubtensorModule::neuron_to_prune(NETUID), None);
    });
}

#[test]
fn the_owners_hotkey_is_never_replaced() {
    full_subnet(|| {
        Emission::<Test>::insert(NETUID, vec![0, 9, 9, 9]);
        assert_ne!(SubtensorModule::neuron_to_prune(NETUID), Some(0));
    });
}

#[test]
fn a_replaced_uid_keeps_nothing_of_its_predecessor() {
    full_subnet(|| {
        assert_ok!(SubtensorModule::serve_axon(
            signed(1),
            NETUID,
            1,
            16909060,
            80,
            4,
            4,
            0,
            0
        ));
        Emission::<Test>::insert(NETUID, vec![0, 1, 5, 9]);
        Incentive::<Test>::insert(NETUID, vec![0, 7, 7, 7]);
        ValidatorPermit::<Test>::insert(NETUID, vec![false, true, true, false]);
        Weights::<Test>::insert(NETUID, 1, vec![(2, 65535)]);
        Weights::<Test>::insert(NETUID, 2, vec![(1, 40000), (3, 65535)]);
        Bonds::<Test>::insert(NETUID, 1, vec![(2, 9)]);
        assert_ok!(register(200, 4));
        assert_eq!((uid_of(4), uid_of(1)), (Some(1), None));
        assert!(!IsNetworkMember::<Test>::get(id(1), NETUID));
        assert!(Axons::<Test>::get(NETUID, id(1)).is_none());
        assert_eq!(Emission::<Test>::get(NETUID), vec![0, 0, 5, 9]);
        assert_eq!(Incentive::<Test>::get(NETUID), vec![0, 0, 7, 7]);
        assert_eq!(
            ValidatorPermit::<Test>::get(NETUID),
            vec![false, false, true, false]
        );
        assert!(Weights::<Test>::get(NETUID, 1).is_empty());
        assert_eq!(Weights::<Test>::get(NETUID, 2), vec![(1, 0), (3, 65535)]);
        assert!(Bonds::<Test>::get(NETUID, 1).is_empty());
        assert_eq!(BlockAtRegistration::<Test>::get(NETUID, 1), 10);
        assert_eq!(LastUpdate::<Test>::get(NETUID)[1], 10);
    });
}

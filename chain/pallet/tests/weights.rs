mod common;
use codec::Compact;
use common::*;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

/// Owner on uid 0, validator 1 on uid 1 with a permit, hotkeys 2 and 3 after it.
fn with_validator(test: impl FnOnce()) {
    let mut subnet = subnet();
    subnet.tempo = Some(1000);
    subnet.neurons = vec![neuron(1, 100 * TAO), neuron(2, 0), neuron(3, 0)];
    with_subnet(subnet, || {
        ValidatorPermit::<Test>::insert(NETUID, vec![false, true, false, false]);
        test();
    });
}

fn set(hotkey: u64, uids: &[u16], values: &[u16]) -> DispatchResult {
    SubtensorModule::set_weights(signed(hotkey), NETUID, uids.to_vec(), values.to_vec(), 0)
}

#[test]
fn values_are_scaled_to_the_largest_and_stored_in_the_callers_order() {
    with_validator(|| {
        assert_ok!(set(1, &[3, 2, 0], &[100, 50, 0]));
        let expected = vec![(3, 65535), (2, 32768), (0, 0)];
        assert_eq!(Weights::<Test>::get(NETUID, 1), expected);
        assert_eq!(LastUpdate::<Test>::get(NETUID)[1], 1);
        assert!(take_events().contains(&Event::WeightsSet(NETUID, 1)));
    });
}

#[test]
fn the_checks_come_in_the_chains_order() {
    with_validator(|| {
        CommitRevealWeightsEnabled::<Test>::insert(NETUID, true);
        let none = SubtensorModule::set_weights(RuntimeOrigin::none(), NETUID, vec![], vec![], 0);
        assert_noop!(none, Error::<Test>::CommitRevealEnabled);
        CommitRevealWeightsEnabled::<Test>::insert(NETUID, false);
        CommitRevealWeightsEnabled::<Test>::insert(0, false);
        CommitRevealWeightsEnabled::<Test>::insert(9, false);

        let root = SubtensorModule::set_weights(signed(9), 0, vec![1], vec![], 0);
        assert_noop!(root, Error::<Test>::CanNotSetRootNetworkWeights);
        let unequal = SubtensorModule::set_weights(signed(9), 9, vec![1], vec![], 0);
        assert_noop!(unequal, Error::<Test>::WeightVecNotEqualSize);
        let absent = SubtensorModule::set_weights(signed(9), 9, vec![0; 9], vec![0; 9], 0);
        assert_noop!(absent, Error::<Test>::MechanismDoesNotExist);
        let other = SubtensorModule::set_mechanism_weights(signed(9), NETUID, 1, vec![], vec![], 0);
        assert_noop!(other, Error::<Test>::MechanismDoesNotExist);
        assert_noop!(
            set(9, &[0; 5], &[0; 5]),
            Error::<Test>::UidsLengthExceedUidsInSubNet
        );
        assert_noop!(
            set(9, &[9, 9], &[1, 1]),
            Error::<Test>::HotKeyNotRegisteredInSubNet
        );

        StakeThreshold::<Test>::put(1000 * TAO);
        WeightsVersionKey::<Test>::insert(NETUID, 5);
        MinAllowedWeights::<Test>::insert(NETUID, 3);
        LastUpdate::<Test>::insert(NETUID, vec![1; 4]);
        assert_noop!(
            set(2, &[9, 9], &[1, 1]),
            Error::<Test>::NotEnoughStakeToSetWeights
        );
        StakeThreshold::<Test>::put(0);
        assert_noop!(
            set(2, &[9, 9], &[1, 1]),
            Error::<Test>::IncorrectWeightVersionKey
        );
        WeightsVersionKey::<Test>::insert(NETUID, 0);
        assert_noop!(
            set(2, &[9, 9], &[1, 1]),
            Error::<Test>::SettingWeightsTooFast
        );
        LastUpdate::<Test>::insert(NETUID, vec![0; 4]);
        assert_noop!(
            set(2, &[9, 9], &[1, 1]),
            Error::<Test>::NeuronNoValidatorPermit
        );
        assert_noop!(set(1, &[9, 9], &[1, 1]), Error::<Test>::DuplicateUids);
        assert_noop!(
            set(1, &[9, 3], &[1, 1]),
            Error::<Test>::UidVecContainInvalidOne
        );
        assert_noop!(
            set(1, &[2, 3], &[1, 1]),
            Error::<Test>::WeightVecLengthIsLow
        );
        assert_ok!(set(1, &[0, 2, 3], &[1, 1, 1]));
    });
}

#[test]
fn the_rate_limit_accepts_equality() {
    with_validator(|| {
        WeightsSetRateLimit::<Test>::insert(NETUID, 5);
        assert_ok!(set(1, &[2], &[1]));
        run_to(5);
        assert_noop!(set(1, &[2], &[1]), Error::<Test>::SettingWeightsTooFast);
        run_to(6);
        assert_ok!(set(1, &[2], &[1]));
    });
}

#[test]
fn a_weight_for_oneself_needs_no_permit_and_no_length() {
    with_validator(|| {
        MinAllowedWeights::<Test>::insert(NETUID, 3);
        assert_ok!(set(2, &[2], &[1]));
    });
}

#[test]
fn the_owners_hotkey_needs_neither_stake_nor_permit() {
    with_validator(|| {
        StakeThreshold::<Test>::put(1000 * TAO);
        assert_ok!(set(OWNER_HOTKEY, &[1, 2], &[1, 1]));
    });
}

#[test]
fn a_batch_reports_each_failure_and_completes() {
    with_validator(|| {
        let row = vec![(Compact(2u16), Compact(1u16))];
        let netuids = vec![Compact(NETUID), Compact(9)];
        let rows = vec![row.clone(), row];
        let keys = vec![Compact(0u64); 2];
        take_events();
        assert_ok!(SubtensorModule::batch_set_weights(
            signed(1),
            netuids.clone(),
            rows,
            keys
        ));
        let hidden = Error::<Test>::CommitRevealEnabled.into();
        let expected = vec![
            Event::WeightsSet(NETUID, 1),
            Event::BatchCompletedWithErrors(),
            Event::BatchWeightItemFailed(9, hidden),
            Event::BatchWeightsCompleted(netuids.clone(), id(1)),
        ];
        assert_eq!(take_events(), expected);
        let unequal = SubtensorModule::batch_set_weights(signed(1), netuids, vec![], vec![]);
        assert_noop!(unequal, Error::<Test>::InputLengthsUnequal);
    });
}

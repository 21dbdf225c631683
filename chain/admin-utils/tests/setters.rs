//! What the setters accept, store and report.

mod common;
use codec::Encode;
use common::*;
use frame_support::assert_ok;
use frame_support::traits::{GetCallIndex, GetCallName, PalletError};
use pallet_admin_utils::Call;
use subtensor::*;

/// Sends a call by root and compares what is stored and which event says so.
macro_rules! stores {
    ($($call:ident($($arg:expr),*) $item:ident[$($key:expr)?] = $value:expr, $event:expr;)*) => {
        $(
            assert_ok!(AdminUtils::$call(root(), $($arg),*));
            assert_eq!($item::<Test>::get($($key)?), $value, stringify!($call));
            if $event != "" {
                assert!(last_event().contains($event), "{}: {}", stringify!($call), last_event());
            }
        )*
    };
}

#[test]
fn values_of_a_subnet_are_stored_and_reported() {
    with_subnet(|| {
        stores! {
            sudo_set_serving_rate_limit(1, 7) ServingRateLimit[1] = 7, "ServingRateLimitSet(1, 7)";
            sudo_set_min_difficulty(1, 7) MinDifficulty[1] = 7, "MinDifficultySet(1, 7)";
            sudo_set_max_difficulty(1, 7) MaxDifficulty[1] = 7, "MaxDifficultySet(1, 7)";
            sudo_set_weights_version_key(1, 7) WeightsVersionKey[1] = 7, "WeightsVersionKeySet(1, 7)";
            sudo_set_weights_set_rate_limit(1, 7) WeightsSetRateLimit[1] = 7, "WeightsSetRateLimitSet(1, 7)";
            sudo_set_adjustment_interval(1, 7) AdjustmentInterval[1] = 7, "AdjustmentIntervalSet(1, 7)";
            sudo_set_adjustment_alpha(1, 7) AdjustmentAlpha[1] = 7, "AdjustmentAlphaSet(1, 7)";
            sudo_set_immunity_period(1, 7) ImmunityPeriod[1] = 7, "ImmunityPeriodSet(1, 7)";
            sudo_set_min_allowed_weights(1, 7) MinAllowedWeights[1] = 7, "MinAllowedWeightSet(1, 7)";
            sudo_set_max_allowed_uids(1, 7) MaxAllowedUids[1] = 7, "MaxAllowedUidsSet(1, 7)";
            sudo_set_kappa(1, 7) Kappa[1] = 7, "KappaSet(1, 7)";
            sudo_set_rho(1, 7) Rho[1] = 7, "";
            sudo_set_activity_cutoff(1, 361) ActivityCutoff[1] = 361, "ActivityCutoffSet(1, 361)";
            sudo_set_network_registration_allowed(1, false) NetworkRegistrationAllowed[1] = false, "RegistrationAllowed(1, false)";
            sudo_set_target_registrations_per_interval(1, 7) TargetRegistrationsPerInterval[1] = 7, "RegistrationPerIntervalSet(1, 7)";
            sudo_set_min_burn(1, 7) MinBurn[1] = 7, "MinBurnSet(1, 7)";
            sudo_set_max_burn(1, 700_000_000) MaxBurn[1] = 700_000_000, "MaxBurnSet(1, 700000000)";
            sudo_set_difficulty(1, 7) Difficulty[1] = 7, "DifficultySet(1, 7)";
            sudo_set_max_allowed_validators(1, 7) MaxAllowedValidators[1] = 7, "MaxAllowedValidatorsSet(1, 7)";
            sudo_set_bonds_moving_average(1, 7) BondsMovingAverage[1] = 7, "BondsMovingAverageSet(1, 7)";
            sudo_set_max_registrations_per_block(1, 7) MaxRegistrationsPerBlock[1] = 7, "MaxRegistrationsPerBlockSet(1, 7)";
            sudo_set_rao_recycled(1, 7) RAORecycledForRegistration[1] = 7, "RAORecycledForRegistrationSet(1, 7)";
            sudo_set_commit_reveal_weights_enabled(1, false) CommitRevealWeightsEnabled[1] = false, "CommitRevealEnabled(1, false)";
            sudo_set_liquid_alpha_enabled(1, true) LiquidAlphaOn[1] = true, "";
            sudo_set_alpha_values(1, 1_700, 1_800) AlphaValues[1] = (1_700, 1_800), "";
            sudo_set_commit_reveal_weights_interval(1, 7) RevealPeriodEpochs[1] = 7, "CommitRevealPeriodsSet(1, 7)";
            sudo_set_bonds_penalty(1, 7) BondsPenalty[1] = 7, "BondsPenaltySet(1, 7)";
            sudo_set_toggle_transfer(1, false) TransferToggle[1] = false, "TransferToggle(1, false)";
            sudo_set_subtoken_enabled(1, true) SubtokenEnabled[1] = true, "";
            sudo_set_alpha_sigmoid_steepness(1, -7) AlphaSigmoidSteepness[1] = -7, "";
            sudo_set_yuma3_enabled(1, false) Yuma3On[1] = false, "AdminUtils(Event::Yuma3EnableToggled { netuid: 1, enabled: false })";
            sudo_set_bonds_reset_enabled(1, true) BondsResetOn[1] = true, "AdminUtils(Event::BondsResetToggled { netuid: 1, enabled: true })";
            sudo_set_owner_immune_neuron_limit(1, 7) ImmuneOwnerUidsLimit[1] = 7, "";
            sudo_set_min_allowed_uids(1, 3) MinAllowedUids[1] = 3, "MinAllowedUidsSet(1, 3)";
            sudo_set_recycle_or_burn(1, RecycleOrBurnEnum::Recycle) RecycleOrBurn[1] = RecycleOrBurnEnum::Recycle, "";
            sudo_set_min_non_immune_uids(1, 7) MinNonImmuneUids[1] = 7, "MinNonImmuneUidsSet(1, 7)";
            sudo_set_burn_half_life(1, 7) BurnHalfLife[1] = 7, "AdminUtils(Event::BurnHalfLifeSet { netuid: 1, burn_half_life: 7 })";
            sudo_set_burn_increase_mult(1, U64F64::from_int(2)) BurnIncreaseMult[1] = U64F64::from_int(2), "AdminUtils(Event::BurnIncreaseMultSet";
            sudo_set_owner_cut_enabled(1, false) OwnerCutEnabled[1] = false, "";
            sudo_set_owner_cut_auto_lock_enabled(1, true) OwnerCutAutoLockEnabled[1] = true, "";
            sudo_set_min_childkey_take_per_subnet(1, 7) MinChildkeyTakePerSubnet[1] = 7, "MinChildKeyTakePerSubnetSet(1, 7)";
            sudo_set_subnet_emission_enabled(1, true) SubnetEmissionEnabled[1] = true, "AdminUtils(Event::SubnetEmissionEnabledSet { netuid: 1, enabled: true })";
            sudo_set_ema_price_halving_period(1, 7) EMAPriceHalvingBlocks[1] = 7, "";
        }
    });
}

#[test]
fn values_of_the_chain_are_stored_and_reported() {
    with_subnet(|| {
        stores! {
            sudo_set_default_take(7) MaxDelegateTake[] = 7, "MaxDelegateTakeSet(7)";
            sudo_set_tx_rate_limit(7) TxRateLimit[] = 7, "TxRateLimitSet(7)";
            sudo_set_subnet_owner_cut(7) SubnetOwnerCut[] = 7, "SubnetOwnerCutSet(7)";
            sudo_set_network_rate_limit(7) NetworkRateLimit[] = 7, "NetworkRateLimitSet(7)";
            sudo_set_network_immunity_period(7) NetworkImmunityPeriod[] = 7, "NetworkImmunityPeriodSet(7)";
            sudo_set_network_min_lock_cost(7) NetworkMinLockCost[] = 7, "NetworkMinLockCostSet(7)";
            sudo_set_subnet_limit(7) SubnetLimit[] = 7, "SubnetLimitSet(7)";
            sudo_set_lock_reduction_interval(7) NetworkLockReductionInterval[] = 7, "NetworkLockCostReductionIntervalSet(7)";
            sudo_set_stake_threshold(7) StakeThreshold[] = 7, "StakeThresholdSet(7)";
            sudo_set_tx_delegate_take_rate_limit(7) TxDelegateTakeRateLimit[] = 7, "TxDelegateTakeRateLimitSet(7)";
            sudo_set_min_delegate_take(7) MinDelegateTake[] = 7, "MinDelegateTakeSet(7)";
            sudo_set_commit_reveal_version(7) CommitRevealWeightsVersion[] = 7, "CommitRevealVersionSet(7)";
            sudo_set_ck_burn(7) CKBurn[] = 7, "";
            sudo_set_admin_freeze_window(7) AdminFreezeWindow[] = 7, "AdminFreezeWindowSet(7)";
            sudo_set_owner_hparam_rate_limit(7) OwnerHyperparamRateLimit[] = 7, "OwnerHyperparamRateLimitSet(7)";
            sudo_set_start_call_delay(7) StartCallDelay[] = 7, "StartCallDelaySet(7)";
            sudo_set_max_mechanism_count(7) MaxMechanismCount[] = 7, "";
            sudo_set_max_epochs_per_block(7) MaxEpochsPerBlock[] = 7, "MaxEpochsPerBlockSet(7)";
            sudo_set_nominator_min_required_stake(7) NominatorMinRequiredStake[] = 7, "";
        }
    });
}

#[test]
fn a_new_tempo_starts_the_cycle_again() {
    with_subnet(|| {
        at(120);
        assert_ok!(AdminUtils::sudo_set_tempo(root(), NETUID, 20));
        assert_eq!(last_event(), "SubtensorModule(Event::TempoSet(1, 20))");
        assert_eq!(Tempo::<Test>::get(NETUID), 20);
        assert_eq!(LastEpochBlock::<Test>::get(NETUID), 120);
        assert_eq!(
            SubtensorModule::get_next_epoch_start_block(NETUID),
            Some(140)
        );
    });
}

#[test]
fn seats_stay_between_the_taken_ones_and_256() {
    with_subnet(|| {
        let set = |uids| AdminUtils::sudo_set_max_allowed_uids(root(), NETUID, uids);
        assert_eq!(
            set(1),
            error(AdminError::MaxAllowedUidsLessThanMinAllowedUids)
        );
        assert_eq!(set(3), error(AdminError::MaxAllowedUIdsLessThanCurrentUIds));
        assert_eq!(
            set(257),
            error(AdminError::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids)
        );
        assert_eq!(set(4), Ok(()));
        assert_eq!(set(256), Ok(()));
        let least = |uids| AdminUtils::sudo_set_min_allowed_uids(root(), NETUID, uids);
        assert_eq!(
            least(256),
            error(AdminError::MinAllowedUidsGreaterThanMaxAllowedUids)
        );
        assert_eq!(
            least(4),
            error(AdminError::MinAllowedUidsGreaterThanCurrentUids)
        );
        assert_eq!(least(3), Ok(()));
    });
}

#[test]
fn validators_are_at_most_the_seats() {
    with_subnet(|| {
        let set = |count| AdminUtils::sudo_set_max_allowed_validators(root(), NETUID, count);
        assert_eq!(set(257), error(AdminError::MaxValidatorsLargerThanMaxUIds));
        assert_eq!(set(256), Ok(()));
    });
}

#[test]
fn prices_stay_within_their_bounds() {
    with_subnet(|| {
        let outside = || error(AdminError::ValueNotInBounds);
        let lowest = |rao| AdminUtils::sudo_set_min_burn(root(), NETUID, rao);
        let highest = |rao| AdminUtils::sudo_set_max_burn(root(), NETUID, rao);
        assert_eq!(lowest(1_000_000_000), outside());
        assert_eq!(lowest(999_999_999), Ok(()));
        assert_eq!(highest(999_999_999), outside());
        assert_eq!(highest(1_000_000_000), Ok(()));
        assert_eq!(lowest(5), Ok(()));
        assert_eq!(highest(100_000_000), outside());
        assert_eq!(highest(100_000_001), Ok(()));
        assert_eq!(lowest(100_000_001), outside());
    });
}

#[test]
fn liquid_alpha_has_bounds_and_must_be_on() {
    with_subnet(|| {
        let set = |low, high| AdminUtils::sudo_set_alpha_values(root(), NETUID, low, high);
        assert_eq!(
            set(1_638, 1_638),
            error(SubtensorError::LiquidAlphaDisabled)
        );
        assert_ok!(AdminUtils::sudo_set_liquid_alpha_enabled(
            root(),
            NETUID,
            true
        ));
        assert_eq!(set(1_638, 1_637), error(SubtensorError::AlphaHighTooLow));
        assert_eq!(set(1_637, 1_638), error(SubtensorError::AlphaLowOutOfRange));
        assert_eq!(set(1_639, 1_638), error(SubtensorError::AlphaLowOutOfRange));
        assert_eq!(set(1_638, 65_535), Ok(()));
    });
}

#[test]
fn only_root_may_set_a_negative_steepness_or_slow_bonds() {
    with_subnet(|| {
        let set = AdminUtils::sudo_set_alpha_sigmoid_steepness;
        assert_eq!(
            set(owner(), NETUID, -1),
            error(AdminError::NegativeSigmoidSteepness)
        );
        assert_eq!(set(root(), NETUID, -1), Ok(()));
        assert_ok!(AdminUtils::sudo_set_bonds_moving_average(
            root(),
            NETUID,
            1_000_000
        ));
    });
}

#[test]
fn small_ranges_are_kept() {
    with_subnet(|| {
        let period =
            |epochs| AdminUtils::sudo_set_commit_reveal_weights_interval(root(), 1, epochs);
        assert_eq!(period(0), error(SubtensorError::RevealPeriodTooSmall));
        assert_eq!(period(101), error(SubtensorError::RevealPeriodTooLarge));
        let cutoff = AdminUtils::sudo_set_activity_cutoff(root(), 1, 359);
        assert_eq!(cutoff, error(SubtensorError::ActivityCutoffTooLow));
        let half_life = |blocks| AdminUtils::sudo_set_burn_half_life(root(), 1, blocks);
        assert_eq!(half_life(0), error(AdminError::InvalidValue));
        assert_eq!(half_life(36_101), error(AdminError::InvalidValue));
        let factor = |bits| AdminUtils::sudo_set_burn_increase_mult(root(), 1, U64F64 { bits });
        assert_eq!(factor((1 << 64) - 1), error(AdminError::InvalidValue));
        assert_eq!(factor((3 << 64) + 1), error(AdminError::InvalidValue));
        let immune = |count| AdminUtils::sudo_set_owner_immune_neuron_limit(root(), 1, count);
        assert_eq!(immune(0), error(SubtensorError::InvalidValue));
        assert_eq!(immune(11), error(SubtensorError::InvalidValue));
        let take = AdminUtils::sudo_set_min_childkey_take_per_subnet(root(), 1, 11_797);
        assert_eq!(take, error(AdminError::InvalidValue));
        let epochs = AdminUtils::sudo_set_max_epochs_per_block(root(), 0);
        assert_eq!(epochs, error(AdminError::ValueNotInBounds));
    });
}

#[test]
fn some_setters_are_not_for_the_root_network() {
    with_subnet(|| {
        let refused = || error(AdminError::NotPermittedOnRootSubnet);
        at(10);
        assert_eq!(
            AdminUtils::sudo_set_burn_half_life(root(), ROOT, 1),
            refused()
        );
        let one = U64F64::from_int(1);
        assert_eq!(
            AdminUtils::sudo_set_burn_increase_mult(root(), ROOT, one),
            refused()
        );
        assert_eq!(
            AdminUtils::sudo_set_owner_cut_enabled(root(), ROOT, true),
            refused()
        );
        assert_eq!(
            AdminUtils::sudo_set_owner_cut_auto_lock_enabled(root(), ROOT, true),
            refused()
        );
        assert_eq!(
            AdminUtils::sudo_set_subnet_emission_enabled(root(), ROOT, true),
            refused()
        );
    });
}

#[test]
fn mechanisms_are_counted_within_bounds() {
    with_subnet(|| {
        let invalid = || error(SubtensorError::InvalidValue);
        let count = |n| AdminUtils::sudo_set_mechanism_count(root(), NETUID, n);
        assert_eq!(count(0), invalid());
        assert_eq!(count(3), invalid());
        let crowded = error(SubtensorError::TooManyUIDsPerMechanism);
        assert_eq!(count(2), crowded);
        MaxAllowedUids::<Test>::insert(NETUID, 128);
        assert_eq!(count(2), Ok(()));
        assert_eq!(MechanismCountCurrent::<Test>::get(NETUID), 2);
        let most = |n| AdminUtils::sudo_set_max_mechanism_count(root(), n);
        assert_eq!(most(0), invalid());
        assert_eq!(most(17), invalid());
        assert_eq!(most(3), Ok(()));
        assert_eq!(count(3), crowded);
        MaxAllowedUids::<Test>::insert(NETUID, 64);
        assert_eq!(count(3), Ok(()));
    });
}

#[test]
fn the_emission_is_split_among_the_mechanisms_there_are() {
    with_subnet(|| {
        let invalid = || error(SubtensorError::InvalidValue);
        MaxAllowedUids::<Test>::insert(NETUID, 128);
        let count = |n| AdminUtils::sudo_set_mechanism_count(root(), NETUID, n);
        assert_eq!(count(2), Ok(()));
        let split = |parts| AdminUtils::sudo_set_mechanism_emission_split(root(), NETUID, parts);
        assert_eq!(split(Some(vec![])), invalid());
        assert_eq!(split(Some(vec![65_534])), invalid());
        assert_eq!(split(Some(vec![65_533, 1, 1])), invalid());
        assert_eq!(split(Some(vec![65_534, 1])), Ok(()));
        let stored = || MechanismEmissionSplit::<Test>::get(NETUID);
        assert_eq!(stored(), Some(vec![65_534, 1]));
        assert_eq!(split(None), Ok(()));
        assert_eq!(stored(), None);
        assert_eq!(split(Some(vec![65_535])), Ok(()));
        assert_eq!(count(1), Ok(()));
        assert_eq!(stored(), None);
    });
}

/// Eight neurons beside the owner's, which is uid 0; hotkey and uid have the same number.
fn with_earners(test: impl FnOnce()) {
    with_neurons(8, || {
        Emission::<Test>::insert(NETUID, vec![0u64, 80, 10, 70, 10, 60, 50, 40, 30]);
        LastUpdate::<Test>::insert(NETUID, (0..9u64).collect::<Vec<_>>());
        Weights::<Test>::insert(NETUID, 5, vec![(1, 1), (2, 2), (8, 8)]);
        Bonds::<Test>::insert(NETUID, 5, vec![(4, 4), (6, 6)]);
        test();
    });
}

#[test]
fn trimming_removes_those_that_earn_least_and_closes_the_gaps() {
    with_earners(|| {
        assert_ok!(AdminUtils::sudo_trim_to_max_allowed_uids(root(), NETUID, 6));
        assert_eq!(SubnetworkN::<Test>::get(NETUID), 6);
        assert_eq!(MaxAllowedUids::<Test>::get(NETUID), 6);
        let hotkeys: Vec<_> = [101, 1, 3, 5, 6, 7].map(id).to_vec();
        assert_eq!(SubtensorModule::hotkeys(NETUID), hotkeys);
        assert_eq!(Keys::<Test>::iter_prefix(NETUID).count(), 6);
        for (uid, hotkey) in (0u16..).zip(&hotkeys) {
            assert_eq!(Uids::<Test>::get(NETUID, hotkey), Some(uid));
        }
        assert_eq!(Uids::<Test>::iter_prefix(NETUID).count(), 6);
        assert!(!IsNetworkMember::<Test>::get(id(2), NETUID));
        assert_eq!(Emission::<Test>::get(NETUID), vec![0, 80, 70, 60, 50, 40]);
        assert_eq!(LastUpdate::<Test>::get(NETUID), vec![0, 1, 3, 5, 6, 7]);
        assert_eq!(Weights::<Test>::get(NETUID, 3), vec![(1, 1)]);
        assert_eq!(Bonds::<Test>::get(NETUID, 3), vec![(4, 6)]);
        assert_eq!(Weights::<Test>::iter_prefix(NETUID).count(), 1);
    });
}

#[test]
fn trimming_spares_the_owner_and_newcomers() {
    with_earners(|| {
        BlockAtRegistration::<Test>::insert(NETUID, 2, 95);
        assert_ok!(AdminUtils::sudo_trim_to_max_allowed_uids(root(), NETUID, 7));
        let hotkeys: Vec<_> = [101, 1, 2, 3, 5, 6, 7].map(id).to_vec();
        assert_eq!(SubtensorModule::hotkeys(NETUID), hotkeys);
        assert_eq!(BlockAtRegistration::<Test>::get(NETUID, 2), 95);
    });
}

#[test]
fn trimming_has_bounds() {
    with_earners(|| {
        let trim = |seats| AdminUtils::sudo_trim_to_max_allowed_uids(root(), NETUID, seats);
        assert_eq!(trim(1), error(SubtensorError::InvalidValue));
        assert_eq!(trim(257), error(SubtensorError::InvalidValue));
        ImmunityPeriod::<Test>::insert(NETUID, 1_000);
        let immune = error(SubtensorError::TrimmingWouldExceedMaxImmunePercentage);
        assert_eq!(trim(8), immune);
        assert_eq!(trim(9), Ok(()));
        assert_eq!(SubnetworkN::<Test>::get(NETUID), 9);
    });
}

#[test]
fn a_higher_minimum_pays_small_nominations_out() {
    with_subnet(|| {
        SubtokenEnabled::<Test>::insert(NETUID, true);
        let stake = |tao| SubtensorModule::add_stake(stranger(), id(1), NETUID, tao);
        assert_ok!(stake(3_000_000));
        let held = || SubtensorModule::stake_of(&id(1), &id(STRANGER), NETUID);
        assert_ok!(AdminUtils::sudo_set_nominator_min_required_stake(
            root(),
            1_500_000
        ));
        assert_eq!(held(), 3_000_000, "exactly the minimum stays");
        assert_ok!(AdminUtils::sudo_set_nominator_min_required_stake(
            root(),
            1_500_001
        ));
        assert_eq!(held(), 0);
    });
}

#[test]
fn errors_have_the_chains_numbers() {
    let order = [
        AdminError::SubnetDoesNotExist,
        AdminError::MaxValidatorsLargerThanMaxUIds,
        AdminError::MaxAllowedUIdsLessThanCurrentUIds,
        AdminError::BondsMovingAverageMaxReached,
        AdminError::NegativeSigmoidSteepness,
        AdminError::ValueNotInBounds,
        AdminError::MinAllowedUidsGreaterThanCurrentUids,
        AdminError::MinAllowedUidsGreaterThanMaxAllowedUids,
        AdminError::MaxAllowedUidsLessThanMinAllowedUids,
        AdminError::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids,
        AdminError::InvalidValue,
        AdminError::NotPermittedOnRootSubnet,
        AdminError::POWRegistrationDisabled,
        AdminError::Deprecated,
    ];
    for (number, error) in (0u8..).zip(order) {
        assert_eq!(error.encode(), vec![number]);
    }
    assert!(AdminError::MAX_ENCODED_SIZE == 1);
}

#[test]
fn calls_have_the_chains_numbers_and_arguments() {
    let call = Call::<Test>::sudo_set_alpha_values {
        netuid: 1,
        alpha_low: 2,
        alpha_high: 3,
    };
    assert_eq!(
        RuntimeCall::AdminUtils(call).encode(),
        vec![19, 51, 1, 0, 2, 0, 3, 0]
    );
    let call = Call::<Test>::sudo_set_tempo {
        netuid: 1,
        tempo: 10,
    };
    assert_eq!(
        RuntimeCall::AdminUtils(call).encode(),
        vec![19, 30, 1, 0, 10, 0]
    );
    let indices = Call::<Test>::get_call_indices();
    let names = Call::<Test>::get_call_names();
    let table = [
        (3, "serving_rate_limit"),
        (6, "weights_version_key"),
        (7, "weights_set_rate_limit"),
        (8, "adjustment_interval"),
        (13, "immunity_period"),
        (14, "min_allowed_weights"),
        (15, "max_allowed_uids"),
        (16, "kappa"),
        (17, "rho"),
        (18, "activity_cutoff"),
        (19, "network_registration_allowed"),
        (20, "network_pow_registration_allowed"),
        (21, "target_registrations_per_interval"),
        (22, "min_burn"),
        (23, "max_burn"),
        (24, "difficulty"),
        (25, "max_allowed_validators"),
        (26, "bonds_moving_average"),
        (27, "max_registrations_per_block"),
        (28, "subnet_owner_cut"),
        (29, "network_rate_limit"),
        (30, "tempo"),
        (36, "network_min_lock_cost"),
        (38, "lock_reduction_interval"),
        (42, "stake_threshold"),
        (43, "nominator_min_required_stake"),
        (49, "commit_reveal_weights_enabled"),
        (50, "liquid_alpha_enabled"),
        (51, "alpha_values"),
        (57, "commit_reveal_weights_interval"),
        (60, "bonds_penalty"),
        (61, "toggle_transfer"),
        (66, "subtoken_enabled"),
        (67, "sn_owner_hotkey"),
        (68, "alpha_sigmoid_steepness"),
        (69, "yuma3_enabled"),
        (70, "bonds_reset_enabled"),
        (71, "commit_reveal_version"),
        (74, "admin_freeze_window"),
        (75, "owner_hparam_rate_limit"),
        (76, "mechanism_count"),
        (77, "mechanism_emission_split"),
        (84, "min_non_immune_uids"),
        (85, "start_call_delay"),
        (88, "max_mechanism_count"),
        (89, "burn_half_life"),
        (90, "burn_increase_mult"),
        (92, "owner_cut_enabled"),
        (94, "subnet_emission_enabled"),
        (96, "max_epochs_per_block"),
    ];
    for (index, name) in table {
        let at = indices
            .iter()
            .position(|found| *found == index)
            .expect(name);
        assert_eq!(names[at], format!("sudo_set_{name}"));
    }
    assert!(indices.contains(&78) && names.contains(&"sudo_trim_to_max_allowed_uids"));
}

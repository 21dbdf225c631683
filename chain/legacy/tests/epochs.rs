//! Epochs by the modulo schedule: when they run, what they store, whom they pay.

mod common;

use common::*;
use frame_support::{assert_noop, assert_ok};

#[test]
fn an_epoch_runs_when_block_plus_netuid_plus_one_reaches_the_tempo() {
    with_subnet(populated(), || {
        let due: Vec<u64> = (1..40)
            .filter(|block| Pallet::<Test>::epoch_due(NETUID, *block))
            .collect();
        assert_eq!(due, [8, 19, 30]);
        run_to(8);
        assert_eq!(LastMechansimStepBlock::<Test>::get(NETUID), 8);
        assert_eq!(BlocksSinceLastStep::<Test>::get(NETUID), 0);
        run_to(18);
        assert_eq!(LastMechansimStepBlock::<Test>::get(NETUID), 8);
        assert_eq!(BlocksSinceLastStep::<Test>::get(NETUID), 10);
    });
}

#[test]
fn a_tempo_of_zero_never_runs() {
    with_subnet(populated(), || {
        Tempo::<Test>::insert(NETUID, 0);
        run_to(30);
        assert_eq!(LastMechansimStepBlock::<Test>::get(NETUID), 0);
    });
}

#[test]
fn rank_trust_and_pruning_scores_are_filled_beside_the_rest() {
    with_subnet(populated(), || {
        run_epoch();
        assert_ok!(set_weights(1, &[(2, 3), (3, 1)]));
        run_epoch();
        let incentive = Incentive::<Test>::get(NETUID);
        assert_eq!(Rank::<Test>::get(NETUID), incentive);
        assert_eq!(Trust::<Test>::get(NETUID), [0, 0, 65_535, 65_535]);
        assert!(incentive[2] > 2 * incentive[3] && incentive[3] > 0);
        let scores = PruningScores::<Test>::get(NETUID);
        assert_eq!(scores[1], 65_535, "the validator got half of all");
        assert!(scores[2] > scores[3] && scores[3] > scores[0]);
    });
}

#[test]
fn neurons_without_stake_get_permits_while_there_is_room() {
    with_subnet(populated(), || {
        run_epoch();
        assert_eq!(ValidatorPermit::<Test>::get(NETUID), [true; 4]);
        MaxAllowedValidators::<Test>::insert(NETUID, 1);
        run_epoch();
        assert_eq!(
            ValidatorPermit::<Test>::get(NETUID),
            [false, true, false, false]
        );
        assert_noop!(
            set_weights(2, &[(3, 1)]),
            Error::<Test>::NeuronNoValidatorPermit
        );
    });
}

#[test]
fn an_epoch_pays_stake_in_tao_and_the_owner_in_balance() {
    with_subnet(populated(), || {
        run_epoch();
        assert_ok!(set_weights(1, &[(2, 1)]));
        let (before, issued) = (
            Balances::free_balance(id(OWNER)),
            TotalIssuance::<Test>::get(),
        );
        let total = TotalStake::<Test>::get();
        run_epoch();
        let cut = Balances::free_balance(id(OWNER)) - before;
        let paid = 11 * TAO;
        assert!((paid * 18 / 100).abs_diff(cut) < TAO / 100, "{cut}");
        let miner = stake_of(2, coldkey(2));
        assert!(((paid - cut) / 2).abs_diff(miner) < 10, "{miner}");
        assert!(((paid - cut) / 2).abs_diff(stake_of(1, coldkey(1)) - total) < 10 * TAO);
        let made = TotalIssuance::<Test>::get() - issued;
        assert!((paid - 10..=paid).contains(&made), "{made}");
        assert_eq!(TotalStake::<Test>::get() - total, made - cut);
        assert_eq!(TotalHotkeyStake::<Test>::get(id(2)), miner);
        assert_eq!(TotalColdkeyStake::<Test>::get(coldkey(2)), miner);
    });
}

#[test]
fn dividends_are_shared_with_those_who_stake_after_the_take() {
    with_subnet(populated(), || {
        let owner = 1001u64;
        assert_ok!(SubtensorModule::become_delegate(signed(owner), id(1)));
        assert_ok!(SubtensorModule::add_stake(signed(300), id(1), 100 * TAO));
        run_epoch();
        assert_ok!(set_weights(1, &[(2, 1)]));
        let (own, other) = (stake_of(1, id(owner)), stake_of(1, id(300)));
        run_epoch();
        let (own, other) = (stake_of(1, id(owner)) - own, stake_of(1, id(300)) - other);
        // 18 percent first, the rest by stake: the owner's part is a little larger by now.
        let all = own + other;
        assert!(
            other > all * 35 / 100 && other < all * 42 / 100,
            "{own} {other}"
        );
    });
}

#[test]
fn a_neuron_is_inactive_after_the_cutoff_in_blocks() {
    with_subnet(populated(), || {
        ActivityCutoff::<Test>::insert(NETUID, 15);
        run_to(8);
        assert_eq!(Active::<Test>::get(NETUID), [true; 4]);
        assert_ok!(set_weights(1, &[(2, 1)]));
        run_to(19);
        assert_eq!(Active::<Test>::get(NETUID), [false, true, false, false]);
    });
}

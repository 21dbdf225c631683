//! Timelocked commit-reveal: sealed to a round of a beacon, opened by the chain.
mod common;

use codec::Encode;
use common::*;
use frame_support::{assert_noop, assert_ok, BoundedVec};
use pallet_drand::{LastStoredRound, Pulse, Pulses};
use pallet_subtensor::checks::custom_code;
use pallet_subtensor::timelocked::{PlainWeights, WeightsPayload};
use sp_runtime::traits::{BlakeTwo256, Hash};
use sp_runtime::DispatchResult;
use subnet_timelock::seal::{seal, Beacon};

const ROUND: u64 = 7;
const VERSION: u16 = 4;

/// Validator 1 on uid 1 with a permit; epochs of ten blocks.
fn with_committer(test: impl FnOnce()) {
    let mut subnet = subnet();
    subnet.commit_reveal_enabled = Some(true);
    subnet.weights_rate_limit = Some(0);
    subnet.neurons = vec![neuron(1, 100 * TAO), neuron(2, 0), neuron(3, 0)];
    with_subnet(subnet, || {
        ValidatorPermit::<Test>::insert(NETUID, vec![false, true, true, false]);
        test();
    });
}

fn beacon() -> Beacon {
    Beacon::new(12345)
}

/// Stores the pulse of a round, as `write_pulse` does once it has verified it.
fn pulse(round: u64, signature: Vec<u8>) {
    let signature = BoundedVec::truncate_from(signature);
    let randomness = BoundedVec::default();
    let pulse = Pulse {
        round,
        randomness,
        signature,
    };
    Pulses::<Test>::insert(round, pulse);
    LastStoredRound::<Test>::put(round);
}

fn plain(values: &[u16]) -> PlainWeights {
    PlainWeights {
        uids: vec![2, 3],
        values: values.to_vec(),
        version_key: 0,
    }
}

fn payload(hotkey: u64, values: &[u16]) -> Vec<u8> {
    WeightsPayload {
        hotkey: id(hotkey).encode(),
        plain: plain(values),
    }
    .encode()
}

fn sealed(round: u64, plaintext: &[u8]) -> CommitBytes {
    CommitBytes::truncate_from(seal(&beacon().public_key(), round, plaintext))
}

fn commit(hotkey: u64, bytes: CommitBytes) -> DispatchResult {
    SubtensorModule::commit_timelocked_weights(signed(hotkey), NETUID, bytes, ROUND, VERSION)
}

fn to_next_epoch() {
    run_to(SubtensorModule::get_next_epoch_start_block(NETUID).expect("a tempo"));
}

fn row() -> Vec<(u16, u16)> {
    Weights::<Test>::get(NETUID, 1)
}

#[test]
fn a_commit_waits_under_its_epoch_and_restarts_the_rate_limit() {
    with_committer(|| {
        let bytes = sealed(ROUND, &payload(1, &[1, 2]));
        assert_ok!(commit(1, bytes.clone()));
        let waiting = TimelockedWeightCommits::<Test>::get(NETUID, 0);
        assert_eq!(waiting, vec![(id(1), 1, bytes.clone(), ROUND)]);
        assert_eq!(LastUpdate::<Test>::get(NETUID)[1], 1);
        let hash = BlakeTwo256::hash(&bytes);
        let event = Event::TimelockedWeightsCommitted(id(1), NETUID, hash, ROUND);
        assert_eq!(take_events(), vec![event]);
        WeightsSetRateLimit::<Test>::insert(NETUID, 5);
        assert_noop!(commit(1, bytes), Error::<Test>::CommittingWeightsTooFast);
    });
}

#[test]
fn the_checks_of_a_commit_come_in_the_chains_order() {
    with_committer(|| {
        let commit = |origin, netuid, mecid, version| {
            let bytes = CommitBytes::default();
            SubtensorModule::commit_timelocked_mechanism_weights(
                origin, netuid, mecid, bytes, ROUND, version,
            )
        };
        let none = RuntimeOrigin::none;
        assert_noop!(
            commit(none(), 9, 0, 9),
            Error::<Test>::MechanismDoesNotExist
        );
        assert_noop!(
            commit(none(), NETUID, 1, 9),
            Error::<Test>::MechanismDoesNotExist
        );
        CommitRevealWeightsEnabled::<Test>::insert(NETUID, false);
        assert_noop!(
            commit(signed(9), NETUID, 0, 9),
            Error::<Test>::CommitRevealDisabled
        );
        CommitRevealWeightsEnabled::<Test>::insert(NETUID, true);
        assert_noop!(
            commit(signed(9), NETUID, 0, 9),
            Error::<Test>::IncorrectCommitRevealVersion
        );
        assert_noop!(
            commit(signed(9), NETUID, 0, VERSION),
            Error::<Test>::HotKeyNotRegisteredInSubNet
        );
        for _ in 0..10 {
            assert_ok!(commit(signed(1), NETUID, 0, VERSION));
        }
        let crv3 = |hotkey| {
            let bytes = CommitBytes::default();
            SubtensorModule::commit_crv3_mechanism_weights(signed(hotkey), NETUID, 0, bytes, ROUND)
        };
        assert_noop!(crv3(1), Error::<Test>::TooManyUnrevealedCommits);
        assert_ok!(crv3(2));
        // Ten in each epoch.
        to_next_epoch();
        assert_ok!(crv3(1));
    });
}

#[test]
fn the_chain_opens_a_commit_in_its_epoch_before_the_epoch_runs() {
    with_committer(|| {
        assert_ok!(commit(1, sealed(ROUND, &payload(1, &[100, 200]))));
        pulse(ROUND, beacon().sign(ROUND));
        let next = SubtensorModule::get_next_epoch_start_block(NETUID).expect("a tempo");
        run_to(next - 1);
        assert_eq!(row(), vec![]);
        take_events();
        run_to(next);
        assert_eq!(row(), vec![(2, 32768), (3, 65535)]);
        assert_eq!(LastUpdate::<Test>::get(NETUID)[1], 1);
        let set = Event::WeightsSet(NETUID, 1);
        let revealed = Event::TimelockedWeightsRevealed(NETUID, id(1));
        assert_eq!(take_events()[..2], [set, revealed]);
        assert!(!TimelockedWeightCommits::<Test>::contains_key(NETUID, 0));
        // The same block's epoch has used them.
        assert!(Incentive::<Test>::get(NETUID)[3] > 0);
    });
}

#[test]
fn a_commit_is_tried_again_while_its_pulse_is_missing_and_then_expires() {
    with_committer(|| {
        assert_ok!(commit(1, sealed(ROUND, &payload(1, &[1, 2]))));
        to_next_epoch();
        run_blocks(3);
        assert_eq!(TimelockedWeightCommits::<Test>::get(NETUID, 0).len(), 1);
        pulse(ROUND, beacon().sign(ROUND));
        run_blocks(1);
        assert_eq!(row(), vec![(2, 32768), (3, 65535)]);
        assert!(!TimelockedWeightCommits::<Test>::contains_key(NETUID, 0));
    });
    with_committer(|| {
        assert_ok!(commit(1, sealed(ROUND, &payload(1, &[1, 2]))));
        to_next_epoch();
        to_next_epoch();
        assert!(!TimelockedWeightCommits::<Test>::contains_key(NETUID, 0));
        pulse(ROUND, beacon().sign(ROUND));
        run_blocks(1);
        assert_eq!(row(), vec![]);
    });
}

#[test]
fn commits_are_opened_in_their_order_and_the_last_one_counts() {
    with_committer(|| {
        assert_ok!(commit(1, sealed(ROUND, &payload(1, &[1, 1]))));
        assert_ok!(commit(2, sealed(ROUND, &payload(2, &[0, 5]))));
        assert_ok!(commit(1, sealed(ROUND, &payload(1, &[0, 9]))));
        pulse(ROUND, beacon().sign(ROUND));
        take_events();
        to_next_epoch();
        let revealed = |event: &Event<Test>| match event {
            Event::TimelockedWeightsRevealed(_, who) => Some(*who),
            _ => None,
        };
        let order: Vec<_> = take_events().iter().filter_map(revealed).collect();
        assert_eq!(order, vec![id(1), id(2), id(1)]);
        assert_eq!(row(), vec![(2, 0), (3, 65535)]);
    });
}

#[test]
fn what_cannot_be_applied_is_dropped_without_a_word() {
    let mut tampered = sealed(ROUND, &payload(1, &[1, 2]));
    tampered[150] ^= 1;
    let mut cut = sealed(ROUND, &payload(1, &[1, 2]));
    cut.truncate(100);
    let bad = [
        ("tampered", tampered),
        ("cut off", cut),
        ("empty", CommitBytes::default()),
        ("another round", sealed(ROUND + 1, &payload(1, &[1, 2]))),
        ("another's hotkey", sealed(ROUND, &payload(2, &[1, 2]))),
        ("no payload", sealed(ROUND, &[0xff; 5])),
        ("refused weights", sealed(ROUND, &payload(1, &[1, 2, 3]))),
    ];
    for (what, bytes) in bad {
        with_committer(|| {
            assert_ok!(commit(1, bytes));
            pulse(ROUND, beacon().sign(ROUND));
            take_events();
            to_next_epoch();
            assert_eq!(row(), vec![], "{what}");
            let about_weights = |event: &Event<Test>| {
                matches!(
                    event,
                    Event::WeightsSet(..) | Event::TimelockedWeightsRevealed(..)
                )
            };
            assert!(!take_events().iter().any(about_weights), "{what}");
            assert!(!TimelockedWeightCommits::<Test>::contains_key(NETUID, 0));
        });
    }
}

#[test]
fn the_older_payload_and_a_signature_after_0x_are_understood() {
    with_committer(|| {
        assert_ok!(commit(1, sealed(ROUND, &plain(&[1, 2]).encode())));
        pulse(ROUND, [b"0x".to_vec(), beacon().sign(ROUND)].concat());
        to_next_epoch();
        assert_eq!(row(), vec![(2, 32768), (3, 65535)]);
    });
}

#[test]
fn an_epoch_masks_by_what_still_waits() {
    with_committer(|| {
        run_to(5);
        assert_ok!(commit(1, sealed(ROUND, &payload(1, &[1, 2]))));
        let hotkeys = SubtensorModule::hotkeys(NETUID);
        let pools = vec![0; hotkeys.len()];
        let input = SubtensorModule::epoch_input(NETUID, &hotkeys, &pools, 0);
        let none = u64::MAX;
        assert_eq!(input.commit_blocks, Some(vec![none, 5, none, none]));
    });
}

#[test]
fn the_pool_refuses_rounds_that_have_passed() {
    with_committer(|| {
        let code = |reveal_round| {
            let call = Call::commit_timelocked_weights {
                netuid: NETUID,
                commit: CommitBytes::default(),
                reveal_round,
                commit_reveal_version: VERSION,
            };
            let checked = SubtensorModule::check_call(&id(1), &call);
            checked.err().map(|error| custom_code(&error))
        };
        pulse(ROUND, vec![]);
        assert_eq!(code(ROUND - 1), Some(15));
        assert_eq!(code(ROUND), None);
        StakeThreshold::<Test>::put(1000 * TAO);
        assert_eq!(code(ROUND), Some(1));
    });
}

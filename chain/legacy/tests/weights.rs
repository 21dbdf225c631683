//! Plain weights and hash commits.

mod common;

use common::*;
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::traits::{BlakeTwo256, Hash};

const SALT: [u16; 3] = [7, 8, 9];

fn hash(hotkey: u64, uids: &[u16], values: &[u16]) -> H256 {
    let (uids, values, salt) = (uids.to_vec(), values.to_vec(), SALT.to_vec());
    BlakeTwo256::hash_of(&(id(hotkey), NETUID, uids, values, salt, 0u64))
}

fn reveal(hotkey: u64, uids: &[u16], values: &[u16]) -> sp_runtime::DispatchResult {
    let (uids, values, salt) = (uids.to_vec(), values.to_vec(), SALT.to_vec());
    SubtensorModule::reveal_weights(signed(hotkey), NETUID, uids, values, salt, 0)
}

fn commit(hotkey: u64, uids: &[u16], values: &[u16]) -> sp_runtime::DispatchResult {
    SubtensorModule::commit_weights(signed(hotkey), NETUID, hash(hotkey, uids, values))
}

/// The validator has its permit, commit-reveal is on.
fn hidden(test: impl FnOnce()) {
    with_subnet(populated(), || {
        run_epoch();
        CommitRevealWeightsEnabled::<Test>::insert(NETUID, true);
        test();
    });
}

#[test]
fn weights_are_scaled_and_their_block_is_kept() {
    with_subnet(populated(), || {
        let block = run_epoch();
        assert_ok!(set_weights(1, &[(3, 1), (2, 2)]));
        assert_eq!(Weights::<Test>::get(NETUID, 1), [(3, 32_768), (2, 65_535)]);
        assert_eq!(LastUpdate::<Test>::get(NETUID)[1], block);
        WeightsSetRateLimit::<Test>::insert(NETUID, 5);
        run_to(block + 4);
        let refused = Error::<Test>::SettingWeightsTooFast;
        assert_noop!(set_weights(1, &[(2, 1)]), refused);
        run_to(block + 5);
        assert_ok!(set_weights(1, &[(2, 1)]));
    });
}

#[test]
fn bad_vectors_are_refused_with_the_names_of_then() {
    with_subnet(populated(), || {
        run_epoch();
        let none: (Vec<u16>, Vec<u16>) = (vec![2], vec![]);
        let unequal = SubtensorModule::set_weights(signed(1), NETUID, none.0, none.1, 0);
        assert_eq!(unequal, Err(Error::<Test>::WeightVecNotEqualSize.into()));
        assert_noop!(
            set_weights(1, &[(2, 1), (2, 1)]),
            Error::<Test>::DuplicateUids
        );
        assert_noop!(
            set_weights(1, &[(9, 1)]),
            Error::<Test>::UidVecContainInvalidOne
        );
        let stranger = set_weights(55, &[(2, 1)]);
        assert_eq!(
            stranger,
            Err(Error::<Test>::HotKeyNotRegisteredInSubNet.into())
        );
        MaxWeightsLimit::<Test>::insert(NETUID, 40_000);
        assert_noop!(
            set_weights(1, &[(2, 9), (3, 1)]),
            Error::<Test>::MaxWeightExceeded
        );
        let nowhere = SubtensorModule::set_weights(signed(1), 9, vec![0], vec![1], 0);
        assert_eq!(nowhere, Err(Error::<Test>::SubNetworkDoesNotExist.into()));
        StakeThreshold::<Test>::put(1000 * TAO);
        assert_noop!(
            set_weights(1, &[(2, 1)]),
            Error::<Test>::NotEnoughStakeToSetWeights
        );
    });
}

#[test]
fn a_commit_stores_its_block_and_its_window() {
    hidden(|| {
        assert_noop!(
            set_weights(1, &[(2, 1)]),
            Error::<Test>::CommitRevealEnabled
        );
        run_to(10);
        assert_ok!(commit(1, &[2], &[1]));
        let commits = WeightCommits::<Test>::get(NETUID, id(1)).expect("waits");
        // Block 10 belongs to the epoch that ends with block 19's.
        assert_eq!(commits, [(hash(1, &[2], &[1]), 10, 20, 30)]);
        assert_eq!(LastUpdate::<Test>::get(NETUID)[1], 10);
    });
}

#[test]
fn a_reveal_is_taken_in_its_window_only() {
    hidden(|| {
        run_to(10);
        assert_ok!(commit(1, &[2, 3], &[1, 2]));
        run_to(19);
        assert_noop!(reveal(1, &[2, 3], &[1, 2]), Error::<Test>::RevealTooEarly);
        run_to(20);
        let other = Error::<Test>::InvalidRevealCommitHashNotMatch;
        assert_noop!(reveal(1, &[2, 3], &[1, 3]), other);
        assert_ok!(reveal(1, &[2, 3], &[1, 2]));
        assert_eq!(Weights::<Test>::get(NETUID, 1), [(2, 32_768), (3, 65_535)]);
        assert!(WeightCommits::<Test>::get(NETUID, id(1)).is_none());
        assert_eq!(
            LastUpdate::<Test>::get(NETUID)[1],
            10,
            "the commit's block stays"
        );
        assert_noop!(
            reveal(1, &[2, 3], &[1, 2]),
            Error::<Test>::NoWeightsCommitFound
        );
    });
}

#[test]
fn a_late_reveal_is_expired() {
    hidden(|| {
        run_to(10);
        assert_ok!(commit(1, &[2], &[1]));
        run_to(30);
        assert_ok!(commit(1, &[3], &[1]));
        run_to(31);
        assert_noop!(reveal(1, &[2], &[1]), Error::<Test>::ExpiredWeightCommit);
        assert_ok!(reveal(1, &[3], &[1]));
    });
}

#[test]
fn ten_commits_may_wait_and_a_batch_reveals_some_of_them() {
    hidden(|| {
        run_to(10);
        for value in 1..=10 {
            assert_ok!(commit(1, &[2, 3], &[value, 20]));
        }
        assert_noop!(
            commit(1, &[2], &[1]),
            Error::<Test>::TooManyUnrevealedCommits
        );
        run_to(20);
        let lists = |values: &[u16]| {
            let uids = values.iter().map(|_| vec![2, 3]).collect();
            let rows = values.iter().map(|value| vec![*value, 20]).collect();
            let salts = values.iter().map(|_| SALT.to_vec()).collect();
            (uids, rows, salts, vec![0; values.len()])
        };
        let reveal = |(uids, rows, salts, keys)| {
            SubtensorModule::batch_reveal_weights(signed(1), NETUID, uids, rows, salts, keys)
        };
        let unknown = Error::<Test>::InvalidRevealCommitHashNotMatch;
        assert_noop!(reveal(lists(&[3, 99])), unknown);
        assert_ok!(reveal(lists(&[3, 5])));
        assert_eq!(
            WeightCommits::<Test>::get(NETUID, id(1)).map(|all| all.len()),
            Some(8)
        );
    });
}

#[test]
fn the_pool_names_the_call_by_its_number() {
    with_subnet(populated(), || {
        StakeThreshold::<Test>::put(1000 * TAO);
        let refusal = |call: Call<Test>| Pallet::<Test>::refusal(&id(1), &call);
        let set = Call::set_weights {
            netuid: NETUID,
            dests: vec![2],
            weights: vec![1],
            version_key: 0,
        };
        let commit = Call::commit_weights {
            netuid: NETUID,
            commit_hash: H256::zero(),
        };
        assert_eq!((refusal(set.clone()), refusal(commit)), (Some(3), Some(1)));
        StakeThreshold::<Test>::put(TAO);
        assert_eq!(refusal(set), None);
        let register = Call::burned_register {
            netuid: NETUID,
            hotkey: id(9),
        };
        assert_eq!(refusal(register.clone()), None);
        RegistrationsThisInterval::<Test>::insert(NETUID, 3);
        assert_eq!(refusal(register), Some(5));
    });
}

//! Hash commit-reveal.
mod common;
use codec::Compact;
use common::*;
use frame_support::{assert_noop, assert_ok};
use pallet_subtensor::checks::custom_code;
use pallet_subtensor::commits::commit_hash;
use sp_core::H256;
use sp_runtime::{AccountId32, DispatchResult};

const UIDS: [u16; 2] = [2, 3];
const VALUES: [u16; 2] = [100, 200];
const SALT: [u16; 2] = [7, 8];

/// Validator 1 on uid 1 with a permit; epochs of ten blocks, the first in block 11.
fn with_committer(test: impl FnOnce()) {
    let mut subnet = subnet();
    subnet.commit_reveal_enabled = Some(true);
    subnet.weights_rate_limit = Some(0);
    subnet.neurons = vec![neuron(1, 100 * TAO), neuron(2, 0), neuron(3, 0)];
    with_subnet(subnet, || {
        ValidatorPermit::<Test>::insert(NETUID, vec![false, true, false, false]);
        test();
    });
}

fn hash(salt: &[u16]) -> H256 {
    commit_hash(&id(1), NETUID, &UIDS, &VALUES, salt, 0)
}

fn commit(hash: H256) -> DispatchResult {
    SubtensorModule::commit_weights(signed(1), NETUID, hash)
}

fn reveal(salt: &[u16]) -> DispatchResult {
    let (uids, values) = (UIDS.to_vec(), VALUES.to_vec());
    SubtensorModule::reveal_weights(signed(1), NETUID, uids, values, salt.to_vec(), 0)
}

fn reveal_all(salts: &[&[u16]]) -> DispatchResult {
    let n = salts.len();
    let salts = salts.iter().map(|salt| salt.to_vec()).collect();
    let (uids, values) = (vec![UIDS.to_vec(); n], vec![VALUES.to_vec(); n]);
    SubtensorModule::batch_reveal_weights(signed(1), NETUID, uids, values, salts, vec![0; n])
}

fn pool_code(call: Call<Test>) -> Option<u8> {
    SubtensorModule::check_call(&id(1), &call)
        .err()
        .map(|error| custom_code(&error))
}

fn next_epoch_block() -> u64 {
    SubtensorModule::get_next_epoch_start_block(NETUID).expect("a tempo")
}

fn pending() -> Vec<(H256, u64, u64, u64)> {
    let queue = WeightCommits::<Test>::get(NETUID, id(1));
    queue.unwrap_or_default().into_iter().collect()
}

#[test]
fn hashes_are_those_of_the_chain() {
    let alice: [u8; 32] = sp_core::crypto::Ss58Codec::from_ss58check(
        "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    )
    .map(|account: AccountId32| account.into())
    .expect("an address");
    let alice = AccountId32::new(alice);
    let salt: Vec<u16> = (1..=8).collect();
    let a = commit_hash(&alice, 1, &[0, 1, 2], &[100, 200, 65535], &salt, 0);
    let b = commit_hash(&alice, 4097, &[7], &[65535], &[], 10_002_000);
    let hex = |hash: H256| format!("{hash:x}");
    assert_eq!(
        hex(a),
        "17f2654b785fe16b0ffb9354278a027d097fb03cdbcfd0205322cb99d027d05a"
    );
    assert_eq!(
        hex(b),
        "c79b4675d484197a6318314eef0689483fdd1217b58b55905d30ed22a0d09ce9"
    );
}

#[test]
fn a_commit_is_queued_and_restarts_the_rate_limit() {
    with_committer(|| {
        assert_ok!(commit(hash(&SALT)));
        assert_eq!(pending(), vec![(hash(&SALT), 0, 1, 0)]);
        assert_eq!(LastUpdate::<Test>::get(NETUID)[1], 1);
        let event = Event::WeightsCommitted(id(1), NETUID, hash(&SALT));
        assert_eq!(take_events(), vec![event]);
        WeightsSetRateLimit::<Test>::insert(NETUID, 5);
        run_to(5);
        assert_noop!(commit(hash(&[1])), Error::<Test>::CommittingWeightsTooFast);
        run_to(6);
        assert_ok!(commit(hash(&[1])));
    });
}

#[test]
fn the_checks_of_a_commit_come_in_the_chains_order() {
    with_committer(|| {
        let commit = |origin, netuid, mecid| {
            SubtensorModule::commit_mechanism_weights(origin, netuid, mecid, H256::zero())
        };
        let absent = Error::<Test>::MechanismDoesNotExist;
        assert_noop!(commit(RuntimeOrigin::none(), 9, 0), absent);
        let absent = Error::<Test>::MechanismDoesNotExist;
        assert_noop!(commit(RuntimeOrigin::none(), NETUID, 1), absent);
        CommitRevealWeightsEnabled::<Test>::insert(NETUID, false);
        assert_noop!(
            commit(signed(9), NETUID, 0),
            Error::<Test>::CommitRevealDisabled
        );
        CommitRevealWeightsEnabled::<Test>::insert(NETUID, true);
        assert_noop!(
            commit(signed(9), NETUID, 0),
            Error::<Test>::HotKeyNotRegisteredInSubNet
        );
        assert_ok!(commit(signed(1), NETUID, 0));
    });
}

#[test]
fn ten_commits_may_wait_and_expired_ones_make_room() {
    with_committer(|| {
        for salt in 0..10 {
            assert_ok!(commit(hash(&[salt])));
        }
        assert_noop!(commit(hash(&[10])), Error::<Test>::TooManyUnrevealedCommits);
        run_to(next_epoch_block());
        assert_noop!(commit(hash(&[10])), Error::<Test>::TooManyUnrevealedCommits);
        run_to(next_epoch_block());
        assert_ok!(commit(hash(&[10])));
        assert_eq!(pending().len(), 1);
    });
}

#[test]
fn weights_are_revealed_in_exactly_one_epoch() {
    with_committer(|| {
        assert_ok!(commit(hash(&SALT)));
        assert_noop!(reveal(&SALT), Error::<Test>::RevealTooEarly);
        run_to(next_epoch_block() - 1);
        assert_noop!(reveal(&SALT), Error::<Test>::RevealTooEarly);
        run_to(next_epoch_block());
        take_events();
        assert_ok!(reveal(&SALT));
        assert_eq!(
            take_events(),
            vec![
                Event::WeightsSet(NETUID, 1),
                Event::WeightsRevealed(id(1), NETUID, hash(&SALT)),
            ]
        );
        assert_eq!(
            Weights::<Test>::get(NETUID, 1),
            vec![(2, 32768), (3, 65535)]
        );
        assert_eq!(LastUpdate::<Test>::get(NETUID)[1], 1);
        assert!(!WeightCommits::<Test>::contains_key(NETUID, id(1)));
        assert_noop!(reveal(&SALT), Error::<Test>::NoWeightsCommitFound);
    });
}

#[test]
fn a_slot_that_is_due_in_this_block_counts() {
    with_committer(|| {
        assert_ok!(commit(hash(&SALT)));
        // As a deferred epoch leaves it: due, and not yet consumed.
        run_to(5);
        PendingEpochAt::<Test>::insert(NETUID, 5);
        assert_eq!(SubnetEpochIndex::<Test>::get(NETUID), 0);
        assert_ok!(reveal(&SALT));
    });
}

#[test]
fn a_late_reveal_says_that_the_commit_expired() {
    with_committer(|| {
        assert_ok!(commit(hash(&SALT)));
        run_to(next_epoch_block());
        run_to(next_epoch_block());
        assert_noop!(reveal(&SALT), Error::<Test>::ExpiredWeightCommit);
        assert_noop!(reveal(&[9]), Error::<Test>::NoWeightsCommitFound);
        assert_ok!(commit(hash(&[9])));
        assert_noop!(
            reveal(&[10]),
            Error::<Test>::InvalidRevealCommitHashNotMatch
        );
    });
}

#[test]
fn a_reveal_drops_older_commits() {
    with_committer(|| {
        for salt in 0..3 {
            assert_ok!(commit(hash(&[salt])));
        }
        run_to(next_epoch_block());
        assert_ok!(reveal(&[1]));
        assert_eq!(pending().len(), 1);
        assert_eq!(pending()[0].0, hash(&[2]));
    });
}

#[test]
fn a_batch_reveals_all_or_none_and_drops_only_what_it_names() {
    with_committer(|| {
        for salt in 0..3 {
            assert_ok!(commit(hash(&[salt])));
        }
        run_to(next_epoch_block());
        let unknown = Error::<Test>::InvalidRevealCommitHashNotMatch;
        assert_noop!(reveal_all(&[&[2], &[9]]), unknown);
        let twice = Error::<Test>::InvalidRevealCommitHashNotMatch;
        assert_noop!(reveal_all(&[&[2], &[2]]), twice);
        take_events();
        assert_ok!(reveal_all(&[&[2], &[0]]));
        let hashes = vec![hash(&[2]), hash(&[0])];
        let event = Event::WeightsBatchRevealed(id(1), NETUID, hashes);
        assert_eq!(take_events().pop(), Some(event));
        assert_eq!(pending().len(), 1);
        let unequal = SubtensorModule::batch_reveal_weights(
            signed(1),
            NETUID,
            vec![],
            vec![],
            vec![],
            vec![0],
        );
        assert_noop!(unequal, Error::<Test>::InputLengthsUnequal);
    });
}

#[test]
fn a_batch_of_commits_reports_each_failure_and_completes() {
    with_committer(|| {
        let netuids = vec![Compact(NETUID), Compact(9)];
        let hashes = vec![H256::zero(); 2];
        let batch = SubtensorModule::batch_commit_weights(signed(1), netuids.clone(), hashes);
        assert_ok!(batch);
        let absent = Error::<Test>::MechanismDoesNotExist.into();
        assert_eq!(
            take_events(),
            vec![
                Event::WeightsCommitted(id(1), NETUID, H256::zero()),
                Event::BatchCompletedWithErrors(),
                Event::BatchWeightItemFailed(9, absent),
                Event::BatchWeightsCompleted(netuids.clone(), id(1)),
            ]
        );
        let unequal = SubtensorModule::batch_commit_weights(signed(1), netuids, vec![]);
        assert_noop!(unequal, Error::<Test>::InputLengthsUnequal);
    });
}

#[test]
fn the_pool_refuses_what_the_block_would() {
    with_committer(|| {
        let reveal = |salt: u16| Call::reveal_weights {
            netuid: NETUID,
            uids: UIDS.to_vec(),
            values: VALUES.to_vec(),
            salt: vec![salt],
            version_key: 0,
        };
        let commit_call = |mecid| Call::commit_mechanism_weights {
            netuid: NETUID,
            mecid,
            commit_hash: H256::zero(),
        };
        assert_eq!(pool_code(reveal(1)), Some(16));
        assert_ok!(commit(hash(&[1])));
        assert_eq!(pool_code(reveal(1)), Some(17));
        assert_eq!(pool_code(reveal(2)), Some(16));
        assert_eq!(pool_code(commit_call(1)), Some(6));
        assert_eq!(pool_code(commit_call(0)), None);
        WeightsSetRateLimit::<Test>::insert(NETUID, 5);
        assert_eq!(pool_code(commit_call(0)), Some(6));
        StakeThreshold::<Test>::put(1000 * TAO);
        assert_eq!(pool_code(commit_call(0)), Some(1));
        assert_eq!(pool_code(reveal(1)), Some(1));
        let unequal = Call::batch_commit_weights {
            netuids: vec![],
            commit_hashes: vec![H256::zero()],
        };
        assert_eq!(pool_code(unequal), Some(18));
        StakeThreshold::<Test>::put(0);
        run_to(next_epoch_block());
        assert_eq!(pool_code(reveal(1)), None);
    });
}

#[test]
fn an_epoch_ignores_weights_for_who_came_after_the_oldest_pending_commit() {
    with_committer(|| {
        run_to(5);
        assert_ok!(commit(hash(&SALT)));
        let hotkeys = SubtensorModule::hotkeys(NETUID);
        let pools = vec![0; hotkeys.len()];
        let input = SubtensorModule::epoch_input(NETUID, &hotkeys, &pools, 0);
        let none = u64::MAX;
        assert_eq!(input.commit_blocks, Some(vec![none, 5, none, none]));
    });
}

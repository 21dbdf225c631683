//! Mechanisms: each with weights, bonds, updates, incentives and commits of its own.
mod common;
use common::*;
use frame_support::{assert_noop, assert_ok};
use pallet_subtensor::commits::commit_hash;
use pallet_subtensor::mechanisms::{mechanism_of, storage_index};
use sp_core::H256;
use sp_runtime::DispatchResult;

/// Storage index of the second mechanism.
const SECOND: u16 = 4096 + NETUID;

/// Two mechanisms; validator 1 on uid 1 with a permit, miners 2 and 3.
fn with_two(test: impl FnOnce()) {
    let mut subnet = subnet();
    subnet.weights_rate_limit = Some(3);
    subnet.max_allowed_uids = Some(64);
    subnet.immunity_period = Some(0);
    subnet.min_non_immune_uids = Some(0);
    subnet.neurons = vec![neuron(1, 100 * TAO), neuron(2, 0), neuron(3, 0)];
    with_subnet(subnet, || {
        ValidatorPermit::<Test>::insert(NETUID, vec![false, true, false, false]);
        SubtensorModule::set_mechanism_count(NETUID, 2);
        test();
    });
}

fn set(mecid: u8, uids: &[u16]) -> DispatchResult {
    let values = vec![1; uids.len()];
    SubtensorModule::set_mechanism_weights(signed(1), NETUID, mecid, uids.to_vec(), values, 0)
}

fn to_next_epoch() {
    run_to(SubtensorModule::get_next_epoch_start_block(NETUID).expect("a tempo"));
}

#[test]
fn indices_go_there_and_back() {
    assert_eq!(storage_index(NETUID, 0), NETUID);
    assert_eq!(storage_index(NETUID, 1), SECOND);
    assert_eq!(storage_index(4095, 15), u16::MAX);
    assert_eq!(mechanism_of(u16::MAX), (4095, 15));
    assert_eq!(mechanism_of(SECOND), (NETUID, 1));
}

#[test]
fn each_mechanism_has_its_own_weights_and_rate_limit() {
    with_two(|| {
        run_to(5);
        assert_ok!(set(0, &[2]));
        take_events();
        assert_ok!(set(1, &[3]));
        assert_eq!(take_events(), vec![Event::WeightsSet(SECOND, 1)]);
        assert_eq!(Weights::<Test>::get(NETUID, 1), vec![(2, 65535)]);
        assert_eq!(Weights::<Test>::get(SECOND, 1), vec![(3, 65535)]);
        assert_eq!(LastUpdate::<Test>::get(SECOND)[1], 5);
        assert_noop!(set(1, &[2]), Error::<Test>::SettingWeightsTooFast);
        assert_noop!(set(2, &[2]), Error::<Test>::MechanismDoesNotExist);
    });
}

#[test]
fn an_epoch_divides_the_emission_among_mechanisms() {
    with_two(|| {
        MechanismEmissionSplit::<Test>::insert(NETUID, vec![16384, 49151]);
        run_to(5);
        assert_ok!(set(0, &[2]));
        assert_ok!(set(1, &[3]));
        let hotkeys = SubtensorModule::hotkeys(NETUID);
        take_events();
        to_next_epoch();
        assert_eq!(Incentive::<Test>::get(NETUID), vec![0, 0, 65535, 0]);
        assert_eq!(Incentive::<Test>::get(SECOND), vec![0, 0, 0, 65535]);
        assert_eq!(Bonds::<Test>::get(NETUID, 1)[0].0, 2);
        assert_eq!(Bonds::<Test>::get(SECOND, 1)[0].0, 3);
        let paid = |event: &Event<Test>| match event {
            Event::IncentiveAlphaEmittedToMiners { netuid, emissions } => {
                Some((*netuid, emissions.clone()))
            }
            _ => None,
        };
        let paid: Vec<_> = take_events().iter().filter_map(paid).collect();
        assert_eq!([paid[0].0, paid[1].0], [NETUID, SECOND]);
        let (less, more) = (paid[0].1[2], paid[1].1[3]);
        assert!(less > 0 && (less * 3).abs_diff(more) < more / 1000);
        let stake = |uid: usize| TotalHotkeyAlpha::<Test>::get(hotkeys[uid], NETUID);
        assert_eq!([stake(2), stake(3)], [less, more]);
        // The validator earned all dividends of both.
        let dividends = Dividends::<Test>::get(NETUID)[1];
        assert!(dividends >= 65533, "{dividends}");
    });
}

#[test]
fn commits_belong_to_a_mechanism() {
    with_two(|| {
        CommitRevealWeightsEnabled::<Test>::insert(NETUID, true);
        let hash = commit_hash(&id(1), SECOND, &[2], &[1], &[], 0);
        let commit =
            |mecid| SubtensorModule::commit_mechanism_weights(signed(1), NETUID, mecid, hash);
        let reveal = |mecid| {
            let (uids, values) = (vec![2], vec![1]);
            SubtensorModule::reveal_mechanism_weights(
                signed(1),
                NETUID,
                mecid,
                uids,
                values,
                vec![],
                0,
            )
        };
        run_to(5);
        assert_ok!(commit(1));
        let hotkeys = SubtensorModule::hotkeys(NETUID);
        let oldest = |index| {
            let input = SubtensorModule::epoch_input(index, &hotkeys, &[0; 4], 0);
            input.commit_blocks.expect("commit-reveal is on")[1]
        };
        assert_eq!([oldest(NETUID), oldest(SECOND)], [u64::MAX, 5]);
        to_next_epoch();
        assert_noop!(reveal(0), Error::<Test>::NoWeightsCommitFound);
        assert_ok!(reveal(1));
        assert_eq!(Weights::<Test>::get(SECOND, 1), vec![(2, 65535)]);
        assert_eq!(Weights::<Test>::get(NETUID, 1), vec![]);
    });
}

#[test]
fn a_newcomer_inherits_nothing_on_any_mechanism() {
    with_two(|| {
        Weights::<Test>::insert(SECOND, 1, vec![(2, 7), (3, 9)]);
        Weights::<Test>::insert(SECOND, 2, vec![(1, 1)]);
        Bonds::<Test>::insert(SECOND, 2, vec![(1, 1)]);
        Incentive::<Test>::insert(SECOND, vec![0, 0, 5, 5]);
        MaxAllowedUids::<Test>::insert(NETUID, 4);
        Emission::<Test>::insert(NETUID, vec![9, 9, 0, 9]);
        run_to(3);
        assert_ok!(register(200, 9));
        assert_eq!(uid_of(9), Some(2));
        assert_eq!(Weights::<Test>::get(SECOND, 1), vec![(2, 0), (3, 9)]);
        assert_eq!(Weights::<Test>::get(SECOND, 2), vec![]);
        assert_eq!(Bonds::<Test>::get(SECOND, 2), vec![]);
        assert_eq!(Incentive::<Test>::get(SECOND), vec![0, 0, 0, 5]);
        assert_eq!(LastUpdate::<Test>::get(SECOND)[2], 3);
        MaxAllowedUids::<Test>::insert(NETUID, 5);
        run_to(4);
        assert_ok!(register(200, 8));
        assert_eq!(Incentive::<Test>::get(SECOND), vec![0, 0, 0, 5, 0]);
        assert_eq!(LastUpdate::<Test>::get(SECOND)[4], 4);
    });
}

#[test]
fn trimming_renames_the_rows_of_every_mechanism() {
    with_two(|| {
        MinAllowedUids::<Test>::insert(NETUID, 1);
        Emission::<Test>::insert(NETUID, vec![9, 9, 0, 9]);
        Weights::<Test>::insert(SECOND, 3, vec![(1, 4), (2, 5), (3, 6)]);
        Bonds::<Test>::insert(SECOND, 3, vec![(3, 6)]);
        Incentive::<Test>::insert(SECOND, vec![1, 2, 3, 4]);
        LastUpdate::<Test>::insert(SECOND, vec![5, 6, 7, 8]);
        assert_ok!(SubtensorModule::trim_to_max_allowed_uids(NETUID, 3));
        assert_eq!(Weights::<Test>::get(SECOND, 2), vec![(1, 4), (2, 6)]);
        assert_eq!(Weights::<Test>::get(SECOND, 3), vec![]);
        assert_eq!(Bonds::<Test>::get(SECOND, 2), vec![(2, 6)]);
        assert_eq!(Incentive::<Test>::get(SECOND), vec![1, 2, 4]);
        assert_eq!(LastUpdate::<Test>::get(SECOND), vec![5, 6, 8]);
    });
}

#[test]
fn fewer_mechanisms_forget_what_the_others_stored() {
    with_two(|| {
        run_to(5);
        assert_ok!(set(0, &[2]));
        assert_ok!(set(1, &[3]));
        to_next_epoch();
        CommitRevealWeightsEnabled::<Test>::insert(NETUID, true);
        let hash = H256::zero();
        let commit = SubtensorModule::commit_mechanism_weights(signed(1), NETUID, 1, hash);
        assert_ok!(commit);
        MechanismEmissionSplit::<Test>::insert(NETUID, vec![65535, 0]);
        SubtensorModule::set_mechanism_count(NETUID, 1);
        assert_eq!(Weights::<Test>::iter_prefix(SECOND).count(), 0);
        assert_eq!(Bonds::<Test>::iter_prefix(SECOND).count(), 0);
        assert_eq!(WeightCommits::<Test>::iter_prefix(SECOND).count(), 0);
        assert!(!Incentive::<Test>::contains_key(SECOND));
        assert!(!LastUpdate::<Test>::contains_key(SECOND));
        assert_eq!(MechanismEmissionSplit::<Test>::get(NETUID), None);
        assert_eq!(Weights::<Test>::get(NETUID, 1), vec![(2, 65535)]);
    });
}

#[test]
fn a_dissolved_subnet_leaves_no_mechanism_behind() {
    with_two(|| {
        run_to(5);
        assert_ok!(set(1, &[3]));
        assert_ok!(SubtensorModule::do_dissolve_network(NETUID));
        assert_eq!(Weights::<Test>::iter_prefix(SECOND).count(), 0);
        assert!(!LastUpdate::<Test>::contains_key(SECOND));
    });
}

#[test]
fn metagraphs_of_mechanisms_show_their_updates_and_incentives() {
    with_two(|| {
        run_to(5);
        assert_ok!(set(0, &[2]));
        run_to(6);
        assert_ok!(set(1, &[3]));
        to_next_epoch();
        let second = SubtensorModule::get_mechagraph(NETUID, 1).expect("it exists");
        assert_eq!(second.netuid.0, SECOND);
        assert_eq!(second.last_update[1].0, 6);
        assert_eq!(second.incentives[3].0, 65535);
        let first = SubtensorModule::get_mechagraph(NETUID, 0).expect("it exists");
        assert_eq!(Some(first.clone()), SubtensorModule::get_metagraph(NETUID));
        assert_eq!(first.last_update[1].0, 5);
        assert_eq!(SubtensorModule::get_mechagraph(NETUID, 2), None);
        let all = SubtensorModule::get_all_mechagraphs();
        let netuids: Vec<u16> = all.iter().flatten().map(|m| m.netuid.0).collect();
        assert_eq!(netuids, [0, NETUID, SECOND]);
        let chosen = SubtensorModule::get_selective_mechagraph(NETUID, 1, vec![59, 62]);
        let chosen = chosen.expect("it exists");
        assert_eq!(chosen.netuid.0, NETUID);
        assert_eq!(chosen.last_update, Some(second.last_update));
        assert_eq!(chosen.incentives, Some(second.incentives));
        assert_eq!(chosen.active, None);
    });
}

//! Child keys: who may have them, when they take effect, whose stake counts and who is paid.

mod common;

use common::*;
use frame_support::{assert_noop, assert_ok};

const PARENT: u64 = 1;
const CHILD: u64 = 2;
const HALF: u64 = u64::MAX / 2;

/// Hotkeys 1 and 2 with 1000 and 200 alpha, owned by 1001 and 1002.
fn family(test: impl FnOnce()) {
    let mut one = subnet();
    one.neurons = vec![neuron(PARENT, 1_000 * TAO), neuron(CHILD, 200 * TAO)];
    with_subnet(one, || {
        AdminFreezeWindow::<Test>::put(0);
        take_events();
        test();
    });
}

fn set(children: &[(u64, u64)]) -> sp_runtime::DispatchResult {
    let children = children.iter().map(|(part, child)| (*part, id(*child)));
    SubtensorModule::set_children(
        signed(PARENT + 1000),
        id(PARENT),
        NETUID,
        children.collect(),
    )
}

/// Sets children and lets the first epoch after the cooldown pass.
fn lend(children: &[(u64, u64)]) {
    PendingChildKeyCooldown::<Test>::put(2);
    assert_ok!(set(children));
    run_blocks(22);
}

fn weight_stake(hotkey: u64) -> u64 {
    SubtensorModule::weight_stake(&id(hotkey), NETUID)
}

#[test]
fn children_wait_for_the_first_epoch_after_the_cooldown() {
    family(|| {
        PendingChildKeyCooldown::<Test>::put(15);
        assert_ok!(set(&[(HALF, CHILD)]));
        let scheduled =
            Event::SetChildrenScheduled(id(PARENT), NETUID, 16, vec![(HALF, id(CHILD))]);
        assert_eq!(take_events(), [scheduled]);
        run_to(15);
        assert_eq!(ChildKeys::<Test>::get(id(PARENT), NETUID), []);
        run_to(31);
        assert_eq!(
            ChildKeys::<Test>::get(id(PARENT), NETUID),
            [(HALF, id(CHILD))]
        );
        assert_eq!(
            ParentKeys::<Test>::get(id(CHILD), NETUID),
            [(HALF, id(PARENT))]
        );
        let set = Event::SetChildren(id(PARENT), NETUID, vec![(HALF, id(CHILD))]);
        assert!(take_events().contains(&set));
        assert!(!PendingChildKeys::<Test>::contains_key(NETUID, id(PARENT)));
    });
}

#[test]
fn before_a_subnet_starts_they_take_effect_at_once() {
    family(|| {
        SubtokenEnabled::<Test>::insert(NETUID, false);
        assert_ok!(set(&[(HALF, CHILD)]));
        assert_eq!(
            ParentKeys::<Test>::get(id(CHILD), NETUID),
            [(HALF, id(PARENT))]
        );
    });
}

#[test]
fn refusals_come_in_the_chains_order() {
    family(|| {
        let stranger = SubtensorModule::set_children(signed(200), id(PARENT), NETUID, vec![]);
        assert_noop!(stranger, Error::<Test>::NonAssociatedColdKey);
        let root = SubtensorModule::set_children(signed(1001), id(PARENT), 0, vec![]);
        assert_noop!(root, Error::<Test>::RegistrationNotPermittedOnRootSubnet);
        let nowhere = SubtensorModule::set_children(signed(1001), id(PARENT), 99, vec![]);
        assert_noop!(nowhere, Error::<Test>::SubnetNotExists);
        assert_noop!(
            set(&[(1, CHILD), (2, CHILD)]),
            Error::<Test>::DuplicateChild
        );
        assert_noop!(set(&[(1, PARENT)]), Error::<Test>::InvalidChild);
        let six = [(1, 11), (1, 12), (1, 13), (1, 14), (1, 15), (1, 16)];
        assert_noop!(set(&six), Error::<Test>::TooManyChildren);
        let more = [(u64::MAX, CHILD), (1, 11)];
        assert_noop!(set(&more), Error::<Test>::ProportionOverflow);
        StakeThreshold::<Test>::put(5_000 * TAO);
        assert_noop!(
            set(&[(1, CHILD)]),
            Error::<Test>::NotEnoughStakeToSetChildkeys
        );
        assert_ok!(set(&[]));
        assert_noop!(set(&[]), Error::<Test>::TxRateLimitExceeded);
    });
}

#[test]
fn nobody_is_the_parent_of_its_parent() {
    family(|| {
        lend(&[(HALF, CHILD)]);
        let back = vec![(HALF, id(PARENT))];
        let back = SubtensorModule::set_children(signed(1002), id(CHILD), NETUID, back);
        assert_noop!(back, Error::<Test>::ChildParentInconsistency);
    });
}

#[test]
fn lent_stake_counts_with_the_child() {
    family(|| {
        SubtokenEnabled::<Test>::insert(NETUID, false);
        assert_ok!(set(&[(HALF, CHILD)]));
        // Proportions have 32 fraction bits: half of `u64::MAX` is a little less than a half.
        let (kept, with_gift) = (500 * TAO + 232, 700 * TAO - 233);
        assert_eq!(weight_stake(PARENT), kept);
        assert_eq!(weight_stake(CHILD), with_gift);
        let hotkeys = SubtensorModule::hotkeys(NETUID);
        let pools: Vec<u64> = hotkeys
            .iter()
            .map(|hotkey| TotalHotkeyAlpha::<Test>::get(hotkey, NETUID))
            .collect();
        let input = SubtensorModule::epoch_input(NETUID, &hotkeys, &pools, 0);
        let stakes: Vec<u64> = input.stake.iter().map(|stake| stake.to_u64()).collect();
        assert_eq!(stakes, [0, kept, with_gift]);
        let state = SubtensorModule::get_subnet_state(NETUID).expect("a subnet");
        assert_eq!(state.alpha_stake[2].0, with_gift);
    });
}

#[test]
fn new_children_replace_the_old() {
    family(|| {
        lend(&[(HALF, CHILD)]);
        run_blocks(150);
        lend(&[(1, 11), (2, 12)]);
        assert_eq!(ParentKeys::<Test>::get(id(CHILD), NETUID), []);
        assert_eq!(
            ChildKeys::<Test>::get(id(PARENT), NETUID),
            [(1, id(11)), (2, id(12))]
        );
        run_blocks(150);
        lend(&[]);
        assert!(!ChildKeys::<Test>::contains_key(id(PARENT), NETUID));
        assert!(!ParentKeys::<Test>::contains_key(id(11), NETUID));
    });
}

/// Alpha that the owner of a hotkey gained while `test` ran.
fn gained(hotkey: u64, test: impl FnOnce()) -> u64 {
    let held = || SubtensorModule::stake_of(&id(hotkey), &coldkey(hotkey), NETUID);
    let before = held();
    test();
    held() - before
}

#[test]
fn a_child_shares_its_dividends_with_its_parents() {
    family(|| {
        lend(&[(u64::MAX, CHILD)]);
        SubtensorModule::set_childkey_take(signed(1002), id(CHILD), NETUID, 11_796).expect("take");
        let mut child = 0;
        let parent = gained(PARENT, || {
            child = gained(CHILD, || run_blocks(10));
        });
        // 1000 of 1200 alpha are the parent's; of its part the child takes 18 %.
        let share = parent as f64 / (parent + child) as f64;
        let expected = 1000.0 / 1200.0 * (1.0 - 11_796.0 / 65_535.0);
        assert!((share - expected).abs() < 0.01, "{share} {expected}");
        let paid = |n| AlphaDividendsPerSubnet::<Test>::get(NETUID, id(n));
        assert!(paid(PARENT) > 0 && paid(CHILD) > 0);
    });
}

#[test]
fn a_childkey_take_rises_slowly_and_falls_at_once() {
    family(|| {
        let take = |take| SubtensorModule::set_childkey_take(signed(1002), id(CHILD), NETUID, take);
        assert_noop!(take(11_797), Error::<Test>::InvalidChildkeyTake);
        assert_ok!(take(5_000));
        assert_ok!(take(1_000));
        assert_noop!(take(1_001), Error::<Test>::TxChildkeyTakeRateLimitExceeded);
        System::set_block_number(216_001);
        assert_ok!(take(1_001));
        assert_eq!(ChildkeyTake::<Test>::get(id(CHILD), NETUID), 1_001);
        assert_eq!(
            take_events().last(),
            Some(&Event::ChildKeyTakeSet(id(CHILD), 1_001))
        );
        MinChildkeyTakePerSubnet::<Test>::insert(NETUID, 3_000);
        assert_eq!(SubtensorModule::childkey_take(&id(CHILD), NETUID), 3_000);
    });
}

#[test]
fn a_removed_subnet_leaves_no_relations() {
    family(|| {
        lend(&[(HALF, CHILD)]);
        assert_ok!(SubtensorModule::do_dissolve_network(NETUID));
        assert_eq!(ChildKeys::<Test>::iter().count(), 0);
        assert_eq!(ParentKeys::<Test>::iter().count(), 0);
    });
}

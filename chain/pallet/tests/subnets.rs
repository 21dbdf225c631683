mod common;
use common::*;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::traits::BadOrigin;

#[test]
fn a_new_subnet_has_its_owner_on_uid_zero_and_starts_on_request() {
    with_subnet(subnet(), || {
        NetworkMinLockCost::<Test>::put(10 * TAO);
        NetworkLastLockCost::<Test>::put(10 * TAO);
        let before = Balances::free_balance(id(200));
        assert_ok!(SubtensorModule::register_network(signed(200), id(1)));
        assert!(take_events().contains(&Event::NetworkAdded(2, 1)));
        assert_eq!(Balances::free_balance(id(200)), before - 10 * TAO);
        assert_eq!(Keys::<Test>::get(2, 0), id(1));
        assert_eq!(SubnetOwner::<Test>::get(2), id(200));
        assert_eq!(
            (Tempo::<Test>::get(2), MaxAllowedValidators::<Test>::get(2)),
            (360, 64)
        );
        assert!(Yuma3On::<Test>::get(2) && CommitRevealWeightsEnabled::<Test>::get(2));
        assert_eq!(FirstEmissionBlockNumber::<Test>::get(2), None);

        assert_noop!(SubtensorModule::start_call(signed(300), 2), BadOrigin);
        assert_ok!(SubtensorModule::start_call(signed(200), 2));
        assert_eq!(FirstEmissionBlockNumber::<Test>::get(2), Some(2));
        assert!(SubtokenEnabled::<Test>::get(2));
        let again = SubtensorModule::start_call(signed(200), 2);
        assert_noop!(again, Error::<Test>::FirstEmissionBlockNumberAlreadySet);
    });
}

#[test]
fn the_price_of_a_subnet_doubles_and_falls_back() {
    with_subnet(subnet(), || {
        NetworkMinLockCost::<Test>::put(10 * TAO);
        NetworkLastLockCost::<Test>::put(10 * TAO);
        NetworkLockReductionInterval::<Test>::put(100);
        NetworkRateLimit::<Test>::put(0);
        assert_ok!(SubtensorModule::register_network(signed(200), id(1)));
        assert_eq!(SubtensorModule::network_lock_cost(), 20 * TAO);
        run_blocks(50);
        assert_eq!(SubtensorModule::network_lock_cost(), 15 * TAO);
        run_blocks(500);
        assert_eq!(SubtensorModule::network_lock_cost(), 10 * TAO);
    });
}

#[test]
fn refusals_of_a_new_subnet() {
    with_subnet(subnet(), || {
        let foreign = SubtensorModule::register_network(signed(200), id(OWNER_HOTKEY));
        assert_noop!(foreign, Error::<Test>::NonAssociatedColdKey);
        let poor = SubtensorModule::register_network(signed(555), id(1));
        assert_noop!(poor, Error::<Test>::CannotAffordLockCost);
        assert_ok!(SubtensorModule::register_network(signed(200), id(1)));
        let soon = SubtensorModule::register_network(signed(200), id(2));
        assert_noop!(soon, Error::<Test>::NetworkTxRateLimitExceeded);
    });
}

#[test]
fn a_dissolved_subnet_pays_its_stakers_and_leaves_nothing() {
    let mut played = subnet();
    played.neurons = vec![neuron(1, 0)];
    with_subnet(played, || {
        let issuance = Balances::total_issuance();
        let before = Balances::free_balance(id(200));
        assert_ok!(SubtensorModule::add_stake(
            signed(200),
            id(1),
            NETUID,
            5 * TAO
        ));
        assert_noop!(
            SubtensorModule::root_dissolve_network(signed(OWNER), NETUID),
            BadOrigin
        );
        assert_ok!(SubtensorModule::root_dissolve_network(
            RuntimeOrigin::root(),
            NETUID
        ));
        assert!(take_events().contains(&Event::NetworkRemoved(NETUID)));
        assert_eq!(Balances::free_balance(id(200)), before);
        assert_eq!(Balances::total_issuance(), issuance);
        assert_eq!(uid_of(1), None);
        assert!(!SubtensorModule::subnet_exists(NETUID));
        assert_eq!(TotalHotkeyAlpha::<Test>::get(id(1), NETUID), 0);
        assert_eq!(TotalStake::<Test>::get(), 0);
    });
}

#[test]
fn identities_are_bounded_and_belong_to_their_owner() {
    with_subnet(subnet(), || {
        let name = |by: u64, name: Vec<u8>| {
            let none = Vec::new;
            SubtensorModule::set_subnet_identity(
                signed(by),
                NETUID,
                name,
                none(),
                none(),
                none(),
                none(),
                none(),
                none(),
                none(),
            )
        };
        assert_noop!(name(200, vec![b'x']), Error::<Test>::NotSubnetOwner);
        assert_noop!(name(OWNER, vec![b'x'; 257]), Error::<Test>::InvalidIdentity);
        assert_ok!(name(OWNER, vec![b'x'; 256]));
        assert_eq!(
            SubnetIdentitiesV3::<Test>::get(NETUID)
                .unwrap()
                .subnet_name
                .len(),
            256
        );
    });
}

#[test]
fn the_admin_window_closes_before_an_epoch() {
    with_subnet(subnet(), || {
        Tempo::<Test>::insert(NETUID, 100);
        AdminFreezeWindow::<Test>::put(10);
        let closed = |block| {
            run_to(block);
            SubtensorModule::in_admin_freeze_window(NETUID)
        };
        assert!(!closed(90));
        assert!(closed(91));
        assert!(!closed(100));
    });
}

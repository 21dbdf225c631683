mod common;
use common::*;
use frame_support::{assert_noop, assert_ok};

fn stake(hotkey: u64, coldkey: u64) -> u64 {
    SubtensorModule::stake_of(&id(hotkey), &id(coldkey), NETUID)
}

fn add(coldkey: u64, hotkey: u64, tao: u64) -> sp_runtime::DispatchResult {
    SubtensorModule::add_stake(signed(coldkey), id(hotkey), NETUID, tao)
}

fn remove(coldkey: u64, hotkey: u64, alpha: u64) -> sp_runtime::DispatchResult {
    SubtensorModule::remove_stake(signed(coldkey), id(hotkey), NETUID, alpha)
}

fn with_neuron(test: impl FnOnce()) {
    let mut subnet = subnet();
    subnet.neurons = vec![neuron(1, 0)];
    with_subnet(subnet, test);
}

#[test]
fn tao_becomes_alpha_and_back() {
    with_neuron(|| {
        let before = Balances::free_balance(id(200));
        let issuance = Balances::total_issuance();
        assert_ok!(add(200, 1, 5 * TAO));
        assert_eq!(stake(1, 200), 5 * TAO);
        assert_eq!(TotalHotkeyAlpha::<Test>::get(id(1), NETUID), 5 * TAO);
        assert_eq!(SubnetTAO::<Test>::get(NETUID), 5 * TAO);
        assert_eq!(TotalStake::<Test>::get(), 5 * TAO);
        let event = Event::StakeAdded(id(200), id(1), 5 * TAO, 5 * TAO, NETUID, 0);
        assert!(take_events().contains(&event));
        assert_ok!(remove(200, 1, u64::MAX));
        assert_eq!(stake(1, 200), 0);
        assert_eq!(Balances::free_balance(id(200)), before);
        assert_eq!(Balances::total_issuance(), issuance);
        assert_eq!(TotalHotkeyShares::<Test>::get(id(1), NETUID).bits, 0);
        let event = Event::StakeRemoved(id(200), id(1), 5 * TAO, 5 * TAO, NETUID, 0);
        assert!(take_events().contains(&event));
    });
}

#[test]
fn refusals_come_in_the_chains_order() {
    with_neuron(|| {
        let unknown = SubtensorModule::add_stake(signed(555), id(9), 9, 1);
        assert_noop!(unknown, Error::<Test>::SubnetNotExists);
        SubtokenEnabled::<Test>::insert(NETUID, false);
        assert_noop!(add(555, 9, 1), Error::<Test>::SubtokenDisabled);
        assert_noop!(remove(200, 1, 1), Error::<Test>::SubtokenDisabled);
        SubtokenEnabled::<Test>::insert(NETUID, true);
        assert_noop!(add(555, 9, 1_999_999), Error::<Test>::AmountTooLow);
        assert_noop!(
            add(555, 9, 2_000_000),
            Error::<Test>::NotEnoughBalanceToStake
        );
        assert_noop!(
            add(200, 9, 2_000_000),
            Error::<Test>::HotKeyAccountNotExists
        );
        assert_noop!(remove(200, 1, TAO), Error::<Test>::AmountTooLow);
        let more = SubtensorModule::remove_stake_limit(signed(200), id(1), NETUID, 1, 1, false);
        assert_noop!(more, Error::<Test>::NotEnoughStakeToWithdraw);
    });
}

#[test]
fn whoever_stakes_with_a_limit_on_anothers_hotkey_makes_it_a_delegate() {
    with_neuron(|| {
        let staked = |coldkey| {
            SubtensorModule::add_stake_limit(signed(coldkey), id(7), NETUID, TAO, TAO, false)
        };
        assert_ok!(register(300, 7));
        assert_ok!(staked(300));
        assert_ok!(add(200, 7, TAO));
        assert!(!Delegates::<Test>::contains_key(id(7)));
        assert_ok!(staked(200));
        assert_eq!(
            Delegates::<Test>::iter().collect::<Vec<_>>(),
            [(id(7), 11_796)]
        );
    });
}

#[test]
fn a_limit_is_met_at_one_tao_for_one_alpha_or_not_at_all() {
    with_neuron(|| {
        let add = |price, partial| {
            let hotkey = id(1);
            SubtensorModule::add_stake_limit(signed(200), hotkey, NETUID, TAO, price, partial)
        };
        assert_noop!(add(TAO - 1, false), Error::<Test>::SlippageTooHigh);
        assert_noop!(add(TAO - 1, true), Error::<Test>::AmountTooLow);
        assert_ok!(add(TAO, false));
        let remove = |price| {
            SubtensorModule::remove_stake_full_limit(signed(200), id(1), NETUID, Some(price))
        };
        assert_noop!(remove(TAO + 1), Error::<Test>::SlippageTooHigh);
        assert_ok!(remove(TAO));
    });
}

#[test]
fn nominators_share_a_dividend_in_proportion_and_never_more_than_the_pool() {
    with_neuron(|| {
        assert_ok!(add(200, 1, 3 * TAO));
        assert_ok!(add(300, 1, TAO));
        SubtensorModule::increase_pool(&id(1), NETUID, 401);
        assert_eq!(stake(1, 200), 3 * TAO + 300);
        assert_eq!(stake(1, 300), TAO + 100);
        assert_ok!(add(400, 1, 7 * TAO));
        let parts = stake(1, 200) + stake(1, 300) + stake(1, 400);
        let pool = TotalHotkeyAlpha::<Test>::get(id(1), NETUID);
        assert!(parts <= pool && pool - parts <= 3, "{parts} of {pool}");
    });
}

#[test]
fn more_than_the_pool_holds_cannot_be_paid_out() {
    with_neuron(|| {
        assert_ok!(add(200, 1, 5 * TAO));
        SubtensorModule::increase_pool(&id(1), NETUID, TAO);
        assert_noop!(
            remove(200, 1, u64::MAX),
            Error::<Test>::InsufficientLiquidity
        );
        assert_ok!(remove(200, 1, 5 * TAO));
    });
}

#[test]
fn takes_move_within_their_bounds() {
    with_neuron(|| {
        let owner = RuntimeOrigin::signed(coldkey(1));
        let foreign = SubtensorModule::decrease_take(signed(200), id(1), 5);
        assert_noop!(foreign, Error::<Test>::NonAssociatedColdKey);
        assert_ok!(SubtensorModule::decrease_take(owner.clone(), id(1), 5));
        assert_eq!(Delegates::<Test>::get(id(1)), 5);
        let soon = SubtensorModule::increase_take(owner.clone(), id(1), 6);
        assert_noop!(soon, Error::<Test>::DelegateTxRateLimitExceeded);
        let high = SubtensorModule::increase_take(owner, id(1), 11_797);
        assert_noop!(high, Error::<Test>::DelegateTakeTooHigh);
    });
}

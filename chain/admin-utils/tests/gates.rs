//! Who may call what and when.

mod common;
use common::*;
use frame_support::assert_ok;
use pallet_admin_utils::Call;
use sp_runtime::traits::{BadOrigin, Dispatchable};
use sp_runtime::DispatchResult;

type Calls = Vec<(&'static str, Call<Test>)>;

macro_rules! calls {
    ($($name:ident { $($field:ident: $value:expr),* $(,)? })*) => {
        vec![$((stringify!($name), Call::<Test>::$name { $($field: $value),* })),*]
    };
}

/// Setters that a subnet's owner may use, each with a value that is accepted.
fn owners(netuid: u16) -> Calls {
    calls! {
        sudo_set_serving_rate_limit { netuid: netuid, serving_rate_limit: 1 }
        sudo_set_max_difficulty { netuid: netuid, max_difficulty: 1 }
        sudo_set_weights_version_key { netuid: netuid, weights_version_key: 1 }
        sudo_set_adjustment_alpha { netuid: netuid, adjustment_alpha: 1 }
        sudo_set_immunity_period { netuid: netuid, immunity_period: 11 }
        sudo_set_min_allowed_weights { netuid: netuid, min_allowed_weights: 1 }
        sudo_set_max_allowed_uids { netuid: netuid, max_allowed_uids: 64 }
        sudo_set_rho { netuid: netuid, rho: 1 }
        sudo_set_activity_cutoff { netuid: netuid, activity_cutoff: 360 }
        sudo_set_min_burn { netuid: netuid, min_burn: 1 }
        sudo_set_max_burn { netuid: netuid, max_burn: 100_000_001 }
        sudo_set_bonds_moving_average { netuid: netuid, bonds_moving_average: 975_000 }
        sudo_set_commit_reveal_weights_enabled { netuid: netuid, enabled: false }
        sudo_set_liquid_alpha_enabled { netuid: netuid, enabled: true }
        sudo_set_alpha_values { netuid: netuid, alpha_low: 1_638, alpha_high: 1_638 }
        sudo_set_commit_reveal_weights_interval { netuid: netuid, interval: 100 }
        sudo_set_bonds_penalty { netuid: netuid, bonds_penalty: 1 }
        sudo_set_toggle_transfer { netuid: netuid, toggle: false }
        sudo_set_alpha_sigmoid_steepness { netuid: netuid, steepness: 0 }
        sudo_set_yuma3_enabled { netuid: netuid, enabled: false }
        sudo_set_bonds_reset_enabled { netuid: netuid, enabled: true }
        sudo_set_owner_immune_neuron_limit { netuid: netuid, immune_neurons: 10 }
        sudo_set_mechanism_count { netuid: netuid, mechanism_count: 1 }
        sudo_set_mechanism_emission_split { netuid: netuid, maybe_split: None }
        sudo_trim_to_max_allowed_uids { netuid: netuid, max_n: 4 }
        sudo_set_recycle_or_burn {
            netuid: netuid, recycle_or_burn: subtensor::RecycleOrBurnEnum::Recycle
        }
        sudo_set_burn_half_life { netuid: netuid, burn_half_life: 36_100 }
        sudo_set_burn_increase_mult {
            netuid: netuid, burn_increase_mult: subtensor::U64F64::from_int(3)
        }
        sudo_set_min_childkey_take_per_subnet { netuid: netuid, take: 11_796 }
    }
}

/// The same, without a limit on how often.
fn owners_at_will(netuid: u16) -> Calls {
    calls! {
        sudo_set_owner_cut_enabled { netuid: netuid, enabled: false }
        sudo_set_owner_cut_auto_lock_enabled { netuid: netuid, enabled: true }
    }
}

fn roots_in_window(netuid: u16) -> Calls {
    calls! {
        sudo_set_min_difficulty { netuid: netuid, min_difficulty: 1 }
        sudo_set_target_registrations_per_interval {
            netuid: netuid, target_registrations_per_interval: 1
        }
        sudo_set_difficulty { netuid: netuid, difficulty: 1 }
        sudo_set_max_allowed_validators { netuid: netuid, max_allowed_validators: 1 }
        sudo_set_max_registrations_per_block { netuid: netuid, max_registrations_per_block: 1 }
        sudo_set_tempo { netuid: netuid, tempo: TEMPO }
        sudo_set_subtoken_enabled { netuid: netuid, subtoken_enabled: true }
        sudo_set_min_allowed_uids { netuid: netuid, min_allowed_uids: 1 }
    }
}

fn roots_at_any_time(netuid: u16) -> Calls {
    calls! {
        sudo_set_weights_set_rate_limit { netuid: netuid, weights_set_rate_limit: 1 }
        sudo_set_adjustment_interval { netuid: netuid, adjustment_interval: 1 }
        sudo_set_kappa { netuid: netuid, kappa: 1 }
        sudo_set_network_registration_allowed { netuid: netuid, registration_allowed: false }
        sudo_set_rao_recycled { netuid: netuid, rao_recycled: 1 }
        sudo_set_ema_price_halving_period { netuid: netuid, ema_halving: 1 }
        sudo_set_min_non_immune_uids { netuid: netuid, min: 1 }
        sudo_set_subnet_emission_enabled { netuid: netuid, enabled: true }
    }
}

fn of_the_chain() -> Calls {
    calls! {
        sudo_set_default_take { default_take: 1 }
        sudo_set_tx_rate_limit { tx_rate_limit: 1 }
        sudo_set_subnet_owner_cut { subnet_owner_cut: 1 }
        sudo_set_network_rate_limit { rate_limit: 1 }
        sudo_set_network_immunity_period { immunity_period: 1 }
        sudo_set_network_min_lock_cost { lock_cost: 1 }
        sudo_set_subnet_limit { max_subnets: 1 }
        sudo_set_lock_reduction_interval { interval: 1 }
        sudo_set_stake_threshold { min_stake: 1 }
        sudo_set_nominator_min_required_stake { min_stake: 1 }
        sudo_set_tx_delegate_take_rate_limit { tx_rate_limit: 1 }
        sudo_set_min_delegate_take { take: 1 }
        sudo_set_subnet_moving_alpha { alpha: subtensor::I96F32 { bits: 1 } }
        sudo_set_commit_reveal_version { version: 5 }
        sudo_set_ck_burn { burn: 1 }
        sudo_set_admin_freeze_window { window: 0 }
        sudo_set_owner_hparam_rate_limit { epochs: 1 }
        sudo_set_start_call_delay { delay: 1 }
        sudo_set_max_mechanism_count { max_mechanism_count: 16 }
        sudo_set_max_epochs_per_block { max_epochs_per_block: 1 }
    }
}

fn send(call: &Call<Test>, origin: RuntimeOrigin) -> DispatchResult {
    let sent = RuntimeCall::AdminUtils(call.clone()).dispatch(origin);
    sent.map(|_| ()).map_err(|failed| failed.error)
}

fn each(calls: Calls, check: impl Fn(&Call<Test>, &str)) {
    for (name, call) in calls {
        with_subnet(|| {
            subtensor::LiquidAlphaOn::<Test>::insert(NETUID, true);
            check(&call, name);
        });
    }
}

fn on_subnets(netuid: u16) -> Calls {
    let owners = [owners(netuid), owners_at_will(netuid)].concat();
    [owners, roots_in_window(netuid), roots_at_any_time(netuid)].concat()
}

#[test]
fn strangers_are_refused_everywhere() {
    each(
        [on_subnets(NETUID), of_the_chain()].concat(),
        |call, name| {
            assert_eq!(send(call, stranger()), error(BadOrigin), "{name}");
            assert_eq!(
                send(call, RuntimeOrigin::none()),
                error(BadOrigin),
                "{name}"
            );
        },
    );
}

#[test]
fn root_may_use_every_setter() {
    each(
        [on_subnets(NETUID), of_the_chain()].concat(),
        |call, name| {
            assert_eq!(send(call, root()), Ok(()), "{name}");
            assert_eq!(send(call, root()), Ok(()), "{name} once more");
        },
    );
}

#[test]
fn owners_may_use_their_setters_only() {
    each(
        [owners(NETUID), owners_at_will(NETUID)].concat(),
        |call, name| {
            assert_eq!(send(call, owner()), Ok(()), "{name}");
        },
    );
    each(
        [roots_in_window(NETUID), roots_at_any_time(NETUID)].concat(),
        |call, name| {
            assert_eq!(send(call, owner()), error(BadOrigin), "{name}");
        },
    );
}

#[test]
fn nobody_can_set_anything_on_a_netuid_that_does_not_exist() {
    each(on_subnets(UNKNOWN), |call, name| {
        // The default tempo with an epoch at block 0 has its window open at block 100.
        assert_eq!(
            send(call, root()),
            error(AdminError::SubnetDoesNotExist),
            "{name}"
        );
        assert_eq!(send(call, owner()), error(BadOrigin), "{name}");
    });
}

#[test]
fn the_freeze_window_stops_owners_and_root() {
    let frozen = || error(SubtensorError::AdminActionProhibitedDuringWeightsWindow);
    each(
        [owners(NETUID), owners_at_will(NETUID)].concat(),
        |call, name| {
            at(141);
            assert_eq!(send(call, owner()), frozen(), "{name}");
            assert_eq!(send(call, root()), frozen(), "{name}");
            at(140);
            assert_eq!(send(call, owner()), Ok(()), "{name}");
        },
    );
    each(roots_in_window(NETUID), |call, name| {
        at(141);
        assert_eq!(send(call, root()), frozen(), "{name}");
    });
    each(
        [roots_at_any_time(NETUID), of_the_chain()].concat(),
        |call, name| {
            at(141);
            assert_eq!(send(call, root()), Ok(()), "{name}");
        },
    );
}

#[test]
fn without_a_window_or_a_tempo_nothing_freezes() {
    with_subnet(|| {
        at(149);
        assert_ok!(AdminUtils::sudo_set_admin_freeze_window(root(), 0));
        assert_ok!(AdminUtils::sudo_set_rho(owner(), NETUID, 1));
        assert_ok!(AdminUtils::sudo_set_admin_freeze_window(root(), 10));
        subtensor::Tempo::<Test>::insert(NETUID, 0);
        assert_ok!(AdminUtils::sudo_set_immunity_period(owner(), NETUID, 1));
    });
}

#[test]
fn a_triggered_epoch_freezes_at_once() {
    with_subnet(|| {
        subtensor::PendingEpochAt::<Test>::insert(NETUID, 110);
        let frozen = error(SubtensorError::AdminActionProhibitedDuringWeightsWindow);
        assert_eq!(AdminUtils::sudo_set_rho(root(), NETUID, 1), frozen);
    });
}

/// Blocks that the owner waits until the same setter passes again.
fn wait_of(name: &str) -> u64 {
    match name {
        "sudo_set_weights_version_key" => 5 * u64::from(TEMPO),
        "sudo_set_mechanism_count" | "sudo_set_mechanism_emission_split" => 7200,
        "sudo_trim_to_max_allowed_uids" => 30 * 7200,
        _ => 2 * u64::from(TEMPO),
    }
}

#[test]
fn an_owner_waits_between_two_changes_of_the_same_parameter() {
    let too_soon = || error(SubtensorError::TxRateLimitExceeded);
    each(owners(NETUID), |call, name| {
        subtensor::AdminFreezeWindow::<Test>::put(0);
        assert_eq!(send(call, owner()), Ok(()), "{name}");
        assert_eq!(send(call, owner()), too_soon(), "{name}");
        assert_eq!(send(call, root()), Ok(()), "{name} by root");
        at(100 + wait_of(name) - 1);
        assert_eq!(send(call, owner()), too_soon(), "{name}");
        at(100 + wait_of(name));
        assert_eq!(send(call, owner()), Ok(()), "{name}");
    });
}

#[test]
fn each_parameter_has_its_own_limit() {
    with_subnet(|| {
        subtensor::LiquidAlphaOn::<Test>::insert(NETUID, true);
        for (name, call) in owners(NETUID) {
            assert_eq!(send(&call, owner()), Ok(()), "{name}");
        }
        for (name, call) in owners_at_will(NETUID) {
            assert_eq!(send(&call, owner()), Ok(()), "{name}");
            assert_eq!(send(&call, owner()), Ok(()), "{name} once more");
        }
    });
}

#[test]
fn a_refused_change_does_not_count_against_the_limit() {
    with_subnet(|| {
        let high = AdminUtils::sudo_set_bonds_moving_average(owner(), NETUID, 975_001);
        assert_eq!(high, error(AdminError::BondsMovingAverageMaxReached));
        assert_ok!(AdminUtils::sudo_set_bonds_moving_average(
            owner(),
            NETUID,
            975_000
        ));
        assert_eq!(
            AdminUtils::sudo_set_bonds_moving_average(owner(), NETUID, 1),
            error(SubtensorError::TxRateLimitExceeded)
        );
    });
}

#[test]
fn the_tempos_to_wait_are_roots_choice() {
    with_subnet(|| {
        assert_ok!(AdminUtils::sudo_set_owner_hparam_rate_limit(root(), 0));
        assert_ok!(AdminUtils::sudo_set_rho(owner(), NETUID, 1));
        assert_ok!(AdminUtils::sudo_set_rho(owner(), NETUID, 2));
    });
}

#[test]
fn the_owner_hotkey_changes_once_a_week_for_everybody() {
    with_subnet(|| {
        let set = AdminUtils::sudo_set_sn_owner_hotkey;
        assert_eq!(set(stranger(), NETUID, id(5)), error(BadOrigin));
        assert_eq!(
            set(root(), UNKNOWN, id(5)),
            error(SubtensorError::SubnetNotExists)
        );
        let pool = SubtensorModule::subnet_account(NETUID);
        let system = error(SubtensorError::CannotUseSystemAccount);
        assert_eq!(set(owner(), NETUID, pool), system);
        at(149);
        assert_ok!(set(owner(), NETUID, id(5)));
        assert_eq!(subtensor::SubnetOwnerHotkey::<Test>::get(NETUID), id(5));
        let too_soon = error(SubtensorError::TxRateLimitExceeded);
        assert_eq!(
            AdminUtils::sudo_set_subnet_owner_hotkey(root(), NETUID, id(6)),
            too_soon
        );
        at(149 + 50_400);
        assert_ok!(AdminUtils::sudo_set_subnet_owner_hotkey(
            root(),
            NETUID,
            id(6)
        ));
    });
}

#[test]
fn two_calls_are_always_refused() {
    with_subnet(|| {
        assert_eq!(
            AdminUtils::sudo_set_network_pow_registration_allowed(root(), NETUID, true),
            error(AdminError::POWRegistrationDisabled)
        );
        assert_eq!(
            AdminUtils::sudo_set_total_issuance(root(), 1),
            error(AdminError::Deprecated)
        );
    });
}

//! What the runtime APIs answer: the chain's structures with its field order and compact numbers.
//!
//! Module and type names are the chain's too, because clients see them in the metadata.

pub mod delegate_info;
pub mod dynamic_info;
pub mod metagraph;
pub mod neuron_info;
pub mod show_subnet;
pub mod stake_info;
pub mod subnet_info;

use alloc::vec::Vec;
use codec::Compact;
use subnet_consensus::{tao_weight_fraction, weighted_stake_floor};

use crate::children::Family;
use crate::pallet::*;

/// The element of a dense vector, or its default beyond the end.
fn element<V: Clone + Default>(values: &[V], uid: u16) -> V {
    values.get(usize::from(uid)).cloned().unwrap_or_default()
}

fn compact<V>(values: Vec<V>) -> Vec<Compact<V>> {
    values.into_iter().map(Compact).collect()
}

/// Stake of one hotkey in RAO: alpha, root stake without weight, and both together with it.
struct Stake {
    alpha: AlphaBalance,
    root: TaoBalance,
    total: TaoBalance,
}

fn stake_parts(stakes: &[Stake], part: impl Fn(&Stake) -> u64) -> Vec<Compact<u64>> {
    stakes.iter().map(|stake| Compact(part(stake))).collect()
}

impl<T: Config> Pallet<T> {
    /// The name in the subnet's identity; without one `root` or `unknown`.
    pub fn subnet_name(netuid: NetUid) -> Vec<u8> {
        let named = SubnetIdentitiesV3::<T>::get(netuid).map(|identity| identity.subnet_name);
        let fallback = if netuid == ROOT { "root" } else { "unknown" };
        named
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| fallback.as_bytes().to_vec())
    }

    /// What each hotkey has at stake on the subnet, inherited.
    fn stakes(hotkeys: &[T::AccountId], netuid: NetUid) -> Vec<Stake> {
        let weight = tao_weight_fraction(TaoWeight::<T>::get());
        // With nothing staked on root there is nothing to look up.
        let rooted = SubnetAlphaOut::<T>::get(ROOT) != 0;
        let root = |hotkey: &T::AccountId| match rooted {
            true => TotalHotkeyAlpha::<T>::get(hotkey, ROOT),
            false => 0,
        };
        let family = Family::<T>::of(netuid);
        let alpha = |hotkey: &T::AccountId| TotalHotkeyAlpha::<T>::get(hotkey, netuid);
        let stake = |hotkey: &T::AccountId| {
            let alpha = family.inherited(hotkey, alpha(hotkey), alpha);
            let root = family.inherited(hotkey, root(hotkey), root);
            let total = weighted_stake_floor(alpha, root, weight);
            Stake { alpha, root, total }
        };
        hotkeys.iter().map(stake).collect()
    }

    fn owners(hotkeys: &[T::AccountId]) -> Vec<T::AccountId> {
        hotkeys.iter().map(Owner::<T>::get).collect()
    }

    /// Block of the next epoch as far as the schedule knows; `None` for tempo 0.
    pub fn get_next_epoch_start_block(netuid: NetUid) -> Option<u64> {
        subnet_consensus::next_epoch_start(&Self::epoch_clock(netuid))
    }

    fn blocks_since_step(netuid: NetUid) -> u64 {
        Self::current_block().saturating_sub(LastMechansimStepBlock::<T>::get(netuid))
    }

    fn pending_alpha(netuid: NetUid) -> AlphaBalance {
        let server = PendingServerEmission::<T>::get(netuid);
        PendingValidatorEmission::<T>::get(netuid).saturating_add(server)
    }

    /// Blocks without an update after which a neuron counts as inactive.
    fn activity_cutoff(netuid: NetUid) -> u64 {
        let factor = ActivityCutoffFactorMilli::<T>::get(netuid);
        subnet_consensus::activity_cutoff_blocks(factor, Tempo::<T>::get(netuid))
    }
}

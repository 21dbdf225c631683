//! Taking seats away from a subnet: the neurons that earn least go, the others move together.

use crate::pallet::*;
use crate::types::*;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use frame_support::ensure;
use frame_support::pallet_prelude::DispatchResult;
use frame_support::StorageMap as StorageMapTrait;
use sp_arithmetic::Percent;

/// So large a part of the seats must not be held by neurons that cannot go.
const TOO_MANY_IMMUNE: Percent = Percent::from_percent(80);

impl<T: Config> Pallet<T> {
    pub fn trim_to_max_allowed_uids(netuid: NetUid, seats: u16) -> DispatchResult {
        ensure!(Self::subnet_exists(netuid), Error::<T>::SubnetNotExists);
        let bounds = MinAllowedUids::<T>::get(netuid)..=MaxAllowedUids::<T>::get(netuid);
        ensure!(bounds.contains(&seats), Error::<T>::InvalidValue);
        let spared = Self::spared_uids(netuid);
        let taken = SubnetworkN::<T>::get(netuid);
        if taken > seats {
            let share = Percent::from_rational(spared.len() as u32, u32::from(seats));
            let error = Error::<T>::TrimmingWouldExceedMaxImmunePercentage;
            ensure!(share < TOO_MANY_IMMUNE, error);
            let removed = Self::least_earning(netuid, taken - seats, &spared);
            Self::remove_uids(netuid, &removed);
        }
        MaxAllowedUids::<T>::insert(netuid, seats);
        Ok(())
    }

    /// The owner's immortal neurons and those that registered too recently.
    fn spared_uids(netuid: NetUid) -> BTreeSet<u16> {
        let all = 0..SubnetworkN::<T>::get(netuid);
        let mut spared: BTreeSet<u16> = all.filter(|uid| Self::is_immune(netuid, *uid)).collect();
        spared.extend(Self::immortal_uids(netuid));
        spared
    }

    /// By rising emission; of equals the highest uid first.
    fn least_earning(netuid: NetUid, count: u16, spared: &BTreeSet<u16>) -> BTreeSet<u16> {
        let emission = Emission::<T>::get(netuid);
        let earned = |uid: u16| emission.get(usize::from(uid)).copied().unwrap_or(0);
        let all = 0..SubnetworkN::<T>::get(netuid);
        let mut uids: Vec<u16> = all.filter(|uid| !spared.contains(uid)).collect();
        uids.sort_by_key(|uid| (earned(*uid), u16::MAX - uid));
        uids.into_iter().take(count.into()).collect()
    }

    fn remove_uids(netuid: NetUid, removed: &BTreeSet<u16>) {
        let all = 0..SubnetworkN::<T>::get(netuid);
        let kept: Vec<u16> = all.filter(|uid| !removed.contains(uid)).collect();
        for uid in removed {
            Self::forget_neuron(netuid, *uid);
        }
        Self::keep_results(netuid, &kept);
        for (new, old) in (0u16..).zip(&kept) {
            Self::move_neuron(netuid, *old, new, &kept);
        }
        SubnetworkN::<T>::insert(netuid, kept.len() as u16);
    }

    fn forget_neuron(netuid: NetUid, uid: u16) {
        let hotkey = Keys::<T>::take(netuid, uid);
        Uids::<T>::remove(netuid, &hotkey);
        IsNetworkMember::<T>::remove(&hotkey, netuid);
        LastHotkeyEmissionOnNetuid::<T>::remove(&hotkey, netuid);
        AlphaDividendsPerSubnet::<T>::remove(netuid, &hotkey);
        Axons::<T>::remove(netuid, &hotkey);
        NeuronCertificates::<T>::remove(netuid, &hotkey);
        Prometheus::<T>::remove(netuid, &hotkey);
        BlockAtRegistration::<T>::remove(netuid, uid);
        AssociatedEvmAddress::<T>::remove(netuid, uid);
        for index in Self::mechanism_indices(netuid) {
            Weights::<T>::remove(index, uid);
            Bonds::<T>::remove(index, uid);
        }
    }

    fn keep_results(netuid: NetUid, kept: &[u16]) {
        keep_at::<Active<T>, _>(netuid, kept);
        keep_at::<ValidatorPermit<T>, _>(netuid, kept);
        keep_at::<Emission<T>, _>(netuid, kept);
        keep_at::<Consensus<T>, _>(netuid, kept);
        keep_at::<Dividends<T>, _>(netuid, kept);
        keep_at::<ValidatorTrust<T>, _>(netuid, kept);
        keep_at::<StakeWeight<T>, _>(netuid, kept);
        for index in Self::mechanism_indices(netuid) {
            keep_at::<Incentive<T>, _>(index, kept);
            keep_at::<LastUpdate<T>, _>(index, kept);
        }
    }

    /// Gives a kept neuron its new uid, which is free or its own, and renames the others in its rows.
    fn move_neuron(netuid: NetUid, old: u16, new: u16, kept: &[u16]) {
        let hotkey = Keys::<T>::take(netuid, old);
        Uids::<T>::insert(netuid, &hotkey, new);
        Keys::<T>::insert(netuid, new, hotkey);
        let registered = BlockAtRegistration::<T>::take(netuid, old);
        BlockAtRegistration::<T>::insert(netuid, new, registered);
        if let Some(address) = AssociatedEvmAddress::<T>::take(netuid, old) {
            AssociatedEvmAddress::<T>::insert(netuid, new, address);
        }
        for index in Self::mechanism_indices(netuid) {
            Self::move_rows(index, old, new, kept);
        }
    }

    fn move_rows(index: NetUidStorageIndex, old: u16, new: u16, kept: &[u16]) {
        let weights = renamed(Weights::<T>::take(index, old), kept);
        if !weights.is_empty() {
            Weights::<T>::insert(index, new, weights);
        }
        let bonds = renamed(Bonds::<T>::take(index, old), kept);
        if !bonds.is_empty() {
            Bonds::<T>::insert(index, new, bonds);
        }
    }
}

/// Entries on kept uids, under their new numbers.
fn renamed(row: Vec<(u16, u16)>, kept: &[u16]) -> Vec<(u16, u16)> {
    let entry = |(uid, value)| Some((kept.binary_search(&uid).ok()? as u16, value));
    row.into_iter().filter_map(entry).collect()
}

fn keep_at<M, V>(netuid: NetUid, kept: &[u16])
where
    M: StorageMapTrait<u16, Vec<V>, Query = Vec<V>>,
    V: Clone + Default + codec::FullCodec,
{
    let values = M::get(netuid);
    let value = |uid: &u16| values.get(usize::from(*uid)).cloned().unwrap_or_default();
    M::insert(netuid, kept.iter().map(value).collect::<Vec<V>>());
}

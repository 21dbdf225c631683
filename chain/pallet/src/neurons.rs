//! Neurons: taking a uid, replacing its holder, choosing who must go.

use crate::pallet::*;
use crate::types::*;
use alloc::vec::Vec;
use frame_support::StorageMap as StorageMapTrait;

impl<T: Config> Pallet<T> {
    /// Gives `hotkey` the next free uid; every dense vector grows by one element.
    pub fn append_neuron(netuid: NetUid, hotkey: &T::AccountId, block: u64) -> u16 {
        let uid = SubnetworkN::<T>::get(netuid);
        SubnetworkN::<T>::insert(netuid, uid.saturating_add(1));
        put_at::<Active<T>, _>(netuid, uid, true);
        put_at::<ValidatorPermit<T>, _>(netuid, uid, false);
        Self::put_holder(netuid, uid, hotkey, block);
        Self::reset_results(netuid, uid);
        uid
    }

    /// Takes a free uid, or the uid of the neuron that must go; `None` when nobody may be replaced.
    pub(crate) fn take_uid(netuid: NetUid, hotkey: &T::AccountId) -> Option<u16> {
        let block = Self::current_block();
        if SubnetworkN::<T>::get(netuid) < MaxAllowedUids::<T>::get(netuid) {
            return Some(Self::append_neuron(netuid, hotkey, block));
        }
        let uid = Self::neuron_to_prune(netuid)?;
        Self::replace_neuron(netuid, uid, hotkey, block);
        Some(uid)
    }

    /// Puts a newcomer on `uid`; nothing that its predecessor earned or served stays.
    pub(crate) fn replace_neuron(netuid: NetUid, uid: u16, hotkey: &T::AccountId, block: u64) {
        let old = Keys::<T>::get(netuid, uid);
        Uids::<T>::remove(netuid, &old);
        IsNetworkMember::<T>::remove(&old, netuid);
        AssociatedEvmAddress::<T>::remove(netuid, uid);
        Axons::<T>::remove(netuid, &old);
        NeuronCertificates::<T>::remove(netuid, &old);
        Prometheus::<T>::remove(netuid, &old);
        AlphaDividendsPerSubnet::<T>::remove(netuid, &old);
        put_at::<Active<T>, _>(netuid, uid, true);
        put_at::<ValidatorPermit<T>, _>(netuid, uid, false);
        Self::put_holder(netuid, uid, hotkey, block);
        Self::reset_results(netuid, uid);
        Self::clear_weights(netuid, uid);
    }

    fn put_holder(netuid: NetUid, uid: u16, hotkey: &T::AccountId, block: u64) {
        Keys::<T>::insert(netuid, uid, hotkey);
        Uids::<T>::insert(netuid, hotkey, uid);
        BlockAtRegistration::<T>::insert(netuid, uid, block);
        IsNetworkMember::<T>::insert(hotkey, netuid, true);
        put_at::<LastUpdate<T>, _>(netuid, uid, block);
    }

    fn reset_results(netuid: NetUid, uid: u16) {
        put_at::<Emission<T>, _>(netuid, uid, 0);
        put_at::<Consensus<T>, _>(netuid, uid, 0);
        put_at::<Dividends<T>, _>(netuid, uid, 0);
        put_at::<ValidatorTrust<T>, _>(netuid, uid, 0);
        put_at::<StakeWeight<T>, _>(netuid, uid, 0);
        put_at::<Incentive<T>, _>(netuid, uid, 0);
    }

    /// Removes the rows of `uid` and sets what others gave it to zero.
    fn clear_weights(netuid: NetUid, uid: u16) {
        Weights::<T>::remove(netuid, uid);
        Bonds::<T>::remove(netuid, uid);
        for row in 0..SubnetworkN::<T>::get(netuid) {
            let mut weights = Weights::<T>::get(netuid, row);
            let stale = weights
                .iter_mut()
                .filter(|(to, value)| *to == uid && *value != 0);
            if stale.map(|(_, value)| *value = 0).count() > 0 {
                Weights::<T>::insert(netuid, row, weights);
            }
        }
    }

    /// The neuron with the lowest emission, then the oldest, then the lowest uid. Immune ones are
    /// spared while more than `MinNonImmuneUids` others remain; the owner's own always.
    pub fn neuron_to_prune(netuid: NetUid) -> Option<u16> {
        let immortal = Self::immortal_uids(netuid);
        let emission = Emission::<T>::get(netuid);
        let registered = |uid: u16| BlockAtRegistration::<T>::get(netuid, uid);
        let rank = |uid: &u16| {
            let earned = emission.get(usize::from(*uid)).copied().unwrap_or(0);
            (earned, registered(*uid), *uid)
        };
        let all = 0..SubnetworkN::<T>::get(netuid);
        let candidates = all.filter(|uid| !immortal.contains(uid));
        let (immune, exposed): (Vec<u16>, Vec<u16>) =
            candidates.partition(|uid| Self::is_immune(netuid, *uid));
        let spare = exposed.len() > usize::from(MinNonImmuneUids::<T>::get(netuid));
        let pool = if spare { exposed } else { immune };
        pool.into_iter().min_by_key(rank)
    }

    /// Whether the neuron registered too recently to be replaced.
    pub fn is_immune(netuid: NetUid, uid: u16) -> bool {
        let age = Self::current_block().saturating_sub(BlockAtRegistration::<T>::get(netuid, uid));
        age < u64::from(ImmunityPeriod::<T>::get(netuid))
    }

    /// The owner's hotkey first, then the oldest neurons of the owner's coldkey, up to the limit.
    pub(crate) fn immortal_uids(netuid: NetUid) -> Vec<u16> {
        let limit = usize::from(ImmuneOwnerUidsLimit::<T>::get(netuid));
        let mut uids = Self::owner_uids(netuid);
        uids.sort_by_key(|uid| (BlockAtRegistration::<T>::get(netuid, uid), *uid));
        uids.truncate(limit);
        if let Some(owner) = Self::owner_uid(netuid).filter(|owner| !uids.contains(owner)) {
            uids.insert(0, owner);
            uids.truncate(limit);
        }
        uids
    }

    /// Neurons that the subnet owner's coldkey owns.
    fn owner_uids(netuid: NetUid) -> Vec<u16> {
        let owned = OwnedHotkeys::<T>::get(SubnetOwner::<T>::get(netuid));
        owned
            .iter()
            .filter_map(|hotkey| Uids::<T>::get(netuid, hotkey))
            .collect()
    }

    /// Uid of the subnet owner's hotkey, if it is registered.
    pub fn owner_uid(netuid: NetUid) -> Option<u16> {
        let hotkey = SubnetOwnerHotkey::<T>::try_get(netuid).ok()?;
        Uids::<T>::get(netuid, hotkey)
    }
}

/// Sets one element of a dense vector, which grows with zeros when it is too short.
pub fn put_at<M, V>(key: u16, uid: u16, value: V)
where
    M: StorageMapTrait<u16, Vec<V>, Query = Vec<V>>,
    V: Clone + Default + codec::FullCodec,
{
    let mut values = M::get(key);
    let index = usize::from(uid);
    if values.len() <= index {
        values.resize(index + 1, V::default());
    }
    values[index] = value;
    M::insert(key, values);
}

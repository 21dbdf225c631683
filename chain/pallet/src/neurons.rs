//! Neurons: taking a uid, replacing its holder, choosing who must go.

use crate::pallet::*;
use crate::types::*;
use alloc::vec::Vec;

impl<T: Config> Pallet<T> {
    /// Gives `hotkey` the next free uid; every dense vector grows by one element.
    pub fn append_neuron(netuid: NetUid, hotkey: &T::AccountId, block: u64) -> u16 {
        let uid = SubnetworkN::<T>::get(netuid);
        SubnetworkN::<T>::insert(netuid, uid.saturating_add(1));
        grow::<Active<T>, _>(netuid, uid, true);
        grow::<ValidatorPermit<T>, _>(netuid, uid, false);
        grow::<Emission<T>, _>(netuid, uid, 0);
        grow::<Consensus<T>, _>(netuid, uid, 0);
        grow::<Dividends<T>, _>(netuid, uid, 0);
        grow::<ValidatorTrust<T>, _>(netuid, uid, 0);
        grow::<StakeWeight<T>, _>(netuid, uid, 0);
        grow::<Incentive<T>, _>(netuid, uid, 0);
        grow::<LastUpdate<T>, _>(netuid, uid, block);
        Self::set_holder(netuid, uid, hotkey, block);
        uid
    }

    pub(crate) fn set_holder(netuid: NetUid, uid: u16, hotkey: &T::AccountId, block: u64) {
        Keys::<T>::insert(netuid, uid, hotkey);
        Uids::<T>::insert(netuid, hotkey, uid);
        BlockAtRegistration::<T>::insert(netuid, uid, block);
        IsNetworkMember::<T>::insert(hotkey, netuid, true);
    }
}

fn grow<M, V>(netuid: NetUid, uid: u16, value: V)
where
    M: frame_support::StorageMap<NetUid, Vec<V>, Query = Vec<V>>,
    V: Clone + Default + codec::FullCodec,
{
    let mut values = M::get(netuid);
    values.resize(usize::from(uid), V::default());
    values.push(value);
    M::insert(netuid, values);
}

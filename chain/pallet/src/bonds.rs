//! Bonds outside of epochs.

use crate::pallet::*;

impl<T: Config> Pallet<T> {
    /// Takes away everybody's bonds on the neuron of `hotkey`, on every mechanism, if the subnet allows it: what a
    /// commitment that carries the reset flag asks for.
    pub fn reset_bonds(netuid: NetUid, hotkey: &T::AccountId) {
        let Some(uid) = Uids::<T>::get(netuid, hotkey) else {
            return;
        };
        if !BondsResetOn::<T>::get(netuid) {
            return;
        }
        for index in Self::mechanism_indices(netuid) {
            for row in 0..SubnetworkN::<T>::get(netuid) {
                Bonds::<T>::mutate(index, row, |bonds| bonds.retain(|(to, _)| *to != uid));
            }
        }
    }
}

//! Bonds outside of epochs.

use crate::pallet::*;
use crate::types::*;

impl<T: Config> Pallet<T> {
    /// Takes away everybody's bonds on the neuron of `hotkey`, on every mechanism, if the subnet
    /// allows it: what a commitment that carries the reset flag asks for.
    pub fn reset_bonds(netuid: NetUid, hotkey: &T::AccountId) {
        let Some(uid) = Uids::<T>::get(netuid, hotkey) else {
            return;
        };
        if !BondsResetOn::<T>::get(netuid) {
            return;
        }
        for index in Self::mechanism_indices(netuid) {
            for row in 0..SubnetworkN::<T>::get(netuid) {
                Self::drop_bond(index, row, uid);
            }
        }
    }

    fn drop_bond(index: NetUidStorageIndex, row: u16, uid: u16) {
        let mut bonds = Bonds::<T>::get(index, row);
        let before = bonds.len();
        bonds.retain(|(to, _)| *to != uid);
        if bonds.len() != before {
            Bonds::<T>::insert(index, row, bonds);
        }
    }
}

//! Mechanisms: parts of a subnet with weights, bonds and incentives of their own.

use crate::pallet::*;
use crate::types::*;
use frame_support::ensure;
use frame_support::pallet_prelude::DispatchResult;

/// The chain has room for this many subnets below each mechanism's keys.
const SUBNETS_PER_MECHANISM: u16 = 4096;

/// Key of what the mechanism stores for itself; mechanism 0 has the netuid.
pub fn storage_index(netuid: NetUid, mecid: MechId) -> NetUidStorageIndex {
    u16::from(mecid)
        .saturating_mul(SUBNETS_PER_MECHANISM)
        .saturating_add(netuid)
}

/// The subnet and its mechanism that a key belongs to.
pub fn mechanism_of(index: NetUidStorageIndex) -> (NetUid, MechId) {
    let mecid = index / SUBNETS_PER_MECHANISM;
    (index % SUBNETS_PER_MECHANISM, mecid as MechId)
}

impl<T: Config> Pallet<T> {
    pub fn mechanism_exists(netuid: NetUid, mecid: MechId) -> bool {
        Self::subnet_exists(netuid) && mecid < MechanismCountCurrent::<T>::get(netuid)
    }

    pub(crate) fn ensure_mechanism_exists(netuid: NetUid, mecid: MechId) -> DispatchResult {
        let exists = Self::mechanism_exists(netuid, mecid);
        ensure!(exists, Error::<T>::MechanismDoesNotExist);
        Ok(())
    }

    /// Storage indices of the subnet's mechanisms.
    pub fn mechanism_indices(netuid: NetUid) -> impl Iterator<Item = NetUidStorageIndex> {
        (0..MechanismCountCurrent::<T>::get(netuid)).map(move |mecid| storage_index(netuid, mecid))
    }
}

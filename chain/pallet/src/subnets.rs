//! Creating, starting, naming and removing subnets.

use crate::pallet::*;
use crate::types::*;
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{AccountIdConversion, UniqueSaturatedInto};

/// What a new subnet pays a newcomer for: 1 TAO.
const NEW_SUBNET_BURN: TaoBalance = 1_000_000_000;

impl<T: Config> Pallet<T> {
    pub fn current_block() -> u64 {
        let block: BlockNumberFor<T> = frame_system::Pallet::<T>::block_number();
        UniqueSaturatedInto::<u64>::unique_saturated_into(block)
    }

    pub fn subnet_exists(netuid: NetUid) -> bool {
        NetworksAdded::<T>::get(netuid)
    }

    /// The account that holds the TAO of a subnet's pool.
    pub fn subnet_account(netuid: NetUid) -> T::AccountId {
        T::SubtensorPalletId::get().into_sub_account_truncating(netuid)
    }

    /// Storage of an empty subnet with the values that new subnets get.
    pub fn init_new_network(netuid: NetUid, tempo: u16) {
        let stagger = u64::from(netuid).checked_rem(u64::from(tempo)).unwrap_or(0);
        SubnetworkN::<T>::insert(netuid, 0);
        NetworksAdded::<T>::insert(netuid, true);
        Tempo::<T>::insert(netuid, tempo);
        LastEpochBlock::<T>::insert(netuid, Self::current_block().saturating_sub(stagger));
        TotalNetworks::<T>::mutate(|n| *n = n.saturating_add(1));
        NetworkRegistrationAllowed::<T>::insert(netuid, true);
        MaxAllowedUids::<T>::insert(netuid, 256);
        MaxAllowedValidators::<T>::insert(netuid, 64);
        MinAllowedWeights::<T>::insert(netuid, 1);
        ImmunityPeriod::<T>::insert(netuid, 5000);
        Yuma3On::<T>::insert(netuid, true);
        Burn::<T>::insert(netuid, NEW_SUBNET_BURN);
        SubnetEmissionEnabled::<T>::insert(netuid, true);
        Self::write_out_defaults(netuid);
    }

    /// Clients list some maps by their keys, hence values equal to the default are stored too.
    fn write_out_defaults(netuid: NetUid) {
        Kappa::<T>::insert(netuid, Kappa::<T>::get(netuid));
        ActivityCutoff::<T>::insert(netuid, ActivityCutoff::<T>::get(netuid));
        RegistrationsThisInterval::<T>::insert(netuid, 0);
    }
}

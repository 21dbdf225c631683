//! Registration of neurons and its price.

use crate::pallet::*;
use crate::types::*;
use frame_support::pallet_prelude::*;
use frame_support::transactional;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;
use subnet_consensus::{burn_after_registration, decayed_burn};

impl<T: Config> Pallet<T> {
    #[transactional]
    pub(crate) fn do_register(
        origin: OriginFor<T>,
        netuid: NetUid,
        hotkey: T::AccountId,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        Self::ensure_subnet_for_registration(netuid)?;
        let open = NetworkRegistrationAllowed::<T>::get(netuid);
        ensure!(open, Error::<T>::SubNetRegistrationDisabled);
        let known = Uids::<T>::contains_key(netuid, &hotkey);
        ensure!(!known, Error::<T>::HotKeyAlreadyRegisteredInSubNet);
        let price = Burn::<T>::get(netuid);
        ensure!(
            Self::can_pay(&coldkey, price),
            Error::<T>::NotEnoughBalanceToStake
        );
        Self::create_account_if_new(&coldkey, &hotkey);
        ensure!(
            Owner::<T>::get(&hotkey) == coldkey,
            Error::<T>::NonAssociatedColdKey
        );
        Self::pay_into_pool(netuid, &coldkey, price)?;
        let uid = Self::take_uid(netuid, &hotkey).ok_or(Error::<T>::NoNeuronIdAvailable)?;
        Self::raise_price(netuid, price);
        RegistrationsThisBlock::<T>::mutate(netuid, |count| *count = count.saturating_add(1));
        RAORecycledForRegistration::<T>::mutate(netuid, |rao| *rao = rao.saturating_add(price));
        Self::deposit_event(Event::NeuronRegistered(netuid, uid, hotkey));
        Ok(())
    }

    pub(crate) fn do_register_limit(
        origin: OriginFor<T>,
        netuid: NetUid,
        hotkey: T::AccountId,
        limit_price: u64,
    ) -> DispatchResult {
        ensure_signed(origin.clone())?;
        Self::ensure_subnet_for_registration(netuid)?;
        let affordable = Burn::<T>::get(netuid) <= limit_price;
        ensure!(affordable, Error::<T>::RegistrationPriceLimitExceeded);
        Self::do_register(origin, netuid, hotkey)
    }

    fn ensure_subnet_for_registration(netuid: NetUid) -> DispatchResult {
        ensure!(
            netuid != ROOT,
            Error::<T>::RegistrationNotPermittedOnRootSubnet
        );
        ensure!(Self::subnet_exists(netuid), Error::<T>::SubnetNotExists);
        Ok(())
    }

    fn raise_price(netuid: NetUid, price: TaoBalance) {
        let factor = BurnIncreaseMult::<T>::get(netuid).into();
        let (min, max) = (MinBurn::<T>::get(netuid), MaxBurn::<T>::get(netuid));
        Burn::<T>::insert(netuid, burn_after_registration(price, factor, min, max));
    }

    /// Lets the price of every subnet fall by one block's worth and restarts the block counter.
    pub(crate) fn decay_prices(netuids: &[NetUid]) {
        let block = Self::current_block();
        Self::reset_root_counters();
        for netuid in netuids.iter().filter(|netuid| **netuid != ROOT) {
            let price = Burn::<T>::get(netuid);
            let (min, max) = (MinBurn::<T>::get(netuid), MaxBurn::<T>::get(netuid));
            let half_life = BurnHalfLife::<T>::get(netuid);
            let next = decayed_burn(price, half_life, block, min, max);
            if next != price {
                Burn::<T>::insert(netuid, next);
            }
            if RegistrationsThisBlock::<T>::get(netuid) != 0 {
                RegistrationsThisBlock::<T>::insert(netuid, 0);
            }
        }
    }
}

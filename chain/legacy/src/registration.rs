//! Registration of neurons for a burned price, which is adjusted once in an interval.

use crate::pallet::*;
use frame_support::pallet_prelude::*;
use frame_support::transactional;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;
use subnet_consensus::adjusted_burn;

/// Registrations of one interval, as a multiple of the target.
const INTERVAL_FACTOR: u16 = 3;

impl<T: Config> Pallet<T> {
    #[transactional]
    pub(crate) fn do_burned_register(
        origin: OriginFor<T>,
        netuid: NetUid,
        hotkey: T::AccountId,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        Self::ensure_registration_open(netuid)?;
        let known = Uids::<T>::contains_key(netuid, &hotkey);
        ensure!(!known, Error::<T>::HotKeyAlreadyRegisteredInSubNet);
        let price = Burn::<T>::get(netuid);
        let payable = Self::can_pay(&coldkey, price);
        ensure!(payable, Error::<T>::NotEnoughBalanceToStake);
        Self::take_balance(&coldkey, price)?;
        TotalIssuance::<T>::mutate(|total| *total = total.saturating_sub(price));
        Self::create_account_if_new(&coldkey, &hotkey);
        let owns = Owner::<T>::get(&hotkey) == coldkey;
        ensure!(owns, Error::<T>::NonAssociatedColdKey);
        let uid = Self::take_uid(netuid, &hotkey).ok_or(Error::<T>::NoNeuronIdAvailable)?;
        count_one::<BurnRegistrationsThisInterval<T>>(netuid);
        count_one::<RegistrationsThisInterval<T>>(netuid);
        count_one::<RegistrationsThisBlock<T>>(netuid);
        RAORecycledForRegistration::<T>::mutate(netuid, |rao| *rao = rao.saturating_add(price));
        Self::deposit_event(Event::NeuronRegistered(netuid, uid, hotkey));
        Ok(())
    }

    fn ensure_registration_open(netuid: NetUid) -> DispatchResult {
        let root = netuid == ROOT;
        ensure!(!root, Error::<T>::RegistrationNotPermittedOnRootSubnet);
        Self::ensure_exists(netuid)?;
        let open = NetworkRegistrationAllowed::<T>::get(netuid);
        ensure!(open, Error::<T>::SubNetRegistrationDisabled);
        let now = RegistrationsThisBlock::<T>::get(netuid);
        let room = now < MaxRegistrationsPerBlock::<T>::get(netuid);
        ensure!(room, Error::<T>::TooManyRegistrationsThisBlock);
        let room = Self::interval_has_room(netuid);
        ensure!(room, Error::<T>::TooManyRegistrationsThisInterval);
        Ok(())
    }

    pub(crate) fn interval_has_room(netuid: NetUid) -> bool {
        let target = TargetRegistrationsPerInterval::<T>::get(netuid);
        RegistrationsThisInterval::<T>::get(netuid) < target.saturating_mul(INTERVAL_FACTOR)
    }

    /// At the end of its interval the price follows demand, and the counts start anew.
    pub(crate) fn adjust_prices(netuids: &[NetUid]) {
        let block = Self::current_block();
        for netuid in netuids {
            let last = LastAdjustmentBlock::<T>::get(netuid);
            let interval = u64::from(AdjustmentInterval::<T>::get(netuid));
            if block.saturating_sub(last) >= interval {
                Self::adjust_price(*netuid);
                LastAdjustmentBlock::<T>::insert(netuid, block);
                RegistrationsThisInterval::<T>::insert(netuid, 0);
                POWRegistrationsThisInterval::<T>::insert(netuid, 0);
                BurnRegistrationsThisInterval::<T>::insert(netuid, 0);
            }
            if RegistrationsThisBlock::<T>::get(netuid) != 0 {
                RegistrationsThisBlock::<T>::insert(netuid, 0);
            }
        }
    }

    /// Without proof of work every registration is a burned one. Where some came, but not more than
    /// wanted, then the difficulty fell and the price stayed.
    fn adjust_price(netuid: NetUid) {
        let registrations = RegistrationsThisInterval::<T>::get(netuid);
        let target = TargetRegistrationsPerInterval::<T>::get(netuid);
        if registrations > 0 && registrations <= target {
            return;
        }
        let bounds = (MinBurn::<T>::get(netuid), MaxBurn::<T>::get(netuid));
        let inertia = AdjustmentAlpha::<T>::get(netuid);
        Burn::<T>::mutate(netuid, |price| {
            *price = adjusted_burn(*price, registrations, target, inertia, bounds);
        });
    }
}

fn count_one<M: frame_support::StorageMap<NetUid, u16, Query = u16>>(netuid: NetUid) {
    M::mutate(netuid, |count| *count = count.saturating_add(1));
}

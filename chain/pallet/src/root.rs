//! The root network: 64 seats for whoever has most staked on root.

use crate::pallet::*;
use crate::types::*;
use frame_support::pallet_prelude::*;
use frame_support::transactional;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;

impl<T: Config> Pallet<T> {
    #[transactional]
    pub(crate) fn do_root_register(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
        let exists = Self::subnet_exists(ROOT);
        ensure!(exists, Error::<T>::RootNetworkDoesNotExist);
        let coldkey = ensure_signed(origin)?;
        Self::ensure_root_registration_is_timely()?;
        let known = Uids::<T>::contains_key(ROOT, &hotkey);
        ensure!(!known, Error::<T>::HotKeyAlreadyRegisteredInSubNet);
        Self::create_account_if_new(&coldkey, &hotkey);
        let owned = Self::owns(&coldkey, &hotkey);
        ensure!(owned, Error::<T>::NonAssociatedColdKey);
        let uid = Self::take_root_seat(&hotkey)?;
        Self::become_delegate(&hotkey);
        RegistrationsThisInterval::<T>::mutate(ROOT, |count| *count = count.saturating_add(1));
        RegistrationsThisBlock::<T>::mutate(ROOT, |count| *count = count.saturating_add(1));
        Self::deposit_event(Event::NeuronRegistered(ROOT, uid, hotkey));
        Ok(())
    }

    fn ensure_root_registration_is_timely() -> DispatchResult {
        let block =
            RegistrationsThisBlock::<T>::get(ROOT) < MaxRegistrationsPerBlock::<T>::get(ROOT);
        ensure!(block, Error::<T>::TooManyRegistrationsThisBlock);
        let most = TargetRegistrationsPerInterval::<T>::get(ROOT).saturating_mul(3);
        let interval = RegistrationsThisInterval::<T>::get(ROOT) < most;
        ensure!(interval, Error::<T>::TooManyRegistrationsThisInterval);
        Ok(())
    }

    /// A free seat, or that of whoever has least staked on root, if the newcomer has more.
    fn take_root_seat(hotkey: &T::AccountId) -> Result<u16, DispatchError> {
        let block = Self::current_block();
        if SubnetworkN::<T>::get(ROOT) < MaxAllowedUids::<T>::get(ROOT) {
            return Ok(Self::append_neuron(ROOT, hotkey, block));
        }
        let stake = |hotkey: &T::AccountId| TotalHotkeyAlpha::<T>::get(hotkey, ROOT);
        let seats = Keys::<T>::iter_prefix(ROOT).map(|(uid, holder)| (stake(&holder), uid));
        let least = seats.min().filter(|(least, _)| *least < stake(hotkey));
        let (_, uid) = least.ok_or(Error::<T>::StakeTooLowForRoot)?;
        Self::replace_neuron(ROOT, uid, hotkey, block);
        Ok(uid)
    }

    /// Starts the counts of registrations on root anew: each block, and with root's tempo.
    pub(crate) fn reset_root_counters() {
        if RegistrationsThisBlock::<T>::get(ROOT) != 0 {
            RegistrationsThisBlock::<T>::insert(ROOT, 0);
        }
        let due = subnet_consensus::epoch_due(&Self::epoch_clock(ROOT), Self::current_block());
        if due && RegistrationsThisInterval::<T>::get(ROOT) != 0 {
            RegistrationsThisInterval::<T>::insert(ROOT, 0);
        }
    }
}

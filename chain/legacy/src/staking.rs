//! Stake in TAO: one amount for each pair of hotkey and coldkey, good on every subnet. It leaves the
//! coldkey's balance while it is staked.

use crate::pallet::*;
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_support::traits::fungible::{Balanced, Inspect};
use frame_support::traits::tokens::{Fortitude, Precision, Preservation};
use frame_support::transactional;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;
use sp_arithmetic::helpers_128bit::multiply_by_rational_with_rounding;
use sp_arithmetic::Rounding;

impl<T: Config> Pallet<T> {
    #[transactional]
    pub(crate) fn do_add_stake(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        amount: TaoBalance,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let payable = Self::can_pay(&coldkey, amount);
        ensure!(payable, Error::<T>::NotEnoughBalanceToStake);
        Self::ensure_may_stake(&coldkey, &hotkey)?;
        if Owner::<T>::get(&hotkey) != coldkey {
            let after = Stake::<T>::get(&hotkey, &coldkey).saturating_add(amount);
            let enough = after >= NominatorMinRequiredStake::<T>::get();
            ensure!(enough, Error::<T>::NomStakeBelowMinimumThreshold);
        }
        let taken = Self::take_balance(&coldkey, amount)?;
        Self::increase_stake(&hotkey, &coldkey, taken);
        LastTxBlock::<T>::insert(&coldkey, Self::current_block());
        Self::deposit_event(Event::StakeAdded(hotkey, taken));
        Ok(())
    }

    #[transactional]
    pub(crate) fn do_remove_stake(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        amount: TaoBalance,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        Self::ensure_may_stake(&coldkey, &hotkey)?;
        ensure!(amount > 0, Error::<T>::StakeToWithdrawIsZero);
        let held = Stake::<T>::get(&hotkey, &coldkey);
        ensure!(amount <= held, Error::<T>::NotEnoughStakeToWithdraw);
        Self::pay_back(&hotkey, &coldkey, amount);
        let left = held.saturating_sub(amount);
        let nominator = Owner::<T>::get(&hotkey) != coldkey;
        if nominator && left < NominatorMinRequiredStake::<T>::get() {
            Self::pay_back(&hotkey, &coldkey, left);
        }
        LastTxBlock::<T>::insert(&coldkey, Self::current_block());
        Self::deposit_event(Event::StakeRemoved(hotkey, amount));
        Ok(())
    }

    /// The owner always may; others when the hotkey is a delegate.
    fn ensure_may_stake(coldkey: &T::AccountId, hotkey: &T::AccountId) -> DispatchResult {
        let known = Owner::<T>::contains_key(hotkey);
        ensure!(known, Error::<T>::HotKeyAccountNotExists);
        let open = Delegates::<T>::contains_key(hotkey) || Owner::<T>::get(hotkey) == *coldkey;
        ensure!(open, Error::<T>::HotKeyNotDelegateAndSignerNotOwnHotKey);
        Ok(())
    }

    pub(crate) fn can_pay(account: &T::AccountId, amount: TaoBalance) -> bool {
        let polite = Fortitude::Polite;
        T::Currency::reducible_balance(account, Preservation::Preserve, polite) >= amount
    }

    /// Takes TAO out of circulation.
    pub(crate) fn take_balance(
        account: &T::AccountId,
        amount: TaoBalance,
    ) -> Result<TaoBalance, DispatchError> {
        let withdrawn = T::Currency::withdraw(
            account,
            amount,
            Precision::Exact,
            Preservation::Preserve,
            Fortitude::Polite,
        );
        // Dropping the imbalance burns what was taken.
        drop(withdrawn.map_err(|_| Error::<T>::BalanceWithdrawalError)?);
        Ok(amount)
    }

    /// Puts TAO into circulation.
    pub(crate) fn give_balance(account: &T::AccountId, amount: TaoBalance) {
        // Refused only when too small to open the account: it is lost then, as it was.
        let _ = T::Currency::deposit(account, amount, Precision::BestEffort);
    }

    /// Turns stake into balance.
    pub(crate) fn pay_back(hotkey: &T::AccountId, coldkey: &T::AccountId, amount: TaoBalance) {
        if amount == 0 {
            return;
        }
        let left = Stake::<T>::get(hotkey, coldkey).saturating_sub(amount);
        match left {
            0 => Stake::<T>::remove(hotkey, coldkey),
            _ => Stake::<T>::insert(hotkey, coldkey, left),
        }
        TotalHotkeyStake::<T>::mutate(hotkey, |total| *total = total.saturating_sub(amount));
        TotalColdkeyStake::<T>::mutate(coldkey, |total| *total = total.saturating_sub(amount));
        TotalStake::<T>::mutate(|total| *total = total.saturating_sub(amount));
        Self::give_balance(coldkey, amount);
    }

    pub fn increase_stake(hotkey: &T::AccountId, coldkey: &T::AccountId, amount: TaoBalance) {
        if amount == 0 {
            return;
        }
        let raise = |total: &mut TaoBalance| *total = total.saturating_add(amount);
        Stake::<T>::mutate(hotkey, coldkey, raise);
        TotalHotkeyStake::<T>::mutate(hotkey, raise);
        TotalColdkeyStake::<T>::mutate(coldkey, raise);
        TotalStake::<T>::mutate(raise);
        Self::remember_staking_hotkey(coldkey, hotkey);
    }

    /// Divides an amount among all who stake with the hotkey; the owner gets what rounding leaves.
    pub(crate) fn reward_stakers(hotkey: &T::AccountId, amount: TaoBalance) {
        let total = TotalHotkeyStake::<T>::get(hotkey);
        let stakers: Vec<_> = Stake::<T>::iter_prefix(hotkey).collect();
        let mut left = amount;
        for (coldkey, stake) in stakers {
            let part = portion(amount, stake, total).min(left);
            left = left.saturating_sub(part);
            Self::increase_stake(hotkey, &coldkey, part);
        }
        Self::increase_stake(hotkey, &Owner::<T>::get(hotkey), left);
    }

    /// Pays everybody back who stakes with a hotkey that lost its last place.
    pub(crate) fn unstake_all(hotkey: &T::AccountId) {
        let stakers: Vec<_> = Stake::<T>::iter_prefix(hotkey).collect();
        for (coldkey, stake) in stakers {
            Self::pay_back(hotkey, &coldkey, stake);
        }
    }

    fn remember_staking_hotkey(coldkey: &T::AccountId, hotkey: &T::AccountId) {
        if !StakingHotkeys::<T>::get(coldkey).contains(hotkey) {
            StakingHotkeys::<T>::append(coldkey, hotkey);
        }
    }

    /// Pairs a hotkey that nobody owns with `coldkey`.
    pub fn create_account_if_new(coldkey: &T::AccountId, hotkey: &T::AccountId) {
        if Owner::<T>::contains_key(hotkey) {
            return;
        }
        Owner::<T>::insert(hotkey, coldkey);
        if !OwnedHotkeys::<T>::get(coldkey).contains(hotkey) {
            OwnedHotkeys::<T>::append(coldkey, hotkey);
        }
        Self::remember_staking_hotkey(coldkey, hotkey);
    }

    pub(crate) fn do_become_delegate(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        Self::ensure_owns(&coldkey, &hotkey)?;
        let known = Delegates::<T>::contains_key(&hotkey);
        ensure!(!known, Error::<T>::HotKeyAlreadyDelegate);
        let take = Delegates::<T>::get(&hotkey);
        Self::put_take(&coldkey, &hotkey, take);
        Self::deposit_event(Event::DelegateAdded(coldkey, hotkey, take));
        Ok(())
    }

    pub(crate) fn do_decrease_take(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        take: u16,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        Self::ensure_owns(&coldkey, &hotkey)?;
        let current = Delegates::<T>::try_get(&hotkey);
        let lower = current.map_or(true, |current| take < current);
        let allowed = lower && take >= MinDelegateTake::<T>::get();
        ensure!(allowed, Error::<T>::DelegateTakeTooLow);
        Delegates::<T>::insert(&hotkey, take);
        Self::deposit_event(Event::TakeDecreased(coldkey, hotkey, take));
        Ok(())
    }

    pub(crate) fn do_increase_take(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        take: u16,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        Self::ensure_owns(&coldkey, &hotkey)?;
        let current = Delegates::<T>::try_get(&hotkey);
        let higher = current.map_or(true, |current| take > current);
        ensure!(higher, Error::<T>::DelegateTakeTooLow);
        let allowed = take <= MaxDelegateTake::<T>::get();
        ensure!(allowed, Error::<T>::DelegateTakeTooHigh);
        let last = LastTxBlockDelegateTake::<T>::get(&coldkey);
        let limit = TxDelegateTakeRateLimit::<T>::get();
        let waited = Self::current_block().saturating_sub(last) > limit;
        let timely = limit == 0 || last == 0 || waited;
        ensure!(timely, Error::<T>::DelegateTxRateLimitExceeded);
        Self::put_take(&coldkey, &hotkey, take);
        Self::deposit_event(Event::TakeIncreased(coldkey, hotkey, take));
        Ok(())
    }

    fn put_take(coldkey: &T::AccountId, hotkey: &T::AccountId, take: u16) {
        Delegates::<T>::insert(hotkey, take);
        LastTxBlockDelegateTake::<T>::insert(coldkey, Self::current_block());
    }

    pub(crate) fn ensure_owns(coldkey: &T::AccountId, hotkey: &T::AccountId) -> DispatchResult {
        let known = Owner::<T>::contains_key(hotkey);
        ensure!(known, Error::<T>::HotKeyAccountNotExists);
        let owns = Owner::<T>::get(hotkey) == *coldkey;
        ensure!(owns, Error::<T>::NonAssociatedColdKey);
        Ok(())
    }
}

/// `amount * part / whole`, rounded down; zero when `whole` is zero.
fn portion(amount: u64, part: u64, whole: u64) -> u64 {
    let (amount, part, whole) = (amount.into(), part.into(), whole.into());
    let share = multiply_by_rational_with_rounding(amount, part, whole, Rounding::Down);
    share.map_or(0, |share| u64::try_from(share).unwrap_or(u64::MAX))
}

//! Stake: one pool of alpha per hotkey and subnet, shared by coldkeys.
//!
//! `TotalHotkeyAlpha` is the pool, `Alpha` a coldkey's shares, `TotalHotkeyShares` all shares
//! (U64F64 bits). A coldkey's stake is `pool * shares / all shares`, rounded down, so that the parts
//! never exceed the pool.

use crate::fixed::U64F64;
use crate::pallet::*;
use crate::types::*;
use sp_arithmetic::helpers_128bit::multiply_by_rational_with_rounding;
use sp_arithmetic::Rounding;

impl<T: Config> Pallet<T> {
    /// Alpha that `coldkey` holds with `hotkey`, in RAO.
    pub fn stake_of(hotkey: &T::AccountId, coldkey: &T::AccountId, netuid: NetUid) -> AlphaBalance {
        let pool = TotalHotkeyAlpha::<T>::get(hotkey, netuid);
        let shares = Alpha::<T>::get((hotkey, coldkey, netuid)).bits;
        let all = TotalHotkeyShares::<T>::get(hotkey, netuid).bits;
        scale(u128::from(pool), shares, all, Rounding::Down).min(u128::from(pool)) as u64
    }

    /// Adds alpha to one coldkey's part of the pool.
    pub fn increase_stake(
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        netuid: NetUid,
        amount: AlphaBalance,
    ) {
        if amount == 0 {
            return;
        }
        Self::remember_staking_hotkey(coldkey, hotkey);
        if Owner::<T>::get(hotkey) != *coldkey {
            NominatedHotkeys::<T>::mutate(netuid, |hotkeys| hotkeys.insert(hotkey.clone()));
        }
        let pool = TotalHotkeyAlpha::<T>::get(hotkey, netuid);
        Self::increase_stake_in(hotkey, coldkey, netuid, amount, pool);
    }

    /// The same for a coldkey that is known to stake with the hotkey, as owners are, and a pool
    /// that was read before. Returns the new pool. An epoch pays hundreds of neurons: each read
    /// that it does without counts.
    pub(crate) fn increase_stake_in(
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        netuid: NetUid,
        amount: AlphaBalance,
        pool: AlphaBalance,
    ) -> AlphaBalance {
        if amount == 0 {
            return pool;
        }
        let all = match pool {
            0 => 0,
            _ => TotalHotkeyShares::<T>::get(hotkey, netuid).bits,
        };
        let (owned, fresh) = match all {
            0 => (0, U64F64::from_int(amount).bits),
            _ => (
                Alpha::<T>::get((hotkey, coldkey, netuid)).bits,
                scale(u128::from(amount), all, u128::from(pool), Rounding::Down),
            ),
        };
        let raised = pool.saturating_add(amount);
        Self::put_pool(hotkey, netuid, raised, all.saturating_add(fresh));
        Self::put_shares(hotkey, coldkey, netuid, owned.saturating_add(fresh));
        raised
    }

    /// Raises everybody's part of the pool in proportion; with nobody in it, the owner gets it.
    pub fn increase_pool(hotkey: &T::AccountId, netuid: NetUid, amount: AlphaBalance) {
        if TotalHotkeyShares::<T>::get(hotkey, netuid).bits == 0 {
            let owner = Owner::<T>::get(hotkey);
            return Self::increase_stake(hotkey, &owner, netuid, amount);
        }
        TotalHotkeyAlpha::<T>::mutate(hotkey, netuid, |pool| *pool = pool.saturating_add(amount));
    }

    /// Takes alpha out of one coldkey's part, at most what it holds; returns what was taken.
    pub fn decrease_stake(
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        netuid: NetUid,
        amount: AlphaBalance,
    ) -> AlphaBalance {
        let held = Self::stake_of(hotkey, coldkey, netuid);
        let amount = amount.min(held);
        if amount == 0 {
            return 0;
        }
        let pool = TotalHotkeyAlpha::<T>::get(hotkey, netuid);
        let all = TotalHotkeyShares::<T>::get(hotkey, netuid).bits;
        let owned = Alpha::<T>::get((hotkey, coldkey, netuid)).bits;
        let spent = if amount == held {
            owned
        } else {
            scale(u128::from(amount), all, u128::from(pool), Rounding::Up).min(owned)
        };
        Self::put_pool(
            hotkey,
            netuid,
            pool.saturating_sub(amount),
            all.saturating_sub(spent),
        );
        Self::put_shares(hotkey, coldkey, netuid, owned.saturating_sub(spent));
        amount
    }

    fn put_pool(hotkey: &T::AccountId, netuid: NetUid, pool: AlphaBalance, all: u128) {
        if all == 0 {
            NominatedHotkeys::<T>::mutate(netuid, |hotkeys| hotkeys.remove(hotkey));
            TotalHotkeyShares::<T>::remove(hotkey, netuid);
        } else {
            TotalHotkeyShares::<T>::insert(hotkey, netuid, U64F64 { bits: all });
        }
        if pool == 0 {
            TotalHotkeyAlpha::<T>::remove(hotkey, netuid);
        } else {
            TotalHotkeyAlpha::<T>::insert(hotkey, netuid, pool);
        }
    }

    fn put_shares(hotkey: &T::AccountId, coldkey: &T::AccountId, netuid: NetUid, shares: u128) {
        if shares == 0 {
            Alpha::<T>::remove((hotkey, coldkey, netuid));
        } else {
            Alpha::<T>::insert((hotkey, coldkey, netuid), U64F64 { bits: shares });
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
}

/// `a * b / c`; zero when `c` is zero, saturated when the result does not fit.
fn scale(a: u128, b: u128, c: u128, rounding: Rounding) -> u128 {
    if c == 0 {
        return 0;
    }
    multiply_by_rational_with_rounding(a, b, c, rounding).unwrap_or(u128::MAX)
}

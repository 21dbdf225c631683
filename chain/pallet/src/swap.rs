//! A new hotkey in the place of an old one, on one subnet or on all.

use crate::pallet::*;
use crate::types::*;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_support::traits::fungible::Mutate;
use frame_support::traits::tokens::{Fortitude, Precision, Preservation};
use frame_support::transactional;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;

/// 0.1 TAO for all subnets, 0.001 TAO for one.
const COST: TaoBalance = 100_000_000;
const COST_ON_SUBNET: TaoBalance = 1_000_000;
/// A day between two swaps on a subnet.
const SUBNET_INTERVAL: u64 = 7200;

/// Moves an entry of a double map to another first key.
macro_rules! move_first {
    ($old:expr, $new:expr, $second:expr; $($map:ident)*) => { $(
        if $map::<T>::contains_key($old, $second) {
            let value = $map::<T>::take($old, $second);
            $map::<T>::insert($new, $second, value);
        }
    )* };
}

/// Moves an entry of a double map to another second key.
macro_rules! move_second {
    ($first:expr, $old:expr, $new:expr; $($map:ident)*) => { $(
        if let Some(value) = $map::<T>::take($first, $old) {
            $map::<T>::insert($first, $new, value);
        }
    )* };
}

impl<T: Config> Pallet<T> {
    #[transactional]
    pub(crate) fn do_swap_hotkey(
        origin: OriginFor<T>,
        old: T::AccountId,
        new: T::AccountId,
        netuid: Option<NetUid>,
        keep_stake: bool,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        Self::check_swap(&coldkey, &old, &new, netuid)?;
        Self::move_last_blocks(&old, &new, netuid.is_none());
        let netuids = match netuid {
            Some(netuid) => Vec::from([netuid]),
            None => Self::inhabited(&old),
        };
        Self::ensure_swap_interval(&coldkey, &netuids)?;
        let cost = netuid.map_or(COST, |_| COST_ON_SUBNET);
        Self::pay_for_swap(&coldkey, cost)?;
        match netuid {
            Some(netuid) => Self::swap_on_one(&coldkey, &old, &new, netuid, keep_stake)?,
            None => Self::swap_on_all(&coldkey, &old, &new, keep_stake)?,
        }
        let now = Self::current_block();
        for netuid in netuids {
            LastHotkeySwapOnNetuid::<T>::insert(netuid, &coldkey, now);
        }
        LastRateLimitedBlock::<T>::insert(RateLimitKey::LastTxBlock(coldkey.clone()), now);
        Self::announce_swap(coldkey, old, new, netuid);
        Ok(())
    }

    fn check_swap(
        coldkey: &T::AccountId,
        old: &T::AccountId,
        new: &T::AccountId,
        netuid: Option<NetUid>,
    ) -> DispatchResult {
        let free = !Owner::<T>::contains_key(new) || Self::owns(coldkey, new);
        let owned = Self::owns(coldkey, old) && free;
        ensure!(owned, Error::<T>::NonAssociatedColdKey);
        ensure!(old != new, Error::<T>::NewHotKeyIsSameWithOld);
        let last = LastRateLimitedBlock::<T>::get(RateLimitKey::LastTxBlock(coldkey.clone()));
        let limit = TxRateLimit::<T>::get();
        let waited = Self::current_block().saturating_sub(last) > limit;
        let timely = limit == 0 || last == 0 || waited;
        ensure!(timely, Error::<T>::HotKeySetTxRateLimitExceeded);
        let registered = match netuid {
            Some(netuid) => IsNetworkMember::<T>::get(new, netuid),
            None => Self::is_registered_anywhere(new),
        };
        ensure!(!registered, Error::<T>::HotKeyAlreadyRegisteredInSubNet);
        let on_root = netuid.is_none_or(|netuid| netuid == ROOT);
        let clean = TotalHotkeyAlpha::<T>::get(new, ROOT) == 0;
        ensure!(clean || !on_root, Error::<T>::NewHotKeyNotCleanForRootSwap);
        Self::ensure_not_subnet_account(new)
    }

    /// Subnets where the hotkey is a neuron or a parent.
    fn inhabited(hotkey: &T::AccountId) -> Vec<NetUid> {
        let lives = |netuid: &NetUid| {
            IsNetworkMember::<T>::get(hotkey, netuid)
                || ChildKeys::<T>::contains_key(hotkey, netuid)
        };
        Self::netuids().into_iter().filter(lives).collect()
    }

    fn ensure_swap_interval(coldkey: &T::AccountId, netuids: &[NetUid]) -> DispatchResult {
        let now = Self::current_block();
        let waited = |netuid: &NetUid| {
            let last = LastHotkeySwapOnNetuid::<T>::get(netuid, coldkey);
            last == 0 || last.saturating_add(SUBNET_INTERVAL) < now
        };
        let interval = Error::<T>::HotKeySwapOnSubnetIntervalNotPassed;
        ensure!(netuids.iter().all(waited), interval);
        Ok(())
    }

    fn pay_for_swap(coldkey: &T::AccountId, cost: TaoBalance) -> DispatchResult {
        let affordable = Self::can_pay(coldkey, cost);
        ensure!(affordable, Error::<T>::NotEnoughBalanceToPaySwapHotKey);
        let (keep, exact, polite) = (
            Preservation::Expendable,
            Precision::Exact,
            Fortitude::Polite,
        );
        T::Currency::burn_from(coldkey, cost, keep, exact, polite)?;
        TotalIssuance::<T>::mutate(|total| *total = total.saturating_sub(cost));
        Ok(())
    }

    fn announce_swap(
        coldkey: T::AccountId,
        old_hotkey: T::AccountId,
        new_hotkey: T::AccountId,
        netuid: Option<NetUid>,
    ) {
        Self::deposit_event(match netuid {
            None => Event::HotkeySwapped {
                coldkey,
                old_hotkey,
                new_hotkey,
            },
            Some(netuid) => Event::HotkeySwappedOnSubnet {
                coldkey,
                old_hotkey,
                new_hotkey,
                netuid,
            },
        });
    }

    /// Rate limits that belong to the hotkey go with it; the old one keeps them on other subnets.
    fn move_last_blocks(old: &T::AccountId, new: &T::AccountId, everywhere: bool) {
        let keys: [fn(T::AccountId) -> RateLimitKey<T::AccountId>; 3] = [
            RateLimitKey::LastTxBlock,
            RateLimitKey::LastTxBlockDelegateTake,
            RateLimitKey::LastTxBlockChildKeyTake,
        ];
        for key in keys {
            let last = LastRateLimitedBlock::<T>::get(key(old.clone()));
            LastRateLimitedBlock::<T>::insert(key(new.clone()), last);
            if everywhere {
                LastRateLimitedBlock::<T>::remove(key(old.clone()));
            }
        }
    }

    fn swap_on_one(
        coldkey: &T::AccountId,
        old: &T::AccountId,
        new: &T::AccountId,
        netuid: NetUid,
        keep_stake: bool,
    ) -> DispatchResult {
        Self::create_account_if_new(coldkey, new);
        Self::swap_on_subnet(old, new, netuid, keep_stake)
    }

    fn swap_on_all(
        coldkey: &T::AccountId,
        old: &T::AccountId,
        new: &T::AccountId,
        keep_stake: bool,
    ) -> DispatchResult {
        let stakers = Alpha::<T>::iter_key_prefix((old.clone(),));
        let stakers: BTreeSet<T::AccountId> = stakers.map(|(coldkey, _)| coldkey).collect();
        Owner::<T>::remove(old);
        Owner::<T>::insert(new, coldkey);
        OwnedHotkeys::<T>::mutate(coldkey, |owned| rename(owned, old, new));
        for netuid in Self::netuids() {
            Self::swap_on_subnet(old, new, netuid, keep_stake)?;
        }
        if Delegates::<T>::contains_key(old) {
            Delegates::<T>::insert(new, Delegates::<T>::take(old));
        }
        for staker in stakers.iter().filter(|_| !keep_stake) {
            StakingHotkeys::<T>::mutate(staker, |hotkeys| rename(hotkeys, old, new));
        }
        Ok(())
    }

    fn swap_on_subnet(
        old: &T::AccountId,
        new: &T::AccountId,
        netuid: NetUid,
        keep_stake: bool,
    ) -> DispatchResult {
        if IsNetworkMember::<T>::take(old, netuid) {
            IsNetworkMember::<T>::insert(new, netuid, true);
            Self::swap_neuron(old, new, netuid);
        }
        move_first!(old, new, netuid; ChildkeyTake LastHotkeyEmissionOnNetuid);
        Self::swap_relatives(old, new, netuid)?;
        for coldkey in AutoStakeDestinationColdkeys::<T>::take(old, netuid) {
            AutoStakeDestination::<T>::insert(&coldkey, netuid, new);
            AutoStakeDestinationColdkeys::<T>::append(new, netuid, coldkey);
        }
        if SubnetOwnerHotkey::<T>::try_get(netuid).is_ok_and(|owner| owner == *old) {
            SubnetOwnerHotkey::<T>::insert(netuid, new);
            Self::deposit_event(Event::SubnetOwnerHotkeySet(netuid, new.clone()));
        }
        if !keep_stake {
            Self::swap_stakes(old, new, netuid);
        }
        Ok(())
    }

    fn swap_neuron(old: &T::AccountId, new: &T::AccountId, netuid: NetUid) {
        if let Some(uid) = Uids::<T>::take(netuid, old) {
            Uids::<T>::insert(netuid, new, uid);
            Keys::<T>::insert(netuid, uid, new);
        }
        move_second!(netuid, old, new; Axons Prometheus NeuronCertificates);
        for mecid in 0..u16::from(MechanismCountCurrent::<T>::get(netuid)) {
            let index = mecid.saturating_mul(4096).saturating_add(netuid);
            move_second!(index, old, new; WeightCommits);
        }
    }

    fn swap_stakes(old: &T::AccountId, new: &T::AccountId, netuid: NetUid) {
        let before = TotalHotkeyAlphaLastEpoch::<T>::take(old, netuid);
        TotalHotkeyAlphaLastEpoch::<T>::mutate(new, netuid, |a| *a = a.saturating_add(before));
        let dividends = AlphaDividendsPerSubnet::<T>::take(netuid, old);
        AlphaDividendsPerSubnet::<T>::mutate(netuid, new, |a| *a = a.saturating_add(dividends));
        let stakers = Alpha::<T>::iter_key_prefix((old.clone(),));
        let here: Vec<_> = stakers.filter(|(_, of)| *of == netuid).collect();
        for (coldkey, _) in here {
            let alpha = Self::stake_of(old, &coldkey, netuid);
            Self::decrease_stake(old, &coldkey, netuid, alpha);
            Self::increase_stake(new, &coldkey, netuid, alpha);
        }
        if netuid == ROOT && AutoParentDelegationEnabled::<T>::contains_key(old) {
            let enabled = AutoParentDelegationEnabled::<T>::take(old);
            AutoParentDelegationEnabled::<T>::insert(new, enabled);
        }
    }
}

/// Puts `new` at the end in the place of `old`, once.
fn rename<A: PartialEq + Clone>(hotkeys: &mut Vec<A>, old: &A, new: &A) {
    hotkeys.retain(|hotkey| hotkey != old && hotkey != new);
    hotkeys.push(new.clone());
}

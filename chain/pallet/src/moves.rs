//! Stake that changes its hotkey, coldkey or subnet, or ceases to exist.

use crate::market::{Limit, MIN_STAKE, PRICE};
use crate::pallet::*;
use crate::types::*;
use frame_support::pallet_prelude::*;
use frame_support::traits::fungible::Mutate;
use frame_support::traits::tokens::Preservation;
use frame_support::transactional;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;

/// Where stake lies: with which hotkey, of whom, on which subnet.
struct Place<'a, AccountId> {
    hotkey: &'a AccountId,
    coldkey: &'a AccountId,
    netuid: NetUid,
}

// A derived `Clone` would ask it of the account.
impl<A> Clone for Place<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Place<'_, A> {}

/// What a move is bound to.
#[derive(Clone, Copy, Default)]
struct Terms {
    limit: Option<Limit>,
    /// Subnets may forbid that stake changes its coldkey.
    transfer: bool,
}

impl<T: Config> Pallet<T> {
    #[transactional]
    pub(crate) fn do_move_stake(
        origin: OriginFor<T>,
        from_hotkey: T::AccountId,
        to_hotkey: T::AccountId,
        from: NetUid,
        to: NetUid,
        alpha: AlphaBalance,
    ) -> DispatchResult {
        let coldkey = &ensure_signed(origin)?;
        let here = Place {
            hotkey: &from_hotkey,
            coldkey,
            netuid: from,
        };
        let there = Place {
            hotkey: &to_hotkey,
            coldkey,
            netuid: to,
        };
        let tao = Self::move_between(here, there, alpha, Terms::default())?;
        let event = Event::StakeMoved(coldkey.clone(), from_hotkey, from, to_hotkey, to, tao);
        Self::deposit_event(event);
        Ok(())
    }

    #[transactional]
    pub(crate) fn do_transfer_stake(
        origin: OriginFor<T>,
        to_coldkey: T::AccountId,
        hotkey: T::AccountId,
        from: NetUid,
        to: NetUid,
        alpha: AlphaBalance,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let here = Place {
            hotkey: &hotkey,
            coldkey: &coldkey,
            netuid: from,
        };
        let there = Place {
            hotkey: &hotkey,
            coldkey: &to_coldkey,
            netuid: to,
        };
        let transfer = true;
        let tao = Self::move_between(
            here,
            there,
            alpha,
            Terms {
                limit: None,
                transfer,
            },
        )?;
        let event = Event::StakeTransferred(coldkey, to_coldkey, hotkey, from, to, tao);
        Self::deposit_event(event);
        Ok(())
    }

    #[transactional]
    pub(crate) fn do_swap_stake(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        from: NetUid,
        to: NetUid,
        alpha: AlphaBalance,
        limit: Option<Limit>,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let here = Place {
            hotkey: &hotkey,
            coldkey: &coldkey,
            netuid: from,
        };
        let there = Place { netuid: to, ..here };
        let transfer = false;
        let tao = Self::move_between(here, there, alpha, Terms { limit, transfer })?;
        Self::deposit_event(Event::StakeSwapped(coldkey, hotkey, from, to, tao));
        Ok(())
    }

    /// Moves at most `alpha`; returns its worth in TAO.
    fn move_between(
        from: Place<T::AccountId>,
        to: Place<T::AccountId>,
        alpha: AlphaBalance,
        terms: Terms,
    ) -> Result<TaoBalance, DispatchError> {
        let alpha = alpha.min(Self::stake_of(from.hotkey, from.coldkey, from.netuid));
        let most = match terms.limit {
            Some(limit) if from.netuid != to.netuid && limit.price > PRICE => 0,
            _ => u64::MAX,
        };
        Self::check_move(from, to, alpha, terms)?;
        let partial = terms.limit.is_none_or(|limit| limit.allow_partial);
        ensure!(partial || alpha <= most, Error::<T>::SlippageTooHigh);
        let alpha = alpha.min(most);
        if from.netuid == to.netuid {
            return Self::move_within(from, to, alpha);
        }
        Self::unstake_from_subnet(from.hotkey, from.coldkey, from.netuid, alpha)?;
        if from.coldkey != to.coldkey {
            T::Currency::transfer(from.coldkey, to.coldkey, alpha, Preservation::Expendable)?;
        }
        if Owner::<T>::get(to.hotkey) != *to.coldkey {
            Self::become_delegate(to.hotkey);
        }
        Self::stake_into_subnet(to.hotkey, to.coldkey, to.netuid, alpha)?;
        Ok(alpha)
    }

    fn check_move(
        from: Place<T::AccountId>,
        to: Place<T::AccountId>,
        alpha: AlphaBalance,
        terms: Terms,
    ) -> DispatchResult {
        let same_keys = from.coldkey == to.coldkey && from.hotkey == to.hotkey;
        let elsewhere = from.netuid != to.netuid;
        ensure!(elsewhere || !same_keys, Error::<T>::SameNetuid);
        let exist = Self::subnet_exists(from.netuid) && Self::subnet_exists(to.netuid);
        ensure!(exist, Error::<T>::SubnetNotExists);
        Self::ensure_subtoken_enabled(from.netuid)?;
        Self::ensure_subtoken_enabled(to.netuid)?;
        let known = |hotkey: &T::AccountId| Owner::<T>::contains_key(hotkey);
        let both = known(from.hotkey) && known(to.hotkey);
        ensure!(both, Error::<T>::HotKeyAccountNotExists);
        ensure!(!elsewhere || alpha > MIN_STAKE, Error::<T>::AmountTooLow);
        let allowed = TransferToggle::<T>::get(from.netuid) && TransferToggle::<T>::get(to.netuid);
        ensure!(allowed || !terms.transfer, Error::<T>::TransferDisallowed);
        Ok(())
    }

    /// On one subnet nothing is exchanged: the shares change hands.
    fn move_within(
        from: Place<T::AccountId>,
        to: Place<T::AccountId>,
        alpha: AlphaBalance,
    ) -> Result<TaoBalance, DispatchError> {
        ensure!(alpha >= MIN_STAKE, Error::<T>::AmountTooLow);
        let netuid = from.netuid;
        Self::decrease_stake(from.hotkey, from.coldkey, netuid, alpha);
        Self::increase_stake(to.hotkey, to.coldkey, netuid, alpha);
        let block = Self::current_block();
        LastColdkeyHotkeyStakeBlock::<T>::insert(to.coldkey, to.hotkey, block);
        let (coldkey, hotkey) = (from.coldkey.clone(), from.hotkey.clone());
        Self::deposit_event(Event::StakeRemoved(
            coldkey, hotkey, alpha, alpha, netuid, 0,
        ));
        let (coldkey, hotkey) = (to.coldkey.clone(), to.hotkey.clone());
        Self::deposit_event(Event::StakeAdded(coldkey, hotkey, alpha, alpha, netuid, 0));
        Ok(alpha)
    }

    /// Alpha that ceases to exist and may be issued again.
    pub(crate) fn do_recycle_alpha(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        amount: AlphaBalance,
        netuid: NetUid,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let amount = Self::destroy_alpha(&coldkey, &hotkey, amount, netuid)?;
        SubnetAlphaOut::<T>::mutate(netuid, |out| *out = out.saturating_sub(amount));
        Self::deposit_event(Event::AlphaRecycled(coldkey, hotkey, amount, netuid));
        Ok(())
    }

    /// Alpha that ceases to exist and stays in the count of what was issued.
    pub(crate) fn do_burn_alpha(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        amount: AlphaBalance,
        netuid: NetUid,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let amount = Self::destroy_alpha(&coldkey, &hotkey, amount, netuid)?;
        Self::deposit_event(Event::AlphaBurned(coldkey, hotkey, amount, netuid));
        Ok(())
    }

    /// Takes at most `amount` out of the coldkey's part; returns how much that was.
    fn destroy_alpha(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        amount: AlphaBalance,
        netuid: NetUid,
    ) -> Result<AlphaBalance, DispatchError> {
        ensure!(Self::subnet_exists(netuid), Error::<T>::SubnetNotExists);
        let root = Error::<T>::CannotBurnOrRecycleOnRootSubnet;
        ensure!(netuid != ROOT, root);
        Self::ensure_subtoken_enabled(netuid)?;
        let known = Owner::<T>::contains_key(hotkey);
        ensure!(known, Error::<T>::HotKeyAccountNotExists);
        let amount = amount.min(Self::stake_of(hotkey, coldkey, netuid));
        let issued = SubnetAlphaOut::<T>::get(netuid) >= amount;
        ensure!(issued, Error::<T>::InsufficientLiquidity);
        Ok(Self::decrease_stake(hotkey, coldkey, netuid, amount))
    }

    /// Stakes TAO and burns the alpha at once.
    #[transactional]
    pub(crate) fn do_add_stake_burn(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        netuid: NetUid,
        amount: TaoBalance,
        limit_price: Option<TaoBalance>,
    ) -> DispatchResult {
        let allow_partial = false;
        let limit = limit_price.map(|price| Limit {
            price,
            allow_partial,
        });
        Self::do_add_stake(origin.clone(), hotkey.clone(), netuid, amount, limit)?;
        Self::do_burn_alpha(origin, hotkey.clone(), amount, netuid)?;
        let alpha = amount;
        Self::deposit_event(Event::AddStakeBurn {
            netuid,
            hotkey,
            amount,
            alpha,
        });
        Ok(())
    }

    /// Everything that the coldkey holds with the hotkey on other subnets becomes root stake.
    #[transactional]
    pub(crate) fn do_unstake_all_alpha(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let known = Owner::<T>::contains_key(&hotkey);
        ensure!(known, Error::<T>::HotKeyAccountNotExists);
        let netuids = Self::netuids().into_iter().filter(|netuid| *netuid != ROOT);
        let mut tao: TaoBalance = 0;
        for netuid in netuids {
            tao = tao.saturating_add(Self::unstake_if_possible(&hotkey, &coldkey, netuid)?);
        }
        ensure!(tao > 0, Error::<T>::AmountTooLow);
        Self::stake_into_subnet(&hotkey, &coldkey, ROOT, tao)
    }

    /// Incentive of the signer's neurons goes to this hotkey from now on.
    pub(crate) fn do_set_auto_stake(
        origin: OriginFor<T>,
        netuid: NetUid,
        hotkey: T::AccountId,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        ensure!(Self::subnet_exists(netuid), Error::<T>::SubnetNotExists);
        let neuron = Uids::<T>::contains_key(netuid, &hotkey);
        ensure!(neuron, Error::<T>::HotKeyNotRegisteredInSubNet);
        if let Some(before) = AutoStakeDestination::<T>::get(&coldkey, netuid) {
            let same = Error::<T>::SameAutoStakeHotkeyAlreadySet;
            ensure!(before != hotkey, same);
            AutoStakeDestinationColdkeys::<T>::mutate(before, netuid, |coldkeys| {
                coldkeys.retain(|known| *known != coldkey)
            });
        }
        AutoStakeDestination::<T>::insert(&coldkey, netuid, &hotkey);
        AutoStakeDestinationColdkeys::<T>::append(&hotkey, netuid, &coldkey);
        Self::deposit_event(Event::AutoStakeDestinationSet {
            coldkey,
            netuid,
            hotkey,
        });
        Ok(())
    }
}

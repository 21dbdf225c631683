//! Staking and unstaking at the constant price of one alpha for one TAO, and delegate takes.

use crate::pallet::*;
use crate::types::*;
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_support::transactional;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;

/// Smallest stake operation: 0.002 TAO.
pub const MIN_STAKE: TaoBalance = 2_000_000;
/// RAO of TAO for one alpha.
pub const PRICE: TaoBalance = 1_000_000_000;

/// A price limit of the caller; without one any amount may be exchanged.
#[derive(Clone, Copy)]
pub struct Limit {
    pub price: TaoBalance,
    pub allow_partial: bool,
}

impl<T: Config> Pallet<T> {
    #[transactional]
    pub(crate) fn do_add_stake(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        netuid: NetUid,
        tao: TaoBalance,
        limit: Option<Limit>,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let most = amount_within(limit, |price| price >= PRICE);
        ensure!(Self::subnet_exists(netuid), Error::<T>::SubnetNotExists);
        Self::ensure_subtoken_enabled(netuid)?;
        ensure!(tao >= MIN_STAKE, Error::<T>::AmountTooLow);
        let partial = limit.is_some_and(|limit| limit.allow_partial);
        ensure!(partial || tao <= most, Error::<T>::SlippageTooHigh);
        let tao = tao.min(most);
        ensure!(
            Self::can_pay(&coldkey, tao),
            Error::<T>::NotEnoughBalanceToStake
        );
        ensure!(
            Owner::<T>::contains_key(&hotkey),
            Error::<T>::HotKeyAccountNotExists
        );
        ensure!(tao >= MIN_STAKE, Error::<T>::AmountTooLow);
        // The chain lists a hotkey as delegate when somebody else stakes with a limit, only then.
        if limit.is_some() && Owner::<T>::get(&hotkey) != coldkey {
            Self::become_delegate(&hotkey);
        }
        Self::stake_into_subnet(&hotkey, &coldkey, netuid, tao)
    }

    pub(crate) fn become_delegate(hotkey: &T::AccountId) {
        if !Delegates::<T>::contains_key(hotkey) {
            Delegates::<T>::insert(hotkey, Delegates::<T>::get(hotkey));
        }
    }

    pub(crate) fn stake_into_subnet(
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        netuid: NetUid,
        tao: TaoBalance,
    ) -> DispatchResult {
        Self::pay_into_pool(netuid, coldkey, tao)?;
        SubnetAlphaOut::<T>::mutate(netuid, |alpha| *alpha = alpha.saturating_add(tao));
        Self::record_volume(netuid, tao);
        Self::increase_stake(hotkey, coldkey, netuid, tao);
        let block = Self::current_block();
        LastColdkeyHotkeyStakeBlock::<T>::insert(coldkey, hotkey, block);
        let event = Event::StakeAdded(coldkey.clone(), hotkey.clone(), tao, tao, netuid, 0);
        Self::deposit_event(event);
        Ok(())
    }

    #[transactional]
    pub(crate) fn do_remove_stake(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        netuid: NetUid,
        alpha: AlphaBalance,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        Self::ensure_subtoken_enabled(netuid)?;
        let alpha = alpha.min(Self::stake_of(&hotkey, &coldkey, netuid));
        Self::check_unstake(&hotkey, &coldkey, netuid, alpha, u64::MAX, false)?;
        Self::unstake_from_subnet(&hotkey, &coldkey, netuid, alpha)?;
        Self::clear_small_nomination(&hotkey, &coldkey, netuid)
    }

    #[transactional]
    pub(crate) fn do_remove_stake_limit(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        netuid: NetUid,
        alpha: AlphaBalance,
        limit: Limit,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let most = amount_within(Some(limit), |price| price <= PRICE);
        Self::check_unstake(&hotkey, &coldkey, netuid, alpha, most, limit.allow_partial)?;
        Self::unstake_from_subnet(&hotkey, &coldkey, netuid, alpha.min(most))?;
        Self::clear_small_nomination(&hotkey, &coldkey, netuid)
    }

    pub(crate) fn do_remove_stake_full_limit(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        netuid: NetUid,
        limit_price: Option<TaoBalance>,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin.clone())?;
        let alpha = Self::stake_of(&hotkey, &coldkey, netuid);
        match limit_price {
            None => Self::do_remove_stake(origin, hotkey, netuid, alpha),
            Some(price) => {
                let limit = Limit {
                    price,
                    allow_partial: false,
                };
                Self::do_remove_stake_limit(origin, hotkey, netuid, alpha, limit)
            }
        }
    }

    /// Everything that the coldkey holds with the hotkey on subnets where that is possible.
    #[transactional]
    pub(crate) fn do_unstake_all(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        ensure!(
            Owner::<T>::contains_key(&hotkey),
            Error::<T>::HotKeyAccountNotExists
        );
        for netuid in Self::netuids() {
            Self::unstake_if_possible(&hotkey, &coldkey, netuid)?;
        }
        Ok(())
    }

    /// All that the coldkey holds there, in TAO; zero where nothing can be removed.
    pub(crate) fn unstake_if_possible(
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        netuid: NetUid,
    ) -> Result<TaoBalance, DispatchError> {
        let alpha = Self::stake_of(hotkey, coldkey, netuid);
        let open = SubtokenEnabled::<T>::get(netuid) && alpha > 0;
        let may = || Self::check_unstake(hotkey, coldkey, netuid, alpha, u64::MAX, false);
        if !open || may().is_err() {
            return Ok(0);
        }
        Self::unstake_from_subnet(hotkey, coldkey, netuid, alpha)?;
        Ok(alpha)
    }

    fn check_unstake(
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        netuid: NetUid,
        alpha: AlphaBalance,
        most: AlphaBalance,
        allow_partial: bool,
    ) -> DispatchResult {
        ensure!(Self::subnet_exists(netuid), Error::<T>::SubnetNotExists);
        ensure!(alpha > 0, Error::<T>::AmountTooLow);
        let held = Self::stake_of(hotkey, coldkey, netuid);
        ensure!(alpha <= held, Error::<T>::NotEnoughStakeToWithdraw);
        ensure!(
            alpha == held || alpha >= MIN_STAKE,
            Error::<T>::AmountTooLow
        );
        ensure!(allow_partial || alpha <= most, Error::<T>::SlippageTooHigh);
        ensure!(
            Owner::<T>::contains_key(hotkey),
            Error::<T>::HotKeyAccountNotExists
        );
        Ok(())
    }

    pub(crate) fn unstake_from_subnet(
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        netuid: NetUid,
        alpha: AlphaBalance,
    ) -> DispatchResult {
        ensure!(
            alpha <= SubnetTAO::<T>::get(netuid),
            Error::<T>::InsufficientLiquidity
        );
        ensure!(alpha > 0, Error::<T>::AmountTooLow);
        let tao = Self::decrease_stake(hotkey, coldkey, netuid, alpha);
        SubnetAlphaOut::<T>::mutate(netuid, |out| *out = out.saturating_sub(tao));
        Self::record_volume(netuid, tao);
        Self::pay_out_of_pool(netuid, coldkey, tao)?;
        let event = Event::StakeRemoved(coldkey.clone(), hotkey.clone(), tao, tao, netuid, 0);
        Self::deposit_event(event);
        Ok(())
    }

    /// Pays out what is left of a nomination when it is below the required minimum.
    fn clear_small_nomination(
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        netuid: NetUid,
    ) -> DispatchResult {
        let left = Self::stake_of(hotkey, coldkey, netuid);
        let small = left > 0 && left < Self::nominator_min_stake();
        if small && Owner::<T>::get(hotkey) != *coldkey {
            return Self::unstake_from_subnet(hotkey, coldkey, netuid, left);
        }
        Ok(())
    }

    /// Least stake of a nominator in RAO; stored as millionths of the smallest stake operation.
    pub fn nominator_min_stake() -> AlphaBalance {
        let millionths = NominatorMinRequiredStake::<T>::get();
        MIN_STAKE.saturating_mul(millionths) / 1_000_000
    }

    /// Pays out every nomination that is below the required minimum, where that is possible.
    pub fn clear_small_nominations() {
        let nominations: Vec<_> = Alpha::<T>::iter_keys().collect();
        for (hotkey, coldkey, netuid) in nominations {
            // Refused when the pool cannot pay: the nomination stays.
            let _ = Self::clear_small_nomination(&hotkey, &coldkey, netuid);
        }
    }

    fn record_volume(netuid: NetUid, tao: TaoBalance) {
        SubnetVolume::<T>::mutate(netuid, |volume| *volume = volume.saturating_add(tao.into()));
    }

    pub(crate) fn ensure_subtoken_enabled(netuid: NetUid) -> DispatchResult {
        ensure!(
            SubtokenEnabled::<T>::get(netuid),
            Error::<T>::SubtokenDisabled
        );
        Ok(())
    }

    pub(crate) fn do_decrease_take(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
        take: u16,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        Self::ensure_owns(&coldkey, &hotkey)?;
        let lower = Delegates::<T>::try_get(&hotkey).map_or(true, |current| take < current);
        ensure!(lower, Error::<T>::DelegateTakeTooLow);
        ensure!(
            take >= MinDelegateTake::<T>::get(),
            Error::<T>::DelegateTakeTooLow
        );
        Self::put_take(&hotkey, take);
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
        let higher = Delegates::<T>::try_get(&hotkey).map_or(true, |current| take > current);
        ensure!(higher, Error::<T>::DelegateTakeTooLow);
        ensure!(
            take <= MaxDelegateTake::<T>::get(),
            Error::<T>::DelegateTakeTooHigh
        );
        let key = RateLimitKey::LastTxBlockDelegateTake(hotkey.clone());
        let last = LastRateLimitedBlock::<T>::get(key);
        let limit = TxDelegateTakeRateLimit::<T>::get();
        let waited = Self::current_block().saturating_sub(last) > limit;
        let timely = limit == 0 || last == 0 || waited;
        ensure!(timely, Error::<T>::DelegateTxRateLimitExceeded);
        Self::put_take(&hotkey, take);
        Self::deposit_event(Event::TakeIncreased(coldkey, hotkey, take));
        Ok(())
    }

    fn put_take(hotkey: &T::AccountId, take: u16) {
        Delegates::<T>::insert(hotkey, take);
        let key = RateLimitKey::LastTxBlockDelegateTake(hotkey.clone());
        LastRateLimitedBlock::<T>::insert(key, Self::current_block());
    }

    pub(crate) fn ensure_owns(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
    ) -> Result<(), Error<T>> {
        ensure!(
            Owner::<T>::contains_key(hotkey),
            Error::<T>::HotKeyAccountNotExists
        );
        ensure!(
            Owner::<T>::get(hotkey) == *coldkey,
            Error::<T>::NonAssociatedColdKey
        );
        Ok(())
    }

    pub(crate) fn do_try_associate_hotkey(
        origin: OriginFor<T>,
        hotkey: T::AccountId,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        Self::ensure_not_subnet_account(&hotkey)?;
        Self::create_account_if_new(&coldkey, &hotkey);
        Ok(())
    }
}

/// All or nothing: at a constant price a limit is either met or not.
fn amount_within(limit: Option<Limit>, met: impl Fn(TaoBalance) -> bool) -> u64 {
    match limit {
        Some(limit) if !met(limit.price) => 0,
        _ => u64::MAX,
    }
}

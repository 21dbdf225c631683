//! Who may act, and how often: owners, the admin window, rate limits.

use crate::pallet::*;
use crate::types::*;
use frame_support::pallet_prelude::*;
use frame_system::pallet_prelude::OriginFor;
use frame_system::{ensure_root, ensure_signed};
use sp_runtime::traits::BadOrigin;

/// Longest tempo; also how long a subnet may go without a step before one is forced.
pub const MAX_TEMPO: u16 = 50_400;
pub const MIN_TEMPO: u16 = 360;
/// Thousandths of a tempo.
const CUTOFF_FACTORS: core::ops::RangeInclusive<u32> = 1000..=50_000;
/// Number under which the chain stores the block of the owner's last tempo.
const TEMPO_UPDATE: u16 = 11;
/// A week.
const OWNER_HOTKEY_BLOCKS: u64 = 50_400;

impl<T: Config> Pallet<T> {
    /// The signer, if it is the subnet's owner; otherwise `BadOrigin`.
    pub fn ensure_subnet_owner(
        origin: OriginFor<T>,
        netuid: NetUid,
    ) -> Result<T::AccountId, DispatchError> {
        let who = ensure_signed(origin)?;
        let owner = SubnetOwner::<T>::get(netuid);
        if !Self::subnet_exists(netuid) || who != owner {
            return Err(BadOrigin.into());
        }
        Ok(who)
    }

    /// `None` for root, the signer for the subnet's owner; otherwise `BadOrigin`.
    pub fn ensure_subnet_owner_or_root(
        origin: OriginFor<T>,
        netuid: NetUid,
    ) -> Result<Option<T::AccountId>, DispatchError> {
        if ensure_root(origin.clone()).is_ok() {
            return Ok(None);
        }
        Self::ensure_subnet_owner(origin, netuid).map(Some)
    }

    /// Refused shortly before an automatic epoch and while a triggered one waits.
    pub fn ensure_admin_window_open(netuid: NetUid) -> DispatchResult {
        let prohibited = Error::<T>::AdminActionProhibitedDuringWeightsWindow;
        ensure!(!Self::in_admin_freeze_window(netuid), prohibited);
        Ok(())
    }

    pub fn in_admin_freeze_window(netuid: NetUid) -> bool {
        let clock = Self::epoch_clock(netuid);
        if clock.tempo == 0 {
            return false;
        }
        let remaining = subnet_consensus::blocks_until_next_epoch(&clock, Self::current_block());
        let triggered = clock.pending_epoch_at > Self::current_block();
        triggered || remaining < u64::from(AdminFreezeWindow::<T>::get())
    }

    /// Changes the tempo and starts the cycle anew.
    pub fn apply_tempo(netuid: NetUid, tempo: u16) {
        Tempo::<T>::insert(netuid, tempo);
        LastEpochBlock::<T>::insert(netuid, Self::current_block());
        PendingEpochAt::<T>::insert(netuid, 0);
        Self::deposit_event(Event::TempoSet(netuid, tempo));
    }

    /// The owner's own change of the tempo.
    pub(crate) fn do_set_tempo(origin: OriginFor<T>, netuid: NetUid, tempo: u16) -> DispatchResult {
        let owner = Self::ensure_subnet_owner(origin, netuid)?;
        let fits = (MIN_TEMPO..=MAX_TEMPO).contains(&tempo);
        ensure!(fits, Error::<T>::TempoOutOfBounds);
        Self::ensure_admin_window_open(netuid)?;
        let key = (owner, netuid, TEMPO_UPDATE);
        let last = TransactionKeyLastBlock::<T>::get(&key);
        let passes = Self::passes_rate_limit(MIN_TEMPO.into(), last);
        ensure!(passes, Error::<T>::TxRateLimitExceeded);
        Self::apply_tempo(netuid, tempo);
        TransactionKeyLastBlock::<T>::insert(key, Self::current_block());
        Ok(())
    }

    /// Window and rate limit bind the owner alone.
    pub(crate) fn do_set_activity_cutoff_factor(
        origin: OriginFor<T>,
        netuid: NetUid,
        factor_milli: u32,
    ) -> DispatchResult {
        let owner = Self::ensure_subnet_owner_or_root(origin, netuid)?;
        let fits = CUTOFF_FACTORS.contains(&factor_milli);
        ensure!(fits, Error::<T>::ActivityCutoffFactorMilliOutOfBounds);
        let parameter = Hyperparameter::ActivityCutoffFactorMilli;
        if owner.is_some() {
            Self::ensure_admin_window_open(netuid)?;
            Self::ensure_owner_rate_limit(netuid, parameter)?;
            Self::record_owner_change(netuid, parameter);
        }
        ActivityCutoffFactorMilli::<T>::insert(netuid, factor_milli);
        Self::deposit_event(Event::ActivityCutoffFactorMilliSet {
            netuid,
            factor_milli,
        });
        Ok(())
    }

    /// The first use always passes; later ones `limit` blocks after the last.
    pub fn passes_rate_limit(limit: u64, last_block: u64) -> bool {
        last_block == 0 || Self::current_block().saturating_sub(last_block) >= limit
    }

    /// One change of each hyperparameter in some tempos; root is not asked.
    pub fn ensure_owner_rate_limit(netuid: NetUid, parameter: Hyperparameter) -> DispatchResult {
        let tempos = u64::from(OwnerHyperparamRateLimit::<T>::get());
        let limit = u64::from(Tempo::<T>::get(netuid)).saturating_mul(tempos);
        let key = RateLimitKey::OwnerHyperparamUpdate(netuid, parameter);
        let last = LastRateLimitedBlock::<T>::get(key);
        ensure!(
            Self::passes_rate_limit(limit, last),
            Error::<T>::TxRateLimitExceeded
        );
        Ok(())
    }

    pub fn record_owner_change(netuid: NetUid, parameter: Hyperparameter) {
        let key = RateLimitKey::OwnerHyperparamUpdate(netuid, parameter);
        LastRateLimitedBlock::<T>::insert(key, Self::current_block());
    }

    /// Changes the hotkey of a subnet's owner, at most once a week; root too.
    pub fn set_owner_hotkey(
        origin: OriginFor<T>,
        netuid: NetUid,
        hotkey: T::AccountId,
    ) -> DispatchResult {
        Self::ensure_subnet_owner_or_root(origin, netuid)?;
        ensure!(Self::subnet_exists(netuid), Error::<T>::SubnetNotExists);
        let key = RateLimitKey::SetSNOwnerHotkey(netuid);
        let last = LastRateLimitedBlock::<T>::get(&key);
        let passes = Self::passes_rate_limit(OWNER_HOTKEY_BLOCKS, last);
        ensure!(passes, Error::<T>::TxRateLimitExceeded);
        Self::ensure_not_subnet_account(&hotkey)?;
        LastRateLimitedBlock::<T>::insert(key, Self::current_block());
        SubnetOwnerHotkey::<T>::insert(netuid, &hotkey);
        Self::deposit_event(Event::SubnetOwnerHotkeySet(netuid, hotkey));
        Ok(())
    }

    /// Block of the last registration of a subnet; zero before the first.
    pub fn last_network_block() -> u64 {
        LastRateLimitedBlock::<T>::get(RateLimitKey::NetworkLastRegistered)
    }

    pub fn network_rate_limit_passes() -> bool {
        Self::passes_rate_limit(NetworkRateLimit::<T>::get(), Self::last_network_block())
    }

    /// The owner's request for an epoch; it fires after the freeze window.
    pub(crate) fn do_trigger_epoch(origin: OriginFor<T>, netuid: NetUid) -> DispatchResult {
        let by = Self::ensure_subnet_owner(origin, netuid)?;
        let hidden = CommitRevealWeightsEnabled::<T>::get(netuid);
        ensure!(!hidden, Error::<T>::DynamicTempoBlockedByCommitReveal);
        let waiting = PendingEpochAt::<T>::get(netuid) != 0;
        ensure!(!waiting, Error::<T>::EpochTriggerAlreadyPending);
        let now = Self::current_block();
        let window = u64::from(AdminFreezeWindow::<T>::get());
        let clock = Self::epoch_clock(netuid);
        let remaining = subnet_consensus::blocks_until_next_epoch(&clock, now);
        ensure!(remaining >= window, Error::<T>::AutoEpochAlreadyImminent);
        Self::ensure_owner_rate_limit(netuid, Hyperparameter::TriggerEpoch)?;
        let fires_at = now.saturating_add(window);
        PendingEpochAt::<T>::insert(netuid, fires_at);
        Self::record_owner_change(netuid, Hyperparameter::TriggerEpoch);
        Self::deposit_event(Event::EpochTriggered {
            netuid,
            by,
            fires_at,
        });
        Ok(())
    }
}

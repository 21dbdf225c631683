//! Setters that check their value or touch more than one item.

use crate::pallet::*;
use alloc::vec::Vec;
use frame_support::ensure;
use frame_support::pallet_prelude::DispatchResult;
use pallet_subtensor::{
    AlphaValues, LiquidAlphaOn, MaxAllowedUids, MaxAllowedValidators, MaxBurn, MaxChildkeyTake,
    MaxMechanismCount, MechId, MechanismCountCurrent, MechanismEmissionSplit, MinAllowedUids,
    MinBurn, MinChildkeyTake, NetUid, NominatorMinRequiredStake, RevealPeriodEpochs, SubnetworkN,
    TaoBalance, U64F64,
};

type Subtensor<T> = pallet_subtensor::Pallet<T>;
type Refusal<T> = pallet_subtensor::Error<T>;
type Notice<T> = pallet_subtensor::Event<T>;

/// Uids that a subnet may have at most, over all of its mechanisms.
const MAX_UIDS: u16 = 256;
/// 1 TAO.
const MIN_BURN_BELOW: TaoBalance = 1_000_000_000;
/// 0.1 TAO.
const MAX_BURN_ABOVE: TaoBalance = 100_000_000;
/// A fortieth of 65535.
const MIN_ALPHA: u16 = 1638;
const MAX_BURN_HALF_LIFE: u16 = 36_100;
const MAX_MECHANISMS: MechId = 16;

impl<T: Config> Pallet<T> {
    pub(crate) fn set_max_allowed_uids(netuid: NetUid, value: u16) -> DispatchResult {
        let least = MinAllowedUids::<T>::get(netuid);
        ensure!(
            value >= least,
            Error::<T>::MaxAllowedUidsLessThanMinAllowedUids
        );
        let taken = SubnetworkN::<T>::get(netuid);
        ensure!(
            value >= taken,
            Error::<T>::MaxAllowedUIdsLessThanCurrentUIds
        );
        ensure!(
            value <= MAX_UIDS,
            Error::<T>::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids
        );
        Self::ensure_uids_fit(value, MechanismCountCurrent::<T>::get(netuid))?;
        MaxAllowedUids::<T>::insert(netuid, value);
        Subtensor::<T>::deposit_event(Notice::MaxAllowedUidsSet(netuid, value));
        Ok(())
    }

    fn ensure_uids_fit(uids: u16, mechanisms: MechId) -> DispatchResult {
        let sum = uids.saturating_mul(mechanisms.into());
        ensure!(sum <= MAX_UIDS, Refusal::<T>::TooManyUIDsPerMechanism);
        Ok(())
    }

    pub(crate) fn set_min_allowed_uids(netuid: NetUid, value: u16) -> DispatchResult {
        let most = MaxAllowedUids::<T>::get(netuid);
        ensure!(
            value < most,
            Error::<T>::MinAllowedUidsGreaterThanMaxAllowedUids
        );
        let taken = SubnetworkN::<T>::get(netuid);
        ensure!(
            value < taken,
            Error::<T>::MinAllowedUidsGreaterThanCurrentUids
        );
        MinAllowedUids::<T>::insert(netuid, value);
        Subtensor::<T>::deposit_event(Notice::MinAllowedUidsSet(netuid, value));
        Ok(())
    }

    pub(crate) fn set_max_allowed_validators(netuid: NetUid, value: u16) -> DispatchResult {
        let uids = MaxAllowedUids::<T>::get(netuid);
        ensure!(value <= uids, Error::<T>::MaxValidatorsLargerThanMaxUIds);
        MaxAllowedValidators::<T>::insert(netuid, value);
        Subtensor::<T>::deposit_event(Notice::MaxAllowedValidatorsSet(netuid, value));
        Ok(())
    }

    pub(crate) fn set_min_burn(netuid: NetUid, value: TaoBalance) -> DispatchResult {
        let below = value < MIN_BURN_BELOW && value < MaxBurn::<T>::get(netuid);
        ensure!(below, Error::<T>::ValueNotInBounds);
        MinBurn::<T>::insert(netuid, value);
        Subtensor::<T>::deposit_event(Notice::MinBurnSet(netuid, value));
        Ok(())
    }

    pub(crate) fn set_max_burn(netuid: NetUid, value: TaoBalance) -> DispatchResult {
        let above = value > MAX_BURN_ABOVE && value > MinBurn::<T>::get(netuid);
        ensure!(above, Error::<T>::ValueNotInBounds);
        MaxBurn::<T>::insert(netuid, value);
        Subtensor::<T>::deposit_event(Notice::MaxBurnSet(netuid, value));
        Ok(())
    }

    /// Bounds of liquid alpha, which must be on.
    pub(crate) fn set_alpha_values(netuid: NetUid, low: u16, high: u16) -> DispatchResult {
        ensure!(
            LiquidAlphaOn::<T>::get(netuid),
            Refusal::<T>::LiquidAlphaDisabled
        );
        ensure!(high >= MIN_ALPHA, Refusal::<T>::AlphaHighTooLow);
        ensure!(
            (MIN_ALPHA..=high).contains(&low),
            Refusal::<T>::AlphaLowOutOfRange
        );
        AlphaValues::<T>::insert(netuid, (low, high));
        Ok(())
    }

    pub(crate) fn set_reveal_period(netuid: NetUid, epochs: u64) -> DispatchResult {
        ensure!(epochs <= 100, Refusal::<T>::RevealPeriodTooLarge);
        ensure!(epochs >= 1, Refusal::<T>::RevealPeriodTooSmall);
        RevealPeriodEpochs::<T>::insert(netuid, epochs);
        Subtensor::<T>::deposit_event(Notice::CommitRevealPeriodsSet(netuid, epochs));
        Ok(())
    }

    pub(crate) fn check_burn_half_life(netuid: NetUid, blocks: u16) -> DispatchResult {
        Self::ensure_not_root_network(netuid)?;
        let fits = (1..=MAX_BURN_HALF_LIFE).contains(&blocks);
        ensure!(fits, Error::<T>::InvalidValue);
        Ok(())
    }

    /// From 1 to 3.
    pub(crate) fn check_burn_increase(netuid: NetUid, factor: U64F64) -> DispatchResult {
        Self::ensure_not_root_network(netuid)?;
        let fits = (U64F64::from_int(1)..=U64F64::from_int(3)).contains(&factor);
        ensure!(fits, Error::<T>::InvalidValue);
        Ok(())
    }

    pub(crate) fn check_min_childkey_take(take: u16) -> DispatchResult {
        let bounds = MinChildkeyTake::<T>::get()..=MaxChildkeyTake::<T>::get();
        ensure!(bounds.contains(&take), Error::<T>::InvalidValue);
        Ok(())
    }

    pub(crate) fn set_mechanism_count(netuid: NetUid, count: MechId) -> DispatchResult {
        let fits = (1..=MaxMechanismCount::<T>::get()).contains(&count);
        ensure!(fits, Refusal::<T>::InvalidValue);
        Self::ensure_uids_fit(MaxAllowedUids::<T>::get(netuid), count)?;
        Self::check_max_mechanisms(count)?;
        Subtensor::<T>::set_mechanism_count(netuid, count);
        Ok(())
    }

    /// Parts of 65535 for each mechanism; `None` divides evenly.
    pub(crate) fn set_emission_split(netuid: NetUid, split: Option<Vec<u16>>) -> DispatchResult {
        let Some(split) = split else {
            MechanismEmissionSplit::<T>::remove(netuid);
            return Ok(());
        };
        let count = usize::from(MechanismCountCurrent::<T>::get(netuid));
        let sum: u64 = split.iter().map(|part| u64::from(*part)).sum();
        let fits = (1..=count).contains(&split.len()) && sum == u64::from(u16::MAX);
        ensure!(fits, Refusal::<T>::InvalidValue);
        MechanismEmissionSplit::<T>::insert(netuid, split);
        Ok(())
    }

    pub(crate) fn check_max_mechanisms(count: MechId) -> DispatchResult {
        ensure!(
            (1..=MAX_MECHANISMS).contains(&count),
            Refusal::<T>::InvalidValue
        );
        Ok(())
    }

    /// A higher minimum pays out the nominations that are now too small.
    pub(crate) fn set_nominator_minimum(millionths: u64) -> DispatchResult {
        let before = NominatorMinRequiredStake::<T>::get();
        NominatorMinRequiredStake::<T>::put(millionths);
        if millionths > before {
            Subtensor::<T>::clear_small_nominations();
        }
        Ok(())
    }
}

//! Setting weights: the checks in the order of then.

use crate::pallet::*;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use codec::Compact;
use frame_support::pallet_prelude::*;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;
use pallet_subtensor::neurons::put_at;
use subnet_consensus::{max_upscale_u16, weights_within_limit};

impl<T: Config> Pallet<T> {
    /// Plain weights are refused while commit-reveal is on, before anybody looks at the signer.
    pub(crate) fn do_set_plain_weights(
        origin: OriginFor<T>,
        netuid: NetUid,
        uids: Vec<u16>,
        values: Vec<u16>,
        version_key: u64,
    ) -> DispatchResult {
        let hidden = CommitRevealWeightsEnabled::<T>::get(netuid);
        ensure!(!hidden, Error::<T>::CommitRevealEnabled);
        let hotkey = ensure_signed(origin)?;
        Self::apply_weights(&hotkey, netuid, uids, values, version_key)
    }

    /// What plain weights and a successful reveal have in common.
    pub(crate) fn apply_weights(
        hotkey: &T::AccountId,
        netuid: NetUid,
        uids: Vec<u16>,
        values: Vec<u16>,
        version_key: u64,
    ) -> DispatchResult {
        ensure!(netuid != ROOT, Error::<T>::CanNotSetRootNetworkWeights);
        let equal = uids.len() == values.len();
        ensure!(equal, Error::<T>::WeightVecNotEqualSize);
        Self::ensure_exists(netuid)?;
        let n = SubnetworkN::<T>::get(netuid);
        let fits = uids.len() <= usize::from(n);
        ensure!(fits, Error::<T>::UidsLengthExceedUidsInSubNet);
        let uid = Uids::<T>::get(netuid, hotkey).ok_or(Error::<T>::HotKeyNotRegisteredInSubNet)?;
        Self::ensure_may_set(hotkey, netuid, uid, &uids, version_key)?;
        let row = Self::checked_row(netuid, uid, n, uids, &values)?;
        Weights::<T>::insert(netuid, uid, row);
        if !CommitRevealWeightsEnabled::<T>::get(netuid) {
            put_at::<LastUpdate<T>, _>(netuid, uid, Self::current_block());
        }
        Self::deposit_event(Event::WeightsSet(netuid, uid));
        Ok(())
    }

    fn ensure_may_set(
        hotkey: &T::AccountId,
        netuid: NetUid,
        uid: u16,
        uids: &[u16],
        version_key: u64,
    ) -> DispatchResult {
        let staked = Self::has_stake_for_weights(hotkey);
        ensure!(staked, Error::<T>::NotEnoughStakeToSetWeights);
        let wanted = WeightsVersionKey::<T>::get(netuid);
        let current = wanted == 0 || version_key >= wanted;
        ensure!(current, Error::<T>::IncorrectWeightVersionKey);
        let timely = CommitRevealWeightsEnabled::<T>::get(netuid)
            || Self::weights_rate_limit_passes(netuid, uid);
        ensure!(timely, Error::<T>::SettingWeightsTooFast);
        let permits = ValidatorPermit::<T>::get(netuid);
        let permitted = permits.get(usize::from(uid)).copied().unwrap_or(false);
        let allowed = permitted || is_self(uid, uids);
        ensure!(allowed, Error::<T>::NeuronNoValidatorPermit);
        Ok(())
    }

    /// The row as it is stored: the largest value as 65535, the caller's order kept.
    fn checked_row(
        netuid: NetUid,
        uid: u16,
        n: u16,
        uids: Vec<u16>,
        values: &[u16],
    ) -> Result<Vec<(u16, u16)>, DispatchError> {
        let distinct: BTreeSet<u16> = uids.iter().copied().collect();
        ensure!(distinct.len() == uids.len(), Error::<T>::DuplicateUids);
        let known = uids.iter().all(|uid| *uid < n);
        ensure!(known, Error::<T>::UidVecContainInvalidOne);
        let own = is_self(uid, &uids);
        let enough = uids.len() >= usize::from(MinAllowedWeights::<T>::get(netuid).min(n));
        ensure!(own || enough, Error::<T>::WeightVecLengthIsLow);
        let scaled = max_upscale_u16(values);
        let limit = MaxWeightsLimit::<T>::get(netuid);
        let within = own || limit == u16::MAX || weights_within_limit(&scaled, limit);
        ensure!(within, Error::<T>::MaxWeightExceeded);
        Ok(uids.into_iter().zip(scaled).collect())
    }

    /// Whether the hotkey's stake reaches the threshold.
    pub fn has_stake_for_weights(hotkey: &T::AccountId) -> bool {
        TotalHotkeyStake::<T>::get(hotkey) >= StakeThreshold::<T>::get()
    }

    /// Blocks since the last update suffice, or there was none.
    pub fn weights_rate_limit_passes(netuid: NetUid, uid: u16) -> bool {
        let updates = LastUpdate::<T>::get(netuid);
        let last = updates.get(usize::from(uid)).copied().unwrap_or(0);
        let waited = Self::current_block().saturating_sub(last);
        last == 0 || waited >= WeightsSetRateLimit::<T>::get(netuid)
    }

    /// Each item on its own: a failing one is reported by an event and hinders no other.
    pub(crate) fn do_batch_set_weights(
        origin: OriginFor<T>,
        netuids: Vec<Compact<u16>>,
        weights: Vec<Vec<(Compact<u16>, Compact<u16>)>>,
        version_keys: Vec<Compact<u64>>,
    ) -> DispatchResult {
        let hotkey = ensure_signed(origin.clone())?;
        let equal = netuids.len() == weights.len() && netuids.len() == version_keys.len();
        ensure!(equal, Error::<T>::InputLengthsUnequal);
        let items = netuids.iter().zip(weights).zip(version_keys);
        let results = items.map(|((netuid, row), key)| {
            let (uids, values) = row.into_iter().map(|(uid, value)| (uid.0, value.0)).unzip();
            Self::do_set_plain_weights(origin.clone(), netuid.0, uids, values, key.0)
        });
        Self::report_batch(results.collect());
        Self::deposit_event(Event::BatchWeightsCompleted(netuids, hotkey));
        Ok(())
    }

    pub(crate) fn report_batch(results: Vec<DispatchResult>) {
        let failed = results.into_iter().filter_map(DispatchResult::err);
        for (index, error) in failed.enumerate() {
            if index == 0 {
                Self::deposit_event(Event::BatchCompletedWithErrors());
            }
            Self::deposit_event(Event::BatchWeightItemFailed(error));
        }
    }
}

fn is_self(uid: u16, uids: &[u16]) -> bool {
    uids == [uid]
}

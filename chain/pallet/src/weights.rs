//! Setting weights: the checks in the chain's order.

use crate::mechanisms::{mechanism_of, storage_index};
use crate::neurons::put_at;
use crate::pallet::*;
use crate::types::*;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use codec::Compact;
use frame_support::pallet_prelude::*;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;
use subnet_consensus::{max_upscale_u16, tao_weight_fraction, weighted_stake_floor};

/// The public calls refuse plain weights while commit-reveal is on, before they look at the signer.
fn ensure_plain_weights<T: Config>(netuid: NetUid) -> DispatchResult {
    let hidden = CommitRevealWeightsEnabled::<T>::get(netuid);
    ensure!(!hidden, Error::<T>::CommitRevealEnabled);
    Ok(())
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_weights(
        origin: OriginFor<T>,
        netuid: NetUid,
        mecid: MechId,
        uids: Vec<u16>,
        values: Vec<u16>,
        version_key: u64,
    ) -> DispatchResult {
        ensure_plain_weights::<T>(netuid)?;
        let hotkey = ensure_signed(origin)?;
        Self::apply_weights(&hotkey, netuid, mecid, uids, values, version_key)
    }

    /// The set path from the origin on: also what a successful reveal runs.
    pub fn apply_weights(
        hotkey: &T::AccountId,
        netuid: NetUid,
        mecid: MechId,
        uids: Vec<u16>,
        values: Vec<u16>,
        version_key: u64,
    ) -> DispatchResult {
        ensure!(netuid != ROOT, Error::<T>::CanNotSetRootNetworkWeights);
        ensure!(
            uids.len() == values.len(),
            Error::<T>::WeightVecNotEqualSize
        );
        Self::ensure_mechanism_exists(netuid, mecid)?;
        let n = SubnetworkN::<T>::get(netuid);
        ensure!(
            uids.len() <= usize::from(n),
            Error::<T>::UidsLengthExceedUidsInSubNet
        );
        let uid = Uids::<T>::get(netuid, hotkey).ok_or(Error::<T>::HotKeyNotRegisteredInSubNet)?;
        let index = storage_index(netuid, mecid);
        Self::ensure_may_set(hotkey, netuid, version_key)?;
        let hidden = CommitRevealWeightsEnabled::<T>::get(netuid);
        let timely = hidden || Self::weights_rate_limit_passes(index, uid);
        ensure!(timely, Error::<T>::SettingWeightsTooFast);
        Self::ensure_permitted(netuid, uid, &uids)?;
        Self::ensure_well_formed(netuid, uid, n, &uids)?;
        Self::store_weights(index, uid, uids, &values);
        if !hidden {
            put_at::<LastUpdate<T>, _>(index, uid, Self::current_block());
        }
        Self::deposit_event(Event::WeightsSet(index, uid));
        Ok(())
    }

    /// Scales the values so that the largest is 65535; keeps the caller's order and zeros.
    pub(crate) fn store_weights(
        index: NetUidStorageIndex,
        uid: u16,
        uids: Vec<u16>,
        values: &[u16],
    ) {
        let row: Vec<(u16, u16)> = uids.into_iter().zip(max_upscale_u16(values)).collect();
        Weights::<T>::insert(index, uid, row);
    }

    fn ensure_may_set(hotkey: &T::AccountId, netuid: NetUid, version_key: u64) -> DispatchResult {
        let staked = Self::has_stake_for_weights(hotkey, netuid);
        ensure!(staked, Error::<T>::NotEnoughStakeToSetWeights);
        let wanted = WeightsVersionKey::<T>::get(netuid);
        let current = wanted == 0 || version_key >= wanted;
        ensure!(current, Error::<T>::IncorrectWeightVersionKey);
        Ok(())
    }

    fn ensure_permitted(netuid: NetUid, uid: u16, uids: &[u16]) -> DispatchResult {
        let permits = ValidatorPermit::<T>::get(netuid);
        let permitted = permits.get(usize::from(uid)).copied().unwrap_or(false);
        let allowed = permitted || is_self(uid, uids) || Self::owner_uid(netuid) == Some(uid);
        ensure!(allowed, Error::<T>::NeuronNoValidatorPermit);
        Ok(())
    }

    fn ensure_well_formed(netuid: NetUid, uid: u16, n: u16, uids: &[u16]) -> DispatchResult {
        let distinct: BTreeSet<u16> = uids.iter().copied().collect();
        ensure!(distinct.len() == uids.len(), Error::<T>::DuplicateUids);
        ensure!(
            uids.iter().all(|uid| *uid < n),
            Error::<T>::UidVecContainInvalidOne
        );
        let enough = uids.len() >= usize::from(MinAllowedWeights::<T>::get(netuid).min(n));
        ensure!(
            enough || is_self(uid, uids),
            Error::<T>::WeightVecLengthIsLow
        );
        Ok(())
    }

    /// Whether the hotkey's stake reaches the threshold; the owner's hotkey needs none.
    pub fn has_stake_for_weights(hotkey: &T::AccountId, netuid: NetUid) -> bool {
        let owner = Self::owner_uid(netuid);
        if owner.is_some() && Uids::<T>::get(netuid, hotkey) == owner {
            return true;
        }
        Self::weight_stake(hotkey, netuid) >= StakeThreshold::<T>::get()
    }

    /// Alpha plus weighted root stake in RAO, both inherited.
    pub fn weight_stake(hotkey: &T::AccountId, netuid: NetUid) -> u64 {
        let alpha = Self::inherited_on(hotkey, netuid, netuid);
        let root = Self::inherited_on(hotkey, netuid, ROOT);
        weighted_stake_floor(alpha, root, tao_weight_fraction(TaoWeight::<T>::get()))
    }

    /// Blocks since the mechanism's last update suffice, or there was none. Nobody passes on a
    /// mechanism that does not exist.
    pub fn weights_rate_limit_passes(index: NetUidStorageIndex, uid: u16) -> bool {
        let (netuid, mecid) = mechanism_of(index);
        let last = LastUpdate::<T>::get(index)
            .get(usize::from(uid))
            .copied()
            .unwrap_or(0);
        Self::mechanism_exists(netuid, mecid)
            && Self::passes_rate_limit(WeightsSetRateLimit::<T>::get(netuid), last)
    }

    /// Each item on its own: a failing one is reported by an event and hinders no other.
    pub(crate) fn do_batch_set_weights(
        origin: OriginFor<T>,
        netuids: Vec<Compact<NetUid>>,
        weights: Vec<Vec<(Compact<u16>, Compact<u16>)>>,
        version_keys: Vec<Compact<u64>>,
    ) -> DispatchResult {
        let hotkey = ensure_signed(origin.clone())?;
        let equal = netuids.len() == weights.len() && netuids.len() == version_keys.len();
        ensure!(equal, Error::<T>::InputLengthsUnequal);
        let set = |((netuid, row), key): ((&Compact<NetUid>, Vec<_>), Compact<u64>)| {
            let (uids, values) = row
                .into_iter()
                .map(|(u, v): (Compact<u16>, _)| (u.0, v))
                .unzip();
            let values: Vec<Compact<u16>> = values;
            let values = values.into_iter().map(|v| v.0).collect();
            (
                netuid.0,
                Self::do_set_weights(origin.clone(), netuid.0, 0, uids, values, key.0),
            )
        };
        let results: Vec<_> = netuids
            .iter()
            .zip(weights)
            .zip(version_keys)
            .map(set)
            .collect();
        Self::report_batch(results);
        Self::deposit_event(Event::BatchWeightsCompleted(netuids, hotkey));
        Ok(())
    }

    pub(crate) fn report_batch(results: Vec<(NetUid, DispatchResult)>) {
        let failed = |(netuid, result): (NetUid, DispatchResult)| Some((netuid, result.err()?));
        for (index, (netuid, error)) in results.into_iter().filter_map(failed).enumerate() {
            if index == 0 {
                Self::deposit_event(Event::BatchCompletedWithErrors());
            }
            Self::deposit_event(Event::BatchWeightItemFailed(netuid, error));
        }
    }
}

fn is_self(uid: u16, uids: &[u16]) -> bool {
    uids == [uid]
}

//! Timelocked commit-reveal: a commit is encrypted to a round of the beacon; the chain itself opens
//! it in the right epoch once that round's pulse is stored.

use crate::commits::{ensure_hidden_weights, MAX_PENDING};
use crate::mechanisms::{mechanism_of, storage_index};
use crate::neurons::put_at;
use crate::pallet::*;
use crate::types::*;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use codec::{Decode, Encode};
use frame_support::pallet_prelude::*;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// Version that `commit_crv3_mechanism_weights` stands for.
pub(crate) const CRV3_VERSION: u16 = 4;

/// Weights as they are encrypted.
#[derive(Encode, Decode)]
pub struct WeightsPayload {
    /// The committer's, so that nobody can copy a commit.
    pub hotkey: Vec<u8>,
    pub plain: PlainWeights,
}

/// The older form, which does not say whose it is.
#[derive(Encode, Decode)]
pub struct PlainWeights {
    pub uids: Vec<u16>,
    pub values: Vec<u16>,
    pub version_key: u64,
}

/// Committer, block of the commit, ciphertext and the round that opens it.
type Commit<T> = (AccountIdOf<T>, u64, CommitBytes, RoundNumber);

impl<T: Config> Pallet<T> {
    pub(crate) fn do_commit_timelocked(
        origin: OriginFor<T>,
        netuid: NetUid,
        mecid: MechId,
        commit: CommitBytes,
        round: RoundNumber,
        version: u16,
    ) -> DispatchResult {
        Self::ensure_mechanism_exists(netuid, mecid)?;
        let who = ensure_signed(origin)?;
        ensure_hidden_weights::<T>(netuid)?;
        let wanted = CommitRevealWeightsVersion::<T>::get();
        ensure!(version == wanted, Error::<T>::IncorrectCommitRevealVersion);
        let index = storage_index(netuid, mecid);
        let uid = Self::committing_uid(&who, netuid, index)?;
        let epoch = Self::current_epoch(netuid);
        let mut commits = TimelockedWeightCommits::<T>::get(index, epoch);
        let own = commits.iter().filter(|(known, ..)| *known == who).count();
        ensure!(own < MAX_PENDING, Error::<T>::TooManyUnrevealedCommits);
        let now = Self::current_block();
        let hash = BlakeTwo256::hash(&commit);
        commits.push_back((who.clone(), now, commit, round));
        TimelockedWeightCommits::<T>::insert(index, epoch, commits);
        Self::deposit_event(Event::TimelockedWeightsCommitted(who, index, hash, round));
        put_at::<LastUpdate<T>, _>(index, uid, now);
        Ok(())
    }

    /// Opens what is due on every subnet; the epoch of this block uses it already.
    pub(crate) fn reveal_timelocked(netuids: &[NetUid]) {
        for netuid in netuids {
            let period = RevealPeriodEpochs::<T>::get(netuid);
            let current = Self::current_epoch(*netuid);
            let due = current.saturating_sub(period);
            for index in Self::mechanism_indices(*netuid) {
                Self::drop_expired(index, due);
                if current >= period {
                    Self::reveal_epoch_of(index, due);
                }
            }
        }
    }

    fn drop_expired(index: NetUidStorageIndex, due: u64) {
        let epochs = TimelockedWeightCommits::<T>::iter_key_prefix(index);
        let expired: Vec<u64> = epochs.filter(|epoch| *epoch < due).collect();
        for epoch in expired {
            TimelockedWeightCommits::<T>::remove(index, epoch);
        }
    }

    /// Tries the commits of one epoch in their order. Those whose pulse is missing stay for the next
    /// block; all others are gone, whether they could be applied or not.
    fn reveal_epoch_of(index: NetUidStorageIndex, epoch: u64) {
        let commits = TimelockedWeightCommits::<T>::get(index, epoch);
        let count = commits.len();
        let mut waiting = VecDeque::new();
        for commit in commits {
            match pallet_drand::Pulses::<T>::get(commit.3) {
                Some(pulse) => Self::reveal_commit(index, &commit, &pulse.signature),
                None => waiting.push_back(commit),
            }
        }
        if waiting.is_empty() && count > 0 {
            TimelockedWeightCommits::<T>::remove(index, epoch);
        } else if waiting.len() < count {
            TimelockedWeightCommits::<T>::insert(index, epoch, waiting);
        }
    }

    fn reveal_commit(index: NetUidStorageIndex, commit: &Commit<T>, signature: &[u8]) {
        let (who, _, sealed, _) = commit;
        let signature = signature.strip_prefix(b"0x").unwrap_or(signature);
        let opened = subnet_timelock::open(sealed, signature);
        let Some(weights) = opened.and_then(|bytes| weights_of(who, &bytes)) else {
            return;
        };
        let (netuid, mecid) = mechanism_of(index);
        let PlainWeights {
            uids,
            values,
            version_key,
        } = weights;
        if Self::apply_weights(who, netuid, mecid, uids, values, version_key).is_ok() {
            Self::deposit_event(Event::TimelockedWeightsRevealed(index, who.clone()));
        }
    }
}

/// The weights in a decrypted commit; `None` when they name another hotkey or are none. The older
/// form counts only where the newer one does not decode up to a hotkey.
fn weights_of<A: Decode + PartialEq>(who: &A, bytes: &[u8]) -> Option<PlainWeights> {
    if let Ok(payload) = WeightsPayload::decode(&mut &bytes[..]) {
        if let Ok(hotkey) = A::decode(&mut &payload.hotkey[..]) {
            return (hotkey == *who).then_some(payload.plain);
        }
    }
    PlainWeights::decode(&mut &bytes[..]).ok()
}

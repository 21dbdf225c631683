//! Hash commit-reveal: a commit names a hash of weights, a reveal in the right epoch the weights.

use crate::mechanisms::storage_index;
use crate::neurons::put_at;
use crate::pallet::*;
use crate::types::*;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use codec::{Compact, Encode};
use frame_support::pallet_prelude::*;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;
use sp_core::H256;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// Commits that may wait: of one hotkey altogether, timelocked ones in each epoch.
pub(crate) const MAX_PENDING: usize = 10;

/// Hash, epoch and block of the commit, and a number that is always zero.
type Commit = (H256, u64, u64, u64);

/// What a reveal shows.
pub struct Revealed {
    pub uids: Vec<u16>,
    pub values: Vec<u16>,
    pub salt: Vec<u16>,
    pub version_key: u64,
}

/// Hash that a commit of weights is made of.
pub fn commit_hash<A: Encode>(
    who: &A,
    index: NetUidStorageIndex,
    uids: &[u16],
    values: &[u16],
    salt: &[u16],
    version_key: u64,
) -> H256 {
    BlakeTwo256::hash_of(&(who, index, uids, values, salt, version_key))
}

impl Revealed {
    fn hash<A: Encode>(&self, who: &A, index: NetUidStorageIndex) -> H256 {
        let (uids, values, salt) = (&self.uids, &self.values, &self.salt);
        commit_hash(who, index, uids, values, salt, self.version_key)
    }
}

/// The commits of one hotkey after the expired ones were taken off the front.
#[derive(Default)]
struct Queue {
    pending: VecDeque<Commit>,
    expired: Vec<H256>,
}

impl Queue {
    fn read<T: Config>(
        index: NetUidStorageIndex,
        netuid: NetUid,
        who: &T::AccountId,
    ) -> Option<Self> {
        let mut pending = WeightCommits::<T>::get(index, who)?;
        let current = Pallet::<T>::current_epoch(netuid);
        let alive = |(_, epoch, ..): &Commit| current <= Pallet::<T>::reveal_epoch(netuid, *epoch);
        let first = pending.iter().position(alive).unwrap_or(pending.len());
        let expired = pending.drain(..first).map(|(hash, ..)| hash).collect();
        Some(Self { pending, expired })
    }

    fn write<T: Config>(self, index: NetUidStorageIndex, who: &T::AccountId) {
        let commits = Some(self.pending).filter(|pending| !pending.is_empty());
        WeightCommits::<T>::set(index, who, commits);
    }

    /// Position of a commit that may be revealed now; otherwise the reason why it may not, which is
    /// `unknown` for a hash that was never committed.
    fn due<T: Config>(
        &self,
        netuid: NetUid,
        hash: H256,
        unknown: Error<T>,
    ) -> Result<usize, Error<T>> {
        let found = self.pending.iter().position(|(known, ..)| *known == hash);
        let lost = match self.expired.contains(&hash) {
            true => Error::<T>::ExpiredWeightCommit,
            false => unknown,
        };
        let position = found.ok_or(lost)?;
        let open = Pallet::<T>::is_reveal_epoch(netuid, self.pending[position].1);
        ensure!(open, Error::<T>::RevealTooEarly);
        Ok(position)
    }
}

impl<T: Config> Pallet<T> {
    /// The one epoch in which a commit of `epoch` can be revealed.
    pub fn reveal_epoch(netuid: NetUid, epoch: u64) -> u64 {
        epoch.saturating_add(RevealPeriodEpochs::<T>::get(netuid))
    }

    pub fn is_reveal_epoch(netuid: NetUid, commit_epoch: u64) -> bool {
        Self::current_epoch(netuid) == Self::reveal_epoch(netuid, commit_epoch)
    }

    pub(crate) fn do_commit_weights(
        origin: OriginFor<T>,
        netuid: NetUid,
        mecid: MechId,
        hash: H256,
    ) -> DispatchResult {
        Self::ensure_mechanism_exists(netuid, mecid)?;
        let who = ensure_signed(origin)?;
        ensure_hidden_weights::<T>(netuid)?;
        let index = storage_index(netuid, mecid);
        let uid = Self::committing_uid(&who, netuid, index)?;
        let mut queue = Queue::read::<T>(index, netuid, &who).unwrap_or_default();
        let room = queue.pending.len() < MAX_PENDING;
        ensure!(room, Error::<T>::TooManyUnrevealedCommits);
        let now = Self::current_block();
        let commit = (hash, Self::current_epoch(netuid), now, 0);
        queue.pending.push_back(commit);
        queue.write::<T>(index, &who);
        Self::deposit_event(Event::WeightsCommitted(who, index, hash));
        put_at::<LastUpdate<T>, _>(index, uid, now);
        Ok(())
    }

    /// The signer's uid, if it is a neuron and its last commit is long enough ago.
    pub(crate) fn committing_uid(
        who: &T::AccountId,
        netuid: NetUid,
        index: NetUidStorageIndex,
    ) -> Result<u16, Error<T>> {
        let uid = Uids::<T>::get(netuid, who).ok_or(Error::<T>::HotKeyNotRegisteredInSubNet)?;
        let timely = Self::weights_rate_limit_passes(index, uid);
        ensure!(timely, Error::<T>::CommittingWeightsTooFast);
        Ok(uid)
    }

    /// Each item on its own: a failing one is reported by an event and hinders no other.
    pub(crate) fn do_batch_commit_weights(
        origin: OriginFor<T>,
        netuids: Vec<Compact<NetUid>>,
        hashes: Vec<H256>,
    ) -> DispatchResult {
        let who = ensure_signed(origin.clone())?;
        let equal = netuids.len() == hashes.len();
        ensure!(equal, Error::<T>::InputLengthsUnequal);
        let items = netuids.iter().zip(hashes);
        let commit = |(netuid, hash): (&Compact<NetUid>, H256)| {
            let result = Self::do_commit_weights(origin.clone(), netuid.0, 0, hash);
            (netuid.0, result)
        };
        let results = items.map(commit).collect();
        Self::report_batch(results);
        Self::deposit_event(Event::BatchWeightsCompleted(netuids, who));
        Ok(())
    }

    /// Shows one commit; older ones are dropped with it.
    pub(crate) fn do_reveal_weights(
        origin: OriginFor<T>,
        netuid: NetUid,
        mecid: MechId,
        revealed: Revealed,
    ) -> DispatchResult {
        let who = ensure_signed(origin)?;
        ensure_hidden_weights::<T>(netuid)?;
        let index = storage_index(netuid, mecid);
        let mut queue =
            Queue::read::<T>(index, netuid, &who).ok_or(Error::<T>::NoWeightsCommitFound)?;
        let hash = revealed.hash(&who, index);
        let unknown = match queue.pending.is_empty() {
            true => Error::<T>::NoWeightsCommitFound,
            false => Error::<T>::InvalidRevealCommitHashNotMatch,
        };
        let position = queue.due::<T>(netuid, hash, unknown)?;
        queue.pending.drain(..=position);
        queue.write::<T>(index, &who);
        Self::apply_revealed(&who, netuid, mecid, revealed)?;
        Self::deposit_event(Event::WeightsRevealed(who, index, hash));
        Ok(())
    }

    /// Shows several commits of mechanism 0, all or none; only these are removed.
    pub(crate) fn do_batch_reveal_weights(
        origin: OriginFor<T>,
        netuid: NetUid,
        reveals: Option<Vec<Revealed>>,
    ) -> DispatchResult {
        let reveals = reveals.ok_or(Error::<T>::InputLengthsUnequal)?;
        let who = ensure_signed(origin)?;
        ensure_hidden_weights::<T>(netuid)?;
        let mut queue =
            Queue::read::<T>(netuid, netuid, &who).ok_or(Error::<T>::NoWeightsCommitFound)?;
        let hashes: Vec<H256> = reveals.iter().map(|r| r.hash(&who, netuid)).collect();
        for hash in &hashes {
            queue.due::<T>(netuid, *hash, Error::InvalidRevealCommitHashNotMatch)?;
        }
        for (revealed, hash) in reveals.into_iter().zip(&hashes) {
            let unknown = Error::InvalidRevealCommitHashNotMatch;
            let position = queue.due::<T>(netuid, *hash, unknown)?;
            queue.pending.remove(position);
            Self::apply_revealed(&who, netuid, 0, revealed)?;
        }
        queue.write::<T>(netuid, &who);
        Self::deposit_event(Event::WeightsBatchRevealed(who, netuid, hashes));
        Ok(())
    }

    fn apply_revealed(
        who: &T::AccountId,
        netuid: NetUid,
        mecid: MechId,
        revealed: Revealed,
    ) -> DispatchResult {
        let Revealed {
            uids,
            values,
            version_key,
            ..
        } = revealed;
        Self::apply_weights(who, netuid, mecid, uids, values, version_key)
    }

    /// What the pool asks of a reveal: that it was committed and can be shown now.
    pub(crate) fn check_reveal(
        who: &T::AccountId,
        netuid: NetUid,
        mecid: MechId,
        hash: H256,
    ) -> Result<(), Error<T>> {
        let index = storage_index(netuid, mecid);
        let commits = WeightCommits::<T>::get(index, who).unwrap_or_default();
        let found = commits.iter().find(|(known, ..)| *known == hash);
        let (_, epoch, ..) = found.ok_or(Error::<T>::NoWeightsCommitFound)?;
        let open = Self::is_reveal_epoch(netuid, *epoch);
        ensure!(open, Error::<T>::RevealTooEarly);
        Ok(())
    }
}

/// Commits and reveals are refused while commit-reveal is off.
pub(crate) fn ensure_hidden_weights<T: Config>(netuid: NetUid) -> DispatchResult {
    let hidden = CommitRevealWeightsEnabled::<T>::get(netuid);
    ensure!(hidden, Error::<T>::CommitRevealDisabled);
    Ok(())
}

/// Brings four lists of equal length together; `None` when their lengths differ.
pub(crate) fn zip_reveals(
    uids: Vec<Vec<u16>>,
    values: Vec<Vec<u16>>,
    salts: Vec<Vec<u16>>,
    version_keys: Vec<u64>,
) -> Option<Vec<Revealed>> {
    let n = uids.len();
    if [values.len(), salts.len(), version_keys.len()] != [n; 3] {
        return None;
    }
    let rows = uids.into_iter().zip(values).zip(salts).zip(version_keys);
    let reveal = |(((uids, values), salt), version_key)| Revealed {
        uids,
        values,
        salt,
        version_key,
    };
    Some(rows.map(reveal).collect())
}

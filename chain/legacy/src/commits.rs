//! Hash commits: made in one epoch, revealed exactly `RevealPeriodEpochs` epochs later.

use crate::pallet::*;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use codec::Compact;
use frame_support::pallet_prelude::*;
use frame_support::transactional;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::OriginFor;
use pallet_subtensor::neurons::put_at;
use sp_core::H256;
use sp_runtime::traits::{BlakeTwo256, Hash};
use subnet_consensus::{legacy_epoch_index, legacy_reveal_blocks};

const MAX_WAITING_COMMITS: usize = 10;

type Commits = VecDeque<(H256, u64, u64, u64)>;
type Lists = (Vec<Vec<u16>>, Vec<Vec<u16>>, Vec<Vec<u16>>, Vec<u64>);

/// What a commit hid.
pub struct Reveal {
    pub uids: Vec<u16>,
    pub values: Vec<u16>,
    pub salt: Vec<u16>,
    pub version_key: u64,
}

impl Reveal {
    fn hash<A: Encode>(&self, who: &A, netuid: NetUid) -> H256 {
        let Self {
            uids,
            values,
            salt,
            version_key,
        } = self;
        BlakeTwo256::hash_of(&(who, netuid, uids, values, salt, version_key))
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_commit_weights(
        origin: OriginFor<T>,
        netuid: NetUid,
        hash: H256,
    ) -> DispatchResult {
        let who = ensure_signed(origin)?;
        ensure_hidden::<T>(netuid)?;
        let uid = Uids::<T>::get(netuid, &who).ok_or(Error::<T>::HotKeyNotRegisteredInSubNet)?;
        let timely = Self::weights_rate_limit_passes(netuid, uid);
        ensure!(timely, Error::<T>::CommittingWeightsTooFast);
        let mut commits = WeightCommits::<T>::get(netuid, &who).unwrap_or_default();
        Self::drop_expired(netuid, &mut commits);
        let room = commits.len() < MAX_WAITING_COMMITS;
        ensure!(room, Error::<T>::TooManyUnrevealedCommits);
        let block = Self::current_block();
        let (first, last) = Self::reveal_blocks(netuid, block);
        commits.push_back((hash, block, first, last));
        WeightCommits::<T>::insert(netuid, &who, commits);
        Self::deposit_event(Event::WeightsCommitted(who, netuid, hash));
        put_at::<LastUpdate<T>, _>(netuid, uid, block);
        Ok(())
    }

    pub(crate) fn do_batch_commit_weights(
        origin: OriginFor<T>,
        netuids: Vec<Compact<u16>>,
        hashes: Vec<H256>,
    ) -> DispatchResult {
        let hotkey = ensure_signed(origin.clone())?;
        let equal = netuids.len() == hashes.len();
        ensure!(equal, Error::<T>::InputLengthsUnequal);
        let items = netuids.iter().zip(hashes);
        let results =
            items.map(|(netuid, hash)| Self::do_commit_weights(origin.clone(), netuid.0, hash));
        Self::report_batch(results.collect());
        Self::deposit_event(Event::BatchWeightsCompleted(netuids, hotkey));
        Ok(())
    }

    /// Also forgets the older commits of the signer.
    #[transactional]
    pub(crate) fn do_reveal_weights(
        origin: OriginFor<T>,
        netuid: NetUid,
        reveal: Reveal,
    ) -> DispatchResult {
        let who = ensure_signed(origin)?;
        ensure_hidden::<T>(netuid)?;
        let mut commits =
            WeightCommits::<T>::get(netuid, &who).ok_or(Error::<T>::NoWeightsCommitFound)?;
        let expired = Self::drop_expired(netuid, &mut commits);
        let hash = reveal.hash(&who, netuid);
        let unknown = match commits.is_empty() {
            true => Error::<T>::NoWeightsCommitFound,
            false => Error::<T>::InvalidRevealCommitHashNotMatch,
        };
        let position = position_of::<T>(&commits, &expired, hash, unknown)?;
        Self::ensure_revealable(netuid, commits[position].1)?;
        commits.drain(..=position);
        store::<T>(netuid, &who, commits);
        Self::set_revealed(&who, netuid, reveal)?;
        Self::deposit_event(Event::WeightsRevealed(who, netuid, hash));
        Ok(())
    }

    #[transactional]
    pub(crate) fn do_batch_reveal_weights(
        origin: OriginFor<T>,
        netuid: NetUid,
        lists: Lists,
    ) -> DispatchResult {
        let reveals = reveals::<T>(lists)?;
        let who = ensure_signed(origin)?;
        ensure_hidden::<T>(netuid)?;
        let mut commits =
            WeightCommits::<T>::get(netuid, &who).ok_or(Error::<T>::NoWeightsCommitFound)?;
        let expired = Self::drop_expired(netuid, &mut commits);
        let mut hashes = Vec::with_capacity(reveals.len());
        for reveal in reveals {
            let hash = reveal.hash(&who, netuid);
            let unknown = Error::<T>::InvalidRevealCommitHashNotMatch;
            let position = position_of::<T>(&commits, &expired, hash, unknown)?;
            Self::ensure_revealable(netuid, commits[position].1)?;
            commits.remove(position);
            Self::set_revealed(&who, netuid, reveal)?;
            hashes.push(hash);
        }
        store::<T>(netuid, &who, commits);
        Self::deposit_event(Event::WeightsBatchRevealed(who, netuid, hashes));
        Ok(())
    }

    fn set_revealed(who: &T::AccountId, netuid: NetUid, reveal: Reveal) -> DispatchResult {
        let Reveal {
            uids,
            values,
            version_key,
            ..
        } = reveal;
        Self::apply_weights(who, netuid, uids, values, version_key)
    }

    /// Number of the epoch that a block belongs to.
    pub fn epoch_of(netuid: NetUid, block: u64) -> u64 {
        legacy_epoch_index(netuid, Tempo::<T>::get(netuid), block)
    }

    fn reveal_blocks(netuid: NetUid, block: u64) -> (u64, u64) {
        let (tempo, period) = (Tempo::<T>::get(netuid), Self::reveal_period(netuid));
        legacy_reveal_blocks(netuid, tempo, block, period)
    }

    fn reveal_period(netuid: NetUid) -> u64 {
        RevealPeriodEpochs::<T>::get(netuid)
    }

    /// The epoch in which a commit of `block` can be revealed, and the current one.
    fn reveal_epoch(netuid: NetUid, block: u64) -> (u64, u64) {
        let due = Self::epoch_of(netuid, block).saturating_add(Self::reveal_period(netuid));
        (due, Self::epoch_of(netuid, Self::current_block()))
    }

    fn ensure_revealable(netuid: NetUid, block: u64) -> DispatchResult {
        let (due, now) = Self::reveal_epoch(netuid, block);
        ensure!(due == now, Error::<T>::RevealTooEarly);
        Ok(())
    }

    /// Takes the expired commits out and returns their hashes.
    fn drop_expired(netuid: NetUid, commits: &mut Commits) -> Vec<H256> {
        let mut hashes = Vec::new();
        while let Some((hash, block, _, _)) = commits.front() {
            let (due, now) = Self::reveal_epoch(netuid, *block);
            if now <= due {
                break;
            }
            hashes.push(*hash);
            commits.pop_front();
        }
        hashes
    }
}

fn ensure_hidden<T: Config>(netuid: NetUid) -> DispatchResult {
    let hidden = CommitRevealWeightsEnabled::<T>::get(netuid);
    ensure!(hidden, Error::<T>::CommitRevealDisabled);
    Ok(())
}

fn position_of<T: Config>(
    commits: &Commits,
    expired: &[H256],
    hash: H256,
    unknown: Error<T>,
) -> Result<usize, Error<T>> {
    let found = commits.iter().position(|(known, ..)| *known == hash);
    found.ok_or(match expired.contains(&hash) {
        true => Error::<T>::ExpiredWeightCommit,
        false => unknown,
    })
}

fn store<T: Config>(netuid: NetUid, who: &T::AccountId, commits: Commits) {
    match commits.is_empty() {
        true => WeightCommits::<T>::remove(netuid, who),
        false => WeightCommits::<T>::insert(netuid, who, commits),
    }
}

fn reveals<T: Config>((uids, values, salts, keys): Lists) -> Result<Vec<Reveal>, Error<T>> {
    let n = uids.len();
    let equal = values.len() == n && salts.len() == n && keys.len() == n;
    ensure!(equal, Error::<T>::InputLengthsUnequal);
    let items = uids
        .into_iter()
        .zip(values)
        .zip(salts.into_iter().zip(keys));
    let reveal = |((uids, values), (salt, version_key))| Reveal {
        uids,
        values,
        salt,
        version_key,
    };
    Ok(items.map(reveal).collect())
}

//! Timelocked fields: each block opens those whose round of the beacon has come.

use crate::pallet::*;
use crate::types::{CommitmentInfo, Data};
use crate::{timelocked_round, RevealTimelocked, Timelock};
use alloc::vec::Vec;
use frame_support::pallet_prelude::Weight;
use frame_support::traits::Get;
use frame_support::BoundedVec;

/// Reveals that are remembered for an account.
const REMEMBERED: usize = 10;

/// The fields of a commitment after a look at the beacon.
#[derive(Default)]
struct Looked {
    kept: Vec<Data>,
    revealed: Vec<Vec<u8>>,
    changed: bool,
}

impl<T: Config> Pallet<T> {
    pub(crate) fn reveal_timelocked() -> Weight {
        let index = TimelockedIndex::<T>::get();
        let (before, waiting) = (index.len(), index.into_iter());
        let still: alloc::collections::BTreeSet<_> = waiting
            .filter(|(netuid, who)| Self::reveal_one(*netuid, who))
            .collect();
        if still.len() != before {
            TimelockedIndex::<T>::put(still);
        }
        T::DbWeight::get().reads(1 + before as u64)
    }

    /// Opens what can be opened; whether something goes on waiting.
    fn reveal_one(netuid: u16, who: &T::AccountId) -> bool {
        let Some(mut registration) = CommitmentOf::<T>::get(netuid, who) else {
            return false;
        };
        let looked = look::<T>(registration.info);
        let waits = looked.kept.iter().any(|d| timelocked_round(d).is_some());
        if !looked.changed {
            return waits;
        }
        Self::remember(netuid, who, looked.revealed);
        if looked.kept.is_empty() {
            CommitmentOf::<T>::remove(netuid, who);
        } else {
            let fields = BoundedVec::truncate_from(looked.kept);
            registration.info = CommitmentInfo { fields };
            CommitmentOf::<T>::insert(netuid, who, registration);
        }
        waits
    }

    fn remember(netuid: u16, who: &T::AccountId, revealed: Vec<Vec<u8>>) {
        if revealed.is_empty() {
            return;
        }
        let block = Self::block_u64();
        let mut all = RevealedCommitments::<T>::get(netuid, who).unwrap_or_default();
        for bytes in revealed {
            all.push((bytes, block));
            let who = who.clone();
            Self::deposit_event(Event::CommitmentRevealed { netuid, who });
        }
        all.drain(..all.len().saturating_sub(REMEMBERED));
        RevealedCommitments::<T>::insert(netuid, who, all);
    }
}

/// What cannot be opened although its round has come is dropped, as on the chain.
fn look<T: Config>(info: CommitmentInfo) -> Looked {
    let mut looked = Looked::default();
    for data in info.fields {
        let opened = match &data {
            Data::TimelockEncrypted {
                encrypted,
                reveal_round,
            } => T::RevealTimelocked::open(encrypted, *reveal_round),
            _ => Timelock::Closed,
        };
        looked.changed |= opened != Timelock::Closed;
        match opened {
            Timelock::Closed => looked.kept.push(data),
            Timelock::Open(bytes) if !bytes.is_empty() => looked.revealed.push(bytes),
            Timelock::Open(_) | Timelock::Broken => {}
        }
    }
    looked
}

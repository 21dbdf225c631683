//! What `store_encrypted` keeps. No ciphertext of it can be opened, on the chain as little as here:
//! the next block takes it out and says so.

use crate::pallet::*;
use crate::Ciphertext;
use frame_support::pallet_prelude::*;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::Saturating;

impl<T: Config> Pallet<T> {
    pub(crate) fn enqueue(who: T::AccountId, encrypted_call: Ciphertext) -> u32 {
        let index = NextPendingExtrinsicIndex::<T>::get();
        let submitted_at = frame_system::Pallet::<T>::block_number();
        let pending = PendingExtrinsic {
            who,
            encrypted_call,
            submitted_at,
        };
        PendingExtrinsics::<T>::insert(index, pending);
        NextPendingExtrinsicIndex::<T>::put(index.saturating_add(1));
        index
    }

    pub(crate) fn empty_queue(now: BlockNumberFor<T>) -> Weight {
        let count = PendingExtrinsics::<T>::count();
        let seen = T::DbWeight::get().reads(2);
        if count == 0 {
            return seen;
        }
        let end = NextPendingExtrinsicIndex::<T>::get();
        for index in end.saturating_sub(count)..end {
            if let Some(pending) = PendingExtrinsics::<T>::take(index) {
                Self::deposit_event(Self::fate_of(index, &pending, now));
            }
        }
        let each = T::DbWeight::get().reads_writes(1, 2);
        seen.saturating_add(each.saturating_mul(count.into()))
    }

    fn fate_of(index: u32, pending: &PendingExtrinsic<T>, now: BlockNumberFor<T>) -> Event<T> {
        let age = now.saturating_sub(pending.submitted_at);
        match age > ExtrinsicLifetime::<T>::get().into() {
            true => Event::ExtrinsicExpired { index },
            false => Event::ExtrinsicDecodeFailed { index },
        }
    }
}

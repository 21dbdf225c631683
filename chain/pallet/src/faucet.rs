//! Free TAO for some work, as local builds of the chain give it.

use crate::pallet::*;
use crate::types::*;
use alloc::vec::Vec;
use codec::Encode;
use frame_support::pallet_prelude::*;
use frame_support::traits::fungible::Mutate;
use frame_system::ensure_signed;
use frame_system::pallet_prelude::{BlockNumberFor, OriginFor};
use sp_core::U256;
use sp_io::hashing::{keccak_256, sha2_256};
use sp_runtime::traits::UniqueSaturatedInto;

/// 1000 TAO.
const GIFT: TaoBalance = 1_000_000_000_000;
const DIFFICULTY: u64 = 1_000_000;
/// Age in blocks at which work is too old.
const STALE: u64 = 3;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_faucet(
        origin: OriginFor<T>,
        block: u64,
        nonce: u64,
        work: Vec<u8>,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let age = Self::current_block().checked_sub(block);
        let fresh = age.is_some_and(|age| age < STALE);
        ensure!(fresh, Error::<T>::InvalidWorkBlock);
        let seal = <[u8; 32]>::try_from(&work[..]).map_err(|_| Error::<T>::InvalidSeal)?;
        let hard = U256::from_little_endian(&seal).checked_mul(U256::from(DIFFICULTY));
        ensure!(hard.is_some(), Error::<T>::InvalidDifficulty);
        let expected = Self::faucet_seal(block, nonce, &coldkey);
        ensure!(seal == expected, Error::<T>::InvalidSeal);
        T::Currency::mint_into(&coldkey, GIFT)?;
        TotalIssuance::<T>::mutate(|total| *total = total.saturating_add(GIFT));
        Self::deposit_event(Event::Faucet(coldkey, GIFT));
        Ok(())
    }

    /// What the work must be.
    pub fn faucet_seal(block: u64, nonce: u64, coldkey: &T::AccountId) -> [u8; 32] {
        let block: BlockNumberFor<T> = block.unique_saturated_into();
        let hash = frame_system::Pallet::<T>::block_hash(block);
        let inner = keccak_256(&(hash, coldkey).encode());
        keccak_256(&sha2_256(&(nonce, inner).encode()))
    }
}

//! The `SubtensorModule` of the embedded chain in the older dialect (spec 218): epochs by modulo of
//! the block number, stake in TAO, one mechanism, plain weights and hash commits, `Rank`, `Trust` and
//! `PruningScores` in storage, and no runtime API of its own. What it lacks is absent from the code,
//! not only from the metadata; nothing that is added to the modern pallet appears here by itself.
//!
//! Reading order: `storage`, `calls`, then one file per subject. `admin` is the `AdminUtils` of then.

#![cfg_attr(not(feature = "std"), no_std)]
#![allow(clippy::too_many_arguments)]

extern crate alloc;

pub mod admin;
pub mod calls;
pub mod checks;
pub mod commits;
pub mod downgrade;
pub mod emission;
pub mod epochs;
pub mod errors;
pub mod events;
pub mod genesis;
pub mod networks;
pub mod neurons;
pub mod registration;
pub mod serving;
pub mod staking;
pub mod storage;
pub mod types;
pub mod weights;

pub use pallet::*;

use frame_support::pallet_macros::import_section;

#[import_section(storage::storage)]
#[import_section(errors::errors)]
#[import_section(events::events)]
#[import_section(genesis::genesis)]
#[import_section(calls::calls)]
#[frame_support::pallet]
pub mod pallet {
    pub use crate::types::*;
    use alloc::collections::VecDeque;
    use alloc::vec::Vec;
    use codec::Compact;
    use frame_support::pallet_prelude::*;
    use frame_support::traits::{fungible, ConstU16, ConstU64};
    use frame_support::{Blake2_128Concat, Identity, PalletId, Twox64Concat};
    use frame_system::pallet_prelude::*;
    use pallet_subtensor::defaults::{DefaultAlphaValues, ZeroAccount};
    use sp_core::H256;
    use sp_runtime::DispatchError;

    /// One less than the modern pallet's: each migrates from the other's storage.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(6);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// TAO.
        type Currency: fungible::Balanced<Self::AccountId, Balance = TaoBalance>
            + fungible::Mutate<Self::AccountId>;
        /// Seed of the accounts in which the modern runtime keeps the TAO of its pools.
        type SubtensorPalletId: Get<PalletId>;
    }

    #[pallet::pallet]
    #[pallet::without_storage_info]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            // Not in on_runtime_upgrade: that never runs for a version that is not higher.
            Self::migrate_from_modern();
            Self::block_step();
            crate::calls::booked::<T>(110_634_229_000, 8304, 110)
        }
    }
}

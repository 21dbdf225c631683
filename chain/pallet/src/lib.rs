//! The `SubtensorModule` of the embedded chain: call-, storage-, event- and error-compatible with
//! the Subtensor pallet (spec 425) in the part that a subnet's node software uses.
//!
//! Reading order: `storage`, `calls` (what can be asked), then one file per subject.

#![cfg_attr(not(feature = "std"), no_std)]
#![allow(clippy::too_many_arguments)]

extern crate alloc;

pub mod access;
pub mod bonds;
pub mod calls;
pub mod checks;
pub mod commits;
pub mod children;
pub mod commitments;
pub mod defaults;
pub mod emission;
pub mod epochs;
pub mod errors;
pub mod events;
pub mod faucet;
pub mod fixed;
pub mod genesis;
pub mod identity;
pub mod market;
pub mod mechanisms;
mod migration;
pub mod moves;
pub mod neurons;
pub mod registration;
pub mod replay;
pub mod root;
pub mod rpc_info;
pub mod serving;
pub mod staking;
pub mod storage;
pub mod subnets;
pub mod timelocked;
pub mod swap;
pub mod trim;
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
    pub use crate::defaults::*;
    pub use crate::fixed::{I96F32, U64F64, U96F32};
    pub use crate::types::*;
    use alloc::collections::{BTreeSet, VecDeque};
    use alloc::vec::Vec;
    use frame_support::pallet_prelude::*;
    use frame_support::traits::{
        fungible, ConstBool, ConstI16, ConstU16, ConstU32, ConstU64, ConstU8,
    };
    use frame_support::{Blake2_128Concat, Identity, PalletId, Twox64Concat};
    use frame_system::pallet_prelude::*;
    use sp_core::{H160, H256};
    use sp_runtime::DispatchError;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(7);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>> + pallet_drand::Config
    {
        /// TAO.
        type Currency: fungible::Mutate<Self::AccountId, Balance = TaoBalance>;
        /// Seed of the accounts that hold the TAO of each subnet's pool.
        type SubtensorPalletId: Get<PalletId>;
        /// What neurons publish, for the metagraph.
        type Commitments: crate::commitments::Commitments<Self::AccountId>;
    }

    #[pallet::pallet]
    #[pallet::without_storage_info]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::block_step();
            crate::calls::booked::<T>(110_634_229_000, 8304, 110)
        }

        fn on_runtime_upgrade() -> Weight {
            Self::migrate_from_legacy()
        }
    }

    pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
}

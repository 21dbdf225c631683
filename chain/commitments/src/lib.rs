//! `Commitments` of the embedded chain: what hotkeys publish about themselves, with the chain's
//! names, call indices, encodings, limits and events.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod reveal;
pub mod types;

pub use pallet::*;

use crate::types::Data;
use alloc::vec::Vec;
use codec::Encode;
use frame_support::dispatch::DispatchResult;
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::SaturatedConversion;

/// Bytes that a commitment counts at least against the space of an epoch.
const LEAST_SPACE: u64 = 100;

/// What this pallet asks about subnets and tells them.
pub trait Subnets<AccountId> {
    /// Whether the hotkey may commit on the subnet.
    fn may_commit(netuid: u16, hotkey: &AccountId) -> bool;
    /// Number of the running epoch, to which used space counts.
    fn epoch(netuid: u16) -> u64;
    /// The hotkey asks for the bonds on its neuron to be taken away.
    fn reset_bonds(netuid: u16, hotkey: &AccountId);
}

/// Opens what was encrypted to a round of the beacon: the runtime's part, see [`reveal`].
pub trait RevealTimelocked {
    fn open(encrypted: &[u8], reveal_round: u64) -> Timelock;
}

/// What became of a timelocked field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Timelock {
    /// The round's pulse is not known yet.
    Closed,
    /// The pulse is known and does not open it.
    Broken,
    Open(Vec<u8>),
}

/// Without a beacon everything stays closed.
impl RevealTimelocked for () {
    fn open(_: &[u8], _: u64) -> Timelock {
        Timelock::Closed
    }
}

#[frame_support::pallet]
pub mod pallet {
    use crate::types::{CommitmentInfo, Registration, UsageTracker, MAX_FIELDS};
    use crate::{RevealTimelocked, Subnets};
    use alloc::boxed::Box;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;
    use frame_support::pallet_prelude::*;
    use frame_support::traits::ConstU32;
    use frame_system::pallet_prelude::*;

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        type Subnets: Subnets<Self::AccountId>;
        type RevealTimelocked: RevealTimelocked;
    }

    #[pallet::pallet]
    #[pallet::without_storage_info]
    pub struct Pallet<T>(_);

    #[pallet::extra_constants]
    impl<T: Config> Pallet<T> {
        #[pallet::constant_name(MaxFields)]
        fn max_fields() -> u32 {
            MAX_FIELDS
        }

        #[pallet::constant_name(InitialDeposit)]
        fn initial_deposit() -> u64 {
            0
        }

        #[pallet::constant_name(FieldDeposit)]
        fn field_deposit() -> u64 {
            0
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        Commitment {
            netuid: u16,
            who: T::AccountId,
        },
        TimelockCommitment {
            netuid: u16,
            who: T::AccountId,
            reveal_round: u64,
        },
        CommitmentRevealed {
            netuid: u16,
            who: T::AccountId,
        },
    }

    /// In the chain's order; there is no deposit, so the last is never raised.
    #[pallet::error]
    #[derive(PartialEq)]
    pub enum Error<T> {
        TooManyFieldsInCommitmentInfo,
        AccountNotAllowedCommit,
        SpaceLimitExceeded,
        UnexpectedUnreserveLeftover,
    }

    /// Commitments with a field that waits for the beacon.
    #[pallet::storage]
    pub type TimelockedIndex<T: Config> =
        StorageValue<_, BTreeSet<(u16, T::AccountId)>, ValueQuery>;

    #[pallet::storage]
    pub type CommitmentOf<T: Config> = StorageDoubleMap<
        _,
        Identity,
        u16,
        Twox64Concat,
        T::AccountId,
        Registration<BlockNumberFor<T>>,
        OptionQuery,
    >;

    #[pallet::storage]
    pub type LastCommitment<T: Config> = StorageDoubleMap<
        _,
        Identity,
        u16,
        Twox64Concat,
        T::AccountId,
        BlockNumberFor<T>,
        OptionQuery,
    >;

    #[pallet::storage]
    pub type LastBondsReset<T: Config> = StorageDoubleMap<
        _,
        Identity,
        u16,
        Twox64Concat,
        T::AccountId,
        BlockNumberFor<T>,
        OptionQuery,
    >;

    /// Bytes and the block that revealed them, the last ten.
    #[pallet::storage]
    pub type RevealedCommitments<T: Config> = StorageDoubleMap<
        _,
        Identity,
        u16,
        Twox64Concat,
        T::AccountId,
        Vec<(Vec<u8>, u64)>,
        OptionQuery,
    >;

    #[pallet::storage]
    pub type UsedSpaceOf<T: Config> =
        StorageDoubleMap<_, Identity, u16, Twox64Concat, T::AccountId, UsageTracker, OptionQuery>;

    /// Bytes that an account may commit on a subnet in an epoch.
    #[pallet::storage]
    pub type MaxSpace<T> = StorageValue<_, u32, ValueQuery, ConstU32<3100>>;

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Publishes the signer's commitment on a subnet in place of its last.
        #[pallet::call_index(0)]
        #[pallet::weight((
            Weight::from_parts(33_480_000, 0)
                .saturating_add(T::DbWeight::get().reads_writes(5, 4)),
            DispatchClass::Normal,
            Pays::No
        ))]
        pub fn set_commitment(
            origin: OriginFor<T>,
            netuid: u16,
            info: Box<CommitmentInfo>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::commit(netuid, who, *info)
        }

        /// Space of an account in an epoch, in bytes. Root.
        #[pallet::call_index(2)]
        #[pallet::weight(
            Weight::from_parts(2_856_000, 0).saturating_add(T::DbWeight::get().writes(1))
        )]
        pub fn set_max_space(origin: OriginFor<T>, new_limit: u32) -> DispatchResult {
            ensure_root(origin)?;
            MaxSpace::<T>::put(new_limit);
            Ok(())
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::reveal_timelocked()
        }
    }
}

use crate::types::{CommitmentInfo, Registration};

impl<T: Config> Pallet<T> {
    fn commit(netuid: u16, who: T::AccountId, info: CommitmentInfo) -> DispatchResult {
        let allowed = T::Subnets::may_commit(netuid, &who);
        ensure!(allowed, Error::<T>::AccountNotAllowedCommit);
        let block = frame_system::Pallet::<T>::block_number();
        Self::use_space(netuid, &who, &info)?;
        if info.fields.contains(&Data::ResetBondsFlag) {
            LastBondsReset::<T>::insert(netuid, &who, block);
            T::Subnets::reset_bonds(netuid, &who);
        }
        let reveal_round = info.fields.iter().find_map(timelocked_round);
        let deposit = 0;
        let registration = Registration {
            deposit,
            block,
            info,
        };
        CommitmentOf::<T>::insert(netuid, &who, registration);
        LastCommitment::<T>::insert(netuid, &who, block);
        Self::announce(netuid, who, reveal_round);
        Ok(())
    }

    fn use_space(netuid: u16, who: &T::AccountId, info: &CommitmentInfo) -> DispatchResult {
        let needed: u64 = info.fields.iter().map(Data::space).sum();
        let epoch = T::Subnets::epoch(netuid);
        let mut usage = UsedSpaceOf::<T>::get(netuid, who).unwrap_or_default();
        if usage.last_epoch != epoch {
            usage.last_epoch = epoch;
            usage.used_space = 0;
        }
        usage.used_space = usage.used_space.saturating_add(needed.max(LEAST_SPACE));
        let fits = usage.used_space <= u64::from(MaxSpace::<T>::get());
        ensure!(fits, Error::<T>::SpaceLimitExceeded);
        UsedSpaceOf::<T>::insert(netuid, who, usage);
        Ok(())
    }

    fn announce(netuid: u16, who: T::AccountId, reveal_round: Option<u64>) {
        let entry = (netuid, who.clone());
        let Some(reveal_round) = reveal_round else {
            TimelockedIndex::<T>::mutate(|index| index.remove(&entry));
            return Self::deposit_event(Event::Commitment { netuid, who });
        };
        TimelockedIndex::<T>::mutate(|index| index.insert(entry));
        Self::deposit_event(Event::TimelockCommitment {
            netuid,
            who,
            reveal_round,
        });
    }

    /// Everybody's commitment on a subnet, encoded as it is stored.
    pub fn encoded_commitments(netuid: u16) -> Vec<(T::AccountId, Vec<u8>)> {
        CommitmentOf::<T>::iter_prefix(netuid)
            .map(|(who, registration)| (who, registration.encode()))
            .collect()
    }

    /// Forgets all that was committed on a subnet.
    pub fn purge(netuid: u16) {
        let _ = CommitmentOf::<T>::clear_prefix(netuid, u32::MAX, None);
        let _ = LastCommitment::<T>::clear_prefix(netuid, u32::MAX, None);
        let _ = LastBondsReset::<T>::clear_prefix(netuid, u32::MAX, None);
        let _ = RevealedCommitments::<T>::clear_prefix(netuid, u32::MAX, None);
        let _ = UsedSpaceOf::<T>::clear_prefix(netuid, u32::MAX, None);
        TimelockedIndex::<T>::mutate(|index| index.retain(|(of, _)| *of != netuid));
    }

    fn block_u64() -> u64 {
        let block: BlockNumberFor<T> = frame_system::Pallet::<T>::block_number();
        block.saturated_into()
    }
}

fn timelocked_round(data: &Data) -> Option<u64> {
    match data {
        Data::TimelockEncrypted { reveal_round, .. } => Some(*reveal_round),
        _ => None,
    }
}

//! The `MevShield` pallet of the embedded chain: the keys of the encrypted mempool, and the carriers
//! of what is encrypted to them. Names, indices, shapes, events and errors are those of the chain
//! (spec 425).
//!
//! The runtime knows no secret: it passes each author's public key on, block by block, until it is
//! that author's turn. Who builds a block opens the carriers and puts what they hold behind them.

#![cfg_attr(not(feature = "std"), no_std)]

pub mod extension;
mod queue;

pub use extension::CheckShieldedTxValidity;
pub use pallet::*;

use frame_support::pallet_prelude::*;
use frame_support::traits::ConstU64;
use frame_system::pallet_prelude::BlockNumberFor;

/// Of a public key of ML-KEM-768.
pub const KEY_LENGTH: usize = 1184;
pub const MAX_CIPHERTEXT: u32 = 8192;

/// A public key; other lengths than that of ML-KEM-768 decode, and are refused.
pub type ShieldEncKey = BoundedVec<u8, ConstU32<2048>>;
pub type Ciphertext = BoundedVec<u8, ConstU32<MAX_CIPHERTEXT>>;

/// Who builds blocks.
pub trait Authors<Id> {
    fn of_this_block() -> Option<Id>;
    /// Of the block after the next one.
    fn of_second_next_block() -> Option<Id>;
}

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_system::pallet_prelude::*;
    use sp_runtime::traits::Hash;

    const DEFAULT_MAX_PENDING: u32 = 100;
    const DEFAULT_LIFETIME: u32 = 10;
    const DEFAULT_INITIALIZE_WEIGHT: u64 = 500_000_000_000;
    const MAX_INITIALIZE_WEIGHT: u64 = 2_000_000_000_000;
    const DEFAULT_EXTRINSIC_WEIGHT: u64 = 50_000_000_000;

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        type AuthorityId: Member + Parameter + MaxEncodedLen;
        type Authors: Authors<Self::AuthorityId>;
    }

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// Key of this block's author.
    #[pallet::storage]
    pub type CurrentKey<T> = StorageValue<_, ShieldEncKey, OptionQuery>;

    /// Key of the next block's author: carriers for it can be opened in that block.
    #[pallet::storage]
    pub type PendingKey<T> = StorageValue<_, ShieldEncKey, OptionQuery>;

    /// The key to encrypt to: that of the author of the block after the next one.
    #[pallet::storage]
    pub type NextKey<T> = StorageValue<_, ShieldEncKey, OptionQuery>;

    /// What each author announced in its newest block.
    #[pallet::storage]
    pub type AuthorKeys<T: Config> =
        StorageMap<_, Twox64Concat, T::AuthorityId, ShieldEncKey, OptionQuery>;

    /// The first block in which `PendingKey` is of no use.
    #[pallet::storage]
    pub type PendingKeyExpiresAt<T: Config> = StorageValue<_, BlockNumberFor<T>, OptionQuery>;

    /// The first block in which `NextKey` is of no use.
    #[pallet::storage]
    pub type NextKeyExpiresAt<T: Config> = StorageValue<_, BlockNumberFor<T>, OptionQuery>;

    #[pallet::storage]
    pub type MaxPendingExtrinsicsLimit<T: Config> =
        StorageValue<_, u32, ValueQuery, ConstU32<DEFAULT_MAX_PENDING>>;

    /// Blocks that a stored ciphertext may wait.
    #[pallet::storage]
    pub type ExtrinsicLifetime<T: Config> =
        StorageValue<_, u32, ValueQuery, ConstU32<DEFAULT_LIFETIME>>;

    #[pallet::storage]
    pub type OnInitializeWeight<T: Config> =
        StorageValue<_, u64, ValueQuery, ConstU64<DEFAULT_INITIALIZE_WEIGHT>>;

    #[pallet::storage]
    pub type MaxExtrinsicWeight<T: Config> =
        StorageValue<_, u64, ValueQuery, ConstU64<DEFAULT_EXTRINSIC_WEIGHT>>;

    #[derive(Clone, Encode, Decode, TypeInfo, MaxEncodedLen, PartialEq, Debug)]
    #[scale_info(skip_type_params(T))]
    pub struct PendingExtrinsic<T: Config> {
        pub who: T::AccountId,
        pub encrypted_call: Ciphertext,
        pub submitted_at: BlockNumberFor<T>,
    }

    #[pallet::storage]
    pub type PendingExtrinsics<T: Config> =
        CountedStorageMap<_, Identity, u32, PendingExtrinsic<T>, OptionQuery>;

    #[pallet::storage]
    pub type NextPendingExtrinsicIndex<T: Config> = StorageValue<_, u32, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        EncryptedSubmitted { id: T::Hash, who: T::AccountId },
        ExtrinsicStored { index: u32, who: T::AccountId },
        ExtrinsicDecodeFailed { index: u32 },
        ExtrinsicDispatchFailed { index: u32, error: DispatchError },
        ExtrinsicDispatched { index: u32 },
        ExtrinsicExpired { index: u32 },
        ExtrinsicPostponed { index: u32 },
        MaxPendingExtrinsicsNumberSet { value: u32 },
        OnInitializeWeightSet { value: u64 },
        ExtrinsicLifetimeSet { value: u32 },
        MaxExtrinsicWeightSet { value: u64 },
        ExtrinsicWeightExceeded { index: u32 },
    }

    #[pallet::error]
    #[derive(PartialEq)]
    pub enum Error<T> {
        BadEncKeyLen,
        Unreachable,
        TooManyPendingExtrinsics,
        WeightExceedsAbsoluteMax,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            Self::empty_queue(now)
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Passes the keys on and keeps the author's newest one; without a key the author takes no
        /// part. Once in each block, by the node that builds it.
        #[pallet::call_index(0)]
        #[pallet::weight(Weight::from_parts(33_661_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 6)))]
        pub fn announce_next_key(
            origin: OriginFor<T>,
            enc_key: Option<ShieldEncKey>,
        ) -> DispatchResult {
            ensure_none(origin)?;
            let author = T::Authors::of_this_block().ok_or(Error::<T>::Unreachable)?;
            let fits = enc_key.as_ref().is_none_or(|key| key.len() == KEY_LENGTH);
            ensure!(fits, Error::<T>::BadEncKeyLen);
            Self::pass_keys_on();
            AuthorKeys::<T>::set(author, enc_key);
            Ok(())
        }

        /// Carries `twox_128 of the key 16 | u16 length | encapsulated key | nonce 24 | sealed`: a
        /// signed transaction, which the author puts behind this one.
        #[pallet::call_index(1)]
        #[pallet::weight(Weight::from_parts(207_223_000, 0))]
        pub fn submit_encrypted(origin: OriginFor<T>, ciphertext: Ciphertext) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let id = T::Hashing::hash_of(&(&who, &ciphertext));
            Self::deposit_event(Event::EncryptedSubmitted { id, who });
            Ok(())
        }

        /// Keeps a ciphertext until the next block, which drops it: on the chain, too, nothing
        /// opens these.
        #[pallet::call_index(2)]
        #[pallet::weight(Weight::from_parts(20_000_000_000, 0))]
        pub fn store_encrypted(origin: OriginFor<T>, encrypted_call: Ciphertext) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let has_room = PendingExtrinsics::<T>::count() < MaxPendingExtrinsicsLimit::<T>::get();
            ensure!(has_room, Error::<T>::TooManyPendingExtrinsics);
            let index = Self::enqueue(who.clone(), encrypted_call);
            Self::deposit_event(Event::ExtrinsicStored { index, who });
            Ok(())
        }

        #[pallet::call_index(3)]
        #[pallet::weight(Weight::from_parts(4_206_000, 0).saturating_add(T::DbWeight::get().writes(1)))]
        pub fn set_max_pending_extrinsics_number(
            origin: OriginFor<T>,
            value: u32,
        ) -> DispatchResult {
            ensure_root(origin)?;
            MaxPendingExtrinsicsLimit::<T>::put(value);
            Self::deposit_event(Event::MaxPendingExtrinsicsNumberSet { value });
            Ok(())
        }

        #[pallet::call_index(4)]
        #[pallet::weight(Weight::from_parts(4_327_000, 0).saturating_add(T::DbWeight::get().writes(1)))]
        pub fn set_on_initialize_weight(origin: OriginFor<T>, value: u64) -> DispatchResult {
            ensure_root(origin)?;
            ensure!(
                value <= MAX_INITIALIZE_WEIGHT,
                Error::<T>::WeightExceedsAbsoluteMax
            );
            OnInitializeWeight::<T>::put(value);
            Self::deposit_event(Event::OnInitializeWeightSet { value });
            Ok(())
        }

        #[pallet::call_index(5)]
        #[pallet::weight(Weight::from_parts(4_116_000, 0).saturating_add(T::DbWeight::get().writes(1)))]
        pub fn set_stored_extrinsic_lifetime(origin: OriginFor<T>, value: u32) -> DispatchResult {
            ensure_root(origin)?;
            ExtrinsicLifetime::<T>::put(value);
            Self::deposit_event(Event::ExtrinsicLifetimeSet { value });
            Ok(())
        }

        #[pallet::call_index(6)]
        #[pallet::weight(Weight::from_parts(4_227_000, 0).saturating_add(T::DbWeight::get().writes(1)))]
        pub fn set_max_extrinsic_weight(origin: OriginFor<T>, value: u64) -> DispatchResult {
            ensure_root(origin)?;
            ensure!(
                value <= MAX_INITIALIZE_WEIGHT,
                Error::<T>::WeightExceedsAbsoluteMax
            );
            MaxExtrinsicWeight::<T>::put(value);
            Self::deposit_event(Event::MaxExtrinsicWeightSet { value });
            Ok(())
        }
    }

    /// An announcement needs no signature at the head of a block, and comes from nowhere else.
    #[pallet::inherent]
    impl<T: Config> ProvideInherent for Pallet<T> {
        type Call = Call<T>;
        type Error = frame_support::inherent::MakeFatalError<()>;
        const INHERENT_IDENTIFIER: InherentIdentifier = *b"shieldpk";

        fn create_inherent(data: &InherentData) -> Option<Self::Call> {
            let announced: Option<ShieldEncKey> =
                data.get_data(&Self::INHERENT_IDENTIFIER).ok()??;
            Some(Call::announce_next_key { enc_key: announced })
        }

        fn is_inherent(call: &Self::Call) -> bool {
            matches!(call, Call::announce_next_key { .. })
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Next to pending, pending to current; the next one is what the author of the block after the
    /// next one announced last.
    fn pass_keys_on() {
        let now = frame_system::Pallet::<T>::block_number();
        let pending = NextKey::<T>::take();
        let next = T::Authors::of_second_next_block().and_then(AuthorKeys::<T>::get);
        let until =
            |key: &Option<ShieldEncKey>, blocks: u32| key.is_some().then(|| now + blocks.into());
        PendingKeyExpiresAt::<T>::set(until(&pending, 2));
        NextKeyExpiresAt::<T>::set(until(&next, 3));
        CurrentKey::<T>::set(PendingKey::<T>::take());
        PendingKey::<T>::set(pending);
        NextKey::<T>::set(next);
    }
}

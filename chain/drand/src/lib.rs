//! The `Drand` pallet of the embedded chain: signatures of a beacon's rounds, each verified before
//! it is stored. Names, indices, shapes, events and errors are those of the chain (spec 425).
//!
//! The chain's validators fetch the pulses themselves; here the node that builds a block puts one
//! unsigned `write_pulse` for each round that is due before the other transactions.

#![cfg_attr(not(feature = "std"), no_std)]
// The chain's pulses are bare extrinsics, which only the older way of validation knows.
#![allow(deprecated)]

extern crate alloc;

pub mod genesis;
pub mod quicknet;
pub mod types;

pub use pallet::*;
pub use types::*;

use codec::Encode;
use frame_support::pallet_prelude::*;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_io::hashing::blake2_256;
use sp_runtime::traits::Verify;
use sp_runtime::{MultiSignature, MultiSigner};

/// Pulses that stay stored.
pub const MAX_KEPT_PULSES: u64 = 216_000;
/// Old pulses that one new pulse removes at most.
pub const MAX_REMOVED_PULSES: u64 = 100;
const UNSIGNED_PRIORITY: u64 = 1 << 20;
/// Blocks that a pulse may wait in the pool.
const LONGEVITY: u64 = 3;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use crate::genesis::GenesisBeacon;
    use crate::quicknet::Quicknet;
    use alloc::vec::Vec;
    use frame_system::pallet_prelude::*;

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {}

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::storage]
    pub type BeaconConfig<T: Config> = StorageValue<_, BeaconConfiguration, ValueQuery, Quicknet>;

    #[pallet::storage]
    pub type Pulses<T: Config> = StorageMap<_, Blake2_128Concat, RoundNumber, Pulse, OptionQuery>;

    #[pallet::storage]
    pub type LastStoredRound<T: Config> = StorageValue<_, RoundNumber, ValueQuery>;

    #[pallet::storage]
    pub type OldestStoredRound<T: Config> = StorageValue<_, RoundNumber, ValueQuery>;

    /// From this block on unsigned calls are taken.
    #[pallet::storage]
    pub type NextUnsignedAt<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        BeaconConfigChanged,
        NewPulse { rounds: Vec<RoundNumber> },
        SetOldestStoredRound(u64),
    }

    #[pallet::error]
    #[derive(PartialEq)]
    pub enum Error<T> {
        NoneValue,
        StorageOverflow,
        DrandConnectionFailure,
        UnverifiedPulse,
        InvalidRoundNumber,
        PulseVerificationError,
    }

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The beacon to follow; quicknet when absent.
        #[serde(default)]
        pub beacon: Option<GenesisBeacon>,
        #[serde(skip)]
        pub _config: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            if let Some(beacon) = &self.beacon {
                BeaconConfig::<T>::put(beacon.configuration());
            }
        }
    }

    #[pallet::validate_unsigned]
    impl<T: Config> ValidateUnsigned for Pallet<T> {
        type Call = Call<T>;

        fn validate_unsigned(_source: TransactionSource, call: &Call<T>) -> TransactionValidity {
            let Call::write_pulse {
                pulses_payload,
                signature,
            } = call
            else {
                return InvalidTransaction::Call.into();
            };
            let signature = signature.as_ref().ok_or(InvalidTransaction::BadSigner)?;
            Self::check_payload(pulses_payload, signature)
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Stores a pulse whose signature is the beacon's.
        #[pallet::call_index(0)]
        #[pallet::weight(Weight::from_parts(4_294_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(3, 4)))]
        pub fn write_pulse(
            origin: OriginFor<T>,
            pulses_payload: PulsesPayload<MultiSigner, BlockNumberFor<T>>,
            _signature: Option<MultiSignature>,
        ) -> DispatchResult {
            ensure_none(origin)?;
            let before = LastStoredRound::<T>::get();
            let rounds = Self::store(&pulses_payload.pulses, before)?;
            let last = rounds.last().copied().unwrap_or(before);
            LastStoredRound::<T>::put(last);
            let none_before = before == 0 && OldestStoredRound::<T>::get() == 0;
            if let Some(first) = rounds.first().filter(|_| none_before) {
                OldestStoredRound::<T>::put(first);
            }
            Self::prune(last);
            NextUnsignedAt::<T>::put(frame_system::Pallet::<T>::block_number());
            if !rounds.is_empty() {
                Self::deposit_event(Event::NewPulse { rounds });
            }
            Ok(())
        }

        /// Follows another beacon (root).
        #[pallet::call_index(1)]
        #[pallet::weight(Weight::from_parts(8_766_000, 0).saturating_add(T::DbWeight::get().writes(2)))]
        pub fn set_beacon_config(
            origin: OriginFor<T>,
            config_payload: BeaconConfigurationPayload<MultiSigner, BlockNumberFor<T>>,
            _signature: Option<MultiSignature>,
        ) -> DispatchResult {
            ensure_root(origin)?;
            BeaconConfig::<T>::put(config_payload.config);
            let next = frame_system::Pallet::<T>::block_number() + 1u32.into();
            NextUnsignedAt::<T>::put(next);
            Self::deposit_event(Event::BeaconConfigChanged);
            Ok(())
        }

        /// Says from which round on pulses are stored (root).
        #[pallet::call_index(2)]
        #[pallet::weight(Weight::from_parts(5_370_000, 0).saturating_add(T::DbWeight::get().writes(1)))]
        pub fn set_oldest_stored_round(origin: OriginFor<T>, oldest_round: u64) -> DispatchResult {
            ensure_root(origin)?;
            OldestStoredRound::<T>::put(oldest_round);
            Self::deposit_event(Event::SetOldestStoredRound(oldest_round));
            Ok(())
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Stores the pulses whose signatures are right and returns their rounds, which must rise.
    fn store(
        pulses: &[Pulse],
        mut last: RoundNumber,
    ) -> Result<alloc::vec::Vec<RoundNumber>, Error<T>> {
        let key = BeaconConfig::<T>::get().public_key;
        let mut rounds = alloc::vec::Vec::new();
        for pulse in pulses {
            let verified = subnet_timelock::verify(&key, pulse.round, &pulse.signature);
            if !verified.ok_or(Error::<T>::PulseVerificationError)? {
                continue;
            }
            ensure!(pulse.round > last, Error::<T>::InvalidRoundNumber);
            Pulses::<T>::insert(pulse.round, pulse);
            last = pulse.round;
            rounds.push(last);
        }
        Ok(rounds)
    }

    fn prune(last: RoundNumber) {
        let oldest = OldestStoredRound::<T>::get();
        if oldest == 0 {
            return;
        }
        let kept = last.saturating_sub(oldest).saturating_add(1);
        let surplus = kept.saturating_sub(MAX_KEPT_PULSES).min(MAX_REMOVED_PULSES);
        let next = oldest.saturating_add(surplus);
        (oldest..next).for_each(Pulses::<T>::remove);
        OldestStoredRound::<T>::put(next);
    }

    /// Whoever signs the payload may bring a pulse: one at a time, newer than all before.
    fn check_payload(
        payload: &PulsesPayload<MultiSigner, BlockNumberFor<T>>,
        signature: &MultiSignature,
    ) -> TransactionValidity {
        let now = frame_system::Pallet::<T>::block_number();
        if !signed_by(&payload.public, signature, &payload.encode()) {
            return InvalidTransaction::BadProof.into();
        }
        if now < payload.block_number {
            return InvalidTransaction::Future.into();
        }
        let [pulse] = &payload.pulses[..] else {
            return InvalidTransaction::Call.into();
        };
        if NextUnsignedAt::<T>::get() > now || pulse.round <= LastStoredRound::<T>::get() {
            return InvalidTransaction::Stale.into();
        }
        // Older rounds come first.
        let priority = UNSIGNED_PRIORITY.saturating_add(u64::MAX - pulse.round);
        ValidTransaction::with_tag_prefix("DrandOffchainWorker")
            .priority(priority)
            .and_provides((b"drand", pulse.round).using_encoded(blake2_256))
            .longevity(LONGEVITY)
            .propagate(false)
            .build()
    }
}

/// Only sr25519 keys sign pulses.
fn signed_by(public: &MultiSigner, signature: &MultiSignature, message: &[u8]) -> bool {
    match (public, signature) {
        (MultiSigner::Sr25519(public), MultiSignature::Sr25519(signature)) => {
            signature.verify(message, public)
        }
        _ => false,
    }
}

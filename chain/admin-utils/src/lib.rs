//! `AdminUtils` of the embedded chain: the setters of hyperparameters, with the chain's names, call
//! indices, argument order, errors and events. Setters of parts that this chain does not have
//! (EVM, Grandpa, TAO flow, coldkey swaps) are absent.
//!
//! Two differences: a netuid that does not exist is always refused, whereas the chain lets root
//! write values to it with some calls; and the account that holds a subnet's pool is never an owner
//! hotkey.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod calls;
pub mod errors;
pub mod events;
pub mod gates;
pub mod setters;

pub use pallet::*;

use frame_support::pallet_macros::import_section;

#[import_section(errors::errors)]
#[import_section(events::events)]
#[import_section(calls::calls)]
#[frame_support::pallet]
pub mod pallet {
    use crate::gates::Limit;
    use alloc::vec::Vec;
    use codec::{Decode, DecodeWithMemTracking, Encode};
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use pallet_subtensor::{
        ActivityCutoff, AdjustmentAlpha, AdjustmentInterval, AdminFreezeWindow,
        AlphaSigmoidSteepness, BondsMovingAverage, BondsPenalty, BondsResetOn, BurnHalfLife,
        BurnIncreaseMult, CKBurn, CommitRevealWeightsEnabled, CommitRevealWeightsVersion,
        Difficulty, EMAPriceHalvingBlocks, Error as Refusal, Event as Notice, Hyperparameter,
        ImmuneOwnerUidsLimit, ImmunityPeriod, Kappa, LiquidAlphaOn, MaxDelegateTake, MaxDifficulty,
        MaxEpochsPerBlock, MaxMechanismCount, MaxRegistrationsPerBlock, MechId, MinActivityCutoff,
        MinAllowedWeights, MinChildkeyTakePerSubnet, MinDelegateTake, MinDifficulty,
        MinNonImmuneUids, NetUid, NetworkImmunityPeriod, NetworkLockReductionInterval,
        NetworkMinLockCost, NetworkRateLimit, NetworkRegistrationAllowed, OwnerCutAutoLockEnabled,
        OwnerCutEnabled, OwnerHyperparamRateLimit, Pallet as Subtensor, RAORecycledForRegistration,
        RecycleOrBurn, RecycleOrBurnEnum, Rho, ServingRateLimit, StakeThreshold, StartCallDelay,
        SubnetEmissionEnabled, SubnetLimit, SubnetMovingAlpha, SubnetOwnerCut, SubtokenEnabled,
        TaoBalance, TargetRegistrationsPerInterval, TransferToggle, TxDelegateTakeRateLimit,
        TxRateLimit, WeightsSetRateLimit, WeightsVersionKey, Yuma3On, I96F32, U64F64,
    };
    use scale_info::TypeInfo;

    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>> + pallet_subtensor::Config
    {
    }

    #[pallet::pallet]
    #[pallet::without_storage_info]
    pub struct Pallet<T>(_);
}

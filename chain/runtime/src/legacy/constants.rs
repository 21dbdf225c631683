//! What clients of the chain read as constants of `SubtensorModule`: names, types and values of spec
//! 218. They only stand in the metadata; the pallet's own defaults are those of its storage.

use alloc::vec;
use alloc::vec::Vec;
use codec::Encode;
use scale_info::{meta_type, TypeInfo};
use sp_metadata_ir::{ItemDeprecationInfoIR, PalletConstantMetadataIR};

pub fn subtensor_module() -> Vec<PalletConstantMetadataIR> {
    vec![
        constant("InitialIssuance", 0u64),
        constant("InitialMinAllowedWeights", 1024u16),
        constant("InitialEmissionValue", 0u16),
        constant("InitialMaxWeightsLimit", 1000u16),
        constant("InitialTempo", 99u16),
        constant("InitialDifficulty", 10_000_000u64),
        constant("InitialMaxDifficulty", u64::MAX / 4),
        constant("InitialMinDifficulty", 10_000_000u64),
        constant("InitialRAORecycledForRegistration", 0u64),
        constant("InitialBurn", 1_000_000_000u64),
        constant("InitialMaxBurn", 100_000_000_000u64),
        constant("InitialMinBurn", 1_000_000_000u64),
        constant("InitialAdjustmentInterval", 100u16),
        constant("InitialBondsMovingAverage", 900_000u64),
        constant("InitialTargetRegistrationsPerInterval", 2u16),
        constant("InitialRho", 10u16),
        constant("InitialKappa", 32_767u16),
        constant("InitialMaxAllowedUids", 4096u16),
        constant("InitialValidatorPruneLen", 1u64),
        constant("InitialScalingLawPower", 50u16),
        constant("InitialImmunityPeriod", 4096u16),
        constant("InitialActivityCutoff", 5000u16),
        constant("InitialMaxRegistrationsPerBlock", 1u16),
        constant("InitialPruningScore", u16::MAX),
        constant("InitialMaxAllowedValidators", 128u16),
        constant("InitialDefaultDelegateTake", 11_796u16),
        constant("InitialMinDelegateTake", 0u16),
        constant("InitialDefaultChildKeyTake", 0u16),
        constant("InitialMinChildKeyTake", 0u16),
        constant("InitialMaxChildKeyTake", 11_796u16),
        constant("InitialWeightsVersionKey", 0u64),
        constant("InitialServingRateLimit", 50u64),
        constant("InitialTxRateLimit", 1000u64),
        constant("InitialTxDelegateTakeRateLimit", 216_000u64),
        constant("InitialTxChildKeyTakeRateLimit", 216_000u64),
        constant("InitialAdjustmentAlpha", 0u64),
        constant("InitialNetworkImmunityPeriod", 50_400u64),
        constant("InitialNetworkMinAllowedUids", 128u16),
        constant("InitialNetworkMinLockCost", 1_000_000_000_000u64),
        constant("InitialSubnetOwnerCut", 11_796u16),
        constant("InitialNetworkLockReductionInterval", 100_800u64),
        constant("InitialSubnetLimit", 12u16),
        constant("InitialNetworkRateLimit", 7200u64),
        constant("KeySwapCost", 100_000_000u64),
        constant("AlphaHigh", 58_982u16),
        constant("AlphaLow", 45_875u16),
        constant("LiquidAlphaOn", false),
        constant("InitialHotkeyEmissionTempo", 7200u64),
        constant("InitialNetworkMaxStake", u64::MAX),
    ]
}

fn constant<T: Encode + TypeInfo + 'static>(
    name: &'static str,
    value: T,
) -> PalletConstantMetadataIR {
    PalletConstantMetadataIR {
        name,
        ty: meta_type::<T>(),
        value: value.encode(),
        docs: Vec::new(),
        deprecation_info: ItemDeprecationInfoIR::NotDeprecated,
    }
}

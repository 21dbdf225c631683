//! What clients of the chain read as constants of `SubtensorModule`: names, types and values of spec
//! 425. They only stand in the metadata; the pallet's own defaults are those of its storage.

use alloc::vec;
use alloc::vec::Vec;
use codec::Encode;
use frame_support::PalletId;
use scale_info::{meta_type, TypeInfo};
use sp_metadata_ir::{ItemDeprecationInfoIR, PalletConstantMetadataIR};
use sp_runtime::Percent;

pub fn subtensor_module() -> Vec<PalletConstantMetadataIR> {
    vec![
        constant("InitialIssuance", 0u64),
        constant("InitialMinAllowedWeights", 1024u16),
        constant("InitialEmissionValue", 0u16),
        constant("InitialTempo", 360u16),
        constant("InitialDifficulty", 10_000_000u64),
        constant("InitialMaxDifficulty", u64::MAX / 4),
        constant("InitialMinDifficulty", 10_000_000u64),
        constant("InitialRAORecycledForRegistration", 0u64),
        constant("InitialBurn", 100_000_000u64),
        constant("InitialMaxBurn", 100_000_000_000u64),
        constant("InitialMinBurn", 500_000u64),
        constant("InitialMinStake", 2_000_000u64),
        constant("MinBurnUpperBound", 1_000_000_000u64),
        constant("MaxBurnLowerBound", 100_000_000u64),
        constant("MinTempo", 360u16),
        constant("MaxTempo", 50_400u16),
        constant("MinActivityCutoffFactorMilli", 1_000u32),
        constant("MaxActivityCutoffFactorMilli", 50_000u32),
        constant("InitialAdjustmentInterval", 100u16),
        constant("InitialBondsMovingAverage", 900_000u64),
        constant("InitialBondsPenalty", u16::MAX),
        constant("InitialBondsResetOn", false),
        constant("InitialTargetRegistrationsPerInterval", 2u16),
        constant("InitialRho", 10u16),
        constant("InitialAlphaSigmoidSteepness", 1000i16),
        constant("InitialKappa", 32_767u16),
        constant("InitialMinAllowedUids", 64u16),
        constant("InitialMaxAllowedUids", 256u16),
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
        constant("InitialTxDelegateTakeRateLimit", 216000u64),
        constant("InitialTxChildKeyTakeRateLimit", 216_000u64),
        constant("InitialAdjustmentAlpha", 0u64),
        constant("InitialNetworkImmunityPeriod", 1_296_000u64),
        constant("InitialNetworkMinLockCost", 1_000_000_000_000u64),
        constant("InitialSubnetOwnerCut", 11_796u16),
        constant("InitialNetworkLockReductionInterval", 100_800u64),
        constant("InitialNetworkRateLimit", 7200u64),
        constant("KeySwapCost", 100_000_000u64),
        constant("AlphaHigh", 58982u16),
        constant("AlphaLow", 45875u16),
        constant("LiquidAlphaOn", false),
        constant("Yuma3On", false),
        constant("InitialColdkeySwapAnnouncementDelay", 36_000u32),
        constant("InitialColdkeySwapReannouncementDelay", 7_200u32),
        constant("InitialDissolveNetworkScheduleDuration", 36_000u32),
        constant("InitialTaoWeight", 971_718_665_099_567_868u64),
        constant("InitialEmaPriceHalvingPeriod", 201_600u64),
        constant("InitialStartCallDelay", 0u64),
        constant("KeySwapOnSubnetCost", 1_000_000u64),
        constant("HotkeySwapOnSubnetInterval", 7_200u64),
        constant("LeaseDividendsDistributionInterval", 100u32),
        constant("MaxImmuneUidsPercentage", Percent::from_percent(80)),
        constant("SubtensorPalletId", PalletId(*b"subtensr")),
        constant("BurnAccountId", PalletId(*b"burntnsr")),
        constant("InitialMaxEpochsPerBlock", 2u8),
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

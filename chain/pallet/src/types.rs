//! Shapes that the pallet stores or takes as arguments, with the chain's field order.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;

/// Subnet number.
pub type NetUid = u16;
/// Mechanism number inside a subnet.
pub type MechId = u8;
/// `mecid * 4096 + netuid`: the key of what each mechanism stores for itself.
pub type NetUidStorageIndex = u16;
/// TAO in RAO (1e-9 TAO).
pub type TaoBalance = u64;
/// Alpha of a subnet in RAO (1e-9 alpha).
pub type AlphaBalance = u64;
/// Round of the drand beacon.
pub type RoundNumber = u64;
pub type LeaseId = u32;

pub const ROOT: NetUid = 0;
pub const MAX_COMMIT_BYTES: u32 = 5000;

pub type CommitBytes = BoundedVec<u8, ConstU32<MAX_COMMIT_BYTES>>;

#[derive(Encode, Decode, DecodeWithMemTracking, Default, TypeInfo, Clone, PartialEq, Eq, Debug)]
#[scale_info(replace_segment("types", "pallet"))]
pub struct AxonInfo {
    pub block: u64,
    pub version: u32,
    pub ip: u128,
    pub port: u16,
    pub ip_type: u8,
    pub protocol: u8,
    pub placeholder1: u8,
    pub placeholder2: u8,
}

#[derive(Encode, Decode, DecodeWithMemTracking, Default, TypeInfo, Clone, PartialEq, Eq, Debug)]
#[scale_info(replace_segment("types", "pallet"))]
pub struct PrometheusInfo {
    pub block: u64,
    pub version: u32,
    pub ip: u128,
    pub port: u16,
    pub ip_type: u8,
}

#[derive(Encode, Decode, DecodeWithMemTracking, Default, TypeInfo, Clone, PartialEq, Eq, Debug)]
#[scale_info(replace_segment("types", "pallet"))]
pub struct NeuronCertificate {
    pub public_key: BoundedVec<u8, ConstU32<64>>,
    pub algorithm: u8,
}

impl NeuronCertificate {
    /// First byte: algorithm. Rest: public key of at most 64 bytes. `None` when it does not fit.
    pub fn parse(bytes: Vec<u8>) -> Option<Self> {
        let (algorithm, key) = bytes.split_first()?;
        let public_key = BoundedVec::try_from(key.to_vec()).ok()?;
        Some(Self {
            public_key,
            algorithm: *algorithm,
        })
    }
}

#[derive(Encode, Decode, DecodeWithMemTracking, Default, TypeInfo, Clone, PartialEq, Eq, Debug)]
#[scale_info(replace_segment("types", "pallet"))]
pub struct ChainIdentityV2 {
    pub name: Vec<u8>,
    pub url: Vec<u8>,
    pub github_repo: Vec<u8>,
    pub image: Vec<u8>,
    pub discord: Vec<u8>,
    pub description: Vec<u8>,
    pub additional: Vec<u8>,
}

#[derive(Encode, Decode, DecodeWithMemTracking, Default, TypeInfo, Clone, PartialEq, Eq, Debug)]
#[scale_info(replace_segment("types", "pallet"))]
pub struct SubnetIdentityV3 {
    pub subnet_name: Vec<u8>,
    pub github_repo: Vec<u8>,
    pub subnet_contact: Vec<u8>,
    pub subnet_url: Vec<u8>,
    pub discord: Vec<u8>,
    pub description: Vec<u8>,
    pub logo_url: Vec<u8>,
    pub additional: Vec<u8>,
}

#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, PartialEq, Eq, Debug)]
#[scale_info(replace_segment("types", "pallet"))]
pub enum RecycleOrBurnEnum {
    Burn,
    Recycle,
}

#[derive(Encode, Decode, DecodeWithMemTracking, Default, TypeInfo, Clone, PartialEq, Eq, Debug)]
#[scale_info(replace_segment("types", "pallet"))]
pub enum RootClaimTypeEnum {
    #[default]
    Swap,
    Keep,
    KeepSubnets {
        subnets: BTreeSet<NetUid>,
    },
}

/// How a subnet's epochs turn weights into payment, in runtimes where that is a choice.
#[derive(
    Encode, Decode, DecodeWithMemTracking, Default, TypeInfo, Clone, Copy, PartialEq, Eq, Debug,
)]
pub enum EpochConsensus {
    #[default]
    Yuma,
    Null,
}

/// What an owner may change once per some tempos; the order fixes the encoded storage keys.
#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hyperparameter {
    Unknown = 0,
    ServingRateLimit = 1,
    MaxDifficulty = 2,
    AdjustmentAlpha = 3,
    MaxWeightLimit = 4,
    ImmunityPeriod = 5,
    MinAllowedWeights = 6,
    Kappa = 7,
    Rho = 8,
    ActivityCutoff = 9,
    PowRegistrationAllowed = 10,
    MinBurn = 11,
    MaxBurn = 12,
    BondsMovingAverage = 13,
    BondsPenalty = 14,
    CommitRevealEnabled = 15,
    LiquidAlphaEnabled = 16,
    AlphaValues = 17,
    WeightCommitInterval = 18,
    TransferEnabled = 19,
    AlphaSigmoidSteepness = 20,
    Yuma3Enabled = 21,
    BondsResetEnabled = 22,
    ImmuneNeuronLimit = 23,
    RecycleOrBurn = 24,
    MaxAllowedUids = 25,
    BurnHalfLife = 26,
    BurnIncreaseMult = 27,
    SubnetEmissionEnabled = 28,
    MinChildkeyTake = 29,
    ActivityCutoffFactorMilli = 30,
    TriggerEpoch = 31,
}

#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, PartialEq, Eq, Debug)]
pub enum RateLimitKey<AccountId> {
    #[codec(index = 0)]
    SetSNOwnerHotkey(NetUid),
    #[codec(index = 1)]
    OwnerHyperparamUpdate(NetUid, Hyperparameter),
    #[codec(index = 2)]
    NetworkLastRegistered,
    #[codec(index = 3)]
    LastTxBlock(AccountId),
    #[codec(index = 4)]
    LastTxBlockChildKeyTake(AccountId),
    #[codec(index = 5)]
    LastTxBlockDelegateTake(AccountId),
    #[codec(index = 6)]
    AddStakeBurn(NetUid),
}

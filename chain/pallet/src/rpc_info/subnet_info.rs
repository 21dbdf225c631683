//! `SubnetInfoRuntimeApi`: subnets and their hyperparameters.

use alloc::vec;
use alloc::vec::Vec;
use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;

use crate::fixed::I32F32;
use crate::pallet::*;

/// `scaling_law_power`, `network_modality`, `network_connect` and `emission_values` are remnants.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct SubnetInfo<AccountId: TypeInfo + Encode + Decode> {
    pub netuid: Compact<NetUid>,
    pub rho: Compact<u16>,
    pub kappa: Compact<u16>,
    pub difficulty: Compact<u64>,
    pub immunity_period: Compact<u16>,
    pub max_allowed_validators: Compact<u16>,
    pub min_allowed_weights: Compact<u16>,
    pub max_weights_limit: Compact<u16>,
    pub scaling_law_power: Compact<u16>,
    pub subnetwork_n: Compact<u16>,
    pub max_allowed_uids: Compact<u16>,
    pub blocks_since_last_step: Compact<u64>,
    pub tempo: Compact<u16>,
    pub network_modality: Compact<u16>,
    pub network_connect: Vec<[u16; 2]>,
    pub emission_values: Compact<u64>,
    pub burn: Compact<TaoBalance>,
    pub owner: AccountId,
}

/// [`SubnetInfo`] with the identity.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct SubnetInfov2<AccountId: TypeInfo + Encode + Decode> {
    pub netuid: Compact<NetUid>,
    pub rho: Compact<u16>,
    pub kappa: Compact<u16>,
    pub difficulty: Compact<u64>,
    pub immunity_period: Compact<u16>,
    pub max_allowed_validators: Compact<u16>,
    pub min_allowed_weights: Compact<u16>,
    pub max_weights_limit: Compact<u16>,
    pub scaling_law_power: Compact<u16>,
    pub subnetwork_n: Compact<u16>,
    pub max_allowed_uids: Compact<u16>,
    pub blocks_since_last_step: Compact<u64>,
    pub tempo: Compact<u16>,
    pub network_modality: Compact<u16>,
    pub network_connect: Vec<[u16; 2]>,
    pub emission_value: Compact<u64>,
    pub burn: Compact<TaoBalance>,
    pub owner: AccountId,
    pub identity: Option<SubnetIdentityV3>,
}

/// Ratios in 65535ths, prices in RAO, periods in blocks or epochs.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct SubnetHyperparams {
    pub rho: Compact<u16>,
    pub kappa: Compact<u16>,
    pub immunity_period: Compact<u16>,
    pub min_allowed_weights: Compact<u16>,
    pub max_weights_limit: Compact<u16>,
    pub tempo: Compact<u16>,
    pub min_difficulty: Compact<u64>,
    pub max_difficulty: Compact<u64>,
    pub weights_version: Compact<u64>,
    pub weights_rate_limit: Compact<u64>,
    pub adjustment_interval: Compact<u16>,
    pub activity_cutoff: Compact<u64>,
    pub registration_allowed: bool,
    pub target_regs_per_interval: Compact<u16>,
    pub min_burn: Compact<TaoBalance>,
    pub max_burn: Compact<TaoBalance>,
    pub bonds_moving_avg: Compact<u64>,
    pub max_regs_per_block: Compact<u16>,
    pub serving_rate_limit: Compact<u64>,
    pub max_validators: Compact<u16>,
    pub adjustment_alpha: Compact<u64>,
    pub difficulty: Compact<u64>,
    pub commit_reveal_period: Compact<u64>,
    pub commit_reveal_weights_enabled: bool,
    pub alpha_high: Compact<u16>,
    pub alpha_low: Compact<u16>,
    pub liquid_alpha_enabled: bool,
}

/// [`SubnetHyperparams`] with what came later; the field order is part of the interface.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct SubnetHyperparamsV2 {
    pub rho: Compact<u16>,
    pub kappa: Compact<u16>,
    pub immunity_period: Compact<u16>,
    pub min_allowed_weights: Compact<u16>,
    pub max_weights_limit: Compact<u16>,
    pub tempo: Compact<u16>,
    pub min_difficulty: Compact<u64>,
    pub max_difficulty: Compact<u64>,
    pub weights_version: Compact<u64>,
    pub weights_rate_limit: Compact<u64>,
    pub adjustment_interval: Compact<u16>,
    pub activity_cutoff: Compact<u64>,
    pub registration_allowed: bool,
    pub target_regs_per_interval: Compact<u16>,
    pub min_burn: Compact<TaoBalance>,
    pub max_burn: Compact<TaoBalance>,
    pub bonds_moving_avg: Compact<u64>,
    pub max_regs_per_block: Compact<u16>,
    pub serving_rate_limit: Compact<u64>,
    pub max_validators: Compact<u16>,
    pub adjustment_alpha: Compact<u64>,
    pub difficulty: Compact<u64>,
    pub commit_reveal_period: Compact<u64>,
    pub commit_reveal_weights_enabled: bool,
    pub alpha_high: Compact<u16>,
    pub alpha_low: Compact<u16>,
    pub liquid_alpha_enabled: bool,
    pub alpha_sigmoid_steepness: I32F32,
    pub yuma_version: Compact<u16>,
    pub subnet_is_active: bool,
    pub transfers_enabled: bool,
    pub bonds_reset_enabled: bool,
    pub user_liquidity_enabled: bool,
}

/// A value of the self-describing list; the variants' order is part of the interface.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub enum HyperparamValue {
    Bool(bool),
    U16(Compact<u16>),
    U32(Compact<u32>),
    U64(Compact<u64>),
    U128(Compact<u128>),
    TaoBalance(Compact<TaoBalance>),
    I32F32(I32F32),
    U64F64(U64F64),
}

#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct HyperparamEntry {
    pub name: Vec<u8>,
    pub value: HyperparamValue,
}

/// Hyperparameters by name: clients look up what they know and pass over the rest.
pub type SubnetHyperparamsV3 = Vec<HyperparamEntry>;

impl<T: Config> Pallet<T> {
    pub fn get_subnet_info(netuid: NetUid) -> Option<SubnetInfo<T::AccountId>> {
        let info = Self::get_subnet_info_v2(netuid)?;
        Some(SubnetInfo {
            netuid: info.netuid,
            rho: info.rho,
            kappa: info.kappa,
            difficulty: info.difficulty,
            immunity_period: info.immunity_period,
            max_allowed_validators: info.max_allowed_validators,
            min_allowed_weights: info.min_allowed_weights,
            max_weights_limit: info.max_weights_limit,
            scaling_law_power: info.scaling_law_power,
            subnetwork_n: info.subnetwork_n,
            max_allowed_uids: info.max_allowed_uids,
            blocks_since_last_step: info.blocks_since_last_step,
            tempo: info.tempo,
            network_modality: info.network_modality,
            network_connect: info.network_connect,
            emission_values: info.emission_value,
            burn: info.burn,
            owner: info.owner,
        })
    }

    pub fn get_subnets_info() -> Vec<Option<SubnetInfo<T::AccountId>>> {
        Self::netuids()
            .into_iter()
            .map(Self::get_subnet_info)
            .collect()
    }

    pub fn get_subnet_info_v2(netuid: NetUid) -> Option<SubnetInfov2<T::AccountId>> {
        if !Self::subnet_exists(netuid) {
            return None;
        }
        Some(SubnetInfov2 {
            netuid: Compact(netuid),
            rho: Compact(Rho::<T>::get(netuid)),
            kappa: Compact(Kappa::<T>::get(netuid)),
            difficulty: Compact(Difficulty::<T>::get(netuid)),
            immunity_period: Compact(ImmunityPeriod::<T>::get(netuid)),
            max_allowed_validators: Compact(MaxAllowedValidators::<T>::get(netuid)),
            min_allowed_weights: Compact(MinAllowedWeights::<T>::get(netuid)),
            max_weights_limit: Compact(MaxWeightsLimit::<T>::get(netuid)),
            scaling_law_power: Compact(SCALING_LAW_POWER),
            subnetwork_n: Compact(SubnetworkN::<T>::get(netuid)),
            max_allowed_uids: Compact(MaxAllowedUids::<T>::get(netuid)),
            blocks_since_last_step: Compact(BlocksSinceLastStep::<T>::get(netuid)),
            tempo: Compact(Tempo::<T>::get(netuid)),
            network_modality: Compact(0),
            network_connect: Vec::new(),
            emission_value: Compact(0),
            burn: Compact(Burn::<T>::get(netuid)),
            owner: SubnetOwner::<T>::get(netuid),
            identity: SubnetIdentitiesV3::<T>::get(netuid),
        })
    }

    pub fn get_subnets_info_v2() -> Vec<Option<SubnetInfov2<T::AccountId>>> {
        Self::netuids()
            .into_iter()
            .map(Self::get_subnet_info_v2)
            .collect()
    }

    pub fn get_subnet_hyperparams(netuid: NetUid) -> Option<SubnetHyperparams> {
        if !Self::subnet_exists(netuid) {
            return None;
        }
        let (alpha_low, alpha_high) = AlphaValues::<T>::get(netuid);
        Some(SubnetHyperparams {
            rho: Compact(Rho::<T>::get(netuid)),
            kappa: Compact(Kappa::<T>::get(netuid)),
            immunity_period: Compact(ImmunityPeriod::<T>::get(netuid)),
            min_allowed_weights: Compact(MinAllowedWeights::<T>::get(netuid)),
            max_weights_limit: Compact(MaxWeightsLimit::<T>::get(netuid)),
            tempo: Compact(Tempo::<T>::get(netuid)),
            min_difficulty: Compact(MinDifficulty::<T>::get(netuid)),
            max_difficulty: Compact(MaxDifficulty::<T>::get(netuid)),
            weights_version: Compact(WeightsVersionKey::<T>::get(netuid)),
            weights_rate_limit: Compact(WeightsSetRateLimit::<T>::get(netuid)),
            adjustment_interval: Compact(AdjustmentInterval::<T>::get(netuid)),
            activity_cutoff: Compact(Self::activity_cutoff(netuid)),
            registration_allowed: NetworkRegistrationAllowed::<T>::get(netuid),
            target_regs_per_interval: Compact(TargetRegistrationsPerInterval::<T>::get(netuid)),
            min_burn: Compact(MinBurn::<T>::get(netuid)),
            max_burn: Compact(MaxBurn::<T>::get(netuid)),
            bonds_moving_avg: Compact(BondsMovingAverage::<T>::get(netuid)),
            max_regs_per_block: Compact(MaxRegistrationsPerBlock::<T>::get(netuid)),
            serving_rate_limit: Compact(ServingRateLimit::<T>::get(netuid)),
            max_validators: Compact(MaxAllowedValidators::<T>::get(netuid)),
            adjustment_alpha: Compact(AdjustmentAlpha::<T>::get(netuid)),
            difficulty: Compact(Difficulty::<T>::get(netuid)),
            commit_reveal_period: Compact(RevealPeriodEpochs::<T>::get(netuid)),
            commit_reveal_weights_enabled: CommitRevealWeightsEnabled::<T>::get(netuid),
            alpha_high: Compact(alpha_high),
            alpha_low: Compact(alpha_low),
            liquid_alpha_enabled: LiquidAlphaOn::<T>::get(netuid),
        })
    }

    pub fn get_subnet_hyperparams_v2(netuid: NetUid) -> Option<SubnetHyperparamsV2> {
        let first = Self::get_subnet_hyperparams(netuid)?;
        Some(SubnetHyperparamsV2 {
            rho: first.rho,
            kappa: first.kappa,
            immunity_period: first.immunity_period,
            min_allowed_weights: first.min_allowed_weights,
            max_weights_limit: first.max_weights_limit,
            tempo: first.tempo,
            min_difficulty: first.min_difficulty,
            max_difficulty: first.max_difficulty,
            weights_version: first.weights_version,
            weights_rate_limit: first.weights_rate_limit,
            adjustment_interval: first.adjustment_interval,
            activity_cutoff: first.activity_cutoff,
            registration_allowed: first.registration_allowed,
            target_regs_per_interval: first.target_regs_per_interval,
            min_burn: first.min_burn,
            max_burn: first.max_burn,
            bonds_moving_avg: first.bonds_moving_avg,
            max_regs_per_block: first.max_regs_per_block,
            serving_rate_limit: first.serving_rate_limit,
            max_validators: first.max_validators,
            adjustment_alpha: first.adjustment_alpha,
            difficulty: first.difficulty,
            commit_reveal_period: first.commit_reveal_period,
            commit_reveal_weights_enabled: first.commit_reveal_weights_enabled,
            alpha_high: first.alpha_high,
            alpha_low: first.alpha_low,
            liquid_alpha_enabled: first.liquid_alpha_enabled,
            alpha_sigmoid_steepness: Self::sigmoid_steepness(netuid),
            yuma_version: Compact(Self::yuma_version(netuid)),
            subnet_is_active: SubtokenEnabled::<T>::get(netuid),
            transfers_enabled: TransferToggle::<T>::get(netuid),
            bonds_reset_enabled: BondsResetOn::<T>::get(netuid),
            user_liquidity_enabled: false,
        })
    }

    pub fn get_subnet_hyperparams_v3(netuid: NetUid) -> Option<SubnetHyperparamsV3> {
        let second = Self::get_subnet_hyperparams_v2(netuid)?;
        let factor = ActivityCutoffFactorMilli::<T>::get(netuid);
        let own_take = MinChildkeyTakePerSubnet::<T>::get(netuid);
        let min_take = MinChildkeyTake::<T>::get().max(own_take);
        use HyperparamValue::*;
        Some(vec![
            entry("kappa", U16(second.kappa)),
            entry("immunity_period", U16(second.immunity_period)),
            entry("min_allowed_weights", U16(second.min_allowed_weights)),
            entry("max_weights_limit", U16(second.max_weights_limit)),
            entry("tempo", U16(second.tempo)),
            entry("weights_version", U64(second.weights_version)),
            entry("weights_rate_limit", U64(second.weights_rate_limit)),
            entry("activity_cutoff", U64(second.activity_cutoff)),
            entry("activity_cutoff_factor", U32(Compact(factor))),
            entry("registration_allowed", Bool(second.registration_allowed)),
            entry(
                "target_regs_per_interval",
                U16(second.target_regs_per_interval),
            ),
            entry("min_burn", TaoBalance(second.min_burn)),
            entry("max_burn", TaoBalance(second.max_burn)),
            entry(
                "burn_half_life",
                U16(Compact(BurnHalfLife::<T>::get(netuid))),
            ),
            entry(
                "burn_increase_mult",
                U64F64(BurnIncreaseMult::<T>::get(netuid)),
            ),
            entry("bonds_moving_avg", U64(second.bonds_moving_avg)),
            entry("max_regs_per_block", U16(second.max_regs_per_block)),
            entry("serving_rate_limit", U64(second.serving_rate_limit)),
            entry("max_validators", U16(second.max_validators)),
            entry("commit_reveal_period", U64(second.commit_reveal_period)),
            entry(
                "commit_reveal_weights_enabled",
                Bool(second.commit_reveal_weights_enabled),
            ),
            entry("alpha_high", U16(second.alpha_high)),
            entry("alpha_low", U16(second.alpha_low)),
            entry("liquid_alpha_enabled", Bool(second.liquid_alpha_enabled)),
            entry(
                "alpha_sigmoid_steepness",
                I32F32(second.alpha_sigmoid_steepness),
            ),
            entry("yuma_version", U16(second.yuma_version)),
            entry("subnet_is_active", Bool(second.subnet_is_active)),
            entry("transfers_enabled", Bool(second.transfers_enabled)),
            entry("bonds_reset_enabled", Bool(second.bonds_reset_enabled)),
            entry(
                "user_liquidity_enabled",
                Bool(second.user_liquidity_enabled),
            ),
            entry("owner_cut_enabled", Bool(OwnerCutEnabled::<T>::get(netuid))),
            entry(
                "owner_cut_auto_lock_enabled",
                Bool(OwnerCutAutoLockEnabled::<T>::get(netuid)),
            ),
            entry("min_childkey_take", U16(Compact(min_take))),
        ])
    }

    fn sigmoid_steepness(netuid: NetUid) -> I32F32 {
        I32F32 {
            bits: i64::from(AlphaSigmoidSteepness::<T>::get(netuid)) << 32,
        }
    }

    fn yuma_version(netuid: NetUid) -> u16 {
        if Yuma3On::<T>::get(netuid) {
            3
        } else {
            2
        }
    }
}

/// The only value that the chain ever had.
const SCALING_LAW_POWER: u16 = 50;

fn entry(name: &str, value: HyperparamValue) -> HyperparamEntry {
    HyperparamEntry {
        name: name.as_bytes().to_vec(),
        value,
    }
}

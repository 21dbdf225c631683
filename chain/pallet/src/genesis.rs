//! Genesis: what `subnet chain dev` may ask for, as JSON through the standard GenesisBuilder API.

use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One subnet; every field but `netuid`, `ownerColdkey` and `ownerHotkey` may be absent and then
/// has the value of a freshly registered subnet.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[serde(bound(deserialize = "AccountId: Deserialize<'de>"))]
pub struct GenesisSubnet<AccountId> {
    pub netuid: u16,
    pub owner_coldkey: AccountId,
    pub owner_hotkey: AccountId,
    #[serde(default)]
    pub tempo: Option<u16>,
    #[serde(default)]
    pub kappa: Option<u16>,
    #[serde(default)]
    pub rho: Option<u16>,
    #[serde(default)]
    pub immunity_period: Option<u16>,
    #[serde(default)]
    pub min_allowed_uids: Option<u16>,
    #[serde(default)]
    pub max_allowed_uids: Option<u16>,
    #[serde(default)]
    pub max_allowed_validators: Option<u16>,
    #[serde(default)]
    pub min_allowed_weights: Option<u16>,
    #[serde(default)]
    pub min_non_immune_uids: Option<u16>,
    #[serde(default)]
    pub weights_rate_limit: Option<u64>,
    #[serde(default)]
    pub weights_version_key: Option<u64>,
    #[serde(default)]
    pub activity_cutoff_factor_milli: Option<u32>,
    #[serde(default)]
    pub commit_reveal_enabled: Option<bool>,
    #[serde(default)]
    pub commit_reveal_period: Option<u64>,
    #[serde(default)]
    pub yuma3: Option<bool>,
    #[serde(default)]
    pub liquid_alpha: Option<bool>,
    #[serde(default)]
    pub alpha_low: Option<u16>,
    #[serde(default)]
    pub alpha_high: Option<u16>,
    #[serde(default)]
    pub alpha_sigmoid_steepness: Option<i16>,
    #[serde(default)]
    pub bonds_moving_average: Option<u64>,
    #[serde(default)]
    pub bonds_penalty: Option<u16>,
    #[serde(default)]
    pub bonds_reset: Option<bool>,
    #[serde(default)]
    pub serving_rate_limit: Option<u64>,
    #[serde(default)]
    pub burn: Option<u64>,
    #[serde(default)]
    pub min_burn: Option<u64>,
    #[serde(default)]
    pub max_burn: Option<u64>,
    #[serde(default)]
    pub burn_half_life: Option<u16>,
    #[serde(default)]
    pub registration_allowed: Option<bool>,
    #[serde(default)]
    pub owner_cut_enabled: Option<bool>,
    /// Subtoken enabled and emission from block 1.
    #[serde(default)]
    pub started: Option<bool>,
    #[serde(default)]
    pub neurons: Vec<GenesisNeuron<AccountId>>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[serde(bound(deserialize = "AccountId: Deserialize<'de>"))]
pub struct GenesisNeuron<AccountId> {
    pub hotkey: AccountId,
    pub coldkey: AccountId,
    /// Alpha in RAO that the coldkey holds with this hotkey, backed by as much TAO in the pool.
    #[serde(default)]
    pub stake_rao: u64,
}

/// Stores `value` under `netuid` when it was given.
macro_rules! put {
    ($map:ident, $netuid:expr, $value:expr) => {
        if let Some(value) = $value {
            $map::<T>::insert($netuid, value);
        }
    };
}

/// Stores a single `value` when it was given.
macro_rules! put_value {
    ($item:ident, $value:expr) => {
        if let Some(value) = $value {
            $item::<T>::put(value);
        }
    };
}
pub(crate) use put_value;

#[frame_support::pallet_macros::pallet_section]
mod genesis {
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        #[serde(default)]
        pub subnets: Vec<crate::genesis::GenesisSubnet<T::AccountId>>,
        #[serde(default)]
        pub tao_weight: Option<u64>,
        #[serde(default)]
        pub stake_threshold: Option<u64>,
        #[serde(default)]
        pub admin_freeze_window: Option<u16>,
        #[serde(default)]
        pub network_rate_limit: Option<u64>,
        #[serde(default)]
        pub network_min_lock_cost: Option<u64>,
        #[serde(default)]
        pub lock_reduction_interval: Option<u64>,
        #[serde(default)]
        pub owner_hparam_rate_limit: Option<u16>,
        #[serde(default)]
        pub tx_rate_limit: Option<u64>,
        #[serde(default)]
        pub start_call_delay: Option<u64>,
        #[serde(default)]
        pub max_epochs_per_block: Option<u8>,
        #[serde(default)]
        pub subnet_owner_cut: Option<u16>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            use crate::genesis::put_value;
            put_value!(TaoWeight, self.tao_weight);
            put_value!(StakeThreshold, self.stake_threshold);
            put_value!(AdminFreezeWindow, self.admin_freeze_window);
            put_value!(NetworkRateLimit, self.network_rate_limit);
            put_value!(NetworkMinLockCost, self.network_min_lock_cost);
            put_value!(NetworkLastLockCost, self.network_min_lock_cost);
            put_value!(NetworkLockReductionInterval, self.lock_reduction_interval);
            put_value!(OwnerHyperparamRateLimit, self.owner_hparam_rate_limit);
            put_value!(TxRateLimit, self.tx_rate_limit);
            put_value!(StartCallDelay, self.start_call_delay);
            put_value!(MaxEpochsPerBlock, self.max_epochs_per_block);
            put_value!(SubnetOwnerCut, self.subnet_owner_cut);
            Pallet::<T>::create_root_network();
            for subnet in &self.subnets {
                Pallet::<T>::create_genesis_subnet(subnet);
            }
            TotalIssuance::<T>::put(<T::Currency as fungible::Inspect<_>>::total_issuance());
        }
    }
}

use crate::mechanisms::SUBNETS_PER_MECHANISM;
use crate::pallet::*;
use crate::types::ROOT;
use frame_support::traits::fungible::Mutate;

const ROOT_SEATS: u16 = 64;
const ROOT_TEMPO: u16 = 100;
const DEFAULT_TEMPO: u16 = 360;

impl<T: Config> Pallet<T> {
    /// netuid 0 with its 64 seats.
    pub(crate) fn create_root_network() {
        Self::init_new_network(ROOT, ROOT_TEMPO);
        MaxAllowedUids::<T>::insert(ROOT, ROOT_SEATS);
        MaxAllowedValidators::<T>::insert(ROOT, ROOT_SEATS);
        MinAllowedWeights::<T>::insert(ROOT, 0);
        SubtokenEnabled::<T>::insert(ROOT, true);
        Yuma3On::<T>::remove(ROOT);
    }

    pub(crate) fn create_genesis_subnet(subnet: &GenesisSubnet<T::AccountId>) {
        let netuid = subnet.netuid;
        assert!(
            netuid != ROOT,
            "genesis: netuid 0 is the root network and always exists"
        );
        assert!(
            netuid < SUBNETS_PER_MECHANISM,
            "genesis: a netuid is above 4095"
        );
        assert!(
            !Self::subnet_exists(netuid),
            "genesis: a netuid is named twice"
        );
        Self::init_new_network(netuid, subnet.tempo.unwrap_or(DEFAULT_TEMPO));
        put_hyperparameters::<T>(subnet);
        RegisteredSubnetCounter::<T>::insert(netuid, 1);
        SubnetOwner::<T>::insert(netuid, &subnet.owner_coldkey);
        SubnetOwnerHotkey::<T>::insert(netuid, &subnet.owner_hotkey);
        Self::create_account_if_new(&subnet.owner_coldkey, &subnet.owner_hotkey);
        if !subnet
            .neurons
            .iter()
            .any(|n| n.hotkey == subnet.owner_hotkey)
        {
            Self::append_neuron(netuid, &subnet.owner_hotkey, 0);
        }
        for neuron in &subnet.neurons {
            Self::create_genesis_neuron(netuid, neuron);
        }
    }

    fn create_genesis_neuron(netuid: u16, neuron: &GenesisNeuron<T::AccountId>) {
        let known = Uids::<T>::contains_key(netuid, &neuron.hotkey);
        assert!(!known, "genesis: a hotkey is named twice in one subnet");
        Self::create_account_if_new(&neuron.coldkey, &neuron.hotkey);
        Self::append_neuron(netuid, &neuron.hotkey, 0);
        let stake = neuron.stake_rao;
        if stake == 0 {
            return;
        }
        T::Currency::mint_into(&Self::subnet_account(netuid), stake)
            .expect("genesis: stakeRao of a neuron is less than the existential deposit");
        SubnetTAO::<T>::mutate(netuid, |tao| *tao += stake);
        SubnetAlphaOut::<T>::mutate(netuid, |alpha| *alpha += stake);
        TotalStake::<T>::mutate(|total| *total += stake);
        Self::increase_stake(&neuron.hotkey, &neuron.coldkey, netuid, stake);
    }
}

fn put_hyperparameters<T: Config>(s: &GenesisSubnet<T::AccountId>) {
    let netuid = s.netuid;
    put!(Kappa, netuid, s.kappa);
    put!(Rho, netuid, s.rho);
    put!(ImmunityPeriod, netuid, s.immunity_period);
    put!(MinAllowedUids, netuid, s.min_allowed_uids);
    put!(MaxAllowedUids, netuid, s.max_allowed_uids);
    put!(MaxAllowedValidators, netuid, s.max_allowed_validators);
    put!(MinAllowedWeights, netuid, s.min_allowed_weights);
    put!(MinNonImmuneUids, netuid, s.min_non_immune_uids);
    put!(WeightsSetRateLimit, netuid, s.weights_rate_limit);
    put!(WeightsVersionKey, netuid, s.weights_version_key);
    put!(
        ActivityCutoffFactorMilli,
        netuid,
        s.activity_cutoff_factor_milli
    );
    put!(CommitRevealWeightsEnabled, netuid, s.commit_reveal_enabled);
    put!(RevealPeriodEpochs, netuid, s.commit_reveal_period);
    put!(Yuma3On, netuid, s.yuma3);
    put!(LiquidAlphaOn, netuid, s.liquid_alpha);
    put!(AlphaSigmoidSteepness, netuid, s.alpha_sigmoid_steepness);
    put!(BondsMovingAverage, netuid, s.bonds_moving_average);
    put!(BondsPenalty, netuid, s.bonds_penalty);
    put!(BondsResetOn, netuid, s.bonds_reset);
    put!(ServingRateLimit, netuid, s.serving_rate_limit);
    put!(Burn, netuid, s.burn);
    put!(MinBurn, netuid, s.min_burn);
    put!(MaxBurn, netuid, s.max_burn);
    put!(BurnHalfLife, netuid, s.burn_half_life);
    put!(NetworkRegistrationAllowed, netuid, s.registration_allowed);
    put!(OwnerCutEnabled, netuid, s.owner_cut_enabled);
    let (low, high) = AlphaValues::<T>::get(netuid);
    AlphaValues::<T>::insert(
        netuid,
        (s.alpha_low.unwrap_or(low), s.alpha_high.unwrap_or(high)),
    );
    if s.started.unwrap_or(false) {
        SubtokenEnabled::<T>::insert(netuid, true);
        FirstEmissionBlockNumber::<T>::insert(netuid, 1);
    }
}

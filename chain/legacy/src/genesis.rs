//! Genesis: the JSON of the modern runtime, so that one description builds both. What the older
//! dialect does not have is read and left out: the list stands in `chain/README.md`.

use crate::pallet::*;
use pallet_subtensor::genesis::{GenesisNeuron, GenesisSubnet};

const DEFAULT_TEMPO: u16 = 360;

#[frame_support::pallet_macros::pallet_section]
mod genesis {
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        #[serde(default)]
        pub subnets: Vec<pallet_subtensor::genesis::GenesisSubnet<T::AccountId>>,
        #[serde(default)]
        pub stake_threshold: Option<u64>,
        #[serde(default)]
        pub network_rate_limit: Option<u64>,
        #[serde(default)]
        pub network_min_lock_cost: Option<u64>,
        #[serde(default)]
        pub lock_reduction_interval: Option<u64>,
        #[serde(default)]
        pub tx_rate_limit: Option<u64>,
        #[serde(default)]
        pub subnet_owner_cut: Option<u16>,
        /// Root stake is not weighed: without effect.
        #[serde(default)]
        pub tao_weight: Option<u64>,
        /// Owners may always change what they may change: without effect.
        #[serde(default)]
        pub admin_freeze_window: Option<u16>,
        /// The same.
        #[serde(default)]
        pub owner_hparam_rate_limit: Option<u16>,
        /// Subnets need no start: without effect.
        #[serde(default)]
        pub start_call_delay: Option<u64>,
        /// All due epochs run at once: without effect.
        #[serde(default)]
        pub max_epochs_per_block: Option<u8>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            use crate::genesis::put_value;
            put_value!(StakeThreshold, self.stake_threshold);
            put_value!(NetworkRateLimit, self.network_rate_limit);
            put_value!(NetworkMinLockCost, self.network_min_lock_cost);
            put_value!(NetworkLastLockCost, self.network_min_lock_cost);
            put_value!(NetworkLockReductionInterval, self.lock_reduction_interval);
            put_value!(TxRateLimit, self.tx_rate_limit);
            put_value!(SubnetOwnerCut, self.subnet_owner_cut);
            Pallet::<T>::create_root_network();
            for subnet in &self.subnets {
                Pallet::<T>::create_genesis_subnet(subnet);
            }
            let issued = <T::Currency as fungible::Inspect<_>>::total_issuance();
            TotalIssuance::<T>::put(issued.saturating_add(TotalStake::<T>::get()));
        }
    }
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

/// Stores `value` under `netuid` when it was given.
macro_rules! put {
    ($map:ident, $netuid:expr, $value:expr) => {
        if let Some(value) = $value {
            $map::<T>::insert($netuid, value);
        }
    };
}

impl<T: Config> Pallet<T> {
    pub(crate) fn create_genesis_subnet(subnet: &GenesisSubnet<T::AccountId>) {
        let netuid = subnet.netuid;
        let root = netuid == ROOT;
        assert!(
            !root,
            "genesis: netuid 0 is the root network and always exists"
        );
        let taken = Self::subnet_exists(netuid);
        assert!(!taken, "genesis: a netuid is named twice");
        let tempo = subnet.tempo.unwrap_or(DEFAULT_TEMPO);
        Self::init_new_network(netuid, tempo);
        put_hyperparameters::<T>(subnet, tempo);
        SubnetOwner::<T>::insert(netuid, &subnet.owner_coldkey);
        Self::create_account_if_new(&subnet.owner_coldkey, &subnet.owner_hotkey);
        let mut listed = subnet.neurons.iter();
        if !listed.any(|neuron| neuron.hotkey == subnet.owner_hotkey) {
            Self::append_neuron(netuid, &subnet.owner_hotkey, 0);
        }
        for neuron in &subnet.neurons {
            Self::create_genesis_neuron(netuid, neuron);
        }
    }

    fn create_genesis_neuron(netuid: NetUid, neuron: &GenesisNeuron<T::AccountId>) {
        let known = Uids::<T>::contains_key(netuid, &neuron.hotkey);
        assert!(!known, "genesis: a hotkey is named twice in one subnet");
        Self::create_account_if_new(&neuron.coldkey, &neuron.hotkey);
        Self::append_neuron(netuid, &neuron.hotkey, 0);
        Self::increase_stake(&neuron.hotkey, &neuron.coldkey, neuron.stake_rao);
    }
}

fn put_hyperparameters<T: Config>(s: &GenesisSubnet<T::AccountId>, tempo: u16) {
    let netuid = s.netuid;
    put!(Kappa, netuid, s.kappa);
    put!(Rho, netuid, s.rho);
    put!(ImmunityPeriod, netuid, s.immunity_period);
    put!(MaxAllowedUids, netuid, s.max_allowed_uids);
    put!(MaxAllowedValidators, netuid, s.max_allowed_validators);
    put!(MinAllowedWeights, netuid, s.min_allowed_weights);
    put!(WeightsSetRateLimit, netuid, s.weights_rate_limit);
    put!(WeightsVersionKey, netuid, s.weights_version_key);
    let cutoff = s.activity_cutoff_factor_milli;
    let cutoff = cutoff.map(|milli| blocks(milli, tempo));
    put!(ActivityCutoff, netuid, cutoff);
    put!(CommitRevealWeightsEnabled, netuid, s.commit_reveal_enabled);
    put!(RevealPeriodEpochs, netuid, s.commit_reveal_period);
    put!(BondsMovingAverage, netuid, s.bonds_moving_average);
    put!(ServingRateLimit, netuid, s.serving_rate_limit);
    put!(Burn, netuid, s.burn);
    put!(MinBurn, netuid, s.min_burn);
    put!(MaxBurn, netuid, s.max_burn);
    put!(NetworkRegistrationAllowed, netuid, s.registration_allowed);
}

/// Thousandths of a tempo in blocks.
pub(crate) fn blocks(milli: u32, tempo: u16) -> u16 {
    let blocks = subnet_consensus::activity_cutoff_blocks(milli, tempo);
    u16::try_from(blocks).unwrap_or(u16::MAX)
}

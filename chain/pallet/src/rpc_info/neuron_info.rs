//! `NeuronInfoRuntimeApi`.

use alloc::vec;
use alloc::vec::Vec;
use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;

use super::element;
use crate::pallet::*;

/// Stake per coldkey; one entry with the whole pool, under the owner.
type StakeMap<AccountId> = Vec<(AccountId, Compact<AlphaBalance>)>;
type Pairs = Vec<(Compact<u16>, Compact<u16>)>;

/// Ratios are 65535ths, amounts RAO of alpha. `rank`, `trust` and `pruning_score` are no longer
/// computed: 0, 0 and 65535.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct NeuronInfo<AccountId: TypeInfo + Encode + Decode> {
    pub hotkey: AccountId,
    pub coldkey: AccountId,
    pub uid: Compact<u16>,
    pub netuid: Compact<NetUid>,
    pub active: bool,
    pub axon_info: AxonInfo,
    pub prometheus_info: PrometheusInfo,
    pub stake: StakeMap<AccountId>,
    pub rank: Compact<u16>,
    pub emission: Compact<AlphaBalance>,
    pub incentive: Compact<u16>,
    pub consensus: Compact<u16>,
    pub trust: Compact<u16>,
    pub validator_trust: Compact<u16>,
    pub dividends: Compact<u16>,
    pub last_update: Compact<u64>,
    pub validator_permit: bool,
    pub weights: Pairs,
    pub bonds: Pairs,
    pub pruning_score: Compact<u16>,
}

/// [`NeuronInfo`] without weights and bonds.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct NeuronInfoLite<AccountId: TypeInfo + Encode + Decode> {
    pub hotkey: AccountId,
    pub coldkey: AccountId,
    pub uid: Compact<u16>,
    pub netuid: Compact<NetUid>,
    pub active: bool,
    pub axon_info: AxonInfo,
    pub prometheus_info: PrometheusInfo,
    pub stake: StakeMap<AccountId>,
    pub rank: Compact<u16>,
    pub emission: Compact<AlphaBalance>,
    pub incentive: Compact<u16>,
    pub consensus: Compact<u16>,
    pub trust: Compact<u16>,
    pub validator_trust: Compact<u16>,
    pub dividends: Compact<u16>,
    pub last_update: Compact<u64>,
    pub validator_permit: bool,
    pub pruning_score: Compact<u16>,
}

/// The dense vectors of a subnet, read once for all of its neurons.
struct Results {
    active: Vec<bool>,
    emission: Vec<AlphaBalance>,
    incentive: Vec<u16>,
    consensus: Vec<u16>,
    validator_trust: Vec<u16>,
    dividends: Vec<u16>,
    last_update: Vec<u64>,
    validator_permit: Vec<bool>,
}

impl Results {
    fn read<T: Config>(netuid: NetUid) -> Self {
        Self {
            active: Active::<T>::get(netuid),
            emission: Emission::<T>::get(netuid),
            incentive: Incentive::<T>::get(netuid),
            consensus: Consensus::<T>::get(netuid),
            validator_trust: ValidatorTrust::<T>::get(netuid),
            dividends: Dividends::<T>::get(netuid),
            last_update: LastUpdate::<T>::get(netuid),
            validator_permit: ValidatorPermit::<T>::get(netuid),
        }
    }
}

impl<T: Config> Pallet<T> {
    pub fn get_neurons(netuid: NetUid) -> Vec<NeuronInfo<T::AccountId>> {
        let lite = Self::get_neurons_lite(netuid);
        lite.into_iter()
            .map(|neuron| Self::with_rows(netuid, neuron))
            .collect()
    }

    pub fn get_neuron(netuid: NetUid, uid: u16) -> Option<NeuronInfo<T::AccountId>> {
        Some(Self::with_rows(netuid, Self::get_neuron_lite(netuid, uid)?))
    }

    pub fn get_neurons_lite(netuid: NetUid) -> Vec<NeuronInfoLite<T::AccountId>> {
        if !Self::subnet_exists(netuid) {
            return Vec::new();
        }
        let results = Results::read::<T>(netuid);
        let n = SubnetworkN::<T>::get(netuid);
        (0..n)
            .map_while(|uid| Self::neuron_lite(netuid, uid, &results))
            .collect()
    }

    pub fn get_neuron_lite(netuid: NetUid, uid: u16) -> Option<NeuronInfoLite<T::AccountId>> {
        if !Self::subnet_exists(netuid) {
            return None;
        }
        Self::neuron_lite(netuid, uid, &Results::read::<T>(netuid))
    }

    fn neuron_lite(
        netuid: NetUid,
        uid: u16,
        results: &Results,
    ) -> Option<NeuronInfoLite<T::AccountId>> {
        let hotkey = Keys::<T>::try_get(netuid, uid).ok()?;
        let coldkey = Owner::<T>::get(&hotkey);
        let stake = Compact(TotalHotkeyAlpha::<T>::get(&hotkey, netuid));
        Some(NeuronInfoLite {
            uid: Compact(uid),
            netuid: Compact(netuid),
            active: element(&results.active, uid),
            axon_info: Axons::<T>::get(netuid, &hotkey).unwrap_or_default(),
            prometheus_info: Prometheus::<T>::get(netuid, &hotkey).unwrap_or_default(),
            stake: vec![(coldkey.clone(), stake)],
            rank: Compact(0),
            emission: Compact(element(&results.emission, uid)),
            incentive: Compact(element(&results.incentive, uid)),
            consensus: Compact(element(&results.consensus, uid)),
            trust: Compact(0),
            validator_trust: Compact(element(&results.validator_trust, uid)),
            dividends: Compact(element(&results.dividends, uid)),
            last_update: Compact(element(&results.last_update, uid)),
            validator_permit: element(&results.validator_permit, uid),
            pruning_score: Compact(u16::MAX),
            hotkey,
            coldkey,
        })
    }

    fn with_rows(netuid: NetUid, lite: NeuronInfoLite<T::AccountId>) -> NeuronInfo<T::AccountId> {
        NeuronInfo {
            weights: nonzero(Weights::<T>::get(netuid, lite.uid.0)),
            bonds: nonzero(Bonds::<T>::get(netuid, lite.uid.0)),
            hotkey: lite.hotkey,
            coldkey: lite.coldkey,
            uid: lite.uid,
            netuid: lite.netuid,
            active: lite.active,
            axon_info: lite.axon_info,
            prometheus_info: lite.prometheus_info,
            stake: lite.stake,
            rank: lite.rank,
            emission: lite.emission,
            incentive: lite.incentive,
            consensus: lite.consensus,
            trust: lite.trust,
            validator_trust: lite.validator_trust,
            dividends: lite.dividends,
            last_update: lite.last_update,
            validator_permit: lite.validator_permit,
            pruning_score: lite.pruning_score,
        }
    }
}

fn nonzero(row: Vec<(u16, u16)>) -> Pairs {
    let kept = row.into_iter().filter(|(_, value)| *value > 0);
    kept.map(|(uid, value)| (Compact(uid), Compact(value)))
        .collect()
}

//! `SubnetInfoRuntimeApi.get_subnet_state`.

use alloc::vec::Vec;
use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;

use super::{compact, stake_parts};
use crate::pallet::*;

/// The neurons of one subnet by uid. Stakes in RAO: `tao_stake` unweighted, `total_stake` with
/// weight. `pruning_score`, `trust` and `rank` are no longer computed and empty.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct SubnetState<AccountId: TypeInfo + Encode + Decode> {
    pub netuid: Compact<NetUid>,
    pub hotkeys: Vec<AccountId>,
    pub coldkeys: Vec<AccountId>,
    pub active: Vec<bool>,
    pub validator_permit: Vec<bool>,
    pub pruning_score: Vec<Compact<u16>>,
    pub last_update: Vec<Compact<u64>>,
    pub emission: Vec<Compact<AlphaBalance>>,
    pub dividends: Vec<Compact<u16>>,
    pub incentives: Vec<Compact<u16>>,
    pub consensus: Vec<Compact<u16>>,
    pub trust: Vec<Compact<u16>>,
    pub rank: Vec<Compact<u16>>,
    pub block_at_registration: Vec<Compact<u64>>,
    pub alpha_stake: Vec<Compact<AlphaBalance>>,
    pub tao_stake: Vec<Compact<TaoBalance>>,
    pub total_stake: Vec<Compact<TaoBalance>>,
    pub emission_history: Vec<Vec<Compact<AlphaBalance>>>,
}

impl<T: Config> Pallet<T> {
    pub fn get_subnet_state(netuid: NetUid) -> Option<SubnetState<T::AccountId>> {
        if !Self::subnet_exists(netuid) {
            return None;
        }
        let hotkeys = Self::hotkeys(netuid);
        let stakes = Self::stakes(&hotkeys, netuid);
        Some(SubnetState {
            netuid: Compact(netuid),
            coldkeys: Self::owners(&hotkeys),
            active: Active::<T>::get(netuid),
            validator_permit: ValidatorPermit::<T>::get(netuid),
            pruning_score: Vec::new(),
            last_update: compact(LastUpdate::<T>::get(netuid)),
            emission: compact(Emission::<T>::get(netuid)),
            dividends: compact(Dividends::<T>::get(netuid)),
            incentives: compact(Incentive::<T>::get(netuid)),
            consensus: compact(Consensus::<T>::get(netuid)),
            trust: Vec::new(),
            rank: Vec::new(),
            block_at_registration: compact(Self::registration_blocks(netuid)),
            alpha_stake: stake_parts(&stakes, |stake| stake.alpha),
            tao_stake: stake_parts(&stakes, |stake| stake.root),
            total_stake: stake_parts(&stakes, |stake| stake.total),
            emission_history: Self::emission_history(&hotkeys),
            hotkeys,
        })
    }

    /// Per subnet the last emission of each of the hotkeys.
    fn emission_history(hotkeys: &[T::AccountId]) -> Vec<Vec<Compact<AlphaBalance>>> {
        let last = |hotkey: &T::AccountId, netuid| {
            Compact(LastHotkeyEmissionOnNetuid::<T>::get(hotkey, netuid))
        };
        let on_subnet = |netuid| hotkeys.iter().map(|hotkey| last(hotkey, netuid)).collect();
        Self::netuids().into_iter().map(on_subnet).collect()
    }
}

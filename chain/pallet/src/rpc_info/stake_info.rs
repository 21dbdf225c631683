//! `StakeInfoRuntimeApi`.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;

use crate::pallet::*;

/// Amounts in RAO. `locked`, `tao_emission` and `drain` are always zero.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct StakeInfo<AccountId: TypeInfo + Encode + Decode> {
    pub hotkey: AccountId,
    pub coldkey: AccountId,
    pub netuid: Compact<NetUid>,
    pub stake: Compact<AlphaBalance>,
    pub locked: Compact<u64>,
    pub emission: Compact<AlphaBalance>,
    pub tao_emission: Compact<TaoBalance>,
    pub drain: Compact<u64>,
    pub is_registered: bool,
}

/// Alpha of a coldkey on one subnet; nothing is ever locked here.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct StakeAvailability {
    pub total: Compact<AlphaBalance>,
    pub locked: Compact<AlphaBalance>,
    pub available: Compact<AlphaBalance>,
}

/// State of a stake lock, which this chain does not have.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct LockState {
    pub locked_mass: AlphaBalance,
    pub conviction: U64F64,
    pub last_update: u64,
}

type Availability = BTreeMap<NetUid, StakeAvailability>;

impl<T: Config> Pallet<T> {
    /// The coldkey's stakes, subnet by subnet, without empty ones.
    pub fn get_stake_info_for_coldkey(coldkey: T::AccountId) -> Vec<StakeInfo<T::AccountId>> {
        let hotkeys = StakingHotkeys::<T>::get(&coldkey);
        let on_subnet = |netuid: NetUid| {
            let infos = hotkeys.iter().map(move |hotkey| (netuid, hotkey));
            infos.map(|(netuid, hotkey)| Self::stake_info(hotkey, &coldkey, netuid))
        };
        let infos = Self::netuids().into_iter().flat_map(on_subnet);
        infos.filter(|info| info.stake.0 > 0).collect()
    }

    pub fn get_stake_info_for_coldkeys(
        coldkeys: Vec<T::AccountId>,
    ) -> Vec<(T::AccountId, Vec<StakeInfo<T::AccountId>>)> {
        let with_stakes = |coldkey: T::AccountId| {
            let stakes = Self::get_stake_info_for_coldkey(coldkey.clone());
            (coldkey, stakes)
        };
        coldkeys.into_iter().map(with_stakes).collect()
    }

    pub fn get_stake_info_for_hotkey_coldkey_netuid(
        hotkey: T::AccountId,
        coldkey: T::AccountId,
        netuid: NetUid,
    ) -> Option<StakeInfo<T::AccountId>> {
        Some(Self::stake_info(&hotkey, &coldkey, netuid))
    }

    fn stake_info(
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        netuid: NetUid,
    ) -> StakeInfo<T::AccountId> {
        StakeInfo {
            hotkey: hotkey.clone(),
            coldkey: coldkey.clone(),
            netuid: Compact(netuid),
            stake: Compact(Self::stake_of(hotkey, coldkey, netuid)),
            locked: Compact(0),
            emission: Compact(AlphaDividendsPerSubnet::<T>::get(netuid, hotkey)),
            tao_emission: Compact(0),
            drain: Compact(0),
            is_registered: Uids::<T>::contains_key(netuid, hotkey),
        }
    }

    /// Stake that could be taken out now, per coldkey and subnet, without empty subnets. A list of
    /// netuids that is empty or longer than the chain's gives empty answers.
    pub fn get_stake_availability_for_coldkeys(
        coldkeys: Vec<T::AccountId>,
        netuids: Option<Vec<NetUid>>,
    ) -> BTreeMap<T::AccountId, BTreeMap<NetUid, StakeAvailability>> {
        let netuids = Self::asked_netuids(netuids);
        let with_availability = |coldkey: T::AccountId| {
            let available = Self::availability(&coldkey, &netuids);
            (coldkey, available)
        };
        coldkeys.into_iter().map(with_availability).collect()
    }

    fn asked_netuids(netuids: Option<Vec<NetUid>>) -> Vec<NetUid> {
        let existing = Self::netuids();
        let Some(mut asked) = netuids else {
            return existing;
        };
        asked.sort_unstable();
        asked.dedup();
        if asked.len() > existing.len() {
            return Vec::new();
        }
        asked.retain(|netuid| existing.contains(netuid));
        asked
    }

    fn availability(coldkey: &T::AccountId, netuids: &[NetUid]) -> Availability {
        let hotkeys = StakingHotkeys::<T>::get(coldkey);
        let total = |netuid: NetUid| -> AlphaBalance {
            hotkeys
                .iter()
                .map(|hotkey| Self::stake_of(hotkey, coldkey, netuid))
                .sum()
        };
        let totals = netuids.iter().map(|netuid| (*netuid, total(*netuid)));
        let row = |(netuid, total): (NetUid, AlphaBalance)| {
            let (total, locked) = (Compact(total), Compact(0));
            (
                netuid,
                StakeAvailability {
                    total,
                    locked,
                    available: total,
                },
            )
        };
        totals.filter(|(_, total)| *total > 0).map(row).collect()
    }
}

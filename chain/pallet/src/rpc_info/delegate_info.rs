//! `DelegateInfoRuntimeApi`.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;
use subnet_consensus as consensus;

use super::element;
use crate::pallet::*;

const BLOCKS_PER_DAY: u64 = 7200;
const THOUSAND_TAO: u64 = 1000 * 1_000_000_000;

/// Netuid and stake, RAO of alpha.
type Stakes = Vec<(Compact<NetUid>, Compact<u64>)>;
type Nominators<AccountId> = Vec<(AccountId, Stakes)>;

/// Returns are RAO per day, before and after the take.
#[derive(Decode, Encode, PartialEq, Eq, Clone, Debug, TypeInfo)]
pub struct DelegateInfo<AccountId: TypeInfo + Encode + Decode> {
    pub delegate_ss58: AccountId,
    pub take: Compact<u16>,
    pub nominators: Vec<(AccountId, Vec<(Compact<NetUid>, Compact<u64>)>)>,
    pub owner_ss58: AccountId,
    pub registrations: Vec<Compact<NetUid>>,
    pub validator_permits: Vec<Compact<NetUid>>,
    pub return_per_1000: Compact<u64>,
    pub total_daily_return: Compact<u64>,
}

/// A delegate and the stake with it on one subnet.
pub type Delegated<AccountId> = (
    DelegateInfo<AccountId>,
    (Compact<NetUid>, Compact<AlphaBalance>),
);

impl<T: Config> Pallet<T> {
    pub fn get_delegates() -> Vec<DelegateInfo<T::AccountId>> {
        Delegates::<T>::iter_keys()
            .map(|hotkey| Self::delegate_info(hotkey, true))
            .collect()
    }

    pub fn get_delegate(hotkey: T::AccountId) -> Option<DelegateInfo<T::AccountId>> {
        Delegates::<T>::contains_key(&hotkey).then(|| Self::delegate_info(hotkey, true))
    }

    /// The delegates with whom the coldkey has stake, once per subnet, without their nominators.
    pub fn get_delegated(coldkey: T::AccountId) -> Vec<Delegated<T::AccountId>> {
        let of_delegate = |hotkey: T::AccountId| {
            let netuids = Alpha::<T>::iter_key_prefix((hotkey.clone(), coldkey.clone()));
            let netuids: Vec<NetUid> = netuids.collect();
            let stake = |netuid| Compact(Self::stake_of(&hotkey, &coldkey, netuid));
            let entry = |netuid| {
                let info = Self::delegate_info(hotkey.clone(), false);
                (info, (Compact(netuid), stake(netuid)))
            };
            netuids.into_iter().map(entry).collect::<Vec<_>>()
        };
        Delegates::<T>::iter_keys().flat_map(of_delegate).collect()
    }

    fn delegate_info(hotkey: T::AccountId, nominators: bool) -> DelegateInfo<T::AccountId> {
        let registrations = Self::registrations(&hotkey);
        let permitted =
            |(netuid, uid): &&(NetUid, u16)| element(&ValidatorPermit::<T>::get(netuid), *uid);
        let permits = registrations.iter().filter(permitted);
        let take = Delegates::<T>::get(&hotkey);
        let daily = Self::daily_emission(&registrations);
        DelegateInfo {
            validator_permits: permits.map(|(netuid, _)| Compact(*netuid)).collect(),
            registrations: registrations
                .iter()
                .map(|(netuid, _)| Compact(*netuid))
                .collect(),
            nominators: if nominators {
                Self::nominators(&hotkey)
            } else {
                Vec::new()
            },
            owner_ss58: Owner::<T>::get(&hotkey),
            take: Compact(take),
            return_per_1000: Compact(Self::return_per_1000(&hotkey, take, daily)),
            total_daily_return: Compact(daily.to_u64()),
            delegate_ss58: hotkey,
        }
    }

    /// Netuid and uid wherever the hotkey is registered.
    fn registrations(hotkey: &T::AccountId) -> Vec<(NetUid, u16)> {
        let on = |netuid: NetUid| Some((netuid, Uids::<T>::get(netuid, hotkey)?));
        Self::netuids().into_iter().filter_map(on).collect()
    }

    fn nominators(hotkey: &T::AccountId) -> Nominators<T::AccountId> {
        let mut stakes: BTreeMap<T::AccountId, Stakes> = BTreeMap::new();
        for ((coldkey, netuid), _) in Alpha::<T>::iter_prefix((hotkey.clone(),)) {
            let stake = Self::stake_of(hotkey, &coldkey, netuid);
            if stake > 0 {
                stakes
                    .entry(coldkey)
                    .or_default()
                    .push((Compact(netuid), Compact(stake)));
            }
        }
        stakes.into_iter().collect()
    }

    fn daily_emission(registrations: &[(NetUid, u16)]) -> consensus::U64F64 {
        let daily = |(netuid, uid): &(NetUid, u16)| {
            let tempo = u64::from(Tempo::<T>::get(netuid));
            let epochs = consensus::U64F64::from(BLOCKS_PER_DAY).div(tempo.into());
            let emission = element(&Emission::<T>::get(netuid), *uid);
            consensus::U64F64::from(emission).mul(epochs)
        };
        let add = |sum: consensus::U64F64, amount| sum.add(amount);
        registrations
            .iter()
            .map(daily)
            .fold(consensus::U64F64::ZERO, add)
    }

    /// Daily return on 1000 TAO of root stake after the take.
    fn return_per_1000(hotkey: &T::AccountId, take: u16, daily: consensus::U64F64) -> u64 {
        let rest = consensus::U64F64::from(u64::from(u16::MAX - take));
        let kept = daily.mul(rest.div(u64::from(u16::MAX).into()));
        let stake = consensus::U64F64::from(TotalHotkeyAlpha::<T>::get(hotkey, ROOT));
        kept.div(stake.div(THOUSAND_TAO.into())).to_u64()
    }
}

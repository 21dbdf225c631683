//! From the storage of the modern runtime back to this one's, for chains that try both. What the
//! older dialect has no place for is forgotten: timelocked commits, mechanisms other than the first,
//! switches such as Yuma 3, and whatever waits in a pool without being anybody's stake.

use crate::genesis::blocks;
use crate::pallet::*;
use alloc::vec;
use alloc::vec::Vec;
use frame_support::storage::{storage_prefix, unhashed};
use frame_support::traits::fungible::{Balanced, Inspect};
use frame_support::traits::tokens::{Fortitude, Precision, Preservation};
use frame_support::traits::{Get, GetStorageVersion, PalletInfoAccess, StorageVersion};
use frame_system::{LastRuntimeUpgrade, LastRuntimeUpgradeInfo};
use sp_arithmetic::helpers_128bit::multiply_by_rational_with_rounding;
use sp_arithmetic::Rounding;
use sp_io::hashing::twox_128;
use sp_runtime::traits::AccountIdConversion;
use subnet_consensus::legacy_reveal_blocks;

/// Mechanisms other than the first are stored from this number on.
const FIRST_OTHER_MECHANISM: NetUid = 4096;

/// A pallet of the modern runtime; the node tells by its storage whether to announce keys.
const ENCRYPTED_MEMPOOL: &[u8] = b"MevShield";

/// Storage that only the modern runtime has.
mod new {
    use crate::pallet::{Config, Pallet};
    use crate::types::NetUid;
    use frame_support::pallet_prelude::{NMapKey, OptionQuery, ValueQuery};
    use frame_support::{storage_alias, Blake2_128Concat, Identity};

    type Account<T> = <T as frame_system::Config>::AccountId;

    /// Shares of a pool; 64 fraction bits.
    #[storage_alias]
    pub type Alpha<T: Config> = StorageNMap<
        Pallet<T>,
        (
            NMapKey<Blake2_128Concat, Account<T>>,
            NMapKey<Blake2_128Concat, Account<T>>,
            NMapKey<Identity, NetUid>,
        ),
        u128,
        ValueQuery,
    >;

    #[storage_alias]
    pub type TotalHotkeyAlpha<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Blake2_128Concat,
        Account<T>,
        Identity,
        NetUid,
        u64,
        ValueQuery,
    >;

    #[storage_alias]
    pub type TotalHotkeyShares<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Blake2_128Concat,
        Account<T>,
        Identity,
        NetUid,
        u128,
        ValueQuery,
    >;

    #[storage_alias]
    pub type ActivityCutoffFactorMilli<T: Config> =
        StorageMap<Pallet<T>, Identity, NetUid, u32, OptionQuery>;

    #[storage_alias]
    pub type PendingServerEmission<T: Config> =
        StorageMap<Pallet<T>, Identity, NetUid, u64, ValueQuery>;

    #[storage_alias]
    pub type PendingValidatorEmission<T: Config> =
        StorageMap<Pallet<T>, Identity, NetUid, u64, ValueQuery>;

    #[storage_alias]
    pub type PendingOwnerCut<T: Config> = StorageMap<Pallet<T>, Identity, NetUid, u64, ValueQuery>;

    /// What is forgotten, after some of it was read.
    pub const ITEMS: [&str; 42] = [
        "TotalHotkeyAlpha",
        "TotalHotkeyShares",
        "TotalHotkeyAlphaLastEpoch",
        "NominatedHotkeys",
        "AlphaDividendsPerSubnet",
        "LastColdkeyHotkeyStakeBlock",
        "LastRateLimitedBlock",
        "LastEpochBlock",
        "PendingEpochAt",
        "SubnetEpochIndex",
        "ActivityCutoffFactorMilli",
        "TimelockedWeightCommits",
        "CRV3WeightCommits",
        "CRV3WeightCommitsV2",
        "MechanismCountCurrent",
        "MechanismEmissionSplit",
        "SubnetOwnerHotkey",
        "SubnetMechanism",
        "SubnetIdentitiesV3",
        "IdentitiesV2",
        "TokenSymbol",
        "SubtokenEnabled",
        "FirstEmissionBlockNumber",
        "RegisteredSubnetCounter",
        "SubnetTAO",
        "SubnetAlphaIn",
        "SubnetAlphaOut",
        "SubnetVolume",
        "SubnetTaoInEmission",
        "SubnetAlphaOutEmission",
        "SubnetEmissionEnabled",
        "PendingServerEmission",
        "PendingValidatorEmission",
        "PendingRootAlphaDivs",
        "PendingOwnerCut",
        "MinerBurned",
        "Yuma3On",
        "BondsPenalty",
        "BurnHalfLife",
        "BurnIncreaseMult",
        "AdminFreezeWindow",
        "TaoWeight",
    ];
}

impl<T: Config> Pallet<T> {
    /// Does nothing where the storage is not the modern runtime's.
    pub fn migrate_from_modern() {
        let own = Self::in_code_storage_version();
        if Self::on_chain_storage_version() <= own {
            return;
        }
        forget_mechanisms::<T>();
        for netuid in Self::netuids() {
            Self::migrate_network(netuid);
            Self::migrate_commits(netuid);
        }
        Self::migrate_stake();
        for item in new::ITEMS {
            clear_item::<T>(item);
        }
        let _ = unhashed::clear_prefix(&twox_128(ENCRYPTED_MEMPOOL), None, None);
        StorageVersion::put::<Self>(&own);
        // Otherwise the next upgrade to the modern runtime would not count as one.
        let version = LastRuntimeUpgradeInfo::from(<T as frame_system::Config>::Version::get());
        LastRuntimeUpgrade::<T>::put(version);
    }

    fn migrate_network(netuid: NetUid) {
        let tempo = Tempo::<T>::get(netuid);
        if let Some(factor) = new::ActivityCutoffFactorMilli::<T>::get(netuid) {
            ActivityCutoff::<T>::insert(netuid, blocks(factor, tempo));
        }
        // Absent means on there, and off here; the same with the other two.
        let hidden = CommitRevealWeightsEnabled::<T>::try_get(netuid).unwrap_or(true);
        CommitRevealWeightsEnabled::<T>::insert(netuid, hidden);
        MaxWeightsLimit::<T>::insert(netuid, u16::MAX);
        NetworkModality::<T>::insert(netuid, 0);
        let waiting = [
            new::PendingServerEmission::<T>::get(netuid),
            new::PendingValidatorEmission::<T>::get(netuid),
            new::PendingOwnerCut::<T>::get(netuid),
        ];
        PendingEmission::<T>::insert(netuid, waiting.iter().sum::<u64>());
        Rank::<T>::insert(netuid, Incentive::<T>::get(netuid));
        let neurons = usize::from(SubnetworkN::<T>::get(netuid));
        Trust::<T>::insert(netuid, vec![0; neurons]);
        PruningScores::<T>::insert(netuid, scores(&Emission::<T>::get(netuid)));
    }

    /// From (hash, epoch, block, zero) to (hash, block, first and last block of the reveal).
    fn migrate_commits(netuid: NetUid) {
        let (tempo, period) = (
            Tempo::<T>::get(netuid),
            RevealPeriodEpochs::<T>::get(netuid),
        );
        let all: Vec<_> = WeightCommits::<T>::iter_prefix(netuid).collect();
        for (who, mut commits) in all {
            for commit in &mut commits {
                let block = commit.2;
                let (first, last) = legacy_reveal_blocks(netuid, tempo, block, period);
                *commit = (commit.0, block, first, last);
            }
            WeightCommits::<T>::insert(netuid, who, commits);
        }
    }

    /// Every coldkey's part of every pool becomes TAO staked with the hotkey; the pools' own TAO
    /// leaves circulation, as staked TAO does here.
    fn migrate_stake() {
        TotalStake::<T>::put(0);
        let all: Vec<_> = new::Alpha::<T>::drain().collect();
        for ((hotkey, coldkey, netuid), shares) in all {
            let pool = new::TotalHotkeyAlpha::<T>::get(&hotkey, netuid);
            let of = new::TotalHotkeyShares::<T>::get(&hotkey, netuid);
            Self::increase_stake(&hotkey, &coldkey, part(pool, shares, of));
        }
        for netuid in Self::netuids() {
            let account: T::AccountId =
                T::SubtensorPalletId::get().into_sub_account_truncating(netuid);
            let all = T::Currency::balance(&account);
            drop(T::Currency::withdraw(
                &account,
                all,
                Precision::BestEffort,
                Preservation::Expendable,
                Fortitude::Force,
            ));
        }
        let issued = T::Currency::total_issuance();
        TotalIssuance::<T>::put(issued.saturating_add(TotalStake::<T>::get()));
    }
}

fn part(pool: u64, shares: u128, of: u128) -> u64 {
    if of == 0 {
        return 0;
    }
    let part = multiply_by_rational_with_rounding(pool.into(), shares, of, Rounding::Down);
    part.map_or(pool, |part| u64::try_from(part).unwrap_or(pool))
        .min(pool)
}

/// The largest emission as 65535.
fn scores(emission: &[u64]) -> Vec<u16> {
    let most = u128::from(emission.iter().copied().max().unwrap_or(0).max(1));
    let score = |amount: &u64| (u128::from(*amount) * u128::from(u16::MAX) / most) as u16;
    emission.iter().map(score).collect()
}

fn forget_mechanisms<T: Config>() {
    let other = |index: &NetUid| *index >= FIRST_OTHER_MECHANISM;
    let indices: Vec<NetUid> = LastUpdate::<T>::iter_keys().filter(other).collect();
    for index in indices {
        let _ = Weights::<T>::clear_prefix(index, u32::MAX, None);
        let _ = Bonds::<T>::clear_prefix(index, u32::MAX, None);
        let _ = WeightCommits::<T>::clear_prefix(index, u32::MAX, None);
        LastUpdate::<T>::remove(index);
        Incentive::<T>::remove(index);
    }
}

/// Removes all entries of one item of this pallet.
fn clear_item<T: Config>(item: &str) {
    let prefix = storage_prefix(Pallet::<T>::name().as_bytes(), item.as_bytes());
    let _ = unhashed::clear_prefix(&prefix, None, None);
}

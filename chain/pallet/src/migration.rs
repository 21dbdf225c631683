//! From the storage of the older runtime (spec 218, the crate `legacy`) to today's, when its code is
//! exchanged for this on a running chain. What did not change is not touched.

use crate::pallet::*;
use crate::subnets::symbol;
use crate::types::*;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use frame_support::storage::{storage_prefix, unhashed};
use frame_support::traits::fungible::Mutate;
use frame_support::traits::{GetStorageVersion, PalletInfoAccess, StorageVersion};
use frame_support::weights::Weight;
use subnet_consensus::legacy_epoch_index;

/// Factors that the older cutoff in blocks may become.
const CUTOFF_FACTORS: core::ops::RangeInclusive<u32> = 1_000..=50_000;

/// Storage that only the older runtime has.
mod old {
    use crate::pallet::{AccountIdOf, Config, Pallet};
    use crate::types::{NetUid, TaoBalance};
    use alloc::vec::Vec;
    use codec::{Decode, Encode};
    use frame_support::pallet_prelude::{OptionQuery, ValueQuery};
    use frame_support::{storage_alias, Blake2_128Concat, Identity};

    #[derive(Encode, Decode)]
    pub struct SubnetIdentity {
        pub subnet_name: Vec<u8>,
        pub github_repo: Vec<u8>,
        pub subnet_contact: Vec<u8>,
    }

    #[storage_alias]
    pub type Stake<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Blake2_128Concat,
        AccountIdOf<T>,
        Identity,
        AccountIdOf<T>,
        TaoBalance,
        ValueQuery,
    >;

    #[storage_alias]
    pub type PendingEmission<T: Config> =
        StorageMap<Pallet<T>, Identity, NetUid, TaoBalance, ValueQuery>;

    #[storage_alias]
    pub type NetworkLastRegistered<T: Config> = StorageValue<Pallet<T>, u64, ValueQuery>;

    #[storage_alias]
    pub type SubnetIdentities<T: Config> =
        StorageMap<Pallet<T>, Blake2_128Concat, NetUid, SubnetIdentity, OptionQuery>;

    /// What is forgotten without being read.
    pub const ITEMS: [&str; 13] = [
        "Rank",
        "Trust",
        "PruningScores",
        "EmissionValues",
        "NetworkModality",
        "TotalHotkeyStake",
        "TotalColdkeyStake",
        "Identities",
        "HotkeyEmissionTempo",
        "NetworkMinAllowedUids",
        "LastTxBlock",
        "LastTxBlockDelegateTake",
        "LastTxBlockChildKeyTake",
    ];
}

impl<T: Config> Pallet<T> {
    /// Does nothing where the storage is today's. Books no weight: a chain that must fit its
    /// transactions beside a migration does not run this pallet.
    pub(crate) fn migrate_from_legacy() -> Weight {
        let current = Self::in_code_storage_version();
        if Self::on_chain_storage_version() < current {
            for netuid in Self::netuids() {
                Self::migrate_network(netuid);
            }
            Self::migrate_commits();
            Self::migrate_stake();
            let last = old::NetworkLastRegistered::<T>::take();
            LastRateLimitedBlock::<T>::insert(RateLimitKey::NetworkLastRegistered, last);
            for item in old::ITEMS {
                clear_item::<T>(item);
            }
            StorageVersion::put::<Self>(&current);
        }
        Weight::zero()
    }

    fn migrate_network(netuid: NetUid) {
        Self::migrate_schedule(netuid);
        // Absent meant off, and means on today.
        let hidden = CommitRevealWeightsEnabled::<T>::try_get(netuid).unwrap_or(false);
        CommitRevealWeightsEnabled::<T>::insert(netuid, hidden);
        SubnetMechanism::<T>::insert(netuid, 0);
        TokenSymbol::<T>::insert(netuid, symbol(netuid));
        SubtokenEnabled::<T>::insert(netuid, true);
        if netuid == ROOT {
            return;
        }
        RegisteredSubnetCounter::<T>::insert(netuid, 1);
        FirstEmissionBlockNumber::<T>::insert(netuid, Self::current_block().saturating_add(1));
        let waiting = old::PendingEmission::<T>::take(netuid);
        PendingServerEmission::<T>::insert(netuid, waiting / 2);
        PendingValidatorEmission::<T>::insert(netuid, waiting - waiting / 2);
        if let Some(hotkey) = Self::first_hotkey_of_owner(netuid) {
            SubnetOwnerHotkey::<T>::insert(netuid, hotkey);
        }
        if let Some(identity) = old::SubnetIdentities::<T>::take(netuid) {
            SubnetIdentitiesV3::<T>::insert(netuid, renewed(identity));
        }
    }

    /// The last slot was the last block in which `(block + netuid + 1) mod (tempo + 1)` was the
    /// tempo. Upgrades run before the new block is opened: the current one is done.
    fn migrate_schedule(netuid: NetUid) {
        let (done, tempo) = (Self::current_block(), Tempo::<T>::get(netuid));
        let since = (done + u64::from(netuid) + 2) % (u64::from(tempo) + 1);
        LastEpochBlock::<T>::insert(netuid, done.saturating_sub(since));
        SubnetEpochIndex::<T>::insert(netuid, legacy_epoch_index(netuid, tempo, done + 1));
        let cutoff = u32::from(ActivityCutoff::<T>::get(netuid)) * 1000;
        let factor = cutoff.checked_div(tempo.into()).unwrap_or(u32::MAX);
        let factor = factor.clamp(*CUTOFF_FACTORS.start(), *CUTOFF_FACTORS.end());
        ActivityCutoffFactorMilli::<T>::insert(netuid, factor);
    }

    /// A subnet had no hotkey of its owner: the owner's neuron with the lowest uid, if there is one.
    fn first_hotkey_of_owner(netuid: NetUid) -> Option<T::AccountId> {
        let owned = OwnedHotkeys::<T>::get(SubnetOwner::<T>::get(netuid));
        let neurons = owned.into_iter().filter_map(|hotkey| {
            let uid = Uids::<T>::get(netuid, &hotkey)?;
            Some((uid, hotkey))
        });
        neurons
            .min_by_key(|(uid, _)| *uid)
            .map(|(_, hotkey)| hotkey)
    }

    /// From (hash, block, first and last block of the reveal) to (hash, epoch, block, zero).
    fn migrate_commits() {
        let all: Vec<_> = WeightCommits::<T>::iter().collect();
        for (netuid, who, mut commits) in all {
            let tempo = Tempo::<T>::get(netuid);
            for commit in &mut commits {
                let block = commit.1;
                *commit = (commit.0, legacy_epoch_index(netuid, tempo, block), block, 0);
            }
            WeightCommits::<T>::insert(netuid, who, commits);
        }
    }

    /// Stake was TAO, good on every subnet: it becomes alpha of the first subnet on which the hotkey
    /// is a neuron, or root stake. Its TAO, which was in nobody's balance, goes into the pool.
    fn migrate_stake() {
        let all: Vec<_> = old::Stake::<T>::drain().collect();
        let mut pools = BTreeMap::<NetUid, TaoBalance>::new();
        for (hotkey, coldkey, amount) in all {
            let netuid = Self::home_of(&hotkey);
            Self::increase_stake(&hotkey, &coldkey, netuid, amount);
            let pool = pools.entry(netuid).or_default();
            *pool = pool.saturating_add(amount);
        }
        TotalStake::<T>::put(0);
        for (netuid, tao) in pools {
            SubnetAlphaOut::<T>::mutate(netuid, |alpha| *alpha = alpha.saturating_add(tao));
            // Refused only below the existential deposit: no more than dust is unbacked then.
            if T::Currency::mint_into(&Self::subnet_account(netuid), tao).is_ok() {
                SubnetTAO::<T>::mutate(netuid, |sum| *sum = sum.saturating_add(tao));
                TotalStake::<T>::mutate(|sum| *sum = sum.saturating_add(tao));
            }
        }
    }

    fn home_of(hotkey: &T::AccountId) -> NetUid {
        let member = IsNetworkMember::<T>::iter_prefix(hotkey).filter(|(_, member)| *member);
        let netuids = member.map(|(netuid, _)| netuid);
        netuids
            .filter(|netuid| *netuid != ROOT)
            .min()
            .unwrap_or(ROOT)
    }
}

fn renewed(identity: old::SubnetIdentity) -> SubnetIdentityV3 {
    SubnetIdentityV3 {
        subnet_name: identity.subnet_name,
        github_repo: identity.github_repo,
        subnet_contact: identity.subnet_contact,
        ..SubnetIdentityV3::default()
    }
}

/// Removes all entries of one item of this pallet.
fn clear_item<T: Config>(item: &str) {
    let prefix = storage_prefix(Pallet::<T>::name().as_bytes(), item.as_bytes());
    let _ = unhashed::clear_prefix(&prefix, None, None);
}

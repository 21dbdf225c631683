//! Subnets: creating them and what others ask about them.

use crate::pallet::*;
use alloc::vec::Vec;
use frame_support::pallet_prelude::*;
use frame_support::transactional;
use frame_system::pallet_prelude::{BlockNumberFor, OriginFor};
use frame_system::{ensure_root, ensure_signed};
use sp_runtime::traits::{BadOrigin, UniqueSaturatedInto};

const DEFAULT_TEMPO: u16 = 360;
const ROOT_SEATS: u16 = 64;
const ROOT_TEMPO: u16 = 100;
/// 0.97 of `u64::MAX`.
const NEW_ADJUSTMENT_ALPHA: u64 = 17_893_341_751_498_265_066;
const MAX_NAME: usize = 256;
const MAX_TEXT: usize = 1024;

impl<T: Config> Pallet<T> {
    pub fn current_block() -> u64 {
        let block: BlockNumberFor<T> = frame_system::Pallet::<T>::block_number();
        UniqueSaturatedInto::<u64>::unique_saturated_into(block)
    }

    pub fn subnet_exists(netuid: NetUid) -> bool {
        NetworksAdded::<T>::get(netuid)
    }

    pub(crate) fn ensure_exists(netuid: NetUid) -> DispatchResult {
        let exists = Self::subnet_exists(netuid);
        ensure!(exists, Error::<T>::SubNetworkDoesNotExist);
        Ok(())
    }

    /// All netuids in ascending order, root included.
    pub fn netuids() -> Vec<NetUid> {
        let added = NetworksAdded::<T>::iter().filter(|(_, added)| *added);
        let mut netuids: Vec<NetUid> = added.map(|(netuid, _)| netuid).collect();
        netuids.sort_unstable();
        netuids
    }

    /// Root or the owner of the subnet; otherwise `BadOrigin`.
    pub fn ensure_subnet_owner_or_root(origin: OriginFor<T>, netuid: NetUid) -> DispatchResult {
        if ensure_root(origin.clone()).is_ok() {
            return Ok(());
        }
        let who = ensure_signed(origin)?;
        let owner = SubnetOwner::<T>::try_get(netuid);
        ensure!(owner == Ok(who), BadOrigin);
        Ok(())
    }

    /// Price of the next subnet in RAO: twice the last one, falling linearly back to the minimum.
    pub fn network_lock_cost() -> TaoBalance {
        let last = NetworkLastLockCost::<T>::get();
        let block = NetworkLastRegistered::<T>::get();
        let factor = if block == 0 { 1 } else { 2 };
        let interval = NetworkLockReductionInterval::<T>::get();
        let per_block = last.checked_div(interval).unwrap_or(0);
        let fallen = per_block.saturating_mul(Self::current_block().saturating_sub(block));
        let cost = last.saturating_mul(factor).saturating_sub(fallen);
        cost.max(NetworkMinLockCost::<T>::get())
    }

    #[transactional]
    pub(crate) fn do_register_network(
        origin: OriginFor<T>,
        identity: Option<SubnetIdentity>,
    ) -> DispatchResult {
        let coldkey = ensure_signed(origin)?;
        let (now, last) = (Self::current_block(), NetworkLastRegistered::<T>::get());
        let timely = last == 0 || now.saturating_sub(last) >= NetworkRateLimit::<T>::get();
        ensure!(timely, Error::<T>::NetworkTxRateLimitExceeded);
        let lock = Self::network_lock_cost();
        let payable = Self::can_pay(&coldkey, lock);
        ensure!(payable, Error::<T>::NotEnoughBalanceToStake);
        let netuid = Self::free_netuid().ok_or(Error::<T>::AllNetworksInImmunity)?;
        Self::take_balance(&coldkey, lock)?;
        SubnetLocked::<T>::insert(netuid, lock);
        NetworkLastLockCost::<T>::put(lock);
        NetworkLastRegistered::<T>::put(now);
        Self::init_new_network(netuid, DEFAULT_TEMPO);
        NetworkRegisteredAt::<T>::insert(netuid, now);
        SubnetOwner::<T>::insert(netuid, coldkey);
        if let Some(identity) = identity {
            Self::name_subnet(netuid, identity)?;
        }
        Self::deposit_event(Event::NetworkAdded(netuid, 0));
        Ok(())
    }

    /// `None` when all places are taken: no subnet makes room for another here.
    fn free_netuid() -> Option<NetUid> {
        let taken = Self::netuids().len().saturating_sub(1);
        if taken >= usize::from(SubnetLimit::<T>::get()) {
            return None;
        }
        (1..NetUid::MAX).find(|netuid| !Self::subnet_exists(*netuid))
    }

    fn name_subnet(netuid: NetUid, identity: SubnetIdentity) -> DispatchResult {
        let fits = identity.subnet_name.len() <= MAX_NAME
            && identity.github_repo.len() <= MAX_TEXT
            && identity.subnet_contact.len() <= MAX_TEXT;
        ensure!(fits, Error::<T>::InvalidIdentity);
        SubnetIdentities::<T>::insert(netuid, identity);
        Self::deposit_event(Event::SubnetIdentitySet(netuid));
        Ok(())
    }

    /// netuid 0 with its 64 seats. It never runs an epoch here.
    pub(crate) fn create_root_network() {
        Self::init_new_network(ROOT, ROOT_TEMPO);
        MaxAllowedUids::<T>::insert(ROOT, ROOT_SEATS);
        MaxAllowedValidators::<T>::insert(ROOT, ROOT_SEATS);
        MinAllowedWeights::<T>::insert(ROOT, 0);
    }

    /// Storage of an empty subnet with the values that new subnets got. Clients list some maps by
    /// their keys, hence values equal to the default are stored too.
    pub fn init_new_network(netuid: NetUid, tempo: u16) {
        SubnetworkN::<T>::insert(netuid, 0);
        NetworksAdded::<T>::insert(netuid, true);
        Tempo::<T>::insert(netuid, tempo);
        NetworkModality::<T>::insert(netuid, 0);
        TotalNetworks::<T>::mutate(|n| *n = n.saturating_add(1));
        NetworkRegistrationAllowed::<T>::insert(netuid, true);
        MaxAllowedUids::<T>::insert(netuid, 256);
        MaxAllowedValidators::<T>::insert(netuid, 64);
        MinAllowedWeights::<T>::insert(netuid, 1);
        MaxWeightsLimit::<T>::insert(netuid, u16::MAX);
        AdjustmentInterval::<T>::insert(netuid, 360);
        TargetRegistrationsPerInterval::<T>::insert(netuid, 1);
        AdjustmentAlpha::<T>::insert(netuid, NEW_ADJUSTMENT_ALPHA);
        ImmunityPeriod::<T>::insert(netuid, 5000);
        MinBurn::<T>::insert(netuid, 1);
        MinDifficulty::<T>::insert(netuid, u64::MAX);
        MaxDifficulty::<T>::insert(netuid, u64::MAX);
        Kappa::<T>::insert(netuid, Kappa::<T>::get(netuid));
        Difficulty::<T>::insert(netuid, Difficulty::<T>::get(netuid));
        ActivityCutoff::<T>::insert(netuid, ActivityCutoff::<T>::get(netuid));
        EmissionValues::<T>::insert(netuid, 0);
        RegistrationsThisInterval::<T>::insert(netuid, 0);
    }
}

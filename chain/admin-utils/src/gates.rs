//! What a setter asks before it writes: who signs, how long ago the last change was, whether the
//! admin window is open, whether the subnet exists; in this order, which is the chain's.

use crate::pallet::*;
use codec::FullCodec;
use frame_support::ensure;
use frame_support::pallet_prelude::DispatchResult;
use frame_support::traits::Get;
use frame_support::weights::Weight;
use frame_support::{StorageMap, StorageValue};
use frame_system::ensure_root;
use frame_system::pallet_prelude::OriginFor;
use pallet_subtensor::{
    Hyperparameter, NetUid, Tempo, TransactionKeyLastBlock, WeightsVersionKeyRateLimit, ROOT,
};

type Subtensor<T> = pallet_subtensor::Pallet<T>;
type Notice<T> = pallet_subtensor::Event<T>;

const BLOCKS_PER_DAY: u64 = 7200;

/// How often the owner of a subnet may use a setter; root always may.
#[derive(Clone, Copy)]
pub enum Limit {
    /// Once in some tempos, each hyperparameter by itself.
    Parameter(Hyperparameter),
    /// Once in five tempos.
    VersionKey,
    /// Once a day.
    MechanismCount,
    /// Once a day.
    MechanismSplit,
    /// Once in thirty days.
    Trimming,
    Unlimited,
}

impl From<Hyperparameter> for Limit {
    fn from(parameter: Hyperparameter) -> Self {
        Self::Parameter(parameter)
    }
}

impl Limit {
    /// The number under which the chain stores the block of the last use, and the blocks to wait.
    fn timed<T: Config>(self, netuid: NetUid) -> Option<(u16, u64)> {
        let tempo = || u64::from(Tempo::<T>::get(netuid));
        match self {
            Self::VersionKey => Some((
                4,
                tempo().saturating_mul(WeightsVersionKeyRateLimit::<T>::get()),
            )),
            Self::MechanismCount => Some((7, BLOCKS_PER_DAY)),
            Self::MechanismSplit => Some((8, BLOCKS_PER_DAY)),
            Self::Trimming => Some((9, 30 * BLOCKS_PER_DAY)),
            Self::Parameter(_) | Self::Unlimited => None,
        }
    }

    fn check<T: Config>(self, owner: &T::AccountId, netuid: NetUid) -> DispatchResult {
        if let Self::Parameter(parameter) = self {
            return Subtensor::<T>::ensure_owner_rate_limit(netuid, parameter);
        }
        let Some((kind, blocks)) = self.timed::<T>(netuid) else {
            return Ok(());
        };
        let last = TransactionKeyLastBlock::<T>::get((owner, netuid, kind));
        let passes = Subtensor::<T>::passes_rate_limit(blocks, last);
        ensure!(passes, pallet_subtensor::Error::<T>::TxRateLimitExceeded);
        Ok(())
    }

    fn record<T: Config>(self, owner: &T::AccountId, netuid: NetUid) {
        if let Self::Parameter(parameter) = self {
            Subtensor::<T>::record_owner_change(netuid, parameter);
        }
        if let Some((kind, _)) = self.timed::<T>(netuid) {
            let now = Subtensor::<T>::current_block();
            TransactionKeyLastBlock::<T>::insert((owner, netuid, kind), now);
        }
    }
}

impl<T: Config> Pallet<T> {
    /// For the subnet's owner and for root. `change` is told whether root asks; the owner's use
    /// counts against the limit only when it succeeds.
    pub(crate) fn by_owner(
        origin: OriginFor<T>,
        netuid: NetUid,
        limit: impl Into<Limit>,
        change: impl FnOnce(bool) -> DispatchResult,
    ) -> DispatchResult {
        let limit = limit.into();
        let owner = Subtensor::<T>::ensure_subnet_owner_or_root(origin, netuid)?;
        if let Some(owner) = &owner {
            limit.check::<T>(owner, netuid)?;
        }
        Subtensor::<T>::ensure_admin_window_open(netuid)?;
        Self::ensure_subnet(netuid)?;
        change(owner.is_none())?;
        if let Some(owner) = &owner {
            limit.record::<T>(owner, netuid);
        }
        Ok(())
    }

    /// For root, outside of the freeze window.
    pub(crate) fn by_root_in_window(
        origin: OriginFor<T>,
        netuid: NetUid,
        change: impl FnOnce() -> DispatchResult,
    ) -> DispatchResult {
        ensure_root(origin)?;
        Subtensor::<T>::ensure_admin_window_open(netuid)?;
        Self::ensure_subnet(netuid)?;
        change()
    }

    /// For root, at any time.
    pub(crate) fn by_root(
        origin: OriginFor<T>,
        netuid: NetUid,
        change: impl FnOnce() -> DispatchResult,
    ) -> DispatchResult {
        ensure_root(origin)?;
        Self::ensure_subnet(netuid)?;
        change()
    }

    /// Stores a subnet's value for its owner or root.
    pub(crate) fn owner_puts<M: StorageMap<NetUid, V>, V: FullCodec + Clone>(
        origin: OriginFor<T>,
        netuid: NetUid,
        limit: impl Into<Limit>,
        value: V,
        event: impl FnOnce(NetUid, V) -> Notice<T>,
    ) -> DispatchResult {
        Self::by_owner(origin, netuid, limit, |_| {
            Self::put::<M, V>(netuid, value, event)
        })
    }

    /// Stores a subnet's value for root, outside of the freeze window.
    pub(crate) fn root_puts_in_window<M: StorageMap<NetUid, V>, V: FullCodec + Clone>(
        origin: OriginFor<T>,
        netuid: NetUid,
        value: V,
        event: impl FnOnce(NetUid, V) -> Notice<T>,
    ) -> DispatchResult {
        Self::by_root_in_window(origin, netuid, || Self::put::<M, V>(netuid, value, event))
    }

    /// Stores a subnet's value for root, at any time.
    pub(crate) fn root_puts_on<M: StorageMap<NetUid, V>, V: FullCodec + Clone>(
        origin: OriginFor<T>,
        netuid: NetUid,
        value: V,
        event: impl FnOnce(NetUid, V) -> Notice<T>,
    ) -> DispatchResult {
        Self::by_root(origin, netuid, || Self::put::<M, V>(netuid, value, event))
    }

    fn put<M: StorageMap<NetUid, V>, V: FullCodec + Clone>(
        netuid: NetUid,
        value: V,
        event: impl FnOnce(NetUid, V) -> Notice<T>,
    ) -> DispatchResult {
        M::insert(netuid, &value);
        Self::notify(event(netuid, value));
        Ok(())
    }

    /// Stores a value of the whole chain for root.
    pub(crate) fn root_puts<M: StorageValue<V>, V: FullCodec + Clone>(
        origin: OriginFor<T>,
        value: V,
        event: impl FnOnce(V) -> Notice<T>,
    ) -> DispatchResult {
        ensure_root(origin)?;
        M::put(&value);
        Self::notify(event(value));
        Ok(())
    }

    /// Deposits the event of the SubtensorModule that belongs to a change.
    pub(crate) fn notify(event: Notice<T>) {
        Subtensor::<T>::deposit_event(event);
    }

    pub(crate) fn ensure_subnet(netuid: NetUid) -> DispatchResult {
        let exists = Subtensor::<T>::subnet_exists(netuid);
        ensure!(exists, Error::<T>::SubnetDoesNotExist);
        Ok(())
    }

    pub(crate) fn ensure_not_root_network(netuid: NetUid) -> DispatchResult {
        ensure!(netuid != ROOT, Error::<T>::NotPermittedOnRootSubnet);
        Ok(())
    }
}

/// About what the chain books for a setter: 25 us, four reads, two writes.
pub(crate) fn booked<T: Config>() -> Weight {
    let database = T::DbWeight::get().reads_writes(4, 2);
    Weight::from_parts(25_000_000, 0).saturating_add(database)
}

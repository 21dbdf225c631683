//! Neurons: taking a uid, replacing its holder, choosing who must go.

use crate::pallet::*;
use pallet_subtensor::neurons::put_at;

impl<T: Config> Pallet<T> {
    /// Gives `hotkey` the next free uid; every dense vector grows by one element.
    pub fn append_neuron(netuid: NetUid, hotkey: &T::AccountId, block: u64) -> u16 {
        let uid = SubnetworkN::<T>::get(netuid);
        SubnetworkN::<T>::insert(netuid, uid.saturating_add(1));
        put_at::<Rank<T>, _>(netuid, uid, 0);
        put_at::<Trust<T>, _>(netuid, uid, 0);
        put_at::<Emission<T>, _>(netuid, uid, 0);
        put_at::<Consensus<T>, _>(netuid, uid, 0);
        put_at::<Incentive<T>, _>(netuid, uid, 0);
        put_at::<Dividends<T>, _>(netuid, uid, 0);
        put_at::<LastUpdate<T>, _>(netuid, uid, block);
        put_at::<PruningScores<T>, _>(netuid, uid, 0);
        put_at::<ValidatorTrust<T>, _>(netuid, uid, 0);
        put_at::<ValidatorPermit<T>, _>(netuid, uid, false);
        Self::put_holder(netuid, uid, hotkey, block);
        uid
    }

    fn put_holder(netuid: NetUid, uid: u16, hotkey: &T::AccountId, block: u64) {
        put_at::<Active<T>, _>(netuid, uid, true);
        Keys::<T>::insert(netuid, uid, hotkey);
        Uids::<T>::insert(netuid, hotkey, uid);
        BlockAtRegistration::<T>::insert(netuid, uid, block);
        IsNetworkMember::<T>::insert(hotkey, netuid, true);
    }

    /// Takes a free uid, or the uid of the neuron that must go; `None` when there is no place at all.
    pub(crate) fn take_uid(netuid: NetUid, hotkey: &T::AccountId) -> Option<u16> {
        let block = Self::current_block();
        if SubnetworkN::<T>::get(netuid) < MaxAllowedUids::<T>::get(netuid) {
            return Some(Self::append_neuron(netuid, hotkey, block));
        }
        let uid = Self::neuron_to_prune(netuid)?;
        put_at::<PruningScores<T>, _>(netuid, uid, u16::MAX);
        Self::replace_neuron(netuid, uid, hotkey, block);
        Some(uid)
    }

    /// What the predecessor earned and weighed stays until the next epoch, as it did then; only the
    /// age of the weights keeps them from counting.
    fn replace_neuron(netuid: NetUid, uid: u16, hotkey: &T::AccountId, block: u64) {
        let old = Keys::<T>::get(netuid, uid);
        Uids::<T>::remove(netuid, &old);
        IsNetworkMember::<T>::remove(&old, netuid);
        NeuronCertificates::<T>::remove(netuid, &old);
        if !IsNetworkMember::<T>::iter_prefix_values(&old).any(|member| member) {
            Self::unstake_all(&old);
        }
        Self::put_holder(netuid, uid, hotkey, block);
    }

    /// The lowest pruning score, then the oldest; immune neurons only when there are no others.
    pub fn neuron_to_prune(netuid: NetUid) -> Option<u16> {
        let scores = PruningScores::<T>::get(netuid);
        let score = |uid: &u16| scores.get(usize::from(*uid)).copied().unwrap_or(0);
        let rank = |uid: &u16| {
            let registered = BlockAtRegistration::<T>::get(netuid, uid);
            (Self::is_immune(netuid, *uid), score(uid), registered, *uid)
        };
        (0..SubnetworkN::<T>::get(netuid)).min_by_key(rank)
    }

    /// Whether the neuron registered too recently to be replaced.
    pub fn is_immune(netuid: NetUid, uid: u16) -> bool {
        let age = Self::current_block().saturating_sub(BlockAtRegistration::<T>::get(netuid, uid));
        age < u64::from(ImmunityPeriod::<T>::get(netuid))
    }
}

//! How the pallets see each other, and which calls are not accepted at all.

use crate::{AccountId, Runtime, RuntimeCall, SubtensorModule};
use alloc::vec::Vec;
use frame_support::traits::Contains;
use pallet_commitments::{RevealTimelocked, Timelock};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;

/// What `Commitments` asks of `SubtensorModule`.
pub struct Network;

impl pallet_commitments::Subnets<AccountId> for Network {
    fn may_commit(netuid: u16, hotkey: &AccountId) -> bool {
        pallet_subtensor::Uids::<Runtime>::contains_key(netuid, hotkey)
    }

    fn epoch(netuid: u16) -> u64 {
        pallet_subtensor::SubnetEpochIndex::<Runtime>::get(netuid)
    }

    fn reset_bonds(netuid: u16, hotkey: &AccountId) {
        SubtensorModule::reset_bonds(netuid, hotkey)
    }
}

/// What `Commitments` asks of the beacon.
pub struct Beacon;

impl RevealTimelocked for Beacon {
    fn open(encrypted: &[u8], reveal_round: u64) -> Timelock {
        let Some(pulse) = pallet_drand::Pulses::<Runtime>::get(reveal_round) else {
            return Timelock::Closed;
        };
        subnet_timelock::open(encrypted, &pulse.signature).map_or(Timelock::Broken, Timelock::Open)
    }
}

/// What `SubtensorModule` asks of `Commitments`.
pub struct Published;

impl pallet_subtensor::commitments::Commitments<AccountId> for Published {
    fn encoded(netuid: u16) -> Vec<(AccountId, Vec<u8>)> {
        pallet_commitments::Pallet::<Runtime>::encoded_commitments(netuid)
    }

    fn purge(netuid: u16) {
        pallet_commitments::Pallet::<Runtime>::purge(netuid)
    }
}

/// What `MevShield` asks of `Aura`.
pub struct TurnsOfAura;

impl pallet_shield::Authors<AuraId> for TurnsOfAura {
    fn of_this_block() -> Option<AuraId> {
        author_after(0)
    }

    fn of_second_next_block() -> Option<AuraId> {
        author_after(2)
    }
}

fn author_after(slots: u64) -> Option<AuraId> {
    let authorities = pallet_aura::Authorities::<Runtime>::get();
    let slot = (*pallet_aura::CurrentSlot::<Runtime>::get()).checked_add(slots)?;
    let turn = slot.checked_rem(authorities.len() as u64)?;
    authorities.get(turn as usize).cloned()
}

/// A batch inside of a batch is refused.
pub struct NoNestedBatch;

impl Contains<RuntimeCall> for NoNestedBatch {
    fn contains(call: &RuntimeCall) -> bool {
        batched(call).is_none_or(|calls| calls.iter().all(|call| batched(call).is_none()))
    }
}

fn batched(call: &RuntimeCall) -> Option<&Vec<RuntimeCall>> {
    use pallet_utility::Call::{batch, batch_all, force_batch};
    let RuntimeCall::Utility(batch { calls } | batch_all { calls } | force_batch { calls }) = call
    else {
        return None;
    };
    Some(calls)
}

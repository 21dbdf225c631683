//! Emission: TAO, made every block, divided among neurons at each epoch and paid as stake at once.

use crate::pallet::*;
use alloc::vec::Vec;
use subnet_consensus::{block_emission, U96F32};

impl<T: Config> Pallet<T> {
    /// The block's work in the order of then: prices, emission, epochs and their payment.
    pub(crate) fn block_step() {
        let netuids = Self::netuids();
        Self::adjust_prices(&netuids);
        Self::emit(&netuids);
        let block = Self::current_block();
        for netuid in netuids {
            if Self::epoch_due(netuid, block) {
                BlocksSinceLastStep::<T>::insert(netuid, 0);
                LastMechansimStepBlock::<T>::insert(netuid, block);
                let emission = PendingEmission::<T>::take(netuid);
                if emits::<T>(&netuid) {
                    Self::distribute(netuid, emission);
                }
            } else {
                BlocksSinceLastStep::<T>::mutate(netuid, |n| *n = n.saturating_add(1));
            }
        }
    }

    /// Root's votes do not exist here: open subnets share the block's TAO in equal parts.
    fn emit(netuids: &[NetUid]) {
        let open: Vec<NetUid> = netuids.iter().copied().filter(emits::<T>).collect();
        let block = block_emission(TotalIssuance::<T>::get());
        BlockEmission::<T>::put(block);
        let share = block.checked_div(open.len() as u64).unwrap_or(0);
        for netuid in netuids {
            let part = if open.contains(netuid) { share } else { 0 };
            if EmissionValues::<T>::get(netuid) != part {
                EmissionValues::<T>::insert(netuid, part);
            }
            PendingEmission::<T>::mutate(netuid, |sum| *sum = sum.saturating_add(part));
        }
    }

    /// One epoch and its payment. The owner's cut is paid as balance.
    fn distribute(netuid: NetUid, pending: TaoBalance) {
        let hotkeys = Self::hotkeys(netuid);
        let owner = SubnetOwner::<T>::try_get(netuid).ok();
        let cut = match owner {
            Some(_) => share_of(pending, SubnetOwnerCut::<T>::get()),
            None => 0,
        };
        let output = Self::run_epoch(netuid, &hotkeys, pending.saturating_sub(cut)).epoch;
        let mut issued = cut;
        for (uid, hotkey) in hotkeys.iter().enumerate() {
            let (server, validator) = (output.server_emission[uid], output.validator_emission[uid]);
            issued = issued.saturating_add(server).saturating_add(validator);
            Self::pay(hotkey, server, validator);
        }
        if let Some(owner) = owner.filter(|_| cut > 0) {
            Self::give_balance(&owner, cut);
        }
        TotalIssuance::<T>::mutate(|total| *total = total.saturating_add(issued));
    }

    /// Incentive and the take go to the hotkey's owner, the rest of the dividends to all stakers.
    fn pay(hotkey: &T::AccountId, server: TaoBalance, validator: TaoBalance) {
        let take = share_of(validator, Delegates::<T>::get(hotkey));
        Self::reward_stakers(hotkey, validator.saturating_sub(take));
        let owner = Owner::<T>::get(hotkey);
        Self::increase_stake(hotkey, &owner, server.saturating_add(take));
    }
}

fn emits<T: Config>(netuid: &NetUid) -> bool {
    *netuid != ROOT && NetworkRegistrationAllowed::<T>::get(netuid)
}

/// `amount * part / 65535`, rounded down.
fn share_of(amount: u64, part: u16) -> u64 {
    let share = U96F32::from(u64::from(part)).div(U96F32::from(u64::from(u16::MAX)));
    U96F32::from(amount).mul(share).to_u64()
}

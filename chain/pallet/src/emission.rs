//! Emission: made every block, divided among neurons at each epoch.

use crate::pallet::*;
use crate::types::*;
use alloc::vec::Vec;
use subnet_consensus as consensus;
use subnet_consensus::{AlphaSplit, DividendClaim, EpochOutput};

/// What a subnet has gathered since its last epoch.
#[derive(Clone, Copy, Default)]
struct Pending {
    server: AlphaBalance,
    validator: AlphaBalance,
    root: AlphaBalance,
    owner: AlphaBalance,
}

impl<T: Config> Pallet<T> {
    /// The block's work in the chain's order: prices, emission, epochs and their payment.
    pub(crate) fn block_step() {
        let netuids = Self::netuids();
        Self::decay_prices(&netuids);
        let emitting: Vec<NetUid> = netuids.iter().copied().filter(Self::emits).collect();
        Self::emit_tao(&emitting);
        for netuid in &emitting {
            Self::emit_alpha(*netuid);
        }
        for (netuid, hotkeys) in Self::consume_due_slots(&netuids) {
            let pending = Self::take_pending(netuid);
            Self::distribute(netuid, &hotkeys, pending);
            LastMechansimStepBlock::<T>::insert(netuid, Self::current_block());
        }
    }

    /// Whether the subnet was started and is open.
    fn emits(netuid: &NetUid) -> bool {
        *netuid != ROOT
            && FirstEmissionBlockNumber::<T>::contains_key(netuid)
            && SubtokenEnabled::<T>::get(netuid)
            && NetworkRegistrationAllowed::<T>::get(netuid)
    }

    /// The block's TAO, in equal parts to the pools of the subnets that may have it: all prices are
    /// equal. It backs the alpha that the same block makes.
    fn emit_tao(emitting: &[NetUid]) {
        let block = consensus::block_emission(TotalIssuance::<T>::get());
        BlockEmission::<T>::put(block);
        let enabled = |netuid: &&NetUid| SubnetEmissionEnabled::<T>::get(netuid);
        let receivers: Vec<&NetUid> = emitting.iter().filter(enabled).collect();
        let share = block.checked_div(receivers.len() as u64).unwrap_or(0);
        for netuid in emitting {
            let tao = if receivers.contains(&netuid) {
                share
            } else {
                0
            };
            SubnetTaoInEmission::<T>::insert(netuid, tao);
            Self::mint_into_pool(*netuid, tao);
        }
    }

    /// The block's alpha of one subnet, divided into what waits for the next epoch.
    fn emit_alpha(netuid: NetUid) {
        let out = SubnetAlphaOut::<T>::get(netuid);
        let issued = out.saturating_add(SubnetAlphaIn::<T>::get(netuid));
        let created = consensus::block_emission(issued);
        SubnetAlphaOutEmission::<T>::insert(netuid, created);
        SubnetAlphaOut::<T>::insert(netuid, out.saturating_add(created));
        let cut = match OwnerCutEnabled::<T>::get(netuid) {
            true => SubnetOwnerCut::<T>::get(),
            false => 0,
        };
        let split = consensus::split_block_alpha(created, cut, consensus::U96F32::ZERO);
        Self::add_pending(netuid, split);
    }

    fn add_pending(netuid: NetUid, split: AlphaSplit) {
        let raise = |pending: &mut AlphaBalance, by: AlphaBalance| {
            *pending = pending.saturating_add(by);
        };
        PendingOwnerCut::<T>::mutate(netuid, |pending| raise(pending, split.owner));
        PendingServerEmission::<T>::mutate(netuid, |pending| raise(pending, split.server));
        PendingValidatorEmission::<T>::mutate(netuid, |pending| raise(pending, split.validator));
    }

    fn take_pending(netuid: NetUid) -> Pending {
        let pending = Pending {
            server: PendingServerEmission::<T>::get(netuid),
            validator: PendingValidatorEmission::<T>::get(netuid),
            root: PendingRootAlphaDivs::<T>::get(netuid),
            owner: PendingOwnerCut::<T>::get(netuid),
        };
        PendingServerEmission::<T>::insert(netuid, 0);
        PendingValidatorEmission::<T>::insert(netuid, 0);
        PendingRootAlphaDivs::<T>::insert(netuid, 0);
        PendingOwnerCut::<T>::insert(netuid, 0);
        pending
    }

    /// One epoch and its payment.
    fn distribute(netuid: NetUid, hotkeys: &[T::AccountId], pending: Pending) {
        let sum = pending
            .server
            .saturating_add(pending.validator)
            .saturating_add(pending.root);
        let output = Self::run_epoch(netuid, hotkeys, sum);
        Self::deposit_event(Event::IncentiveAlphaEmittedToMiners {
            netuid,
            emissions: output.server_emission.clone(),
        });
        Self::pay_owner(netuid, pending.owner);
        Self::pay_miners(netuid, hotkeys, &output);
        let earned = output.server_emission.iter().any(|amount| *amount > 0);
        // Without any miner worth paying, the miners' half goes to the validators.
        let unclaimed = if earned { 0 } else { pending.server };
        let validator = pending.validator.saturating_add(unclaimed);
        Self::pay_validators(netuid, hotkeys, &output, validator, pending.root);
    }

    fn pay_owner(netuid: NetUid, cut: AlphaBalance) {
        let owner = SubnetOwner::<T>::try_get(netuid);
        if let (Ok(coldkey), Ok(hotkey)) = (owner, SubnetOwnerHotkey::<T>::try_get(netuid)) {
            Self::increase_stake(&hotkey, &coldkey, netuid, cut);
        }
    }

    /// Incentive as stake. What neurons of the subnet's owner would get is withheld.
    fn pay_miners(netuid: NetUid, hotkeys: &[T::AccountId], output: &EpochOutput) {
        let own = Self::withheld_hotkeys(netuid);
        let total: u64 = output.server_emission.iter().sum();
        let mut withheld: u64 = 0;
        let paid = hotkeys
            .iter()
            .zip(&output.server_emission)
            .filter(|(_, amount)| **amount > 0);
        for (hotkey, amount) in paid {
            if own.contains(hotkey) {
                withheld = withheld.saturating_add(*amount);
                Self::withhold(netuid, *amount);
            } else {
                Self::pay_miner(netuid, hotkey, *amount);
            }
        }
        MinerBurned::<T>::insert(netuid, U96F32::ratio(withheld, total));
    }

    fn withheld_hotkeys(netuid: NetUid) -> Vec<T::AccountId> {
        let mut own = OwnedHotkeys::<T>::get(SubnetOwner::<T>::get(netuid));
        own.extend(SubnetOwnerHotkey::<T>::try_get(netuid));
        own
    }

    /// Burned alpha stays in the count of what was issued, recycled alpha may be issued again.
    fn withhold(netuid: NetUid, amount: AlphaBalance) {
        if RecycleOrBurn::<T>::get(netuid) == RecycleOrBurnEnum::Recycle {
            SubnetAlphaOut::<T>::mutate(netuid, |out| *out = out.saturating_sub(amount));
        }
    }

    fn pay_miner(netuid: NetUid, hotkey: &T::AccountId, incentive: AlphaBalance) {
        let owner = Owner::<T>::get(hotkey);
        let destination = AutoStakeDestination::<T>::get(&owner, netuid);
        let receiver = destination.as_ref().unwrap_or(hotkey);
        Self::increase_stake(receiver, &owner, netuid, incentive);
        if let Some(destination) = destination {
            let hotkey = hotkey.clone();
            let event = Event::AutoStakeAdded {
                netuid,
                destination,
                hotkey,
                owner,
                incentive,
            };
            Self::deposit_event(event);
        }
    }

    /// Dividends: the take to the validator's owner, the rest to everybody staked with it.
    fn pay_validators(
        netuid: NetUid,
        hotkeys: &[T::AccountId],
        output: &EpochOutput,
        alpha: AlphaBalance,
        root: AlphaBalance,
    ) {
        let earned = hotkeys
            .iter()
            .zip(&output.validator_emission)
            .filter(|(_, d)| **d > 0);
        let (validators, claims): (Vec<&T::AccountId>, Vec<DividendClaim>) = earned
            .map(|(hotkey, dividend)| (hotkey, Self::dividend_claim(netuid, hotkey, *dividend)))
            .unzip();
        let weight = consensus::tao_weight_fraction(TaoWeight::<T>::get());
        let shares = consensus::distribute_dividends(&claims, alpha, root, weight);
        let _ = AlphaDividendsPerSubnet::<T>::clear_prefix(netuid, u32::MAX, None);
        for (hotkey, share) in validators.into_iter().zip(shares) {
            let (take, rest) = consensus::split_take(share.alpha, Delegates::<T>::get(hotkey));
            Self::increase_stake(hotkey, &Owner::<T>::get(hotkey), netuid, take);
            Self::increase_pool(hotkey, netuid, rest);
            AlphaDividendsPerSubnet::<T>::insert(netuid, hotkey, rest);
            let pool = TotalHotkeyAlpha::<T>::get(hotkey, netuid);
            TotalHotkeyAlphaLastEpoch::<T>::insert(hotkey, netuid, pool);
        }
    }

    fn dividend_claim(netuid: NetUid, hotkey: &T::AccountId, dividend: u64) -> DividendClaim {
        DividendClaim {
            dividend,
            alpha_stake: TotalHotkeyAlpha::<T>::get(hotkey, netuid),
            root_stake: TotalHotkeyAlpha::<T>::get(hotkey, ROOT),
        }
    }
}

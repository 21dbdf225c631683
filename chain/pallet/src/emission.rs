//! Emission: made every block, divided among neurons at each epoch.

use crate::children::Family;
use crate::pallet::*;
use crate::types::*;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use subnet_consensus as consensus;
use subnet_consensus::{AlphaSplit, DividendClaim};

/// What a subnet has gathered since its last epoch.
#[derive(Clone, Copy, Default)]
struct Pending {
    server: AlphaBalance,
    validator: AlphaBalance,
    root: AlphaBalance,
    owner: AlphaBalance,
}

impl<T: Config> Pallet<T> {
    /// The block's work in the chain's order: prices, reveals, emission, epochs and their
    /// payment.
    pub(crate) fn block_step() {
        let netuids = Self::netuids();
        Self::decay_prices(&netuids);
        Self::reveal_timelocked(&netuids);
        let emitting: Vec<NetUid> = netuids.iter().copied().filter(Self::emits).collect();
        Self::emit_tao(&emitting);
        for netuid in &emitting {
            Self::emit_alpha(*netuid);
        }
        for (netuid, hotkeys) in Self::consume_due_slots(&netuids) {
            let pending = Self::take_pending(netuid);
            Self::distribute(netuid, hotkeys, pending);
            LastMechansimStepBlock::<T>::insert(netuid, Self::current_block());
        }
        let now = Self::current_block();
        for netuid in netuids
            .iter()
            .filter(|n| LastEpochBlock::<T>::get(n) == now)
        {
            Self::apply_pending_children(*netuid);
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
    fn distribute(netuid: NetUid, hotkeys: Vec<T::AccountId>, pending: Pending) {
        let mut payroll = Payroll::<T>::read(netuid, hotkeys);
        let sum = pending
            .server
            .saturating_add(pending.validator)
            .saturating_add(pending.root);
        let output = Self::run_epoch_over(netuid, &payroll.hotkeys, &payroll.pools, sum);
        Self::deposit_event(Event::IncentiveAlphaEmittedToMiners {
            netuid,
            emissions: output.server_emission.clone(),
        });
        payroll.pay_owner(pending.owner);
        payroll.pay_miners(&output.server_emission);
        let earned = output.server_emission.iter().any(|amount| *amount > 0);
        // Without any miner worth paying, the miners' half goes to the validators.
        let unclaimed = if earned { 0 } else { pending.server };
        let validator = pending.validator.saturating_add(unclaimed);
        payroll.pay_validators(&output.validator_emission, validator, pending.root);
    }

    /// Whether root stake counts anything on other subnets.
    pub(crate) fn root_stake_counts() -> bool {
        TaoWeight::<T>::get() != 0 && SubnetAlphaOut::<T>::get(ROOT) != 0
    }

    /// Stake that `hotkey` has on root, as far as it counts.
    pub(crate) fn counted_root_stake(hotkey: &T::AccountId, counts: bool) -> AlphaBalance {
        match counts {
            true => TotalHotkeyAlpha::<T>::get(hotkey, ROOT),
            false => 0,
        }
    }
}

/// Those whom an epoch pays. Their pools are read once and kept up to date: an epoch pays hundreds
/// of neurons, and what it reads is most of what it costs.
struct Payroll<T: Config> {
    netuid: NetUid,
    hotkeys: Vec<T::AccountId>,
    pools: Vec<AlphaBalance>,
    nominated: BTreeSet<T::AccountId>,
}

impl<T: Config> Payroll<T> {
    fn read(netuid: NetUid, hotkeys: Vec<T::AccountId>) -> Self {
        let pools = Pallet::<T>::pools(netuid, &hotkeys);
        let nominated = NominatedHotkeys::<T>::get(netuid);
        Self {
            netuid,
            hotkeys,
            pools,
            nominated,
        }
    }

    /// Stake for the owner of the hotkey of `uid`.
    fn pay(&mut self, uid: usize, amount: AlphaBalance) {
        if self.raise_sole_owners_pool(uid, amount) {
            return;
        }
        let (hotkey, pool) = (&self.hotkeys[uid], self.pools[uid]);
        let owner = Owner::<T>::get(hotkey);
        self.pools[uid] = Pallet::<T>::increase_stake_in(hotkey, &owner, self.netuid, amount, pool);
    }

    /// Where the owner holds the whole pool, it may simply grow; false where that is not so.
    fn raise_sole_owners_pool(&mut self, uid: usize, amount: AlphaBalance) -> bool {
        let (hotkey, pool) = (&self.hotkeys[uid], self.pools[uid]);
        if pool == 0 || self.nominated.contains(hotkey) {
            return false;
        }
        self.pools[uid] = pool.saturating_add(amount);
        TotalHotkeyAlpha::<T>::insert(hotkey, self.netuid, self.pools[uid]);
        true
    }

    /// Stake with a hotkey that need not be a neuron.
    fn pay_to(&mut self, hotkey: &T::AccountId, coldkey: &T::AccountId, amount: AlphaBalance) {
        Pallet::<T>::increase_stake(hotkey, coldkey, self.netuid, amount);
        if let Some(uid) = self.hotkeys.iter().position(|known| known == hotkey) {
            self.pools[uid] = TotalHotkeyAlpha::<T>::get(hotkey, self.netuid);
        }
    }

    fn pay_owner(&mut self, cut: AlphaBalance) {
        let owner = SubnetOwner::<T>::try_get(self.netuid);
        let hotkey = SubnetOwnerHotkey::<T>::try_get(self.netuid);
        if let (Ok(coldkey), Ok(hotkey)) = (owner, hotkey) {
            self.pay_to(&hotkey, &coldkey, cut);
        }
    }

    /// Incentive as stake. What neurons of the subnet's owner would get is withheld.
    fn pay_miners(&mut self, incentives: &[AlphaBalance]) {
        let own = self.withheld_hotkeys();
        // Nearly always nobody has redirected anything: asked once instead of for each neuron.
        let redirected = AutoStakeDestination::<T>::iter_keys().next().is_some();
        let mut withheld: u64 = 0;
        for (uid, amount) in incentives
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, a)| *a > 0)
        {
            if own.contains(&self.hotkeys[uid]) {
                withheld = withheld.saturating_add(amount);
                self.withhold(amount);
            } else if redirected {
                self.pay_redirected(uid, amount);
            } else {
                self.pay(uid, amount);
            }
        }
        let total = incentives.iter().sum();
        MinerBurned::<T>::insert(self.netuid, U96F32::ratio(withheld, total));
    }

    fn withheld_hotkeys(&self) -> Vec<T::AccountId> {
        let mut own = OwnedHotkeys::<T>::get(SubnetOwner::<T>::get(self.netuid));
        own.extend(SubnetOwnerHotkey::<T>::try_get(self.netuid));
        own
    }

    /// Burned alpha stays in the count of what was issued, recycled alpha may be issued again.
    fn withhold(&self, amount: AlphaBalance) {
        if RecycleOrBurn::<T>::get(self.netuid) == RecycleOrBurnEnum::Recycle {
            self.recycle(amount);
        }
    }

    fn recycle(&self, amount: AlphaBalance) {
        if amount > 0 {
            SubnetAlphaOut::<T>::mutate(self.netuid, |out| *out = out.saturating_sub(amount));
        }
    }

    fn pay_redirected(&mut self, uid: usize, incentive: AlphaBalance) {
        let hotkey = self.hotkeys[uid].clone();
        let owner = Owner::<T>::get(&hotkey);
        let Some(destination) = AutoStakeDestination::<T>::get(&owner, self.netuid) else {
            return self.pay(uid, incentive);
        };
        self.pay_to(&destination, &owner, incentive);
        let netuid = self.netuid;
        let event = Event::AutoStakeAdded {
            netuid,
            destination,
            hotkey,
            owner,
            incentive,
        };
        Pallet::<T>::deposit_event(event);
    }

    /// Dividends: the take to the validator's owner, the rest to everybody staked with it.
    fn pay_validators(&mut self, dividends: &[u64], alpha: AlphaBalance, root: AlphaBalance) {
        let dividends = self.share_with_parents(dividends);
        let paid: Vec<usize> = (0..dividends.len())
            .filter(|uid| dividends[*uid] > 0)
            .collect();
        let counts = Pallet::<T>::root_stake_counts();
        let claim = |uid: &usize| DividendClaim {
            dividend: dividends[*uid],
            alpha_stake: self.pools[*uid],
            root_stake: Pallet::<T>::counted_root_stake(&self.hotkeys[*uid], counts),
        };
        let claims: Vec<DividendClaim> = paid.iter().map(claim).collect();
        let weight = consensus::tao_weight_fraction(TaoWeight::<T>::get());
        let shares = consensus::distribute_dividends(&claims, alpha, root, weight);
        self.forget_dividends_except(&paid);
        for (uid, share) in paid.into_iter().zip(shares) {
            self.pay_validator(uid, share.alpha);
        }
    }

    /// Gives parents their part. Those that are no neurons join the payroll behind the last uid.
    fn share_with_parents(&mut self, dividends: &[u64]) -> Vec<u64> {
        let family = Family::<T>::of(self.netuid);
        let mut shared = dividends.to_vec();
        for (uid, dividend) in dividends.iter().enumerate().filter(|(_, d)| **d > 0) {
            let hotkey = self.hotkeys[uid].clone();
            let parents = family.parents_of(&hotkey);
            if parents.is_empty() {
                continue;
            }
            let shares = family.share(self.netuid, &hotkey, *dividend);
            shared[uid] = shared[uid]
                .saturating_sub(*dividend)
                .saturating_add(shares.child);
            self.recycle(shares.recycled);
            for ((_, parent), share) in parents.iter().zip(shares.parents) {
                let index = self.index_of(parent);
                shared.resize(self.hotkeys.len(), 0);
                shared[index] = shared[index].saturating_add(share);
            }
        }
        shared
    }

    fn index_of(&mut self, hotkey: &T::AccountId) -> usize {
        if let Some(known) = self.hotkeys.iter().position(|known| known == hotkey) {
            return known;
        }
        self.hotkeys.push(hotkey.clone());
        self.pools
            .push(TotalHotkeyAlpha::<T>::get(hotkey, self.netuid));
        self.hotkeys.len() - 1
    }

    /// Whoever was paid by an earlier epoch and is not now has no dividend any more.
    fn forget_dividends_except(&self, paid: &[usize]) {
        let stored = AlphaDividendsPerSubnet::<T>::iter_key_prefix(self.netuid);
        let keeps = |hotkey: &T::AccountId| paid.iter().any(|uid| self.hotkeys[*uid] == *hotkey);
        for hotkey in stored.filter(|hotkey| !keeps(hotkey)).collect::<Vec<_>>() {
            AlphaDividendsPerSubnet::<T>::remove(self.netuid, hotkey);
        }
    }

    fn pay_validator(&mut self, uid: usize, dividend: consensus::U96F32) {
        let hotkey = self.hotkeys[uid].clone();
        let (take, rest) = consensus::split_take(dividend, Delegates::<T>::get(&hotkey));
        if !self.raise_sole_owners_pool(uid, take.saturating_add(rest)) {
            self.pay(uid, take);
            Pallet::<T>::increase_pool(&hotkey, self.netuid, rest);
            self.pools[uid] = TotalHotkeyAlpha::<T>::get(&hotkey, self.netuid);
        }
        AlphaDividendsPerSubnet::<T>::insert(self.netuid, &hotkey, rest);
        TotalHotkeyAlphaLastEpoch::<T>::insert(&hotkey, self.netuid, self.pools[uid]);
    }
}

//! When epochs run, and what an epoch reads and writes.

use crate::children::Family;
use crate::pallet::*;
use crate::types::*;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use subnet_consensus as consensus;
use subnet_consensus::{EpochClock, EpochInput, EpochOutput, LiquidAlpha};

impl<T: Config> Pallet<T> {
    /// Stored state of the subnet's schedule.
    pub fn epoch_clock(netuid: NetUid) -> EpochClock {
        EpochClock {
            tempo: Tempo::<T>::get(netuid),
            last_epoch_block: LastEpochBlock::<T>::get(netuid),
            pending_epoch_at: PendingEpochAt::<T>::get(netuid),
            blocks_since_last_step: BlocksSinceLastStep::<T>::get(netuid),
        }
    }

    /// Epoch that a commit or reveal of this block belongs to: one more when a slot is due now.
    pub fn current_epoch(netuid: NetUid) -> u64 {
        let due = consensus::epoch_due(&Self::epoch_clock(netuid), Self::current_block());
        SubnetEpochIndex::<T>::get(netuid).saturating_add(u64::from(due))
    }

    /// Consumes the slots that are due in this block, at most `MaxEpochsPerBlock` with an epoch,
    /// and returns the subnets whose epoch runs now with their hotkeys by uid.
    pub(crate) fn consume_due_slots(netuids: &[NetUid]) -> Vec<(NetUid, Vec<T::AccountId>)> {
        let mut running = Vec::new();
        for &netuid in netuids.iter().filter(|netuid| **netuid != ROOT) {
            BlocksSinceLastStep::<T>::mutate(netuid, |blocks| *blocks = blocks.saturating_add(1));
            if !consensus::epoch_due(&Self::epoch_clock(netuid), Self::current_block()) {
                continue;
            }
            if running.len() >= usize::from(MaxEpochsPerBlock::<T>::get()) {
                Self::defer_epoch(netuid);
            } else if let Some(hotkeys) = Self::consume_slot(netuid) {
                running.push((netuid, hotkeys));
            }
        }
        running
    }

    fn defer_epoch(netuid: NetUid) {
        let from_block = Self::current_block();
        let to_block = from_block.saturating_add(1);
        PendingEpochAt::<T>::insert(netuid, to_block);
        Self::deposit_event(Event::EpochDeferred {
            netuid,
            from_block,
            to_block,
        });
    }

    /// Moves the schedule on; `None` when a hotkey stands twice: no epoch then, the emission waits.
    fn consume_slot(netuid: NetUid) -> Option<Vec<T::AccountId>> {
        let block = Self::current_block();
        let hotkeys = Some(Self::hotkeys(netuid)).filter(|hotkeys| are_distinct(hotkeys));
        if hotkeys.is_some() {
            BlocksSinceLastStep::<T>::insert(netuid, 0);
        } else {
            Self::deposit_event(Event::EpochSkipped { netuid, block });
        }
        LastEpochBlock::<T>::insert(netuid, block);
        PendingEpochAt::<T>::insert(netuid, 0);
        SubnetEpochIndex::<T>::mutate(netuid, |index| *index = index.saturating_add(1));
        hotkeys
    }

    /// Hotkeys by uid.
    pub fn hotkeys(netuid: NetUid) -> Vec<T::AccountId> {
        (0..SubnetworkN::<T>::get(netuid))
            .map(|uid| Keys::<T>::get(netuid, uid))
            .collect()
    }

    /// Runs consensus over `emission` (alpha RAO) and stores its results.
    pub(crate) fn run_epoch(
        netuid: NetUid,
        hotkeys: &[T::AccountId],
        emission: AlphaBalance,
    ) -> EpochOutput {
        let pools = Self::pools(netuid, hotkeys);
        Self::run_epoch_over(netuid, hotkeys, &pools, emission)
    }

    /// Alpha of each hotkey.
    pub(crate) fn pools(netuid: NetUid, hotkeys: &[T::AccountId]) -> Vec<AlphaBalance> {
        let pool = |hotkey| TotalHotkeyAlpha::<T>::get(hotkey, netuid);
        hotkeys.iter().map(pool).collect()
    }

    /// The same with the alpha of each hotkey already read.
    pub(crate) fn run_epoch_over(
        netuid: NetUid,
        hotkeys: &[T::AccountId],
        pools: &[AlphaBalance],
        emission: AlphaBalance,
    ) -> EpochOutput {
        let input = Self::epoch_input(netuid, hotkeys, pools, emission);
        let output = consensus::epoch(&input);
        Self::store_epoch(netuid, &input, &output);
        output
    }

    /// All that the epoch of `netuid` depends on, read from storage.
    pub fn epoch_input(
        netuid: NetUid,
        hotkeys: &[T::AccountId],
        pools: &[AlphaBalance],
        emission: AlphaBalance,
    ) -> EpochInput {
        let n = SubnetworkN::<T>::get(netuid);
        let permits = ValidatorPermit::<T>::get(netuid);
        let owner_uid = Self::owner_uid(netuid);
        // Rows of neurons without a permit do not count: reading them would be wasted.
        let counts = |uid: &u16| {
            owner_uid == Some(*uid) || permits.get(usize::from(*uid)).copied().unwrap_or(false)
        };
        let row = |uid: u16| match counts(&uid) {
            true => Weights::<T>::get(netuid, uid),
            false => Vec::new(),
        };
        let bond_row = |uid: u16| match counts(&uid) {
            true => Bonds::<T>::get(netuid, uid),
            false => Vec::new(),
        };
        EpochInput {
            block: Self::current_block(),
            tempo: Tempo::<T>::get(netuid),
            activity_cutoff_factor_milli: ActivityCutoffFactorMilli::<T>::get(netuid),
            last_mechanism_step_block: LastMechansimStepBlock::<T>::get(netuid),
            last_update: LastUpdate::<T>::get(netuid),
            block_at_registration: Self::registration_blocks(netuid),
            stake: Self::weighted_stakes(netuid, hotkeys, pools),
            stake_threshold: StakeThreshold::<T>::get(),
            owner_uid,
            weights: (0..n).map(row).collect(),
            bonds: (0..n).map(bond_row).collect(),
            permits: permits.clone(),
            max_allowed_validators: MaxAllowedValidators::<T>::get(netuid),
            commit_blocks: Self::oldest_commits(netuid, hotkeys),
            kappa: Kappa::<T>::get(netuid),
            bonds_penalty: BondsPenalty::<T>::get(netuid),
            bonds_moving_average: BondsMovingAverage::<T>::get(netuid),
            yuma3: Yuma3On::<T>::get(netuid),
            liquid_alpha: Self::liquid_alpha(netuid),
            emission,
        }
    }

    /// Registration blocks by uid.
    pub fn registration_blocks(netuid: NetUid) -> Vec<u64> {
        let n = SubnetworkN::<T>::get(netuid);
        (0..n)
            .map(|uid| BlockAtRegistration::<T>::get(netuid, uid))
            .collect()
    }

    fn weighted_stakes(
        netuid: NetUid,
        hotkeys: &[T::AccountId],
        pools: &[AlphaBalance],
    ) -> Vec<consensus::U64F64> {
        let family = Family::<T>::of(netuid);
        let weight = consensus::tao_weight_fraction(TaoWeight::<T>::get());
        let counts = Self::root_stake_counts();
        let alpha_of = |who: &T::AccountId| TotalHotkeyAlpha::<T>::get(who, netuid);
        let root_of = |who: &T::AccountId| Self::counted_root_stake(who, counts);
        let stake = |(hotkey, alpha): (&T::AccountId, &AlphaBalance)| {
            let alpha = family.inherited(hotkey, *alpha, alpha_of);
            let root = family.inherited(hotkey, root_of(hotkey), root_of);
            consensus::weighted_stake(alpha, root, weight)
        };
        hotkeys.iter().zip(pools).map(stake).collect()
    }

    fn liquid_alpha(netuid: NetUid) -> Option<LiquidAlpha> {
        if !LiquidAlphaOn::<T>::get(netuid) {
            return None;
        }
        let (low, high) = AlphaValues::<T>::get(netuid);
        let steepness = AlphaSigmoidSteepness::<T>::get(netuid);
        Some(LiquidAlpha {
            low,
            high,
            steepness,
        })
    }

    /// With commit-reveal on: per uid the block of the oldest commit that can still be revealed.
    fn oldest_commits(netuid: NetUid, hotkeys: &[T::AccountId]) -> Option<Vec<u64>> {
        if !CommitRevealWeightsEnabled::<T>::get(netuid) {
            return None;
        }
        let period = RevealPeriodEpochs::<T>::get(netuid);
        let current = SubnetEpochIndex::<T>::get(netuid);
        let pending = |epoch: u64| current <= epoch.saturating_add(period);
        let timelocked: Vec<(T::AccountId, u64)> = (current.saturating_sub(period)..=current)
            .flat_map(|epoch| TimelockedWeightCommits::<T>::get(netuid, epoch))
            .map(|(who, block, _, _)| (who, block))
            .collect();
        let oldest = |hotkey: &T::AccountId| {
            let hashed = WeightCommits::<T>::get(netuid, hotkey).unwrap_or_default();
            let hashed = hashed
                .into_iter()
                .filter(|(_, epoch, _, _)| pending(*epoch));
            let locked = timelocked.iter().filter(|(who, _)| who == hotkey);
            let blocks = hashed
                .map(|(_, _, block, _)| block)
                .chain(locked.map(|(_, b)| *b));
            blocks.min().unwrap_or(u64::MAX)
        };
        Some(hotkeys.iter().map(oldest).collect())
    }

    fn store_epoch(netuid: NetUid, input: &EpochInput, output: &EpochOutput) {
        for (uid, bonds) in (0u16..).zip(&output.bonds) {
            let index = usize::from(uid);
            let before = &input.bonds[index];
            let permitted = input.permits.get(index).copied().unwrap_or(false);
            if output.permits[index] {
                if bonds != before {
                    Bonds::<T>::insert(netuid, uid, bonds);
                }
            } else if permitted || !before.is_empty() {
                Bonds::<T>::remove(netuid, uid);
            }
        }
        Active::<T>::insert(netuid, &output.active);
        StakeWeight::<T>::insert(netuid, &output.stake_weight);
        Emission::<T>::insert(netuid, &output.emission);
        Consensus::<T>::insert(netuid, &output.consensus);
        Incentive::<T>::insert(netuid, &output.incentive);
        Dividends::<T>::insert(netuid, &output.dividends);
        ValidatorTrust::<T>::insert(netuid, &output.validator_trust);
        ValidatorPermit::<T>::insert(netuid, &output.permits);
    }
}

fn are_distinct<A: Ord>(items: &[A]) -> bool {
    let distinct: BTreeSet<&A> = items.iter().collect();
    distinct.len() == items.len()
}

//! What an epoch reads and writes, and when it runs.

use crate::pallet::*;
use alloc::vec::Vec;
use subnet_consensus::{
    legacy_blocks_until_next_epoch, legacy_epoch, EpochInput, LegacyOutput, U64F64,
};

impl<T: Config> Pallet<T> {
    /// Whether `(block + netuid + 1) mod (tempo + 1)` equals the tempo.
    pub fn epoch_due(netuid: NetUid, block: u64) -> bool {
        legacy_blocks_until_next_epoch(netuid, Tempo::<T>::get(netuid), block) == 0
    }

    /// Hotkeys by uid.
    pub fn hotkeys(netuid: NetUid) -> Vec<T::AccountId> {
        let n = SubnetworkN::<T>::get(netuid);
        (0..n).map(|uid| Keys::<T>::get(netuid, uid)).collect()
    }

    /// Runs consensus over `emission` RAO and stores its results.
    pub(crate) fn run_epoch(
        netuid: NetUid,
        hotkeys: &[T::AccountId],
        emission: TaoBalance,
    ) -> LegacyOutput {
        let input = Self::epoch_input(netuid, hotkeys, emission);
        let cutoff = ActivityCutoff::<T>::get(netuid);
        let output = legacy_epoch(&input, cutoff.into());
        Self::store_epoch(netuid, &input, &output);
        output
    }

    /// The owner has no privilege, no stake is too small, hidden weights mask nothing: as then.
    fn epoch_input(netuid: NetUid, hotkeys: &[T::AccountId], emission: TaoBalance) -> EpochInput {
        let n = SubnetworkN::<T>::get(netuid);
        let stake = |hotkey| U64F64::from(TotalHotkeyStake::<T>::get(hotkey));
        EpochInput {
            block: Self::current_block(),
            tempo: Tempo::<T>::get(netuid),
            last_mechanism_step_block: LastMechansimStepBlock::<T>::get(netuid),
            last_update: LastUpdate::<T>::get(netuid),
            block_at_registration: (0..n)
                .map(|uid| BlockAtRegistration::<T>::get(netuid, uid))
                .collect(),
            stake: hotkeys.iter().map(stake).collect(),
            weights: (0..n).map(|uid| Weights::<T>::get(netuid, uid)).collect(),
            bonds: (0..n).map(|uid| Bonds::<T>::get(netuid, uid)).collect(),
            permits: ValidatorPermit::<T>::get(netuid),
            max_allowed_validators: MaxAllowedValidators::<T>::get(netuid),
            kappa: Kappa::<T>::get(netuid),
            bonds_penalty: u16::MAX,
            bonds_moving_average: BondsMovingAverage::<T>::get(netuid),
            emission,
            ..EpochInput::default()
        }
    }

    fn store_epoch(netuid: NetUid, input: &EpochInput, output: &LegacyOutput) {
        let epoch = &output.epoch;
        for (uid, bonds) in (0u16..).zip(&epoch.bonds) {
            let index = usize::from(uid);
            let permitted = input.permits.get(index).copied().unwrap_or(false);
            if epoch.permits[index] || permitted {
                Bonds::<T>::insert(netuid, uid, bonds);
            }
        }
        Rank::<T>::insert(netuid, &output.rank);
        Trust::<T>::insert(netuid, &output.trust);
        PruningScores::<T>::insert(netuid, &output.pruning_scores);
        Active::<T>::insert(netuid, &epoch.active);
        StakeWeight::<T>::insert(netuid, &epoch.stake_weight);
        Emission::<T>::insert(netuid, &epoch.emission);
        Consensus::<T>::insert(netuid, &epoch.consensus);
        Incentive::<T>::insert(netuid, &epoch.incentive);
        Dividends::<T>::insert(netuid, &epoch.dividends);
        ValidatorTrust::<T>::insert(netuid, &epoch.validator_trust);
        ValidatorPermit::<T>::insert(netuid, &epoch.permits);
    }
}

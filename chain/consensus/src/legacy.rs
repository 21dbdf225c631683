//! What older runtimes (spec 218) compute otherwise: permits without stake, ranks, trust and pruning
//! scores beside the results of today, an activity cutoff in blocks, hash commits with a window of
//! blocks, and a registration price that is adjusted once in an interval.

use alloc::vec::Vec;

use crate::epoch::{effective_weights, run, to_u16, EpochInput, EpochOutput, Rules, Run};
use crate::fixed::{I32F32, U96F32};
use crate::matrix::{clip_columns, combine_rows};
use crate::schedule::legacy_epoch_index;
use crate::stake::tao_weight_fraction;
use crate::vector::{max_upscale, top_k};

/// Results of an epoch, indexed by uid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacyOutput {
    pub epoch: EpochOutput,
    pub rank: Vec<u16>,
    /// How much of its rank a neuron kept when weights were clipped at the consensus, in 65535ths.
    pub trust: Vec<u16>,
    /// Shares of the emission, the largest as 65535.
    pub pruning_scores: Vec<u16>,
}

/// Runs the epoch of an older runtime. `activity_cutoff` stands in for the factor in `input`.
pub fn legacy_epoch(input: &EpochInput, activity_cutoff: u64) -> LegacyOutput {
    let rules = Rules {
        activity_cutoff,
        choose_validators: top_k,
    };
    let run = run(input, &rules);
    LegacyOutput {
        rank: run.output.incentive.clone(),
        trust: to_u16(&trust(input, &run)),
        pruning_scores: max_upscale(&run.combined),
        epoch: run.output,
    }
}

fn trust(input: &EpochInput, run: &Run) -> Vec<I32F32> {
    let n = input.stake.len();
    let weights = effective_weights(input, &run.old_permits);
    let clipped = clip_columns(&weights, &run.consensus);
    let before = combine_rows(&weights, &run.active_stake, n);
    let after = combine_rows(&clipped, &run.active_stake, n);
    let kept = |(after, before): (&I32F32, &I32F32)| match *before {
        I32F32::ZERO => I32F32::ZERO,
        before => after.div(before),
    };
    after.iter().zip(&before).map(kept).collect()
}

/// First and last block in which a commit of `block` can be revealed, `period` epochs later.
pub fn legacy_reveal_blocks(netuid: u16, tempo: u16, block: u64, period: u64) -> (u64, u64) {
    let epoch = legacy_epoch_index(netuid, tempo, block).saturating_add(period);
    let first = epoch
        .saturating_mul(u64::from(tempo) + 1)
        .saturating_sub(u64::from(netuid) + 1);
    (first, first.saturating_add(u64::from(tempo)))
}

/// Price for the next interval: moves towards `price * (registrations + target) / (2 * target)`,
/// keeping `inertia` (a fraction of `u64::MAX`) of the old price; within `min..=max`.
pub fn adjusted_burn(
    price: u64,
    registrations: u16,
    target: u16,
    inertia: u64,
    (min, max): (u64, u64),
) -> u64 {
    if target == 0 {
        return price.max(min).min(max);
    }
    let both = u64::from(registrations) + u64::from(target);
    let price = U96F32::from(price);
    let aim = price
        .mul(U96F32::from(both))
        .div(U96F32::from(2 * u64::from(target)));
    let kept = tao_weight_fraction(inertia);
    let next = kept.mul(price).add(U96F32::ONE.sub(kept).mul(aim));
    next.to_u64().max(min).min(max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::U64F64;
    use alloc::vec;

    /// Two validators with stakes 3 and 1 that weigh the miners 2 and 3.
    fn input(rows: [Vec<(u16, u16)>; 2]) -> EpochInput {
        let [first, second] = rows;
        EpochInput {
            block: 100,
            tempo: 10,
            last_mechanism_step_block: 89,
            last_update: vec![95; 4],
            block_at_registration: vec![0; 4],
            stake: [3, 1, 0, 0].map(U64F64::from).to_vec(),
            permits: vec![true, true, false, false],
            max_allowed_validators: 2,
            weights: vec![first, second, vec![], vec![]],
            bonds: vec![vec![]; 4],
            kappa: 32_767,
            bonds_penalty: u16::MAX,
            bonds_moving_average: 900_000,
            emission: 1000,
            ..EpochInput::default()
        }
    }

    #[test]
    fn trust_is_the_part_of_the_rank_that_survives_the_consensus() {
        let agreed = legacy_epoch(&input([vec![(2, 1)], vec![(2, 1)]]), 5000);
        assert_eq!(agreed.trust, [0, 0, 65_535, 0]);
        assert_eq!(agreed.rank, agreed.epoch.incentive);
        let alone = legacy_epoch(&input([vec![(2, 1)], vec![(3, 1)]]), 5000);
        assert_eq!(alone.trust[3], 0, "only the minority weighs neuron 3");
        assert_eq!(alone.trust[2], 65_535);
    }

    #[test]
    fn pruning_scores_follow_the_emission() {
        let output = legacy_epoch(&input([vec![(2, 3), (3, 1)], vec![(2, 3), (3, 1)]]), 5000);
        let best = output.pruning_scores.iter().position(|s| *s == u16::MAX);
        let paid = output.epoch.emission.iter().max();
        assert_eq!(best.map(|uid| &output.epoch.emission[uid]), paid);
        assert!(output.pruning_scores[3] < output.pruning_scores[2]);
    }

    #[test]
    fn permits_are_given_without_stake_and_activity_ends_after_the_cutoff() {
        let mut few = input([vec![(2, 1)], vec![(2, 1)]]);
        few.max_allowed_validators = 64;
        assert_eq!(legacy_epoch(&few, 5).epoch.permits, [true; 4]);
        assert_eq!(legacy_epoch(&few, 5).epoch.active, [true; 4]);
        assert_eq!(legacy_epoch(&few, 4).epoch.active, [false; 4]);
    }

    #[test]
    fn the_window_of_a_commit_is_one_epoch_long() {
        let (netuid, tempo) = (1, 10);
        let (first, last) = legacy_reveal_blocks(netuid, tempo, 25, 1);
        let of = |block| legacy_epoch_index(netuid, tempo, block);
        assert_eq!((of(first), of(last)), (of(25) + 1, of(25) + 1));
        assert_eq!((of(first - 1), of(last + 1)), (of(25), of(25) + 2));
    }

    #[test]
    fn the_price_moves_halfway_to_demand_and_stays_in_its_bounds() {
        assert_eq!(adjusted_burn(1000, 6, 2, 0, (1, 9000)), 2000);
        assert_eq!(adjusted_burn(1000, 0, 2, 0, (1, 9000)), 500);
        assert_eq!(adjusted_burn(1000, 0, 2, u64::MAX, (1, 9000)), 1000);
        assert_eq!(adjusted_burn(1000, 6, 2, 0, (1, 1500)), 1500);
        assert_eq!(adjusted_burn(1000, 6, 0, 0, (1, 1500)), 1000);
    }
}

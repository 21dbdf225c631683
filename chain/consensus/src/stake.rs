//! Which stake a hotkey speaks with: child keys, parent keys and the weight of root stake.

use crate::fixed::{U64F64, U96F32};

/// A `TaoWeight` from storage (fraction of `u64::MAX`) as a number in `0..=1`.
pub fn tao_weight_fraction(stored: u64) -> U96F32 {
    U96F32::from(stored).div(U96F32::from(u64::MAX))
}

/// Stake left after what children take and with what parents give.
///
/// `own` is the hotkey's stake; `children` are proportions out of `u64::MAX`;
/// `parents` are pairs of proportion and that parent's own stake.
pub fn inherited_stake(own: u64, children: &[u64], parents: &[(u64, u64)]) -> u64 {
    let own = U96F32::from(own);
    let given = children.iter().fold(U96F32::ZERO, |sum, proportion| {
        sum.add(own.mul(tao_weight_fraction(*proportion)))
    });
    let received = parents
        .iter()
        .fold(U96F32::ZERO, |sum, (proportion, stake)| {
            sum.add(U96F32::from(*stake).mul(tao_weight_fraction(*proportion)))
        });
    own.sub(given).add(received).to_u64()
}

/// Total stake of one uid as the epoch uses it: alpha plus weighted root stake, both inherited.
pub fn weighted_stake(alpha: u64, root: u64, tao_weight: U96F32) -> U64F64 {
    let weight = U64F64::from_bits(tao_weight.to_bits() << 32);
    let root = U64F64::from(root).clamp_signed().mul(weight);
    U64F64::from(alpha).clamp_signed().add(root).clamp_signed()
}

/// The same in whole units, rounded down: what thresholds and metagraphs see.
pub fn weighted_stake_floor(alpha: u64, root: u64, tao_weight: U96F32) -> u64 {
    weighted_stake(alpha, root, tao_weight).to_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_weight_counts_root_stake_fully() {
        assert_eq!(
            weighted_stake_floor(5, 7, tao_weight_fraction(u64::MAX)),
            12
        );
        assert_eq!(weighted_stake_floor(5, 7, tao_weight_fraction(0)), 5);
    }

    #[test]
    fn children_take_and_parents_give() {
        let half = u64::MAX / 2;
        assert_eq!(inherited_stake(1000, &[], &[]), 1000);
        assert_eq!(inherited_stake(1000, &[u64::MAX], &[]), 0);
        assert_eq!(inherited_stake(1000, &[half], &[(half, 400)]), 700);
    }
}

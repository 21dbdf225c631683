//! Dividends of a child hotkey: what its parents get, what it keeps, what is recycled.

use crate::fixed::U96F32;
use crate::stake::tao_weight_fraction;
use alloc::vec::Vec;

/// Stake that one hotkey puts behind a child's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParentStake {
    /// Part of its stake that the parent gives, out of `u64::MAX`.
    pub proportion: u64,
    pub alpha: u64,
    pub root: u64,
    /// One coldkey owns both: then the child takes nothing from the parent.
    pub same_owner: bool,
}

/// What the child itself puts behind its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChildStake {
    /// Parts of its stake that it gives to children of its own.
    pub given: Vec<u64>,
    pub alpha: u64,
    pub root: u64,
    /// 65535ths of a parent's dividend that the child keeps.
    pub take: u16,
}

/// RAO of alpha, rounded down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FamilyShares {
    /// In the order of the parents.
    pub parents: Vec<u64>,
    pub child: u64,
    pub recycled: u64,
}

/// Divides a child's dividend by the stakes behind it; `burn` is recycled of what strangers get,
/// out of `u64::MAX`.
pub fn share_with_parents(
    dividend: u64,
    child: &ChildStake,
    parents: &[ParentStake],
    tao_weight: U96F32,
    burn: u64,
) -> FamilyShares {
    let dividend = U96F32::from(dividend);
    let own = U96F32::from(own_contribution(child, tao_weight).to_u64());
    let behind: Vec<U96F32> = parents.iter().map(|p| p.contribution(tao_weight)).collect();
    let total = behind.iter().fold(own, |sum, part| sum.add(*part));
    let (burn, take) = (tao_weight_fraction(burn), share_of_u16(child.take));
    let (mut rest, mut shares) = (dividend, FamilyShares::default());
    let mut taken = U96F32::ZERO;
    for (parent, contribution) in parents.iter().zip(behind) {
        let gross = dividend.mul(contribution.div(total));
        rest = rest.sub(gross);
        let mut net = gross;
        if !parent.same_owner {
            let (burned, kept) = (burn.mul(gross), take.mul(gross));
            net = net.sub(burned).sub(kept);
            taken = taken.add(kept);
            shares.recycled = shares.recycled.saturating_add(burned.to_u64());
        }
        shares.parents.push(net.to_u64());
    }
    shares.child = rest.add(taken).to_u64();
    shares
}

impl ParentStake {
    fn contribution(&self, tao_weight: U96F32) -> U96F32 {
        weighted(
            self.alpha,
            self.root,
            tao_weight_fraction(self.proportion),
            tao_weight,
        )
    }
}

fn own_contribution(child: &ChildStake, tao_weight: U96F32) -> U96F32 {
    let left = |left: U96F32, given: &u64| left.sub(tao_weight_fraction(*given));
    let left = child.given.iter().fold(U96F32::ONE, left);
    weighted(child.alpha, child.root, left, tao_weight)
}

fn weighted(alpha: u64, root: u64, proportion: U96F32, tao_weight: U96F32) -> U96F32 {
    let root = U96F32::from(root).mul(proportion).mul(tao_weight);
    U96F32::from(alpha).mul(proportion).add(root)
}

fn share_of_u16(value: u16) -> U96F32 {
    U96F32::from(u64::from(value)).div(U96F32::from(u64::from(u16::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parent(alpha: u64, same_owner: bool) -> ParentStake {
        ParentStake {
            proportion: u64::MAX,
            alpha,
            root: 0,
            same_owner,
        }
    }

    fn child(alpha: u64, take: u16) -> ChildStake {
        let (given, root) = (Vec::new(), 0);
        ChildStake {
            given,
            alpha,
            root,
            take,
        }
    }

    fn share(child: &ChildStake, parents: &[ParentStake], burn: u64) -> FamilyShares {
        share_with_parents(1000, child, parents, U96F32::ZERO, burn)
    }

    #[test]
    fn dividends_follow_the_stake_behind_them() {
        let shares = share(&child(100, u16::MAX), &[parent(300, true)], u64::MAX);
        assert_eq!(
            (shares.parents, shares.child, shares.recycled),
            (vec![750], 250, 0)
        );
    }

    #[test]
    fn a_child_takes_its_part_of_what_strangers_earn() {
        let shares = share(&child(0, u16::MAX / 5), &[parent(500, false)], 0);
        assert_eq!((shares.parents, shares.child), (vec![800], 199));
    }

    #[test]
    fn what_is_burned_goes_to_nobody() {
        let shares = share(&child(0, 0), &[parent(500, false)], u64::MAX / 2);
        assert_eq!((shares.parents, shares.child), (vec![500], 0));
        assert!((499..=500).contains(&shares.recycled));
    }

    #[test]
    fn with_no_stake_at_all_the_child_keeps_everything() {
        assert_eq!(share(&child(0, 0), &[parent(0, false)], 0).child, 1000);
    }

    #[test]
    fn what_a_child_gives_away_is_not_behind_its_own_work() {
        let given = vec![u64::MAX / 2];
        let own = ChildStake {
            given,
            ..child(200, 0)
        };
        let shares = share(&own, &[parent(100, true)], 0);
        assert_eq!((shares.parents, shares.child), (vec![500], 500));
    }
}

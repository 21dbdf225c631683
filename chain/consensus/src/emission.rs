//! How new alpha is made and divided before and after an epoch.

use alloc::vec::Vec;

use crate::fixed::U96F32;
use crate::vector::share_of_u16;

/// Twice the issuance at which the reward first halves; nothing is minted beyond it.
const TOTAL_SUPPLY: u64 = 21_000_000_000_000_000;
const FIRST_BLOCK_EMISSION: u64 = 1_000_000_000;

/// RAO minted in one block at the given issuance: `1e9 / 2^k` with
/// `k = floor(log2(1 / (1 - issuance / 21e15)))`.
pub fn block_emission(issuance: u64) -> u64 {
    if issuance >= TOTAL_SUPPLY {
        return 0;
    }
    let issued = U96F32::from(issuance).div(U96F32::from(TOTAL_SUPPLY));
    let inverse = U96F32::ONE.div(U96F32::ONE.sub(issued)).to_u64();
    FIRST_BLOCK_EMISSION >> inverse.max(1).ilog2()
}

/// One block's alpha divided among its receivers, in RAO. `root` is zero when it is not paid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlphaSplit {
    pub owner: u64,
    pub server: u64,
    pub validator: u64,
    pub root: u64,
}

/// Owner cut first (`owner_cut` in 65535ths), then half to miners and half to validators, of
/// which `root_proportion` belongs to root stake. Each part is rounded down.
pub fn split_block_alpha(alpha_out: u64, owner_cut: u16, root_proportion: U96F32) -> AlphaSplit {
    let created = U96F32::from(alpha_out);
    let owner = created.mul(share_of_u16(owner_cut));
    let rest = created.sub(owner);
    let root = root_proportion.mul(rest).mul(U96F32::HALF);
    let server = rest.mul(U96F32::HALF);
    let validator = rest.sub(server).sub(root);
    AlphaSplit {
        owner: owner.to_u64(),
        server: server.to_u64(),
        validator: validator.to_u64(),
        root: root.to_u64(),
    }
}

/// Root's claim on the validators' half: weighted root TAO over itself plus the alpha issued.
pub fn root_proportion(root_tao: u64, alpha_issuance: u64, tao_weight: U96F32) -> U96F32 {
    let weighted = U96F32::from(root_tao).mul(tao_weight);
    weighted.div(weighted.add(U96F32::from(alpha_issuance)))
}

/// A hotkey's dividend of the epoch (only its size relative to the others counts) and the
/// stakes that decide how it splits between alpha and root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DividendClaim {
    pub dividend: u64,
    pub alpha_stake: u64,
    pub root_stake: u64,
}

/// Alpha due to the alpha side and to the root side of one claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DividendShare {
    pub alpha: U96F32,
    pub root: U96F32,
}

/// Divides the pending validator and root pools among the claims, in their order.
pub fn distribute_dividends(
    claims: &[DividendClaim],
    pending_alpha: u64,
    pending_root: u64,
    tao_weight: U96F32,
) -> Vec<DividendShare> {
    let parts: Vec<DividendShare> = claims
        .iter()
        .map(|claim| split_claim(claim, tao_weight))
        .collect();
    let total = parts
        .iter()
        .fold(DividendShare::default(), |sum, part| DividendShare {
            alpha: sum.alpha.add(part.alpha),
            root: sum.root.add(part.root),
        });
    parts
        .iter()
        .map(|part| DividendShare {
            alpha: U96F32::from(pending_alpha).mul(part.alpha.div(total.alpha)),
            root: U96F32::from(pending_root).mul(part.root.div(total.root)),
        })
        .collect()
}

/// What a validator keeps (`take` in 65535ths) and what its nominators get, both rounded down.
pub fn split_take(amount: U96F32, take: u16) -> (u64, u64) {
    let kept = share_of_u16(take).mul(amount);
    (kept.to_u64(), amount.sub(kept).to_u64())
}

fn split_claim(claim: &DividendClaim, tao_weight: U96F32) -> DividendShare {
    let dividend = U96F32::from(claim.dividend);
    let weighted_root = U96F32::from(claim.root_stake).mul(tao_weight);
    let total = U96F32::from(claim.alpha_stake).add(weighted_root);
    let root = dividend.mul(weighted_root.div(total));
    DividendShare {
        alpha: dividend.sub(root),
        root,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reward_halves_with_the_remaining_supply() {
        assert_eq!(block_emission(0), 1_000_000_000);
        assert_eq!(block_emission(10_499_999_999_999_999), 1_000_000_000);
        assert_eq!(block_emission(10_500_000_000_000_000), 500_000_000);
        assert_eq!(block_emission(15_750_000_000_000_000), 250_000_000);
        assert_eq!(block_emission(u64::MAX), 0);
    }

    #[test]
    fn a_pool_is_never_overspent() {
        let claims = [1u64, 2, 3].map(|dividend| DividendClaim {
            dividend,
            alpha_stake: 10 * dividend,
            root_stake: 7,
        });
        let shares = distribute_dividends(&claims, 1000, 500, U96F32::HALF);
        let alpha: u64 = shares.iter().map(|share| share.alpha.to_u64()).sum();
        let root: u64 = shares.iter().map(|share| share.root.to_u64()).sum();
        assert!((997..=1000).contains(&alpha), "{alpha}");
        assert!((497..=500).contains(&root), "{root}");
    }

    #[test]
    fn the_take_and_the_rest_make_the_whole() {
        assert_eq!(split_take(U96F32::from(65_535), 11_796), (11_795, 53_739));
        assert_eq!(split_take(U96F32::from(100), u16::MAX), (100, 0));
    }
}

//! The registration price: decays every block, jumps with every registration.

use crate::fixed::U64F64;

const ONE_Q32: u64 = 1 << 32;
const HALF_Q32: u64 = 1 << 31;

/// Per-block factor `2^(-1/half_life)` with 32 fraction bits: the largest one whose
/// `half_life`-th power, computed with floored products, does not exceed one half.
pub fn decay_factor_q32(half_life: u16) -> u64 {
    if half_life == 0 {
        return ONE_Q32;
    }
    let (mut low, mut high) = (0, ONE_Q32);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if pow_q32(middle, half_life) > HALF_Q32 {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}

/// Price after one block; stays within `min_burn..=max_burn`. Block 1 does not decay.
pub fn decayed_burn(burn: u64, half_life: u16, block: u64, min_burn: u64, max_burn: u64) -> u64 {
    let decays = half_life > 0 && block > 1;
    let price = if decays {
        mul_q32(burn, decay_factor_q32(half_life))
    } else {
        burn
    };
    price.max(min_burn).min(max_burn)
}

/// Price after `blocks` blocks, none of which is block 1.
pub fn burn_after_blocks(
    burn: u64,
    half_life: u16,
    blocks: u64,
    min_burn: u64,
    max_burn: u64,
) -> u64 {
    let factor = decay_factor_q32(half_life);
    let mut price = burn;
    for _ in 0..blocks {
        let next = mul_q32(price, factor).max(min_burn).min(max_burn);
        if next == price {
            break;
        }
        price = next;
    }
    price
}

/// Price after one registration; a multiplier below one counts as one.
pub fn burn_after_registration(burn: u64, multiplier: U64F64, min_burn: u64, max_burn: u64) -> u64 {
    let raised = U64F64::from(burn).mul(multiplier.max(U64F64::ONE)).to_u64();
    raised.max(min_burn).min(max_burn)
}

fn mul_q32(value: u64, factor: u64) -> u64 {
    let product = (u128::from(value) * u128::from(factor)) >> 32;
    u64::try_from(product).unwrap_or(u64::MAX)
}

fn pow_q32(base: u64, exponent: u16) -> u64 {
    let (mut result, mut factor, mut power) = (ONE_Q32, base, exponent);
    while power > 0 {
        if power & 1 == 1 {
            result = mul_q32(result, factor);
        }
        power >>= 1;
        factor = mul_q32(factor, factor);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_halves_in_a_half_life() {
        let start = 1_000_000_000;
        let after = burn_after_blocks(start, 360, 360, 0, u64::MAX);
        assert!((499_999_000..=500_000_000).contains(&after), "{after}");
        assert_eq!(burn_after_blocks(start, 0, 9, 0, u64::MAX), start);
    }

    #[test]
    fn the_price_stays_in_its_bounds() {
        assert_eq!(decayed_burn(100, 1, 2, 80, 1000), 80);
        assert_eq!(decayed_burn(100, 1, 1, 0, 1000), 100);
        let double = U64F64::from(2);
        assert_eq!(burn_after_registration(100, double, 0, 150), 150);
        assert_eq!(burn_after_registration(100, U64F64::ZERO, 0, 150), 100);
    }
}

//! 256-bit intermediate results for 128-bit fixed-point numbers.

const HALF: u32 = 64;
const LOW: u128 = u64::MAX as u128;

/// `floor(a * b / 2^shift)` for `shift <= 64`, or `None` when it does not fit 128 bits.
pub fn mul_shr(a: u128, b: u128, shift: u32) -> Option<u128> {
    if let Some(product) = a.checked_mul(b) {
        return Some(product >> shift);
    }
    let (high, low) = widening_mul(a, b);
    if shift == 0 {
        return (high == 0).then_some(low);
    }
    if high >> shift != 0 {
        return None;
    }
    Some((high << (128 - shift)) | (low >> shift))
}

/// `floor(a * 2^shift / b)`, or `None` when `b` is zero or the quotient does not fit 128 bits.
pub fn shl_div(a: u128, shift: u32, b: u128) -> Option<u128> {
    if b == 0 {
        return None;
    }
    if a.leading_zeros() >= shift {
        return Some((a << shift) / b);
    }
    long_division(a, shift, b)
}

fn widening_mul(a: u128, b: u128) -> (u128, u128) {
    let (a_high, a_low) = (a >> HALF, a & LOW);
    let (b_high, b_low) = (b >> HALF, b & LOW);
    let low = a_low * b_low;
    let middle = a_high * b_low + (low >> HALF);
    let middle_low = (middle & LOW) + a_low * b_high;
    let high = a_high * b_high + (middle >> HALF) + (middle_low >> HALF);
    (high, (middle_low << HALF) | (low & LOW))
}

fn long_division(a: u128, shift: u32, b: u128) -> Option<u128> {
    let mut quotient = a / b;
    let mut remainder = a % b;
    for _ in 0..shift {
        if quotient >> 127 != 0 {
            return None;
        }
        let carry = remainder >> 127;
        remainder <<= 1;
        quotient <<= 1;
        if carry == 1 || remainder >= b {
            remainder = remainder.wrapping_sub(b);
            quotient |= 1;
        }
    }
    Some(quotient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_product_keeps_its_upper_half() {
        assert_eq!(mul_shr(u128::MAX, 1 << 64, 64), Some(u128::MAX));
        assert_eq!(mul_shr(u128::MAX, u128::MAX, 64), None);
        assert_eq!(mul_shr(3 << 100, 5 << 60, 64), Some(15 << 96));
        assert_eq!(mul_shr(1 << 127, 2, 0), None);
    }

    #[test]
    fn a_wide_quotient_agrees_with_the_narrow_one() {
        assert_eq!(shl_div(7, 64, 3), Some((7u128 << 64) / 3));
        assert_eq!(long_division(7, 64, 3), Some((7u128 << 64) / 3));
        assert_eq!(shl_div(u128::MAX, 64, u128::MAX), Some(1 << 64));
        assert_eq!(shl_div(u128::MAX, 1, 1), None);
        assert_eq!(shl_div(1, 64, 0), None);
    }
}

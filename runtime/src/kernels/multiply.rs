//! The upper half of a 32×32-bit product, on cores with and without a long multiplication.

/// Whether the core multiplies 32 by 32 bits to 64 (SMULL). Armv6-M does not; of all Arm targets it is
/// the one without compare-and-swap, which is what stable Rust can ask for.
const LONG_MULTIPLY: bool = cfg!(not(all(target_arch = "arm", not(target_has_atomic = "32"))));

/// Whether the core divides (UDIV): the same ones.
pub(crate) const DIVISION: bool = LONG_MULTIPLY;

/// The upper half of a product.
#[inline(always)]
pub(crate) const fn multiply_high(a: i32, b: i32) -> i32 {
    if LONG_MULTIPLY {
        ((a as i64 * b as i64) >> 32) as i32
    } else {
        let (high, _) = multiply_in_halves(a, b);
        high
    }
}

/// The upper half of a product plus 2³¹.
#[inline(always)]
pub(crate) const fn multiply_high_rounded(a: i32, b: i32) -> i32 {
    if LONG_MULTIPLY {
        ((a as i64 * b as i64 + 0x8000_0000) >> 32) as i32
    } else {
        let (high, low) = multiply_in_halves(a, b);
        high.wrapping_add((low >> 31) as i32)
    }
}

/// The product of an i32 and an i32 ≥ 0 by four 16-bit multiplications: upper and lower half.
#[inline(always)]
const fn multiply_in_halves(a: i32, b: i32) -> (i32, u32) {
    let (a_high, a_low) = (a >> 16, a as u32 & 0xffff);
    let (b_high, b_low) = (b >> 16, b as u32 & 0xffff);
    let low = a_low.wrapping_mul(b_low);
    let cross = a_high
        .wrapping_mul(b_low as i32)
        .wrapping_add((low >> 16) as i32);
    let middle = (cross as u32 & 0xffff).wrapping_add(a_low.wrapping_mul(b_high as u32));
    let high = a_high
        .wrapping_mul(b_high)
        .wrapping_add(cross >> 16)
        .wrapping_add((middle >> 16) as i32);
    (high, (middle << 16) | (low & 0xffff))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn multiplication_in_halves(a: i32, b in 0..=i32::MAX) {
            let product = i64::from(a) * i64::from(b);
            prop_assert_eq!(multiply_in_halves(a, b), ((product >> 32) as i32, product as u32));
        }
    }
}

//! The 16-bit arithmetic of an LSTM's cell: the logistic function and tanh by one table with linear
//! interpolation.
//!
//! As TensorFlow Lite computes them for 16-bit tensors, bit for bit; the table's numbers are its own,
//! which no formula gives exactly.

/// 2¹⁶/(1 + exp(−k/24)), nearly.
#[rustfmt::skip]
pub const SIGMOID: [u16; 256] = [
    32_768, 33_451, 34_133, 34_813, 35_493, 36_169, 36_843, 37_513, 38_180, 38_841, 39_498, 40_149, 40_794, 41_432,
    42_064, 42_688, 43_304, 43_912, 44_511, 45_102, 45_683, 46_255, 46_817, 47_369, 47_911, 48_443, 48_964, 49_475,
    49_975, 50_464, 50_942, 51_409, 51_865, 52_311, 52_745, 53_169, 53_581, 53_983, 54_374, 54_755, 55_125, 55_485,
    55_834, 56_174, 56_503, 56_823, 57_133, 57_433, 57_724, 58_007, 58_280, 58_544, 58_800, 59_048, 59_288, 59_519,
    59_743, 59_959, 60_168, 60_370, 60_565, 60_753, 60_935, 61_110, 61_279, 61_441, 61_599, 61_750, 61_896, 62_036,
    62_172, 62_302, 62_428, 62_549, 62_666, 62_778, 62_886, 62_990, 63_090, 63_186, 63_279, 63_368, 63_454, 63_536,
    63_615, 63_691, 63_765, 63_835, 63_903, 63_968, 64_030, 64_090, 64_148, 64_204, 64_257, 64_308, 64_357, 64_405,
    64_450, 64_494, 64_536, 64_576, 64_614, 64_652, 64_687, 64_721, 64_754, 64_786, 64_816, 64_845, 64_873, 64_900,
    64_926, 64_950, 64_974, 64_997, 65_019, 65_039, 65_060, 65_079, 65_097, 65_115, 65_132, 65_149, 65_164, 65_179,
    65_194, 65_208, 65_221, 65_234, 65_246, 65_258, 65_269, 65_280, 65_291, 65_301, 65_310, 65_319, 65_328, 65_337,
    65_345, 65_352, 65_360, 65_367, 65_374, 65_381, 65_387, 65_393, 65_399, 65_404, 65_410, 65_415, 65_420, 65_425,
    65_429, 65_433, 65_438, 65_442, 65_445, 65_449, 65_453, 65_456, 65_459, 65_462, 65_465, 65_468, 65_471, 65_474,
    65_476, 65_479, 65_481, 65_483, 65_485, 65_488, 65_489, 65_491, 65_493, 65_495, 65_497, 65_498, 65_500, 65_501,
    65_503, 65_504, 65_505, 65_507, 65_508, 65_509, 65_510, 65_511, 65_512, 65_513, 65_514, 65_515, 65_516, 65_517,
    65_517, 65_518, 65_519, 65_520, 65_520, 65_521, 65_522, 65_522, 65_523, 65_523, 65_524, 65_524, 65_525, 65_525,
    65_526, 65_526, 65_526, 65_527, 65_527, 65_528, 65_528, 65_528, 65_529, 65_529, 65_529, 65_529, 65_530, 65_530,
    65_530, 65_530, 65_531, 65_531, 65_531, 65_531, 65_531, 65_532, 65_532, 65_532, 65_532, 65_532, 65_532, 65_533,
    65_533, 65_533, 65_533, 65_533, 65_533, 65_533, 65_533, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534,
    65_534, 65_534, 65_534, 65_535,
];

/// The table's last step.
const LAST: u32 = 255;

/// The table at `index` and `fraction` of 2^`bits` further, times 2^`bits`.
#[inline(always)]
fn interpolate(table: &[u16; 256], index: u32, fraction: u32, bits: u32) -> u32 {
    // Below `LAST`; the masks say so to the compiler.
    let low = u32::from(table[(index & 0xff) as usize]);
    let high = u32::from(table[((index + 1) & 0xff) as usize]);
    (low << bits) + fraction * (high - low)
}

/// 1/(1 + exp(−x)) in Q0.15 for x in Q3.12.
#[inline(always)]
pub fn logistic(table: &[u16; 256], x: i16) -> i16 {
    let scaled = 3 * i32::from(x);
    let magnitude = scaled.unsigned_abs();
    let index = magnitude >> 9;
    let y = if index >= LAST {
        0x7fff << 10
    } else {
        interpolate(table, index, magnitude & 0x1ff, 9)
    };
    let y = if scaled >= 0 {
        y + (1 << 9)
    } else {
        (1 << 25) - y + (1 << 9) - 1
    };
    (y >> 10) as i16
}

/// How a 16-bit number becomes an argument of [`tanh`]: factor and right shift.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TanhArgument {
    /// Factor, at most 3·2¹².
    pub factor: i32,
    /// Right shift, rounded.
    pub shift: u32,
}

impl TanhArgument {
    /// A sum before a gate's function, Q3.12.
    pub const SUM: Self = Self::of(12);

    /// Of a number with `fraction` bits behind the point.
    pub const fn of(fraction: i32) -> Self {
        if fraction <= 12 {
            let left = if fraction < 0 { 12 } else { 12 - fraction };
            Self {
                factor: 3 << left,
                shift: 0,
            }
        } else {
            Self {
                factor: 3,
                shift: (fraction - 12) as u32,
            }
        }
    }
}

/// tanh(x) in Q0.15.
#[inline(always)]
pub fn tanh(table: &[u16; 256], x: i16, argument: TanhArgument) -> i16 {
    let rounding = (1 << argument.shift) >> 1;
    let scaled = (i32::from(x) * argument.factor + rounding) >> argument.shift;
    let magnitude = scaled.unsigned_abs();
    let index = magnitude >> 8;
    let y = if index >= LAST {
        0xffff << 8
    } else {
        interpolate(table, index, magnitude & 0xff, 8)
    };
    // At most 2²⁴.
    let y = y as i32;
    let y = if scaled >= 0 {
        y - (1 << 23) + (1 << 7)
    } else {
        -y + (1 << 23) + (1 << 7) - 1
    };
    (y >> 8) as i16
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn functions_are_close_to_the_real_ones() {
        for x in (i16::MIN..=i16::MAX).step_by(7) {
            let real = f64::from(x) / 4096.0;
            let y = f64::from(logistic(&SIGMOID, x)) / 32768.0;
            assert!(
                (y - 1.0 / (1.0 + (-real).exp())).abs() < 4e-4,
                "logistic({real}) = {y}"
            );
            for fraction in [9, 11, 12, 14] {
                let real = f64::from(x) / f64::from(1 << fraction);
                let y = f64::from(tanh(&SIGMOID, x, TanhArgument::of(fraction))) / 32768.0;
                assert!((y - real.tanh()).abs() < 8e-4, "tanh({real}) = {y}");
            }
        }
    }
}

//! The Fourier transform of real samples, in 32-bit integers with twiddles of 16 bits.
//!
//! Samples in pairs are complex numbers: a transform of half the length, radix 2, decimation in time, each
//! stage halving its values so that nothing overflows, then a split into the frequencies of the real
//! samples. Values have 30 bits at first, so that what halving cuts off is far below the twiddles' rounding.
//!
//! Source: J. W. Cooley, J. W. Tukey, *An algorithm for the machine calculation of complex Fourier series* (1965);
//! the split as in W. H. Press et al., *Numerical recipes*, 12.3.

use crate::kernels::rolled;

/// ⌊a·w/2¹⁶⌋: `a` times a factor in 1/2¹⁵, halved.
#[inline(always)]
pub fn half_product(a: i32, w: i16) -> i32 {
    // Cores without a long multiplication take the halves of `a`: the same number.
    #[cfg(all(target_arch = "arm", not(target_has_atomic = "32")))]
    return half_product_of_halves(a, w);
    #[cfg(not(all(target_arch = "arm", not(target_has_atomic = "32"))))]
    return ((i64::from(a) * i64::from(w)) >> 16) as i32;
}

/// As [`half_product`], by short multiplications.
#[inline(always)]
pub fn half_product_of_halves(a: i32, w: i16) -> i32 {
    let w = i32::from(w);
    (a >> 16) * w + (((a & 0xffff) * w) >> 16)
}

/// Cosine and sine number `k`, which is taken below `FRAME/2`.
#[inline(always)]
fn twiddle<const FRAME: usize>(twiddles: &[i16; FRAME], k: usize) -> [i16; 2] {
    let at = (2 * k) & (FRAME - 2);
    [twiddles[at], twiddles[at + 1]]
}

/// Half the product of a complex number and `cos − i·sin`.
#[inline(always)]
fn turned([re, im]: [i32; 2], [cos, sin]: [i16; 2]) -> [i32; 2] {
    [
        half_product(re, cos) + half_product(im, sin),
        half_product(im, cos) - half_product(re, sin),
    ]
}

/// Complex number `k`, which is taken below `FRAME/2`.
#[inline(always)]
fn read<const FRAME: usize>(data: &[i32; FRAME], k: usize) -> [i32; 2] {
    let at = (2 * k) & (FRAME - 2);
    [data[at], data[at + 1]]
}

#[inline(always)]
fn write<const FRAME: usize>(data: &mut [i32; FRAME], k: usize, value: [i32; 2]) {
    let at = (2 * k) & (FRAME - 2);
    [data[at], data[at + 1]] = value;
}

/// The windowed transform of the samples in pairs, divided by `FRAME/2`, in 1/2¹⁵.
#[inline(never)]
pub(super) fn transform<const FRAME: usize>(
    twiddles: &[i16; FRAME],
    samples: &[i16; FRAME],
    data: &mut [i32; FRAME],
) {
    let pairs = FRAME / 2;
    let unused = u32::BITS - pairs.trailing_zeros();
    for pair in 0..pairs {
        rolled();
        let value = [0, 1].map(|part| {
            let at = (2 * pair + part) & (FRAME - 1);
            // The Hann window (1 − cos(2πn/FRAME))/2: the cosine's second half is its first with another sign.
            let [cos, _] = twiddle(twiddles, at);
            let cos = i32::from(cos);
            let rise = if at < pairs { 32768 - cos } else { 32768 + cos };
            i32::from(samples[at]) * (rise >> 1)
        });
        write(
            data,
            ((pair as u32).reverse_bits() >> unused) as usize,
            value,
        );
    }
    let (mut half, mut step) = (1, pairs);
    while half < pairs {
        let mut first = 0;
        while first < half {
            let factor = twiddle(twiddles, first * step);
            let mut at = first;
            while at < pairs {
                rolled();
                let a = read(data, at).map(|part| part >> 1);
                let b = turned(read(data, at + half), factor);
                write(data, at, [a[0] + b[0], a[1] + b[1]]);
                write(data, at + half, [a[0] - b[0], a[1] - b[1]]);
                at += 2 * half;
            }
            first += 1;
        }
        (half, step) = (2 * half, step / 2);
    }
}

/// The power of a frequency from 1 to `FRAME/2 − 1`: the square of the transform divided by `FRAME`, in 2¹⁰. By
/// Parseval's theorem all of them together are below 2⁴⁸, so weights of 16 bits and sums fit 64.
#[inline(always)]
pub(super) fn power<const FRAME: usize>(
    twiddles: &[i16; FRAME],
    data: &[i32; FRAME],
    frequency: usize,
) -> u64 {
    let a = read(data, frequency).map(|part| part >> 1);
    let b = read(data, (FRAME / 2).wrapping_sub(frequency)).map(|part| part >> 1);
    // The transforms of the even and of the odd samples.
    let even = [a[0] + b[0], a[1] - b[1]];
    let odd = [a[1] + b[1], b[0] - a[0]];
    let odd = turned(odd, twiddle(twiddles, frequency));
    let [re, im] = [(even[0] >> 1) + odd[0], (even[1] >> 1) + odd[1]].map(i64::from);
    ((re * re + im * im) as u64) >> 10
}

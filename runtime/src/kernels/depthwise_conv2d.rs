//! Depthwise 2-D convolution.
//!
//! Channels outermost, a few at a time ([`isa::CHANNELS`]), so that their weights, biases and
//! multipliers are prepared once for all pixels. Interior and border are split as in
//! [`super::conv2d`]: no test per tap inside, only the valid taps of w·(x − zero) at the border. A last
//! group of channels that would be partial overlaps the one before. With a channel multiplier other
//! than one, channels go one at a time.

use core::marker::PhantomData;

use super::requant::{Channels, Requant, accumulator_bits};
use super::sliding::{Axis, axes};
use super::{elements, opaque, per_channel, rolled, unary};
use crate::arena::Memory;
use crate::isa::depthwise_conv2d as isa;
use crate::layer::DepthwiseConv2d;
use crate::portable::depthwise_conv2d as portable;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn depthwise_conv2d_s8<L: DepthwiseConv2d>(arena: &mut impl Memory) {
    layer::<L>(unary::<L, _>(arena));
}

/// Where the taps of a window lie.
pub(crate) trait Window {
    /// Taps: rows, columns.
    const KERNEL: [usize; 2];
    /// Bytes in the input from a tap to the next row's, and to the next column's.
    const STEP: [usize; 2];
    /// Bytes in the weights from a tap to the next.
    const WEIGHT_STEP: usize;
    /// Number of taps.
    const TAPS: usize = Self::KERNEL[0] * Self::KERNEL[1];
    /// Whether the code of each tap is written out; the taps of larger windows are looped over.
    const UNROLLED: bool = Self::TAPS <= MOST_UNROLLED;
}

/// Taps of the largest window that is not looped over: 5×5.
pub(crate) const MOST_UNROLLED: usize = 25;

/// Sums over `N` adjacent channels at once.
pub(crate) trait Taps<const N: usize> {
    /// The weights of `N` channels in the form that the sums want.
    type Filter;
    /// # Safety
    /// All taps of `W` may be read from `w`, `N` bytes each.
    unsafe fn filter<W: Window>(w: *const i8) -> Self::Filter;
    /// The accumulators of a pixel without padding.
    /// # Safety
    /// All taps of `W` may be read from `x` and from `w`, `N` bytes each; `filter` is that of `w`.
    unsafe fn pixel<W: Window>(
        x: *const i8,
        w: *const i8,
        filter: &Self::Filter,
        bias: [i32; N],
    ) -> [i32; N];
    /// Adds w·(x − zero) of a part of a window: rows, columns; at least one of each.
    /// # Safety
    /// The taps of that part may be read from `x` and from `w`, which point at its first, `N` bytes each.
    unsafe fn edge<W: Window>(
        x: *const i8,
        w: *const i8,
        part: [usize; 2],
        zero: i8,
        acc: [i32; N],
    ) -> [i32; N];
}

/// Everything constant in a layer.
struct Shape<L>(PhantomData<L>);

impl<L: DepthwiseConv2d> Window for Shape<L> {
    const KERNEL: [usize; 2] = L::PARAMS.kernel;
    const STEP: [usize; 2] = [
        Self::Y.dilation * Self::X.len * Self::INPUTS,
        Self::X.dilation * Self::INPUTS,
    ];
    const WEIGHT_STEP: usize = Self::OUTPUTS;
}

impl<L: DepthwiseConv2d> Shape<L> {
    const Y: Axis = axes!(L::PARAMS).0;
    const X: Axis = axes!(L::PARAMS).1;
    const INPUTS: usize = L::PARAMS.input[2];
    const OUTPUTS: usize = L::PARAMS.output[2];
    const MULTIPLIER: usize = Self::OUTPUTS / Self::INPUTS;
    const HAS_BORDER: bool = Self::Y.has_border() || Self::X.has_border();
    /// Whether channels go in groups.
    const GROUPED: bool = Self::MULTIPLIER == 1 && Self::OUTPUTS >= isa::CHANNELS;
    const REQUANT: Requant = {
        let p = L::PARAMS;
        let bits = accumulator_bits(Self::TAPS, p.bias);
        Requant::new(
            p.rounding,
            p.output_zero,
            p.clamp,
            bits,
            (p.mantissas, p.exponents),
        )
    };
    const VALID: () = {
        let p = L::PARAMS;
        assert!(Self::Y.is_valid() && Self::X.is_valid(), "invalid window");
        assert!(Self::INPUTS > 0, "no input channels");
        assert!(
            Self::OUTPUTS.is_multiple_of(Self::INPUTS),
            "output channels are no multiple of the input's"
        );
        assert!(
            L::INPUT.len == elements(p.input),
            "input region and shape differ"
        );
        assert!(
            L::OUTPUT.len == elements(p.output),
            "output region and shape differ"
        );
        assert!(
            p.weights.len() == Self::TAPS * Self::OUTPUTS,
            "weights and shape differ"
        );
        per_channel(Self::OUTPUTS, p.bias, p.mantissas, p.exponents);
    };
}

#[inline(never)]
fn layer<L: DepthwiseConv2d>(arena: *mut i8) {
    const { Shape::<L>::VALID };
    if Shape::<L>::GROUPED {
        groups::<L, isa::Sums, { isa::CHANNELS }>(arena);
    } else {
        groups::<L, portable::Sums, 1>(arena);
    }
}

#[inline(always)]
fn groups<L: DepthwiseConv2d, T: Taps<N>, const N: usize>(arena: *mut i8) {
    let outputs = Shape::<L>::OUTPUTS;
    // SAFETY: `unary` checked that both regions are inside the arena, VALID that they have the shapes'
    // sizes; every address below is that of an element of the shapes.
    let (input, output) = unsafe {
        (
            arena.add(L::INPUT.offset).cast_const(),
            arena.add(L::OUTPUT.offset),
        )
    };
    let mut next = 0;
    while next < opaque(outputs) {
        rolled();
        // N is 1 or at most `outputs`.
        let first = super::least(next, outputs - N);
        // SAFETY: N channels from `first` on, in input, output and weights.
        unsafe {
            image::<L, T, N>(
                input.add(first / Shape::<L>::MULTIPLIER),
                output.add(first),
                first,
            );
        }
        next += N;
    }
}

/// All pixels of `N` channels.
///
/// # Safety
/// `input` and `output` point at the first pixel's channel that belongs to output channel `first`, and
/// there are `N` from there on.
#[inline(always)]
unsafe fn image<L: DepthwiseConv2d, T: Taps<N>, const N: usize>(
    input: *const i8,
    output: *mut i8,
    first: usize,
) {
    let (y, x) = (Shape::<L>::Y, Shape::<L>::X);
    let (inputs, outputs) = (Shape::<L>::INPUTS, Shape::<L>::OUTPUTS);
    let params = L::PARAMS;
    // SAFETY: VALID: weights and constants have `outputs` channels; first + N is at most that.
    let (weights, bias, channels): (_, [i32; N], Channels<N>) = unsafe {
        (
            params.weights.as_ptr().add(first),
            core::array::from_fn(|k| *params.bias.as_ptr().add(first + k)),
            Channels::new(|k| {
                Shape::<L>::REQUANT.channel(
                    *params.mantissas.as_ptr().add(first + k),
                    *params.exponents.as_ptr().add(first + k),
                )
            }),
        )
    };
    // SAFETY: as above.
    let filter = unsafe { T::filter::<Shape<L>>(weights) };
    let edge_bias = edge_bias::<L, N>(weights, bias);
    let rows = y.interior_start()..y.interior_end();
    let interior = Shape::<L>::X.interior_end() - Shape::<L>::X.interior_start();
    let mut pixel = output;
    for oy in 0..opaque(y.out) {
        let whole = interior > 0 && rows.contains(&oy);
        let mut ox = 0;
        while ox < x.out {
            rolled();
            if whole && ox == x.interior_start() {
                let at = (y.at(oy, 0) * x.len + x.at(ox, 0)) * inputs;
                // SAFETY: the first tap of an interior pixel, and so are those that follow by the stride.
                let mut taps = unsafe { input.add(at) };
                for _ in 0..opaque(interior) {
                    rolled();
                    // SAFETY: all taps are inside; N channels of this pixel.
                    unsafe {
                        let acc = T::pixel::<Shape<L>>(taps, weights, &filter, bias);
                        Shape::<L>::REQUANT.store(acc, &channels, pixel, N);
                    }
                    taps = taps.wrapping_add(x.stride * inputs);
                    pixel = pixel.wrapping_add(outputs);
                }
                ox = x.interior_end();
            } else if Shape::<L>::HAS_BORDER {
                // SAFETY: the caller's promise; N channels of this pixel.
                unsafe {
                    let acc = edge::<L, T, N>(input, weights, (oy, ox), edge_bias);
                    Shape::<L>::REQUANT.store(acc, &channels, pixel, N);
                }
                pixel = pixel.wrapping_add(outputs);
                ox += 1;
            }
        }
    }
}

/// The bias of border pixels, which sum w·(x − zero): bias[c] + zero·Σ w[c].
#[inline(always)]
fn edge_bias<L: DepthwiseConv2d, const N: usize>(w: *const i8, bias: [i32; N]) -> [i32; N] {
    if !Shape::<L>::HAS_BORDER {
        return bias;
    }
    let mut sums = [0i32; N];
    for tap in 0..opaque(Shape::<L>::TAPS) {
        rolled();
        for (k, sum) in sums.iter_mut().enumerate() {
            // SAFETY: VALID: N channels of each tap.
            *sum += i32::from(unsafe { *w.add(tap * Shape::<L>::OUTPUTS + k) });
        }
    }
    core::array::from_fn(|k| {
        bias[k].wrapping_add(sums[k].wrapping_mul(i32::from(L::PARAMS.input_zero)))
    })
}

/// The accumulators of a pixel with padded taps.
///
/// # Safety
/// As for [`image`].
#[inline(always)]
unsafe fn edge<L: DepthwiseConv2d, T: Taps<N>, const N: usize>(
    input: *const i8,
    weights: *const i8,
    (oy, ox): (usize, usize),
    acc: [i32; N],
) -> [i32; N] {
    let (y, x) = (Shape::<L>::Y, Shape::<L>::X);
    let ((top, bottom), (left, right)) = (y.taps(oy), x.taps(ox));
    if top >= bottom || left >= right {
        return acc;
    }
    let at = (y.at(oy, top) * x.len + x.at(ox, left)) * Shape::<L>::INPUTS;
    let tap = (top * x.kernel + left) * Shape::<L>::OUTPUTS;
    let part = [bottom - top, right - left];
    // SAFETY: the valid taps.
    unsafe {
        let (x, w) = (input.add(at), weights.add(tap));
        T::edge::<Shape<L>>(x, w, part, L::PARAMS.input_zero, acc)
    }
}

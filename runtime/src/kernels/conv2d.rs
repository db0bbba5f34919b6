//! 2-D convolution.
//!
//! Output channels outermost, a few filters at a time ([`isa::FILTERS`]), so that bias and multiplier
//! stay in registers over all pixels. Pixels without padded taps ([`isa::PIXELS`] at a time) sum whole
//! runs of contiguous bytes, since a row of taps is contiguous in NHWC and OHWI. Pixels at the border
//! sum w·(x − zero) over the valid taps only, from a bias without the folded zero point. 1×1
//! convolutions of stride 1 see the image as one row.
//!
//! Counts that do not divide are covered by overlap: the last group of filters or pixels starts early
//! enough to be full and writes some outputs twice, with the same value.

use core::marker::PhantomData;

use super::requant::{Channels, Requant, accumulator_bits};
use super::sliding::{Axis, axes};
use super::{elements, least, opaque, per_channel, rolled, unary};
use crate::arena::Memory;
use crate::isa::conv2d as isa;
use crate::layer::Conv2d;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn conv2d_s8<L: Conv2d>(arena: &mut impl Memory) {
    layer::<L>(unary::<L, _>(arena));
}

/// The part of the input under one filter, as runs of contiguous bytes in two nested loops.
pub(crate) trait Patch {
    /// Bytes of a run.
    const RUN: usize;
    /// Number of runs: outer, inner loop.
    const RUNS: [usize; 2];
    /// Bytes in the input from a run to the next of either loop.
    const STEP: [usize; 2];
    /// Bytes in the input from a pixel's patch to the next pixel's.
    const PIXEL: usize;
    /// Bytes in the weights from a filter to the next of its group.
    const FILTER: usize;
    /// Filters in all; a group's filters beyond that are the last one again.
    const FILTERS: usize;
}

/// The patch of a layer, and everything else that is constant in it.
pub(crate) struct Shape<L>(PhantomData<L>);

impl<L: Conv2d> Patch for Shape<L> {
    const RUN: usize = Self::TAPS / (Self::RUNS[0] * Self::RUNS[1]);
    const RUNS: [usize; 2] = {
        let [rows, columns] = L::PARAMS.kernel;
        let row = L::PARAMS.dilation[0] * L::PARAMS.input[1];
        match (columns == 1 || L::PARAMS.dilation[1] == 1, rows) {
            (true, 1) => [1, 1],
            // The kernel is as wide as the image: its rows touch.
            (true, _) if row == columns => [1, 1],
            (true, _) => [1, rows],
            (false, _) => [rows, columns],
        }
    };
    const STEP: [usize; 2] = {
        let row = L::PARAMS.dilation[0] * L::PARAMS.input[1] * L::PARAMS.input[2];
        if Self::RUNS[0] == 1 && L::PARAMS.dilation[1] == 1 || L::PARAMS.kernel[1] == 1 {
            [0, row]
        } else {
            [row, L::PARAMS.dilation[1] * L::PARAMS.input[2]]
        }
    };
    const PIXEL: usize = if Self::INTERIOR > 1 {
        Self::X.stride * L::PARAMS.input[2]
    } else {
        0
    };
    const FILTER: usize = if Self::FILTERS > 1 { Self::TAPS } else { 0 };
    const FILTERS: usize = L::PARAMS.output[2];
}

impl<L: Conv2d> Shape<L> {
    const TAPS: usize = L::PARAMS.kernel[0] * L::PARAMS.kernel[1] * L::PARAMS.input[2];
    /// 1×1, stride 1, no padding: pixels in, pixels out.
    const POINTWISE: bool = {
        let (y, x) = axes!(L::PARAMS);
        y.kernel * x.kernel * y.stride * x.stride == 1
            && y.pad + x.pad == 0
            && y.len == y.out
            && x.len == x.out
    };
    const Y: Axis = {
        let (mut y, _) = axes!(L::PARAMS);
        if Self::POINTWISE {
            (y.len, y.out) = (1, 1);
        }
        y
    };
    const X: Axis = {
        let (y, mut x) = axes!(L::PARAMS);
        if Self::POINTWISE {
            (x.len, x.out) = (y.len * x.len, y.out * x.out);
        }
        x
    };
    /// Pixels of a row without padded taps.
    const INTERIOR: usize = Self::X.interior_end() - Self::X.interior_start();
    const HAS_BORDER: bool = Self::Y.has_border() || Self::X.has_border();
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
        let (y, x) = axes!(p);
        assert!(y.is_valid() && x.is_valid(), "invalid window");
        assert!(
            L::INPUT.len == elements(p.input),
            "input region and shape differ"
        );
        assert!(
            L::OUTPUT.len == elements(p.output),
            "output region and shape differ"
        );
        assert!(
            p.weights.len() == p.output[2] * Self::TAPS,
            "weights and shape differ"
        );
        per_channel(p.output[2], p.bias, p.mantissas, p.exponents);
    };
}

/// A group of filters with its constants.
struct Group {
    weights: *const i8,
    bias: [i32; isa::FILTERS],
    channels: Channels<{ isa::FILTERS }>,
}

#[inline(never)]
fn layer<L: Conv2d>(arena: *mut i8) {
    const { Shape::<L>::VALID };
    let (y, x) = (Shape::<L>::Y, Shape::<L>::X);
    let filters = L::PARAMS.output[2];
    // SAFETY: `unary` checked that both regions are inside the arena, `VALID` that they have the shapes'
    // sizes. Every address below is that of an element of the shapes.
    let input = unsafe { arena.add(L::INPUT.offset) }.cast_const();
    // SAFETY: as above.
    let output = unsafe { arena.add(L::OUTPUT.offset) };
    let rows = y.interior_start()..y.interior_end();
    let mut next = 0;
    while next < opaque(filters) {
        rolled();
        let first = least(next, filters - least(filters, isa::FILTERS));
        let group = group::<L>(first);
        let edge_bias = edge_bias::<L>(&group);
        for oy in 0..y.out {
            let whole = Shape::<L>::INTERIOR > 0 && rows.contains(&oy);
            // SAFETY: the first element of row oy and of this group.
            let row = unsafe { output.add(oy * x.out * filters + first) };
            let mut ox = 0;
            while ox < x.out {
                if whole && ox == x.interior_start() {
                    interior::<L>(input, row, oy, &group);
                    ox = x.interior_end();
                } else if Shape::<L>::HAS_BORDER {
                    let acc = edge::<L>(input, (oy, ox), &group, edge_bias);
                    // SAFETY: pixel ox of row oy.
                    store::<L>(unsafe { row.add(ox * filters) }, acc, &group);
                    ox += 1;
                }
            }
        }
        next += isa::FILTERS;
    }
}

#[inline(always)]
fn group<L: Conv2d>(first: usize) -> Group {
    let last = L::PARAMS.output[2] - 1;
    let params = L::PARAMS;
    // SAFETY: VALID: there are `last + 1` filters of TAPS bytes and as many of each constant.
    unsafe {
        Group {
            weights: params.weights.as_ptr().add(first * Shape::<L>::TAPS),
            bias: each(|k| *params.bias.as_ptr().add(least(first + k, last))),
            channels: Channels::new(|k| {
                let o = least(first + k, last);
                Shape::<L>::REQUANT.channel(
                    *params.mantissas.as_ptr().add(o),
                    *params.exponents.as_ptr().add(o),
                )
            }),
        }
    }
}

/// The pixels of row `oy` without padded taps.
#[inline(always)]
fn interior<L: Conv2d>(input: *const i8, row: *mut i8, oy: usize, group: &Group) {
    let (y, x) = (Shape::<L>::Y, Shape::<L>::X);
    let [_, _, channels] = L::PARAMS.input;
    let filters = L::PARAMS.output[2];
    let pixels = least(isa::PIXELS, Shape::<L>::INTERIOR);
    let end = Shape::<L>::INTERIOR;
    // SAFETY: the first tap of the first interior pixel is inside.
    let first =
        unsafe { input.add((y.at(oy, 0) * x.len + x.at(x.interior_start(), 0)) * channels) };
    let mut next = 0;
    while next < end {
        rolled();
        let at = least(next, end - pixels);
        // SAFETY: all taps of pixels at..at + pixels are inside; the filters lie in the weights (VALID).
        let acc = unsafe {
            isa::tile::<Shape<L>>(first.add(at * Shape::<L>::PIXEL), group.weights, group.bias)
        };
        for (k, acc) in acc.into_iter().enumerate() {
            let pixel = x.interior_start() + at + least(k, pixels - 1);
            // SAFETY: a pixel of row oy.
            store::<L>(unsafe { row.add(pixel * filters) }, acc, group);
        }
        next += isa::PIXELS;
    }
}

/// The bias of border pixels, which sum w·(x − zero): bias[c] + zero·Σ w[c].
#[inline(always)]
fn edge_bias<L: Conv2d>(group: &Group) -> [i32; isa::FILTERS] {
    if !Shape::<L>::HAS_BORDER {
        return group.bias;
    }
    each(|k| {
        let filter = least(k, Shape::<L>::FILTERS - 1) * Shape::<L>::FILTER;
        let mut sum = 0i32;
        for i in 0..opaque(Shape::<L>::TAPS) {
            rolled();
            // SAFETY: VALID: the group's filters lie in the weights.
            sum += i32::from(unsafe { *group.weights.add(filter + i) });
        }
        group.bias[k].wrapping_add(sum.wrapping_mul(i32::from(L::PARAMS.input_zero)))
    })
}

/// The accumulators of one pixel, whatever its padding.
#[inline(always)]
fn edge<L: Conv2d>(
    input: *const i8,
    (oy, ox): (usize, usize),
    group: &Group,
    mut acc: [i32; isa::FILTERS],
) -> [i32; isa::FILTERS] {
    let (y, x) = (Shape::<L>::Y, Shape::<L>::X);
    let [_, _, channels] = L::PARAMS.input;
    let ((top, bottom), (left, right)) = (y.taps(oy), x.taps(ox));
    let mut ky = top;
    while ky < bottom {
        rolled();
        let mut kx = left;
        while kx < right {
            rolled();
            // Adjacent taps are contiguous unless dilated.
            let taps = if x.dilation == 1 { right - left } else { 1 };
            let from = (y.at(oy, ky) * x.len + x.at(ox, kx)) * channels;
            let tap = (ky * x.kernel + kx) * channels;
            // SAFETY: `taps` valid taps from (ky, kx) on: inside the input and the weights.
            acc = unsafe {
                isa::edge::<Shape<L>>(
                    input.add(from),
                    group.weights.add(tap),
                    taps * channels,
                    L::PARAMS.input_zero,
                    acc,
                )
            };
            kx += taps;
        }
        ky += 1;
    }
    acc
}

/// Writes one pixel's outputs of a group.
#[inline(always)]
fn store<L: Conv2d>(pixel: *mut i8, acc: [i32; isa::FILTERS], group: &Group) {
    // SAFETY: `pixel` points at the group's first channel.
    unsafe { Shape::<L>::REQUANT.store(acc, &group.channels, pixel, Shape::<L>::FILTERS) };
}

/// One value per filter of a group.
#[inline(always)]
fn each<T>(f: impl FnMut(usize) -> T) -> [T; isa::FILTERS] {
    core::array::from_fn(f)
}

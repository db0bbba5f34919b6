//! The same layers with regions that overlap as far as their kernels allow.

use core::marker::PhantomData;

use ember_runtime::Region;
use ember_runtime::layer::{Conv2d, DepthwiseConv2d, Dot, Unary};
use ember_runtime::params::{Conv2dParams, DepthwiseConv2dParams, DotParams};

/// A convolution whose output is as close to its input as it may be.
pub struct Overlapping<L>(PhantomData<L>);

impl<L: Conv2d> Overlapping<L> {
    /// Bytes from the output's start up to the input's, rounded to words; may be negative.
    const DISTANCE: isize = {
        let distance = L::PARAMS.geometry().overlap_distance();
        // Towards the safe side: division truncates.
        if distance > 0 {
            (distance + 3) / 4 * 4
        } else {
            distance / 4 * 4
        }
    };
}

impl<L: Conv2d> Unary for Overlapping<L> {
    const INPUT: Region = Region::new(
        8 + if Self::DISTANCE > 0 {
            Self::DISTANCE as usize
        } else {
            0
        },
        L::INPUT.len,
    );
    const OUTPUT: Region = Region::new(
        8 + if Self::DISTANCE < 0 {
            -Self::DISTANCE as usize
        } else {
            0
        },
        L::OUTPUT.len,
    );
}

impl<L: Conv2d> Conv2d for Overlapping<L> {
    const SCRATCH: Region = after([Self::INPUT, Self::OUTPUT], L::SCRATCH.len);
    const PARAMS: Conv2dParams<'static> = L::PARAMS;
    const PACKED: &'static [i32] = L::PACKED;
}

/// A depthwise convolution over its own input, where that is allowed.
pub struct InPlace<L>(PhantomData<L>);

impl<L: DepthwiseConv2d> Unary for InPlace<L> {
    const INPUT: Region = Region::new(8, L::INPUT.len);
    const OUTPUT: Region = if L::PARAMS.geometry().depthwise_in_place() {
        Region::new(8, L::OUTPUT.len)
    } else {
        after([Self::INPUT, Self::INPUT], L::OUTPUT.len)
    };
}

impl<L: DepthwiseConv2d> DepthwiseConv2d for InPlace<L> {
    const SCRATCH: Region = after([Self::INPUT, Self::OUTPUT], L::SCRATCH.len);
    const PARAMS: DepthwiseConv2dParams<'static> = L::PARAMS;
    const PACKED: &'static [i32] = L::PACKED;
}

/// Dot products over their own input, where that is allowed.
pub struct DotInPlace<L>(PhantomData<L>);

impl<L: Dot> Unary for DotInPlace<L> {
    const INPUT: Region = Region::new(8, L::INPUT.len);
    const OUTPUT: Region = if L::PARAMS.in_place() {
        Region::new(8, L::OUTPUT.len)
    } else {
        after([Self::INPUT, Self::INPUT], L::OUTPUT.len)
    };
}

impl<L: Dot> Dot for DotInPlace<L> {
    const PARAMS: DotParams<'static> = L::PARAMS;
    const PACKED: &'static [i32] = L::PACKED;
}

/// `len` bytes behind two regions.
const fn after([one, other]: [Region; 2], len: usize) -> Region {
    let end = if one.end() > other.end() {
        one.end()
    } else {
        other.end()
    };
    Region::new(end.next_multiple_of(4) + 4, len)
}

//! A convolution with int4 weights: all are unpacked to scratch, since every pixel reads them, then the kernel
//! of int8 weights runs.

use core::mem::MaybeUninit;

use super::{Task as Layer, run, valid};
use crate::arena::Memory;
use crate::isa::TARGET;
use crate::kernels::requant::{Form, Requant};
use crate::kernels::unpack::{own, unpack};
use crate::kernels::{OTHER, SINGLE, TFLITE, frozen, unknown};
use crate::layer::Conv2d;
use crate::packing::{self, FILTERS};

/// Runs the layer `L`, whose `PACKED` are int4 weights, on the arena.
#[inline(always)]
pub fn conv2d_s4<L: Conv2d>(arena: &mut impl Memory) {
    const {
        let p = L::PARAMS;
        assert!(
            L::SCRATCH.len >= TARGET.conv2d_s4_scratch(&p.geometry()),
            "not enough scratch"
        );
        assert!(
            L::PACKED.len() == packing::conv2d_s4_words(&p),
            "stream and shape differ"
        );
    }
    let base = valid::<L, _>(arena);
    let task: &'static Task = const {
        let p = L::PARAMS;
        let layer = Layer::new::<L>();
        &Task {
            weights: layer.scratch,
            layer: Layer {
                scratch: layer.scratch + TARGET.conv2d_unpacked(&p.geometry()),
                ..layer
            },
            run: match (Requant::of_conv2d(&p).form(), L::WHOLE) {
                (Form::TfLite, true) => run::<TFLITE, true>,
                (Form::TfLite, false) => run::<TFLITE, false>,
                (Form::Single, true) => run::<SINGLE, true>,
                (Form::Single, false) => run::<SINGLE, false>,
                (Form::Shifted | Form::Other, _) => run::<OTHER, false>,
            },
        }
    };
    // SAFETY: regions, sizes and constants were checked against each other.
    unsafe { unpack_and_run(base, frozen(task)) }
}

/// A layer as [`unpack_and_run`] reads it; a constant of the model.
#[derive(Debug)]
pub(in crate::kernels) struct Task {
    layer: Layer,
    /// Where its weights are unpacked.
    weights: usize,
    /// What runs over them.
    run: unsafe fn(*mut i8, &Layer),
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn unpack_and_run(arena: *mut i8, task: &Task) {
    let mut place = MaybeUninit::uninit();
    let layer = own(&task.layer, &mut place);
    let g = &layer.geometry;
    let (filters, taps) = (g.output[2], g.kernel[0] * g.kernel[1] * g.input[2]);
    // SAFETY: the scratch has room for all weights, before the patches.
    unsafe {
        let weights = arena.add(task.weights).cast::<i32>();
        let group = unknown(FILTERS);
        unpack(layer.packed.cast(), weights, filters, taps, group);
        layer.packed = core::ptr::slice_from_raw_parts(weights, 0);
        (task.run)(arena, layer);
    }
}

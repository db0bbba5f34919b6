//! The fast int8 kernels: one function per operator, whatever the number of layers; a layer of
//! [`crate::layer`] is a constant that it reads.
//!
//! Each kernel checks its layer when the firmware is compiled (`const` assertions: regions inside the
//! arena and apart, weights and constants as long as the shapes say), so that there is nothing to check
//! and nothing that can panic at run time. Each equals its namesake in
//! [`crate::reference`](mod@crate::reference) bit for bit. A kernel is never inlined nor specialised:
//! its size is known before a model is built.
//!
//! The loops around are here; the innermost sums are in the modules that `crate::isa` chooses by target
//! and features. Reading order: `requant`, `sliding`, `dense`, `conv2d`, the others.

pub(crate) mod add;
mod arg_max;
mod average_pool2d;
mod binary;
mod bytes;
mod constant;
pub(crate) mod conv2d;
mod copy;
mod darts_cell;
pub(crate) mod dense;
mod dense_s4;
pub(crate) mod depthwise_conv2d;
mod dot;
mod embedding;
mod int16;
mod l2_norm;
mod log_softmax;
mod lookup;
mod lstm;
mod matmul;
mod max_pool2d;
mod mean;
mod multiply;
mod pool2d;
mod recurrent;
mod reduce;
pub(crate) mod requant;
mod resize_bilinear;
mod row_sums;
mod rows;
pub(crate) mod sliding;
mod softmax;
mod svdf;
mod unpack;

pub use add::{add_form, add_s8};
pub use arg_max::arg_max_s8;
pub use average_pool2d::average_pool2d_s8;
pub use binary::{binary_form, binary_s8};
pub use constant::constant_s8;
pub use conv2d::{conv2d_s4, conv2d_s8, transpose_conv2d_s8};
pub use copy::copy_s8;
pub use darts_cell::darts_cell_s8;
pub use dense::dense_s8;
pub use dense_s4::dense_s4;
pub use depthwise_conv2d::depthwise_conv2d_s8;
pub use dot::dot_s8;
pub use embedding::embedding_s8;
pub use int16::add::add_s16;
pub use int16::conv2d::conv2d_s16;
pub use int16::dense::dense_s16;
pub use int16::depthwise_conv2d::depthwise_conv2d_s16;
pub use int16::pool2d::{average_pool2d_s16, max_pool2d_s16};
pub use int16::quantize::quantize_s16;
pub use l2_norm::l2_norm_s8;
pub use log_softmax::log_softmax_s8;
pub use lookup::lookup_s8;
pub use lstm::lstm_s8;
pub use matmul::matmul_s8;
pub use max_pool2d::max_pool2d_s8;
pub use mean::mean_s8;
pub use recurrent::recurrent_s8;
pub use reduce::reduce_s8;
pub use requant::Form;
pub use resize_bilinear::resize_bilinear_s8;
pub use row_sums::{average_row_s8, mean_row_s8};
pub use rows::{MOST_TICKS, feed_row, next_row, store_row};
pub use softmax::softmax_s8;
pub use svdf::svdf_s8;

/// Bytes of the constant that a layer has beside its stream, by kernel: what the cost model cannot know
/// on the host, where pointers are larger.
pub const TASK_BYTES: [(&str, usize); 42] = [
    ("conv2d", size_of::<conv2d::Task>()),
    ("depthwise_conv2d", size_of::<depthwise_conv2d::Task>()),
    ("dense", size_of::<dense::Task>()),
    ("add", size_of::<add::Task>()),
    ("average_pool2d", size_of::<pool2d::Task>()),
    ("max_pool2d", size_of::<pool2d::Task>()),
    ("mean", size_of::<mean::Task>()),
    ("softmax", size_of::<softmax::Task>()),
    ("lookup", size_of::<lookup::Task>()),
    ("lstm", size_of::<lstm::Task>()),
    ("rows", size_of::<rows::Task>()),
    (
        "mean_row",
        size_of::<row_sums::Task>() + size_of::<mean::Task>(),
    ),
    ("average_row", size_of::<row_sums::Task>() + 4),
    ("binary_sum", size_of::<binary::Task>()),
    ("binary_product", size_of::<binary::Task>()),
    ("binary_pick", size_of::<binary::Task>()),
    ("binary_prelu", size_of::<binary::Task>()),
    ("copy", size_of::<copy::Task>()),
    ("reduce_sum", size_of::<reduce::Task>()),
    ("reduce_max", size_of::<reduce::Task>()),
    ("arg_max", size_of::<arg_max::Task>()),
    ("constant", size_of::<constant::Task>()),
    ("log_softmax", size_of::<log_softmax::Task>()),
    ("l2_norm", size_of::<l2_norm::Task>()),
    ("embedding", size_of::<embedding::Task>()),
    ("transpose_conv2d", size_of::<conv2d::TransposeTask>()),
    ("matmul", size_of::<matmul::Task>()),
    ("resize_bilinear", size_of::<resize_bilinear::Task>()),
    ("svdf", size_of::<svdf::Task>()),
    ("rnn", size_of::<recurrent::Task>()),
    ("gru", size_of::<recurrent::Task>()),
    ("darts_cell", size_of::<darts_cell::Task>()),
    ("conv2d_s16", size_of::<int16::conv2d::Task>()),
    (
        "depthwise_conv2d_s16",
        size_of::<int16::depthwise_conv2d::Task>(),
    ),
    ("dense_s16", size_of::<int16::dense::Task>()),
    ("add_s16", size_of::<int16::add::Task>()),
    ("average_pool2d_s16", size_of::<int16::pool2d::Task>()),
    ("max_pool2d_s16", size_of::<int16::pool2d::Task>()),
    ("quantize_s16", size_of::<int16::quantize::Task>()),
    ("conv2d_s4", size_of::<conv2d::S4Task>()),
    ("dense_s4", size_of::<dense_s4::Task>()),
    ("dot", size_of::<dot::Task>()),
];

use crate::arena::{ALIGN, Memory, Region};
use crate::layer::{Binary, Unary};

/// The arena of a layer with one input; its regions lie inside and apart, or it does not compile.
#[inline(always)]
fn unary<L: Unary, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        inside(L::INPUT, M::LEN);
        inside(L::OUTPUT, M::LEN);
        assert!(!L::INPUT.overlaps(L::OUTPUT), "input and output overlap");
    }
    base(arena)
}

/// The arena of a layer with one input; the output is apart from it or exactly on it.
#[inline(always)]
fn unary_in_place<L: Unary, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        inside(L::INPUT, M::LEN);
        inside(L::OUTPUT, M::LEN);
        apart_or_same(L::INPUT, L::OUTPUT);
    }
    base(arena)
}

/// The arena of a layer with two inputs; the output is apart from each of them or exactly one.
#[inline(always)]
fn binary<L: Binary, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        inside(L::LEFT, M::LEN);
        inside(L::RIGHT, M::LEN);
        inside(L::OUTPUT, M::LEN);
        apart_or_same(L::LEFT, L::OUTPUT);
        apart_or_same(L::RIGHT, L::OUTPUT);
    }
    base(arena)
}

/// The arena's first byte, as an address that the compiler does not know: where a model is a static, its
/// address would be compiled into the kernels, and they would differ in size and speed by model.
#[inline(always)]
fn base(arena: &mut impl Memory) -> *mut i8 {
    #[cfg(target_arch = "arm")]
    {
        let mut base = arena.as_mut_ptr();
        // SAFETY: does nothing.
        unsafe {
            core::arch::asm!("/* {0} */", inout(reg) base, options(pure, nomem, nostack, preserves_flags));
        }
        base
    }
    #[cfg(not(target_arch = "arm"))]
    arena.as_mut_ptr()
}

const fn inside(region: Region, arena: usize) {
    assert!(
        region.offset <= arena && region.len <= arena - region.offset,
        "region outside the arena"
    );
    assert!(region.offset.is_multiple_of(ALIGN), "region not aligned");
}

/// Asserts that the scratch of a layer, and what it may keep, lie in the arena, apart from all else.
const fn beside<L: Unary, M: Memory>(scratch: Region, state: Option<Region>) {
    inside(scratch, M::LEN);
    assert!(!scratch.overlaps(L::INPUT), "scratch and input overlap");
    assert!(!scratch.overlaps(L::OUTPUT), "scratch and output overlap");
    if let Some(state) = state {
        inside(state, M::LEN);
        assert!(!state.overlaps(scratch), "state and scratch overlap");
        assert!(!state.overlaps(L::INPUT), "state and input overlap");
        assert!(!state.overlaps(L::OUTPUT), "state and output overlap");
    }
}

/// Asserts that a stateful layer, and no other, has so many bytes to keep its state in.
const fn kept(state: Option<Region>, stateful: bool, bytes: usize) {
    match state {
        Some(state) => assert!(
            stateful && state.len == bytes,
            "state region and shape differ"
        ),
        None => assert!(!stateful, "nowhere to keep the state"),
    }
}

const fn apart_or_same(input: Region, output: Region) {
    let same = input.offset == output.offset && input.len == output.len;
    assert!(
        same || !input.overlaps(output),
        "input and output overlap in part"
    );
}

/// Elements of a shape.
const fn elements([height, width, channels]: [usize; 3]) -> usize {
    height * width * channels
}

/// Asserts that a layer's constants are as long as it has output channels.
const fn per_channel(channels: usize, bias: &[i32], mantissas: &[i32], exponents: &[i8]) {
    assert!(channels > 0, "no output channels");
    assert!(bias.len() == channels, "one bias per output channel");
    assert!(
        mantissas.len() == channels,
        "one mantissa per output channel"
    );
    assert!(
        exponents.len() == channels,
        "one exponent per output channel"
    );
}

/// As [`per_channel`], where one factor may serve all outputs.
const fn per_output(outputs: usize, bias: &[i32], mantissas: &[i32], exponents: &[i8]) {
    assert!(bias.len() == outputs, "one bias per output");
    assert!(
        mantissas.len() == 1 || mantissas.len() == outputs,
        "one mantissa, or one per output"
    );
    assert!(
        exponents.len() == mantissas.len(),
        "as many exponents as mantissas"
    );
}

/// The smaller of two numbers.
const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// How a layer's outputs are finished, as a constant that code is generated for: by the short form of
/// `TfLite`.
pub(crate) const TFLITE: u32 = 0;
/// By the short form of `Single` without a shift before.
pub(crate) const SINGLE: u32 = 1;
/// By any other, one by one.
pub(crate) const OTHER: u32 = 2;

/// The same constant, as one whose content the compiler does not know: a function that reads it is
/// neither specialised nor inlined for it, so that its code is the same in every model.
#[inline(always)]
pub(crate) fn frozen<T>(constant: &'static T) -> &'static T {
    #[cfg(target_arch = "arm")]
    {
        let mut constant: *const T = constant;
        // SAFETY: does nothing, so the pointer is still that of the constant.
        unsafe {
            core::arch::asm!("/* {0} */", inout(reg) constant, options(pure, nomem, nostack, preserves_flags));
            &*constant
        }
    }
    #[cfg(not(target_arch = "arm"))]
    constant
}

/// The same place, as one whose address the compiler does not know: see [`frozen`].
#[inline(always)]
pub(crate) fn frozen_mut<T>(place: &mut T) -> &mut T {
    #[cfg(target_arch = "arm")]
    {
        let mut place: *mut T = place;
        // SAFETY: does nothing, so the pointer is still that of the place, which is borrowed as long.
        unsafe {
            core::arch::asm!("/* {0} */", inout(reg) place, options(pure, nomem, nostack, preserves_flags));
            &mut *place
        }
    }
    #[cfg(not(target_arch = "arm"))]
    place
}

/// The same number, as one that the compiler knows nothing of: a loop that it ends is not unrolled, even if
/// it runs a few times at most.
#[inline(always)]
pub(crate) fn unknown(number: usize) -> usize {
    #[cfg(target_arch = "arm")]
    {
        let mut number = number;
        // SAFETY: does nothing.
        unsafe {
            core::arch::asm!("/* {0} */", inout(reg) number, options(pure, nomem, nostack, preserves_flags));
        }
        number
    }
    #[cfg(not(target_arch = "arm"))]
    number
}

/// Keeps the loop around it as it is written: LLVM would unroll loops on Cortex-M, several times their
/// size and not predictably, where it does not pay. An empty `asm!`, no instruction.
#[inline(always)]
pub(crate) fn rolled() {
    #[cfg(target_arch = "arm")]
    // SAFETY: does nothing.
    unsafe {
        core::arch::asm!("", options(nomem, nostack, preserves_flags));
    }
}

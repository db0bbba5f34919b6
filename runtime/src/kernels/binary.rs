//! Element-wise functions of two tensors, either of which may be repeated along axes or lie in flash. The
//! output may be exactly an input that is not repeated: each element is read before it is written. One
//! function per kind and form for every layer of a model, as in [`super::conv2d`].

use super::add::Step;
use super::requant::{Channel, Form, Requant};
use super::{OTHER, SINGLE, TFLITE, apart_or_same, base, frozen, inside, rolled};
use crate::arena::{Memory, Region};
use crate::layer::{Elementwise, Operand};
use crate::params::{BinaryAxis, BinaryFunction, BinaryParams};
use crate::requant::Rounding;

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn binary_s8<L: Elementwise>(arena: &mut impl Memory) {
    let base = checked::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: operands, output and axes were checked against each other.
    unsafe {
        match const { (L::PARAMS.function, binary_form(&L::PARAMS)) } {
            (BinaryFunction::Maximum | BinaryFunction::Minimum, _) => picks(base, frozen(task)),
            (BinaryFunction::Prelu, _) => prelus(base, frozen(task)),
            (BinaryFunction::Mul, Form::TfLite) => products::<TFLITE>(base, frozen(task)),
            (BinaryFunction::Mul, Form::Single) => products::<SINGLE>(base, frozen(task)),
            (BinaryFunction::Mul, Form::Shifted | Form::Other) => {
                products::<OTHER>(base, frozen(task))
            }
            (_, Form::TfLite) => sums::<TFLITE>(base, frozen(task)),
            (_, Form::Single) => sums::<SINGLE>(base, frozen(task)),
            (_, Form::Shifted | Form::Other) => sums::<OTHER>(base, frozen(task)),
        }
    }
}

/// How outputs are finished. Maximum and minimum finish nothing; what has a slope finishes one by one.
pub const fn binary_form(p: &BinaryParams) -> Form {
    match p.function {
        BinaryFunction::Add | BinaryFunction::Sub => {
            let [left, right] = steps(p);
            if left.fits && right.fits {
                requant(p).form()
            } else {
                Form::Other
            }
        }
        BinaryFunction::Mul => requant(p).form(),
        BinaryFunction::Maximum | BinaryFunction::Minimum => Form::Single,
        BinaryFunction::Prelu => Form::Other,
    }
}

/// The arena of a layer whose regions lie inside and overlap as they may, or it does not compile.
#[inline(always)]
fn checked<L: Elementwise, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        let axes = L::PARAMS.axes;
        let (mut elements, mut left, mut right) = (1, 1, 1);
        let mut k = 0;
        while k < axes.len() {
            assert!(axes[k].count > 0, "empty layer");
            elements *= axes[k].count;
            left += (axes[k].count - 1) * axes[k].left;
            right += (axes[k].count - 1) * axes[k].right;
            k += 1;
        }
        inside(L::OUTPUT, M::LEN);
        assert!(L::OUTPUT.len == elements, "output region and axes differ");
        operand(L::LEFT, left, L::OUTPUT, M::LEN);
        operand(L::RIGHT, right, L::OUTPUT, M::LEN);
    }
    base(arena)
}

/// Asserts that an operand has all elements that are read; one over the output has no others, so that none
/// is read twice.
const fn operand(operand: Operand, read: usize, output: Region, arena: usize) {
    match operand {
        Operand::Arena(region) => {
            inside(region, arena);
            assert!(region.len == read, "input region and axes differ");
            apart_or_same(region, output);
        }
        Operand::Flash(values) => assert!(values.len() == read, "constant and axes differ"),
    }
}

/// Where an operand lies.
#[derive(Debug)]
pub(super) enum Source {
    /// Offset in the arena.
    Arena(usize),
    /// A constant.
    Flash(&'static [i8]),
}

impl Source {
    pub(super) const fn new(operand: Operand) -> Self {
        match operand {
            Operand::Arena(region) => Source::Arena(region.offset),
            Operand::Flash(values) => Source::Flash(values),
        }
    }

    /// # Safety
    /// `arena` is the layer's.
    #[inline(always)]
    pub(super) unsafe fn first(&self, arena: *mut i8) -> *const i8 {
        match self {
            // SAFETY: the region lies in the arena.
            Source::Arena(offset) => unsafe { arena.add(*offset) },
            Source::Flash(values) => values.as_ptr(),
        }
    }
}

/// A layer as the functions below read it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    left: Source,
    right: Source,
    output: usize,
    len: usize,
    axes: [BinaryAxis; 4],
    steps: [Step; 2],
    requant: Requant,
    factor: Channel,
    /// For the definition.
    rounding: Rounding,
    /// All ones for a difference or a minimum.
    flip: i32,
}

impl Task {
    const fn new<L: Elementwise>() -> Self {
        let p = L::PARAMS;
        let requant = requant(&p);
        Self {
            left: Source::new(L::LEFT),
            right: Source::new(L::RIGHT),
            output: L::OUTPUT.offset,
            len: L::OUTPUT.len,
            axes: p.axes,
            steps: steps(&p),
            requant,
            factor: requant.channel(p.output.mantissa, p.output.exponent),
            rounding: p.rounding,
            flip: match p.function {
                BinaryFunction::Sub | BinaryFunction::Minimum => -1,
                BinaryFunction::Add
                | BinaryFunction::Mul
                | BinaryFunction::Maximum
                | BinaryFunction::Prelu => 0,
            },
        }
    }

    /// Computes all elements, in order.
    ///
    /// # Safety
    /// The task is that of a valid layer, `arena` its arena.
    #[inline(always)]
    unsafe fn each(&self, arena: *mut i8, element: impl Fn(i32, i32) -> i8) {
        let [a, b, c, d] = &self.axes;
        // SAFETY: the operands have all elements that the axes reach, and the output as many as there are.
        unsafe {
            let [mut xa, mut ya] = [self.left.first(arena), self.right.first(arena)];
            let mut output = arena.add(self.output);
            for _ in 0..a.count {
                rolled();
                let (mut xb, mut yb) = (xa, ya);
                for _ in 0..b.count {
                    rolled();
                    let (mut xc, mut yc) = (xb, yb);
                    for _ in 0..c.count {
                        rolled();
                        let (mut x, mut y) = (xc, yc);
                        let end = output.add(d.count);
                        while output < end {
                            rolled();
                            *output = element(i32::from(*x), i32::from(*y));
                            (x, y) = (x.wrapping_add(d.left), y.wrapping_add(d.right));
                            output = output.add(1);
                        }
                        (xc, yc) = (xc.wrapping_add(c.left), yc.wrapping_add(c.right));
                    }
                    (xb, yb) = (xb.wrapping_add(b.left), yb.wrapping_add(b.right));
                }
                (xa, ya) = (xa.wrapping_add(a.left), ya.wrapping_add(a.right));
            }
        }
    }

    /// The output of an accumulator, before the layer's clamp where the form is a short one.
    #[inline(always)]
    fn finish<const METHOD: u32>(&self, factor: &Channel, acc: i32) -> i8 {
        if METHOD == OTHER {
            self.requant.finish_any(acc, factor)
        } else {
            factor.saturated::<METHOD>(acc)
        }
    }

    /// The clamp that the short forms leave out.
    ///
    /// # Safety
    /// As for [`Self::each`].
    #[inline(always)]
    unsafe fn clamp(&self, arena: *mut i8) {
        if self.requant.is_clamped() {
            // SAFETY: the output lies in the arena.
            unsafe { self.requant.clamp(arena.add(self.output), self.len) };
        }
    }
}

/// Computes all sums, or differences.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn sums<const METHOD: u32>(arena: *mut i8, task: &Task) {
    // Copies, because what is written to the arena might be the task, for all that LLVM knows.
    let ([left, right], factor, rounding) = (task.steps, task.factor, task.rounding);
    let flip = task.flip;
    // SAFETY: the caller's promise.
    unsafe {
        task.each(arena, |x, y| {
            let x = left.apply::<METHOD>(x as i8, rounding);
            let y = right.apply::<METHOD>(y as i8, rounding);
            // −y is !y + 1.
            let sum = x.wrapping_add((y ^ flip).wrapping_sub(flip));
            task.finish::<METHOD>(&factor, sum)
        });
        task.clamp(arena);
    }
}

/// Computes all products.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn products<const METHOD: u32>(arena: *mut i8, task: &Task) {
    let (factor, [left, right]) = (task.factor, [task.steps[0].zero, task.steps[1].zero]);
    // SAFETY: the caller's promise.
    unsafe {
        task.each(arena, |x, y| {
            task.finish::<METHOD>(&factor, (x - left).wrapping_mul(y - right))
        });
        task.clamp(arena);
    }
}

/// Picks the larger, or the smaller one.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn picks(arena: *mut i8, task: &Task) {
    let flip = task.flip;
    // SAFETY: the caller's promise.
    unsafe {
        // Complements are ordered the other way round.
        task.each(arena, |x, y| ((x ^ flip).max(y ^ flip) ^ flip) as i8);
    }
}

/// Multiplies what is negative by its slope.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn prelus(arena: *mut i8, task: &Task) {
    let (slope, [left, right]) = (task.factor, task.steps);
    let positive = Channel {
        mantissa: left.scale.mantissa,
        addend: 0,
        shift: left.scale.exponent as i32,
    };
    // SAFETY: the caller's promise.
    unsafe {
        task.each(arena, |x, y| {
            let x = x - left.zero;
            let (acc, factor) = match x {
                0.. => (x, positive),
                _ => (x.wrapping_mul(y - right.zero), slope),
            };
            task.requant.finish_any(acc, &factor)
        });
    }
}

const fn steps(p: &BinaryParams) -> [Step; 2] {
    [
        Step::new(p.rounding, p.left, p.left_zero),
        Step::new(p.rounding, p.right, p.right_zero),
    ]
}

/// How outputs are requantised.
const fn requant(p: &BinaryParams) -> Requant {
    match p.function {
        BinaryFunction::Mul => {
            // A product of two differences of i8.
            let scale = ([p.output.mantissa], [p.output.exponent]);
            let scales: (&[i32], &[i8]) = (&scale.0, &scale.1);
            Requant::new(p.rounding, p.output_zero, p.clamp, 16, scales)
        }
        // Two factors, either of which may be large: by the definition.
        BinaryFunction::Prelu => Requant::new(p.rounding, p.output_zero, p.clamp, 32, (&[], &[])),
        BinaryFunction::Add
        | BinaryFunction::Sub
        | BinaryFunction::Maximum
        | BinaryFunction::Minimum => Requant::of_sum(
            p.rounding,
            p.output_zero,
            p.clamp,
            [p.left, p.right, p.output],
        ),
    }
}

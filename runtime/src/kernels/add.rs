//! Element-wise addition. The output may be exactly one of the inputs: each element is read before it
//! is written. One function for every layer of a model, as in [`super::conv2d`].

use super::multiply::{multiply_high, multiply_high_rounded};
use super::requant::{Channel, Form, Requant};
use super::{OTHER, SINGLE, TFLITE, binary, frozen, rolled};
use crate::arena::Memory;
use crate::layer::Add;
use crate::params::AddParams;
use crate::requant::{Rounding, Scale, requantize};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn add_s8<L: Add>(arena: &mut impl Memory) {
    const {
        let len = L::PARAMS.len;
        assert!(len > 0, "empty layer");
        assert!(
            L::LEFT.len == len && L::RIGHT.len == len,
            "input regions and length differ"
        );
        assert!(L::OUTPUT.len == len, "output region and length differ");
    }
    let base = binary::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: regions and length were checked against each other.
    unsafe {
        match const { add_form(&L::PARAMS) } {
            Form::TfLite => run::<TFLITE>(base, frozen(task)),
            Form::Single => run::<SINGLE>(base, frozen(task)),
            Form::Shifted | Form::Other => run::<OTHER>(base, frozen(task)),
        }
    }
}

/// Left shift of the inputs.
const SHIFT: u32 = 20;

/// Bits of a difference of two i8 shifted by that.
const SHIFTED_BITS: u32 = 8 + SHIFT;

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    /// Offsets in the arena.
    left: usize,
    right: usize,
    output: usize,
    len: usize,
    steps: [Step; 2],
    requant: Requant,
    factor: Channel,
    /// For the definition.
    rounding: Rounding,
}

impl Task {
    const fn new<L: Add>() -> Self {
        let p = L::PARAMS;
        let requant = Requant::of_add(&p);
        Self {
            left: L::LEFT.offset,
            right: L::RIGHT.offset,
            output: L::OUTPUT.offset,
            len: p.len,
            steps: Step::of(&p),
            requant,
            factor: requant.channel(p.output.mantissa, p.output.exponent),
            rounding: p.rounding,
        }
    }
}

#[cfg(all(target_arch = "arm", feature = "mve"))]
impl Task {
    /// What the vector loop reads. There the zero point is added after the shift, which rounds by itself.
    ///
    /// # Safety
    /// `arena` is the layer's.
    // Whether LLVM inlines it would depend on how many forms a model has.
    #[inline(always)]
    unsafe fn frame(&self, arena: *mut i8) -> crate::mve::add::Frame {
        let [left, right] = &self.steps;
        // SAFETY: the regions lie in the arena.
        let [x, y, out] =
            [self.left, self.right, self.output].map(|offset| unsafe { arena.add(offset) });
        crate::mve::add::Frame {
            x,
            y,
            out,
            zeros: [left.zero, right.zero],
            mantissas: [left.scale.mantissa, right.scale.mantissa],
            shifts: [left.after, right.after].map(|after| -after.cast_signed()),
            zero: self.requant.doubled_zero() >> 1,
            mantissa: self.factor.mantissa,
            shift: -self.factor.shift,
            signs: [left.sign, right.sign],
            len: self.len,
        }
    }
}

/// How an addition is computed: both steps and the sum have to fit the short forms.
pub const fn add_form(p: &AddParams) -> Form {
    let [left, right] = Step::of(p);
    if left.fits && right.fits {
        Requant::of_add(p).form()
    } else {
        Form::Other
    }
}

/// From an input to its share of the sum: an inner requantisation, whose result is not clamped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) zero: i32,
    pub(super) scale: Scale,
    /// Left shift before the product, addend and right shift after it, of the short form.
    before: u32,
    addend: i32,
    after: u32,
    /// In `TfLite` all ones if the sign of the product counts, 0 if nothing is shifted after it.
    sign: i32,
    /// Whether the short form holds.
    pub(super) fits: bool,
}

impl Step {
    const fn of(p: &AddParams) -> [Self; 2] {
        [
            Self::new(p.rounding, p.left, p.left_zero),
            Self::new(p.rounding, p.right, p.right_zero),
        ]
    }

    pub(super) const fn new(rounding: Rounding, scale: Scale, zero: i8) -> Self {
        let shift = -(scale.exponent as i32);
        let mut step = Self {
            zero: zero as i32,
            scale,
            before: SHIFT + 1,
            addend: 0,
            after: 0,
            sign: 0,
            fits: scale.mantissa > 0 && shift >= 0 && shift <= 22,
        };
        match rounding {
            // The product is doubled by the shift before it. Without a shift after it, it is the result.
            Rounding::TfLite if step.fits && shift > 0 => {
                step.addend = 1 << (shift - 1);
                step.after = shift as u32;
                step.sign = -1;
            }
            Rounding::TfLite => {}
            // hi(2²·acc·m) has the right shift s + 1, of which the last bit rounds.
            Rounding::Single => {
                step.before = SHIFT + 2;
                step.after = if step.fits { shift as u32 + 1 } else { 0 };
                step.addend = 1 << step.after >> 1;
            }
        }
        step
    }

    #[inline(always)]
    pub(super) fn apply<const METHOD: u32>(&self, x: i8, rounding: Rounding) -> i32 {
        let x = i32::from(x) - self.zero;
        if METHOD == OTHER {
            return requantize(x << SHIFT, self.scale, rounding);
        }
        let x = x << (self.before & 31);
        let y = if METHOD == TFLITE {
            let y = multiply_high_rounded(x, self.scale.mantissa);
            y + ((y >> 31) & self.sign)
        } else {
            multiply_high(x, self.scale.mantissa)
        };
        y.wrapping_add(self.addend) >> (self.after & 31)
    }
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run<const METHOD: u32>(arena: *mut i8, task: &Task) {
    #[cfg(all(target_arch = "arm", feature = "mve"))]
    if METHOD != OTHER {
        // SAFETY: three regions of `len` bytes inside the arena.
        unsafe {
            crate::mve::add::add::<METHOD>(&task.frame(arena));
            if task.requant.is_clamped() {
                task.requant.clamp(arena.add(task.output), task.len);
            }
        }
        return;
    }
    // Copies, because what is written to the arena might be the task, for all that LLVM knows.
    let ([left, right], factor, rounding) = (task.steps, task.factor, task.rounding);
    // SAFETY: three regions of `len` bytes inside the arena.
    unsafe {
        let [mut x, mut y] = [task.left, task.right].map(|offset| arena.add(offset).cast_const());
        let mut output = arena.add(task.output);
        let end = output.add(task.len);
        while output < end {
            rolled();
            let sum = left
                .apply::<METHOD>(*x, rounding)
                .wrapping_add(right.apply::<METHOD>(*y, rounding));
            *output = if METHOD == OTHER {
                task.requant.finish_any(sum, &factor)
            } else {
                factor.saturated::<METHOD>(sum)
            };
            (x, y, output) = (x.add(1), y.add(1), output.add(1));
        }
        if task.requant.is_clamped() {
            task.requant.clamp(arena.add(task.output), task.len);
        }
    }
}

impl Requant {
    /// How the outputs of an addition are requantised.
    const fn of_add(p: &AddParams) -> Self {
        Self::of_sum(
            p.rounding,
            p.output_zero,
            p.clamp,
            [p.left, p.right, p.output],
        )
    }

    /// How sums or differences are, of inputs with these factors; the last is that of the sum.
    pub(super) const fn of_sum(
        rounding: Rounding,
        zero: i8,
        clamp: [i8; 2],
        [left, right, sum]: [Scale; 3],
    ) -> Self {
        // A factor below 2^e turns 28 bits into 28 + e; one more for the sum. Differences are at most
        // 255, so that what rounding adds is still below.
        let most = max(left.exponent, right.exponent);
        let bits = if most < 3 {
            SHIFTED_BITS + 1 + max(most, 0) as u32
        } else {
            32
        };
        let scale = ([sum.mantissa], [sum.exponent]);
        let scales: (&[i32], &[i8]) = (&scale.0, &scale.1);
        Self::new(rounding, zero, clamp, bits, scales)
    }
}

const fn max(a: i8, b: i8) -> i8 {
    if a > b { a } else { b }
}

//! Product of matrices that change from sample to sample, or lie in flash. A row of the left one, less its zero
//! point, is spread to scratch as half-words; then columns of the right one run over it, two at a time. The right
//! zero point is taken off by the sum of the row. One function for every layer of a model, as in
//! [`super::conv2d`].

use super::binary::Source;
use super::requant::{Channel, Requant};
use super::{base, frozen, inside, rolled};
use crate::arena::{Memory, Region};
use crate::layer::{Matmul, Operand};
use crate::params::{BinaryAxis, MatmulParams, matmul_scratch};

/// Runs the layer `L` on the arena.
#[inline(always)]
pub fn matmul_s8<L: Matmul>(arena: &mut impl Memory) {
    let base = checked::<L, _>(arena);
    let task: &'static Task = const { &Task::new::<L>() };
    // SAFETY: operands, output, scratch and axes were checked against each other.
    unsafe { run(base, frozen(task)) }
}

/// A layer as [`run`] reads it; a constant of the model.
#[derive(Debug)]
pub(super) struct Task {
    left: Source,
    right: Source,
    output: usize,
    scratch: usize,
    axes: [BinaryAxis; 4],
    depth: BinaryAxis,
    left_zero: i32,
    right_zero: i32,
    requant: Requant,
    factor: Channel,
}

impl Task {
    const fn new<L: Matmul>() -> Self {
        let p: MatmulParams = L::PARAMS;
        // |l − zero|·|r − zero| ≤ 255² per product.
        let bits = u64::BITS - (255 * 255 * p.depth.count as u64).leading_zeros();
        let scale = ([p.scale.mantissa], [p.scale.exponent]);
        let scales: (&[i32], &[i8]) = (&scale.0, &scale.1);
        let full = [i8::MIN, i8::MAX];
        let requant = Requant::new(p.rounding, p.output_zero, full, bits, scales);
        Self {
            left: Source::new(L::LEFT),
            right: Source::new(L::RIGHT),
            output: L::OUTPUT.offset,
            scratch: L::SCRATCH.offset,
            axes: p.axes,
            depth: p.depth,
            left_zero: p.left_zero as i32,
            right_zero: p.right_zero as i32,
            requant,
            factor: requant.channel(p.scale.mantissa, p.scale.exponent),
        }
    }
}

/// The arena of a layer whose regions lie inside and apart, or it does not compile.
#[inline(always)]
fn checked<L: Matmul, M: Memory>(arena: &mut M) -> *mut i8 {
    const {
        let p = L::PARAMS;
        let (mut outputs, mut left, mut right) = (1, 1, 1);
        let mut k = 0;
        while k < p.axes.len() {
            let axis = p.axes[k];
            assert!(axis.count > 0, "empty axis");
            outputs *= axis.count;
            left += (axis.count - 1) * axis.left;
            right += (axis.count - 1) * axis.right;
            k += 1;
        }
        assert!(p.depth.count > 0, "empty sums");
        assert!(
            p.axes[2].right == 0 && p.axes[3].left == 0,
            "rows and columns are those of one matrix"
        );
        left += (p.depth.count - 1) * p.depth.left;
        right += (p.depth.count - 1) * p.depth.right;
        inside(L::OUTPUT, M::LEN);
        inside(L::SCRATCH, M::LEN);
        assert!(L::OUTPUT.len == outputs, "output region and axes differ");
        assert!(
            L::SCRATCH.len >= matmul_scratch(p.depth.count),
            "not enough scratch"
        );
        assert!(
            !L::SCRATCH.overlaps(L::OUTPUT),
            "scratch and output overlap"
        );
        operand(L::LEFT, left, [L::OUTPUT, L::SCRATCH], M::LEN);
        operand(L::RIGHT, right, [L::OUTPUT, L::SCRATCH], M::LEN);
    }
    base(arena)
}

/// Asserts that an operand has all elements that are read, and lies apart from what is written.
const fn operand(operand: Operand, read: usize, written: [Region; 2], arena: usize) {
    match operand {
        Operand::Arena(region) => {
            inside(region, arena);
            assert!(region.len == read, "input region and axes differ");
            assert!(
                !region.overlaps(written[0]) && !region.overlaps(written[1]),
                "an input overlaps output or scratch"
            );
        }
        Operand::Flash(values) => assert!(values.len() == read, "constant and axes differ"),
    }
}

/// Computes all outputs.
///
/// # Safety
/// The task is that of a valid layer, `arena` its arena.
#[inline(never)]
unsafe fn run(arena: *mut i8, task: &Task) {
    let [a, b, rows, _] = &task.axes;
    // SAFETY: the operands have all elements that the axes reach, and the output as many as there are.
    unsafe {
        let [mut xa, mut ya] = [task.left.first(arena), task.right.first(arena)];
        let mut output = arena.add(task.output);
        for _ in 0..a.count {
            rolled();
            let (mut xb, mut yb) = (xa, ya);
            for _ in 0..b.count {
                rolled();
                let mut x = xb;
                for _ in 0..rows.count {
                    rolled();
                    output = row(arena, task, [x, yb], output);
                    x = x.wrapping_add(rows.left);
                }
                (xb, yb) = (xb.wrapping_add(b.left), yb.wrapping_add(b.right));
            }
            (xa, ya) = (xa.wrapping_add(a.left), ya.wrapping_add(a.right));
        }
    }
}

/// Computes a row of outputs from a row and a matrix; where the next row goes.
///
/// # Safety
/// As for [`run`].
#[inline(always)]
unsafe fn row(
    arena: *mut i8,
    task: &Task,
    [mut x, mut y]: [*const i8; 2],
    mut output: *mut i8,
) -> *mut i8 {
    let [.., columns] = &task.axes;
    let depth = &task.depth;
    // SAFETY: the caller's promise; scratch has room for the row and is aligned, as all regions are.
    unsafe {
        let first = arena.add(task.scratch).cast::<i16>();
        let mut sum = 0;
        let end = first.add(depth.count);
        let mut to = first;
        while to < end {
            rolled();
            let value = i32::from(*x) - task.left_zero;
            sum += value;
            to.write(value as i16);
            (to, x) = (to.add(1), x.wrapping_add(depth.left));
        }
        let start = sum.wrapping_mul(-task.right_zero);
        let last = output.add(columns.count);
        while output < last {
            rolled();
            let two = output.add(1) < last;
            let second = if two { columns.right } else { 0 };
            let mut sums = [start; 2];
            let (mut from, mut at) = (first.cast_const(), y);
            while from < end.cast_const() {
                rolled();
                let value = i32::from(*from);
                sums[0] = sums[0].wrapping_add(value * i32::from(*at));
                sums[1] = sums[1].wrapping_add(value * i32::from(*at.add(second)));
                (from, at) = (from.add(1), at.wrapping_add(depth.right));
            }
            *output = task.requant.finish_any(sums[0], &task.factor);
            output = output.add(1);
            if two {
                *output = task.requant.finish_any(sums[1], &task.factor);
                output = output.add(1);
            }
            y = y.wrapping_add(2 * columns.right);
        }
    }
    output
}

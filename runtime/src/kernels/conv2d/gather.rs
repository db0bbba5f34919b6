//! Gathering the patch of an output pixel, run by run. Cores with Helium have a form of their own.

use super::Task;
use crate::isa::conv2d as isa;
use crate::kernels::rolled;

/// Gathers the patch of the window whose first tap is at this row and column; of one that reaches over the
/// upper or left edge these wrap around, to large numbers.
///
/// # Safety
/// `input` is the task's; the window is that of a pixel of its output.
#[inline(always)]
pub(super) unsafe fn gather(
    task: &Task,
    input: *const i8,
    [top, left]: [usize; 2],
    mut patch: isa::Patch,
) -> isa::Patch {
    if top >= task.places[0] || left >= task.places[1] {
        // SAFETY: the caller's promise.
        return unsafe { gather_padded(task, input, [top, left], patch) };
    }
    let [_, columns, channels] = task.geometry.input;
    let mut from = (top * columns + left) * channels;
    for _ in 0..task.blocks {
        rolled();
        // SAFETY: all taps lie in the image; a patch has room for them.
        unsafe { patch.runs(input.add(from), task.run, task.runs, task.step) };
        from += task.block_step;
    }
    patch
}

/// Gathers the patch of a pixel whose window reaches over the edge, tap by tap.
///
/// # Safety
/// As for [`gather`].
#[inline(never)]
unsafe fn gather_padded(
    task: &Task,
    input: *const i8,
    [top, left]: [usize; 2],
    mut patch: isa::Patch,
) -> isa::Patch {
    let g = &task.geometry;
    let [rows, columns, channels] = g.input;
    let mut y = top;
    for _ in 0..g.kernel[0] {
        rolled();
        let mut x = left;
        for _ in 0..g.kernel[1] {
            rolled();
            // SAFETY: a tap that lies in the image; a patch has room for all taps.
            unsafe {
                if y < rows && x < columns {
                    patch.copy(input.add((y * columns + x) * channels), channels);
                } else {
                    patch.fill(task.zero, channels);
                }
            }
            x = x.wrapping_add(g.dilation[1]);
        }
        y = y.wrapping_add(g.dilation[0]);
    }
    patch
}

//! Where a sliding window meets its input.

use ember_ir::{Shape, Window2d};

/// `[height, width, channels]` of a tensor that shape inference has seen.
pub(super) fn hwc(shape: &Shape) -> [usize; 3] {
    shape
        .hwc()
        .unwrap_or_else(|| panic!("BUG: spatial operator on shape {shape}; verify the network"))
}

/// Calls `visit(output position, tap, input position)` for every tap of every output position that
/// is not padding; positions are row · width + column, taps likewise.
pub(super) fn for_each(
    window: &Window2d,
    [height, width, _]: [usize; 3],
    [out_height, out_width, _]: [usize; 3],
    mut visit: impl FnMut(usize, usize, usize),
) {
    let [taps_y, taps_x] = window.kernel;
    let at = |out: usize, tap: usize, axis: usize, before: usize, size: usize| {
        (out * window.stride[axis] + tap * window.dilation[axis])
            .checked_sub(before)
            .filter(|&position| position < size)
    };
    for oy in 0..out_height {
        for ox in 0..out_width {
            for ky in 0..taps_y {
                let Some(y) = at(oy, ky, 0, window.padding.top, height) else {
                    continue;
                };
                for kx in 0..taps_x {
                    let Some(x) = at(ox, kx, 1, window.padding.left, width) else {
                        continue;
                    };
                    visit(oy * out_width + ox, ky * taps_x + kx, y * width + x);
                }
            }
        }
    }
}

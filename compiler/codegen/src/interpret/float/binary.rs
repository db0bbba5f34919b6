//! Element-wise functions of two tensors, either of which may be repeated along axes.

use ember_ir::{Shape, broadcast_strides};

pub(super) fn run(
    function: impl Fn(f32, f32) -> f32,
    [left, right]: [(&Shape, &[f32]); 2],
    to: &Shape,
) -> Vec<f32> {
    let strides = [left, right].map(|(shape, _)| broadcast_strides(shape, to));
    let element = |at: usize| {
        let (mut rest, mut offsets) = (at, [0, 0]);
        for (axis, &size) in to.dims().iter().enumerate().rev() {
            for (offset, strides) in offsets.iter_mut().zip(&strides) {
                *offset += rest % size * strides[axis];
            }
            rest /= size;
        }
        function(left.1[offsets[0]], right.1[offsets[1]])
    };
    (0..to.elements()).map(element).collect()
}

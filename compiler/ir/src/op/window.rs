//! The sliding window shared by convolutions and pools.

use serde::{Deserialize, Serialize};

use super::{ShapeError, positive};

/// Explicit zero padding, in elements, on each side.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the left.
    pub left: usize,
    /// Columns to the right.
    pub right: usize,
}

/// A sliding window; every pair is `[height, width]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Window2d {
    /// Taps.
    pub kernel: [usize; 2],
    /// Step between output elements.
    pub stride: [usize; 2],
    /// Distance between taps; 1 is a dense window.
    pub dilation: [usize; 2],
    /// Zero padding around the input.
    pub padding: Padding,
}

impl Window2d {
    /// A window without padding (TensorFlow's VALID).
    pub fn valid(kernel: [usize; 2], stride: [usize; 2]) -> Self {
        Self {
            kernel,
            stride,
            dilation: [1, 1],
            padding: Padding::default(),
        }
    }

    /// A window padded so that the output is ceil(input / stride) (TensorFlow's SAME): the odd
    /// element of padding goes after, so a 3-tap window of stride 2 on an even size pads 0 before.
    pub fn same(input: [usize; 2], kernel: [usize; 2], stride: [usize; 2]) -> Self {
        Self::valid(kernel, stride).with_same_padding(input)
    }

    /// This window with SAME padding for an input of `[height, width]`.
    pub fn with_same_padding(mut self, input: [usize; 2]) -> Self {
        let [vertical, horizontal] = [0, 1].map(|axis| {
            let stride = self.stride[axis].max(1);
            let covered = (input[axis].div_ceil(stride).max(1) - 1) * stride + self.extent(axis);
            let total = covered.saturating_sub(input[axis]);
            (total / 2, total - total / 2)
        });
        self.padding = Padding {
            top: vertical.0,
            bottom: vertical.1,
            left: horizontal.0,
            right: horizontal.1,
        };
        self
    }

    /// Elements that the dilated window spans on an axis (0 = height, 1 = width).
    pub fn extent(&self, axis: usize) -> usize {
        (self.kernel[axis].max(1) - 1)
            .saturating_mul(self.dilation[axis])
            .saturating_add(1)
    }

    /// `[height, width]` of the output.
    pub fn output_size(
        &self,
        op: &'static str,
        input: [usize; 2],
    ) -> Result<[usize; 2], ShapeError> {
        let padding = [
            (self.padding.top, self.padding.bottom),
            (self.padding.left, self.padding.right),
        ];
        let mut output = [0; 2];
        for (axis, axis_name) in ["height", "width"].into_iter().enumerate() {
            positive(op, "kernel", self.kernel[axis])?;
            positive(op, "stride", self.stride[axis])?;
            positive(op, "dilation", self.dilation[axis])?;
            positive(op, "input size", input[axis])?;
            let extent = self.extent(axis);
            let (before, after) = padding[axis];
            // More padding than the window would make output elements that see no input at all.
            for value in [before, after] {
                if value >= extent {
                    return Err(ShapeError::Attribute {
                        op,
                        attribute: "padding",
                        value,
                        rule: "smaller than the dilated kernel",
                    });
                }
            }
            let size = input[axis].saturating_add(before).saturating_add(after);
            if size < extent {
                return Err(ShapeError::WindowTooLarge {
                    op,
                    axis: axis_name,
                    window: extent,
                    size,
                });
            }
            output[axis] = (size - extent) / self.stride[axis] + 1;
        }
        Ok(output)
    }
}

//! Enlarges or shrinks an image; an output is weighted from the two rows and the two columns that it lies between.

use serde::{Deserialize, Serialize};

use super::{Coordinates, Real, ShapeError, positive, spatial};
use crate::Shape;

/// Attributes of a bilinear resize.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ResizeBilinear {
    /// `[height, width]` of the output.
    pub size: [usize; 2],
    /// Where output coordinates lie in the input: those of [`Coordinates`], but neither rounded nor below the
    /// first element.
    pub coordinates: Coordinates,
    /// Input elements from one output element to the next, if they are not those that the sizes give. Aligned
    /// corners take those of the sizes.
    pub step: Option<[Real; 2]>,
}

const NAME: &str = "resize_bilinear";

/// Bits behind the point of an int8 network's positions.
pub const POSITION_BITS: u32 = 10;

impl ResizeBilinear {
    /// Largest size of an axis: positions are 32-bit numbers.
    pub const MOST: usize = 1 << 14;

    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let [h, w, c] = spatial(NAME, input)?;
        for (attribute, value) in [
            ("input size", h),
            ("input size", w),
            ("size", self.size[0]),
            ("size", self.size[1]),
        ] {
            positive(NAME, attribute, value)?;
            if value > Self::MOST {
                return Err(ShapeError::Attribute {
                    op: NAME,
                    attribute,
                    value,
                    rule: "at most 16384",
                });
            }
        }
        for (axis, step) in self.step.into_iter().flatten().enumerate() {
            let span = step.get() * (self.size[axis] - 1) as f32;
            if !(step.get() > 0.0 && span <= [h, w][axis] as f32) {
                return Err(ShapeError::Real {
                    op: NAME,
                    attribute: "step",
                    value: step,
                    rule: "positive, and the output must not reach beyond the input",
                });
            }
        }
        Ok(Shape::from([self.size[0], self.size[1], c]))
    }

    /// Where along an axis of `from` elements output element 0 lies, and how far it is to the next.
    pub fn line(&self, axis: usize, from: usize) -> (f64, f64) {
        let to = self.size[axis];
        let step = match self.step {
            Some(step) => f64::from(step[axis].get()),
            None => from as f64 / to as f64,
        };
        match self.coordinates {
            Coordinates::Asymmetric => (0.0, step),
            Coordinates::HalfPixel => (step / 2.0 - 0.5, step),
            Coordinates::AlignCorners if to > 1 => (0.0, (from - 1) as f64 / (to - 1) as f64),
            Coordinates::AlignCorners => (0.0, step),
        }
    }

    /// The same in steps of 2^−[`POSITION_BITS`], as TensorFlow Lite rounds them: the distance to the next, and
    /// of that the half.
    pub fn fixed_line(&self, axis: usize, from: usize) -> (i32, i32) {
        let (_, step) = self.line(axis, from);
        // Ratios of sizes are no nearer to a half than f64 can tell.
        let step = (step * f64::from(1 << POSITION_BITS) + 0.5).floor() as i32;
        match self.coordinates {
            Coordinates::HalfPixel => (step / 2 - (1 << (POSITION_BITS - 1)), step),
            Coordinates::Asymmetric | Coordinates::AlignCorners => (0, step),
        }
    }
}

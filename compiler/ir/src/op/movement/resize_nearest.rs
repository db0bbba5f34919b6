//! Enlarges or shrinks an image by repeating or dropping rows and columns.
//!
//! The source of an output coordinate is computed in f32 as TensorFlow Lite's `GetNearestNeighbor` does
//! it, so that imported models pick the same pixels.

use serde::{Deserialize, Serialize};

use super::super::{positive, spatial};
use super::{Block, separable};
use crate::{Shape, ShapeError};

/// Attributes of a nearest-neighbour resize.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ResizeNearest {
    /// `[height, width]` of the output.
    pub size: [usize; 2],
    /// Where output coordinates lie in the input.
    pub coordinates: Coordinates,
}

/// How coordinates of an axis correspond, with s = input size / output size.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coordinates {
    /// floor(x·s).
    #[default]
    Asymmetric,
    /// floor((x + ½)·s).
    HalfPixel,
    /// round(x·(input size − 1) / (output size − 1)): first and last elements meet.
    AlignCorners,
}

impl ResizeNearest {
    pub(super) fn output_shape(&self, input: &Shape) -> Result<Shape, ShapeError> {
        let [h, w, c] = spatial("resize_nearest", input)?;
        for size in [h, w] {
            positive("resize_nearest", "input size", size)?;
        }
        for size in self.size {
            positive("resize_nearest", "size", size)?;
        }
        Ok(Shape::from([self.size[0], self.size[1], c]))
    }

    pub(super) fn block(&self, input: &Shape) -> Block {
        let [h, w, c] = input.hwc().unwrap_or_default();
        let axis = |from: usize, to: usize| {
            (0..to)
                .map(|x| self.coordinates.nearest(x, from, to))
                .collect()
        };
        let sources = vec![
            axis(h, self.size[0]),
            axis(w, self.size[1]),
            (0..c).collect(),
        ];
        separable(input, sources)
    }
}

impl Coordinates {
    fn nearest(self, x: usize, from: usize, to: usize) -> usize {
        let x = x as f32;
        let source = match self {
            Coordinates::Asymmetric => (x * (from as f32 / to as f32)).floor(),
            Coordinates::HalfPixel => ((x + 0.5) * (from as f32 / to as f32)).floor(),
            Coordinates::AlignCorners if to > 1 => {
                (x * ((from - 1) as f32 / (to - 1) as f32)).round()
            }
            Coordinates::AlignCorners => (x * (from as f32 / to as f32)).round(),
        };
        (source as usize).min(from - 1)
    }
}

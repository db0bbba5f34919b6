//! Tensor shapes. The batch axis is always one on a device and is left out: an image is `[H, W, C]`
//! (channels last), a series is `[1, T, C]`, a vector is `[N]`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The dimensions of a tensor without the batch axis; row-major, channels last.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// A shape from its dimensions, outermost first.
    pub fn new(dims: impl Into<Vec<usize>>) -> Self {
        Self(dims.into())
    }

    /// The dimensions, outermost first.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// Number of elements, which is also the number of bytes of an int8 tensor. Saturates instead of
    /// overflowing: the verifier refuses what is that large.
    pub fn elements(&self) -> usize {
        self.0
            .iter()
            .fold(1, |product: usize, &dim| product.saturating_mul(dim))
    }

    /// `[height, width, channels]` of a spatial tensor, or `None` for another rank.
    pub fn hwc(&self) -> Option<[usize; 3]> {
        self.0.as_slice().try_into().ok()
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Self {
        Self(dims.into())
    }
}

/// `8x8x1`, the form the text format uses.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, dim) in self.0.iter().enumerate() {
            write!(f, "{}{dim}", if i == 0 { "" } else { "x" })?;
        }
        Ok(())
    }
}

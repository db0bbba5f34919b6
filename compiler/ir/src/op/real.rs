//! A real attribute of an operator.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An f32 that is compared and hashed by its bits, so that operators can be; its serialised form is
/// the number of these bits, because not every format has infinities.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Real(u32);

impl Real {
    /// The attribute of this value.
    pub const fn new(value: f32) -> Self {
        Self(value.to_bits())
    }

    /// Its value.
    pub const fn get(self) -> f32 {
        f32::from_bits(self.0)
    }
}

impl fmt::Display for Real {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl fmt::Debug for Real {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
    }
}

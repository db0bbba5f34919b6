//! What firmware is made for, where one costs the other: speed or size.

use serde::{Deserialize, Serialize};

/// Whether the inference shall be fast or its code small. Results, weights and RAM are the same.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prefer {
    /// The fewest instructions: innermost loops are unrolled, and there for each number of pixels.
    #[default]
    Speed,
    /// The least code: one form of each innermost loop, and `opt-level = "s"`.
    Size,
}

impl Prefer {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Speed, Self::Size];

    /// The name in `ember.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Speed => "speed",
            Self::Size => "size",
        }
    }

    /// cargo's `opt-level` as TOML, chosen by measurement: "s" makes kernels up to a tenth smaller, and their
    /// time depend on the data a little.
    pub const fn opt_level(self) -> &'static str {
        match self {
            Self::Speed => "2",
            Self::Size => "\"s\"",
        }
    }
}

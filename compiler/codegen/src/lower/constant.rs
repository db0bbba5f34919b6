//! A constant: its values, where a layer copies them to the arena or reads them in flash.

use ember_runtime::params::ConstantParams;

/// The owned twin of [`ConstantParams`].
#[derive(Clone, Debug)]
pub struct Constant {
    /// The values.
    pub values: Vec<i8>,
    /// Nothing copies them: layers read them where they lie.
    pub in_flash: bool,
}

impl Constant {
    /// What the kernel takes.
    pub fn params(&self) -> ConstantParams<'_> {
        ConstantParams {
            values: &self.values,
        }
    }
}

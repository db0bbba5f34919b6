//! The innermost sums on cores with Helium (Cortex-M55, M-profile vector extension): sixteen bytes per
//! load, sixteen products per VMLADAVA, four outputs requantised at once.
//!
//! VMLADAVA adds to an even register, so sums are in even registers and addresses in odd ones. Naked
//! functions, as in the DSP extension's module, because they want all fourteen registers; each opens
//! with `.cpu`, because link-time optimisation reads their text without the target's own processor.
//! Loads of sixteen bytes need no alignment, VLDRW needs that of a word.

pub(crate) mod add;
mod band;
pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod depthwise_conv2d;
mod patch;
pub(crate) mod requant;

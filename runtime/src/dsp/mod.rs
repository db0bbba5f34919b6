//! The innermost sums on cores with the DSP extension (Cortex-M4, M7, M33): two 8-bit pairs are widened
//! by one SXTB16 and multiplied by one SMLAD.
//!
//! A word holds bytes 0 to 3; SXTB16 gives the pair (0, 2), and with its operand rotated by eight the
//! pair (1, 3). Both operands are split the same way, so no halfword is ever moved. Unaligned word loads
//! are allowed on these cores. SMLAD may set the Q flag, which nobody reads.
//!
//! The sums are naked functions, because they want all fourteen registers. Each opens with `.cpu`:
//! link-time optimisation reads a naked function's text without the target's own processor, and
//! Armv8-M alone does not have these instructions. It changes no code: all cores here have them.

pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod depthwise_conv2d;
mod patch;

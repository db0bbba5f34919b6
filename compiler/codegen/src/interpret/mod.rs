//! Interpreters: what a network computes, on the host.
//!
//! [`Interpreter`] is the definition of an int8 network: it drives `ember_runtime::reference` with the
//! constants of [`crate::lower`], and every emitted crate equals it bit for bit. [`run_float`] is the
//! trained network in f32, for calibration and for comparing.
//!
//! Integers are bytes here, as on the device: an int8 is one, an int16 two, the lower one first.
//! Samples and outputs of networks with several inputs lie one after the other in the graph's order.

mod float;
mod int16;
mod int8;

pub use float::run_float;
pub(crate) use int8::execute;
pub use int8::{Interpreter, Stream};
pub use int16::run_int16;

//! Interpreters: what a network computes, on the host.
//!
//! [`Interpreter`] is the definition of an int8 network: it drives `ember_runtime::reference` with the
//! constants of [`crate::lower`], and every emitted crate equals it bit for bit. [`run_float`] is the
//! trained network in f32, for calibration and for comparing.
//!
//! Samples and outputs of networks with several inputs lie one after the other in the graph's order.

mod float;
mod int8;

pub use float::run_float;
pub(crate) use int8::execute;
pub use int8::{Interpreter, Stream};

//! The back end: from a trained graph to a crate of Rust source, priced and planned on the way.
//!
//! Owns: passes, quantisation, lowering to integer constants, the memory plan, the cost model, the
//! interpreters, boards, and the emitter. Must not know: burn, files, processes. The only crate that
//! quotes Rust.
//!
//! [`compile`] is the pipeline. Reading order: [`target`], [`passes`], [`quantize`], [`lower`],
//! [`interpret`], [`plan`], [`cost`], [`emit`]; [`front`], [`steps`], [`anomaly`], [`text`], [`deployed()`].
#![forbid(unsafe_code)]

pub mod anomaly;
mod convolution;
pub mod cost;
mod deployed;
mod dot;
mod elementwise;
pub mod emit;
pub mod front;
mod geometry;
pub mod interpret;
pub mod lower;
pub mod passes;
mod pipeline;
pub mod plan;
pub mod quantize;
pub mod state;
pub mod steps;
pub mod target;
pub mod text;
mod whole;

pub use deployed::deployed;
pub use pipeline::{CompileError, compile};

/// One indented line per problem, for messages that list them all.
pub(crate) fn lines(problems: &[impl std::fmt::Display]) -> String {
    problems
        .iter()
        .map(|problem| format!("\n  {problem}"))
        .collect()
}

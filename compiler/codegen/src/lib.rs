//! The back end: from a trained graph to a crate of Rust source, priced and planned on the way.
//!
//! Owns: passes, quantisation, lowering to integer constants, the memory plan, the cost model, the
//! interpreters, boards, and the emitter. Must not know: burn, files, processes. The only crate that
//! quotes Rust.
//!
//! Reading order: [`target`], [`passes`], [`quantize`], [`lower`], [`interpret`], [`plan`], [`cost`],
//! [`emit`].
#![forbid(unsafe_code)]

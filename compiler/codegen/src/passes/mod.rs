//! Passes over a network: each leaves what it computes as it is, and makes it smaller or cheaper. One pass
//! per file; [`PASSES`] lists those over a trained network in the order they run, [`INT8_PASSES`] those over
//! an int8 one. An int8 network's outputs stay equal bit for bit, so what would be right in real numbers only
//! is not done to it:
//!
//! * a requantisation (QUANTIZE, or a ReLU between different scales) behind a convolution, a dense layer or
//!   any other operator with sums rounds a second time; without it the sum would be rounded once. Nor does an
//!   operator that requantises its inputs take over a QUANTIZE before it. Behind a function of one number
//!   [`merge_tables`] does it, since there both are known for all 256 inputs;
//! * a multiplication and addition by channel behind a convolution (a batch norm) rounds twice as well: batch
//!   norms are folded where a network is still in real numbers, by the ONNX importer and when a trained network
//!   is exported;
//! * padding before a pool: a pool leaves its own padding out, and reads that of an operator before it.
//!
//! What the search's spaces build is left as it is by all passes (a test holds them to it): they are for
//! networks that come from outside. Networks in real numbers reach this crate with constants, batch norms,
//! padding and activations folded, since importers see a value's views and constants as they lower it; hence
//! their list is short.

mod cancel_transposes;
mod fold_constants;
mod fold_pad;
mod fuse_activation;
mod merge_tables;
mod remove_copies;
mod remove_dead;
mod remove_flatten;
mod remove_identity;
mod reshape_moves;
mod rewrite;

use ember_ir::{FloatGraph, QuantGraph, Violation, verify_float, verify_quant};

use rewrite::Network;

/// A pass, as the lists have it.
pub struct Pass<N> {
    /// Its name, that of its file.
    pub name: &'static str,
    /// What it does to a verified network.
    pub run: fn(N) -> N,
}

/// A list entry of a pass named as its file.
macro_rules! pass {
    ($name:ident) => {
        Pass {
            name: stringify!($name),
            run: $name::run,
        }
    };
}

/// All passes over a trained network, in the order they run.
pub const PASSES: [Pass<FloatGraph>; 6] = [
    pass!(remove_identity),
    pass!(reshape_moves),
    pass!(cancel_transposes),
    pass!(remove_flatten),
    pass!(fold_pad),
    pass!(remove_dead),
];

/// All passes over an int8 network, in the order they run.
pub const INT8_PASSES: [Pass<QuantGraph>; 9] = [
    pass!(fold_constants),
    pass!(remove_copies),
    pass!(reshape_moves),
    pass!(cancel_transposes),
    pass!(remove_flatten),
    pass!(fold_pad),
    pass!(fuse_activation),
    pass!(merge_tables),
    pass!(remove_dead),
];

/// Runs all passes over a network, again and again until none changes it: what one removes may bring
/// together what another removes.
///
/// # Errors
/// All violations of the verifier, if the network that comes in has any.
pub fn run(network: FloatGraph) -> Result<FloatGraph, Vec<Violation>> {
    until_settled(network, &PASSES, verify_float)
}

/// As [`run`], over an int8 network: all outputs stay equal bit for bit.
///
/// # Errors
/// All violations of the verifier, if the network that comes in has any.
pub fn run_int8(network: QuantGraph) -> Result<QuantGraph, Vec<Violation>> {
    until_settled(network, &INT8_PASSES, verify_quant)
}

fn until_settled<N: Network>(
    mut network: N,
    passes: &[Pass<N>],
    verify: fn(&N) -> Vec<Violation>,
) -> Result<N, Vec<Violation>> {
    let violations = verify(&network);
    if !violations.is_empty() {
        return Err(violations);
    }
    // Every pass only removes nodes, makes them cheaper or moves readers closer to the inputs: this ends.
    loop {
        let before = network.graph().clone();
        for pass in passes {
            network = (pass.run)(network);
            debug_assert_eq!(verify(&network), [], "BUG: pass {} broke a rule", pass.name);
        }
        if *network.graph() == before {
            return Ok(network);
        }
    }
}

#[cfg(test)]
mod tests;

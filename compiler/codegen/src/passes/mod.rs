//! Passes over a trained network: each leaves what it computes as it is, and makes it smaller or
//! cheaper. One pass per file; [`PASSES`] lists them in the order they run.
//!
//! Batch norms are folded where a network is exported, before this crate sees it, and activations are
//! attributes of operators from the start, so there is nothing to fuse. What the search's spaces build
//! is left as it is by all passes (a test holds them to it): they are for networks that come from outside.

mod remove_dead;
mod remove_flatten;
mod remove_identity;
mod rewrite;

use ember_ir::{FloatGraph, Violation, verify_float};

/// A pass, as the list has it.
pub struct Pass {
    /// Its name, that of its file.
    pub name: &'static str,
    /// What it does to a verified network.
    pub run: fn(FloatGraph) -> FloatGraph,
}

/// All passes, in the order they run.
pub const PASSES: [Pass; 3] = [
    Pass {
        name: "remove_identity",
        run: remove_identity::run,
    },
    Pass {
        name: "remove_flatten",
        run: remove_flatten::run,
    },
    Pass {
        name: "remove_dead",
        run: remove_dead::run,
    },
];

/// Runs all passes over a network, again and again until none changes it: what one removes may bring
/// together what another removes.
///
/// # Errors
/// All violations of the verifier, if the network that comes in has any.
pub fn run(mut network: FloatGraph) -> Result<FloatGraph, Vec<Violation>> {
    let violations = verify_float(&network);
    if !violations.is_empty() {
        return Err(violations);
    }
    // Every pass only removes nodes or moves readers closer to the inputs: this ends.
    loop {
        let before = network.graph.clone();
        for pass in &PASSES {
            network = (pass.run)(network);
            debug_assert_eq!(
                verify_float(&network),
                [],
                "BUG: pass {} broke a rule",
                pass.name
            );
        }
        if network.graph == before {
            return Ok(network);
        }
    }
}

#[cfg(test)]
mod tests;

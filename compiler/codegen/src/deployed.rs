//! What a firmware runs of a network that was searched: of one that is fed step by step the network of a call, of
//! one that reads numbers the same behind the table that makes them of bytes.

use std::borrow::Cow;

use ember_ir::Graph;

use crate::steps::{self, StepsError};
use crate::text;

/// The topology that is planned, priced and drawn; `hop` are the steps that come at a time, where they do.
///
/// # Errors
/// As [`steps::graph_per_call`].
pub fn deployed(graph: &Graph, hop: Option<usize>) -> Result<Cow<'_, Graph>, StepsError> {
    match hop {
        None => Ok(text::of_bytes(graph)),
        Some(hop) => {
            let call = steps::graph_per_call(graph, hop)?;
            Ok(Cow::Owned(text::of_bytes(&call).into_owned()))
        }
    }
}

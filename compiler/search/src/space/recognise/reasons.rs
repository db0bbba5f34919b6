//! What is said where no block of the space begins.

use ember_ir::text;
use serde::Serialize;

use super::trace::{Difference, Trace};
use super::{Reader, Unrecognised, candidates};
use crate::space::architecture::Block;
use crate::space::narrowing::kind;

impl Reader<'_> {
    /// Says so if the space has no blocks of this kind.
    pub(super) fn not_offered(&self, block: &Block, trace: &Trace) -> Option<Difference> {
        let kinds = || self.menu.stems.iter().chain(&self.menu.kinds).copied();
        let kind = kind(block)?;
        if kinds().any(|offered| offered == kind) {
            return None;
        }
        let reason = format!(
            "a block `{block}` is not offered; blocks here are {}",
            names(kinds())
        );
        Some(self.difference(trace, reason))
    }

    pub(super) fn nothing_begins(&self, trace: &Trace) -> Difference {
        let kinds = self.menu.stems.iter().chain(&self.menu.kinds).copied();
        let (kinds, heads) = (names(kinds), names(self.menu.heads.iter().copied()));
        let reason = format!("neither a block begins so ({kinds}) nor an end ({heads})");
        self.difference(trace, reason)
    }

    /// About the first node that reads where `trace` stands.
    fn difference(&self, trace: &Trace, reason: String) -> Difference {
        let at = trace.place();
        let reader = candidates::readers(self.graph, at).into_iter().next();
        let (node, there) = match reader {
            Some(node) => (
                node.output,
                format!("it is `{}`, ", text::print_op(&node.op)),
            ),
            None => (at, "nothing reads it, ".to_string()),
        };
        Difference {
            length: trace.length(),
            is_near: false,
            why: Unrecognised {
                node: self.graph.tensor(node).name.clone(),
                reason: format!("{there}and {reason}"),
            },
        }
    }
}

/// Their names in configurations, each once.
fn names(values: impl Iterator<Item = impl Serialize>) -> String {
    let mut names: Vec<String> = Vec::new();
    for value in values {
        let name = serde_json::to_value(value).ok();
        let name = name.and_then(|name| name.as_str().map(str::to_string));
        if let Some(name) = name.filter(|name| !names.contains(name)) {
            names.push(name);
        }
    }
    names.join(", ")
}

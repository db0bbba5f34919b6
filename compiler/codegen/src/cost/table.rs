//! The fitted factors, from `table.toml`, and from `table_size.toml` for firmware that prefers size.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::parts::{Part, PartBytes};
use super::{Kernel, RowPart};
use crate::target::{Core, Prefer};

static SPEED: LazyLock<Table> = LazyLock::new(|| parse(include_str!("table.toml")));
static SIZE: LazyLock<Table> = LazyLock::new(|| parse(include_str!("table_size.toml")));

fn parse(text: &str) -> Table {
    match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => panic!("BUG: a table of costs: {error}"),
    }
}

/// The factors of all cores.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Table {
    cores: BTreeMap<Core, CoreTable>,
}

/// The factors of one core.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreTable {
    /// Bound on the stack of the firmware, in bytes.
    pub stack_bytes: usize,
    /// Instructions of an inference outside its layers.
    pub call_instructions: u64,
    /// Flash of an empty firmware, by transport.
    base: BTreeMap<String, usize>,
    /// RAM of an empty firmware without its stack, by transport.
    statics: BTreeMap<String, usize>,
    /// What `infer` is longer by where layers run row by row.
    rows: RowBytes,
    /// Flash of functions, by module.
    parts: BTreeMap<String, PartBytes>,
    /// Flash of a layer's call and its constants beside its stream, by kernel.
    tasks: BTreeMap<Kernel, usize>,
    /// Instructions per count of [`super::Features`], by kernel.
    instructions: BTreeMap<Kernel, Vec<f64>>,
    /// Estimated cycles per count, where there is an estimate.
    #[serde(default)]
    cycles: BTreeMap<Kernel, Vec<f64>>,
}

/// Bytes that the parts of a chain take in `infer` itself: the loop over ticks with the copy of the input's row, what
/// asks whether a row is due, the copy of the output's row.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowBytes {
    feed: usize,
    next: usize,
    store: usize,
}

impl Table {
    /// The table of firmware that prefers speed or size, as this crate was built with it.
    pub fn of(prefer: Prefer) -> &'static Table {
        match prefer {
            Prefer::Speed => &SPEED,
            Prefer::Size => &SIZE,
        }
    }

    /// The factors of a core.
    pub fn core(&self, core: Core) -> &CoreTable {
        match self.cores.get(&core) {
            Some(table) => table,
            None => panic!("BUG: the table has no `{}`", core.name()),
        }
    }
}

impl CoreTable {
    /// Flash of a firmware without layers.
    pub fn base_bytes(&self, transport: &str) -> usize {
        self.base
            .get(transport)
            .copied()
            .unwrap_or_else(|| panic!("BUG: no base for {transport}"))
    }

    /// RAM of a firmware without arena and stack.
    pub fn static_bytes(&self, transport: &str) -> usize {
        self.statics
            .get(transport)
            .copied()
            .unwrap_or_else(|| panic!("BUG: no statics for {transport}"))
    }

    /// Instructions per count.
    pub fn factors(&self, kernel: Kernel) -> &[f64] {
        match self.instructions.get(&kernel) {
            Some(factors) => factors,
            None => panic!("BUG: the table has no factors for `{}`", kernel.name()),
        }
    }

    /// Estimated cycles per count, if there is an estimate for the core.
    pub fn cycles(&self, kernel: Kernel) -> Option<&[f64]> {
        self.cycles.get(&kernel).map(Vec::as_slice)
    }

    /// Flash of some functions; those that a core does not have take none.
    pub fn part_bytes(&self, (module, form): Part) -> usize {
        self.parts.get(module).map_or(0, |bytes| bytes.get(form))
    }

    /// What a part of a chain makes `infer` longer by, beside its call.
    pub fn row_bytes(&self, part: RowPart) -> usize {
        match part {
            RowPart::Feed => self.rows.feed,
            RowPart::Next => self.rows.next,
            RowPart::Store => self.rows.store,
            RowPart::Sums => 0,
        }
    }

    /// Flash of a layer's call and its constants beside its stream.
    pub fn task_bytes(&self, kernel: Kernel) -> usize {
        self.tasks.get(&kernel).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_and_kernel_has_factors() {
        let cores = |prefer| Core::ALL.map(|core| Table::of(prefer).core(core));
        for table in Prefer::ALL.into_iter().flat_map(cores) {
            for transport in ["semihosting", "rtt"] {
                assert!(table.base_bytes(transport) > 0);
                assert!(table.static_bytes(transport) < 8192);
            }
            for kernel in Kernel::ALL {
                assert!(!table.factors(kernel).is_empty());
                assert!(table.task_bytes(kernel) > 0);
            }
        }
    }
}

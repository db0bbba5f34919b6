//! The hard filter: what a network costs on the board, and whether that is within the limits. A
//! network that does not fit is repaired ([`crate::repair`]) or dropped, and never trained.

use std::fmt;

use ember_ir::Graph;
use serde::{Deserialize, Serialize};

/// What a network costs on its board.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Cost {
    /// The whole firmware in flash.
    pub flash_bytes: usize,
    /// The whole firmware in RAM: arena, statics, stack.
    pub ram_bytes: usize,
    /// The arena alone.
    pub arena_bytes: usize,
    /// Estimated instructions of one inference.
    pub instructions: u64,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
}

impl Cost {
    /// Of a network that cannot be on its board at all.
    pub const UNAFFORDABLE: Self = Self {
        flash_bytes: usize::MAX,
        ram_bytes: usize::MAX,
        arena_bytes: usize::MAX,
        instructions: u64::MAX,
        macs: u64::MAX,
    };
}

/// The limits of a search. Flash and RAM are those of the whole firmware.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Constraints {
    /// Bytes of flash.
    pub flash_bytes: usize,
    /// Bytes of RAM.
    pub ram_bytes: usize,
    /// Instructions of one inference, if limited.
    pub instructions: Option<u64>,
    /// Multiply-accumulates of one inference, if limited.
    pub macs: Option<u64>,
}

/// What a limit is put on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Resource {
    /// Bytes of RAM.
    Ram,
    /// Bytes of flash.
    Flash,
    /// Instructions of one inference.
    Instructions,
    /// Multiply-accumulates of one inference.
    Macs,
}

/// A limit that a network exceeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Violation {
    /// What there is too much of.
    pub resource: Resource,
    /// What the network needs.
    pub actual: u64,
    /// What it may need.
    pub limit: u64,
}

/// Tells what a network costs without training it. It is to be the price of the crate that would be
/// emitted: the planner and the cost model of the back end.
pub trait Price {
    /// Cost of the network; a pure function of its topology.
    fn price(&self, graph: &Graph) -> Cost;
}

impl Constraints {
    /// All limits that `cost` exceeds, in the order in which they are repaired.
    pub fn violations(&self, cost: &Cost) -> Vec<Violation> {
        let limits = [
            (
                Resource::Ram,
                cost.ram_bytes as u64,
                Some(self.ram_bytes as u64),
            ),
            (
                Resource::Flash,
                cost.flash_bytes as u64,
                Some(self.flash_bytes as u64),
            ),
            (Resource::Instructions, cost.instructions, self.instructions),
            (Resource::Macs, cost.macs, self.macs),
        ];
        limits
            .into_iter()
            .filter_map(|(resource, actual, limit)| {
                let limit = limit?;
                (actual > limit).then_some(Violation {
                    resource,
                    actual,
                    limit,
                })
            })
            .collect()
    }

    /// Whether `cost` is within all limits.
    pub fn admit(&self, cost: &Cost) -> bool {
        self.violations(cost).is_empty()
    }

    /// How full the tightest limit is: 1 is exactly full, more does not fit.
    pub fn fullness(&self, cost: &Cost) -> f64 {
        let share = |actual: f64, limit: f64| actual / limit.max(1.0);
        let mut fullest = share(cost.flash_bytes as f64, self.flash_bytes as f64)
            .max(share(cost.ram_bytes as f64, self.ram_bytes as f64));
        if let Some(limit) = self.instructions {
            fullest = fullest.max(share(cost.instructions as f64, limit as f64));
        }
        if let Some(limit) = self.macs {
            fullest = fullest.max(share(cost.macs as f64, limit as f64));
        }
        fullest
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Resource::Ram => "bytes of RAM",
            Resource::Flash => "bytes of flash",
            Resource::Instructions => "instructions",
            Resource::Macs => "multiply-accumulates",
        })
    }
}

/// `9120 bytes of RAM where 8192 are allowed`.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} where {} are allowed",
            self.actual, self.resource, self.limit
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exceeded_limit_is_named() {
        let cost = Cost {
            flash_bytes: 101,
            ram_bytes: 10,
            arena_bytes: 5,
            instructions: 7,
            macs: 4,
        };
        let constraints = Constraints {
            flash_bytes: 100,
            ram_bytes: 10,
            instructions: Some(6),
            macs: None,
        };
        let named: Vec<String> = constraints
            .violations(&cost)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            named,
            [
                "101 bytes of flash where 100 are allowed",
                "7 instructions where 6 are allowed"
            ]
        );
        assert!(constraints.fullness(&cost) > 1.16);
        assert!(!constraints.admit(&cost));
    }
}

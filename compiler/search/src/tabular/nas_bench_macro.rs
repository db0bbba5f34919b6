//! NAS-Bench-Macro (arXiv 2103.11922): chains of eight blocks in three stages, each block one of
//! identity, MobileNet v2 block with kernel 3 and expansion 3, the same with kernel 5 and expansion 6;
//! accuracy on CIFAR-10, parameters, FLOPs (which are multiply-accumulates). 6 561 networks.
//!
//! The table is a JSON object: eight digits → `{"mean_acc": per cent, "params": …, "flops": …}`, and
//! numbers that are not used. Graphs are the networks themselves, and identity is a pointwise
//! convolution where a stage begins.

use std::collections::BTreeMap;

use ember_ir::Shape;
use serde::Deserialize;

use super::error::TableError;
use super::measure::Benchmark;
use super::table::{Entry, Slots, Table};
use crate::constraint::{Constraints, Cost};
use crate::space::{Block, Border, EdgeOp, Window};

/// Its name in results.
pub const NAME: &str = "nas-bench-macro-cifar10";

/// Options per block.
const OPTIONS: usize = 3;

/// Channels and stride of each block.
const BLOCKS: [(usize, usize); 8] = [
    (64, 2),
    (64, 1),
    (128, 2),
    (128, 1),
    (128, 1),
    (256, 2),
    (256, 1),
    (256, 1),
];

#[derive(Deserialize)]
struct Network {
    mean_acc: f64,
    params: f64,
    flops: f64,
}

/// Reads the table; the limits are 1.5 million parameters and 51.8 million FLOPs. In prices a byte of
/// flash is a parameter; RAM is not known.
pub fn parse(json: &[u8]) -> Result<Benchmark, TableError> {
    let all: BTreeMap<String, Network> =
        serde_json::from_slice(json).map_err(|error| TableError::Format {
            benchmark: NAME,
            reason: error.to_string(),
        })?;
    let slots = slots();
    if let Some(key) = all.keys().find(|key| !is_key(key)) {
        return Err(TableError::Unknown {
            benchmark: NAME,
            key: key.clone(),
            slots: BLOCKS.len(),
            options: OPTIONS,
        });
    }
    let entries = (0..slots.networks()).map(|place| {
        let key: String = slots.chosen(place).iter().map(usize::to_string).collect();
        match all.get(&key) {
            Some(network) => entry(&key, network),
            None => Err(TableError::Incomplete {
                benchmark: NAME,
                expected: slots.networks(),
                actual: all.len(),
                key,
            }),
        }
    });
    let entries = entries.collect::<Result<Vec<Entry>, TableError>>()?;
    Ok(Benchmark {
        table: Table::new(slots, entries),
        constraints: Constraints {
            flash_bytes: 1_500_000,
            ram_bytes: usize::MAX,
            instructions: None,
            macs: Some(51_800_000),
        },
    })
}

fn is_key(key: &str) -> bool {
    key.len() == BLOCKS.len() && key.bytes().all(|digit| (b'0'..b'3').contains(&digit))
}

/// The chain of the benchmark.
pub(super) fn slots() -> Slots {
    let same = |kernel, stride| Window {
        kernel,
        stride,
        dilation: 1,
        padding: Border::Same,
    };
    let mut channels = 32;
    let options = BLOCKS.map(|(width, stride)| {
        let inverted = |expand, kernel| Block::InvertedResidual {
            expand,
            width,
            window: same(kernel, stride),
        };
        let identity = if stride == 1 && width == channels {
            Block::Edge(EdgeOp::Skip)
        } else {
            let window = same(1, stride);
            Block::Conv { width, window }
        };
        channels = width;
        vec![identity, inverted(3, 3), inverted(6, 5)]
    });
    Slots {
        benchmark: NAME,
        input: Shape::from([32, 32, 3]),
        stem: vec![Block::Conv {
            width: 32,
            window: same(3, 1),
        }],
        options: options.to_vec(),
        tail: vec![Block::Conv {
            width: 1280,
            window: same(1, 1),
        }],
        classes: 10,
    }
}

fn entry(key: &str, network: &Network) -> Result<Entry, TableError> {
    let within = |what, actual: f64, largest: f64, expected| {
        if (0.0..=largest).contains(&actual) {
            return Ok(actual);
        }
        Err(TableError::Value {
            benchmark: NAME,
            key: key.into(),
            what,
            actual,
            expected,
        })
    };
    let accuracy = within("mean_acc", network.mean_acc, 100.0, "0 to 100 per cent")?;
    let parameters = within("params", network.params, 1e12, "0 to 1e12")?;
    let macs = within("flops", network.flops, 1e12, "0 to 1e12")?;
    Ok(Entry {
        accuracy: accuracy / 100.0,
        cost: Cost {
            flash_bytes: parameters as usize,
            ram_bytes: 0,
            arena_bytes: 0,
            instructions: 0,
            macs: macs as u64,
        },
    })
}

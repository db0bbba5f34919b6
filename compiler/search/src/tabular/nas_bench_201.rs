//! NAS-Bench-201 (arXiv 2001.00326): cells of four nodes, each of the six edges one of five operations;
//! accuracy on CIFAR-10, megabytes of parameters, latency. 15 625 networks of 15 equal cells each.
//!
//! The table is a CSV file with the columns `arch` (six digits, one per edge: 0 none, 1 skip, 2
//! convolution 1×1, 3 convolution 3×3, 4 average pooling), `cifar10_acc` (per cent), `cifar10_mb` and
//! `cifar10_lat` (seconds), and others that are not used.
//!
//! A graph shows one cell of the narrowest stage with its edges in a row. That is enough for repairs:
//! which edges are the most expensive is the same in every cell.

use ember_ir::Shape;
use serde::Deserialize;

use super::error::TableError;
use super::measure::Benchmark;
use super::table::{Entry, Slots, Table};
use crate::constraint::{Constraints, Cost};
use crate::space::{Block, Border, EdgeOp, Window};

/// Its name in results.
pub const NAME: &str = "nas-bench-201-cifar10";

const EDGES: usize = 6;

/// The operations, cheapest first, and the table's digits for them.
const OPERATIONS: [(EdgeOp, char); 5] = [
    (EdgeOp::Cut, '0'),
    (EdgeOp::AveragePool, '4'),
    (EdgeOp::Skip, '1'),
    (EdgeOp::Pointwise, '2'),
    (EdgeOp::Conv, '3'),
];

#[derive(Deserialize)]
struct Row {
    arch: String,
    cifar10_acc: f64,
    cifar10_mb: f64,
    cifar10_lat: f64,
}

/// Reads the table; the limit is half a megabyte of parameters. In prices a byte of flash is a byte of
/// parameters, an instruction a nanosecond; RAM is not known.
pub fn parse(csv: &[u8]) -> Result<Benchmark, TableError> {
    let slots = slots();
    let mut entries = vec![None; slots.networks()];
    for row in csv::Reader::from_reader(csv).deserialize() {
        let row: Row = row.map_err(|error| TableError::Format {
            benchmark: NAME,
            reason: error.to_string(),
        })?;
        let place = place(&slots, &row.arch)?;
        if entries[place].is_some() {
            return Err(TableError::Twice {
                benchmark: NAME,
                key: row.arch,
            });
        }
        entries[place] = Some(entry(&row)?);
    }
    let actual = entries.iter().flatten().count();
    let missing = entries.iter().position(Option::is_none);
    match missing {
        Some(place) => Err(TableError::Incomplete {
            benchmark: NAME,
            expected: entries.len(),
            actual,
            key: key(&slots, place),
        }),
        None => Ok(Benchmark {
            table: Table::new(slots, entries.into_iter().flatten().collect()),
            constraints: Constraints {
                flash_bytes: 500_000,
                ram_bytes: usize::MAX,
                instructions: None,
                macs: None,
            },
        }),
    }
}

fn slots() -> Slots {
    let options = OPERATIONS.map(|(op, _)| Block::Edge(op)).to_vec();
    Slots {
        benchmark: NAME,
        input: Shape::from([32, 32, 3]),
        stem: vec![Block::Conv {
            width: 16,
            window: Window {
                kernel: 3,
                stride: 1,
                dilation: 1,
                padding: Border::Same,
            },
        }],
        options: vec![options; EDGES],
        tail: Vec::new(),
        classes: 10,
    }
}

fn place(slots: &Slots, key: &str) -> Result<usize, TableError> {
    let option = |digit| OPERATIONS.iter().position(|&(_, known)| known == digit);
    let chosen: Option<Vec<usize>> = key.chars().map(option).collect();
    match chosen {
        Some(chosen) if chosen.len() == EDGES => Ok(slots.place(&chosen)),
        _ => Err(TableError::Unknown {
            benchmark: NAME,
            key: key.into(),
            slots: EDGES,
            options: OPERATIONS.len(),
        }),
    }
}

fn key(slots: &Slots, place: usize) -> String {
    let chosen = slots.chosen(place);
    chosen.into_iter().map(|i| OPERATIONS[i].1).collect()
}

fn entry(row: &Row) -> Result<Entry, TableError> {
    let within = |what, actual: f64, largest: f64, expected| {
        if (0.0..=largest).contains(&actual) {
            return Ok(actual);
        }
        Err(TableError::Value {
            benchmark: NAME,
            key: row.arch.clone(),
            what,
            actual,
            expected,
        })
    };
    let accuracy = within("accuracy", row.cifar10_acc, 100.0, "0 to 100 per cent")?;
    let megabytes = within("size", row.cifar10_mb, 1e3, "0 to 1000 MB")?;
    let seconds = within("latency", row.cifar10_lat, 1e3, "0 to 1000 s")?;
    Ok(Entry {
        accuracy: accuracy / 100.0,
        cost: Cost {
            flash_bytes: (megabytes * 1e6).round() as usize,
            ram_bytes: 0,
            arena_bytes: 0,
            instructions: (seconds * 1e9).round() as u64,
            macs: 0,
        },
    })
}

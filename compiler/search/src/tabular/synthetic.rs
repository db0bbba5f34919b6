//! Tables that need no file: the networks of NAS-Bench-Macro with their own parameters and
//! multiply-accumulates, and an accuracy from a seeded function: a gain with size that levels off, and an
//! NK landscape (Kauffman and Levin 1987), in which the gain of a slot depends on its option and on those
//! of the next K slots. With K = 0 slots are independent, with K = 2 a change of one slot changes the worth of its
//! neighbours; with K = 7 all networks are strangers to each other, and nothing can beat chance by much.

use rand::{RngExt as _, SeedableRng as _};

use super::measure::Benchmark;
use super::nas_bench_macro;
use super::table::{Entry, Slots, Table};
use crate::SearchRng;
use crate::constraint::{Constraints, Cost};

/// Seed of the landscapes.
const SEED: u64 = 1987;

/// The landscapes, by growing difficulty.
pub fn all() -> Vec<Benchmark> {
    vec![
        landscape("synthetic-nk0", 0),
        landscape("synthetic-nk2", 2),
        landscape("synthetic-nk7", 7),
    ]
}

fn landscape(name: &'static str, neighbours: usize) -> Benchmark {
    let slots = Slots {
        benchmark: name,
        ..nas_bench_macro::slots()
    };
    let entries = (0..slots.networks()).map(|place| {
        let chosen = slots.chosen(place);
        let graph = slots.assemble(&slots.architecture(&chosen)).graph;
        let (parameters, macs) = (graph.parameters(), graph.macs());
        let luck = (0..chosen.len())
            .map(|slot| gain(&chosen, slot, neighbours))
            .sum::<f64>()
            / chosen.len() as f64;
        let size = 1.0 - (-(macs as f64) / 2e7).exp();
        Entry {
            accuracy: 0.7 + 0.1 * size + 0.2 * luck,
            cost: Cost {
                flash_bytes: parameters,
                ram_bytes: 0,
                arena_bytes: 0,
                instructions: 0,
                macs,
            },
        }
    });
    Benchmark {
        table: Table::new(slots.clone(), entries.collect()),
        constraints: Constraints {
            flash_bytes: 1_500_000,
            ram_bytes: usize::MAX,
            instructions: None,
            macs: Some(51_800_000),
        },
    }
}

/// The gain of a slot, uniform in [0, 1): a function of its option and the next `neighbours` ones.
fn gain(chosen: &[usize], slot: usize, neighbours: usize) -> f64 {
    let near = (0..=neighbours).map(|step| chosen[(slot + step) % chosen.len()]);
    let key = near.fold(slot as u64, |key, option| 4 * key + option as u64 + 1);
    let mut rng = SearchRng::seed_from_u64(SEED);
    rng.set_stream(key);
    rng.random_range(0.0..1.0)
}

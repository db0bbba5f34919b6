//! What a front end costs: tables and RAM exactly, its code as linked, its instructions by counts of its loops
//! with factors fitted per core (`front.toml`, by `cargo run --release -p ember-tests --bin fit_front`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{DEVICE_VECTORS, Footprint, VECTOR_BYTES};
use crate::front::{Front, Spec, Tables};
use crate::target::{Board, Core, Prefer, Runner};

static COSTS: LazyLock<BTreeMap<String, BTreeMap<Core, FrontTable>>> =
    LazyLock::new(|| match toml::from_str(include_str!("front.toml")) {
        Ok(table) => table,
        Err(error) => panic!("BUG: the table of front ends: {error}"),
    });

/// The factors of one core.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrontTable {
    /// Its functions, and what the firmware has more around them.
    pub code_bytes: usize,
    /// Instructions per count of [`counts`].
    pub instructions: Vec<f64>,
    /// What its functions are larger or smaller by with cepstral coefficients.
    pub cepstra_bytes: isize,
    /// What coefficients take beside that: instructions per count of [`cepstra_counts`].
    pub cepstra_instructions: Vec<f64>,
}

/// How often the parts of its loops run for a window: rows, samples of their frames, new ones among them,
/// butterflies, frequencies, bands, levels of the window.
pub fn counts(front: &Front, tables: &Tables) -> [f64; 7] {
    let Spec {
        frame, hop, bands, ..
    } = front.spec;
    let butterflies = frame / 4 * (frame / 2).ilog2() as usize;
    let row = [1, frame, hop, butterflies, tables.slopes.len(), bands];
    let [rows, samples, new, butterflies, frequencies, bands] =
        row.map(|count| (count * front.parts()) as f64);
    let levels = front.levels() as f64;
    [rows, samples, new, butterflies, frequencies, bands, levels]
}

/// Levels of a window, its coefficients and the products for them; 0 without coefficients.
pub fn cepstra_counts(front: &Front) -> [f64; 3] {
    let (levels, count) = (front.levels(), front.spec.coefficients.unwrap_or(0));
    let counts = [
        levels * usize::from(count > 0),
        count * front.rows,
        count * levels,
    ];
    counts.map(|count| count as f64)
}

/// Golden vectors linked into firmware that cannot read samples from a host: sound is long.
pub fn device_vectors(front: Option<&Front>) -> usize {
    match front {
        Some(_) => 1,
        None => DEVICE_VECTORS,
    }
}

/// Adds a front end to the price of its network. There is no estimate of its cycles, so the sum has none.
pub fn add_front(mut footprint: Footprint, front: &Front, board: &Board) -> Footprint {
    let tables = match Tables::new(&front.spec) {
        Ok(tables) => tables,
        Err(error) => panic!("BUG: a front end that was not checked: {error}"),
    };
    let prefer = match board.prefer {
        Prefer::Speed => "speed",
        Prefer::Size => "size",
    };
    let costs = COSTS.get(prefer).and_then(|cores| cores.get(&board.core));
    let costs = costs.cloned().unwrap_or_default();
    let vectors = match board.runner {
        Runner::Qemu { .. } => 0,
        // One of sound instead of four of levels; the outputs are too few to count.
        Runner::ProbeRs { .. } => {
            (front.sample_bytes() + VECTOR_BYTES) as isize
                - (DEVICE_VECTORS * (front.levels() + VECTOR_BYTES)) as isize
        }
    };
    footprint.constant_bytes += tables.bytes();
    let code = match front.spec.coefficients {
        None => costs.code_bytes,
        Some(_) => costs.code_bytes.saturating_add_signed(costs.cepstra_bytes),
    };
    footprint.code_bytes += code;
    footprint.base_bytes = footprint.base_bytes.saturating_add_signed(vectors);
    footprint.arena_bytes += front.state_bytes();
    footprint.ram_bytes = footprint.ram_bytes.saturating_add(front.state_bytes());
    footprint.flash_bytes = footprint
        .flash_bytes
        .saturating_add(tables.bytes() + code)
        .saturating_add_signed(vectors);
    footprint.cycles_estimate = None;
    let factors = [costs.instructions, costs.cepstra_instructions].concat();
    let counts = [&counts(front, &tables)[..], &cepstra_counts(front)].concat();
    footprint.instructions = footprint
        .instructions
        .saturating_add(super::predict(&factors, &counts));
    footprint
}

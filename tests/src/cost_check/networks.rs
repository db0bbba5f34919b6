//! The networks that predictions are checked on: those of the benchmark, two that the search found, and
//! random ones as the search prices them.

use ember_codegen::plan::Planned;
use ember_codegen::target::{Board, Limits};
use ember_ir::{Rounding, Shape};
use ember_search::repair::repair;
use ember_search::space::open;
use ember_search::{Constraints, PlannerPrice, SearchRng, SpaceKind, Task};

use rand_chacha::rand_core::SeedableRng as _;

use crate::firmware::root;
use crate::models::{in_int4, plan, quantized};

/// The networks of `tests/nets`, small ones first.
pub const FILES: [&str; 9] = [
    "digits", "mnist", "motion", "wrist", "spoken", "ad", "kws", "vww", "ic",
];

/// A network of `tests/nets` for a board.
///
/// # Panics
/// If the file is none.
pub fn file(name: &str, board: &Board) -> Planned {
    let path = root().join(format!("tests/nets/{name}.ember"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let network = ember_ir::text::parse(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
    plan(network, board.isa())
}

/// A board whose limits the searched networks keep: a small one, so that they are small as well.
const LIMITS: &str = "microbit";

/// Tasks that networks are searched for: the space, the shape of a sample, the classes.
const TASKS: [(SpaceKind, &[usize], usize); 10] = [
    (SpaceKind::Cnn2d, &[8, 8, 1], 10),
    (SpaceKind::Cnn1d, &[1, 64, 3], 4),
    (SpaceKind::Cnn2d, &[16, 16, 3], 5),
    (SpaceKind::Cnn1d, &[1, 128, 6], 7),
    (SpaceKind::Mlp, &[24], 3),
    (SpaceKind::Cnn2d, &[28, 28, 1], 10),
    (SpaceKind::Cnn1d, &[1, 200, 1], 2),
    (SpaceKind::Mlp, &[64], 12),
    (SpaceKind::Recurrent, &[1, 48, 3], 4),
    (SpaceKind::Recurrent, &[1, 100, 6], 8),
];

/// The first networks that [`drawn`] finds.
///
/// # Panics
/// If a space or a network is not valid: a bug.
pub fn searched(board: &Board, count: usize) -> Vec<Planned> {
    let all = (0..).filter_map(|seed| drawn(board, seed));
    all.take(count).collect()
}

/// A network drawn at random from one of the search's spaces, made to fit as the search does it, with random
/// weights; every third rounds like TensorFlow Lite, every second has int4 weights. `None` if it cannot be made to
/// fit: the search drops it as well.
///
/// # Panics
/// If a space or a network is not valid: a bug.
pub fn drawn(board: &Board, seed: usize) -> Option<Planned> {
    let limits = Limits::of(&crate::firmware::board(LIMITS));
    let constraints = Constraints {
        flash_bytes: limits.flash_bytes,
        ram_bytes: limits.ram_bytes,
        instructions: None,
        macs: None,
    };
    let price = PlannerPrice {
        board,
        memory: ember_codegen::cost::Memory::Whole,
        hop: None,
        front: None,
    };
    let (kind, input, classes) = TASKS[seed % TASKS.len()];
    let task = Task {
        name: format!("s{seed}"),
        input: Shape::new(input.to_vec()),
        classes,
        tokens: None,
    };
    let space = open(kind, task).unwrap_or_else(|error| panic!("BUG: {error}"));
    let drawn = space.sample(&mut SearchRng::seed_from_u64(seed as u64));
    let fitting = repair(space.as_ref(), &price, &constraints, drawn).ok()?;
    let rounding = match seed % 3 {
        0 => Rounding::TfLite,
        _ => Rounding::Single,
    };
    let mut network = quantized(fitting.graph, rounding, seed as u64);
    if seed % 2 == 1 {
        network = in_int4(network);
    }
    Some(plan(network, board.isa()))
}

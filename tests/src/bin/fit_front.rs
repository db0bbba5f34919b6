//! Measures front ends for sound in QEMU and writes what they cost to `compiler/codegen/src/cost/front.toml`:
//! `cargo run --release -p ember-tests --bin fit_front`.

use ember_codegen::cost::{add_front, footprint, front_counts};
use ember_codegen::front::Tables;
use ember_codegen::target::{Board, Core, Prefer};
use ember_tests::calibrate::fit::least_squares;
use ember_tests::firmware::{board, root};
use ember_tests::front::{CASES, planned};
use ember_tests::linked::link;

/// An emulated board per core; an M0+ executes the M0's instructions.
const BOARDS: [(Core, &str); 7] = [
    (Core::CortexM0, "microbit"),
    (Core::CortexM0Plus, "microbit"),
    (Core::CortexM3, "mps2-an385"),
    (Core::CortexM4, "mps2-an386"),
    (Core::CortexM7, "mps2-an500"),
    (Core::CortexM33, "mps2-an505"),
    (Core::CortexM55, "mps3-an547"),
];

fn main() -> Result<(), String> {
    let mut text = String::from(
        "# Fitted by: cargo run --release -p ember-tests --bin fit_front\n\
         # Bytes of code; instructions per row, sample of a frame, butterfly, frequency, band and level.\n",
    );
    for (prefer, name) in [(Prefer::Speed, "speed"), (Prefer::Size, "size")] {
        for (core, board_name) in BOARDS {
            let board = Board {
                prefer,
                ..board(board_name)
            };
            text += &format!("\n[{name}.{}]\n{}", core.name(), lines(&board)?);
        }
    }
    let path = root().join("compiler/codegen/src/cost/front.toml");
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The factors of one core.
fn lines(board: &Board) -> Result<String, String> {
    let (mut rows, mut targets, mut code) = (Vec::new(), Vec::new(), Vec::new());
    for case in &CASES {
        let planned = planned(case, board.isa());
        let Some(front) = planned.front() else {
            continue;
        };
        let linked = link(&planned, board)?;
        let Some(ran) = linked.ran else {
            return Err(format!("{} is not emulated", board.name));
        };
        let network = footprint(planned.graph(), planned.plan(), board);
        let tables = Tables::new(&front.spec)?;
        // The price without code: what is there already does not matter.
        let known = network.flash_bytes + tables.bytes();
        code.push(linked.flash.saturating_sub(known));
        rows.push(front_counts(front, &tables).to_vec());
        let instructions = ran?.instructions.saturating_sub(network.instructions);
        targets.push(instructions as f64);
        let predicted = add_front(network, front, board).instructions;
        eprintln!(
            "{} {case:?}: {instructions} instructions, {predicted} predicted so far with the network",
            board.name
        );
    }
    let factors = least_squares(&rows, &targets, 0.0);
    let factors: Vec<String> = factors.iter().map(|x| format!("{x:.2}")).collect();
    eprintln!("{}: code {code:?}", board.name);
    Ok(format!(
        "code_bytes = {}\ninstructions = [{}]\n",
        code.iter().sum::<usize>() / code.len().max(1),
        factors.join(", ")
    ))
}

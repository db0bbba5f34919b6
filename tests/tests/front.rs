//! The front end for sound as linked firmware on every core: its levels and the network's outputs are the
//! host's, bit for bit, sizes and instructions are as predicted, nothing can panic.

use ember_codegen::cost::{footprint, footprint_of};
use ember_tests::firmware::board;
use ember_tests::front::{UNSEEN, fits, planned};
use ember_tests::linked::link;

/// One board per core; the last one is a real board, whose samples are linked in.
const BOARDS: [&str; 7] = [
    "microbit",
    "stm32vldiscovery",
    "mps2-an386",
    "mps2-an500",
    "mps2-an505",
    "mps3-an547",
    "nucleo-f446re",
];

/// How far flash and instructions may be from their prediction, in percent.
const TOLERANCE: f64 = 3.0;
/// The same of the front end's code alone: LLVM compiles a frame's length and hop into it, so that about
/// 1.5 kB are 8 % more or less. There is one front end in a model.
const CODE_TOLERANCE: f64 = 10.0;

#[test]
fn sound_becomes_the_same_outputs_on_every_core() {
    let mut problems = Vec::new();
    for (number, board) in BOARDS.map(board).iter().enumerate() {
        // Three of the front ends for each core, all of them in all.
        let cases = (0..3).map(|offset| &UNSEEN[(2 * number + offset) % UNSEEN.len()]);
        for case in cases.filter(|case| fits(case, board)) {
            let planned = planned(case, board.isa());
            let linked = link(&planned, board).unwrap_or_else(|text| panic!("{text}"));
            let predicted = footprint_of(&planned, board);
            let mut problem = |text: String| {
                problems.push(format!("{case:?} on {}: {text}", board.name));
            };
            for (what, linked, predicted) in [
                ("RAM", linked.arena, predicted.arena_bytes),
                ("constants", linked.constants, predicted.constant_bytes),
            ] {
                if linked != predicted {
                    problem(format!("{what} linked {linked}, predicted {predicted}"));
                }
            }
            // One of the network alone would be less than the instructions.
            if let Some(cycles) = predicted.cycles_estimate {
                problem(format!("{cycles} cycles, without those of the front end"));
            }
            if !linked.panicking.is_empty() {
                problem(format!("it can panic: {:?}", linked.panicking));
            }
            let percent = |predicted: f64, measured: f64| 100.0 * (predicted - measured) / measured;
            let error = percent(predicted.flash_bytes as f64, linked.flash as f64);
            if error.abs() > TOLERANCE {
                problem(format!("{} bytes of flash, {error:+.1} %", linked.flash));
            }
            // Whatever flash is off by, as if all of it were the front end's code; where samples are linked
            // in, they are most of it.
            if linked.ran.is_none() {
                continue;
            }
            let network = footprint(planned.graph(), planned.plan(), board);
            let code = (predicted.code_bytes - network.code_bytes) as f64;
            let off = linked.flash as f64 - predicted.flash_bytes as f64;
            let error = percent(code, code + off);
            if error.abs() > CODE_TOLERANCE {
                problem(format!("{} bytes of its code, {error:+.1} %", code + off));
            }
            match linked.ran {
                None => {}
                Some(Err(error)) => problem(error),
                Some(Ok(ran)) => {
                    let error = percent(predicted.instructions as f64, ran.instructions as f64);
                    if error.abs() > TOLERANCE {
                        problem(format!("{} instructions, {error:+.1} %", ran.instructions));
                    }
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

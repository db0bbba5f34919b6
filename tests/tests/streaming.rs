//! `examples/streaming`: a firmware of one's own with `include_model!`, an interrupt that plays the
//! sensor, and windows that overlap. What it prints is what the interpreter computes for the same
//! windows.

use std::fs;

use ember_codegen::interpret::Interpreter;
use ember_tests::firmware::{board, device_cargo, root, run, work_dir};

/// Of `examples/streaming/src/signal.rs`, which this test includes.
#[path = "../../examples/streaming/src/signal.rs"]
mod signal;

const TRIPLE: &str = "thumbv7m-none-eabi";
const HOP: usize = 8;

#[test]
fn the_example_says_what_the_interpreter_says() {
    let dir = root().join("examples/streaming");
    let target = work_dir("streaming");
    // Its lock file belongs to whoever builds it.
    let locked = dir.join("Cargo.lock").exists();
    let built = device_cargo(&dir, &target, TRIPLE, &["build", "--release"]);
    if !locked {
        drop(fs::remove_file(dir.join("Cargo.lock")));
    }
    built.unwrap_or_else(|text| panic!("{text}"));
    let elf = target.join(TRIPLE).join("release/streaming");
    let printed = run(&board("mps2-an385"), &elf, &target).unwrap_or_else(|text| panic!("{text}"));

    let text = fs::read_to_string(dir.join("model.ember")).expect("the example's model");
    let network = ember_ir::text::parse(&text).expect("a network");
    let interpreter = Interpreter::new(&network).expect("a valid network");
    let mut expected = String::new();
    for (number, &burst) in signal::BURSTS.iter().enumerate() {
        let from = number * HOP;
        let window: Vec<i8> = (from..from + interpreter.input_len())
            .map(signal::sample)
            .collect();
        let output = interpreter.run(&window);
        assert_eq!(output[1] > output[0], burst, "window {number}");
        expected += &format!("window {number} {} {}\n", output[0], output[1]);
    }
    assert_eq!(printed, expected);
}

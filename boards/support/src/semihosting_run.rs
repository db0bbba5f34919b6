//! The firmware for QEMU: samples in from a file, outputs to a file.

use cortex_m::Peripherals;
use ember_runtime::Model;

use crate::measure::{Measurements, POISON};
use crate::semihosting::{File, exit, fail};
use crate::text::Sink;
use crate::{clock, stack};

/// Runs the model on every sample of `samples.bin` (`INPUT_LEN` bytes per part), writes the outputs to
/// `outputs.bin` (`OUTPUT_LEN` bytes per sample, several outputs one after the other), both in the emulator's working directory, prints
///
/// `ember samples=… ticks_total=… ticks_min=… ticks_max=… stack_bytes=… stack_infer_bytes=…`
///
/// and ends the emulation: with success, or with failure and a line `ember error: …`.
pub fn run<M: Model>(model: &mut M) -> ! {
    let Some(mut peripherals) = Peripherals::take() else {
        fail(c"ember error: run was called twice\n")
    };
    let Some(mut samples) = File::open(c"samples.bin") else {
        fail(c"ember error: cannot open samples.bin\n")
    };
    let Some(mut outputs) = File::create(c"outputs.bin") else {
        fail(c"ember error: cannot create outputs.bin\n")
    };
    clock::start(&mut peripherals.SYST);
    let mut measurements = Measurements::start(model);
    'samples: loop {
        model.begin();
        model.poison(POISON);
        for part in 0..M::PARTS {
            match samples.read(model.input_mut()) {
                0 if part == 0 => break 'samples,
                bytes if bytes < M::INPUT_LEN => {
                    fail(c"ember error: samples.bin ends inside a sample\n")
                }
                _ => (),
            }
            measurements.infer(model);
        }
        measurements.end_sample();
        for number in 0..M::OUTPUTS {
            if !outputs.write(model.output_at(number)) {
                fail(c"ember error: cannot write outputs.bin\n");
            }
        }
    }
    if !outputs.close() {
        fail(c"ember error: cannot close outputs.bin\n");
    }
    if stack::overflowed() {
        fail(c"ember error: the stack grew into the statics; give the firmware more RAM\n");
    }
    if let Some(mut stdout) = File::stdout() {
        stdout.text(b"ember");
        measurements.write(&mut stdout);
        stdout.text(b"\n");
    }
    exit(true)
}

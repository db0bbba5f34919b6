//! The firmware for hardware: golden vectors in flash, the verdict over RTT.

use cortex_m::Peripherals;
use ember_runtime::Model;

use crate::measure::{Measurements, POISON};
use crate::rtt::{Channel, fail};
use crate::semihosting::exit;
use crate::text::{self, Sink};
use crate::{clock, stack};

/// A sample and the outputs, one after the other, that the host's interpreter computes for it.
pub type Golden = (&'static [i8], &'static [i8]);

/// Runs the model on every golden vector, prints
///
/// `ember samples=… ticks_total=… ticks_min=… ticks_max=… stack_bytes=… stack_infer_bytes=… equal=…`
///
/// (ticks are cycles of the core) and `ember OK` or `ember FAIL`, and stops at a semihosting exit, by
/// which a debugger learns the status. A fault prints `ember error: …`.
pub fn run_golden<M: Model>(model: &mut M, golden: &[Golden]) -> ! {
    let Some(mut peripherals) = Peripherals::take() else {
        fail(c"ember error: run_golden was called twice\n")
    };
    clock::start(&mut peripherals.SYST);
    let mut measurements = Measurements::start(model);
    let mut equal = 0;
    for (input, output) in golden {
        model.begin();
        model.poison(POISON);
        // Not in chunks: their number is a division, which small cores have no instruction for.
        let mut rest = *input;
        for _ in 0..M::PARTS {
            for (to, from) in model.input_mut().iter_mut().zip(rest) {
                *to = *from;
            }
            rest = rest.get(M::INPUT_LEN..).unwrap_or_default();
            measurements.infer(model);
        }
        measurements.end_sample();
        equal += u64::from(is_equal(model, output));
    }
    if stack::overflowed() {
        fail(c"ember error: the stack grew into the statics; give the firmware more RAM\n");
    }
    let mut channel = Channel;
    channel.text(b"ember");
    measurements.write(&mut channel);
    text::pair(&mut channel, "equal", equal);
    let success = equal == measurements.samples();
    channel.text(if success {
        b"\nember OK\n"
    } else {
        b"\nember FAIL\n"
    });
    channel.flush();
    exit(success)
}

/// Whether all outputs are those expected, which lie one after the other.
fn is_equal<M: Model>(model: &M, expected: &[i8]) -> bool {
    let (mut rest, mut equal) = (expected, true);
    for number in 0..M::OUTPUTS {
        let output = model.output_at(number);
        equal &= rest.get(..output.len()) == Some(output);
        rest = rest.get(output.len()..).unwrap_or_default();
    }
    equal && rest.is_empty()
}

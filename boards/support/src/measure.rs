//! One inference, measured.

use ember_runtime::Model;

use crate::clock::{bench_begin, bench_end};
use crate::stack;
use crate::text::{self, Sink};

/// What the arena is filled with before every inference: no result may depend on what was there.
pub const POISON: i8 = 0xAA_u8.cast_signed();

/// Ticks and stack of a run.
pub struct Measurements {
    overhead: u64,
    samples: u64,
    /// Ticks of the parts of this sample.
    sample: u64,
    total: u64,
    least: u64,
    most: u64,
    stack_infer: usize,
}

impl Measurements {
    /// Measures what a measurement costs, and the stack of one inference on a poisoned arena.
    /// The clock must run.
    pub fn start(model: &mut impl Model) -> Self {
        bench_begin();
        let overhead = bench_end();
        model.poison(POISON);
        let stack_infer = stack_of(model);
        model.reset();
        Self {
            overhead,
            samples: 0,
            sample: 0,
            total: 0,
            least: u64::MAX,
            most: 0,
            stack_infer,
        }
    }

    /// Runs the model on the part of a sample in its input.
    pub fn infer(&mut self, model: &mut impl Model) {
        bench_begin();
        infer(model);
        self.sample += bench_end().saturating_sub(self.overhead);
    }

    /// Counts the sample whose parts have run.
    pub fn end_sample(&mut self) {
        self.samples += 1;
        self.total += self.sample;
        self.least = self.least.min(self.sample);
        self.most = self.most.max(self.sample);
        self.sample = 0;
    }

    /// How many samples ran.
    #[cfg(feature = "rtt")]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// ` samples=… ticks_total=… ticks_min=… ticks_max=… stack_bytes=… stack_infer_bytes=…`
    pub fn write(&self, sink: &mut impl Sink) {
        text::pair(sink, "samples", self.samples);
        text::pair(sink, "ticks_total", self.total);
        text::pair(sink, "ticks_min", self.least.min(self.most));
        text::pair(sink, "ticks_max", self.most);
        text::pair(sink, "stack_bytes", stack::used() as u64);
        text::pair(sink, "stack_infer_bytes", self.stack_infer as u64);
    }
}

/// Bytes of stack that an inference uses, its own frame included.
#[inline(never)]
fn stack_of<M: Model>(model: &mut M) -> usize {
    let pointer = stack::paint();
    for _ in 0..M::PARTS {
        infer(model);
    }
    stack::used_below(pointer)
}

/// Never inlined: what is measured must be the same code in both places.
#[inline(never)]
fn infer(model: &mut impl Model) {
    model.infer();
}

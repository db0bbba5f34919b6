//! Compares a kernel with its reference on one input.

use core::cell::RefCell;

use ember_runtime::layer::{
    Add, Binary, Conv2d, DartsCell, Dense, DenseS4, DepthwiseConv2d, Dot, Embedding, L2Norm,
    LogSoftmax, Lookup, Lstm, Mean, Pool2d, Recurrent, Softmax, Svdf, Unary,
};
use ember_runtime::{Arena, Region, kernels, reference};

use super::declare::{ARENA, step};
use super::overlap::{DotInPlace, InPlace, Overlapping};

/// What every activation is before a run, so that no result can depend on stale bytes.
const POISON: i8 = 0xaa_u8 as i8;

/// The outcome of one comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checked {
    /// Every byte of the arena is what it should be.
    Equal,
    /// An output differs from the reference.
    Output {
        at: usize,
        kernel: i8,
        reference: i8,
    },
    /// A byte outside the output was written.
    Outside { at: usize },
}

/// Two arenas: what the kernel works on, and what is expected.
pub struct Bench {
    kernel: Arena<ARENA>,
    expected: Arena<ARENA>,
    buffers: [[i8; ARENA / 2]; 3],
}

impl Bench {
    /// Fresh arenas.
    pub const fn new() -> Self {
        Self {
            kernel: Arena::new(),
            expected: Arena::new(),
            buffers: [[0; ARENA / 2]; 3],
        }
    }

    fn unary<L: Unary>(
        &mut self,
        seed: u64,
        scratch: Region,
        kernel: impl Fn(&mut Arena<ARENA>),
        reference: impl Fn(&[i8], &mut [i8]),
    ) -> Checked {
        let [input, _, output] = &mut self.buffers;
        let (input, output) = (&mut input[..L::INPUT.len], &mut output[..L::OUTPUT.len]);
        random(seed, input);
        reference(input, output);
        self.kernel.fill(POISON);
        write(&mut self.kernel, L::INPUT, input);
        self.expected = self.kernel.clone();
        write(&mut self.expected, L::OUTPUT, output);
        kernel(&mut self.kernel);
        // What is left in the scratch is nobody's business.
        let left = &mut self.expected.get_mut::<0, ARENA>()[scratch.offset..scratch.end()];
        left.copy_from_slice(&bytes(&self.kernel)[scratch.offset..scratch.end()]);
        self.compare(L::OUTPUT)
    }

    fn binary<L: Binary>(
        &mut self,
        seed: u64,
        kernel: impl Fn(&mut Arena<ARENA>),
        reference: impl Fn(&[i8], &[i8], &mut [i8]),
    ) -> Checked {
        let [left, right, output] = &mut self.buffers;
        let (left, right) = (&mut left[..L::LEFT.len], &mut right[..L::RIGHT.len]);
        let output = &mut output[..L::OUTPUT.len];
        random(seed, left);
        random(if L::LEFT == L::RIGHT { seed } else { !seed }, right);
        reference(left, right, output);
        self.kernel.fill(POISON);
        write(&mut self.kernel, L::LEFT, left);
        write(&mut self.kernel, L::RIGHT, right);
        self.expected = self.kernel.clone();
        write(&mut self.expected, L::OUTPUT, output);
        kernel(&mut self.kernel);
        self.compare(L::OUTPUT)
    }

    fn compare(&self, output: Region) -> Checked {
        let (kernel, expected) = (bytes(&self.kernel), bytes(&self.expected));
        match kernel.iter().zip(expected).position(|(a, b)| a != b) {
            None => Checked::Equal,
            Some(at) if (output.offset..output.end()).contains(&at) => Checked::Output {
                at: at - output.offset,
                kernel: kernel[at],
                reference: expected[at],
            },
            Some(at) => Checked::Outside { at },
        }
    }
}

fn bytes(arena: &Arena<ARENA>) -> &[i8; ARENA] {
    arena.get::<0, ARENA>()
}

fn write(arena: &mut Arena<ARENA>, region: Region, values: &[i8]) {
    arena.get_mut::<0, ARENA>()[region.offset..region.end()].copy_from_slice(values);
}

/// Random bytes; every fourth seed gives the extremes only, which the largest sums come from.
fn random(seed: u64, values: &mut [i8]) {
    let mut state = step(step(seed));
    for value in values {
        state = step(state);
        let byte = (state >> 40) as i8;
        *value = match seed % 4 {
            0 if byte < 0 => i8::MIN,
            0 => i8::MAX,
            _ => byte,
        };
    }
}

/// No scratch.
const NONE: Region = Region::new(0, 0);

macro_rules! checks {
    ($($name:ident: $layer:ident, $kernel:ident, $reference:ident, $scratch:expr;)*) => {$(
        /// Kernel against reference on the input that `seed` gives.
        pub fn $name<L: $layer>(bench: &mut Bench, seed: u64) -> Checked {
            bench.unary::<L>(
                seed,
                $scratch,
                |arena| kernels::$kernel::<L>(arena),
                |x, y| reference::$reference(&L::PARAMS, x, y),
            )
        }
    )*};
}

checks! {
    dense: Dense, dense_s8, dense_s8, NONE;
    average_pool2d: Pool2d, average_pool2d_s8, average_pool2d_s8, NONE;
    max_pool2d: Pool2d, max_pool2d_s8, max_pool2d_s8, NONE;
    mean: Mean, mean_s8, mean_s8, NONE;
    softmax: Softmax, softmax_s8, softmax_s8, NONE;
    log_softmax: LogSoftmax, log_softmax_s8, log_softmax_s8, NONE;
    l2_norm: L2Norm, l2_norm_s8, l2_norm_s8, NONE;
    embedding: Embedding, embedding_s8, embedding_s8, NONE;
    lookup: Lookup, lookup_s8, lookup_s8, NONE;
    conv2d_apart: Conv2d, conv2d_s8, conv2d_s8, L::SCRATCH;
    depthwise_conv2d_apart: DepthwiseConv2d, depthwise_conv2d_s8, depthwise_conv2d_s8, L::SCRATCH;
    conv2d_s4_apart: Conv2d, conv2d_s4, conv2d_s8, L::SCRATCH;
    dense_s4: DenseS4, dense_s4, dense_s8, L::SCRATCH;
}

/// Kernel against reference, with regions apart and overlapping as far as they may.
pub fn conv2d<L: Conv2d>(bench: &mut Bench, seed: u64) -> Checked {
    match conv2d_apart::<L>(bench, seed) {
        Checked::Equal => conv2d_apart::<Overlapping<L>>(bench, seed),
        different => different,
    }
}

/// As [`conv2d`], with int4 weights.
pub fn conv2d_s4<L: Conv2d>(bench: &mut Bench, seed: u64) -> Checked {
    match conv2d_s4_apart::<L>(bench, seed) {
        Checked::Equal => conv2d_s4_apart::<Overlapping<L>>(bench, seed),
        different => different,
    }
}

/// Kernel against reference, with regions apart and in place if they may be.
pub fn depthwise_conv2d<L: DepthwiseConv2d>(bench: &mut Bench, seed: u64) -> Checked {
    match depthwise_conv2d_apart::<L>(bench, seed) {
        Checked::Equal => depthwise_conv2d_apart::<InPlace<L>>(bench, seed),
        different => different,
    }
}

/// A layer that is computed in another way than its own kernel's.
pub trait Original {
    /// What its own definition gives.
    fn original(x: &[i8], y: &mut [i8]);
}

/// Kernel against reference, and against the layer that it is, with regions apart and in place if they may be.
pub fn dot<L: Dot + Original>(bench: &mut Bench, seed: u64) -> Checked {
    let definition: fn(&[i8], &mut [i8]) = |x, y| reference::dot_s8(&L::PARAMS, x, y);
    for reference in [definition, L::original] {
        let kernel = |arena: &mut Arena<ARENA>| kernels::dot_s8::<L>(arena);
        let checked = bench.unary::<L>(seed, NONE, kernel, reference);
        if checked != Checked::Equal {
            return checked;
        }
    }
    let kernel = |arena: &mut Arena<ARENA>| kernels::dot_s8::<DotInPlace<L>>(arena);
    bench.unary::<DotInPlace<L>>(seed, NONE, kernel, L::original)
}

/// Kernel against reference, both with the poison of the arena as what is kept.
pub fn svdf<L: Svdf>(bench: &mut Bench, seed: u64) -> Checked {
    bench.unary::<L>(
        seed,
        L::STATE,
        |arena| kernels::svdf_s8::<L>(arena),
        |x, y| {
            let mut state = [i16::from_le_bytes([POISON.cast_unsigned(); 2]); 256];
            reference::svdf_s8(&L::PARAMS, x, &mut state, y);
        },
    )
}

/// Kernel against reference, both with the poison of the arena as what is kept, which they then agree on.
pub fn lstm<L: Lstm>(bench: &mut Bench, seed: u64) -> Checked {
    stateful::<L>(
        bench,
        seed,
        (L::SCRATCH, L::STATE),
        |arena| kernels::lstm_s8::<L>(arena),
        |x, state, y| reference::lstm_s8(&L::PARAMS, x, state, &mut [0; 64], y),
    )
}

/// As [`lstm`].
pub fn recurrent<L: Recurrent>(bench: &mut Bench, seed: u64) -> Checked {
    stateful::<L>(
        bench,
        seed,
        (L::SCRATCH, L::STATE),
        |arena| kernels::recurrent_s8::<L>(arena),
        |x, state, y| reference::recurrent_s8(&L::PARAMS, x, state, &mut [0; 64], y),
    )
}

/// As [`lstm`].
pub fn darts_cell<L: DartsCell>(bench: &mut Bench, seed: u64) -> Checked {
    stateful::<L>(
        bench,
        seed,
        (L::SCRATCH, L::STATE),
        |arena| kernels::darts_cell_s8::<L>(arena),
        |x, hidden, y| {
            reference::darts_cell_s8(&L::PARAMS, x, hidden, &mut [0; 256], y);
        },
    )
}

/// The state, if it is kept, begins at 8192, and scratch lies behind it.
fn stateful<L: Unary>(
    bench: &mut Bench,
    seed: u64,
    (scratch, state): (Region, Option<Region>),
    kernel: impl Fn(&mut Arena<ARENA>),
    reference: impl Fn(&[i8], &mut [i16], &mut [i8]),
) -> Checked {
    let poison = i16::from_le_bytes([POISON.cast_unsigned(); 2]);
    let expected = RefCell::new([poison; 64]);
    let beside = Region::new(8192, scratch.end() - 8192);
    let checked = bench.unary::<L>(seed, beside, kernel, |x, y| {
        reference(x, &mut expected.borrow_mut()[..], y);
    });
    let kept = state.map_or(&[][..], |at| &bytes(&bench.kernel)[at.offset..at.end()]);
    let expected = expected.into_inner().map(i16::to_le_bytes);
    let mut pairs = kept.iter().zip(expected.as_flattened());
    match pairs.position(|(kernel, reference)| kernel.cast_unsigned() != *reference) {
        Some(at) if checked == Checked::Equal => Checked::Outside { at },
        _ => checked,
    }
}

/// Kernel against reference on the inputs that `seed` gives.
pub fn add<L: Add>(bench: &mut Bench, seed: u64) -> Checked {
    bench.binary::<L>(
        seed,
        |arena| kernels::add_s8::<L>(arena),
        |left, right, y| reference::add_s8(&L::PARAMS, left, right, y),
    )
}

//! The steps of a recurrent layer from its weighted inputs: what depends on the step before. Products with
//! the inputs are a convolution of all steps at once, and so is the gradient of the weights of hidden values;
//! only the steps themselves are walked here, forwards and, for the gradients, once more and then backwards.
//!
//! Weights are `[rows, units + 1]`: per row those of the hidden values, then a bias of their product.
//! Gradients go back through all steps (Werbos, "Backpropagation through time", 1990).

use ember_ir::Window2d;
use macerator::Simd;

use super::simd::{Kernel, load, parts, run, splat, store};
use super::{Geometry, LANES, Lanes, activate, conv2d, gates};

/// What a unit computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cell {
    /// A gated recurrent unit whose reset comes after the product: update, reset, candidate.
    Gru,
    /// A long short-term memory: input, forget, candidate, output.
    Lstm,
}

impl Cell {
    /// Rows of weights per unit.
    pub fn gates(self) -> usize {
        match self {
            Cell::Gru => 3,
            Cell::Lstm => 4,
        }
    }
}

/// The size of a recurrent layer.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence {
    /// Its cell.
    pub cell: Cell,
    /// Blocks of samples.
    pub blocks: usize,
    /// Steps of a sequence.
    pub steps: usize,
    /// Hidden values.
    pub units: usize,
}

impl Recurrence {
    fn rows(&self) -> usize {
        self.cell.gates() * self.units
    }

    /// Of a convolution over single steps.
    fn geometry(&self, inputs: usize, outputs: usize) -> Geometry {
        Geometry {
            blocks: self.blocks,
            input: [1, self.steps, inputs],
            output: [1, self.steps, outputs],
            window: Window2d::valid([1, 1], [1, 1]),
        }
    }
}

/// Hidden values of every step, from the weighted inputs of all rows.
pub(super) fn forward(size: &Recurrence, x: &[Lanes], weights: &[f32]) -> Vec<Lanes> {
    run(Forward { size, x, weights }).hidden
}

/// The gradients of the weighted inputs and of the weights.
pub(super) fn gradients(
    size: &Recurrence,
    x: &[Lanes],
    weights: &[f32],
    dy: &[Lanes],
) -> (Vec<Lanes>, Vec<f32>) {
    let walked = run(Forward { size, x, weights });
    let back = run(Backward {
        size,
        weights,
        walked: &walked,
        dy,
    });
    let (units, rows) = (size.units, size.rows());
    // Every step read the hidden values of the one before.
    let mut read = Vec::with_capacity(walked.hidden.len());
    for sequence in walked.hidden.chunks_exact(size.steps * units) {
        read.resize(read.len() + units, [0.0; LANES]);
        read.extend_from_slice(&sequence[..(size.steps - 1) * units]);
    }
    let of_hidden = conv2d::kernel_gradient(&size.geometry(units, rows), &read, &back.of_hidden);
    let none = ember_ir::Activation::None;
    let (_, of_bias) = activate::biased_gradients(none, rows, &back.of_hidden, &back.of_hidden);
    let mut dw = Vec::with_capacity(rows * (units + 1));
    for (weights, bias) in of_hidden.chunks_exact(units).zip(of_bias) {
        dw.extend_from_slice(weights);
        dw.push(bias);
    }
    (back.of_inputs, dw)
}

/// What the steps gave.
struct Walked {
    hidden: Vec<Lanes>,
    /// Per hidden value what its gradient needs, see [`gates`].
    past: Vec<gates::Past>,
}

struct Forward<'a> {
    size: &'a Recurrence,
    x: &'a [Lanes],
    weights: &'a [f32],
}

impl Kernel for Forward<'_> {
    type Output = Walked;

    #[inline(always)]
    fn run<S: Simd>(self) -> Walked {
        let Recurrence {
            cell, steps, units, ..
        } = *self.size;
        let rows = self.size.rows();
        let mut hidden: Vec<Lanes> = Vec::with_capacity(self.x.len() / cell.gates());
        let mut past: Vec<gates::Past> = Vec::with_capacity(hidden.capacity());
        let mut weighted = vec![[0.0; LANES]; rows];
        // The bias is the weight of a one.
        let mut read = vec![[0.0; LANES]; units + 1];
        read[units] = [1.0; LANES];
        for sequence in self.x.chunks_exact(steps * rows) {
            read[..units].fill([0.0; LANES]);
            let mut cells = vec![[0.0; LANES]; units];
            for x in sequence.chunks_exact(rows) {
                product::<S>(self.weights, &read, &mut weighted);
                for unit in 0..units {
                    let row = |gate: usize| gate * units + unit;
                    let (next, kept) = match cell {
                        Cell::Gru => gates::gru(
                            [&x[row(0)], &x[row(1)], &x[row(2)]],
                            [&weighted[row(0)], &weighted[row(1)], &weighted[row(2)]],
                            &read[unit],
                        ),
                        Cell::Lstm => gates::lstm(
                            [&x[row(0)], &x[row(1)], &x[row(2)], &x[row(3)]],
                            [
                                &weighted[row(0)],
                                &weighted[row(1)],
                                &weighted[row(2)],
                                &weighted[row(3)],
                            ],
                            &mut cells[unit],
                        ),
                    };
                    hidden.push(next);
                    past.push(kept);
                }
                read[..units].copy_from_slice(&hidden[hidden.len() - units..]);
            }
        }
        Walked { hidden, past }
    }
}

struct Backward<'a> {
    size: &'a Recurrence,
    weights: &'a [f32],
    walked: &'a Walked,
    dy: &'a [Lanes],
}

/// Gradients of the sums of every row and step.
struct Back {
    of_inputs: Vec<Lanes>,
    of_hidden: Vec<Lanes>,
}

impl Kernel for Backward<'_> {
    type Output = Back;

    #[inline(always)]
    fn run<S: Simd>(self) -> Back {
        let Recurrence {
            cell,
            blocks,
            steps,
            units,
        } = *self.size;
        let rows = self.size.rows();
        let transposed: Vec<f32> = (0..units * rows)
            .map(|i| self.weights[i % rows * (units + 1) + i / rows])
            .collect();
        let mut of_inputs = vec![[0.0; LANES]; blocks * steps * rows];
        let mut of_hidden = of_inputs.clone();
        let mut from_later = vec![[0.0; LANES]; units];
        let mut direct = vec![[0.0; LANES]; units];
        for block in 0..blocks {
            let mut of_cells = vec![[0.0; LANES]; units];
            from_later.fill([0.0; LANES]);
            for step in (block * steps..(block + 1) * steps).rev() {
                for unit in 0..units {
                    let at = step * units + unit;
                    let dh = gates::sum(&self.dy[at], &from_later[unit]);
                    let past = &self.walked.past[at];
                    let mut tell = |gate: usize, inputs: Lanes, hidden: Lanes| {
                        of_inputs[step * rows + gate * units + unit] = inputs;
                        of_hidden[step * rows + gate * units + unit] = hidden;
                    };
                    direct[unit] = match cell {
                        Cell::Gru => {
                            let back = gates::gru_gradient(past, &dh);
                            tell(0, back.update, back.update);
                            tell(1, back.reset, back.reset);
                            tell(2, back.candidate, back.weighted);
                            back.hidden
                        }
                        Cell::Lstm => {
                            let back = gates::lstm_gradient(past, &dh, &mut of_cells[unit]);
                            for (gate, gradient) in back.into_iter().enumerate() {
                                tell(gate, gradient, gradient);
                            }
                            [0.0; LANES]
                        }
                    };
                }
                let gradients = &of_hidden[step * rows..][..rows];
                product::<S>(&transposed, gradients, &mut from_later);
                for (later, direct) in from_later.iter_mut().zip(&direct) {
                    *later = gates::sum(later, direct);
                }
            }
        }
        Back {
            of_inputs,
            of_hidden,
        }
    }
}

/// Rows that are summed together: as many registers.
const TOGETHER: usize = 4;

/// A row-major matrix times a vector.
#[inline(always)]
pub(super) fn product<S: Simd>(matrix: &[f32], vector: &[Lanes], to: &mut [Lanes]) {
    let width = vector.len();
    let (groups, rest) = to.as_chunks_mut::<TOGETHER>();
    let (tall, low) = matrix.split_at(groups.len() * TOGETHER * width);
    for (to, rows) in groups.iter_mut().zip(tall.chunks_exact(TOGETHER * width)) {
        rows_times::<S, TOGETHER>(rows, vector, to);
    }
    for (to, row) in rest.iter_mut().zip(low.chunks_exact(width)) {
        rows_times::<S, 1>(row, vector, std::array::from_mut(to));
    }
}

#[inline(always)]
fn rows_times<S: Simd, const G: usize>(rows: &[f32], vector: &[Lanes], to: &mut [Lanes; G]) {
    let width = vector.len();
    for part in 0..parts::<S>() {
        let mut sums = [splat::<S>(0.0); G];
        for (column, value) in vector.iter().enumerate() {
            let value = load::<S>(value, part);
            for g in 0..G {
                sums[g] = splat::<S>(rows[g * width + column]).mul_add(value, sums[g]);
            }
        }
        for g in 0..G {
            store::<S>(&mut to[g], part, sums[g]);
        }
    }
}

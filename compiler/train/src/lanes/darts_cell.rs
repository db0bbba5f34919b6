//! The steps of DARTS' recurrent cell from its weighted inputs, forwards and, for the gradients, once more and then
//! backwards; see [`super::recurrent`].
//!
//! Weights are `[gated steps · 2 · units, units + 1]`: per gated step the rows of gates and then of values, per row
//! the weights of the state that it reads, then a bias.

use ember_ir::{CellFunction, CellNodes, Window2d};
use macerator::Simd;

use super::gates::{logistic, sum, tanh};
use super::recurrent::product;
use super::simd::{Kernel, run};
use super::{Geometry, LANES, Lanes, activate, conv2d};

/// The size of a layer of such cells.
#[derive(Clone, Copy, Debug)]
pub struct CellSteps {
    /// What the gated steps behind the first one compute.
    pub nodes: CellNodes,
    /// Blocks of samples.
    pub blocks: usize,
    /// Steps of a sequence.
    pub steps: usize,
    /// Hidden values.
    pub units: usize,
}

impl CellSteps {
    fn rows(&self) -> usize {
        2 * self.units
    }

    fn stages(&self) -> usize {
        1 + self.nodes.as_slice().len()
    }

    /// Which state a gated step reads, `None` for hidden values, and its function.
    fn step(&self, stage: usize) -> (Option<usize>, CellFunction) {
        match stage.checked_sub(1) {
            None => (None, CellFunction::Tanh),
            Some(node) => {
                let node = self.nodes.as_slice()[node];
                (Some(node.from), node.function)
            }
        }
    }

    /// Of a convolution over single steps.
    fn geometry(&self) -> Geometry {
        Geometry {
            blocks: self.blocks,
            input: [1, self.steps, self.units],
            output: [1, self.steps, self.rows()],
            window: Window2d::valid([1, 1], [1, 1]),
        }
    }
}

/// Hidden values of every step, from the weighted inputs of the first gated step's rows.
pub(super) fn forward(size: &CellSteps, x: &[Lanes], weights: &[f32]) -> Vec<Lanes> {
    run(Forward { size, x, weights }).hidden
}

/// The gradients of the weighted inputs and of the weights.
pub(super) fn gradients(
    size: &CellSteps,
    x: &[Lanes],
    weights: &[f32],
    dy: &[Lanes],
) -> (Vec<Lanes>, Vec<f32>) {
    let walked = run(Forward { size, x, weights });
    let mut of_sums = run(Backward {
        size,
        weights,
        walked: &walked,
        dy,
    });
    let none = ember_ir::Activation::None;
    let mut dw = Vec::with_capacity(weights.len());
    for (stage, of_sums) in of_sums.iter().enumerate() {
        let read = walked.read(size, stage);
        let of_states = conv2d::kernel_gradient(&size.geometry(), &read, of_sums);
        let (_, of_bias) = activate::biased_gradients(none, size.rows(), of_sums, of_sums);
        for (weights, bias) in of_states.chunks_exact(size.units).zip(of_bias) {
            dw.extend_from_slice(weights);
            dw.push(bias);
        }
    }
    (of_sums.swap_remove(0), dw)
}

/// What the steps gave.
struct Walked {
    hidden: Vec<Lanes>,
    /// Per step, gated step and unit.
    past: Vec<Past>,
}

#[derive(Clone, Copy)]
struct Past {
    gate: Lanes,
    value: Lanes,
    state: Lanes,
}

impl Walked {
    /// What a gated step has read, of all steps.
    fn read(&self, size: &CellSteps, stage: usize) -> Vec<Lanes> {
        let units = size.units;
        let (from, _) = size.step(stage);
        match from {
            // Every step read the hidden values of the one before.
            None => {
                let mut read = Vec::with_capacity(self.hidden.len());
                for sequence in self.hidden.chunks_exact(size.steps * units) {
                    read.resize(read.len() + units, [0.0; LANES]);
                    read.extend_from_slice(&sequence[..(size.steps - 1) * units]);
                }
                read
            }
            Some(from) => {
                let steps = self.past.chunks_exact(size.stages() * units);
                let states = steps.flat_map(|step| &step[from * units..][..units]);
                states.map(|past| past.state).collect()
            }
        }
    }
}

struct Forward<'a> {
    size: &'a CellSteps,
    x: &'a [Lanes],
    weights: &'a [f32],
}

impl Kernel for Forward<'_> {
    type Output = Walked;

    #[inline(always)]
    fn run<S: Simd>(self) -> Walked {
        let size = self.size;
        let (units, rows, stages) = (size.units, size.rows(), size.stages());
        let mut hidden: Vec<Lanes> = Vec::with_capacity(self.x.len() / 2);
        let mut past: Vec<Past> = Vec::with_capacity(hidden.capacity() * stages);
        let mut sums = vec![[0.0; LANES]; rows];
        // Hidden values, then states; the bias is the weight of a one behind each.
        let width = units + 1;
        let mut values = vec![[1.0; LANES]; (1 + stages) * width];
        let share = 1.0 / (stages - 1) as f32;
        for sequence in self.x.chunks_exact(size.steps * rows) {
            values[..units].fill([0.0; LANES]);
            for x in sequence.chunks_exact(rows) {
                for (stage, weights) in self.weights.chunks_exact(rows * width).enumerate() {
                    let (from, function) = size.step(stage);
                    let (earlier, now) = values.split_at_mut((1 + stage) * width);
                    let read = &earlier[from.map_or(0, |from| 1 + from) * width..][..width];
                    product::<S>(weights, read, &mut sums);
                    if stage == 0 {
                        for (sum, x) in sums.iter_mut().zip(x) {
                            *sum = self::sum(sum, x);
                        }
                    }
                    for unit in 0..units {
                        let gate = logistic(&sums[unit]);
                        let value = apply(function, &sums[units + unit]);
                        let mut state = read[unit];
                        for i in 0..LANES {
                            state[i] += gate[i] * (value[i] - state[i]);
                        }
                        now[unit] = state;
                        past.push(Past { gate, value, state });
                    }
                }
                for unit in 0..units {
                    let mut mean = [0.0; LANES];
                    for stage in 1..stages {
                        mean = sum(&mean, &values[(1 + stage) * width + unit]);
                    }
                    values[unit] = mean.map(|sum| sum * share);
                }
                hidden.extend_from_slice(&values[..units]);
            }
        }
        Walked { hidden, past }
    }
}

struct Backward<'a> {
    size: &'a CellSteps,
    weights: &'a [f32],
    walked: &'a Walked,
    dy: &'a [Lanes],
}

impl Kernel for Backward<'_> {
    /// Gradients of the sums, per gated step those of every step and row.
    type Output = Vec<Vec<Lanes>>;

    #[inline(always)]
    fn run<S: Simd>(self) -> Self::Output {
        let size = self.size;
        let (units, rows, stages) = (size.units, size.rows(), size.stages());
        let all_steps = size.blocks * size.steps;
        let transposed: Vec<Vec<f32>> = self
            .weights
            .chunks_exact(rows * (units + 1))
            .map(|weights| {
                let at = |i: usize| weights[i % rows * (units + 1) + i / rows];
                (0..units * rows).map(at).collect()
            })
            .collect();
        let mut of_sums = vec![vec![[0.0; LANES]; all_steps * rows]; stages];
        let mut of_states = vec![[0.0; LANES]; stages * units];
        let mut of_hidden = vec![[0.0; LANES]; units];
        let mut products = vec![[0.0; LANES]; units];
        let share = 1.0 / (stages - 1) as f32;
        for step in (0..all_steps).rev() {
            let is_last = (step + 1).is_multiple_of(size.steps);
            let is_first = step.is_multiple_of(size.steps);
            of_states[..units].fill([0.0; LANES]);
            for unit in 0..units {
                let own = &self.dy[step * units + unit];
                let all = match is_last {
                    true => *own,
                    false => sum(own, &of_hidden[unit]),
                };
                let part = all.map(|gradient| gradient * share);
                for stage in 1..stages {
                    of_states[stage * units + unit] = part;
                }
            }
            let past = &self.walked.past[step * stages * units..][..stages * units];
            for stage in (0..stages).rev() {
                let (from, function) = size.step(stage);
                let of_sums = &mut of_sums[stage][step * rows..][..rows];
                let (earlier, now) = of_states.split_at_mut(stage * units);
                for unit in 0..units {
                    let read = match from {
                        Some(from) => past[from * units + unit].state,
                        None if is_first => [0.0; LANES],
                        None => self.walked.hidden[(step - 1) * units + unit],
                    };
                    let Past { gate, value, .. } = &past[stage * units + unit];
                    let slope = slope(function, value);
                    let dy = now[unit];
                    for i in 0..LANES {
                        let open = gate[i] * (1.0 - gate[i]);
                        of_sums[unit][i] = dy[i] * (value[i] - read[i]) * open;
                        of_sums[units + unit][i] = dy[i] * gate[i] * slope[i];
                        now[unit][i] = dy[i] * (1.0 - gate[i]);
                    }
                }
                product::<S>(&transposed[stage], of_sums, &mut products);
                for unit in 0..units {
                    let back = sum(&now[unit], &products[unit]);
                    match from {
                        Some(from) => {
                            let to = &mut earlier[from * units + unit];
                            *to = sum(to, &back);
                        }
                        None => of_hidden[unit] = back,
                    }
                }
            }
        }
        of_sums
    }
}

#[inline(always)]
fn apply(function: CellFunction, x: &Lanes) -> Lanes {
    match function {
        CellFunction::Tanh => tanh(x),
        CellFunction::Relu => x.map(|x| x.clamp(0.0, 1.0)),
        CellFunction::Sigmoid => logistic(x),
        CellFunction::Identity => x.map(|x| x.clamp(-1.0, 1.0)),
    }
}

/// The slope of a function where it has this value.
#[inline(always)]
fn slope(function: CellFunction, value: &Lanes) -> Lanes {
    let inside = |is_inside: bool| f32::from(u8::from(is_inside));
    match function {
        CellFunction::Tanh => value.map(|y| 1.0 - y * y),
        CellFunction::Relu => value.map(|y| inside(y > 0.0 && y < 1.0)),
        CellFunction::Sigmoid => value.map(|y| y * (1.0 - y)),
        CellFunction::Identity => value.map(|y| inside(y.abs() < 1.0)),
    }
}

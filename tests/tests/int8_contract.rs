//! The int8 contract, written down a second time: every operator in 64-bit integers and f64 straight
//! from scales and zero points, with unfolded biases, no shared code with the lowering or the runtime,
//! and no fixed shapes. The interpreter must equal it bit for bit.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use ember_codegen::interpret::Interpreter;
use ember_codegen::quantize::quantize_sample;
use ember_ir::{
    Activation, BinaryFunction, Coordinates, Matmul, Node, Op, Quant, QuantGraph, QuantParams,
    Reduce, ReduceFunction, ResizeBilinear, Rounding, TransposeConv2d, Window2d,
};
use ember_tests::random_graphs;
use proptest::prelude::{
    Just, ProptestConfig, TestCaseError, any, prop_assert_eq, prop_oneof, proptest,
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn the_interpreter_obeys_the_contract(
        seed in any::<u64>(),
        rounding in prop_oneof![Just(Rounding::Single), Just(Rounding::TfLite)],
        per_tensor in any::<bool>(),
    ) {
        let mut network = random_graphs::quantized(seed, 8, rounding);
        if per_tensor {
            for (params, node) in network.params.iter_mut().zip(&network.graph.nodes) {
                // An SVDF's two scales are not of channels, but of its two parts.
                if let (Some(params), false) = (params, matches!(node.op, Op::Svdf(_))) {
                    params.scales.truncate(1);
                }
            }
        }
        let sample = random_graphs::samples(&network.graph, seed, 1).remove(0);
        let sample: Vec<i8> = sample.iter().map(|x| (x * 128.0) as i8).collect();
        obeys(&network, &sample)?;
    }

    #[test]
    fn rows_are_those_of_the_numbers(seed in any::<u64>()) {
        let network = random_graphs::with_weights(random_graphs::tokens(seed), seed);
        let network = random_graphs::in_int8(network, seed, Rounding::Single);
        let sample = random_graphs::samples(&network.graph, seed, 1).remove(0);
        obeys(&network, &quantize_sample(&network, &sample))?;
    }
}

fn obeys(network: &QuantGraph, sample: &[i8]) -> Result<(), TestCaseError> {
    let tensors = Interpreter::new(network).unwrap().run_all(sample);
    for (index, node) in network.graph.nodes.iter().enumerate() {
        let inputs: Vec<&[i8]> = node
            .inputs
            .iter()
            .map(|id| tensors[id.0].as_slice())
            .collect();
        let contract = Contract::new(network, index);
        let Some(expected) = contract.run(&inputs) else {
            continue;
        };
        prop_assert_eq!(&tensors[node.output.0], &expected, "{:?}", node);
    }
    Ok(())
}

/// A node with what the contract says about it.
struct Contract<'a> {
    network: &'a QuantGraph,
    node: &'a Node,
    params: Option<&'a QuantParams>,
    input: Quant,
    output: Quant,
    rounding: Rounding,
}

impl<'a> Contract<'a> {
    fn new(network: &'a QuantGraph, index: usize) -> Self {
        let node = &network.graph.nodes[index];
        Self {
            network,
            node,
            params: network.params[index].as_ref(),
            input: network.quants[node.inputs.first().unwrap_or(&node.output).0],
            output: network.quants[node.output.0],
            rounding: network.roundings[index],
        }
    }

    fn from(&self) -> Vec<usize> {
        self.network.graph.input_shape(self.node).dims().to_vec()
    }

    fn to(&self) -> Vec<usize> {
        self.network.graph.output_shape(self.node).dims().to_vec()
    }

    /// `None` for what has fixtures of its own.
    fn run(&self, inputs: &[&[i8]]) -> Option<Vec<i8>> {
        let x = inputs.first().copied().unwrap_or_default();
        Some(match &self.node.op {
            Op::Conv2d(op) => self.convolution(&op.window, x, |o, tap, c, channels, taps| {
                Some((o * taps + tap) * channels + c)
            }),
            Op::DepthwiseConv2d(op) => self.convolution(&op.window, x, |o, tap, c, channels, _| {
                (o / op.multiplier == c).then_some(tap * channels * op.multiplier + o)
            }),
            Op::Dense(_) => self.dense(x),
            Op::Matmul(op) => self.matrices(op, inputs),
            Op::ResizeBilinear(op) => self.resized(op, x),
            Op::TransposeConv2d(op) => self.transposed(op, x),
            Op::Add(_) => self.sum(inputs, 1),
            Op::Binary(op) => match op.function {
                BinaryFunction::Sub => self.sum(inputs, -1),
                BinaryFunction::Mul => self.product(inputs),
                BinaryFunction::Maximum => self.pairs(inputs, |a, b| self.clamp(a.max(b))),
                BinaryFunction::Minimum => self.pairs(inputs, |a, b| self.clamp(a.min(b))),
                BinaryFunction::Prelu => self.slope(inputs),
            },
            Op::Reduce(op) => self.reduce(op, x),
            Op::ArgMax(op) => self.arg_max(op.axis, x),
            Op::Constant(_) => self.params.unwrap().weights.clone(),
            // They have tests of their own, element by element.
            Op::Move(_) => return None,
            Op::AveragePool2d(op) => self.pool(&op.window, x, |taps| {
                let (sum, n) = (taps.iter().sum::<i64>(), taps.len() as i64);
                if sum > 0 {
                    (sum + n / 2) / n
                } else {
                    (sum - n / 2) / n
                }
            }),
            Op::MaxPool2d(op) => self.pool(&op.window, x, |taps| *taps.iter().max().unwrap()),
            Op::Embedding(op) => {
                let weights = &self.params.unwrap().weights;
                let row = |&x: &i8| (i64::from(x) + 128).clamp(0, op.rows as i64 - 1) as usize;
                let rows = x.iter().map(row);
                rows.flat_map(|row| weights[row * op.width..][..op.width].to_vec())
                    .collect()
            }
            Op::Mean(_) => self.means(&[0, 1], x),
            Op::Reshape(_) => x.to_vec(),
            Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Svdf(_)
            | Op::Lstm(_)
            | Op::Recurrent(_)
            | Op::DartsCell(_)
            | Op::Unary(_) => {
                return None;
            }
        })
    }

    /// clamp(MBQM(acc, d) + zp).
    fn finish(&self, acc: i64, d: f64) -> i8 {
        let (m, e) = quantize_multiplier(d);
        self.clamp(mbqm(acc, m, e, self.rounding) + i64::from(self.output.zero_point))
    }

    fn clamp(&self, y: i64) -> i8 {
        let zero = i64::from(self.output.zero_point);
        let six = zero + f64::from((6.0 / self.output.scale).round()) as i64;
        let (low, high) = match self.node.op.activation() {
            Activation::None => (-128, 127),
            Activation::Relu => (zero, 127),
            Activation::Relu6 => (zero, six.min(127)),
        };
        y.clamp(low, high) as i8
    }

    fn factor(&self, channel: usize) -> f64 {
        let scales = &self.params.unwrap().scales;
        let weight = if scales.len() == 1 {
            scales[0]
        } else {
            scales[channel]
        };
        f64::from(self.input.scale) * f64::from(weight) / f64::from(self.output.scale)
    }

    fn convolution(
        &self,
        window: &Window2d,
        x: &[i8],
        weight: impl Fn(usize, usize, usize, usize, usize) -> Option<usize>,
    ) -> Vec<i8> {
        let params = self.params.unwrap();
        let channels = self.from()[2];
        let taps = window.kernel[0] * window.kernel[1];
        let mut y = Vec::new();
        self.positions(window, |seen| {
            for o in 0..self.to()[2] {
                let mut acc = params.bias[o];
                for &(tap, at) in seen {
                    for c in 0..channels {
                        if let Some(w) = weight(o, tap, c, channels, taps) {
                            let centred =
                                i64::from(x[at * channels + c]) - i64::from(self.input.zero_point);
                            acc += i64::from(params.weights[w]) * centred;
                        }
                    }
                }
                y.push(self.finish(acc, self.factor(o)));
            }
        });
        y
    }

    /// Every product is added where it belongs.
    fn transposed(&self, op: &TransposeConv2d, x: &[i8]) -> Vec<i8> {
        let params = self.params.unwrap();
        let (from, to) = (self.from(), self.to());
        let mut sums = vec![0; to.iter().product()];
        for (place, sum) in sums.iter_mut().enumerate() {
            *sum = params.bias[place % to[2]];
        }
        for index in indices(&[from[0], from[1], from[2], to[2], op.kernel[0], op.kernel[1]]) {
            let [iy, ix, i, o, ky, kx] = index[..] else {
                unreachable!()
            };
            let y = (iy * op.stride[0] + ky).checked_sub(op.before[0]);
            let x_out = (ix * op.stride[1] + kx).checked_sub(op.before[1]);
            let (Some(y), Some(x_out)) = (y.filter(|&y| y < to[0]), x_out.filter(|&x| x < to[1]))
            else {
                continue;
            };
            let weight =
                params.weights[((o * op.kernel[0] + ky) * op.kernel[1] + kx) * from[2] + i];
            let value = i64::from(x[(iy * from[1] + ix) * from[2] + i]);
            let centred = value - i64::from(self.input.zero_point);
            sums[(y * to[1] + x_out) * to[2] + o] += i64::from(weight) * centred;
        }
        let finish = |(place, &sum): (usize, &i64)| self.finish(sum, self.factor(place % to[2]));
        sums.iter().enumerate().map(finish).collect()
    }

    /// Two rows and two columns, whose weights are multiples of 2⁻¹⁰.
    fn resized(&self, op: &ResizeBilinear, x: &[i8]) -> Vec<i8> {
        let (from, to) = (self.from(), self.to());
        let places = |axis: usize| -> Vec<[(usize, i64); 2]> {
            let (n, m) = (from[axis], to[axis]);
            let ratio = match (op.step, op.coordinates) {
                (_, Coordinates::AlignCorners) if m > 1 => (n - 1) as f64 / (m - 1) as f64,
                (Some(step), _) => f64::from(step[axis].get()),
                (None, _) => n as f64 / m as f64,
            };
            let step = (1024.0 * ratio + 0.5).floor() as i64;
            let place = |o: i64| {
                let at = match op.coordinates {
                    Coordinates::HalfPixel => o * step + step / 2 - 512,
                    _ => o * step,
                };
                let at = at.clamp(0, 1024 * (n as i64 - 1));
                let next = (at / 1024 + 1).min(n as i64 - 1);
                [
                    ((at / 1024) as usize, 1024 - at % 1024),
                    (next as usize, at % 1024),
                ]
            };
            (0..m as i64).map(place).collect()
        };
        let (rows, columns) = (places(0), places(1));
        let one = |index: &Vec<usize>| {
            let mut sum = 0;
            for (y, down) in rows[index[0]] {
                for (x_in, right) in columns[index[1]] {
                    let at = (y * from[1] + x_in) * from[2] + index[2];
                    sum += i64::from(x[at]) * down * right;
                }
            }
            (sum as f64 / f64::from(1 << 20)).round() as i8
        };
        indices(&to).iter().map(one).collect()
    }

    fn matrices(&self, op: &Matmul, inputs: &[&[i8]]) -> Vec<i8> {
        let other = self.network.quants[self.node.inputs[1].0];
        let d = f64::from(self.input.scale * other.scale) / f64::from(self.output.scale);
        let to = self.to();
        let element = |number: usize, index: &[usize], zero: i8| {
            let id = self.node.inputs[number];
            let dims = self.network.graph.tensor(id).shape.dims();
            let own = &index[index.len() - dims.len()..];
            let at = own.iter().zip(dims);
            let at = at.fold(0, |at, (&i, &dim)| at * dim + if dim == 1 { 0 } else { i });
            i64::from(inputs[number][at]) - i64::from(zero)
        };
        let depth = op.depth(&self.network.graph.tensor(self.node.inputs[0]).shape);
        let one = |index: &Vec<usize>| {
            let (batches, matrix) = index.split_at(to.len() - 2);
            let at = |pair: [usize; 2], turned: bool| {
                let pair = if turned { [pair[1], pair[0]] } else { pair };
                [batches, &pair].concat()
            };
            let product = |k: usize| {
                let left = at([matrix[0], k], op.transpose_left);
                let right = at([k, matrix[1]], op.transpose_right);
                element(0, &left, self.input.zero_point) * element(1, &right, other.zero_point)
            };
            self.finish((0..depth).map(product).sum(), d)
        };
        indices(&to).iter().map(one).collect()
    }

    fn pool(&self, window: &Window2d, x: &[i8], reduce: impl Fn(&[i64]) -> i64) -> Vec<i8> {
        let channels = self.from()[2];
        let mut y = Vec::new();
        self.positions(window, |seen| {
            for c in 0..channels {
                let taps: Vec<i64> = seen
                    .iter()
                    .map(|&(_, at)| i64::from(x[at * channels + c]))
                    .collect();
                y.push(self.clamp(reduce(&taps)));
            }
        });
        y
    }

    /// Calls `visit` with the valid (tap, input pixel) pairs of every output pixel.
    fn positions(&self, window: &Window2d, mut visit: impl FnMut(&[(usize, usize)])) {
        let (from, to) = (self.from(), self.to());
        for oy in 0..to[0] as i64 {
            for ox in 0..to[1] as i64 {
                let mut seen = Vec::new();
                for ky in 0..window.kernel[0] as i64 {
                    for kx in 0..window.kernel[1] as i64 {
                        let y = oy * window.stride[0] as i64 + ky * window.dilation[0] as i64
                            - window.padding.top as i64;
                        let x = ox * window.stride[1] as i64 + kx * window.dilation[1] as i64
                            - window.padding.left as i64;
                        if (0..from[0] as i64).contains(&y) && (0..from[1] as i64).contains(&x) {
                            let tap = ky as usize * window.kernel[1] + kx as usize;
                            seen.push((tap, y as usize * from[1] + x as usize));
                        }
                    }
                }
                visit(&seen);
            }
        }
    }

    fn dense(&self, x: &[i8]) -> Vec<i8> {
        let params = self.params.unwrap();
        let depth = params.weights.len() / params.bias.len();
        let outputs = x
            .chunks(depth)
            .flat_map(|row| (0..params.bias.len()).map(move |o| (row, o)));
        outputs
            .map(|(row, o)| {
                let mut acc = params.bias[o];
                for (i, &x) in row.iter().enumerate() {
                    let w = i64::from(params.weights[o * depth + i]);
                    acc += w * (i64::from(x) - i64::from(self.input.zero_point));
                }
                let d = match params.scales.as_slice() {
                    // Per tensor: the product in f32 first.
                    [scale] => f64::from(self.input.scale * scale) / f64::from(self.output.scale),
                    _ => self.factor(o),
                };
                self.finish(acc, d)
            })
            .collect()
    }

    /// Left plus `sign` times right.
    fn sum(&self, inputs: &[&[i8]], sign: i64) -> Vec<i8> {
        let other = self.network.quants[self.node.inputs[1].0];
        let m = 2.0 * f64::from(self.input.scale).max(f64::from(other.scale));
        let part = |x: i64, quant: Quant| {
            let (mantissa, exponent) = quantize_multiplier(f64::from(quant.scale) / m);
            let shifted = (x - i64::from(quant.zero_point)) << 20;
            mbqm(shifted, mantissa, exponent, self.rounding)
        };
        let d = m / (f64::from(1 << 20) * f64::from(self.output.scale));
        self.pairs(inputs, |a, b| {
            self.finish(part(a, self.input) + sign * part(b, other), d)
        })
    }

    fn product(&self, inputs: &[&[i8]]) -> Vec<i8> {
        let other = self.network.quants[self.node.inputs[1].0];
        let d = f64::from(self.input.scale) * f64::from(other.scale) / f64::from(self.output.scale);
        self.pairs(inputs, |a, b| {
            let (a, b) = (
                a - i64::from(self.input.zero_point),
                b - i64::from(other.zero_point),
            );
            self.finish(a * b, d)
        })
    }

    fn slope(&self, inputs: &[&[i8]]) -> Vec<i8> {
        let other = self.network.quants[self.node.inputs[1].0];
        let positive = f64::from(self.input.scale) / f64::from(self.output.scale);
        let d = f64::from(self.input.scale) * f64::from(other.scale) / f64::from(self.output.scale);
        self.pairs(inputs, |a, b| {
            let a = a - i64::from(self.input.zero_point);
            match a {
                0.. => self.finish(a, positive),
                _ => self.finish(a * (b - i64::from(other.zero_point)), d),
            }
        })
    }

    /// A function of the elements at each index of the output; an axis of size 1 has one for all.
    fn pairs(&self, inputs: &[&[i8]], function: impl Fn(i64, i64) -> i8) -> Vec<i8> {
        let to = self.to();
        let element = |number: usize, index: &[usize]| {
            let id = self.node.inputs[number];
            let dims = self.network.graph.tensor(id).shape.dims();
            let own = &index[to.len() - dims.len()..];
            let at = own.iter().zip(dims);
            let at = at.fold(0, |at, (&i, &dim)| at * dim + if dim == 1 { 0 } else { i });
            i64::from(inputs[number][at])
        };
        indices(&to)
            .iter()
            .map(|index| function(element(0, index), element(1, index)))
            .collect()
    }

    fn means(&self, axes: &[usize], x: &[i8]) -> Vec<i8> {
        let n: usize = axes.iter().map(|&axis| self.from()[axis]).product();
        let n = n as i64;
        let (m, mut e) =
            quantize_multiplier(f64::from(self.input.scale) / f64::from(self.output.scale));
        let sh = (63 - (n as u64).leading_zeros() as i64).min(32).min(31 + e);
        let m = (m << sh) / n;
        e -= sh;
        let zero = i64::from(self.input.zero_point);
        let finish = |elements: Vec<i64>| {
            let acc = elements.iter().sum::<i64>() - zero * n;
            self.clamp(mbqm(acc, m, e, self.rounding) + i64::from(self.output.zero_point))
        };
        self.groups(axes, x).into_iter().map(finish).collect()
    }

    fn reduce(&self, op: &Reduce, x: &[i8]) -> Vec<i8> {
        let zero = i64::from(self.input.zero_point);
        let d = f64::from(self.input.scale) / f64::from(self.output.scale);
        let one = |elements: Vec<i64>| match op.function {
            ReduceFunction::Max => *elements.iter().max().unwrap() as i8,
            _ => self.finish(elements.iter().map(|x| x - zero).sum(), d),
        };
        match op.function {
            ReduceFunction::Mean => self.means(&op.axes, x),
            _ => self.groups(&op.axes, x).into_iter().map(one).collect(),
        }
    }

    fn arg_max(&self, axis: usize, x: &[i8]) -> Vec<i8> {
        let first = |elements: Vec<i64>| {
            let most = elements.iter().max().unwrap();
            elements.iter().position(|x| x == most).unwrap() as i8
        };
        self.groups(&[axis], x).into_iter().map(first).collect()
    }

    /// The elements that differ in these axes alone, for each index of the others.
    fn groups(&self, axes: &[usize], x: &[i8]) -> Vec<Vec<i64>> {
        let mut groups = BTreeMap::<Vec<usize>, Vec<i64>>::new();
        for (index, &x) in indices(&self.from()).iter().zip(x) {
            let others = (0..index.len()).filter(|axis| !axes.contains(axis));
            let others = others.map(|axis| index[axis]).collect();
            groups.entry(others).or_default().push(i64::from(x));
        }
        groups.into_values().collect()
    }
}

/// All indices of a shape, in order.
fn indices(dims: &[usize]) -> Vec<Vec<usize>> {
    let longer = |indices: Vec<Vec<usize>>, &dim: &usize| {
        let next = |index: Vec<usize>| (0..dim).map(move |i| [&index[..], &[i]].concat());
        indices.into_iter().flat_map(next).collect()
    };
    dims.iter().fold(vec![Vec::new()], longer)
}

/// The mantissa in [2³⁰, 2³¹) and the exponent of a factor, by halving and doubling.
fn quantize_multiplier(d: f64) -> (i64, i64) {
    if d == 0.0 {
        return (0, 0);
    }
    let (mut q, mut e) = (d, 0);
    while q >= 1.0 {
        q /= 2.0;
        e += 1;
    }
    while q < 0.5 {
        q *= 2.0;
        e -= 1;
    }
    let mut m = (q * 2f64.powi(31)).round() as i64;
    if m == 1 << 31 {
        m /= 2;
        e += 1;
    }
    if e < -31 { (0, 0) } else { (m, e) }
}

fn mbqm(x: i64, m: i64, e: i64, rounding: Rounding) -> i64 {
    match rounding {
        Rounding::Single => {
            ((i128::from(x) * i128::from(m) + (1_i128 << (30 - e))) >> (31 - e)) as i64
        }
        Rounding::TfLite => {
            let high = ((x << e.max(0)) * m + (1 << 30)) >> 31;
            let k = (-e).max(0);
            let remainder = high & ((1 << k) - 1);
            let threshold = (((1_i64 << k) - 1) >> 1) + i64::from(high < 0);
            (high >> k) + i64::from(remainder > threshold)
        }
        Rounding::Wide => unreachable!("sums of int8 have 32 bits"),
    }
}

//! Weights and biases in integers: symmetric, one scale per output channel.

use ember_ir::{FloatParams, GATES, Lstm, Node, Op, Quant, QuantParams, Svdf};

/// Largest magnitude of a product of a weight and a centred activation.
const PRODUCT: i64 = 127 * 255;
/// Largest bias, also where few taps would leave more room.
const MAX_BIAS: i64 = 1 << 30;
/// Least bias range, where so many taps would leave none; lowering then refuses the layer by name.
const MIN_BIAS: i64 = 1 << 20;

/// Where the weights of a node lie, and which of them share a scale.
pub(super) struct Layout {
    /// Output channels.
    channels: usize,
    /// Weights of a channel.
    taps: usize,
    kind: Kind,
}

enum Kind {
    /// Channels are outermost.
    Rows,
    /// Channels are innermost.
    Columns,
    /// Rows of gates: so many of them share a scale for their inputs and one for their hidden values.
    Gates {
        rows: usize,
        shared: usize,
        hidden: usize,
    },
    /// Rows of parts, each with a scale of its own: inputs, then states of so many gated steps.
    Parts {
        rows: usize,
        hidden: usize,
        stages: usize,
    },
}

/// Unit of a state of 16 bits.
const STATE: f32 = 1.0 / (1 << 15) as f32;
/// Largest magnitude of a product of a weight and such a state.
const STATE_PRODUCT: i64 = 127 << 15;

impl Layout {
    /// Of an operator with so many weights and output channels.
    pub fn of(op: &Op, weights: usize, channels: usize) -> Self {
        let kind = match op {
            Op::DepthwiseConv2d(_) => Kind::Columns,
            &Op::Lstm(Lstm { hidden, .. }) => Kind::Gates {
                rows: GATES * hidden,
                shared: hidden,
                hidden,
            },
            Op::Recurrent(op) => Kind::Gates {
                rows: op.rows(),
                shared: 1,
                hidden: op.hidden,
            },
            Op::DartsCell(op) => Kind::Parts {
                rows: op.rows(),
                hidden: op.hidden,
                stages: op.stages(),
            },
            Op::Conv2d(_)
            | Op::Dense(_)
            | Op::Add(_)
            | Op::AveragePool2d(_)
            | Op::MaxPool2d(_)
            | Op::Mean(_)
            | Op::Reshape(_)
            | Op::Softmax(_)
            | Op::LogSoftmax(_)
            | Op::L2Norm(_)
            | Op::Embedding(_)
            | Op::Svdf(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Move(_)
            | Op::Reduce(_)
            | Op::ArgMax(_)
            | Op::Matmul(_)
            | Op::ResizeBilinear(_)
            | Op::TransposeConv2d(_)
            | Op::Constant(_) => Kind::Rows,
        };
        let rows = match kind {
            Kind::Rows | Kind::Columns => channels,
            Kind::Gates { rows, .. } | Kind::Parts { rows, .. } => rows,
        };
        Self {
            channels,
            taps: weights / rows.max(1),
            kind,
        }
    }

    /// Scales.
    fn groups(&self) -> usize {
        match self.kind {
            Kind::Rows | Kind::Columns => self.channels,
            Kind::Gates { rows, shared, .. } => 2 * (rows / shared),
            Kind::Parts { rows, stages, .. } => rows * (stages + 1),
        }
    }

    /// The scale of a weight.
    pub fn of_weight(&self, index: usize) -> usize {
        match self.kind {
            Kind::Rows => index / self.taps,
            Kind::Columns => index % self.channels,
            Kind::Gates { hidden, .. } => {
                let (row, tap) = (index / self.taps, index % self.taps);
                self.of_bias(row) + usize::from(tap >= self.taps - hidden)
            }
            Kind::Parts { hidden, stages, .. } => {
                let (row, tap) = (index / self.taps, index % self.taps);
                let inputs = self.taps - stages * hidden;
                let part = tap.checked_sub(inputs).map_or(0, |tap| 1 + tap / hidden);
                row * (stages + 1) + part
            }
        }
    }

    /// The scale of a bias, times the unit of what its weights are multiplied with, see [`Self::factor`].
    pub fn of_bias(&self, channel: usize) -> usize {
        match self.kind {
            Kind::Rows | Kind::Columns => channel,
            Kind::Gates { shared, hidden, .. } => match self.is_of_hidden(channel) {
                false => 2 * (channel / shared),
                // Of the last rows.
                true => 2 * ((channel - hidden) / shared) + 1,
            },
            Kind::Parts { rows, stages, .. } => {
                let (stage, row) = (channel / rows, channel % rows);
                // The first gated step's is with its inputs.
                let part = if stage == 0 { 0 } else { stage + 1 };
                row * (stages + 1) + part
            }
        }
    }

    /// Whether a bias belongs to hidden values.
    fn is_of_hidden(&self, channel: usize) -> bool {
        match self.kind {
            Kind::Rows | Kind::Columns => false,
            Kind::Gates { rows, .. } | Kind::Parts { rows, .. } => channel >= rows,
        }
    }

    /// The unit of what the weights of a bias are multiplied with: hidden values have the output's, or are states.
    pub fn factor(&self, channel: usize, [input, output]: [Quant; 2]) -> f32 {
        match (self.is_of_hidden(channel), &self.kind) {
            (false, _) => input.scale,
            (true, Kind::Parts { .. }) => STATE,
            (true, _) => output.scale,
        }
    }

    /// Largest magnitude of all products of a bias' sum.
    fn products(&self, group: usize) -> i64 {
        let taps = |taps: usize| i64::try_from(taps).unwrap_or(i64::MAX);
        match self.kind {
            Kind::Parts { hidden, stages, .. } if !group.is_multiple_of(stages + 1) => {
                taps(hidden).saturating_mul(STATE_PRODUCT)
            }
            _ => taps(self.taps).saturating_mul(PRODUCT),
        }
    }
}

/// The integer weights of a node whose input and output have these parameters.
pub(super) fn quantize(node: &Node, params: &FloatParams, quants: [Quant; 2]) -> QuantParams {
    if let Op::Svdf(op) = &node.op {
        return svdf(op, params);
    }
    let layout = Layout::of(&node.op, params.weights.len(), params.bias.len());
    let mut tops = vec![[0.0_f64; 2]; layout.groups()];
    for (index, weight) in params.weights.iter().enumerate() {
        let [top, _] = &mut tops[layout.of_weight(index)];
        *top = top.max(f64::from(weight.abs()));
    }
    let factor = |channel: usize| f64::from(layout.factor(channel, quants));
    for (channel, bias) in params.bias.iter().enumerate() {
        let [_, top] = &mut tops[layout.of_bias(channel)];
        *top = top.max(f64::from(bias.abs()) / factor(channel));
    }
    let (largest, step) = (
        f64::from(node.weights.top()),
        f64::from(node.weights.step()),
    );
    let scales: Vec<f32> = tops
        .iter()
        .enumerate()
        .map(|(group, &[weight, bias])| scale(weight / largest, bias, layout.products(group)))
        .collect();
    let weights = params.weights.iter().enumerate();
    let biases = params.bias.iter().enumerate();
    QuantParams {
        weights: weights
            .map(|(index, &weight)| {
                let steps = f64::from(weight) / f64::from(scales[layout.of_weight(index)]);
                ((steps / step).round() * step).clamp(-largest, largest) as i8
            })
            .collect(),
        bias: biases
            .map(|(channel, &bias)| {
                let scale = factor(channel) * f64::from(scales[layout.of_bias(channel)]);
                i64::from((f64::from(bias) / scale).round() as i32)
            })
            .collect(),
        scales,
    }
}

/// Weights of steps with one scale, weights over time with another, biases in steps of what is kept.
fn svdf(op: &Svdf, params: &FloatParams) -> QuantParams {
    let (bias, time) = params.bias.split_at(op.units);
    let step = |values: &[f32], largest: f32| {
        let top = values
            .iter()
            .fold(0.0f32, |top, value| top.max(value.abs()));
        let scale = top / largest;
        if scale.is_normal() { scale } else { 1.0 }
    };
    // Sums over time leave room for the bias in 32 bits.
    let kept = 1usize << (op.state_bits - 1);
    let products = op.rank.saturating_mul(op.memory).saturating_mul(kept);
    let most = (MAX_BIAS / i64::try_from(products).unwrap_or(i64::MAX)).max(1);
    let largest = most.min(i64::from(op.largest())) as f32;
    let [scale, over_time] = [step(&params.weights, 127.0), step(time, largest)];
    let weights = params.weights.iter();
    let unit = f64::from(op.state_scale.get()) * f64::from(over_time);
    let bias = bias
        .iter()
        .map(|&bias| (f64::from(bias) / unit).round())
        .map(|steps| steps.clamp(-(MAX_BIAS as f64), MAX_BIAS as f64) as i64);
    let time = time.iter();
    let time = time.map(|&w| (w / over_time).round().clamp(-largest, largest) as i64);
    QuantParams {
        weights: weights
            .map(|&w| (w / scale).round().clamp(-127.0, 127.0) as i8)
            .collect(),
        scales: vec![scale, over_time],
        bias: bias.chain(time).collect(),
    }
}

/// The values of a constant or of the rows of an embedding, as any tensor's.
pub(super) fn values(params: &FloatParams, quant: Quant) -> QuantParams {
    QuantParams {
        weights: params.weights.iter().map(|&x| quant.quantize(x)).collect(),
        scales: Vec::new(),
        bias: Vec::new(),
    }
}

/// The scale of a channel: that of its weights, unless the bias, given in units of S_in, would in units
/// of S_in·S_w not leave room for the sum in 32 bits (weights near zero under a large bias).
fn scale(for_weights: f64, bias: f64, products: i64) -> f32 {
    let room = (i64::from(i32::MAX).saturating_sub(products)).clamp(MIN_BIAS, MAX_BIAS);
    let for_bias = bias / room as f64;
    let scale = for_weights.max(for_bias);
    if scale < f64::from(f32::MIN_POSITIVE) {
        // No weights and no bias to speak of: any scale does.
        return 1.0;
    }
    // One step of f32 up, so that rounding the scale down cannot overflow the bias again.
    let rounded = (scale.min(f64::from(f32::MAX)) as f32).next_up();
    if for_bias > for_weights && rounded.is_finite() {
        rounded
    } else {
        scale as f32
    }
}

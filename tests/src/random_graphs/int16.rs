//! Random networks of 16-bit activations, with their integers: nothing quantises to them yet.

use ember_ir::{
    Activation, Add, AveragePool2d, Conv2d, Dense, DepthwiseConv2d, Element, Function,
    GraphBuilder, MaxPool2d, Move, Op, Quant, QuantGraph, QuantParams, Reshape, Rounding, TensorId,
    Unary, verify_quant,
};

use super::{Random, movement, reshaped, window};

/// Sums of more weights than this may not fit 32 bits.
const MOST_TAPS: usize = 480;

/// A network of at most `nodes` nodes (at least one) with one input and one output. Some begin or end
/// with int8.
pub fn int16(seed: u64, nodes: usize) -> QuantGraph {
    let mut random = Random::new(seed ^ 0x16);
    loop {
        let mut draft = Draft::new("random", &mut random);
        let count = draft.random.between(1, nodes);
        for _ in 0..3 * count {
            draft.any();
            if draft.roundings.len() >= count {
                break;
            }
        }
        if draft.random.below(3) == 0 {
            draft.quantize("bytes", Element::Int8);
        }
        let network = draft.finish();
        if !network.graph.nodes.is_empty() && verify_quant(&network).is_empty() {
            return network;
        }
    }
}

/// What a single layer does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A convolution.
    Conv2d,
    /// A depthwise convolution.
    DepthwiseConv2d,
    /// A fully connected layer.
    Dense,
    /// An addition.
    Add,
    /// Means over windows.
    AveragePool2d,
    /// Maxima over windows.
    MaxPool2d,
    /// To another scale, maybe of another type.
    Quantize,
}

/// A network `name` whose last node, `layer`, is of a kind; `None` if what was drawn does not fit.
pub fn single_layer(random: &mut Random, kind: Kind, name: &str) -> Option<QuantGraph> {
    let mut draft = Draft::new(name, random);
    if draft.element() == Element::Int8 && kind != Kind::Quantize {
        draft.quantize("halves", Element::Int16);
    }
    draft.layer("layer", kind)?;
    let network = draft.finish();
    verify_quant(&network).is_empty().then_some(network)
}

/// A network as it grows; every tensor has its scale.
struct Draft<'a> {
    random: &'a mut Random,
    builder: GraphBuilder,
    tensors: Vec<(TensorId, Element)>,
    quants: Vec<Quant>,
    params: Vec<Option<QuantParams>>,
    roundings: Vec<Rounding>,
}

impl<'a> Draft<'a> {
    fn new(name: &str, random: &'a mut Random) -> Self {
        let mut builder = GraphBuilder::new(name);
        let shape = [
            random.between(1, 9),
            random.between(1, 9),
            random.pick(&[1, 2, 3, 4, 5, 8, 12]),
        ];
        let (element, quant) = match random.below(4) {
            0 => {
                let zero_point = random.between(0, 255) as i32 - 128;
                (
                    Element::Int8,
                    Quant {
                        scale: 0.05,
                        zero_point: zero_point as i8,
                    },
                )
            }
            _ => (Element::Int16, scale(2e-4)),
        };
        let input = builder.input_as("input", shape, element);
        Self {
            random,
            builder,
            tensors: vec![(input, element)],
            quants: vec![quant],
            params: Vec::new(),
            roundings: Vec::new(),
        }
    }

    fn finish(self) -> QuantGraph {
        let output = self.newest();
        QuantGraph {
            graph: self.builder.finish(&[output]),
            quants: self.quants,
            params: self.params,
            roundings: self.roundings,
        }
    }

    fn newest(&self) -> TensorId {
        self.tensors[self.tensors.len() - 1].0
    }

    fn element(&self) -> Element {
        self.tensors[self.tensors.len() - 1].1
    }

    /// Adds a node; `None` if it does not take its inputs.
    fn node(
        &mut self,
        name: &str,
        op: Op,
        inputs: &[TensorId],
        (element, quant): (Element, Quant),
        params: Option<QuantParams>,
        rounding: Rounding,
    ) -> Option<()> {
        let output = self.builder.node_as(name, op, inputs, element).ok()?;
        self.tensors.push((output, element));
        self.quants.push(quant);
        self.params.push(params);
        self.roundings.push(rounding);
        Some(())
    }

    /// Whatever fits the newest tensor, or nothing.
    fn any(&mut self) {
        let name = format!("n{}", self.tensors.len());
        if self.element() == Element::Int8 {
            self.quantize(&name, Element::Int16);
            return;
        }
        let kinds = [
            Kind::Conv2d,
            Kind::Conv2d,
            Kind::DepthwiseConv2d,
            Kind::DepthwiseConv2d,
            Kind::Dense,
            Kind::Add,
            Kind::Add,
            Kind::AveragePool2d,
            Kind::MaxPool2d,
            Kind::Quantize,
        ];
        let (input, quant) = (self.newest(), self.quants[self.quants.len() - 1]);
        let shape = self.builder.shape(input).clone();
        let op = match self.random.below(5) {
            0 => Op::Move(movement(self.random, &shape)),
            1 => Op::Reshape(Reshape {
                shape: reshaped(self.random, &shape),
            }),
            _ => {
                let kind = self.random.pick(&kinds);
                self.layer(&name, kind);
                return;
            }
        };
        let inputs = match op {
            Op::Move(Move::Concat(_)) => vec![input; 2],
            _ => vec![input],
        };
        if !matches!(&op, Op::Move(Move::Pad(pad)) if pad.fill.get() != 0.0) {
            self.node(
                &name,
                op,
                &inputs,
                (Element::Int16, quant),
                None,
                Rounding::TfLite,
            );
        }
    }

    fn layer(&mut self, name: &str, kind: Kind) -> Option<()> {
        let input = self.newest();
        let shape = self.builder.shape(input).clone();
        let activations = [Activation::None, Activation::Relu, Activation::Relu6];
        let activation = self.random.pick(&activations);
        let op = match kind {
            Kind::Conv2d => Op::Conv2d(Conv2d {
                window: window(self.random, &shape),
                out_channels: self.random.between(1, 9),
                activation,
            }),
            Kind::DepthwiseConv2d => Op::DepthwiseConv2d(DepthwiseConv2d {
                window: window(self.random, &shape),
                multiplier: self.random.pick(&[1, 1, 1, 2, 3]),
                activation,
            }),
            Kind::Dense => Op::Dense(Dense {
                over_rows: self.random.below(3) == 0,
                out_features: self.random.between(1, 12),
                activation,
            }),
            Kind::AveragePool2d => Op::AveragePool2d(AveragePool2d {
                window: window(self.random, &shape),
                activation,
            }),
            Kind::MaxPool2d => Op::MaxPool2d(MaxPool2d {
                window: window(self.random, &shape),
                activation,
            }),
            Kind::Add => return self.add(name, activation),
            Kind::Quantize => {
                let to = match self.element() {
                    Element::Int8 => Element::Int16,
                    Element::Int16 => self.random.pick(&[Element::Int8, Element::Int16]),
                };
                return self.quantize(name, to);
            }
        };
        let quant = self.quants[input.0];
        match op.weight_channels(&shape) {
            Some(channels) => self.weighted(name, op, input, channels),
            None => {
                let to = (Element::Int16, quant);
                self.node(name, op, &[input], to, None, Rounding::TfLite)
            }
        }
    }

    fn weighted(&mut self, name: &str, op: Op, input: TensorId, channels: usize) -> Option<()> {
        let shape = self.builder.shape(input).clone();
        op.output_shape(&[&shape]).ok()?;
        let weights = op.weight_shape(&shape)?.elements();
        let taps = (weights / channels.max(1)) as f32;
        let random = &mut *self.random;
        let rounding = match random.below(4) {
            0 if taps < MOST_TAPS as f32 => Rounding::TfLite,
            1 if taps < MOST_TAPS as f32 => Rounding::Single,
            _ => Rounding::Wide,
        };
        let per_channel = random.below(4) > 0;
        let count = if per_channel { channels } else { 1 };
        let scales: Vec<f32> = (0..count).map(|_| 0.01 * random.real().exp2()).collect();
        let bias = (0..channels).map(|_| match (rounding, random.below(8)) {
            // Beyond 32 bits.
            (Rounding::Wide, 0) => (random.real() * 1e10) as i64,
            _ => (random.real() * 1e6) as i64,
        });
        let params = QuantParams {
            bias: bias.collect(),
            weights: (0..weights)
                .map(|_| (random.real() * 127.9) as i8)
                .collect(),
            scales,
        };
        // From sums that fill a part of the output's range to such that leave it.
        let gain = 0.01 * (3.0 * random.real()).exp2();
        let quant = scale(self.quants[input.0].scale * taps.sqrt() * gain * 73.0);
        self.node(
            name,
            op,
            &[input],
            (Element::Int16, quant),
            Some(params),
            rounding,
        )
    }

    fn add(&mut self, name: &str, activation: Activation) -> Option<()> {
        let left = self.newest();
        let shape = self.builder.shape(left).clone();
        let alike = |&&(id, element): &&(TensorId, Element)| {
            element == Element::Int16 && *self.builder.shape(id) == shape
        };
        let others: Vec<TensorId> = self
            .tensors
            .iter()
            .filter(alike)
            .map(|&(id, _)| id)
            .collect();
        let right = self.random.pick(&others);
        let [a, b] = [left, right].map(|id| self.quants[id.0].scale);
        let quant = scale((a + b) * self.random.real().exp2() * 0.6);
        let rounding = self.random.pick(&[Rounding::TfLite, Rounding::Single]);
        let to = (Element::Int16, quant);
        self.node(
            name,
            Op::Add(Add { activation }),
            &[left, right],
            to,
            None,
            rounding,
        )
    }

    fn quantize(&mut self, name: &str, to: Element) -> Option<()> {
        let from = self.element();
        let input = self.newest();
        let steps = |element: Element| element.range()[1] as f32;
        let coarser = steps(from) / steps(to) * self.random.real().exp2();
        let zero_point = match to {
            Element::Int8 => self.random.between(0, 255) as i32 - 128,
            Element::Int16 => 0,
        };
        let quant = Quant {
            scale: self.quants[input.0].scale * coarser,
            zero_point: zero_point as i8,
        };
        let rounding = self.random.pick(&[Rounding::TfLite, Rounding::Single]);
        let op = Op::Unary(Unary {
            function: Function::Quantize,
        });
        self.node(name, op, &[input], (to, quant), None, rounding)
    }
}

fn scale(scale: f32) -> Quant {
    Quant {
        scale,
        zero_point: 0,
    }
}

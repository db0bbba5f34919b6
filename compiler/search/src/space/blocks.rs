//! Genes to graph, for all spaces. Total: every architecture builds. A kernel larger than its map is
//! cut to the map, a dilation that does not fit becomes 1, a pool of one element is left out, a map
//! block behind a fully connected layer becomes a fully connected layer. On a series `[1, T, C]` the
//! cut makes every window one of height 1, so the same blocks serve images and series. A recurrent layer
//! takes and gives a sequence `[T, N]`, see `sequence`.
//!
//! Nodes are named after their place: `conv1`, `dw2` and `pw2`, `expand3`, `dw3`, `project3`, `add3`,
//! `pool4`; `pool0` lowers the input's resolution; `global`, `mean` or `last`, `hidden`, `logits` end it. A
//! recurrent layer is `gru5`, `lstm5` or `darts5`, and a reshape before a node `x` is `x_steps` or `x_map`.

use ember_ir::{
    Activation, Add, AveragePool2d, Conv2d, Dense, DepthwiseConv2d, GraphBuilder, MaxPool2d, Op,
    Shape, TensorId, Window2d,
};

use super::architecture::{Architecture, Block, Border, Window};
use super::assembled::{Assembled, Part, Task};
use super::fit::{MAX_WIDTH, MAX_WINDOW, fit};

/// Builds the network that `architecture` describes.
pub fn assemble(task: &Task, architecture: &Architecture) -> Assembled {
    let (mut assembly, input) = Assembly::new(&task.name, &task.input, architecture.activation);
    let mut x = assembly.pool("pool0", PoolKind::Average, architecture.pool, input);
    for (i, block) in architecture.blocks.iter().enumerate() {
        assembly.part = Part::Block(i);
        x = assembly.block(i + 1, block, x);
    }
    assembly.part = Part::Head;
    x = assembly.head(architecture.head, x);
    if let Some(width) = architecture.hidden {
        assembly.part = Part::Hidden;
        x = assembly.dense("hidden".into(), width, architecture.activation, x);
    }
    assembly.part = Part::Logits;
    let logits = assembly.dense("logits".into(), task.classes, Activation::None, x);
    assembly.finish(logits)
}

#[derive(Clone, Copy)]
pub(super) enum PoolKind {
    Average,
    Max,
}

/// A graph under construction and the gene that is being built.
#[derive(Clone)]
pub(super) struct Assembly {
    pub(super) builder: GraphBuilder,
    parts: Vec<Part>,
    pub(super) part: Part,
    pub(super) activation: Activation,
}

impl Assembly {
    pub(super) fn new(name: &str, input: &Shape, activation: Activation) -> (Self, TensorId) {
        let mut builder = GraphBuilder::new(name);
        let input = builder.input("input", input.clone());
        let assembly = Self {
            builder,
            parts: Vec::new(),
            part: Part::Pool,
            activation,
        };
        (assembly, input)
    }

    /// The network that ends here.
    pub(super) fn finish(self, output: TensorId) -> Assembled {
        Assembled {
            graph: self.builder.finish(&[output]),
            parts: self.parts,
        }
    }

    pub(super) fn block(&mut self, number: usize, block: &Block, x: TensorId) -> TensorId {
        match *block {
            Block::Conv { width, window } => {
                let name = format!("conv{number}");
                self.conv(name, width, window, self.activation, x)
            }
            Block::Separable { width, window } => {
                let x = self.depthwise(format!("dw{number}"), window, x);
                self.pointwise(format!("pw{number}"), width, self.activation, x)
            }
            Block::Residual { width, window } => self.residual(number, width, window, x),
            Block::InvertedResidual {
                expand,
                width,
                window,
            } => self.inverted_residual(number, expand, width, window, x),
            Block::MaxPool { size } => self.pool(&format!("pool{number}"), PoolKind::Max, size, x),
            Block::AveragePool { size } => {
                self.pool(&format!("pool{number}"), PoolKind::Average, size, x)
            }
            Block::Dense { width } => {
                self.dense(format!("dense{number}"), width, self.activation, x)
            }
            Block::Embedding { rows, width } => self.embedding(number, rows, width, x),
            Block::Recurrent { cell, width } => self.recurrent(number, cell, width, x),
            Block::Edge(op) => self.edge(number, op, x),
        }
    }

    fn residual(&mut self, number: usize, width: usize, window: Window, x: TensorId) -> TensorId {
        let x = self.map(&format!("conv{number}a"), x);
        let first = self.conv(format!("conv{number}a"), width, window, self.activation, x);
        let inner = Window {
            stride: 1,
            padding: Border::Same,
            ..window
        };
        // The skip takes the same window positions: a pointwise convolution with the first
        // convolution's stride ends on its shape only with SAME padding. VALID padding shrinks the map:
        // there is nothing to add to.
        let step = Window {
            kernel: 1,
            dilation: 1,
            ..window
        };
        let shape = self.builder.shape(first).clone();
        let is_same = *self.builder.shape(x) == shape;
        let meets = is_same || self.conv_shape(width, step, x) == Some(shape);
        let activation = if meets {
            Activation::None
        } else {
            self.activation
        };
        let name = format!("conv{number}b");
        let second = self.conv(name, width, inner, activation, first);
        if !meets {
            return second;
        }
        let skip = if is_same {
            x
        } else {
            self.conv(format!("skip{number}"), width, step, Activation::None, x)
        };
        self.add(number, self.activation, skip, second)
    }

    fn inverted_residual(
        &mut self,
        number: usize,
        expand: usize,
        width: usize,
        window: Window,
        x: TensorId,
    ) -> TensorId {
        let Some([_, _, channels]) = self.size(x) else {
            return self.dense(format!("dense{number}"), width, self.activation, x);
        };
        let x = self.map(&format!("expand{number}"), x);
        let mut inner = x;
        if expand > 1 {
            let inside = channels.saturating_mul(expand);
            inner = self.pointwise(format!("expand{number}"), inside, self.activation, inner);
        }
        inner = self.depthwise(format!("dw{number}"), window, inner);
        // The bottleneck stays linear (MobileNet v2).
        inner = self.pointwise(format!("project{number}"), width, Activation::None, inner);
        if self.builder.shape(x) == self.builder.shape(inner) {
            return self.add(number, Activation::None, x, inner);
        }
        inner
    }

    pub(super) fn pointwise(
        &mut self,
        name: String,
        width: usize,
        activation: Activation,
        x: TensorId,
    ) -> TensorId {
        let window = Window {
            kernel: 1,
            stride: 1,
            dilation: 1,
            padding: Border::Valid,
        };
        self.conv(name, width, window, activation, x)
    }

    /// A convolution, or a fully connected layer on a vector.
    pub(super) fn conv(
        &mut self,
        name: String,
        width: usize,
        window: Window,
        activation: Activation,
        x: TensorId,
    ) -> TensorId {
        match self.conv_op(width, window, activation, x) {
            Some(op) => {
                let x = self.map(&name, x);
                self.node(name, op, &[x])
            }
            None => self.dense(name, width, activation, x),
        }
    }

    /// The convolution that [`Self::conv`] adds, unless `x` is a vector.
    fn conv_op(
        &self,
        width: usize,
        window: Window,
        activation: Activation,
        x: TensorId,
    ) -> Option<Op> {
        let [h, w, _] = self.size(x)?;
        Some(Op::Conv2d(Conv2d {
            window: fit(window, [h, w]),
            out_channels: width.clamp(1, MAX_WIDTH),
            activation,
        }))
    }

    /// The shape that [`Self::conv`] ends on.
    fn conv_shape(&self, width: usize, window: Window, x: TensorId) -> Option<Shape> {
        match self.conv_op(width, window, Activation::None, x) {
            Some(op) => op.output_shape(&[self.builder.shape(x)]).ok(),
            None => Some(Shape::from([width.clamp(1, MAX_WIDTH)])),
        }
    }

    /// A depthwise convolution, or nothing on a vector.
    fn depthwise(&mut self, name: String, window: Window, x: TensorId) -> TensorId {
        let Some([h, w, _]) = self.size(x) else {
            return x;
        };
        let x = self.map(&name, x);
        let op = DepthwiseConv2d {
            window: fit(window, [h, w]),
            multiplier: 1,
            activation: self.activation,
        };
        self.node(name, Op::DepthwiseConv2d(op), &[x])
    }

    /// Disjoint pooling windows, or nothing where they would hold one element.
    pub(super) fn pool(
        &mut self,
        name: &str,
        kind: PoolKind,
        size: usize,
        x: TensorId,
    ) -> TensorId {
        let Some([h, w, _]) = self.size(x) else {
            return x;
        };
        let kernel = [h, w].map(|extent| size.clamp(1, extent.min(MAX_WINDOW)));
        if kernel == [1, 1] {
            return x;
        }
        let x = self.map(name, x);
        let window = Window2d::valid(kernel, kernel);
        let activation = Activation::None;
        let op = match kind {
            PoolKind::Average => Op::AveragePool2d(AveragePool2d { window, activation }),
            PoolKind::Max => Op::MaxPool2d(MaxPool2d { window, activation }),
        };
        self.node(name.into(), op, &[x])
    }

    pub(super) fn dense(
        &mut self,
        name: String,
        width: usize,
        activation: Activation,
        x: TensorId,
    ) -> TensorId {
        let op = Dense {
            over_rows: false,
            out_features: width.clamp(1, MAX_WIDTH),
            activation,
        };
        self.node(name, Op::Dense(op), &[x])
    }

    fn add(
        &mut self,
        number: usize,
        activation: Activation,
        left: TensorId,
        right: TensorId,
    ) -> TensorId {
        let op = Op::Add(Add { activation });
        self.node(format!("add{number}"), op, &[left, right])
    }

    pub(super) fn node(&mut self, name: String, op: Op, inputs: &[TensorId]) -> TensorId {
        self.parts.push(self.part);
        match self.builder.node(name, op, inputs) {
            Ok(id) => id,
            Err(error) => panic!("BUG: a space built a node that does not fit: {error}"),
        }
    }
}

//! The genotype: what a strategy samples, mutates and writes to the journal. Every value is legal:
//! building clamps what does not fit (a kernel to its map, a width to at least one), so there is no
//! invalid architecture, only several that build the same graph.

use ember_ir::{Activation, CellFunction, CellNode, CellNodes};
use serde::{Deserialize, Serialize};

use super::edge::EdgeOp;

/// A network as genes; [`super::blocks::assemble`] turns it into a graph.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Architecture {
    /// Edge of the average pooling that lowers the input's resolution; 1 keeps it.
    pub pool: usize,
    /// The body, first to last.
    pub blocks: Vec<Block>,
    /// How the last map becomes a vector.
    pub head: Head,
    /// Width of a fully connected layer before the logits; of an autoencoder, of its bottleneck.
    pub hidden: Option<usize>,
    /// The activation of all layers that have one.
    pub activation: Activation,
}

/// The sliding window of a block; square on images, along time on series.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Window {
    /// Taps per axis.
    pub kernel: usize,
    /// Step per axis.
    pub stride: usize,
    /// Distance between taps.
    pub dilation: usize,
    /// What happens at the border.
    pub padding: Border,
}

impl Window {
    /// One without gaps that keeps the map's size but for the stride.
    pub fn same(kernel: usize, stride: usize) -> Self {
        Self {
            kernel,
            stride,
            dilation: 1,
            padding: Border::Same,
        }
    }
}

/// How a window treats the border of its map.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Border {
    /// Zero padding: the output is ceil(input / stride).
    Same,
    /// No padding.
    Valid,
}

/// One building block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// A dense convolution.
    Conv {
        /// Output channels.
        width: usize,
        /// Its window.
        window: Window,
    },
    /// A depthwise convolution and a pointwise one (MobileNet v1, DS-CNN).
    Separable {
        /// Output channels.
        width: usize,
        /// Window of the depthwise part.
        window: Window,
    },
    /// Two convolutions and a skip (ResNet); the skip is a strided pointwise convolution where the
    /// shapes differ.
    Residual {
        /// Output channels.
        width: usize,
        /// Window of both; only the first strides.
        window: Window,
    },
    /// Expand, depthwise, project, and a skip where the shapes allow it (MobileNet v2).
    InvertedResidual {
        /// Channels inside, as a multiple of the input's.
        expand: usize,
        /// Output channels.
        width: usize,
        /// Window of the depthwise part.
        window: Window,
    },
    /// Maximum pooling of disjoint windows.
    MaxPool {
        /// Edge and step of the window.
        size: usize,
    },
    /// Average pooling of disjoint windows.
    AveragePool {
        /// Edge and step of the window.
        size: usize,
    },
    /// A fully connected layer.
    Dense {
        /// Outputs.
        width: usize,
    },
    /// Numbers become rows of a table; nothing where the input is no map of single numbers.
    Embedding {
        /// Rows: how many numbers there are. The data's, not to be changed.
        rows: usize,
        /// Elements of a row.
        width: usize,
    },
    /// Units that remember, over the pixels of a map in their order; on a series, over time.
    Recurrent {
        /// What a unit computes.
        cell: RecurrentCell,
        /// Units, each of which is an output of every step.
        width: usize,
    },
    /// An operation that keeps the map's shape: a slot of a space whose networks differ in nothing
    /// else, such as the edges of a cell (NAS-Bench-201, DARTS).
    Edge(EdgeOp),
}

/// The cells of [`Block::Recurrent`] that training knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecurrentCell {
    /// A gated recurrent unit (Cho et al., 2014) whose reset comes after the product.
    Gru,
    /// A long short-term memory (Hochreiter and Schmidhuber, 1997).
    Lstm,
    /// The cell that DARTS searches (Liu et al., 2018), by its nodes.
    Darts(CellNodes),
}

/// How the last map becomes the vector that the logits are computed from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// Global average pooling.
    Mean,
    /// A depthwise convolution whose kernel is the whole map: a learned weighting per position where
    /// the mean has a fixed one.
    GlobalDepthwise,
    /// The fully connected layer reads the whole map.
    Flatten,
    /// The last pixel: of a recurrent layer the step that has seen all others.
    Last,
}

impl RecurrentCell {
    /// What layers of it are called.
    pub fn name(&self) -> &'static str {
        match self {
            RecurrentCell::Gru => "gru",
            RecurrentCell::Lstm => "lstm",
            RecurrentCell::Darts(_) => "darts",
        }
    }

    /// The smallest of DARTS' cells: one node.
    pub(super) fn one_node(function: CellFunction) -> Self {
        let nodes = CellNodes::new(&[CellNode { from: 0, function }]);
        RecurrentCell::Darts(nodes.unwrap_or_else(|| panic!("BUG: one node is no cell")))
    }
}

impl Block {
    /// Its output channels, or `None` where it has no choice of them.
    pub fn width(&self) -> Option<usize> {
        match self {
            Block::Conv { width, .. }
            | Block::Separable { width, .. }
            | Block::Residual { width, .. }
            | Block::InvertedResidual { width, .. }
            | Block::Dense { width }
            | Block::Embedding { width, .. }
            | Block::Recurrent { width, .. } => Some(*width),
            Block::MaxPool { .. } | Block::AveragePool { .. } | Block::Edge(_) => None,
        }
    }

    /// Its output channels to change, or `None` where it has no choice of them.
    pub fn width_mut(&mut self) -> Option<&mut usize> {
        match self {
            Block::Conv { width, .. }
            | Block::Separable { width, .. }
            | Block::Residual { width, .. }
            | Block::InvertedResidual { width, .. }
            | Block::Dense { width }
            | Block::Embedding { width, .. }
            | Block::Recurrent { width, .. } => Some(width),
            Block::MaxPool { .. } | Block::AveragePool { .. } | Block::Edge(_) => None,
        }
    }

    /// Its window, or `None` where it has none.
    pub fn window(&self) -> Option<Window> {
        match self {
            Block::Conv { window, .. }
            | Block::Separable { window, .. }
            | Block::Residual { window, .. }
            | Block::InvertedResidual { window, .. } => Some(*window),
            Block::MaxPool { .. }
            | Block::AveragePool { .. }
            | Block::Dense { .. }
            | Block::Embedding { .. }
            | Block::Recurrent { .. }
            | Block::Edge(_) => None,
        }
    }

    /// Its window to change, or `None` where it has none.
    pub fn window_mut(&mut self) -> Option<&mut Window> {
        match self {
            Block::Conv { window, .. }
            | Block::Separable { window, .. }
            | Block::Residual { window, .. }
            | Block::InvertedResidual { window, .. } => Some(window),
            Block::MaxPool { .. }
            | Block::AveragePool { .. }
            | Block::Dense { .. }
            | Block::Embedding { .. }
            | Block::Recurrent { .. }
            | Block::Edge(_) => None,
        }
    }
}

impl Architecture {
    /// The same network with all widths multiplied by `numerator / denominator`, rounded up to
    /// multiples of four.
    pub fn scaled(&self, numerator: usize, denominator: usize) -> Self {
        let scale = |width: usize| {
            let scaled = width.saturating_mul(numerator) / denominator.max(1);
            scaled.div_ceil(4).max(1) * 4
        };
        let mut scaled = self.clone();
        for block in &mut scaled.blocks {
            if let Some(width) = block.width_mut() {
                *width = scale(*width);
            }
        }
        scaled.hidden = self.hidden.map(scale);
        scaled
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;

    fn example() -> Architecture {
        let window = Window {
            kernel: 3,
            stride: 2,
            dilation: 1,
            padding: Border::Same,
        };
        Architecture {
            pool: 2,
            blocks: vec![
                Block::Conv { width: 12, window },
                Block::MaxPool { size: 2 },
            ],
            head: Head::GlobalDepthwise,
            hidden: Some(10),
            activation: Activation::Relu,
        }
    }

    #[test]
    fn the_journal_form_is_readable_and_read_back() {
        let text = serde_json::to_string(&example()).unwrap();
        assert_eq!(
            text,
            r#"{"pool":2,"blocks":[{"conv":{"width":12,"window":{"kernel":3,"stride":2,"dilation":1,"padding":"same"}}},{"max-pool":{"size":2}}],"head":"global-depthwise","hidden":10,"activation":"relu"}"#
        );
        let back: Architecture = serde_json::from_str(&text).unwrap();
        assert_eq!(back, example());
    }

    #[test]
    fn the_line_names_what_is_unusual() {
        assert_eq!(
            example().to_string(),
            "pool 2 | conv 12 k3 s2 | max 2 | global depthwise | dense 10"
        );
    }

    #[test]
    fn scaling_keeps_multiples_of_four() {
        let scaled = example().scaled(1, 2);
        assert_eq!(scaled.blocks[0].width(), Some(8));
        assert_eq!(scaled.hidden, Some(8));
        assert_eq!(example().scaled(0, 1).blocks[0].width(), Some(4));
    }
}

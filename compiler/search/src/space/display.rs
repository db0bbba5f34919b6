//! Architectures in a line, for people.

use std::fmt;

use super::architecture::{Architecture, Block, Border, Head, RecurrentCell, Window};

/// `k3`, then stride, dilation and border where they are not the usual ones.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", self.kernel)?;
        if self.stride != 1 {
            write!(f, " s{}", self.stride)?;
        }
        if self.dilation != 1 {
            write!(f, " d{}", self.dilation)?;
        }
        match self.padding {
            Border::Same => Ok(()),
            Border::Valid => f.write_str(" valid"),
        }
    }
}

/// `conv 16 k3 s2`.
impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Block::Conv { width, window } => write!(f, "conv {width} {window}"),
            Block::Separable { width, window } => write!(f, "separable {width} {window}"),
            Block::Residual { width, window } => write!(f, "residual {width} {window}"),
            Block::InvertedResidual {
                expand,
                width,
                window,
            } => write!(f, "inverted {width} x{expand} {window}"),
            Block::MaxPool { size } => write!(f, "max {size}"),
            Block::AveragePool { size } => write!(f, "average {size}"),
            Block::Dense { width } => write!(f, "dense {width}"),
            Block::Embedding { width, .. } => write!(f, "embedding {width}"),
            Block::Recurrent { cell, width } => write!(f, "{cell} {width}"),
            Block::Edge(op) => write!(f, "{op}"),
        }
    }
}

/// One line: `pool 2 | conv 16 k3 s2 | separable 24 k3 | mean | dense 32`.
impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pool > 1 {
            write!(f, "pool {} | ", self.pool)?;
        }
        for block in &self.blocks {
            write!(f, "{block} | ")?;
        }
        f.write_str(match self.head {
            Head::Mean => "mean",
            Head::GlobalDepthwise => "global depthwise",
            Head::Flatten => "flatten",
            Head::Last => "last",
        })?;
        if let Some(hidden) = self.hidden {
            write!(f, " | dense {hidden}")?;
        }
        Ok(())
    }
}

/// `gru`, or `darts 0:tanh 1:relu x` of a cell whose nodes read the first gated step and the first node.
impl fmt::Display for RecurrentCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if let RecurrentCell::Darts(nodes) = self {
            for node in nodes.as_slice() {
                write!(f, " {}:{}", node.from, node.function.name())?;
            }
            f.write_str(" x")?;
        }
        Ok(())
    }
}

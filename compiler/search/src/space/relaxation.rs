//! A space as a choice per gene: what strategies that follow a gradient need. A mixture of all options of every
//! gene can be differentiated; one option of each is a network of the space again.

use std::fmt;

use super::architecture::Architecture;
use super::mixed::Mixed;

/// What is to be relaxed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Relaxing {
    /// How large: 0 is the largest, and there are a few smaller ones.
    pub level: usize,
    /// One in so many channels runs through the operations of a mixture, the others pass by (PC-DARTS, arXiv
    /// 1907.05737); 1: all of them. Where channels pass by, widths are not a choice.
    pub share: usize,
}

/// A part of a space whose networks differ in independent choices.
pub trait Relaxation: fmt::Debug + Send {
    /// Options per gene, at least one each.
    fn options(&self) -> &[usize];

    /// The network with these options.
    ///
    /// # Panics
    /// If there are fewer than genes, or one is out of range.
    fn decode(&self, chosen: &[usize]) -> Architecture;

    /// The mixture of all of them; `None` where networks are known and not trained.
    fn mixed(&self) -> Option<Mixed>;
}

/// Genes that are more than one option; the others are not decided.
#[derive(Debug, Default)]
pub(super) struct Genes(pub Vec<usize>);

impl Genes {
    /// The number of a new gene; `None` if there is nothing to choose.
    pub fn add(&mut self, options: usize) -> Option<usize> {
        (options > 1).then(|| {
            self.0.push(options);
            self.0.len() - 1
        })
    }
}

//! DARTS: the mixture of all options, weighed by the softmax of their logits, is trained like a network; the
//! logits follow the loss on the half of the data that the weights do not learn from. Operations and edges have
//! logits. With [`Order::Second`] the slope knows that the weights follow. Source: Liu et al. 2019 (arXiv
//! 1806.09055); Adam's memories and decay are theirs, the weights learn by the trainer's AdamW.
//!
//! PC-DARTS mixes a quarter of the channels and lets the others pass by: a quarter of the work, and operations
//! without weights have less of a head start. Edges have logits of their own because of it: those of operations
//! alone fluctuate with the channels sampled. Source: Xu et al. 2020 (arXiv 1907.05737).

use super::relaxed::{Method, Sampling};
use crate::supernet::Order;

/// One in so many channels is mixed in PC-DARTS.
const SHARE: usize = 4;

/// DARTS and PC-DARTS.
#[derive(Clone, Copy, Debug)]
pub(super) struct Darts {
    order: Order,
    share: usize,
}

impl Darts {
    pub fn new(order: Order) -> Self {
        Self { order, share: 1 }
    }

    pub fn partial(order: Order) -> Self {
        Self {
            order,
            share: SHARE,
        }
    }
}

impl Method for Darts {
    fn sampling(&self, _: f64) -> Sampling {
        Sampling {
            noisy: false,
            hard: false,
            temperature: 1.0,
        }
    }

    fn order(&self) -> Order {
        self.order
    }

    fn share(&self) -> usize {
        self.share
    }
}

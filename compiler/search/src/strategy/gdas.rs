//! GDAS: every step draws one network by Gumbel noise on the logits and computes nothing else; the slope of its
//! gates passes to the logits as if they were soft, at a temperature that falls. Weights of an option learn when
//! it is drawn, so the mixture never is a network that cannot be had. Source: Dong and Yang 2019 (arXiv
//! 1910.04465).

use super::relaxed::{Method, Sampling};

/// Temperature at the beginning and at the end.
const TEMPERATURE: [f64; 2] = [10.0, 0.1];

/// GDAS.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gdas;

impl Method for Gdas {
    fn sampling(&self, progress: f64) -> Sampling {
        let [hot, cold] = TEMPERATURE;
        Sampling {
            noisy: true,
            hard: true,
            temperature: hot + (cold - hot) * progress,
        }
    }
}

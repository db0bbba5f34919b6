//! The border to whoever trains a network of all networks of a space: its weights are shared, and the gates of
//! its choices can be differentiated. A sibling of [`crate::evaluate`] for the strategies that follow a
//! gradient instead of comparing networks.

use serde::{Deserialize, Serialize};

use crate::evaluate::EvaluateError;
use crate::space::Mixed;

/// A number per option of each gene: how much of the option there is in the mixture, the slope of a loss with
/// regard to that, or a logit.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gates(pub Vec<Vec<f64>>);

impl Gates {
    /// The same number everywhere.
    pub fn filled(options: &[usize], value: f64) -> Self {
        Self(options.iter().map(|&n| vec![value; n]).collect())
    }

    /// One option of each gene, entirely.
    pub fn one_hot(options: &[usize], chosen: &[usize]) -> Self {
        let mut gates = Self::filled(options, 0.0);
        for (gates, &option) in gates.0.iter_mut().zip(chosen) {
            gates[option] = 1.0;
        }
        gates
    }

    /// The first largest option of each gene.
    pub fn largest(&self) -> Vec<usize> {
        let largest = |values: &Vec<f64>| {
            let options = 0..values.len();
            options.fold(0, |best, i| if values[i] > values[best] { i } else { best })
        };
        self.0.iter().map(largest).collect()
    }

    /// Adds `other`, times `factor`.
    pub fn add(&mut self, other: &Self, factor: f64) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            for (own, other) in own.iter_mut().zip(other) {
                *own += factor * other;
            }
        }
    }

    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        self.0.iter().flatten().all(|x| x.is_finite())
    }
}

/// A loss and how it changes with the gates.
#[derive(Clone, PartialEq, Debug)]
pub struct Slope {
    /// Mean cross-entropy.
    pub loss: f64,
    /// Its partial derivatives; zero for an option whose gate is zero, which is not computed.
    pub gates: Gates,
}

/// Whether a slope knows that the weights would follow the gates.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// The weights as they are.
    #[default]
    First,
    /// The weights one step further on the training half: DARTS (arXiv 1806.09055), equations 7 and 8.
    Second,
}

/// A mixed network in training. The training data are in two halves: weights learn on one, gates on the other.
pub trait Supernet {
    /// Training steps that its budget grants.
    fn steps(&self) -> usize;

    /// A step of the weights on the next batch of their half.
    fn learn(&mut self, gates: &Gates) -> Result<(), EvaluateError>;

    /// The slope on the next batch of the other half. With [`Order::Second`] the weights are thought to take
    /// the step that the next call of [`Self::learn`] takes.
    fn slope(&mut self, gates: &Gates, order: Order) -> Result<Slope, EvaluateError>;
}

/// Makes supernets. Equal calls must give supernets that go the same way: a search that is resumed before the
/// supernet was done trains it anew.
pub trait Relax: Sync {
    /// A fresh supernet; everything random in it follows from `seed`.
    fn open<'a>(
        &'a self,
        mixed: &'a Mixed,
        seed: u64,
    ) -> Result<Box<dyn Supernet + 'a>, EvaluateError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_options_the_first_is_the_largest() {
        let gates = Gates(vec![vec![0.1, 0.5, 0.5], vec![0.0], vec![-1.0, -2.0]]);
        assert_eq!(gates.largest(), [1, 0, 0]);
        assert_eq!(
            Gates::one_hot(&[3, 1], &[2, 0]),
            Gates(vec![vec![0.0, 0.0, 1.0], vec![1.0]])
        );
    }
}

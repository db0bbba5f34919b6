//! A mixed network in burn. Options whose gate is zero are not computed, nor is anything that only they read:
//! a draw of one option per gene costs as much as the network it stands for.

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use ember_search::Gates;
use ember_search::space::{Mixed, Piece};

use super::masks::Masked;
use crate::lanes;
use crate::net::{Batch, Leaves, Net, NetError, StepGradients, Tracking, to_vec};
use crate::random::Random;
use crate::weights::{NodeWeights, Weights};

/// The nets of all operations.
#[derive(Debug)]
pub(super) struct Mixture<'a> {
    mixed: &'a Mixed,
    operations: Vec<Operation<'a>>,
    /// By node, the first of its operations.
    firsts: Vec<usize>,
}

/// An operation and where its weights are among those of all.
#[derive(Debug)]
struct Operation<'a> {
    piece: &'a Piece,
    net: Net<'a>,
    start: usize,
}

impl<'a> Operation<'a> {
    fn nodes(&self) -> usize {
        self.piece.graph.nodes.len()
    }
}

/// Leaves of burn's graph for one pass.
#[derive(Debug)]
pub(super) struct Bound<'a> {
    /// The gates' values.
    pub amounts: &'a Gates,
    /// The same as leaves, `[1, options]` each.
    pub gates: Vec<Tensor<2>>,
    /// By operation; `None` where it is not computed.
    leaves: Vec<Option<Leaves>>,
}

/// What a pass is to differentiate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub weights: Tracking,
    pub gates: Tracking,
}

impl<'a> Mixture<'a> {
    /// Checks that burn can compute it.
    pub fn new(mixed: &'a Mixed) -> Result<Self, NetError> {
        let (mut operations, mut firsts, mut start) = (Vec::new(), Vec::new(), 0);
        for node in &mixed.nodes {
            firsts.push(operations.len());
            for piece in &node.pieces {
                operations.push(Operation {
                    piece,
                    net: Net::new(&piece.graph)?,
                    start,
                });
                start += piece.graph.nodes.len();
            }
        }
        Ok(Self {
            mixed,
            operations,
            firsts,
        })
    }

    /// Fresh weights of all operations, one after the other.
    pub fn initial(&self, random: &mut Random) -> Weights {
        let of = |operation: &Operation<'_>| Weights::init(&operation.piece.graph, random).nodes;
        Weights {
            nodes: self.operations.iter().flat_map(of).collect(),
        }
    }

    /// Whether each node is read, all the way from the logits.
    fn live(&self, gates: &Gates) -> Vec<bool> {
        let nodes = &self.mixed.nodes;
        let mut live = vec![false; nodes.len()];
        if let Some(last) = live.last_mut() {
            *last = true;
        }
        for (i, node) in nodes.iter().enumerate().rev() {
            if !live[i] {
                continue;
            }
            for (k, &read) in node.reads.iter().enumerate() {
                if read > 0 && is_open(node.edge, k, gates) {
                    live[read - 1] = true;
                }
            }
        }
        live
    }

    /// Leaves of everything that these gates leave open.
    pub fn bind<'g>(
        &self,
        weights: &Weights,
        gates: &'g Gates,
        wanted: Wanted,
        device: &Device,
    ) -> Bound<'g> {
        let live = self.live(gates);
        let mut leaves = Vec::with_capacity(self.operations.len());
        for (node, live) in self.mixed.nodes.iter().zip(live) {
            for k in 0..node.pieces.len() {
                let operation = &self.operations[leaves.len()];
                let own = &weights.nodes[operation.start..][..operation.nodes()];
                leaves.push(
                    (live && is_open(node.kind, k, gates)).then(|| {
                        Leaves::among(&operation.piece.graph, own, wanted.weights, device)
                    }),
                );
            }
        }
        let tensor = |values: &Vec<f64>| {
            let values: Vec<f32> = values.iter().map(|&x| x as f32).collect();
            let options = values.len();
            let tensor = Tensor::from_data(TensorData::new(values, [1, options]), device);
            wanted.gates.of(tensor)
        };
        Bound {
            amounts: gates,
            gates: gates.0.iter().map(tensor).collect(),
            leaves,
        }
    }

    /// Scores of a batch, `[batch, classes]`.
    pub fn forward(&self, bound: &Bound<'_>, input: Batch) -> Tensor<2> {
        let live = self.live(bound.amounts);
        let samples = input.samples;
        let mut values: Vec<Option<Tensor<5>>> = vec![Some(input.values)];
        for (i, node) in self.mixed.nodes.iter().enumerate() {
            let value = live[i].then(|| {
                let read = node.reads.iter().map(|&read| values[read].clone());
                let x = bound.sum(node.edge, read);
                self.operate(i, bound, Batch { values: x, samples }).values
            });
            values.push(value);
        }
        let logits = values.pop().flatten();
        let logits = logits.unwrap_or_else(|| unreachable!("BUG: the last node is always live"));
        lanes::unpack(logits, samples)
    }

    /// The node's operations on what it reads.
    fn operate(&self, index: usize, bound: &Bound<'_>, input: Batch) -> Batch {
        let node = &self.mixed.nodes[index];
        if node.pieces.is_empty() {
            return input;
        }
        let Batch { values: x, samples } = input;
        let [blocks, height, width, channels, lanes] = x.dims();
        let part = channels / node.share.max(1);
        let seen = Batch {
            values: if node.share > 1 {
                x.clone().narrow(3, 0, part)
            } else {
                x.clone()
            },
            samples,
        };
        let first = self.firsts[index];
        let results = (first..first + node.pieces.len()).map(|number| {
            let operation = &self.operations[number];
            let leaves = bound.leaves[number].as_ref()?;
            let mut masked = Masked {
                masks: &operation.piece.masks,
                bound,
            };
            Some(operation.net.run(leaves, seen.clone(), &mut masked).output)
        });
        let y = bound.sum(node.kind, results);
        if node.share <= 1 {
            return Batch { values: y, samples };
        }
        let joined = Tensor::cat(vec![y, x.narrow(3, part, channels - part)], 3);
        let shuffled = joined
            .reshape([blocks * height * width, node.share, part, lanes])
            .swap_dims(1, 2)
            .reshape([blocks, height, width, channels, lanes]);
        Batch {
            values: shuffled,
            samples,
        }
    }

    /// The nodes of the operations that are computed, in order: where their weights are, and their shape.
    #[cfg(test)]
    pub fn path(&self, bound: &Bound<'_>) -> Vec<(usize, Option<ember_ir::Shape>)> {
        let open = self.operations.iter().zip(&bound.leaves);
        let open = open.filter(|(_, leaves)| leaves.is_some());
        open.flat_map(|(operation, _)| {
            let graph = &operation.piece.graph;
            graph.nodes.iter().enumerate().map(|(i, node)| {
                let shape = node.op.weight_shape(graph.input_shape(node));
                (operation.start + i, shape)
            })
        })
        .collect()
    }

    /// The weights' gradients after `backward`; zero where nothing was computed.
    pub fn weight_gradients(
        &self,
        weights: &Weights,
        bound: &Bound<'_>,
        gradients: &mut Gradients,
    ) -> StepGradients {
        let mut all = StepGradients::new();
        for (operation, leaves) in self.operations.iter().zip(&bound.leaves) {
            match leaves {
                Some(leaves) => all.extend(leaves.gradients(gradients)),
                None => {
                    let own = &weights.nodes[operation.start..][..operation.nodes()];
                    all.extend(own.iter().map(|node| node.as_ref().map(zeros)));
                }
            }
        }
        all
    }
}

impl Bound<'_> {
    /// The sum of `values` weighed by a gene's gates, without those whose gate is zero.
    fn sum(
        &self,
        gene: Option<usize>,
        values: impl Iterator<Item = Option<Tensor<5>>>,
    ) -> Tensor<5> {
        let open = values
            .enumerate()
            .filter(|&(k, _)| is_open(gene, k, self.amounts));
        let weighed = open.filter_map(|(k, value)| {
            let value = value?;
            Some(match gene {
                Some(gene) => {
                    value
                        * self.gates[gene]
                            .clone()
                            .narrow(1, k, 1)
                            .reshape([1, 1, 1, 1, 1])
                }
                None => value,
            })
        });
        weighed
            .reduce(|sum, value| sum + value)
            .unwrap_or_else(|| unreachable!("BUG: every gene has an open gate"))
    }

    /// The gates' gradients after `backward`.
    pub fn gate_gradients(&self, gradients: &mut Gradients) -> Gates {
        let of = |(gate, amounts): (&Tensor<2>, &Vec<f64>)| match gate.grad_remove(gradients) {
            Some(gradient) => to_vec(gradient).into_iter().map(f64::from).collect(),
            None => vec![0.0; amounts.len()],
        };
        Gates(self.gates.iter().zip(&self.amounts.0).map(of).collect())
    }
}

/// Whether there is anything of option `k`.
fn is_open(gene: Option<usize>, k: usize, gates: &Gates) -> bool {
    gene.is_none_or(|gene| gates.0[gene][k] != 0.0)
}

fn zeros(node: &NodeWeights) -> [Vec<f32>; 3] {
    let gamma = node.norm.as_ref().map_or(0, |norm| norm.gamma.len());
    [node.kernel.len(), node.bias.len(), gamma].map(|n| vec![0.0; n])
}

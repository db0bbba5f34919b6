//! Makes a network fit by shrinking it where it is too large, one gene at a time, until the price is
//! within all limits. Deterministic. Source: the bottleneck repair of the recipe (the layer at the
//! arena's peak, or the one with the largest weights, is what keeps a network out).
//!
//! Every step makes one gene smaller, so it ends; it gives up when no gene to blame can shrink.
//! Cost: one price per step.

use ember_ir::Graph;

use crate::bottleneck::blame;
use crate::constraint::{Constraints, Cost, Price, Resource, Violation};
use crate::space::{Architecture, Block, Head, Narrowing, Part, Space};

/// A network within the limits.
#[derive(Clone, PartialEq, Debug)]
pub struct Fitting {
    /// Its genes.
    pub architecture: Architecture,
    /// Its topology.
    pub graph: Graph,
    /// Its price.
    pub cost: Cost,
}

/// No width is cut below this.
const NARROWEST: usize = 4;
/// Widths shrink by a quarter per step: from the widest to the narrowest in about a dozen steps per
/// gene; what needs more is not worth repairing.
const STEPS: usize = 64;

/// `architecture` itself if it fits, otherwise the repaired network, or the limits that the last
/// attempt still exceeded.
pub fn repair(
    space: &dyn Space,
    price: &dyn Price,
    constraints: &Constraints,
    architecture: Architecture,
) -> Result<Fitting, Vec<Violation>> {
    let mut architecture = architecture;
    let mut violations = Vec::new();
    for _ in 0..STEPS {
        let assembled = space.assemble(&architecture);
        let cost = price.price(&assembled.graph);
        violations = constraints.violations(&cost);
        let Some(worst) = violations.first() else {
            return Ok(Fitting {
                architecture,
                graph: assembled.graph,
                cost,
            });
        };
        let blamed = blame(&assembled, worst.resource);
        match space.shrink(&architecture, &blamed, worst.resource) {
            Some(smaller) => architecture = smaller,
            None => break,
        }
    }
    Err(violations)
}

/// How networks of the spaces of chained blocks shrink, see [`Space::shrink`]: the last block goes where
/// no blamed gene can give.
pub(crate) fn shrink(
    architecture: &Architecture,
    blamed: &[Part],
    resource: Resource,
    allowed: &Narrowing,
) -> Option<Architecture> {
    blamed
        .iter()
        .find_map(|&part| shrink_part(architecture, part, resource, allowed))
        .or_else(|| drop_last_block(architecture, allowed))
}

/// The network with that gene made smaller; `None` where it has nothing left to give.
pub(crate) fn shrink_part(
    architecture: &Architecture,
    part: Part,
    resource: Resource,
    allowed: &Narrowing,
) -> Option<Architecture> {
    let mut smaller = architecture.clone();
    let least = allowed.narrowest(NARROWEST);
    match part {
        Part::Block(i) => shrink_block(smaller.blocks.get_mut(i)?, resource, allowed)?,
        Part::Pool => {
            let coarser = smaller.pool.max(1) * 2;
            if smaller.pool >= 4 || !allowed.has_pool(coarser) {
                return None;
            }
            smaller.pool = coarser;
        }
        Part::Head => match smaller.head {
            // The mean has neither weights nor, on its own, work.
            Head::GlobalDepthwise if allowed.has_head(Head::Mean) => smaller.head = Head::Mean,
            Head::GlobalDepthwise | Head::Flatten | Head::Mean | Head::Last => return None,
        },
        Part::Hidden => {
            smaller.hidden = match smaller.hidden? {
                width if width > least => Some(narrower(width, least)),
                _ => None,
            };
        }
        // The logits are as large as what they read.
        Part::Logits => {
            if smaller.head == Head::Flatten && allowed.has_head(Head::GlobalDepthwise) {
                smaller.head = Head::GlobalDepthwise;
            } else {
                let last = smaller.blocks.iter_mut().rev().find_map(Block::width_mut)?;
                *last = narrow(*last, least)?;
            }
        }
    }
    (smaller != *architecture).then_some(smaller)
}

fn shrink_block(block: &mut Block, resource: Resource, allowed: &Narrowing) -> Option<()> {
    let least = allowed.narrowest(NARROWEST);
    if let Block::InvertedResidual { expand, .. } = block
        && *expand > 1
    {
        // The expanded map is the largest one, and holds most of the weights.
        *expand -= 1;
        return Some(());
    }
    match resource {
        Resource::Ram => {
            if let Some(width) = block.width_mut()
                && let Some(less) = narrow(*width, least)
            {
                *width = less;
                return Some(());
            }
            let window = block.window_mut()?;
            if window.stride >= 2 || !allowed.has_stride(2) {
                return None;
            }
            window.stride = 2;
        }
        Resource::Flash | Resource::Instructions | Resource::Macs => {
            if let Some(window) = block.window_mut()
                && window.kernel > 3
                && allowed.has_kernel(window.kernel - 2)
            {
                window.kernel -= 2;
                return Some(());
            }
            let width = block.width_mut()?;
            *width = narrow(*width, least)?;
        }
    }
    Some(())
}

/// The network without its last block; `None` where it needs that.
pub(crate) fn drop_last_block(
    architecture: &Architecture,
    allowed: &Narrowing,
) -> Option<Architecture> {
    let mut smaller = architecture.clone();
    smaller.blocks.pop()?;
    allowed.has_depth(smaller.blocks.len()).then_some(smaller)
}

fn narrow(width: usize, least: usize) -> Option<usize> {
    (width > least).then(|| narrower(width, least))
}

/// Three quarters of the width, a multiple of four.
fn narrower(width: usize, least: usize) -> usize {
    (width * 3 / 4 / 4 * 4).max(least)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;
    use crate::SearchRng;
    use crate::space::{SpaceKind, Task, open};
    use ember_ir::Shape;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use rand::SeedableRng;

    /// Two maps of each layer in RAM, all weights and something per layer in flash.
    struct Simple;

    impl Price for Simple {
        fn price(&self, graph: &Graph) -> Cost {
            let bytes =
                |node| graph.input_shape(node).elements() + graph.output_shape(node).elements();
            let arena_bytes = graph.nodes.iter().map(bytes).max().unwrap_or(0);
            Cost {
                flash_bytes: graph.parameters() + 100 * graph.nodes.len(),
                ram_bytes: arena_bytes,
                arena_bytes,
                instructions: graph.macs(),
                macs: graph.macs(),
            }
        }
    }

    fn limits(flash_bytes: usize, ram_bytes: usize, macs: u64) -> Constraints {
        Constraints {
            flash_bytes,
            ram_bytes,
            instructions: None,
            macs: Some(macs),
        }
    }

    fn task() -> Task {
        Task {
            name: "net".into(),
            input: Shape::from([16, 16, 1]),
            classes: 10,
            tokens: None,
        }
    }

    proptest! {
        #[test]
        fn what_is_repaired_fits(
            seed in any::<u64>(), kind in 0usize..2, flash in 1000usize..40_000,
            ram in 300usize..8000, macs in 3000u64..400_000,
        ) {
            let kind = [SpaceKind::Cnn2d, SpaceKind::Mlp][kind];
            let space = open(kind, task()).unwrap();
            let constraints = limits(flash, ram, macs);
            let drawn = space.sample(&mut SearchRng::seed_from_u64(seed));
            let cost = Simple.price(&space.build(&drawn));
            match repair(space.as_ref(), &Simple, &constraints, drawn.clone()) {
                Ok(fitting) => {
                    prop_assert!(constraints.admit(&fitting.cost));
                    prop_assert_eq!(&fitting.graph, &space.build(&fitting.architecture));
                    prop_assert_eq!(Simple.price(&fitting.graph), fitting.cost);
                    if constraints.admit(&cost) {
                        prop_assert_eq!(fitting.architecture, drawn, "what fits is left alone");
                    }
                }
                Err(violations) => prop_assert!(!violations.is_empty()),
            }
        }
    }

    /// Repairs must be worth their price: nearly all of what is drawn can be used under limits that a
    /// sensible network meets.
    #[test]
    fn nearly_everything_can_be_repaired() {
        let space = open(SpaceKind::Cnn2d, task()).unwrap();
        let constraints = limits(16_000, 3000, 300_000);
        let repaired = (0..200)
            .filter(|&seed| {
                let drawn = space.sample(&mut SearchRng::seed_from_u64(seed));
                repair(space.as_ref(), &Simple, &constraints, drawn).is_ok()
            })
            .count();
        assert!(repaired >= 190, "only {repaired} of 200");
    }

    #[test]
    fn a_repair_shrinks_the_bottleneck_and_nothing_else() {
        let space = open(SpaceKind::Cnn2d, task()).unwrap();
        let template = space.templates().remove(0);
        let whole = Simple.price(&space.build(&template));
        let constraints = limits(whole.flash_bytes, whole.ram_bytes * 9 / 10, whole.macs);
        let fitting = repair(space.as_ref(), &Simple, &constraints, template.clone()).unwrap();
        let changed = template
            .blocks
            .iter()
            .zip(&fitting.architecture.blocks)
            .filter(|(before, after)| before != after)
            .count();
        assert_eq!(changed, 1, "{template} became {}", fitting.architecture);
    }
}

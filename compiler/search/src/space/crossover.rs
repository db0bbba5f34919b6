//! The child of two networks, for strategies that mate: one-point crossover. The cut lies at the same
//! relative place in both bodies, so that a stem stays a stem and the child is as long as one of its
//! parents or something in between; each gene of the whole network comes from either.

use rand::RngExt as _;

use super::architecture::Architecture;
use crate::SearchRng;

/// The blocks of `first` up to a random cut, those of `second` behind it.
pub fn crossover(rng: &mut SearchRng, first: &Architecture, second: &Architecture) -> Architecture {
    let (ours, theirs) = (first.blocks.len(), second.blocks.len());
    let cut = rng.random_range(0..=ours);
    let behind = (2 * cut * theirs + ours) / (2 * ours).max(1);
    let blocks = [&first.blocks[..cut], &second.blocks[behind.min(theirs)..]].concat();
    let mut either = || {
        if rng.random_bool(0.5) { first } else { second }
    };
    Architecture {
        pool: either().pool,
        blocks,
        head: either().head,
        hidden: either().hidden,
        activation: either().activation,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

    use super::*;
    use crate::space::{Block, SpaceKind, Task, open};
    use ember_ir::Shape;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use rand::SeedableRng as _;

    proptest! {
        #[test]
        fn a_child_is_made_of_its_parents(seed in any::<u64>(), kind in 0usize..2) {
            let task = Task {
                name: "net".into(),
                input: Shape::from([16, 16, 1]),
                classes: 10,
                tokens: None,
            };
            let space = open([SpaceKind::Cnn2d, SpaceKind::Mlp][kind], task).unwrap();
            let mut rng = SearchRng::seed_from_u64(seed);
            let (first, second) = (space.sample(&mut rng), space.sample(&mut rng));
            let child = crossover(&mut rng, &first, &second);
            let lengths = [first.blocks.len(), second.blocks.len()];
            prop_assert!(child.blocks.len() >= lengths[0].min(lengths[1]));
            prop_assert!(child.blocks.len() <= lengths[0].max(lengths[1]));
            let is_ours = |block: &Block| first.blocks.contains(block) || second.blocks.contains(block);
            prop_assert!(child.blocks.iter().all(is_ours));
            let stem = child.blocks.first();
            prop_assert!(stem == first.blocks.first() || stem == second.blocks.first());
            prop_assert!(child.head == first.head || child.head == second.head);
            // Of equals the child is one more.
            prop_assert_eq!(crossover(&mut rng, &first, &first), first);
        }
    }
}

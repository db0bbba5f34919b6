//! What a user does not allow is not offered.

use super::*;

/// A narrowing that most spaces have networks for.
fn narrowing(seed: u64) -> Narrowing {
    let mut rng = SearchRng::seed_from_u64(seed);
    let mut given = || {
        rng.pick(
            Gene {
                place: 0,
                what: What::Kind,
            },
            2,
        ) == 0
    };
    Narrowing {
        depth: given().then_some(1..=2),
        width: given().then_some(8..=16),
        bottleneck: None,
        kernel: given().then_some(3..=3),
        stride: given().then_some(1..=2),
        dilation: given().then_some(1..=1),
        pool: given().then_some(1..=1),
        blocks: match given() {
            true => vec![Kind::Separable, Kind::Dense, Kind::Lstm, Kind::MaxPool],
            false => Vec::new(),
        },
        heads: match given() {
            true => vec![Head::Flatten, Head::Last],
            false => Vec::new(),
        },
        activations: match given() {
            true => vec![Activation::Relu6],
            false => Vec::new(),
        },
        hop: None,
    }
}

/// What is wrong with a network of a narrowed space.
fn beyond(allowed: &Narrowing, network: &Architecture) -> Option<String> {
    let hidden = allowed.bottleneck.as_ref().or(allowed.width.as_ref());
    let inside = |range: &Option<std::ops::RangeInclusive<usize>>, value: usize| {
        range.as_ref().is_none_or(|range| range.contains(&value))
    };
    let of_window = |window: Window| {
        inside(&allowed.kernel, window.kernel)
            && inside(&allowed.stride, window.stride)
            && inside(&allowed.dilation, window.dilation)
    };
    let of_block = |block: &Block| {
        let kind = match block {
            Block::Separable { .. } => Kind::Separable,
            Block::Dense { .. } => Kind::Dense,
            Block::MaxPool { .. } => Kind::MaxPool,
            Block::Recurrent {
                cell: RecurrentCell::Lstm,
                ..
            } => Kind::Lstm,
            _ => Kind::Conv,
        };
        let is_embedding = matches!(block, Block::Embedding { .. });
        (allowed.blocks.is_empty() || is_embedding || allowed.blocks.contains(&kind))
            && block
                .width()
                .is_none_or(|width| inside(&allowed.width, width))
            && block.window().is_none_or(of_window)
    };
    // The embedding of a text is no block of its body.
    let embeddings = network.blocks.iter();
    let embeddings = embeddings.filter(|block| matches!(block, Block::Embedding { .. }));
    let fits = inside(&allowed.depth, network.blocks.len() - embeddings.count())
        && inside(&allowed.pool, network.pool)
        && network
            .hidden
            .is_none_or(|width| hidden.is_none_or(|range| range.contains(&width)))
        && network.blocks.iter().all(of_block)
        && (allowed.heads.is_empty() || allowed.heads.contains(&network.head))
        && (allowed.activations.is_empty() || allowed.activations.contains(&network.activation));
    (!fits).then(|| format!("{network:?} in {allowed:?}"))
}

proptest! {
    /// What a narrowed space draws, mutates, starts from and shrinks to is what is allowed.
    #[test]
    fn a_narrowed_space_is_kept_to((kind, input) in spaces(), seed in any::<u64>()) {
        let mut allowed = narrowing(seed);
        if kind == SpaceKind::Autoencoder {
            allowed.bottleneck = Some([2..=8, 1..=5, 4..=64][seed as usize % 3].clone());
        }
        let Ok(space) = open_narrowed(kind, task_of(kind, input.clone()), &allowed) else {
            return Ok(());
        };
        let mut rng = SearchRng::seed_from_u64(seed);
        let mut networks = space.templates();
        prop_assert!(!networks.is_empty());
        let scaled = networks[0].scaled(1, 4);
        networks.push(space.allowed().unwrap().nearest(&scaled));
        networks.push(space.sample(&mut rng));
        for _ in 0..10 {
            let child = space.mutate(&mut rng, &networks[networks.len() - 1]);
            networks.push(child);
        }
        for level in (0..).map_while(|level| space.relax(Relaxing { level, share: 1 })) {
            if allowed.unrelaxed().is_none() {
                let options = level.options().iter();
                let chosen: Vec<usize> = options.map(|n| seed as usize % n).collect();
                networks.push(level.decode(&chosen));
            }
        }
        for mut network in networks {
            prop_assert_eq!(beyond(&allowed, &network), None);
            sound_in(kind, &space.assemble(&network), &input);
            let all = [Part::Block(0), Part::Block(1), Part::Head, Part::Logits, Part::Hidden, Part::Pool];
            for resource in [Resource::Ram, Resource::Flash] {
                while let Some(smaller) = space.shrink(&network, &all, resource) {
                    prop_assert_eq!(beyond(&allowed, &smaller), None);
                    network = smaller;
                }
            }
        }
    }
}

#[test]
fn what_no_space_offers_is_named() {
    let open = |kind, allowed: &Narrowing| {
        let input = match kind {
            SpaceKind::Cnn2d => Shape::from([16, 16, 1]),
            _ => Shape::from([1, 64, 3]),
        };
        open_narrowed(kind, task_of(kind, input), allowed)
            .err()
            .unwrap()
            .to_string()
    };
    let kernel = Narrowing {
        kernel: Some(20..=30),
        ..Narrowing::default()
    };
    assert_eq!(
        open(SpaceKind::Cnn2d, &kernel),
        "`kernel`: the space cnn2d has nothing in 20..=30; it offers [3, 5, 7]"
    );
    let blocks = Narrowing {
        blocks: vec![Kind::Gru],
        ..Narrowing::default()
    };
    assert!(open(SpaceKind::Cnn1d, &blocks).contains("nothing in \"gru\"; it offers \"conv\""));
    let conv = Narrowing {
        blocks: vec![Kind::Conv],
        ..Narrowing::default()
    };
    assert!(
        open(SpaceKind::Recurrent, &conv).contains("without \"gru\", \"lstm\" and \"darts-cell\"")
    );
    let bottleneck = Narrowing {
        bottleneck: Some(100..=200),
        ..Narrowing::default()
    };
    assert_eq!(
        open(SpaceKind::Autoencoder, &bottleneck),
        "`bottleneck`: the space autoencoder has nothing in 100..=200; it offers [2, 4, 6, 8, 12, 16, 24, 32, 48, 64]"
    );
    assert!(open(SpaceKind::Mlp, &bottleneck).contains("it offers none"));
}

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod hops;
mod narrowing;

use std::collections::BTreeSet;

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use rand_chacha::rand_core::SeedableRng;

use super::*;
use ember_codegen::{passes, steps};
use ember_ir::{Activation, CellFunction, FloatGraph, FloatParams, Graph, Op};

/// More parameters than these cost a test time and show nothing new.
const MANY: usize = 10_000;

pub(super) fn task(input: Shape) -> Task {
    Task {
        name: "net".into(),
        input,
        classes: 5,
        tokens: None,
    }
}

/// The same for a space, of which one is for numbers alone.
pub(super) fn task_of(kind: SpaceKind, input: Shape) -> Task {
    Task {
        tokens: (kind == SpaceKind::Text).then_some(30),
        ..task(input)
    }
}

pub(super) fn spaces() -> impl Strategy<Value = (SpaceKind, Shape)> {
    let size = 1usize..40;
    (
        0usize..SpaceKind::ALL.len(),
        size.clone(),
        size.clone(),
        1usize..7,
    )
        .prop_map(|(kind, h, w, c)| match SpaceKind::ALL[kind] {
            SpaceKind::Cnn2d => (SpaceKind::Cnn2d, Shape::from([h, w, c])),
            SpaceKind::Cnn1d => (SpaceKind::Cnn1d, Shape::from([1, w * 5, c])),
            SpaceKind::Mlp => (SpaceKind::Mlp, Shape::from([h, w, c])),
            SpaceKind::Recurrent => (SpaceKind::Recurrent, Shape::from([1, w * 3, c])),
            SpaceKind::Text => (SpaceKind::Text, Shape::from([1, w * 3, 1])),
            SpaceKind::Autoencoder if h > 20 => (SpaceKind::Autoencoder, Shape::from([w * c])),
            SpaceKind::Autoencoder => (SpaceKind::Autoencoder, Shape::from([1, w, c])),
        })
}

/// What the evaluator, the planner and the emitter rely on of a classifier.
fn sound(assembled: &Assembled, input: &Shape) {
    sound_to(assembled, input, &Shape::from([5]));
}

/// The same of a network of any space.
fn sound_in(kind: SpaceKind, assembled: &Assembled, input: &Shape) {
    match kind {
        SpaceKind::Autoencoder => sound_to(assembled, input, input),
        SpaceKind::Cnn2d
        | SpaceKind::Cnn1d
        | SpaceKind::Mlp
        | SpaceKind::Recurrent
        | SpaceKind::Text => {
            sound(assembled, input);
        }
    }
}

fn sound_to(assembled: &Assembled, input: &Shape, output: &Shape) {
    let graph = &assembled.graph;
    assert_eq!(assembled.parts.len(), graph.nodes.len());
    assert_eq!((graph.inputs.len(), graph.outputs.len()), (1, 1));
    assert_eq!(&graph.tensor(graph.inputs[0]).shape, input);
    assert_eq!(&graph.tensor(graph.outputs[0]).shape, output);
    let names: BTreeSet<&str> = graph.tensors.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names.len(), graph.tensors.len(), "names are unique");
    for node in &graph.nodes {
        let inputs: Vec<&Shape> = node
            .inputs
            .iter()
            .map(|&id| &graph.tensor(id).shape)
            .collect();
        assert_eq!(
            node.op.output_shape(&inputs).unwrap(),
            *graph.output_shape(node)
        );
        assert!(
            node.inputs.iter().all(|id| id.0 < node.output.0),
            "in execution order"
        );
    }
    // What is priced and trained is what the back end compiles: its passes find nothing to do.
    if graph.parameters() <= MANY {
        let trained = trained(graph);
        let compiled = passes::run(trained.clone()).unwrap();
        assert_eq!(compiled.graph, trained.graph);
    }
}

/// The graph with weights, all of them zero.
fn trained(graph: &Graph) -> FloatGraph {
    let params = graph.nodes.iter().map(|node| {
        let input = graph.input_shape(node);
        Some(FloatParams {
            weights: vec![0.0; node.op.weight_shape(input)?.elements()],
            bias: vec![0.0; node.op.weight_channels(input)?],
        })
    });
    FloatGraph {
        params: params.collect(),
        graph: graph.clone(),
    }
}

proptest! {
    #[test]
    fn every_sample_and_mutation_builds((kind, input) in spaces(), seed in any::<u64>()) {
        let space = open(kind, task_of(kind, input.clone())).unwrap();
        let mut rng = SearchRng::seed_from_u64(seed);
        let mut network = space.sample(&mut rng);
        sound_in(kind, &space.assemble(&network), &input);
        for _ in 0..20 {
            let child = space.mutate(&mut rng, &network);
            prop_assert!(child != network, "a mutation changes something");
            sound_in(kind, &space.assemble(&child), &input);
            network = child;
        }
    }

    /// Whatever a text's network comes from, numbers are embedded first, and once.
    #[test]
    fn a_text_is_embedded_once(seed in any::<u64>(), steps in 1usize..80) {
        let space = open(SpaceKind::Text, task_of(SpaceKind::Text, Shape::from([1, steps, 1]))).unwrap();
        let mut rng = SearchRng::seed_from_u64(seed);
        let parents = [space.sample(&mut rng), space.templates().remove(0)];
        let crossed = crossover(&mut rng, &parents[0], &parents[1]);
        let mut network = space.mutate(&mut rng, &crossed);
        let all = [Part::Block(0), Part::Block(1), Part::Head, Part::Logits, Part::Hidden, Part::Pool];
        loop {
            let graph = space.build(&network);
            let embeddings = graph.nodes.iter().filter(|node| matches!(node.op, Op::Embedding(_)));
            prop_assert_eq!(embeddings.count(), 1);
            prop_assert!(matches!(graph.nodes[0].op, Op::Embedding(op) if op.rows == 30));
            match space.shrink(&network, &all, Resource::Ram) {
                Some(smaller) => network = smaller,
                None => break,
            }
        }
    }

    /// It gave up too early on the smallest network there is.
    #[test]
    fn a_network_without_blocks_is_mutated(seed in any::<u64>()) {
        let space = open(SpaceKind::Mlp, task(Shape::from([1, 1, 1]))).unwrap();
        let mut rng = SearchRng::seed_from_u64(seed);
        let mut network = space.sample(&mut rng);
        network.blocks.clear();
        prop_assert!(space.mutate(&mut rng, &network) != network);
    }

    #[test]
    fn sampling_is_deterministic((kind, input) in spaces(), seed in any::<u64>()) {
        let space = open(kind, task_of(kind, input)).unwrap();
        let draw = || {
            let mut rng = SearchRng::seed_from_u64(seed);
            let first = space.sample(&mut rng);
            let second = space.mutate(&mut rng, &first);
            (space.build(&second), first, second)
        };
        prop_assert_eq!(draw(), draw());
    }

    /// A hand-edited journal or template must not bring the program down.
    #[test]
    fn wild_genes_build(pool in any::<usize>(), width in any::<usize>(), kernel in any::<usize>(),
                        stride in any::<usize>(), dilation in any::<usize>(), h in 1usize..20) {
        let window = Window { kernel, stride, dilation, padding: Border::Same };
        let valid = Window { padding: Border::Valid, ..window };
        let input = Shape::from([h, 9, 2]);
        let space = open(SpaceKind::Cnn2d, task(input.clone())).unwrap();
        let blocks = vec![
            Block::Residual { width, window: valid },
            Block::InvertedResidual { expand: width, width, window },
            Block::Separable { width, window: valid },
            Block::MaxPool { size: pool },
            Block::Recurrent { cell: RecurrentCell::Gru, width: width.min(9) },
            Block::Recurrent { cell: RecurrentCell::Lstm, width: width.min(9) },
            Block::Residual { width: width.min(9), window },
            Block::Recurrent { cell: RecurrentCell::Lstm, width: width.min(9) },
            Block::Recurrent { cell: RecurrentCell::one_node(CellFunction::Relu), width: width.min(9) },
            Block::Dense { width },
            Block::Recurrent { cell: RecurrentCell::Gru, width },
            Block::Conv { width, window },
            Block::InvertedResidual { expand: width, width, window },
            Block::AveragePool { size: pool },
        ];
        let network = Architecture {
            pool, blocks, head: Head::GlobalDepthwise, hidden: Some(width),
            activation: Activation::Relu6,
        };
        sound(&space.assemble(&network), &input);
    }
}

#[test]
fn templates_build_and_end_in_logits() {
    for (kind, input) in [
        (SpaceKind::Cnn2d, Shape::from([8, 8, 1])),
        (SpaceKind::Cnn2d, Shape::from([32, 32, 3])),
        (SpaceKind::Cnn1d, Shape::from([1, 100, 6])),
        (SpaceKind::Mlp, Shape::from([1, 64, 1])),
        (SpaceKind::Recurrent, Shape::from([1, 100, 6])),
        (SpaceKind::Autoencoder, Shape::from([1, 32, 2])),
    ] {
        let space = open(kind, task_of(kind, input.clone())).unwrap();
        let graphs: BTreeSet<String> = space
            .templates()
            .iter()
            .map(|template| {
                let assembled = space.assemble(template);
                sound_in(kind, &assembled, &input);
                format!("{:?}", assembled.graph.nodes)
            })
            .collect();
        assert_eq!(graphs.len(), space.templates().len(), "templates differ");
    }
}

#[test]
fn nodes_are_named_after_their_place() {
    let space = open(SpaceKind::Cnn2d, task(Shape::from([16, 16, 3]))).unwrap();
    let window = Window {
        kernel: 3,
        stride: 1,
        dilation: 1,
        padding: Border::Same,
    };
    let network = Architecture {
        pool: 2,
        blocks: vec![
            Block::Conv { width: 8, window },
            Block::InvertedResidual {
                expand: 2,
                width: 8,
                window,
            },
            Block::Separable { width: 12, window },
            Block::Residual {
                width: 16,
                window: Window {
                    stride: 2,
                    ..window
                },
            },
            Block::MaxPool { size: 2 },
        ],
        head: Head::GlobalDepthwise,
        hidden: Some(16),
        activation: Activation::Relu,
    };
    let graph = space.build(&network);
    let names: Vec<&str> = graph
        .nodes
        .iter()
        .map(|node| graph.node_name(node))
        .collect();
    assert_eq!(
        names,
        [
            "pool0", "conv1", "expand2", "dw2", "project2", "add2", "dw3", "pw3", "conv4a",
            "conv4b", "skip4", "add4", "pool5", "global", "hidden", "logits"
        ]
    );
}

#[test]
fn a_series_is_only_convolved_along_time() {
    let space = open(SpaceKind::Cnn1d, task(Shape::from([1, 100, 6]))).unwrap();
    let graph = space.build(&space.templates()[0]);
    let Op::Conv2d(first) = &graph.nodes[0].op else {
        panic!("the template starts with a convolution");
    };
    assert_eq!(first.window.kernel, [1, 7]);
    assert_eq!(first.window.stride, [1, 2]);
    assert_eq!(
        graph.output_shape(&graph.nodes[0]),
        &Shape::from([1, 50, 16])
    );
}

proptest! {
    /// Whatever is drawn, mutated or taken away to fit: what remains remembers.
    #[test]
    fn a_recurrent_network_stays_one(seed in any::<u64>(), steps in 1usize..200, part in 0usize..6) {
        let input = Shape::from([1, steps, 3]);
        let space = open(SpaceKind::Recurrent, task(input.clone())).unwrap();
        let mut rng = SearchRng::seed_from_u64(seed);
        let mut network = space.sample(&mut rng);
        let remembers = |graph: &Graph| {
            let mut nodes = graph.nodes.iter();
            nodes.any(|node| matches!(
                node.op,
                Op::Recurrent(_) | Op::Lstm(_) | Op::DartsCell(_)
            ))
        };
        for _ in 0..10 {
            network = space.mutate(&mut rng, &network);
            prop_assert!(remembers(&space.build(&network)));
        }
        let blamed = [Part::Block(part), Part::Logits, Part::Hidden, Part::Pool];
        for _ in 0..200 {
            let Some(smaller) = space.shrink(&network, &blamed, Resource::Flash) else { break };
            prop_assert!(smaller != network);
            sound(&space.assemble(&smaller), &input);
            prop_assert!(remembers(&space.build(&smaller)));
            network = smaller;
        }
        prop_assert_eq!(space.shrink(&network, &blamed, Resource::Flash), None, "it ends");
    }
}

#[test]
fn an_autoencoder_is_its_own_mirror_image() {
    let space = open(SpaceKind::Autoencoder, task(Shape::from([1, 32, 2]))).unwrap();
    let network = Architecture {
        blocks: vec![Block::Dense { width: 48 }, Block::Dense { width: 16 }],
        ..space.templates()[0].clone()
    };
    let graph = space.build(&network);
    let widths: Vec<(&str, usize)> = graph
        .nodes
        .iter()
        .map(|node| (graph.node_name(node), graph.output_shape(node).elements()))
        .collect();
    assert_eq!(
        widths,
        [
            ("encode1", 48),
            ("encode2", 16),
            ("bottleneck", 8),
            ("decode2", 16),
            ("decode1", 48),
            ("rebuilt", 64),
            ("output", 64)
        ]
    );
}

proptest! {
    /// Whatever is taken away to fit, input and output stay, and so does a bottleneck.
    #[test]
    fn an_autoencoder_shrinks_to_one(seed in any::<u64>(), elements in 1usize..200) {
        let input = Shape::from([elements]);
        let space = open(SpaceKind::Autoencoder, task(input.clone())).unwrap();
        let mut network = space.sample(&mut SearchRng::seed_from_u64(seed));
        for resource in [Resource::Ram, Resource::Flash] {
            loop {
                let assembled = space.assemble(&network);
                let blamed = crate::bottleneck::blame(&assembled, resource);
                let Some(smaller) = space.shrink(&network, &blamed, resource) else { break };
                prop_assert!(smaller != network);
                sound_in(SpaceKind::Autoencoder, &space.assemble(&smaller), &input);
                network = smaller;
            }
        }
        prop_assert_eq!((network.blocks.len(), network.hidden), (0, Some(2)));
    }
}

#[test]
fn unfit_tasks_are_refused() {
    let series = Shape::from([1, 100, 6]);
    let image = Shape::from([28, 28, 1]);
    let vector = Shape::from([10]);
    assert!(open(SpaceKind::Cnn2d, task(vector.clone())).is_err());
    assert!(open(SpaceKind::Cnn1d, task(image.clone())).is_err());
    assert!(open(SpaceKind::Recurrent, task(image.clone())).is_err());
    assert!(open(SpaceKind::Mlp, task(Shape::from([0]))).is_err());
    assert_eq!(SpaceKind::for_input(&series), SpaceKind::Cnn1d);
    assert_eq!(SpaceKind::for_input(&image), SpaceKind::Cnn2d);
    assert_eq!(SpaceKind::for_input(&vector), SpaceKind::Mlp);
    let none = Task {
        classes: 0,
        ..task(vector)
    };
    assert!(matches!(
        open(SpaceKind::Mlp, none),
        Err(SpaceError::Classes)
    ));
}

proptest! {
    /// Every choice of a relaxation is a network of the space, and its mixture is sound.
    #[test]
    fn a_relaxation_is_a_part_of_its_space(
        (kind, input) in spaces(), seed in any::<u64>(), share in 0usize..2,
    ) {
        let space = open(kind, task_of(kind, input.clone())).unwrap();
        let mut rng = SearchRng::seed_from_u64(seed);
        let share = [1, 4][share];
        let levels: Vec<_> = (0..).map_while(|level| space.relax(Relaxing { level, share })).collect();
        if kind == SpaceKind::Autoencoder {
            prop_assert!(levels.is_empty());
            return Ok(());
        }
        prop_assert!(!levels.is_empty() && levels.len() < 20);
        let relaxation = &levels[rng.pick(Gene { place: 0, what: What::Depth }, levels.len())];
        let mut choose = |n: &usize| rng.pick(Gene { place: 0, what: What::Kind }, *n);
        let chosen: Vec<usize> = relaxation.options().iter().map(&mut choose).collect();
        sound(&space.assemble(&relaxation.decode(&chosen)), &input);

        let mixed = relaxation.mixed().unwrap();
        prop_assert_eq!(&mixed.options[..], relaxation.options());
        let mut shapes = vec![input];
        for node in &mixed.nodes {
            let read = shapes[node.reads[0]].clone();
            prop_assert!(node.reads.iter().all(|&value| shapes[value] == read));
            prop_assert_eq!(node.edge.map_or(1, |gene| mixed.options[gene]), node.reads.len());
            let pieces = node.kind.map_or(node.pieces.len().min(1), |gene| mixed.options[gene]);
            prop_assert_eq!(pieces, node.pieces.len());
            let part = match read.hwc() {
                Some([h, w, c]) if node.share > 1 => Shape::from([h, w, c / node.share]),
                _ => read.clone(),
            };
            let output = node.pieces.first().map_or(&part, |piece| piece.output());
            for piece in &node.pieces {
                prop_assert_eq!(&piece.graph.tensor(piece.graph.inputs[0]).shape, &part);
                prop_assert_eq!(piece.output().elements(), output.elements());
                for (mask, tensor) in piece.masks.iter().zip(&piece.graph.tensors) {
                    let Some(mask) = mask else { continue };
                    let channels = tensor.shape.dims()[tensor.shape.dims().len() - 1];
                    prop_assert_eq!(mask.channels.len(), mixed.options[mask.gene]);
                    prop_assert_eq!(mask.channels.last(), Some(&channels), "the widest keeps all");
                }
            }
            shapes.push(if node.share > 1 { read } else { output.clone() });
        }
        prop_assert_eq!(shapes.last().unwrap(), &Shape::from([5]));
    }
}

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use ember_ir::{Graph, Node, Op, Shape, text};
use expect_test::{Expect, expect};
use proptest::prelude::{any, prop_assert_eq, proptest};
use proptest::sample::Index;
use rand_chacha::rand_core::SeedableRng;

use crate::SearchRng;
use crate::space::tests::{spaces, task, task_of};
use crate::space::{Narrowing, Space, SpaceKind, Task, blocks, open, open_narrowed};

/// The graph with names that say nothing.
fn nameless(mut graph: Graph) -> Graph {
    for (i, tensor) in graph.tensors.iter_mut().enumerate() {
        tensor.name = format!("t{i}");
    }
    graph
}

proptest! {
    #[test]
    fn what_a_space_builds_it_reads_back((kind, input) in spaces(), seed in any::<u64>()) {
        // Autoencoders are not read.
        let kind = if kind == SpaceKind::Autoencoder { SpaceKind::Mlp } else { kind };
        let space = open(kind, task_of(kind, input)).unwrap();
        let mut rng = SearchRng::seed_from_u64(seed);
        let mut network = space.sample(&mut rng);
        for _ in 0..8 {
            let graph = space.build(&network);
            let read = space.recognise(&graph).unwrap();
            prop_assert_eq!(nameless(space.build(&read)), nameless(graph), "{} as {}", network, read);
            network = space.mutate(&mut rng, &network);
        }
    }

    /// Another order of nodes, other names and the operands of sums the other way round are the same network.
    #[test]
    fn order_and_names_do_not_matter((kind, input) in spaces(), seed in any::<u64>()) {
        // Autoencoders are not read.
        let kind = if kind == SpaceKind::Autoencoder { SpaceKind::Mlp } else { kind };
        let space = open(kind, task_of(kind, input)).unwrap();
        let network = space.sample(&mut SearchRng::seed_from_u64(seed));
        let graph = space.build(&network);
        let mut other = nameless(graph.clone());
        for node in &mut other.nodes {
            node.inputs.reverse();
        }
        other.nodes.reverse();
        let read = space.recognise(&other).unwrap();
        prop_assert_eq!(nameless(space.build(&read)), nameless(graph));
    }

    /// Another digit anywhere: never a panic, and what is read is what it was read from.
    #[test]
    fn changed_networks_are_refused_or_read((kind, input) in spaces(), seed in any::<u64>(),
                                            place in any::<Index>(), digit in b'0'..=b'9') {
        let kind = if kind == SpaceKind::Autoencoder { SpaceKind::Mlp } else { kind };
        let space = open(kind, task_of(kind, input.clone())).unwrap();
        let network = space.sample(&mut SearchRng::seed_from_u64(seed));
        let mut bytes = text::print_graph(&space.build(&network)).into_bytes();
        let digits: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i].is_ascii_digit()).collect();
        bytes[digits[place.index(digits.len())]] = digit;
        let parsed = text::parse_graph(std::str::from_utf8(&bytes).unwrap());
        if let Ok(graph) = parsed
            && let Ok(read) = space.recognise(&graph)
        {
            // A table for other numbers becomes one for those of the task.
            let is_other = |node: &Node| matches!(node.op, Op::Embedding(op) if op.rows != 30);
            if graph.nodes.iter().any(is_other) {
                return Ok(());
            }
            let own = Task {
                input: graph.tensor(graph.inputs[0]).shape.clone(),
                classes: graph.tensor(graph.outputs[0]).shape.elements(),
                ..task(input)
            };
            prop_assert_eq!(nameless(blocks::assemble(&own, &read).graph), nameless(graph));
        }
    }
}

fn cnn2d() -> Box<dyn Space> {
    open(SpaceKind::Cnn2d, task(Shape::from([8, 8, 1]))).unwrap()
}

fn read(space: &dyn Space, lines: &str) -> Result<String, String> {
    let text = format!("ember 1\nmodel mine\n{lines}\n");
    let graph = text::parse_graph(&text).unwrap();
    let read = space.recognise(&graph);
    read.map(|read| read.to_string())
        .map_err(|why| why.to_string())
}

fn refused(space: &dyn Space, lines: &str, expected: &Expect) {
    expected.assert_eq(&read(space, lines).unwrap_err());
}

#[test]
fn a_network_by_hand_is_read_with_its_softmax_and_its_own_order() {
    let mine = "\
input image 8x8x1
first = conv2d image kernel=3x3 pad=1,1,1,1 channels=9 act=relu6
around = conv2d first kernel=1x1 stride=2x2 channels=12
a = conv2d first kernel=3x3 stride=2x2 pad=0,1,0,1 channels=12 act=relu6
b = conv2d a kernel=3x3 pad=1,1,1,1 channels=12
both = add b around act=relu6
all = average_pool2d both kernel=4x4 stride=4x4
logits = dense all features=3
probabilities = softmax logits
output probabilities";
    let expected = "conv 9 k3 | residual 12 k3 s2 | average 4 | mean";
    assert_eq!(read(cnn2d().as_ref(), mine).unwrap(), expected);
}

#[test]
fn what_is_in_the_way_is_said() {
    let space = cnn2d();
    refused(
        space.as_ref(),
        "input x 8x8x1\na = conv2d x kernel=3x3 pad=1,1,1,1 channels=8 act=relu\n\
         b = conv2d a kernel=3x1 pad=1,1,0,0 channels=8 act=relu\nm = mean b\nlogits = dense m features=3\noutput logits",
        &expect![
            "`b`: it is `conv2d kernel=3x1 pad=1,1,0,0 channels=8 act=relu`, where `conv2d kernel=3x3 pad=1,1,1,1 channels=8 act=relu` would be as part of a block `conv 8 k3`"
        ],
    );
    refused(
        space.as_ref(),
        "input x 8x8x1\na = conv2d x kernel=3x3 pad=1,1,1,1 channels=8 act=relu\n\
         d = depthwise_conv2d a kernel=3x3 pad=1,1,1,1 act=relu6\np = conv2d d kernel=1x1 channels=8 act=relu\n\
         m = mean p\nlogits = dense m features=3\noutput logits",
        &expect![
            "`d`: it is `depthwise_conv2d kernel=3x3 pad=1,1,1,1 act=relu6`, where `depthwise_conv2d kernel=3x3 pad=1,1,1,1 act=relu` would be as part of a block `separable 8 k3`"
        ],
    );
    refused(
        space.as_ref(),
        "input x 8x8x1\na = unary x function=tanh\nlogits = dense a features=3\noutput logits",
        &expect![
            "`a`: it is `unary function=tanh`, and neither a block begins so (conv, separable, inverted-residual, residual, max-pool, average-pool) nor an end (mean, global-depthwise, flatten)"
        ],
    );
    refused(
        space.as_ref(),
        "input x 8x8x1\na = dense x features=8 act=relu\nb = dense a features=8 act=relu\n\
         logits = dense b features=3\noutput logits",
        &expect![
            "`a`: it is `dense features=8 act=relu`, and a block `dense 8` is not offered; blocks here are conv, separable, inverted-residual, residual, max-pool, average-pool"
        ],
    );
    refused(
        space.as_ref(),
        "input x 8x8x1\na = conv2d x kernel=3x3 pad=1,1,1,1 channels=8 act=relu\n\
         dead = max_pool2d a kernel=2x2 stride=2x2\nm = mean a\nlogits = dense m features=3\noutput logits",
        &expect![
            "`dead`: nothing reads it, and neither a block begins so (conv, separable, inverted-residual, residual, max-pool, average-pool) nor an end (mean, global-depthwise, flatten)"
        ],
    );
    let narrow = Narrowing {
        width: Some(4..=8),
        ..Narrowing::default()
    };
    let space = open_narrowed(SpaceKind::Cnn2d, task(Shape::from([8, 8, 1])), &narrow).unwrap();
    refused(
        space.as_ref(),
        "input x 8x8x1\na = conv2d x kernel=3x3 pad=1,1,1,1 channels=16 act=relu\nm = mean a\n\
         logits = dense m features=3\noutput logits",
        &expect![
            "`mine`: [space] does not allow it: it is conv 16 k3 | mean; the nearest that is allowed is conv 8 k3 | mean"
        ],
    );
    let series = open(SpaceKind::Recurrent, task(Shape::from([1, 8, 2]))).unwrap();
    refused(
        series.as_ref(),
        "input x 1x8x2\na = conv2d x kernel=1x3 pad=0,0,1,1 channels=8 act=relu\nm = mean a\n\
         logits = dense m features=3\noutput logits",
        &expect![
            "`mine`: it has no `gru`, `lstm` or `darts_cell`, of which every network here has one"
        ],
    );
}

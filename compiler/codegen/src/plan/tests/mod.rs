//! Plans of small graphs, drawn, and what the checker says of broken ones. Random graphs are in the
//! tests crate.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_ir::{
    Activation, Add, Conv2d, Dense, Graph, GraphBuilder, Mean, Op, Reshape, Shape, Window2d,
};
use ember_runtime::scratch::Isa;
use expect_test::{Expect, expect};

use super::in_place::Buffer;
use super::{check, exact, map, offsets, plan, plan_exact};

mod broken;
mod nets;
mod overlap;

fn conv(channels: usize) -> Op {
    Op::Conv2d(Conv2d {
        window: Window2d::valid([1, 1], [1, 1]),
        out_channels: channels,
        activation: Activation::None,
    })
}

fn add() -> Op {
    Op::Add(Add {
        activation: Activation::None,
    })
}

/// input → wide → narrow, added to the input, then mean and reshape.
fn residual() -> Graph {
    let mut builder = GraphBuilder::new("residual");
    let input = builder.input("input", [4, 4, 4]);
    let x = builder.node("stem", conv(4), &[input]).unwrap();
    let y = builder.node("expand", conv(8), &[x]).unwrap();
    let y = builder.node("project", conv(4), &[y]).unwrap();
    let x = builder.node("join", add(), &[x, y]).unwrap();
    let x = builder.node("mean", Op::Mean(Mean {}), &[x]).unwrap();
    let reshape = Op::Reshape(Reshape {
        shape: Shape::from([1, 1, 4]),
    });
    let x = builder.node("image", reshape, &[x]).unwrap();
    builder.finish(&[x])
}

/// Two branches that widen and narrow, in an order that keeps both wide tensors alive.
fn branches() -> Graph {
    let mut builder = GraphBuilder::new("branches");
    let input = builder.input("input", [4, 4, 1]);
    let left = builder.node("left_wide", conv(8), &[input]).unwrap();
    let right = builder.node("right_wide", conv(8), &[input]).unwrap();
    let left = builder.node("left", conv(1), &[left]).unwrap();
    let right = builder.node("right", conv(1), &[right]).unwrap();
    let output = builder.node("join", add(), &[left, right]).unwrap();
    builder.finish(&[output])
}

fn drawn(graph: &Graph, expected: Expect) {
    let plan = plan(graph, Isa::Any);
    assert_eq!(check(graph, &plan, Isa::Any), []);
    assert_eq!(
        plan.arena_bytes,
        plan_exact(graph, Isa::Any).unwrap().arena_bytes
    );
    expected.assert_eq(&map(graph, &plan));
}

#[test]
fn a_residual_block_adds_in_place() {
    drawn(
        &residual(),
        expect![[r#"
                    0                                                             240
            (input) |AAAAAAAAAAAAAAAAAA..............................................|
            stem    |aaaaaaaaaaaaaaaaaa############....BBBBBBBBBBBBBBBBBB............|
            expand  |CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCbbbbbbbbbbbbbbbbb############|
            project |DDDDDDDDDDDDDDDDDDcccccccccccccccccbbbbbbbbbbbbbbbbb############|
            join    |dddddddddddddddddd................EEEEEEEEEEEEEEEEEE............|
            mean    |FF................................eeeeeeeeeeeeeeeeee............|
            image   |GG..............................................................|

            a 0..64: input 4x4x4
            b 128..192: stem 4x4x4
            c 0..128: expand 4x4x8
            d 0..64: project 4x4x4
            e 128..192: join 4x4x4
            f 0..4: mean 4
            g 0..4: image 1x1x4
        "#]],
    );
}

#[test]
fn branches_are_reordered() {
    drawn(
        &branches(),
        expect![[r#"
                       0                                                             192
            (input)    |..........................................................AAAAAA|
            left_wide  |################BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBaaaaa|
            left       |################CCCCCCbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbaaaaa|
            right_wide |################cccccDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDDD|
            right      |################cccccEEEEEEddddddddddddddddddddddddddddddddddddd|
            join       |................FFFFFFeeeee.....................................|

            a 176..192: input 4x4x1
            b 48..176: left_wide 4x4x8
            c 48..64: left 4x4x1
            d 64..192: right_wide 4x4x8
            e 64..80: right 4x4x1
            f 48..64: join 4x4x1
        "#]],
    );
    assert_eq!(plan(&branches(), Isa::Any).order, [0, 2, 1, 3, 4]);
}

#[test]
fn a_reshaped_input_may_be_an_output() {
    let mut builder = GraphBuilder::new("kept");
    let input = builder.input("input", [5]);
    let reshape = Op::Reshape(Reshape {
        shape: Shape::from([1, 1, 5]),
    });
    let image = builder.node("image", reshape, &[input]).unwrap();
    let dense = Op::Dense(Dense {
        over_rows: false,
        out_features: 3,
        activation: Activation::None,
    });
    let dense = builder.node("dense", dense, &[image]).unwrap();
    drawn(
        &builder.finish(&[dense, image]),
        expect![[r#"
                0          12
        (input) |AAAAA.......|
        image   |BBBBB.......|
        dense   |bbbbb...CCC.|

        a 0..5: input 5
        b 0..5: image 1x1x5
        c 8..11: dense 3
    "#]],
    );
}

#[test]
fn a_sum_of_a_tensor_with_itself_is_not_in_place() {
    let mut builder = GraphBuilder::new("twice");
    let input = builder.input("input", [8]);
    let sum = builder.node("sum", add(), &[input, input]).unwrap();
    drawn(
        &builder.finish(&[sum]),
        expect![[r#"
                0              16
        (input) |AAAAAAAA........|
        sum     |aaaaaaaaBBBBBBBB|

        a 0..8: input 8
        b 8..16: sum 8
    "#]],
    );
}

#[test]
fn an_output_is_not_added_over() {
    let mut builder = GraphBuilder::new("both");
    let left = builder.input("left", [8]);
    let right = builder.input("right", [8]);
    let sum = builder.node("sum", add(), &[left, right]).unwrap();
    drawn(
        &builder.finish(&[sum, left]),
        expect![[r#"
                0              16
        (input) |AAAAAAAABBBBBBBB|
        sum     |aaaaaaaaCCCCCCCC|

        a 0..8: left 8
        b 8..16: right 8
        c 8..16: sum 8
    "#]],
    );
    // With both inputs wanted the sum needs bytes of its own.
    let mut builder = GraphBuilder::new("all");
    let left = builder.input("left", [8]);
    let right = builder.input("right", [8]);
    let sum = builder.node("sum", add(), &[left, right]).unwrap();
    drawn(
        &builder.finish(&[sum, left, right]),
        expect![[r#"
                0                      24
        (input) |AAAAAAAABBBBBBBB........|
        sum     |aaaaaaaabbbbbbbbCCCCCCCC|

        a 0..8: left 8
        b 8..16: right 8
        c 16..24: sum 8
    "#]],
    );
}

#[test]
fn the_exact_planner_beats_every_priority_where_it_can() {
    // No greedy priority reaches the bound of these lifetimes (found by random search).
    let buffers = HARD.map(|(bytes, first, last)| Buffer {
        bytes,
        first,
        last,
        over: None,
    });
    let bound = offsets::lower_bound(&buffers);
    let greedy = offsets::best_greedy(&buffers);
    let proof = exact::place(&buffers, greedy.clone(), 1_000_000);
    assert!(proof.proven);
    assert!(proof.placement.arena_bytes < greedy.arena_bytes);
    assert!(proof.placement.arena_bytes >= bound);
    assert_eq!(
        offsets::place(&buffers).arena_bytes,
        proof.placement.arena_bytes
    );
    for (i, one) in buffers.iter().enumerate() {
        for (j, other) in buffers.iter().enumerate().filter(|(j, _)| *j != i) {
            let [a, b] = [i, j].map(|k| proof.placement.offsets[k]);
            let disjoint = a + one.bytes <= b || b + other.bytes <= a;
            assert!(disjoint || !one.conflicts(other), "{i} {j}");
        }
    }
}

/// (bytes, first step, last step).
const HARD: [(usize, usize, usize); 6] = [
    (16, 6, 10),
    (8, 0, 1),
    (24, 2, 6),
    (20, 0, 0),
    (20, 7, 8),
    (12, 8, 12),
];

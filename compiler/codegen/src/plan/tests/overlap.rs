//! Layers whose output lies over their input: the closed formulas of the runtime against the checker,
//! which follows every byte; broken plans; and the exact planner against all placements.

use ember_ir::{
    Activation, Add, Conv2d, Dense, DepthwiseConv2d, Graph, GraphBuilder, Op, Padding, Window2d,
};
use ember_runtime::scratch::{Geometry, Isa};
use proptest::prelude::*;

use super::super::check::overlap::Sliding;
use super::super::in_place::{Buffer, Over};
use super::super::{Plan, PlanViolation, Region, check, exact, offsets, plan};

fn window() -> impl Strategy<Value = Window2d> {
    let pair = |most: usize| [1..=most, 1..=most];
    let padding = [0..6_usize, 0..6, 0..6, 0..6];
    (pair(4), pair(3), pair(2), padding).prop_map(|(kernel, stride, dilation, padding)| {
        let mut window = Window2d::valid(kernel, stride);
        window.dilation = dilation;
        window.padding = Padding {
            top: padding[0] % window.extent(0),
            bottom: padding[1] % window.extent(0),
            left: padding[2] % window.extent(1),
            right: padding[3] % window.extent(1),
        };
        window
    })
}

fn shapes(window: &Window2d, size: [usize; 2], channels: [usize; 2]) -> Option<Geometry> {
    let [height, width] = window.output_size("conv2d", size).ok()?;
    Some(Geometry {
        input: [size[0], size[1], channels[0]],
        output: [height, width, channels[1]],
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation,
        pad: [window.padding.top, window.padding.left],
    })
}

fn placed<'a>(window: &'a Window2d, shapes: &Geometry, input: usize, output: usize) -> Sliding<'a> {
    let region = |offset, shape: [usize; 3]| Region {
        offset,
        bytes: shape.iter().product(),
    };
    Sliding {
        window,
        input: region(input, shapes.input),
        input_shape: shapes.input,
        output: region(output, shapes.output),
        output_shape: shapes.output,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn the_distance_of_a_convolution_is_the_least(
        window in window(), size in [1..8_usize, 1..8], channels in [1..5_usize, 1..5],
    ) {
        let Some(shapes) = shapes(&window, size, channels) else { return Ok(()) };
        let distance = shapes.overlap_distance();
        let input = 4096_usize;
        let output = input.saturating_add_signed(-distance);
        for below in 0..20 {
            prop_assert!(placed(&window, &shapes, input, output - below).convolution_is_right());
        }
        // With dilation the first element under a window may lie in the padding.
        let bytes = shapes.input.iter().product::<usize>();
        if window.dilation == [1, 1] && shapes.output[0] * shapes.output[1] > 1 && output + 1 < input + bytes {
            prop_assert!(!placed(&window, &shapes, input, output + 1).convolution_is_right());
        }
    }

    #[test]
    fn depthwise_convolutions_are_in_place_where_they_can_be(
        window in window(), size in [1..8_usize, 1..8], channels in 1..9_usize,
    ) {
        let Some(shapes) = shapes(&window, size, [channels; 2]) else { return Ok(()) };
        let right = placed(&window, &shapes, 0, 0).depthwise_is_right(4);
        prop_assert!(right || !shapes.depthwise_in_place());
    }

    /// Against the smallest arena of all placements on a grid.
    #[test]
    fn branch_and_bound_is_exact(
        sizes in prop::collection::vec(1..5_usize, 2..6),
        lives in prop::collection::vec((0..4_usize, 0..3_usize), 6),
        distances in prop::collection::vec(prop::option::of(-4..5_isize), 6),
    ) {
        let mut buffers: Vec<Buffer> = Vec::new();
        for (index, &bytes) in sizes.iter().enumerate() {
            let (first, steps) = lives[index];
            let mut buffer = Buffer { bytes: 4 * bytes, first, last: first + steps, over: None };
            let one_per_step = !buffers.iter().any(|other| other.over.is_some() && other.first == first);
            let input = (0..index).find(|&input| {
                let unread = buffers.iter().all(|other| other.over.is_none_or(|over| over.buffer != input));
                let input = &buffers[input];
                unread && input.last == first && input.first < first
            });
            if let (Some(distance), Some(input)) = (distances[index], input)
                && one_per_step
            {
                let input_bytes = buffers[input].bytes;
                let distance = 4 * distance.clamp(-(input_bytes as isize) / 4, bytes as isize);
                buffer.over = Some(Over { buffer: input, distance, input_bytes });
            }
            buffers.push(buffer);
        }
        let greedy = offsets::best_greedy(&buffers);
        let proof = exact::place(&buffers, greedy.clone(), 10_000_000);
        prop_assert!(proof.proven);
        let arena = proof.placement.arena_bytes;
        prop_assert!(arena >= offsets::lower_bound(&buffers));
        prop_assert!(arena <= greedy.arena_bytes);
        prop_assert!(fits(&buffers, &proof.placement.offsets));
        prop_assert!(fits(&buffers, &greedy.offsets));
        prop_assert!(arena == 0 || !some_fit(&buffers, &mut Vec::new(), arena - 4), "{:?}", buffers);
    }
}

/// Whether the rules hold.
fn fits(buffers: &[Buffer], at: &[usize]) -> bool {
    (0..at.len()).all(|i| {
        (0..i).all(|j| {
            let above = |low: usize, high: usize| {
                at[high] as isize - at[low] as isize >= offsets::apart(buffers, low, high)
            };
            !buffers[i].conflicts(&buffers[j]) || above(i, j) || above(j, i)
        })
    })
}

/// Whether an arena of so many bytes is enough, by trying all offsets.
fn some_fit(buffers: &[Buffer], at: &mut Vec<usize>, arena: usize) -> bool {
    let Some(buffer) = buffers.get(at.len()) else {
        return true;
    };
    for offset in (0..=arena)
        .step_by(4)
        .take_while(|offset| offset + buffer.bytes <= arena)
    {
        at.push(offset);
        if fits(buffers, at) && some_fit(buffers, at, arena) {
            return true;
        }
        at.pop();
    }
    false
}

fn conv(window: Window2d, out_channels: usize) -> Op {
    Op::Conv2d(Conv2d {
        window,
        out_channels,
        activation: Activation::None,
    })
}

/// A convolution, a depthwise one, a skip over a convolution, a fully connected layer.
fn network() -> Graph {
    let same = Window2d::same([6, 6], [3, 3], [1, 1]);
    let none = Activation::None;
    let mut builder = GraphBuilder::new("overlaps");
    let x = builder.input("input", [6, 6, 8]);
    let x = builder.node("stem", conv(same, 8), &[x]).unwrap();
    let depthwise = Op::DepthwiseConv2d(DepthwiseConv2d {
        window: same,
        multiplier: 1,
        activation: none,
    });
    let x = builder.node("depthwise", depthwise, &[x]).unwrap();
    let y = builder.node("branch", conv(same, 8), &[x]).unwrap();
    let add = Op::Add(Add { activation: none });
    let x = builder.node("join", add, &[x, y]).unwrap();
    let dense = Op::Dense(Dense {
        over_rows: false,
        out_features: 3,
        activation: none,
    });
    let x = builder.node("dense", dense, &[x]).unwrap();
    builder.finish(&[x])
}

fn broken(isa: Isa, change: impl FnOnce(&mut Plan)) -> Vec<PlanViolation> {
    let graph = network();
    let mut plan = plan(&graph, isa);
    assert_eq!(check(&graph, &plan, isa), []);
    change(&mut plan);
    check(&graph, &plan, isa)
}

#[test]
fn outputs_lie_over_inputs() {
    let plan = plan(&network(), Isa::Dsp);
    let [input, stem, depthwise, branch] = [0, 1, 2, 3].map(|tensor| plan.regions[tensor]);
    // A row and a pixel, then the same place, then apart: the skip is read again.
    assert_eq!(input.offset, stem.offset + 7 * 8);
    assert_eq!(depthwise, stem);
    assert!(!branch.overlaps(depthwise));
}

#[test]
fn the_checker_follows_bytes() {
    // The output too near to the input.
    let near = broken(Isa::Dsp, |plan| plan.regions[1].offset += 4);
    assert!(
        matches!(&near[0], PlanViolation::Clash { node, .. } if node == "stem"),
        "{near:?}"
    );
    // The same for the input.
    let near = broken(Isa::Dsp, |plan| plan.regions[0].offset -= 4);
    assert!(
        matches!(&near[0], PlanViolation::Clash { node, .. } if node == "stem"),
        "{near:?}"
    );
    // A depthwise convolution beside its place.
    let aside = broken(Isa::Dsp, |plan| plan.regions[2].offset += 4);
    assert!(
        aside
            .iter()
            .any(|one| matches!(one, PlanViolation::Clash { node, .. } if node == "depthwise")),
        "{aside:?}"
    );
    // A convolution over a tensor that is read again.
    let skip = broken(Isa::Dsp, |plan| {
        plan.regions[3].offset = plan.regions[2].offset
    });
    assert!(!skip.is_empty());
}

#[test]
fn the_checker_follows_scratch() {
    for isa in Isa::CORES {
        for node in [0, 1, 2] {
            let graph = network();
            for tensor in [graph.nodes[node].inputs[0], graph.nodes[node].output] {
                let clash = broken(isa, |plan| {
                    plan.arena_bytes += 4096;
                    plan.scratch[node].offset =
                        plan.regions[tensor.0].end().next_multiple_of(4) - 4;
                });
                let named = |one: &PlanViolation| matches!(one, PlanViolation::ScratchClash { .. });
                assert!(clash.iter().any(named), "{clash:?}");
            }
            let small = broken(isa, |plan| plan.scratch[node].bytes -= 4);
            assert!(
                matches!(small[..], [PlanViolation::Scratch { .. }]),
                "{small:?}"
            );
            let odd = broken(isa, |plan| {
                plan.arena_bytes += 4096;
                plan.scratch[node].offset = plan.arena_bytes - plan.scratch[node].bytes - 2;
            });
            assert!(
                matches!(odd[..], [PlanViolation::Alignment { .. }]),
                "{odd:?}"
            );
            let outside = broken(isa, |plan| plan.scratch[node].offset = plan.arena_bytes);
            assert!(
                matches!(outside[..], [PlanViolation::Outside { .. }]),
                "{outside:?}"
            );
        }
        let extra = broken(isa, |plan| plan.scratch[4].bytes = 4);
        assert!(
            matches!(extra[0], PlanViolation::Scratch { .. }),
            "{extra:?}"
        );
    }
    // Over a tensor that is neither read nor written here, but read later.
    let graph = long_skip();
    let mut plan = plan(&graph, Isa::Dsp);
    let skip = plan.regions[0];
    plan.scratch[1].offset = skip.offset;
    assert!(plan.scratch[1].bytes <= skip.bytes);
    let spoilt = check(&graph, &plan, Isa::Dsp);
    let named = |one: &PlanViolation| matches!(one, PlanViolation::Spoilt { tensor, .. } if tensor == "input");
    assert!(spoilt.iter().any(named), "{spoilt:?}");
}

/// An input that is added to the result of two convolutions.
fn long_skip() -> Graph {
    let same = Window2d::same([6, 6], [1, 1], [1, 1]);
    let mut builder = GraphBuilder::new("skip");
    let x = builder.input("input", [6, 6, 8]);
    let y = builder.node("one", conv(same, 8), &[x]).unwrap();
    let y = builder.node("two", conv(same, 8), &[y]).unwrap();
    let add = Op::Add(Add {
        activation: Activation::None,
    });
    let x = builder.node("join", add, &[x, y]).unwrap();
    builder.finish(&[x])
}

//! Short chains of random sizes: what runs beside the kernels where layers run row by row.

use std::collections::BTreeMap;

use ember_codegen::cost::RowPart;
use ember_codegen::plan::{Chain, Isa, Makes, Plan, Planned, Stage, plan_chains};
use ember_ir::{
    Activation, AveragePool2d, Conv2d, Graph, GraphBuilder, Mean, Op, QuantGraph, Rounding, Shape,
    Window2d,
};

use crate::models;
use crate::random_graphs::Random;

/// Chains per part that is measured.
const COUNT: usize = 24;

/// Networks whose name tells what is measured of them: `feed0`, `next0`, `store0`, `sums0`, ….
pub fn chains(seed: u64) -> Vec<Graph> {
    let mut random = Random::new(seed);
    let parts = ["feed", "next", "store", "sums"];
    let drawn = parts
        .iter()
        .flat_map(|part| (0..COUNT).map(move |index| (part, index)));
    drawn
        .map(|(part, index)| draw(&mut random, part, &format!("{part}{index}")))
        .collect()
}

/// A convolution with lines below it and above it, then one that has none, or sums.
fn draw(random: &mut Random, part: &str, name: &str) -> Graph {
    let mut builder = GraphBuilder::new(name);
    // Rows that are no whole words are those of a network's input.
    let channels = random.pick(&[1, 3, 4, 8, 16]);
    let (height, width) = (random.between(6, 24), random.between(3, 24));
    let input = builder.input("input", Shape::new(vec![height, width, channels]));
    let mut add = |name: &str, op: Op, input| {
        let added = builder.node(name, op, &[input]);
        added.unwrap_or_else(|error| panic!("BUG: {name}: {error}"))
    };
    let conv = |kernel, stride, input: [usize; 2], filters| {
        Op::Conv2d(Conv2d {
            window: Window2d::same(input, [kernel, 1], [stride, 1]),
            out_channels: filters,
            activation: Activation::Relu,
        })
    };
    let (filters, stride) = (random.pick(&[4, 8, 16, 20]), random.pick(&[1, 1, 2]));
    let first = add(
        "first",
        conv(random.pick(&[2, 3, 5]), stride, [height, width], filters),
        input,
    );
    let rows = height.div_ceil(stride);
    let second = add("second", conv(3, 1, [rows, width], filters), first);
    let last = match (part, random.below(2)) {
        ("sums", 0) => Op::Mean(Mean {}),
        ("sums", _) => Op::AveragePool2d(AveragePool2d {
            window: Window2d::valid([rows, width], [1, 1]),
            activation: Activation::None,
        }),
        _ => conv(1, 1, [rows, width], filters),
    };
    let layer = add("layer", last, second);
    builder.finish(&[layer])
}

/// The plan in which all layers run row by row.
pub fn plan(network: QuantGraph, isa: Isa) -> Planned {
    let name = network.graph.name.clone();
    let plans = plan_chains(&network.graph, isa, false, usize::MAX);
    let longest = plans
        .into_iter()
        .max_by_key(|plan| plan.chain.as_ref().map_or(0, |chain| chain.stages.len()));
    let plan = longest.unwrap_or_else(|| panic!("BUG: {name} cannot run row by row"));
    Planned::with_plan(network, plan, isa).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Networks whose layers run row by row, one, two and all of them, up to an image and up to sums.
pub fn of_all_lengths(seed: u64, isa: Isa) -> Vec<Planned> {
    let wanted = |graph: &Graph| graph.name.starts_with("store") || graph.name.starts_with("sums");
    let graphs = chains(seed).into_iter().filter(wanted).step_by(COUNT / 4);
    graphs.flat_map(|graph| all_lengths(&graph, isa)).collect()
}

fn all_lengths(graph: &Graph, isa: Isa) -> Vec<Planned> {
    let network = models::quantized(graph.clone(), Rounding::Single, 3);
    let stages = |plan: &Plan| plan.chain.as_ref().map_or(0, |chain| chain.stages.len());
    let by_length: BTreeMap<usize, Plan> = plan_chains(graph, isa, false, usize::MAX)
        .into_iter()
        .map(|plan| (stages(&plan), plan))
        .collect();
    let planned = |(length, plan)| {
        let mut network = network.clone();
        network.graph.name = format!("{}_{length}", graph.name);
        Planned::with_plan(network, plan, isa).unwrap_or_else(|error| panic!("{error}"))
    };
    by_length.into_iter().map(planned).collect()
}

/// What is measured of a network, if it is a chain.
pub fn part(planned: &Planned) -> Option<((&Chain, &Stage), RowPart)> {
    let chain = planned.plan().chain.as_ref()?;
    let name = &planned.graph().name;
    let first = chain.stages.first()?;
    let last = chain.stages.last()?;
    Some(match last.makes {
        _ if name.starts_with("feed") => ((chain, first), RowPart::Feed),
        _ if name.starts_with("next") => ((chain, first), RowPart::Next),
        Makes::Sums { .. } => ((chain, last), RowPart::Sums),
        Makes::Rows(_) => ((chain, last), RowPart::Store),
    })
}

/// The statement that runs it, on an arena `a`.
pub fn statement(planned: &Planned) -> Option<String> {
    let (_, part) = part(planned)?;
    let path = format!("fit::{}::layers", planned.graph().name);
    let kernels = "ember_runtime::kernels";
    let call = match part {
        RowPart::Feed => format!("{kernels}::feed_row::<{path}::InputRows>(a, tick)"),
        RowPart::Next => format!("let _ = {kernels}::next_row::<{path}::First>(a, tick)"),
        RowPart::Store => format!("{kernels}::store_row::<{path}::Layer>(a, tick)"),
        RowPart::Sums => {
            let mean = planned.graph().nodes.last().map(|node| node.op.name());
            let kernel = match mean {
                Some("mean") => "mean_row_s8",
                _ => "average_row_s8",
            };
            format!("{kernels}::{kernel}::<{path}::Layer>(a, tick)")
        }
    };
    Some(format!("for tick in 0..{path}::TICKS {{ {call}; }}"))
}

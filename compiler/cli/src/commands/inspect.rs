//! `emberc inspect`: what a network is and where it fits; what a job asks for.

use std::path::Path;

use ember_codegen::cost::{Footprint, Memory, add_front, footprint, footprint_of, plan_for};
use ember_codegen::deployed;
use ember_codegen::plan::{Isa, Plan, Planned, map, plan};
use ember_codegen::target::{Board, Limits};
use ember_import::Network;
use ember_ir::{Graph, TensorId};

use crate::config::size;
use crate::model::{self, refused};
use crate::pipeline::report::thousands;
use crate::pipeline::space;
use crate::{Error, boards, data, output};

/// Prints what a file holds.
pub fn inspect(path: &Path) -> Result<(), Error> {
    if path.extension().is_some_and(|kind| kind == "toml") {
        return job(path);
    }
    let network = model::read(path)?.model.network;
    let graph = network.graph();
    let plan = match &network {
        Network::Int8(network) => Planned::new(network.clone(), Isa::Any)
            .map_err(|error| refused(path, error))?
            .plan()
            .clone(),
        // What it is as int8; its numbers come with calibration.
        Network::Float(_) => plan(graph, Isa::Any),
    };
    let mut text = ember_ir::text::print_graph(graph);
    text.push('\n');
    text.push_str(&layers(graph, &plan));
    text.push('\n');
    text.push_str(&map(graph, &plan));
    text.push('\n');
    text.push_str(&fits(&network, &plan));
    output::text(&text)
}

/// A line per layer.
fn layers(graph: &Graph, plan: &Plan) -> String {
    let width = graph.tensors.iter().map(|tensor| tensor.name.len());
    let width = width.max().unwrap_or(0).max("layer".len());
    let line = |name: &str, op: &str, output: &str, macs: &str, params: &str, arena: &str| {
        format!("  {name:<width$} {op:<18} {output:<12} {macs:>10} {params:>10}  {arena}\n")
    };
    let place = |id: TensorId| {
        let region = plan.regions[id.0];
        format!("{}..{}", region.offset, region.offset + region.bytes)
    };
    let mut text = line("layer", "operator", "output", "MACs", "params", "arena");
    for &id in &graph.inputs {
        let tensor = graph.tensor(id);
        let shape = tensor.shape.to_string();
        text.push_str(&line(&tensor.name, "input", &shape, "", "", &place(id)));
    }
    for &index in &plan.order {
        let node = &graph.nodes[index];
        let (from, to) = (graph.input_shape(node), graph.output_shape(node));
        let weights = node.op.weight_shape(from);
        let weights = weights.map_or(0, |shape| shape.elements());
        let params = weights + node.op.weight_channels(from).unwrap_or(0);
        text.push_str(&line(
            graph.node_name(node),
            node.op.name(),
            &to.to_string(),
            &count(node.op.macs(from, to)),
            &thousands(params),
            &place(node.output),
        ));
    }
    text.push_str(&format!(
        "\n  {} parameters, {} MACs, arena of {} bytes\n",
        thousands(graph.parameters()),
        count(graph.macs()),
        thousands(plan.arena_bytes)
    ));
    text
}

/// The boards and what the network would take of each.
fn fits(network: &Network, whole: &Plan) -> String {
    let mut text = format!(
        "  {:<20} {:>10} {:>10} {:>14}  predicted for the whole firmware\n",
        "board", "flash", "RAM", "instructions"
    );
    for board in boards::all() {
        let limits = Limits::of(&board);
        let memory = Memory::Within(limits.ram_bytes);
        let plan = plan_for(network.graph(), &board, memory);
        let plan = plan.as_ref().unwrap_or(whole);
        let footprint = price(network, plan, &board);
        let is_fit =
            footprint.flash_bytes <= limits.flash_bytes && footprint.ram_bytes <= limits.ram_bytes;
        text.push_str(&format!(
            "  {:<20} {:>10} {:>10} {:>14}  {}\n",
            board.name,
            thousands(footprint.flash_bytes),
            thousands(footprint.ram_bytes),
            count(footprint.instructions),
            match (is_fit, &plan.chain) {
                (true, None) => "fits",
                (true, Some(_)) => "fits, with layers row by row",
                (false, _) => "too large",
            }
        ));
    }
    text
}

/// With the network's integers, if it has any.
fn price(network: &Network, plan: &Plan, board: &Board) -> Footprint {
    if let Network::Int8(network) = network
        && let Ok(planned) = Planned::with_plan(network.clone(), plan.clone(), board.isa())
    {
        return footprint_of(&planned, board);
    }
    footprint(network.graph(), plan, board)
}

fn count(number: u64) -> String {
    thousands(usize::try_from(number).unwrap_or(usize::MAX))
}

fn job(path: &Path) -> Result<(), Error> {
    let (job, parts) = data::read(path)?;
    let limits = job.board.limits;
    let mut text = format!("{} on {}\n", job.name, job.board.board.name);
    text.push_str(&format!(
        "  samples of {}: {}; {} classes: {}\n",
        parts.shape(),
        parts.counts(),
        parts.classes().len(),
        parts.classes().join(", ")
    ));
    text.push_str(&format!(
        "  limits: {} of flash, {} of RAM\n",
        size::show(limits.flash_bytes),
        size::show(limits.ram_bytes)
    ));
    let space = space::open(&job, &parts)?;
    text.push_str(&format!("  space: {}\n", space.describe()));
    let seeds = space::seeds(&job, space.as_ref(), parts.shape())?;
    let own = job.search.templates.iter().map(|own| own.file.as_str());
    let own = own.zip(seeds);
    let examples = space
        .templates()
        .into_iter()
        .map(|example| ("e.g.", example));
    for (name, network) in own.chain(examples) {
        let graph = space.build(&network);
        let Ok(graph) = deployed(&graph, job.board.hop) else {
            continue;
        };
        let board = &job.board.board;
        let Some(plan) = plan_for(&graph, board, job.board.memory()) else {
            continue;
        };
        let footprint = footprint(&graph, &plan, board);
        let footprint = match parts.front() {
            Some(front) => add_front(footprint, &front, board),
            None => footprint,
        };
        text.push_str(&format!(
            "  {name} {} parameters: {} bytes of flash, {} of RAM\n",
            thousands(graph.parameters()),
            thousands(footprint.flash_bytes),
            thousands(footprint.ram_bytes)
        ));
    }
    output::text(&text)
}

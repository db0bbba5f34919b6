//! `emberc inspect`: what a network is and where it fits; what a job asks for.

use std::path::Path;

use ember_codegen::cost::{Memory, footprint, footprint_of, plan_for};
use ember_codegen::plan::{Isa, Planned};
use ember_codegen::target::Limits;
use ember_ir::QuantGraph;

use crate::config::size;
use crate::files::{io_error, read_text};
use crate::pipeline::report::thousands;
use crate::{Error, boards, data, output};

/// Prints what a file holds.
pub fn inspect(path: &Path) -> Result<(), Error> {
    match kind(path) {
        "toml" => job(path),
        _ => show(network(path)?, path),
    }
}

/// The network of a file.
pub fn network(path: &Path) -> Result<QuantGraph, Error> {
    match kind(path) {
        "ember" => ember_ir::text::parse(&read_text(path)?).map_err(|error| refused(path, error)),
        "tflite" => {
            let bytes = std::fs::read(path).map_err(io_error(path))?;
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            ember_import::import(&stem, &bytes).map_err(|error| refused(path, error))
        }
        _ => Err(Error::usage(format!(
            "{}: a network is an .ember or .tflite file",
            path.display()
        ))),
    }
}

fn kind(path: &Path) -> &str {
    let kind = path.extension().and_then(|kind| kind.to_str());
    kind.unwrap_or_default()
}

fn refused(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::usage(format!("{}: {error}", path.display()))
}

fn show(network: QuantGraph, path: &Path) -> Result<(), Error> {
    let planned = Planned::new(network, Isa::Any).map_err(|error| refused(path, error))?;
    let graph = &planned.network().graph;
    let plan = planned.plan();
    let mut text = format!("{}\n\n", graph.name);
    text.push_str(&format!(
        "  {:<14} {:<18} {:<12} {:>10} {:>10}  {}\n",
        "layer", "operator", "output", "MACs", "params", "arena"
    ));
    for &id in &graph.inputs {
        let (tensor, region) = (graph.tensor(id), plan.regions[id.0]);
        text.push_str(&format!(
            "  {:<14} {:<18} {:<12} {:>10} {:>10}  {}..{}\n",
            tensor.name,
            "input",
            tensor.shape.to_string(),
            "",
            "",
            region.offset,
            region.offset + region.bytes
        ));
    }
    for &index in &plan.order {
        let node = &graph.nodes[index];
        let region = plan.regions[node.output.0];
        let params = planned.network().params[index]
            .as_ref()
            .map_or(0, |params| params.weights.len() + params.bias.len());
        text.push_str(&format!(
            "  {:<14} {:<18} {:<12} {:>10} {:>10}  {}..{}\n",
            graph.node_name(node),
            node.op.name(),
            graph.output_shape(node).to_string(),
            thousands(
                usize::try_from(
                    node.op
                        .macs(graph.input_shape(node), graph.output_shape(node))
                )
                .unwrap_or(usize::MAX)
            ),
            thousands(params),
            region.offset,
            region.offset + region.bytes,
        ));
    }
    text.push_str(&format!(
        "\n  {} parameters, {} MACs, arena of {} bytes\n\n",
        thousands(graph.parameters()),
        thousands(usize::try_from(graph.macs()).unwrap_or(usize::MAX)),
        thousands(plan.arena_bytes)
    ));
    text.push_str(&fits(&planned));
    output::text(&text)
}

/// The boards and what the network would take of each.
fn fits(planned: &Planned) -> String {
    let mut text = format!(
        "  {:<20} {:>10} {:>10} {:>14}  predicted for the whole firmware\n",
        "board", "flash", "RAM", "instructions"
    );
    for board in boards::all() {
        let limits = Limits::of(&board);
        let network = planned.network();
        let memory = Memory::Within(limits.ram_bytes);
        let own = plan_for(&network.graph, &board, memory)
            .and_then(|plan| Planned::with_plan(network.clone(), plan, board.isa()).ok());
        let planned = own.as_ref().unwrap_or(planned);
        let footprint = footprint_of(planned, &board);
        let is_fit =
            footprint.flash_bytes <= limits.flash_bytes && footprint.ram_bytes <= limits.ram_bytes;
        text.push_str(&format!(
            "  {:<20} {:>10} {:>10} {:>14}  {}\n",
            board.name,
            thousands(footprint.flash_bytes),
            thousands(footprint.ram_bytes),
            thousands(usize::try_from(footprint.instructions).unwrap_or(usize::MAX)),
            match (is_fit, &planned.plan().chain) {
                (true, None) => "fits",
                (true, Some(_)) => "fits, with layers row by row",
                (false, _) => "too large",
            }
        ));
    }
    text
}

fn job(path: &Path) -> Result<(), Error> {
    let (job, parts) = data::read(path)?;
    let limits = job.board.limits;
    let mut text = format!("{} on {}\n", job.name, job.board.board.name);
    text.push_str(&format!(
        "  samples of {}: {} train, {} validate, {} test; {} classes: {}\n",
        parts.shape(),
        parts.calibration.len(),
        parts.validation.len(),
        parts.test.len(),
        parts.classes().len(),
        parts.classes().join(", ")
    ));
    text.push_str(&format!(
        "  limits: {} of flash, {} of RAM\n",
        size::show(limits.flash_bytes),
        size::show(limits.ram_bytes)
    ));
    let space = crate::pipeline::search::space(&job, parts.shape(), parts.classes().len())?;
    text.push_str(&format!("  space: {}\n", space.describe()));
    for template in space.templates() {
        let graph = space.build(&template);
        let board = &job.board.board;
        let Some(plan) = plan_for(&graph, board, job.board.memory()) else {
            continue;
        };
        let footprint = footprint(&graph, &plan, board);
        text.push_str(&format!(
            "  e.g. {} parameters: {} bytes of flash, {} of RAM\n",
            thousands(graph.parameters()),
            thousands(footprint.flash_bytes),
            thousands(footprint.ram_bytes)
        ));
    }
    output::text(&text)
}

//! `emberc infer`: samples in, outputs out.

use std::path::Path;

use ember_codegen::interpret::run_float;
use ember_codegen::quantize::dequantize_output;
use ember_import::Network;
use ember_ir::Shape;

use super::bench::emulated;
use super::compile::samples;
use crate::data::{Samples, write_npy};
use crate::model::{self, Source};
use crate::pipeline::imported::Imported;
use crate::pipeline::{infer as run, verify};
use crate::progress::Progress;
use crate::{Error, args, files, output};

/// Runs and prints or writes.
pub fn infer(args: &args::Infer, progress: Progress) -> Result<(), Error> {
    let source = match args.network.is_dir() {
        true => model::read(&verify::network_of(&args.network)?.0)?,
        false => model::read(&args.network)?,
    };
    let inputs = Samples::read(&args.input).map_err(Error::usage_of)?;
    let calibrate = samples(args.calibrate.as_deref())?;
    if let (Network::Float(_), None) = (&source.model.network, &calibrate) {
        return in_f32(args, &source, &inputs);
    }
    let imported = Imported::new(&source, calibrate.as_ref())?;
    let network = &imported.network;
    let raw = imported.inputs(&inputs)?;
    let outputs = match &args.board {
        None => run::on_host(network, &raw)?,
        Some(name) => {
            let board = emulated(name)?;
            let dir = Path::new("ember-out/infer");
            let dir = dir.join(format!("{}-{name}", network.graph.name));
            run::on_board(network, raw, &board, dir, progress)?
        }
    };
    let shape = &network.graph.tensor(network.graph.outputs[0]).shape;
    if args.float {
        return floats(args, shape, &dequantize_output(network, &outputs));
    }
    let bytes: Vec<u8> = outputs.iter().map(|value| value.cast_unsigned()).collect();
    hand_over(args, shape, "|i1", &bytes, &outputs)
}

/// A network in real numbers, that nobody has quantised yet.
fn in_f32(args: &args::Infer, source: &Source, inputs: &Samples) -> Result<(), Error> {
    let Network::Float(network) = &source.model.network else {
        return Ok(());
    };
    if args.board.is_some() {
        return Err(Error::usage(format!(
            "{}: the model is in f32, a board runs int8; give samples with `--calibrate`",
            source.file
        )));
    }
    let [input] = source.model.inputs.as_slice() else {
        return Err(Error::usage(format!(
            "{}: one input is needed",
            source.file
        )));
    };
    let graph = &network.graph;
    let [from, to] = [graph.inputs[0], graph.outputs[0]];
    let from = &graph.tensor(from).shape;
    let values = inputs.values_for(input, from).map_err(Error::usage_of)?;
    let rows = values.chunks_exact(from.elements());
    let outputs: Vec<f32> = rows
        .flat_map(|row| std::mem::take(&mut run_float(network, row)[to.0]))
        .collect();
    floats(args, &graph.tensor(to).shape, &outputs)
}

fn floats(args: &args::Infer, shape: &Shape, values: &[f32]) -> Result<(), Error> {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    hand_over(args, shape, "<f4", &bytes, values)
}

/// Writes the file that was asked for, or prints a line per sample.
fn hand_over<T: ToString>(
    args: &args::Infer,
    shape: &Shape,
    descr: &str,
    bytes: &[u8],
    values: &[T],
) -> Result<(), Error> {
    let rows = values.chunks_exact(shape.elements());
    let Some(path) = &args.output else {
        let lines = rows.map(|row| {
            let row: Vec<String> = row.iter().map(ToString::to_string).collect();
            format!("{}\n", row.join(" "))
        });
        return output::text(&lines.collect::<String>());
    };
    let dims = [&[rows.len()], shape.dims()].concat();
    files::write(path, &write_npy(descr, &dims, bytes))
}

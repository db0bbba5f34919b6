//! `emberc infer`: samples in, outputs out.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use ember_codegen::interpret::run_float;
use ember_codegen::quantize::{dequantize_output, output_values};
use ember_import::Network;
use ember_ir::{Element, Graph, Tensor};

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
        true => model::read(&verify::judge_path(&args.network)?)?,
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
    if args.float {
        let values = dequantize_output(network, &outputs);
        return hand_over(args, &network.graph, "<f4", &values, f32::to_le_bytes);
    }
    let values = output_values(network, &outputs);
    let outputs = network.graph.outputs.iter();
    let mut elements = outputs.map(|&id| network.graph.tensor(id).element);
    match elements.all(|element| element == Element::Int8) {
        true => {
            let values: Vec<i8> = values.iter().map(|&value| value as i8).collect();
            hand_over(args, &network.graph, "|i1", &values, i8::to_le_bytes)
        }
        false => {
            let values: Vec<i16> = values.iter().map(|&value| value as i16).collect();
            hand_over(args, &network.graph, "<i2", &values, i16::to_le_bytes)
        }
    }
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
    if [Element::Int8, Element::Int16]
        .iter()
        .any(|&element| inputs.are_raw(element))
    {
        return Err(Error::usage(format!(
            "{}: the samples are integers as a device takes them, the model is in f32 and has no scale for them; \
             give real numbers (as float32), or samples with `--calibrate` to run the model in int8",
            args.input.display()
        )));
    }
    let graph = &network.graph;
    let from = &graph.tensor(graph.inputs[0]).shape;
    let values = inputs.values_for(input, from).map_err(Error::usage_of)?;
    let rows = values.chunks_exact(from.elements());
    let outputs: Vec<f32> = rows
        .flat_map(|row| {
            let mut tensors = run_float(network, row);
            let outputs = graph.outputs.iter();
            let outputs = outputs.map(|id| std::mem::take(&mut tensors[id.0]));
            outputs.collect::<Vec<_>>().concat()
        })
        .collect();
    hand_over(args, graph, "<f4", &outputs, f32::to_le_bytes)
}

/// Writes the file that was asked for, or prints a line per sample. Of several outputs each gets a file or a line
/// with its name. In `values` they lie one after the other, sample by sample.
fn hand_over<T: Debug + Copy, const N: usize>(
    args: &args::Infer,
    graph: &Graph,
    descr: &str,
    values: &[T],
    bytes: fn(T) -> [u8; N],
) -> Result<(), Error> {
    let tensors = graph.outputs.iter().map(|&id| graph.tensor(id));
    let tensors: Vec<&Tensor> = tensors.collect();
    let len = |tensor: &Tensor| tensor.shape.elements();
    let rows = values.chunks_exact(tensors.iter().map(|&tensor| len(tensor)).sum());
    // The values of an output in a sample.
    let part = |row: &[T], number: usize| {
        let before: usize = tensors[..number].iter().map(|&tensor| len(tensor)).sum();
        row[before..before + len(tensors[number])].to_vec()
    };
    let Some(path) = &args.output else {
        let mut text = String::new();
        for row in rows {
            for (number, tensor) in tensors.iter().enumerate() {
                let values = part(row, number);
                // As Debug, which writes tiny reals with an exponent.
                let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
                if tensors.len() > 1 {
                    text += &format!("{}: ", tensor.name);
                }
                text += &format!("{}\n", values.join(" "));
            }
        }
        return output::text(&text);
    };
    for (number, tensor) in tensors.iter().enumerate() {
        let dims = [&[rows.len()], tensor.shape.dims()].concat();
        let values = rows.clone().flat_map(|row| part(row, number));
        let values: Vec<u8> = values.flat_map(bytes).collect();
        let path = match tensors.len() {
            1 => path.clone(),
            _ => beside(path, &tensor.name),
        };
        files::write(&path, &write_npy(descr, &dims, &values))?;
    }
    Ok(())
}

/// `outputs.boxes.npy` for the output `boxes` of `outputs.npy`.
fn beside(path: &Path, name: &str) -> PathBuf {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().map(safe).collect();
    let kind = path.extension().unwrap_or_default().to_string_lossy();
    path.with_extension(format!("{name}.{kind}"))
}

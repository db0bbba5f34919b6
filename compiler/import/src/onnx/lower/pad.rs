//! Pad: zeros are taken over by the window behind it, another number is written where the value is read. Copies
//! of what the value has at its ends are gathered.

use super::movement::Stored;
use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::{EXPORT_AGAIN, Site};

pub(super) fn pad(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let rank = data.view.sizes().len();
    let mode = site.text("mode").unwrap_or("constant").to_owned();
    site.require(
        ["constant", "edge", "reflect", "wrap"].contains(&mode.as_str()),
        &format!("its mode is \"{}\"", mode.escape_debug()),
        "use constant, edge, reflect or wrap",
    )?;
    // Operands since opset 11.
    let given = match site.ints("pads") {
        Some(pads) => pads,
        None => site
            .constant(1, "list of pads")?
            .to_ints()
            .unwrap_or_default(),
    };
    let value = fill(site, &data)?;
    let axes = match site
        .optional(3, "list of axes")?
        .and_then(|axes| axes.to_ints())
    {
        None => (0..rank).collect(),
        Some(axes) => {
            let mut found = Vec::with_capacity(axes.len());
            for axis in axes {
                found.push(site.axis(axis, rank)?);
            }
            found
        }
    };
    let sizes: Vec<usize> = given
        .iter()
        .filter_map(|&pad| usize::try_from(pad).ok().filter(|&pad| pad <= 4096))
        .collect();
    site.require(
        sizes.len() == given.len() && sizes.len() == 2 * axes.len(),
        &format!("its pads are {given:?} for {} axes", axes.len()),
        "they must lie in 0…4096, two per axis",
    )?;
    site.require(
        value.is_finite(),
        "the number that it pads with is not finite",
        "pad with a finite number",
    )?;
    let mut pads = vec![[0; 2]; rank];
    for (index, &axis) in axes.iter().enumerate() {
        let Some(pad) = pads.get_mut(axis) else {
            site.problem("its axes are wrong", EXPORT_AGAIN);
            return None;
        };
        *pad = [sizes[index], sizes[axes.len() + index]];
    }
    if mode != "constant" {
        return copied(site, &data, &pads, &mode);
    }
    let value = Value::Activation(Data {
        view: data.view,
        pads,
        fill: value,
        exclusive: data.exclusive,
    });
    site.set(0, value)
}

/// The number that surrounds the value, as a real number.
fn fill(site: &mut Site<'_>, data: &Data) -> Option<f32> {
    let value = site.optional(2, "value")?;
    let value = value.map_or_else(
        || site.float("value", 0.0),
        |value| value.scalar().unwrap_or(f32::NAN),
    );
    let kind = site.operand(0).and_then(|name| site.to.integers.get(name));
    let Some(kind) = kind.copied() else {
        return Some(value);
    };
    // Among integers it is one of them.
    let quant = site.to.written_with(data.view.tensor);
    let (Some(quant), Some(integer)) = (quant, kind.to_int8(value as i64)) else {
        site.problem(
            format!("it pads integers with {value}"),
            "pad with a number of their type",
        );
        return None;
    };
    Some(quant.dequantize(integer))
}

/// Surrounds a value by copies of its own elements.
fn copied(site: &mut Site<'_>, data: &Data, pads: &[[usize; 2]], mode: &str) -> Option<()> {
    let mut stored = Stored::new(site, data)?;
    for (axis, &[before, after]) in pads.iter().enumerate() {
        if [before, after] == [0, 0] {
            continue;
        }
        let size = stored.sizes[axis];
        site.require(
            mode != "reflect" || before.max(after) < size,
            &format!("it reflects {before} and {after} elements of {size}"),
            "reflect fewer elements than the axis has",
        )?;
        let last = size.cast_signed() - 1;
        let indices = (0..before + size + after).map(|place| {
            let place = place.cast_signed() - before.cast_signed();
            let at = match mode {
                "reflect" => last - (last - place.abs()).abs(),
                "wrap" => place.rem_euclid(size.cast_signed()),
                _ => place.clamp(0, last),
            };
            at.cast_unsigned()
        });
        stored.gather(site, axis, indices.collect())?;
    }
    match stored.tensor == data.view.tensor {
        true => site.pass(data, data.view.clone()),
        false => site.write(stored.view(stored.tensor, &stored.sizes)),
    }
}

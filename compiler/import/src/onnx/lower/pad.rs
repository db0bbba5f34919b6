//! Pad: zeros are taken over by the window behind it; all else is written where the value is read.

use crate::onnx::lowering::{Data, Value};
use crate::onnx::site::{EXPORT_AGAIN, Site};

pub(super) fn pad(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let rank = data.view.sizes().len();
    let mode = site.text("mode").unwrap_or("constant").to_owned();
    site.require(
        mode == "constant",
        &format!("its mode is \"{}\"", mode.escape_debug()),
        "only padding with zeros is supported",
    )?;
    // Operands since opset 11.
    let given = match site.ints("pads") {
        Some(pads) => pads,
        None => site
            .constant(1, "list of pads")?
            .to_ints()
            .unwrap_or_default(),
    };
    let value = site.optional(2, "value")?;
    let value = value.map_or_else(
        || site.float("value", 0.0),
        |value| value.scalar().unwrap_or(f32::NAN),
    );
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
    let value = Value::Activation(Data {
        view: data.view,
        pads,
        fill: value,
        exclusive: data.exclusive,
    });
    site.set(0, value)
}

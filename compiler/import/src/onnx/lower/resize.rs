//! Resize: to the nearest element, which is a gathering along each axis, or linearly along height and width.

use ember_ir::{Coordinates, Op, Real, ResizeBilinear};

use super::movement::Stored;
use crate::onnx::lowering::Data;
use crate::onnx::site::{EXPORT_AGAIN, Site};

/// Largest size of an axis that is resized.
const LARGEST: usize = 1 << 16;

/// What becomes of an axis.
struct Target {
    axis: usize,
    size: usize,
    /// Output elements per input element, which need not be the ratio of the sizes.
    scale: f32,
}

pub(super) fn resize(site: &mut Site<'_>) -> Option<()> {
    let data = site.activation(0)?;
    let mode = site.text("mode").unwrap_or("nearest").to_owned();
    let keeps = site
        .text("keep_aspect_ratio_policy")
        .unwrap_or("stretch")
        .to_owned();
    site.require(
        ["nearest", "linear"].contains(&mode.as_str())
            && keeps == "stretch"
            && site.int("antialias", 0) == 0,
        &format!(
            "its mode is \"{}\", \"{}\"",
            mode.escape_debug(),
            keeps.escape_debug()
        ),
        "only stretching to the nearest element, or linearly without antialiasing, is supported",
    )?;
    let targets = targets(site, &data.view.sizes())?;
    match mode.as_str() {
        "linear" => linear(site, &data, &targets),
        _ => to_nearest(site, &data, &targets),
    }
}

/// The axes that change.
fn targets(site: &mut Site<'_>, from: &[usize]) -> Option<Vec<Target>> {
    let rank = from.len();
    let axes = match site.ints("axes") {
        Some(axes) => axes
            .iter()
            .map(|&axis| site.axis(axis, rank))
            .collect::<Option<Vec<_>>>()?,
        None => (0..rank).collect(),
    };
    let scales = site
        .optional(2, "list of scales")?
        .map(|list| list.to_floats());
    let scales = scales.filter(|scales| !scales.is_empty());
    let sizes = site
        .optional(3, "list of sizes")?
        .and_then(|list| list.to_ints());
    let mut targets = Vec::new();
    for (index, &axis) in axes.iter().enumerate() {
        let from = from[axis];
        let scale = scales
            .as_ref()
            .and_then(|scales| scales.get(index).copied());
        let size = sizes.as_ref().and_then(|sizes| sizes.get(index).copied());
        let (size, scale) = match (scale, size) {
            (Some(scale), _) => ((from as f32 * scale).floor() as usize, scale),
            (None, Some(size)) => {
                let size = usize::try_from(size).unwrap_or(0);
                (size, size as f32 / from as f32)
            }
            _ => (0, 0.0),
        };
        site.require(
            (1..=LARGEST).contains(&size) && scale.is_normal(),
            "its scales or sizes are missing or out of range",
            EXPORT_AGAIN,
        )?;
        if size != from || scale != 1.0 {
            targets.push(Target { axis, size, scale });
        }
    }
    Some(targets)
}

fn to_nearest(site: &mut Site<'_>, data: &Data, targets: &[Target]) -> Option<()> {
    let mut stored = Stored::new(site, data)?;
    for target in targets {
        let from = stored.sizes[target.axis];
        let ends = (from as f32, target.size as f32);
        let indices = (0..target.size).map(|x| nearest(site, x as f32, ends, target.scale));
        let indices = indices.collect::<Option<Vec<_>>>()?;
        stored.gather(site, target.axis, indices)?;
    }
    let view = stored.view(stored.tensor, &stored.sizes);
    match view.tensor == data.view.tensor {
        true => site.pass(data, view),
        false => site.write(view),
    }
}

fn linear(site: &mut Site<'_>, data: &Data, targets: &[Target]) -> Option<()> {
    let rank = data.view.sizes().len();
    site.require(
        matches!(rank, 3 | 4) && targets.iter().all(|target| target.axis >= 2),
        "it is linear along an axis that is neither height nor width",
        "only N×C×H×W and N×C×T are supported",
    )?;
    let mode = site
        .text("coordinate_transformation_mode")
        .unwrap_or("half_pixel")
        .to_owned();
    let coordinates = match mode.as_str() {
        "half_pixel" | "pytorch_half_pixel" => Coordinates::HalfPixel,
        "asymmetric" => Coordinates::Asymmetric,
        "align_corners" => Coordinates::AlignCorners,
        other => {
            let what = format!("its coordinates are \"{}\"", other.escape_debug());
            site.problem(what, "use half_pixel, asymmetric or align_corners");
            return None;
        }
    };
    let mut data = data.clone();
    if mode == "pytorch_half_pixel" {
        // A single element is the first one.
        let mut stored = Stored::new(site, &data)?;
        for target in targets.iter().filter(|target| target.size == 1) {
            stored.gather(site, target.axis, vec![0])?;
        }
        data = Data::new(stored.view(stored.tensor, &stored.sizes), false);
    }
    let image = site.image(&data)?;
    let mut size = image.size;
    let mut steps = [1.0; 2];
    let mut is_given = false;
    for target in targets {
        let axis = target.axis - 2 + (4 - rank);
        let from = image.size[axis] as f32;
        size[axis] = target.size;
        // The sizes' own ratio is the more exact one.
        is_given |= target.size as f32 != from * target.scale;
        // Corners are those of a size that need not be whole.
        let ratio = match coordinates {
            Coordinates::AlignCorners => (from - 1.0) / (from * target.scale - 1.0),
            Coordinates::Asymmetric | Coordinates::HalfPixel => 1.0 / target.scale,
        };
        // With one element on either side any step does.
        let any = from == 1.0 || target.size == 1 && coordinates == Coordinates::AlignCorners;
        steps[axis] = if any { 1.0 / target.size as f32 } else { ratio };
    }
    let step = is_given.then_some(steps.map(Real::new));
    let op = ResizeBilinear {
        size,
        coordinates: match (coordinates, step) {
            (Coordinates::AlignCorners, Some(_)) => Coordinates::Asymmetric,
            (coordinates, _) => coordinates,
        },
        step,
    };
    let output = site.add(Op::ResizeBilinear(op), &[image.tensor], None)?;
    site.write(image.view(output, size, image.channels))
}

/// The element that an output coordinate shows, as ONNX defines it.
fn nearest(site: &mut Site<'_>, x: f32, (from, to): (f32, f32), scale: f32) -> Option<usize> {
    let coordinates = site
        .text("coordinate_transformation_mode")
        .unwrap_or("half_pixel");
    let at = match coordinates {
        "half_pixel" => (x + 0.5) / scale - 0.5,
        "pytorch_half_pixel" if to > 1.0 => (x + 0.5) / scale - 0.5,
        "pytorch_half_pixel" => 0.0,
        "asymmetric" => x / scale,
        "align_corners" if to > 1.0 => x * (from - 1.0) / (to - 1.0),
        "align_corners" => 0.0,
        other => {
            let what = format!("its coordinates are \"{}\"", other.escape_debug());
            site.problem(what, "use half_pixel, asymmetric or align_corners");
            return None;
        }
    };
    let at = match site.text("nearest_mode").unwrap_or("round_prefer_floor") {
        "round_prefer_floor" => (at - 0.5).ceil(),
        "round_prefer_ceil" => (at + 0.5).floor(),
        "floor" => at.floor(),
        "ceil" => at.ceil(),
        other => {
            let what = format!("its nearest_mode is \"{}\"", other.escape_debug());
            site.problem(what, "use one of ONNX's");
            return None;
        }
    };
    // The cast saturates at zero.
    Some((at.min(from - 1.0)) as usize)
}

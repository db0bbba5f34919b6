//! Attributes of the operators that move elements.

use super::attributes::Attributes;
use crate::{
    Concat, Coordinates, DepthToSpace, Gather, MirrorPad, Move, Pad, Real, ResizeNearest, Slice,
    SpaceToDepth, Transpose,
};

/// The attributes that differ from their defaults, in the order they are written.
pub(super) fn attributes(op: &Move) -> Vec<(&'static str, String)> {
    match op {
        Move::Pad(op) => {
            let mut out = vec![("before", list(&op.before)), ("after", list(&op.after))];
            if op.fill != Real::new(0.0) {
                out.push(("value", op.fill.to_string()));
            }
            out
        }
        Move::MirrorPad(op) => {
            let mode = if op.symmetric { "symmetric" } else { "reflect" };
            vec![
                ("before", list(&op.before)),
                ("after", list(&op.after)),
                ("mode", mode.to_owned()),
            ]
        }
        Move::Transpose(op) => vec![("perm", list(&op.permutation))],
        Move::Slice(op) => {
            let mut out = vec![("begin", list(&op.begin)), ("size", list(&op.size))];
            if op.step.iter().any(|&step| step != 1) {
                out.push(("step", list(&op.step)));
            }
            out
        }
        Move::Concat(op) => vec![("axis", op.axis.to_string())],
        Move::Gather(op) => vec![
            ("axis", op.axis.to_string()),
            ("indices", list(&op.indices)),
        ],
        Move::SpaceToDepth(op) => vec![("block", op.block.to_string())],
        Move::DepthToSpace(op) => vec![("block", op.block.to_string())],
        Move::ResizeNearest(op) => {
            let mut out = vec![("size", format!("{}x{}", op.size[0], op.size[1]))];
            out.extend(coordinates(op.coordinates));
            out
        }
    }
}

/// How coordinates correspond, if not in the usual way.
pub(super) fn coordinates(coordinates: Coordinates) -> Option<(&'static str, String)> {
    match coordinates {
        Coordinates::Asymmetric => None,
        Coordinates::HalfPixel => Some(("coordinates", "half_pixel".into())),
        Coordinates::AlignCorners => Some(("coordinates", "align_corners".into())),
    }
}

/// How coordinates correspond.
pub(super) fn parse_coordinates(from: &mut Attributes<'_>) -> Result<Coordinates, String> {
    match from.take("coordinates") {
        None | Some("asymmetric") => Ok(Coordinates::Asymmetric),
        Some("half_pixel") => Ok(Coordinates::HalfPixel),
        Some("align_corners") => Ok(Coordinates::AlignCorners),
        Some(other) => Err(format!(
            "coordinates={other}; it must be asymmetric, half_pixel or align_corners"
        )),
    }
}

/// `1,0,2`.
pub(super) fn list(numbers: &[impl ToString]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(",")
}

/// The operator of this name, or `None` if it is another kind of operator.
pub(super) fn parse(name: &str, from: &mut Attributes<'_>) -> Result<Option<Move>, String> {
    Ok(Some(match name {
        "pad" => Move::Pad(Pad {
            before: from.list("before")?,
            after: from.list("after")?,
            fill: Real::new(from.number("value")?.unwrap_or(0.0)),
        }),
        "mirror_pad" => Move::MirrorPad(MirrorPad {
            before: from.list("before")?,
            after: from.list("after")?,
            symmetric: match from.take("mode") {
                Some("symmetric") => true,
                Some("reflect") => false,
                _ => return Err("mirror_pad needs mode=symmetric or mode=reflect".into()),
            },
        }),
        "transpose" => Move::Transpose(Transpose {
            permutation: from.list("perm")?,
        }),
        "slice" => {
            let begin: Vec<usize> = from.list("begin")?;
            Move::Slice(Slice {
                step: from.optional_list("step")?.unwrap_or(vec![1; begin.len()]),
                begin,
                size: from.list("size")?,
            })
        }
        "concat" => Move::Concat(Concat {
            axis: from.required("axis")?,
        }),
        "gather" => Move::Gather(Gather {
            axis: from.required("axis")?,
            indices: from.list("indices")?,
        }),
        "space_to_depth" => Move::SpaceToDepth(SpaceToDepth {
            block: from.required("block")?,
        }),
        "depth_to_space" => Move::DepthToSpace(DepthToSpace {
            block: from.required("block")?,
        }),
        "resize_nearest" => Move::ResizeNearest(ResizeNearest {
            size: from.pair("size")?.ok_or("size=HEIGHTxWIDTH is missing")?,
            coordinates: parse_coordinates(from)?,
        }),
        _ => return Ok(None),
    }))
}

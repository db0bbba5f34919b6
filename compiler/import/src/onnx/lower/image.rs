//! Values with channels first as the IR's images with channels last, and the windows over them.

use ember_ir::{Padding, Shape, TensorId, Window2d};

use crate::onnx::lowering::Data;
use crate::onnx::site::{EXPORT_AGAIN, Site};
use crate::onnx::view::View;

/// Largest kernel, stride, dilation and padding; beyond it lies no real model.
pub(super) const LARGEST: usize = 4096;

/// A value N×C×H×W or N×C×T.
pub(super) struct Image {
    pub tensor: TensorId,
    /// Height and width; the height of a series is 1.
    pub size: [usize; 2],
    pub channels: usize,
    /// 1 or 2 spatial axes.
    pub axes: usize,
    /// Zeros around it that no node has written yet: before and after, per axis.
    pub pads: [[usize; 2]; 2],
}

impl Image {
    /// The dimensions of a result of this size.
    pub fn view(&self, tensor: TensorId, size: [usize; 2], channels: usize) -> View {
        let dims = [&[1, channels], &size[2 - self.axes..]].concat();
        View::stored(tensor, &dims, order(self.axes))
    }
}

/// Channels last.
fn order(axes: usize) -> &'static [usize] {
    match axes {
        1 => &[0, 2, 1],
        _ => &[0, 2, 3, 1],
    }
}

impl Site<'_> {
    /// An operand as an image.
    pub(super) fn image(&mut self, data: &Data) -> Option<Image> {
        let sizes = data.view.sizes();
        let axes = sizes.len().wrapping_sub(2);
        self.require(
            matches!(axes, 1 | 2),
            &format!("its input has {} axes", sizes.len()),
            "only N×C×H×W and N×C×T are supported",
        )?;
        self.require(
            sizes[0] == 1,
            &format!("its input is a batch of {}", sizes[0]),
            "export the model for a batch of 1",
        )?;
        let [height, width] = [if axes == 1 { 1 } else { sizes[2] }, sizes[axes + 1]];
        let name = self.name();
        let shape = Shape::from([height, width, sizes[1]]);
        let tensor = self.to.stored(&name, &data.view, order(axes), shape);
        let mut pads = [[0; 2]; 2];
        if !data.pads.is_empty() {
            pads[2 - axes..].copy_from_slice(&data.pads[2..]);
        }
        Some(Image {
            tensor: self.check(tensor)?,
            size: [height, width],
            channels: sizes[1],
            axes,
            pads,
        })
    }

    /// The window that this node's attributes describe over an image.
    pub(super) fn window(&mut self, image: &Image, kernel: &[usize]) -> Option<Window2d> {
        self.require(
            kernel.len() == image.axes,
            &format!(
                "its kernel has {} axes, its input {}",
                kernel.len(),
                image.axes
            ),
            EXPORT_AGAIN,
        )?;
        let kernel = pair(kernel, 1);
        let stride = self.sizes("strides", image.axes)?;
        let dilation = self.sizes("dilations", image.axes)?;
        for size in kernel.iter().chain(&stride).chain(&dilation) {
            self.require(
                (1..=LARGEST).contains(size),
                &format!("its kernel, strides or dilations contain {size}"),
                "they must lie in 1…4096",
            )?;
        }
        let mut window = Window2d {
            dilation,
            ..Window2d::valid(kernel, stride)
        };
        let is_padded = image.pads.iter().any(|pads| *pads != [0, 0]);
        let auto_pad = self.text("auto_pad").unwrap_or("NOTSET").to_owned();
        match auto_pad.as_str() {
            "SAME_UPPER" | "SAME_LOWER" if !is_padded => {
                window = window.with_same_padding(image.size);
                let Padding {
                    top,
                    bottom,
                    left,
                    right,
                } = window.padding;
                if auto_pad == "SAME_LOWER" {
                    window.padding = Padding {
                        top: bottom,
                        bottom: top,
                        left: right,
                        right: left,
                    };
                }
            }
            "VALID" | "NOTSET" => {
                let explicit = match (auto_pad.as_str(), self.ints("pads")) {
                    ("NOTSET", Some(pads)) => self.pads(&pads, image.axes)?,
                    _ => [[0; 2]; 2],
                };
                let [vertical, horizontal] = [0, 1]
                    .map(|axis| [0, 1].map(|end| explicit[axis][end] + image.pads[axis][end]));
                window.padding = Padding {
                    top: vertical[0],
                    bottom: vertical[1],
                    left: horizontal[0],
                    right: horizontal[1],
                };
            }
            other => {
                self.problem(
                    format!(
                        "its auto_pad is \"{}\"{}",
                        other.escape_debug(),
                        if is_padded { " behind a Pad" } else { "" }
                    ),
                    "use explicit pads",
                );
                return None;
            }
        }
        Some(window)
    }

    /// Positive sizes, one per spatial axis; 1 where the attribute is missing.
    pub(super) fn sizes(&mut self, name: &str, axes: usize) -> Option<[usize; 2]> {
        let Some(values) = self.ints(name) else {
            return Some([1, 1]);
        };
        let sizes: Vec<usize> = values
            .iter()
            .map(|&value| usize::try_from(value).unwrap_or(0))
            .collect();
        self.require(
            sizes.len() == axes,
            &format!("its {name} are {values:?} for {axes} axes"),
            EXPORT_AGAIN,
        )?;
        Some(pair(&sizes, 1))
    }

    /// Padding in ONNX's order: all beginnings, then all ends.
    pub(super) fn pads(&mut self, pads: &[i64], axes: usize) -> Option<[[usize; 2]; 2]> {
        let sizes: Vec<usize> = pads
            .iter()
            .filter_map(|&pad| usize::try_from(pad).ok().filter(|&pad| pad <= LARGEST))
            .collect();
        self.require(
            sizes.len() == pads.len() && pads.len() == 2 * axes,
            &format!("its pads are {pads:?} for {axes} axes"),
            "they must lie in 0…4096, two per axis",
        )?;
        let mut result = [[0; 2]; 2];
        for axis in 0..axes {
            result[2 - axes + axis] = [sizes[axis], sizes[axes + axis]];
        }
        Some(result)
    }

    /// The attribute `kernel_shape`.
    pub(super) fn kernel_shape(&mut self) -> Option<Vec<usize>> {
        let kernel = self.ints("kernel_shape").unwrap_or_default();
        let sizes: Vec<usize> = kernel
            .iter()
            .filter_map(|&size| usize::try_from(size).ok())
            .collect();
        self.require(
            !sizes.is_empty() && sizes.len() == kernel.len(),
            "its kernel_shape is missing or negative",
            EXPORT_AGAIN,
        )?;
        Some(sizes)
    }
}

/// Height and width; the height of a series is given.
fn pair(sizes: &[usize], height: usize) -> [usize; 2] {
    match sizes {
        [width] => [height, *width],
        _ => [sizes[0], sizes[1]],
    }
}

//! Sliding windows: strides, dilations and the two padding schemes.

use ember_ir::{Shape, Window2d};

use super::site::{EXPORT_AGAIN, Site};
use crate::tflite::flatbuffer::{Field, Table};

/// Largest kernel, stride and dilation; beyond it lies no real model.
const LARGEST: usize = 4096;

/// The schema's fields of a window; each operator numbers them differently.
pub(super) struct WindowFields {
    pub padding: Field,
    /// Height, width.
    pub stride: [Field; 2],
    /// Height, width.
    pub dilation: Option<[Field; 2]>,
}

impl Site<'_, '_> {
    /// A pair of positive attributes.
    pub fn pair(&mut self, what: &str, fields: [Field; 2], default: i32) -> Option<[usize; 2]> {
        let values = fields.map(|field| self.attribute(field, default, Table::i32));
        let [Some(height), Some(width)] = values else {
            return None;
        };
        let [Some(h), Some(w)] = [height, width].map(|value| {
            usize::try_from(value)
                .ok()
                .filter(|value| (1..=LARGEST).contains(value))
        }) else {
            self.problem(
                format!("its {what} is {height}×{width}, it must lie in 1…{LARGEST}"),
                EXPORT_AGAIN,
            );
            return None;
        };
        Some([h, w])
    }

    /// The window of `kernel` taps on an input of this shape.
    pub fn window(
        &mut self,
        fields: &WindowFields,
        kernel: [usize; 2],
        input: &Shape,
    ) -> Option<Window2d> {
        let stride = self.pair("stride", fields.stride, 0);
        let dilation = match fields.dilation {
            Some(fields) => self.pair("dilation", fields, 1),
            None => Some([1, 1]),
        };
        let padding = self.attribute(fields.padding, 0, Table::i8);
        let Some([height, width, _]) = input.hwc() else {
            self.problem(
                format!("its input is {input}, it must be HxWxC"),
                "reshape it to batch, height, width, channels",
            );
            return None;
        };
        if kernel.iter().any(|&taps| taps > LARGEST) {
            let what = format!(
                "its kernel is {}×{}, at most {LARGEST}",
                kernel[0], kernel[1]
            );
            self.problem(what, EXPORT_AGAIN);
            return None;
        }
        let window = Window2d {
            dilation: dilation?,
            ..Window2d::valid(kernel, stride?)
        };
        match padding? {
            0 => Some(window.with_same_padding([height, width])),
            1 => Some(window),
            other => {
                self.problem(
                    format!("its padding scheme {other} does not exist"),
                    EXPORT_AGAIN,
                );
                None
            }
        }
    }
}

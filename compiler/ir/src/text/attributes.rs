//! `key=value` attributes of a line, taken out one by one and read as what they must be.

use std::collections::BTreeMap;

use crate::{Real, Shape};

/// What is left over is unknown.
pub(super) struct Attributes<'a>(pub BTreeMap<&'a str, &'a str>);

impl<'a> Attributes<'a> {
    /// Removes an attribute that is true or false; false if it is missing.
    pub(super) fn flag(&mut self, key: &str) -> Result<bool, String> {
        match self.take(key) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(format!("{key}={other}; it must be true or false")),
        }
    }

    /// Removes and returns an attribute.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a str> {
        self.0.remove(key)
    }

    /// Removes an attribute and reads it as a number of any type.
    pub(super) fn number<T: std::str::FromStr>(&mut self, key: &str) -> Result<Option<T>, String> {
        let Some(text) = self.take(key) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(format!("{key}={text} is not a number that fits here")),
        }
    }

    /// Removes an attribute and reads it as numbers with commas in between.
    pub(super) fn optional_list<T: std::str::FromStr>(
        &mut self,
        key: &str,
    ) -> Result<Option<Vec<T>>, String> {
        let Some(text) = self.take(key) else {
            return Ok(None);
        };
        let numbers: Option<Vec<T>> = text.split(',').map(|number| number.parse().ok()).collect();
        match numbers {
            Some(numbers) => Ok(Some(numbers)),
            None => Err(format!("{key}={text}; it must be numbers such as 1,0,2")),
        }
    }

    /// As [`Self::optional_list`], for an attribute that must be there.
    pub(super) fn list<T: std::str::FromStr>(&mut self, key: &str) -> Result<Vec<T>, String> {
        self.optional_list(key)?
            .ok_or_else(|| format!("{key}=… is missing"))
    }

    pub(super) fn required(&mut self, key: &str) -> Result<usize, String> {
        self.number(key)?
            .ok_or_else(|| format!("{key}=… is missing"))
    }

    pub(super) fn real(&mut self, key: &str) -> Result<Real, String> {
        self.number(key)?
            .map(Real::new)
            .ok_or_else(|| format!("{key}=… is missing"))
    }

    pub(super) fn pair(&mut self, key: &str) -> Result<Option<[usize; 2]>, String> {
        let Some(text) = self.take(key) else {
            return Ok(None);
        };
        let pair = text
            .split_once('x')
            .and_then(|(h, w)| Some([h.parse().ok()?, w.parse().ok()?]));
        pair.map(Some)
            .ok_or_else(|| format!("{key}={text}; it must be HEIGHTxWIDTH, such as 3x3"))
    }
}

/// `8x8x1` → shape.
pub(super) fn parse_shape(text: &str) -> Result<Shape, String> {
    let dims: Option<Vec<usize>> = text.split('x').map(|dim| dim.parse().ok()).collect();
    dims.map(Shape::new)
        .ok_or_else(|| format!("'{text}' is not a shape; write 8x8x1"))
}

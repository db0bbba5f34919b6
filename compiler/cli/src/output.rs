//! stdout: results and nothing else.

use std::io::Write as _;

use serde::Serialize;

use crate::Error;

/// Prints text.
pub(crate) fn text(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        // Whoever reads has seen enough (`emberc boards | head`).
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| Error::tool(format!("cannot print: {error}"))),
    }
}

/// Prints one JSON object.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Error> {
    // Straight to text: a `Value` in between would spell f32 with the digits of f64.
    let mut object = serde_json::to_string_pretty(value)
        .unwrap_or_else(|error| panic!("BUG: results are always JSON: {error}"));
    object.push('\n');
    text(&object)
}

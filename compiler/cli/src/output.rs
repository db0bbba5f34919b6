//! stdout: results and nothing else.

use std::io::Write as _;

use serde_json::Value;

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
pub(crate) fn json(value: &Value) -> Result<(), Error> {
    let mut line = format!("{value:#}");
    line.push('\n');
    text(&line)
}

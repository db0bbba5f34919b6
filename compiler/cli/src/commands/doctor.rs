//! `emberc doctor`.

use crate::{Error, device, output};

/// Prints what building and emulating need, and what of it is missing.
///
/// # Errors
/// With exit code 3 if something that is needed is missing.
pub fn doctor(as_json: bool) -> Result<(), Error> {
    let diagnosis = device::doctor();
    if as_json {
        output::json(&diagnosis.json())?;
    } else {
        output::text(&diagnosis.text())?;
    }
    if diagnosis.is_healthy() { Ok(()) } else { Err(Error::tool("something that is needed is missing; see above")) }
}

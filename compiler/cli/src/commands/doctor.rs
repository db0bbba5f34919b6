//! `emberc doctor`.

use serde_json::json;

use crate::device::doctor::{Check, check};
use crate::{Error, boards, output};

/// Prints what building and emulating need, and how to get what is missing.
///
/// # Errors
/// With exit code 3 if something that is needed is missing.
pub fn doctor(as_json: bool) -> Result<(), Error> {
    let checks = check(&boards::all());
    let is_healthy = checks.iter().all(|check| check.ok || !check.required);
    if as_json {
        output::json(&json!({ "ok": is_healthy, "checks": checks }))?;
    } else {
        output::text(&checks.iter().map(line).collect::<String>())?;
    }
    if is_healthy {
        Ok(())
    } else {
        Err(Error::tool(
            "something that is needed is missing; how to get it is said above",
        ))
    }
}

fn line(check: &Check) -> String {
    let mark = match (check.ok, check.required) {
        (true, _) => "ok",
        (false, true) => "MISSING",
        (false, false) => "not here",
    };
    let mut text = format!("  {mark:<8} {:<34} {}\n", check.name, check.found);
    if let Some(fix) = check.fix.as_ref().filter(|_| !check.ok) {
        text.push_str(&format!("           to get it: {fix}\n"));
    }
    text
}

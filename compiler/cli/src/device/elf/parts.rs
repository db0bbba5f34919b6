//! Who takes the room in flash, told by the symbols' names.

use std::fmt;

use serde::Serialize;

/// Who takes the room in flash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The vector table and the start-up code.
    Startup,
    /// The kernels, and what they call of the runtime.
    Model,
    /// The model's own functions: the calls of its layers, where they were not inlined.
    Calls,
    /// Weights, biases, multipliers and tables.
    Constants,
    /// The firmware around it: transport, measurement, faults.
    Firmware,
    /// The compiler's support routines: copying, filling, long arithmetic.
    Compiler,
    /// What has no name: literals, alignment.
    Unnamed,
}

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Part::Startup => "vector table, start-up",
            Part::Model => "layers",
            Part::Calls => "calls of the layers",
            Part::Constants => "weights and constants",
            Part::Firmware => "transport, measurement",
            Part::Compiler => "compiler's routines",
            Part::Unnamed => "literals, alignment",
        })
    }
}

/// A function or constant in flash.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Symbol {
    /// Its path, without the hash.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Whom it belongs to.
    pub part: Part,
}

/// Whom a name belongs to. A method of a trait is named `<Type as Trait>::method`.
pub(super) fn part_of(name: &str, crate_name: &str) -> Part {
    let path = name.trim_start_matches('<');
    let is_of = |krate: &str| {
        path.strip_prefix(krate)
            .is_some_and(|rest| rest.starts_with("::"))
    };
    if path
        .strip_prefix(crate_name)
        .is_some_and(|rest| rest.starts_with("::params::"))
    {
        Part::Constants
    } else if is_of("ember_runtime") {
        Part::Model
    } else if is_of(crate_name) {
        Part::Calls
    } else if is_of("ember_board") || is_of("firmware") || path.starts_with("bench_") {
        Part::Firmware
    } else if path.starts_with("__aeabi_") || is_of("compiler_builtins") || path.starts_with("mem")
    {
        Part::Compiler
    } else if is_startup(path) {
        Part::Startup
    } else {
        Part::Firmware
    }
}

/// Names of cortex-m-rt.
fn is_startup(name: &str) -> bool {
    [
        "__EXCEPTIONS",
        "__INTERRUPTS",
        "__RESET_VECTOR",
        "Reset",
        "HardFaultTrampoline",
        "DefaultPreInit",
        "main",
    ]
    .contains(&name)
        || name.starts_with("cortex_m_rt::")
}

//! `emberc bench`: what an inference costs, measured.

use serde_json::{Value, json};

use crate::pipeline::Report;
use crate::pipeline::report::thousands;
use crate::{Error, output};

/// Prints the figures.
pub fn bench(report: &Report, as_json: bool) -> Result<(), Error> {
    if as_json {
        output::json(&object(report))
    } else {
        output::text(&table(report))
    }
}

fn object(report: &Report) -> Value {
    json!({
        "board": report.board,
        "instructions": report.instructions,
        "macs": report.macs,
        "instructions_per_mac": per_mac(report),
        "arena_bytes": report.arena_linked_bytes,
        "stack_bytes": report.stack_bytes,
        "ram_static_bytes": report.ram_static_bytes,
        "weight_bytes": report.constants_linked_bytes,
        "code_bytes": report.flash_linked_bytes.saturating_sub(report.constants_linked_bytes),
        "flash_bytes": report.flash_linked_bytes,
        "samples": report.samples,
        "samples_equal": report.samples_equal,
    })
}

fn table(report: &Report) -> String {
    let code = report
        .flash_linked_bytes
        .saturating_sub(report.constants_linked_bytes);
    let number =
        |number: Option<u64>| number.map_or("not measured".into(), |n| thousands(n as usize));
    let rows = [
        ("board", report.board.clone()),
        ("instructions per inference", number(report.instructions)),
        ("multiply-accumulates", thousands(report.macs as usize)),
        (
            "instructions per MAC",
            per_mac(report).map_or("not measured".into(), |x| format!("{x:.2}")),
        ),
        ("arena bytes", thousands(report.arena_linked_bytes)),
        (
            "stack bytes, measured",
            report.stack_bytes.map_or("not measured".into(), thousands),
        ),
        (
            "weight and constant bytes",
            thousands(report.constants_linked_bytes),
        ),
        ("code bytes, all else", thousands(code)),
        ("samples run", thousands(report.samples)),
    ];
    rows.iter()
        .map(|(name, value)| format!("  {name:<28} {value:>12}\n"))
        .collect()
}

fn per_mac(report: &Report) -> Option<f64> {
    Some(report.instructions? as f64 / report.macs.max(1) as f64)
}

//! The arena over time: steps from left to right, addresses from bottom to top, a rectangle for each
//! tensor from the step that makes it to its last reader, and grey ones for scratch.

use std::fmt::Write as _;

use ember_codegen::plan::{Plan, lives, scratch};
use ember_ir::Graph;

use super::markup::{escaped, short};
use crate::pipeline::report::thousands;

const LEFT: f64 = 52.0;
const TOP: f64 = 14.0;
const HEIGHT: f64 = 300.0;
/// Room below for names, which are turned.
const BOTTOM: f64 = 92.0;
const STEP_WIDTH: f64 = 58.0;

/// The drawing.
pub(super) fn draw(graph: &Graph, plan: &Plan) -> String {
    let steps = plan.order.len() + 1;
    let width = LEFT + STEP_WIDTH * steps as f64 + 30.0;
    let height = TOP + HEIGHT + BOTTOM;
    let bytes = plan.arena_bytes.max(1) as f64;
    let y = |address: usize| TOP + HEIGHT * (1.0 - address as f64 / bytes);
    let x = |step: usize| LEFT + STEP_WIDTH * step as f64;
    // Writing to a string cannot fail.
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg class=\"fixed\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"memory over time\">"
    );
    for quarter in 0..=4 {
        let address = plan.arena_bytes * quarter / 4;
        let at = y(address);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.0}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            x(steps),
            LEFT - 6.0,
            at + 4.0,
            short(address as f64)
        );
    }
    for (position, &node) in plan.order.iter().enumerate() {
        for region in scratch(plan, node) {
            let about = format!(
                "scratch of {}: {} bytes at {}",
                graph.node_name(&graph.nodes[node]),
                thousands(region.bytes),
                region.offset
            );
            let _ = writeln!(
                svg,
                "<rect class=\"scratch\" x=\"{:.0}\" y=\"{:.1}\" width=\"{STEP_WIDTH}\" \
                 height=\"{:.1}\"><title>{}</title></rect>",
                x(position + 1),
                y(region.end()),
                y(region.offset) - y(region.end()),
                escaped(&about)
            );
        }
    }
    let lives = lives(graph, plan);
    let taken = lives
        .iter()
        .filter(|life| plan.regions[life.tensor.0].bytes > 0);
    for (index, life) in taken.enumerate() {
        let region = plan.regions[life.tensor.0];
        let tensor = graph.tensor(life.tensor);
        let (from, to) = (x(life.first), x(life.last + 1));
        let (top, tall) = (y(region.end()), y(region.offset) - y(region.end()));
        let about = format!(
            "{} {}: {} bytes at {}",
            tensor.name,
            tensor.shape,
            thousands(region.bytes),
            region.offset
        );
        let _ = writeln!(
            svg,
            "<rect x=\"{:.0}\" y=\"{top:.1}\" width=\"{:.0}\" height=\"{:.1}\" rx=\"2\" \
             style=\"fill: var(--c{}); fill-opacity: 0.82\"><title>{}</title></rect>",
            from + 1.0,
            to - from - 2.0,
            tall.max(1.0),
            index % 6,
            escaped(&about)
        );
        let fits = (to - from - 8.0) / 6.4;
        if tall > 13.0 && fits >= 3.0 {
            let _ = writeln!(
                svg,
                "<text class=\"on\" x=\"{:.0}\" y=\"{:.1}\" pointer-events=\"none\">{}</text>",
                from + 5.0,
                top + 0.5 * tall + 4.0,
                escaped(&tensor.name.chars().take(fits as usize).collect::<String>())
            );
        }
    }
    let names = plan.order.iter().map(|&n| graph.node_name(&graph.nodes[n]));
    for (step, name) in std::iter::once("(input)").chain(names).enumerate() {
        let (at, below) = (x(step) + 0.5 * STEP_WIDTH, TOP + HEIGHT + 12.0);
        let _ = writeln!(
            svg,
            "<text transform=\"translate({at:.0} {below:.0}) rotate(-45)\" text-anchor=\"end\">{}</text>",
            escaped(&name.chars().take(16).collect::<String>())
        );
    }
    svg.push_str("</svg>\n");
    svg
}

//! Points and lines in a frame with two axes.

use std::fmt::Write as _;

use super::markup::{escaped, short};

const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 12.0;
/// The vertical axis' name stands above the frame.
const TOP: f64 = 26.0;
const BOTTOM: f64 = 38.0;

/// A point of a plot.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
    /// A class of the style sheet.
    pub class: &'static str,
    /// Shown when the reader points at it.
    pub about: String,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    pub x_name: String,
    pub y_name: String,
    /// Later ones lie over earlier ones.
    pub points: Vec<Point>,
    /// A line through these, from left to right.
    pub line: Vec<[f64; 2]>,
    /// A vertical line, if it is in sight.
    pub limit: Option<f64>,
    /// Width over height, relative to the usual.
    pub wide: f64,
}

/// The plot as SVG.
pub(super) fn draw(plot: &Plot) -> String {
    let width = WIDTH * plot.wide;
    let [x, y] = [
        Axis::new(plot.points.iter().map(|p| p.x), [LEFT, width - RIGHT]),
        Axis::new(plot.points.iter().map(|p| p.y), [HEIGHT - BOTTOM, TOP]),
    ];
    // Writing to a string cannot fail.
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg viewBox=\"0 0 {width:.0} {HEIGHT:.0}\" role=\"img\" aria-label=\"{} against {}\">",
        escaped(&plot.y_name),
        escaped(&plot.x_name)
    );
    let [bottom, right] = [HEIGHT - BOTTOM, width - RIGHT];
    for tick in &y.ticks {
        let at = y.at(*tick);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            short(*tick)
        );
    }
    for tick in &x.ticks {
        let at = x.at(*tick);
        let _ = writeln!(
            svg,
            "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{bottom:.1}\" y2=\"{:.1}\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 4.0,
            bottom + 16.0,
            short(*tick)
        );
    }
    let _ = writeln!(
        svg,
        "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right:.1}\" y1=\"{bottom:.1}\" y2=\"{bottom:.1}\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
         <text x=\"4\" y=\"12\">{}</text>",
        (LEFT + right) / 2.0,
        HEIGHT - 6.0,
        escaped(&plot.x_name),
        escaped(&plot.y_name)
    );
    if let Some(limit) = plot.limit.filter(|&limit| limit <= x.range[1]) {
        let at = x.at(limit);
        let _ = writeln!(
            svg,
            "<line class=\"limit\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom:.1}\">\
             <title>limit</title></line>"
        );
    }
    if !plot.line.is_empty() {
        let corners: Vec<String> = plot
            .line
            .iter()
            .map(|&[px, py]| format!("{:.1},{:.1}", x.at(px), y.at(py)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline class=\"frontline\" points=\"{}\"/>",
            corners.join(" ")
        );
    }
    for point in &plot.points {
        let radius = match point.class {
            "chosen" => 6.0,
            "front" => 4.0,
            _ => 3.0,
        };
        let _ = writeln!(
            svg,
            "<circle class=\"{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\"><title>{}</title></circle>",
            point.class,
            x.at(point.x),
            y.at(point.y),
            escaped(&point.about)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// From values to coordinates.
struct Axis {
    range: [f64; 2],
    pixels: [f64; 2],
    ticks: Vec<f64>,
}

impl Axis {
    fn new(values: impl Iterator<Item = f64>, pixels: [f64; 2]) -> Self {
        let [mut low, mut high] = [f64::MAX, f64::MIN];
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            [low, high] = [0.0, 1.0];
        }
        if high - low < 1e-9 {
            [low, high] = [low - 0.5, high + 0.5];
        }
        let margin = 0.06 * (high - low);
        // Sizes and accuracies are not negative.
        let range = [(low - margin).max(0.0f64.min(low)), high + margin];
        let step = step((range[1] - range[0]) / 5.0);
        let first = (range[0] / step).ceil() as i64;
        let last = (range[1] / step).floor() as i64;
        let ticks = (first..=last).map(|tick| tick as f64 * step).collect();
        Self {
            range,
            pixels,
            ticks,
        }
    }

    fn at(&self, value: f64) -> f64 {
        let part = (value - self.range[0]) / (self.range[1] - self.range[0]);
        self.pixels[0] + part * (self.pixels[1] - self.pixels[0])
    }
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0].map(|factor| factor * power);
    steps
        .into_iter()
        .find(|&step| step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_in_range() {
        let axis = Axis::new([3.0, 97.0].into_iter(), [0.0, 100.0]);
        assert_eq!(axis.ticks, [0.0, 25.0, 50.0, 75.0, 100.0]);
        for value in [3.0, 50.0, 97.0] {
            assert!((0.0..=100.0).contains(&axis.at(value)));
        }
        assert_eq!(step(0.9), 1.0);
        assert_eq!(step(11.0), 20.0);
        assert_eq!(step(6e-3), 1e-2);
    }

    #[test]
    fn no_point_and_one_point_are_drawn() {
        let mut plot = Plot {
            x_name: "x".into(),
            y_name: "y".into(),
            points: Vec::new(),
            line: Vec::new(),
            limit: None,
            wide: 1.0,
        };
        assert!(draw(&plot).contains("</svg>"));
        plot.points.push(Point {
            x: 5.0,
            y: 5.0,
            class: "chosen",
            about: "the <one>".into(),
        });
        let svg = draw(&plot);
        assert!(
            svg.contains("the &lt;one&gt;") && !svg.contains("NaN"),
            "{svg}"
        );
    }
}

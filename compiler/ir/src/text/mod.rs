//! The text form: what `*.ember` files hold, what `include_model!` reads, what a person diffs.
//!
//! ```text
//! ember 1
//! model tiny
//! input image 8x8x1 scale=0.0625 zero=-128
//! conv1 = conv2d image kernel=3x3 pad=1,1,1,1 channels=8 act=relu -> 8x8x8 scale=0.02 zero=-128
//!   weights AQID…
//!   scales 0.01 0.012 …
//!   bias 12 -7 …
//! logits = dense conv1 features=10 -> 10 scale=0.1 zero=3 rounding=tflite
//!   …
//! output logits
//! ```
//!
//! One line per tensor; a node's weights follow it, indented: int8 weights in base64 (RFC 4648), scales
//! and biases in decimal (floats in the shortest form that reads back to the same bits). `#` starts a
//! comment. `weights seed=7` stands for weights drawn from a seed ([`seeded_weights`]), for networks
//! whose speed is measured and whose outputs mean nothing. Attributes left out have their defaults
//! (stride and dilation 1x1, no padding, no activation, `rounding=single`, `type=int8`). `pad` is
//! `top,bottom,left,right`, or `same`. A `constant` has no inputs; its weights are its values.
//!
//! A topology alone ([`parse_graph`]) needs neither `scale`, `zero` nor the indented lines.

mod attributes;
mod line;
mod moves;
mod params;
mod parse;
mod print;
mod read_op;
mod write_op;

pub use line::ParseError;
pub use params::seeded_weights;
pub use parse::{parse, parse_graph};
pub use print::{print, print_graph, print_op};

/// The format's version, on the first line of every file.
const VERSION: &str = "1";

#[cfg(test)]
mod tests;

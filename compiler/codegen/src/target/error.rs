//! What can be wrong with a board description.

use std::fmt;
use std::ops::Range;

/// A board description that cannot be used, with every reason.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct BoardError {
    /// The board's name, as far as it could be read.
    pub board: String,
    /// What is wrong, in the order of the file's keys; at least one.
    pub problems: Vec<BoardProblem>,
}

/// One thing wrong with a board description.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoardProblem {
    /// What, where, and what to do.
    pub message: String,
    /// The place in the TOML text, where it is known.
    pub span: Option<Range<usize>>,
}

impl fmt::Display for BoardError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "the board description of `{}` cannot be used:",
            self.board
        )?;
        for problem in &self.problems {
            write!(out, "\n  - {}", problem.message)?;
        }
        Ok(())
    }
}

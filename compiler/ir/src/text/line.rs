//! A line of the text, and errors that point into it.

/// Where and why a text is not a network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in bytes.
    pub column: usize,
    /// What is wrong and what is expected.
    pub message: String,
}

/// A line without its comment.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub number: usize,
    pub text: &'a str,
}

impl<'a> Line<'a> {
    /// An error that points at `part`, which is a slice of this line.
    pub fn error(&self, part: &str, message: impl Into<String>) -> ParseError {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        ParseError {
            line: self.number,
            column: if offset <= self.text.len() {
                offset + 1
            } else {
                1
            },
            message: message.into(),
        }
    }

    pub fn words(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.text.split_ascii_whitespace()
    }
}

/// A number of any kind.
pub(super) fn number<T: std::str::FromStr>(line: Line<'_>, word: &str) -> Result<T, ParseError> {
    word.parse()
        .map_err(|_| line.error(word, format!("'{word}' is not a number that fits here")))
}

//! What can be wrong with a table.

/// Why a table cannot be used.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum TableError {
    /// Not of the expected form.
    #[error("not a table of {benchmark}: {reason}; fetch the file again")]
    Format {
        /// The benchmark.
        benchmark: &'static str,
        /// What is wrong and where.
        reason: String,
    },
    /// A network that the space does not have.
    #[error(
        "there is no network `{key}` in {benchmark}: {slots} digits below {options} are expected; fetch the file again"
    )]
    Unknown {
        /// The benchmark.
        benchmark: &'static str,
        /// The network.
        key: String,
        /// Length of a key.
        slots: usize,
        /// Values of a digit.
        options: usize,
    },
    /// A network twice.
    #[error("the network `{key}` of {benchmark} is there twice; fetch the file again")]
    Twice {
        /// The benchmark.
        benchmark: &'static str,
        /// The network.
        key: String,
    },
    /// A number that is none, or out of its range.
    #[error(
        "the {what} of network `{key}` of {benchmark} is {actual}; {expected} is expected; fetch the file again"
    )]
    Value {
        /// The benchmark.
        benchmark: &'static str,
        /// The network.
        key: String,
        /// Which of its numbers.
        what: &'static str,
        /// The number.
        actual: f64,
        /// Its range, in words.
        expected: &'static str,
    },
    /// Networks without an entry.
    #[error(
        "{benchmark} has {expected} networks, the table {actual}: `{key}` is missing; fetch the file again"
    )]
    Incomplete {
        /// The benchmark.
        benchmark: &'static str,
        /// Networks of the space.
        expected: usize,
        /// Entries of the table.
        actual: usize,
        /// The first network without one.
        key: String,
    },
}

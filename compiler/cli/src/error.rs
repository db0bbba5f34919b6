//! Everything that can end a command, and the exit code it ends with.

use crate::config::Problems;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is wrong: exit code 2.
    #[error(transparent)]
    Config(#[from] Box<Problems>),
    /// The command was given something it cannot work with: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The limits are not met or verification failed: exit code 1.
    #[error("{0}")]
    Failed(String),
    /// A tool (cargo, QEMU, probe-rs) or the system failed: exit code 3.
    #[error("{0}")]
    Tool(String),
    /// Ctrl-C; what was done is kept. Exit code 130, as shells expect.
    #[error("interrupted; run the same command again to go on from here")]
    Interrupted,
    /// Ctrl-C during work that keeps nothing. Exit code 130.
    #[error("interrupted; nothing was kept")]
    Abandoned,
}

impl Error {
    /// A usage error.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// A library's error about what the command was given.
    pub fn usage_of(error: impl std::fmt::Display) -> Self {
        Self::Usage(error.to_string())
    }

    /// A failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// A tool's failure.
    pub fn tool(message: impl std::fmt::Display) -> Self {
        Self::Tool(message.to_string())
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Failed(_) => 1,
            Error::Config(_) | Error::Usage(_) => 2,
            Error::Tool(_) => 3,
            Error::Interrupted | Error::Abandoned => 130,
        }
    }
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Config(Box::new(problems))
    }
}

//! Hashes as text.

use sha2::{Digest, Sha256};

/// Bytes as hexadecimal digits.
pub(crate) fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sixteen hexadecimal digits of a hash: enough to tell results apart, short enough for a folder.
pub(crate) fn hex(hash: &[u8]) -> String {
    digits(&hash[..hash.len().min(8)])
}

/// The hash of texts, in order; where one ends matters.
pub(crate) fn of(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hex(&hash.finalize())
}

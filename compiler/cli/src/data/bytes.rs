//! Files as bytes, unpacked if need be, and never more of them than can be samples: a packed file of a
//! few kilobytes may claim to hold terabytes.

use std::fs::File;
use std::io::{Read, Take};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::error::Reason;

/// Most bytes of an unpacked file: a gigabyte.
pub(crate) const LIMIT: u64 = 1 << 30;

/// The content of a file; `.gz` is unpacked.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Reason> {
    let file = File::open(path)?;
    if is_packed(path) {
        bounded(MultiGzDecoder::new(file), LIMIT)
    } else {
        bounded(file, LIMIT)
    }
}

/// All that a reader has, unless it is more than `limit`.
pub(crate) fn bounded(reader: impl Read, limit: u64) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    let mut reader: Take<_> = reader.take(limit + 1);
    reader.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(Reason::TooLarge { limit: limit >> 20 });
    }
    Ok(bytes)
}

/// Whether the name says that the file is packed.
pub(crate) fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "gz")
}

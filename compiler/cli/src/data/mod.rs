//! From files to the three parts of the data, with what normalisation learns on the first of them.
//!
//! Reading order: [`table`] (what readers return; csv, npy, npz, idx and `folder` with
//! [`names`], `pictures`, [`sound`] and `wav` are its sources), `window`
//! (rows → samples), [`text`], `split`, `anomaly`, `build` and `checks` (samples →
//! datasets), `load` (all of it in order), [`parts`] (what training sees); [`samples`] (arrays without labels).

mod anomaly;
mod array;
mod build;
mod bytes;
mod checks;
mod csv;
pub mod error;
pub mod folder;
mod idx;
mod load;
pub mod names;
mod npy;
mod npz;
pub mod parts;
pub(crate) mod pictures;
pub mod samples;
pub mod sound;
mod split;
pub mod table;
pub mod text;
mod wav;
mod window;

pub(crate) use bytes::bounded;
pub use error::{DataError, Reason};
pub use names::Names;
pub(crate) use npy::write as write_npy;
pub use parts::{Parts, parse, read, read_job};
pub use samples::Samples;
pub use table::{Fields, Table, Words, read_table};
pub(crate) use table::{array_names, array_words, read_bytes};

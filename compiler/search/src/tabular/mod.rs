//! Searches without training: spaces of which every network's accuracy and price is known beforehand.
//! They tell how much a strategy leaves on the table, hundreds of searches in seconds. The real search
//! runs on them, with its driver, repairs, journal and choice: a strategy cannot tell them from a space
//! whose networks are trained.
//!
//! Reading order: [`table`] (a space, its prices and its scores), the tables, [`mod@measure`] (regret).

mod error;
pub mod measure;
pub mod nas_bench_201;
pub mod nas_bench_macro;
pub mod synthetic;
pub mod table;

pub use error::TableError;
pub use measure::{Benchmark, Measurement, measure};
pub use table::{Entry, Noisy, Slots, Table};

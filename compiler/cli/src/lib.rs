//! `emberc`: from `ember.toml` to verified firmware. The only crate that prints, reads configurations,
//! writes files and starts tools.
//!
//! Reading order: [`config`] (`ember.toml` → job), [`data`] (files → parts), [`pipeline`] (job →
//! verified firmware), [`commands`] (what the user types), [`device`] (cargo, QEMU, probe-rs).
#![forbid(unsafe_code)]

pub mod boards;
pub mod config;
pub mod data;
mod embedded;
pub mod error;
mod hash;

pub use error::Error;

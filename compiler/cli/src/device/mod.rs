//! The tools around firmware: cargo for the target, the linked file, the emulator, the debug probe.
//!
//! Owns: finding a toolchain for a triple, building an emitted crate, reading sizes and symbols out of
//! the ELF file, running it under QEMU or on a board, and saying what is missing. Must not know:
//! configurations, networks, what is printed.
//!
//! Reading order: [`toolchain`], [`build`], [`elf`], [`transcript`], [`qemu`], [`probe`], [`doctor`].

pub mod build;
pub mod doctor;
pub mod elf;
pub mod error;
pub mod probe;
mod process;
pub mod qemu;
pub mod toolchain;
pub mod transcript;

pub use error::DeviceError;

//! The firmware around an emitted model, the same for every model and every board.
//!
//! Owns: start-up and faults (with cortex-m-rt), the two transports, the instruction counter and the
//! painted stack. Must not know: any model, any board; what differs between boards arrives as features
//! and in `memory.x`.
//!
//! * `semihosting` ([`run`]), for QEMU: samples stream in from the file `samples.bin`, outputs go to
//!   `outputs.bin`, so that a test set of any size runs and none of it is linked in. [`profile`] counts
//!   layer by layer instead.
//! * `rtt` ([`run_golden`]), for hardware: golden vectors are linked in, the verdict goes to the debug
//!   probe.
//!
//! Both poison the arena before every inference, count with SysTick, end with one line
//! `ember key=value …` and an exit status. There is no panic path and no formatting machinery in either.
//!
//! Reading order: `semihosting_run` or `rtt_run`, `profile`, `measure`, `clock`, `stack`, `semihosting`, `rtt`,
//! `text`, `fault`.
#![no_std]

#[cfg(all(feature = "semihosting", feature = "rtt"))]
compile_error!("ember-board has one transport: enable `semihosting` or `rtt`, not both");
#[cfg(not(any(feature = "semihosting", feature = "rtt")))]
compile_error!(
    "ember-board needs a transport: enable `semihosting` (QEMU) or `rtt` (a debug probe)"
);

mod clock;
mod fault;
mod measure;
mod semihosting;
mod stack;
mod text;

#[cfg(feature = "semihosting")]
mod profile;
#[cfg(feature = "rtt")]
mod rtt;
#[cfg(feature = "rtt")]
mod rtt_run;
#[cfg(feature = "semihosting")]
mod semihosting_run;

pub use cortex_m_rt::entry;

#[cfg(feature = "semihosting")]
pub use profile::profile;
#[cfg(feature = "rtt")]
pub use rtt_run::{Golden, run_golden};
#[cfg(feature = "semihosting")]
pub use semihosting_run::run;

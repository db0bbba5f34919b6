//! cortex-m-rt's `device` feature lets a crate bring its own table of interrupts (`src/fault.rs`), and
//! in return includes a `device.x` with names of handlers. There are none here.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("device.x"), "/* no interrupt handlers */\n").expect("OUT_DIR is writable");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed=build.rs");
}

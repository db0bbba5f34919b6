//! Hands `memory.x` to the linker.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=memory.x");
    let Some(directory) = env::var_os("OUT_DIR").map(PathBuf::from) else {
        return Err(io::Error::other("cargo sets OUT_DIR"));
    };
    fs::copy("memory.x", directory.join("memory.x"))?;
    println!("cargo::rustc-link-search={}", directory.display());
    Ok(())
}

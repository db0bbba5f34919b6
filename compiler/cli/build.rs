//! Lists what emberc carries inside itself: the board descriptions, and the sources of the two crates
//! that every emitted crate vendors. Only named kinds of files are taken, so that build folders and
//! editors' droppings never end up in a firmware.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("BUG: cargo sets it"));
    let root = manifest.join("../..").canonicalize()?;
    let mut text = String::new();
    let boards = root.join("boards");
    table(&mut text, "BOARDS", &boards, &|path| {
        path.ends_with("board.toml")
    })?;
    table(&mut text, "RUNTIME", &root.join("runtime"), &is_source)?;
    table(&mut text, "SUPPORT", &boards.join("support"), &is_source)?;
    let out = PathBuf::from(env::var("OUT_DIR").expect("BUG: cargo sets it"));
    fs::write(out.join("embedded.rs"), text)
}

/// Sources and manifest of a crate; not its tests, which need more than the crate itself.
fn is_source(path: &Path) -> bool {
    path == Path::new("Cargo.toml")
        || path == Path::new("build.rs")
        || (path.starts_with("src")
            && path
                .extension()
                .is_some_and(|kind| kind == "rs" || kind == "s" || kind == "x"))
}

fn table(
    text: &mut String,
    name: &str,
    dir: &Path,
    keep: &dyn Fn(&Path) -> bool,
) -> io::Result<()> {
    let mut files = Vec::new();
    collect(dir, Path::new(""), keep, &mut files)?;
    files.sort();
    // The whole folder for boards (a new one is a new folder); of a crate only what is its source.
    let watched: &[&str] = if name == "BOARDS" {
        &[""]
    } else {
        &["Cargo.toml", "build.rs", "src"]
    };
    for path in watched
        .iter()
        .map(|path| dir.join(path))
        .filter(|path| path.exists())
    {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    writeln!(text, "pub(crate) static {name}: &[(&str, &[u8])] = &[").map_err(io::Error::other)?;
    for file in files {
        let path = dir.join(&file);
        let key = file.to_string_lossy().replace('\\', "/");
        writeln!(
            text,
            "    ({key:?}, include_bytes!({:?})),",
            path.display().to_string()
        )
        .map_err(io::Error::other)?;
    }
    text.push_str("];\n");
    Ok(())
}

fn collect(
    dir: &Path,
    below: &Path,
    keep: &dyn Fn(&Path) -> bool,
    files: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(dir.join(below)) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let path = below.join(&name);
        if entry.file_type()?.is_dir() {
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                collect(dir, &path, keep, files)?;
            }
        } else if keep(&path) {
            files.push(path);
        }
    }
    Ok(())
}

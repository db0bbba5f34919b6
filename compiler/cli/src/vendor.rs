//! The two fixed crates that every emitted crate carries with it, so that it builds with nothing but
//! the registry: `vendor/ember-runtime` and `vendor/ember-board`.

use ember_codegen::emit::Package;

use crate::embedded::{RUNTIME, SUPPORT};

/// Adds the crates to a package.
pub fn add(package: &mut Package) {
    for (dir, files) in [("ember-runtime", RUNTIME), ("ember-board", SUPPORT)] {
        for (path, bytes) in files {
            let bytes = match *path {
                "Cargo.toml" => manifest(&String::from_utf8_lossy(bytes)).into_bytes(),
                _ => bytes.to_vec(),
            };
            package.files.insert(format!("vendor/{dir}/{path}"), bytes);
        }
    }
}

/// The manifest as it is right inside an emitted crate: the runtime is the neighbour, and what only
/// the crates' own tests need is left out, so that nobody has to download it.
fn manifest(text: &str) -> String {
    let mut kept = String::new();
    let mut is_kept = true;
    for line in text.lines() {
        if line.starts_with('[') {
            is_kept = line != "[dev-dependencies]" && line != "[[bench]]";
        }
        if is_kept {
            kept.push_str(&line.replace("\"../../runtime\"", "\"../ember-runtime\""));
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_gets_both_crates_without_their_tests() {
        let mut package = Package::default();
        add(&mut package);
        let text = |path: &str| String::from_utf8_lossy(&package.files[path]).into_owned();
        assert!(text("vendor/ember-board/Cargo.toml").contains("path = \"../ember-runtime\""));
        assert!(!text("vendor/ember-runtime/Cargo.toml").contains("proptest"));
        assert!(
            package
                .files
                .contains_key("vendor/ember-runtime/src/arena.rs")
        );
        assert!(
            package
                .files
                .keys()
                .all(|path| !path.contains("/tests/") && !path.contains("/target/"))
        );
    }
}

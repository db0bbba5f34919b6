//! The benchmark networks: their files are what [`ember_tests::nets`] describes, and they are valid.
#![allow(clippy::unwrap_used, reason = "tests")]

use ember_codegen::plan::{Isa, Planned};
use ember_tests::firmware::root;
use ember_tests::nets::NETS;
use expect_test::expect_file;

/// Thousands of multiply-accumulates, as published for the reference models.
const MACS: [(&str, u64); 4] = [("ad", 264), ("kws", 2657), ("vww", 7490), ("ic", 12502)];

#[test]
fn files_are_what_the_module_describes() {
    for net in &NETS {
        let path = root().join(format!("tests/nets/{}.ember", net.name));
        expect_file![path].assert_eq(&net.text());
    }
}

#[test]
fn sizes_are_those_of_the_benchmark() {
    for (name, macs) in MACS {
        let text =
            std::fs::read_to_string(root().join(format!("tests/nets/{name}.ember"))).unwrap();
        let planned = Planned::new(ember_ir::text::parse(&text).unwrap(), Isa::Any).unwrap();
        assert_eq!((planned.graph().macs() + 500) / 1000, macs, "{name}");
    }
}

//! Arenas of the benchmark networks.

use ember_ir::Graph;
use ember_runtime::scratch::Isa;

use super::super::{check, plan};

/// Bytes at most on cores with DSP instructions.
const ARENAS: [(&str, usize); 4] = [("ad", 780), ("kws", 9_600), ("vww", 40_000), ("ic", 36_000)];

const ISAS: [Isa; 5] = [Isa::Thumb1, Isa::Thumb2, Isa::Dsp, Isa::Mve, Isa::Any];

fn net(name: &str) -> Graph {
    let nets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/nets");
    let text = std::fs::read_to_string(format!("{nets}/{name}.ember")).unwrap();
    ember_ir::text::parse(&text).unwrap().graph
}

#[test]
fn arenas_are_small() {
    for (name, most) in ARENAS {
        let graph = net(name);
        for isa in ISAS {
            let plan = plan(&graph, isa);
            assert_eq!(check(&graph, &plan, isa), [], "{name} {isa:?}");
            println!("{name} {isa:?}: {} bytes", plan.arena_bytes);
            assert!(
                isa != Isa::Dsp || plan.arena_bytes <= most,
                "{name}: {}",
                plan.arena_bytes
            );
        }
    }
}

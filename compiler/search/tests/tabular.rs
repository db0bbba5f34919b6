//! Tables of known networks: what they are read from, that they are spaces like any other, and that
//! strategies are worth what they cost.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use ember_ir::Graph;
use ember_search::repair::repair;
use ember_search::space::Space;
use ember_search::tabular::{
    Benchmark, Measurement, TableError, measure, nas_bench_201, nas_bench_macro, synthetic,
};
use ember_search::{Price, SearchRng, StrategyKind};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use rand_chacha::rand_core::SeedableRng;

/// A table of NAS-Bench-201's form in which more convolutions are better and larger.
fn cells() -> String {
    let mut text = String::from("arch,cifar10_acc,cifar10_mb,cifar10_lat,cifar100_acc\n");
    for place in 0..5usize.pow(6) {
        let digits: Vec<usize> = (0..6).map(|i| place / 5usize.pow(i) % 5).collect();
        let key: String = digits.iter().map(usize::to_string).collect();
        let convolutions = digits.iter().filter(|&&digit| digit == 3).count();
        let size = 0.1 + 0.2 * convolutions as f64;
        text.push_str(&format!("{key},{}.5,{size},0.01,1\n", 50 + convolutions));
    }
    text
}

/// A table of NAS-Bench-Macro's form.
fn chains() -> String {
    let networks = (0..3usize.pow(8)).map(|place| {
        let digits: Vec<usize> = (0..8).map(|i| place / 3usize.pow(i) % 3).collect();
        let key: String = digits.iter().map(usize::to_string).collect();
        let sum: usize = digits.iter().sum();
        let (params, flops) = (200_000 * (1 + sum), 10_000_000 * (1 + sum));
        format!(
            "\"{key}\": {{\"mean_acc\": {}, \"params\": {params}, \"flops\": {flops}}}",
            80 + sum
        )
    });
    format!("{{{}}}", networks.collect::<Vec<_>>().join(",\n"))
}

#[test]
fn tables_are_read_and_limited() {
    let cells = nas_bench_201::parse(cells().as_bytes()).unwrap();
    assert_eq!(cells.table.entries().len(), 15_625);
    assert!(
        (cells.best() - 0.525).abs() < 1e-9,
        "two convolutions fit half a megabyte"
    );
    let chains = nas_bench_macro::parse(chains().as_bytes()).unwrap();
    assert_eq!(chains.table.entries().len(), 6_561);
    assert!((chains.best() - 0.84).abs() < 1e-9, "50 million FLOPs fit");
}

#[test]
fn a_bad_table_is_described() {
    let cells = cells();
    let of_cells = |text: &str| {
        nas_bench_201::parse(text.as_bytes())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        of_cells(&cells.replace("\n000000,50.5", "\n000000,150.5")),
        "the accuracy of network `000000` of nas-bench-201-cifar10 is 150.5; 0 to 100 per cent is \
         expected; fetch the file again"
    );
    assert_eq!(
        of_cells(&cells.replace("\n000000,", "\n000005,")),
        "there is no network `000005` in nas-bench-201-cifar10: 6 digits below 5 are expected; \
         fetch the file again"
    );
    assert_eq!(
        of_cells(&cells.replace("\n000000,", "\n000001,")),
        "the network `000001` of nas-bench-201-cifar10 is there twice; fetch the file again"
    );
    assert_eq!(
        of_cells(&cells.replace("\n444444,50.5,0.1,0.01,1", "")),
        "nas-bench-201-cifar10 has 15625 networks, the table 15624: `444444` is missing; fetch the \
         file again"
    );
    for text in [
        "",
        "a,b\n1,2\n",
        &cells.replace(",0.01,", ",fast,"),
        &cells.replace("50.5", "NaN"),
    ] {
        assert!(nas_bench_201::parse(text.as_bytes()).is_err());
    }
    let chains = chains();
    let of_chains = |text: &str| nas_bench_macro::parse(text.as_bytes()).unwrap_err();
    assert!(matches!(of_chains("[]"), TableError::Format { .. }));
    assert!(matches!(
        of_chains("{}"),
        TableError::Incomplete { actual: 0, .. }
    ));
    let other = chains.replace("\"00000000\"", "\"00000003\"");
    assert!(matches!(of_chains(&other), TableError::Unknown { .. }));
    let negative = chains.replace("\"mean_acc\": 80", "\"mean_acc\": -80");
    assert!(matches!(
        of_chains(&negative),
        TableError::Value {
            what: "mean_acc",
            ..
        }
    ));
    assert!(matches!(
        of_chains("{\"00000000\": {}}"),
        TableError::Format { .. }
    ));
}

proptest! {
    #[test]
    fn a_table_is_a_space(seed in any::<u64>(), which in 0usize..2) {
        static BENCHMARKS: LazyLock<[Benchmark; 2]> = LazyLock::new(|| {
            [synthetic::all().remove(0), nas_bench_201::parse(cells().as_bytes()).unwrap()]
        });
        let benchmark = &BENCHMARKS[which];
        let table = &benchmark.table;
        let mut rng = SearchRng::seed_from_u64(seed);
        let mut network = table.sample(&mut rng);
        for _ in 0..10 {
            let child = table.mutate(&mut rng, &network);
            let changed = child.blocks.iter().zip(&network.blocks).filter(|(a, b)| a != b).count();
            prop_assert_eq!(changed, 1, "a mutation is another option for one slot");
            let graph = table.build(&child);
            prop_assert!(graph != table.build(&network), "a graph tells networks apart");
            prop_assert_eq!(table.price(&graph), table.entry(&child).cost);
            if let Ok(fitting) = repair(table, table, &benchmark.constraints, child.clone()) {
                prop_assert!(benchmark.constraints.admit(&fitting.cost));
                prop_assert_eq!(fitting.cost, table.entry(&fitting.architecture).cost);
                let assembled = table.assemble(&fitting.architecture);
                prop_assert_eq!(assembled.parts.len(), assembled.graph.nodes.len());
            } else {
                prop_assert!(false, "{} cannot be repaired", child);
            }
            network = child;
        }
    }
}

fn mean_regret(benchmark: &Benchmark, strategy: StrategyKind, noise_sd: f64) -> f64 {
    let regret = |seed| {
        let how = Measurement {
            strategy,
            noise_sd,
            evaluations: 100,
            seed,
        };
        measure(benchmark, how, &AtomicBool::new(false))
            .unwrap()
            .unwrap()
    };
    let seeds = 0..24;
    seeds.clone().map(regret).sum::<f64>() / seeds.count() as f64
}

/// A cancelled measurement has no result.
#[test]
fn a_measurement_can_be_cancelled() {
    let how = Measurement {
        strategy: StrategyKind::Random,
        noise_sd: 0.0,
        evaluations: 100,
        seed: 1,
    };
    let landscape = synthetic::all().remove(0);
    assert_eq!(
        measure(&landscape, how, &AtomicBool::new(true)).unwrap(),
        None
    );
}

#[test]
fn strategies_beat_chance_where_there_is_something_to_learn() {
    let landscapes = synthetic::all();
    for strategy in [
        StrategyKind::AgingEvolution,
        StrategyKind::Nsga2,
        StrategyKind::Reinforce,
    ] {
        let ours = mean_regret(&landscapes[0], strategy, 0.0);
        let random = mean_regret(&landscapes[0], StrategyKind::Random, 0.0);
        println!("{strategy} {ours:.3}, random {random:.3}");
        assert!(ours < 0.8 * random, "{strategy} {ours}, random {random}");
    }
    let default = |landscape| mean_regret(landscape, StrategyKind::default(), 0.0);
    let random = |landscape| mean_regret(landscape, StrategyKind::Random, 0.0);
    assert!(default(&landscapes[0]) < 0.1 * random(&landscapes[0]));
    assert!(default(&landscapes[1]) < 0.6 * random(&landscapes[1]));
    // Where nothing can be learned the default must not be misled either.
    assert!(default(&landscapes[2]) < 1.2 * random(&landscapes[2]));
}

#[test]
fn noise_costs_regret() {
    let landscape = &synthetic::all()[0];
    let regret = |noise_sd| mean_regret(landscape, StrategyKind::default(), noise_sd);
    assert!(regret(0.0) < regret(1.0));
}

/// The tables as they were published, if they are here.
fn shared(name: &str) -> Option<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("EMBER_SHARED").map_or(root, PathBuf::from);
    let path = root.join("data").join(name);
    let bytes = fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {} is not there", path.display());
    }
    bytes
}

/// The graphs of NAS-Bench-Macro are its networks: their parameters and multiply-accumulates are those
/// of the table. (It counts two parameters of batch normalisation per channel of a convolution; here a
/// bias is what is left of them. And here a kernel is cut to its map: in the last two blocks, whose maps
/// are 4×4, the one of 5×5 has nine taps per channel less.)
#[test]
fn chains_are_the_networks_of_the_table() {
    let Some(bytes) = shared("nas_bench_macro_cifar10.json") else {
        return;
    };
    let benchmark = nas_bench_macro::parse(&bytes).unwrap();
    let mut graphs: HashSet<Graph> = HashSet::new();
    let mut rng = SearchRng::seed_from_u64(1);
    for _ in 0..400 {
        let network = benchmark.table.sample(&mut rng);
        let graph = benchmark.table.build(&network);
        if network.blocks[6..]
            .iter()
            .any(|block| block.window().is_some_and(|w| w.kernel > 4))
        {
            continue;
        }
        let cost = benchmark.table.entry(&network).cost;
        let convolutions = graph.nodes.iter().rev().skip(1);
        let channels: usize = convolutions
            .filter_map(|node| node.op.weight_channels(graph.input_shape(node)))
            .sum();
        assert_eq!(graph.parameters() + channels, cost.flash_bytes, "{network}");
        assert_eq!(graph.macs(), cost.macs, "{network}");
        graphs.insert(graph);
    }
    assert!(graphs.len() > 150);
}

/// The limits of the issue that this benchmark answers.
#[test]
fn the_default_is_close_to_the_best_chain() {
    let Some(bytes) = shared("nas_bench_macro_cifar10.json") else {
        return;
    };
    let benchmark = nas_bench_macro::parse(&bytes).unwrap();
    let regret = mean_regret(&benchmark, StrategyKind::default(), 0.0);
    assert!(regret <= 0.05, "{regret} points");
}

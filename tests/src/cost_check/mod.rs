//! Whether the cost model is right: networks as firmware in QEMU, beside what was predicted of them. The
//! command `check_cost` and the test of the same name run it.
//!
//! Reading order: [`networks`] (which), [`measure`] (one of them), [`errors`] (how far off).

pub mod errors;
pub mod measure;
pub mod networks;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ember_codegen::plan::Planned;
use ember_codegen::target::Board;

use measure::{Measured, measure};

/// Measures networks on a board, as many at a time as there are target folders: cargo locks one while it
/// builds, and has the runtime in it once. The crates go to `dir`.
///
/// # Errors
/// The first that failed, with what cargo or QEMU printed.
pub fn measure_all(
    networks: &[Planned],
    board: &Board,
    dir: &Path,
    targets: &[&Path],
) -> Result<Vec<Measured>, String> {
    let next = AtomicUsize::new(0);
    let work = |target: &Path| -> Result<Vec<Measured>, String> {
        let mut measured = Vec::new();
        while let Some(network) = networks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let name = &network.graph().name;
            let crate_dir = dir.join(&board.name).join(name);
            let one = measure(network, board, &crate_dir, target)
                .map_err(|text| format!("{name} on {}: {text}", board.name))?;
            measured.push(one);
        }
        Ok(measured)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = targets
            .iter()
            .map(|&target| scope.spawn(move || work(target)))
            .collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.join().map_err(|_| "BUG: a worker panicked")??);
        }
        Ok(all)
    })
}

//! Ctrl-C: the first one asks running work to stop at a safe point, the second one ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

/// Set once the user has pressed Ctrl-C.
pub static CANCEL: AtomicBool = AtomicBool::new(false);

/// Starts to listen. Work looks at [`CANCEL`].
pub fn install() {
    let installed = ctrlc::set_handler(|| {
        if CANCEL.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        eprintln!(
            "\nstopping at the next safe point; Ctrl-C again ends at once (nothing recorded is lost)"
        );
    });
    // Without a handler Ctrl-C just kills the process, which loses no more than the work in hand.
    drop(installed);
}

/// Whether the user wants to stop.
pub fn requested() -> bool {
    CANCEL.load(Ordering::Relaxed)
}

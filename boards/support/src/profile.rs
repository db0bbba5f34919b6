//! The program of `emberc bench`: counts layer by layer.

use core::hint::black_box;

use cortex_m::Peripherals;

use crate::clock::{self, bench_begin, bench_end};
use crate::semihosting::{File, exit, fail};
use crate::text::{self, Sink};

/// Runs the layers one after the other, prints for each
///
/// `ember layer=… ticks=…`
///
/// without what calling an empty layer takes, and ends the emulation.
pub fn profile<A>(arena: &mut A, layers: &[fn(&mut A)]) -> ! {
    let Some(mut peripherals) = Peripherals::take() else {
        fail(c"ember error: profile was called twice\n")
    };
    let Some(mut stdout) = File::stdout() else {
        fail(c"ember error: cannot open the output\n")
    };
    clock::start(&mut peripherals.SYST);
    let empty = ticks(arena, |_| ());
    for (index, layer) in layers.iter().enumerate() {
        let ticks = ticks(arena, *layer).saturating_sub(empty);
        stdout.text(b"ember");
        text::pair(&mut stdout, "layer", index as u64);
        text::pair(&mut stdout, "ticks", ticks);
        stdout.text(b"\n");
    }
    exit(true)
}

/// Never inlined: an empty layer must be called as the others are.
#[inline(never)]
fn ticks<A>(arena: &mut A, layer: fn(&mut A)) -> u64 {
    bench_begin();
    black_box(layer)(arena);
    bench_end()
}

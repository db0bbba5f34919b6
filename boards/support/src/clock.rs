//! SysTick as a 64-bit clock of the core: under QEMU's `-icount` its ticks are executed instructions,
//! on hardware they are cycles. Every Cortex-M of every board here has it, also those without DWT.

use core::cell::UnsafeCell;

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use cortex_m_rt::exception;

/// SysTick counts down 24 bits; its exception counts the wraps.
const BITS: u32 = 24;
const MASK: u32 = (1 << BITS) - 1;
/// ICSR.PENDSTSET: SysTick has wrapped, its exception was not taken yet.
const PENDING: u32 = 1 << 26;

/// A word that one context writes and another reads, without atomics that ARMv6-M lacks.
struct Shared(UnsafeCell<u32>);

// SAFETY: all accesses are volatile word accesses, which a single core does not tear.
unsafe impl Sync for Shared {}

impl Shared {
    const fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    fn get(&self) -> u32 {
        // SAFETY: the pointer is valid for ever; see `Sync`.
        unsafe { self.0.get().read_volatile() }
    }

    fn set(&self, value: u32) {
        // SAFETY: as in `get`; each word has one writer (below).
        unsafe { self.0.get().write_volatile(value) }
    }
}

/// Written by the exception only.
static WRAPS: Shared = Shared::new();
/// Written by `bench_begin` only: low and high half of the time.
static BEGIN: [Shared; 2] = [Shared::new(), Shared::new()];

#[exception]
fn SysTick() {
    WRAPS.set(WRAPS.get().wrapping_add(1));
}

/// Starts the clock, counting the core's own clock.
pub fn start(syst: &mut SYST) {
    syst.set_clock_source(SystClkSource::Core);
    syst.set_reload(MASK);
    syst.clear_current();
    syst.enable_interrupt();
    syst.enable_counter();
}

/// Ticks since the start.
#[inline(always)]
fn now() -> u64 {
    loop {
        let wraps = WRAPS.get();
        let count = SYST::get_current();
        // SAFETY: a read of a register without side effects.
        let pending = unsafe { (*SCB::PTR).icsr.read() } & PENDING != 0;
        // At 0 the wrap is due, but its exception may come an instant later.
        if count != 0 && !pending && WRAPS.get() == wraps {
            return (u64::from(wraps) << BITS) | u64::from(count.wrapping_neg() & MASK);
        }
    }
}

/// The start of a measurement; a symbol, so that profilers find it.
// SAFETY: the name is not used elsewhere in firmware.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn bench_begin() {
    let time = now();
    BEGIN[0].set(time as u32);
    BEGIN[1].set((time >> 32) as u32);
}

/// Ticks since `bench_begin`.
// SAFETY: the name is not used elsewhere in firmware.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn bench_end() -> u64 {
    let begin = u64::from(BEGIN[0].get()) | (u64::from(BEGIN[1].get()) << 32);
    now().wrapping_sub(begin)
}

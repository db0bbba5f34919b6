//! One RTT up channel: text that a debug probe reads out of RAM while the core runs.
//!
//! The layout is SEGGER's: a control block that starts with a magic text, which the probe finds by its
//! symbol or by a search, then the channels, each with a ring buffer. The target owns `write`, the probe
//! owns `read`. There is one writer here and no interrupt that writes, so that no lock is needed; the
//! crates for RTT come with locks, panics and formatting, which this firmware must not contain.

use core::cell::UnsafeCell;
use core::ffi::CStr;

use crate::semihosting::exit;
use crate::text::Sink;

/// All text of a run fits, so that a run never waits for a probe.
const SIZE: usize = 512;

#[repr(C)]
struct UpChannel {
    name: *const u8,
    buffer: *mut u8,
    size: u32,
    /// Where the target writes next.
    write: u32,
    /// Where the probe reads next.
    read: u32,
    /// 0: text that does not fit is dropped.
    flags: u32,
}

#[repr(C)]
struct ControlBlock {
    id: [u8; 16],
    up_channels: u32,
    down_channels: u32,
    up: UpChannel,
}

#[repr(transparent)]
struct Shared<T>(UnsafeCell<T>);

// SAFETY: the only threads are this core and the probe, which follow the protocol above.
unsafe impl<T> Sync for Shared<T> {}

static BUFFER: Shared<[u8; SIZE]> = Shared(UnsafeCell::new([0; SIZE]));

// SAFETY: the name is RTT's own; nothing else in the firmware has it.
#[unsafe(export_name = "_SEGGER_RTT")]
#[used]
static CONTROL: Shared<ControlBlock> = Shared(UnsafeCell::new(ControlBlock {
    id: *b"SEGGER RTT\0\0\0\0\0\0",
    up_channels: 1,
    down_channels: 0,
    up: UpChannel {
        name: c"Terminal".as_ptr().cast(),
        buffer: BUFFER.0.get().cast(),
        size: SIZE as u32,
        write: 0,
        read: 0,
        flags: 0,
    },
}));

/// The channel, by convention the terminal.
pub struct Channel;

impl Channel {
    fn pointers() -> (*mut u32, *mut u32) {
        let control = CONTROL.0.get();
        // SAFETY: in bounds of the control block, which lives for ever.
        unsafe { (&raw mut (*control).up.write, &raw mut (*control).up.read) }
    }

    /// Waits until the probe has read all text.
    pub fn flush(&self) {
        let (write, read) = Self::pointers();
        // SAFETY: both are words of the control block; volatile, because the probe changes `read`.
        while unsafe { write.read_volatile() != read.read_volatile() } {
            cortex_m::asm::nop();
        }
    }
}

impl Sink for Channel {
    fn text(&mut self, text: &[u8]) {
        let (write, read) = Self::pointers();
        let buffer = BUFFER.0.get().cast::<u8>();
        // SAFETY: a word of the control block, which only this function writes.
        let mut at = unsafe { write.read_volatile() } as usize % SIZE;
        for byte in text {
            let next = (at + 1) % SIZE;
            // SAFETY: a word of the control block, which the probe writes.
            if next == unsafe { read.read_volatile() } as usize {
                break;
            }
            // SAFETY: `at` is below SIZE; the probe does not read from `write` on.
            unsafe { buffer.add(at).write_volatile(*byte) };
            at = next;
        }
        // The text must be in memory before the probe learns of it.
        cortex_m::asm::dmb();
        // SAFETY: as above; this function is the only writer.
        unsafe { write.write_volatile(at as u32) };
    }
}

/// Says why and ends with failure.
#[cold]
pub fn fail(reason: &CStr) -> ! {
    let mut channel = Channel;
    channel.text(reason.to_bytes());
    channel.flush();
    exit(false)
}

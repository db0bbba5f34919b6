//! Faults end the run with failure: nothing may hang.

use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};

#[cfg(feature = "rtt")]
use crate::rtt::fail;
#[cfg(feature = "semihosting")]
use crate::semihosting::fail;

/// The frame that the core stacked holds the address of the fault, for a debugger that looks.
// SAFETY: cortex-m-rt calls it on a hard fault with the frame that the core stacked; it never returns.
#[exception]
unsafe fn HardFault(_frame: &ExceptionFrame) -> ! {
    fail(c"ember error: hard fault\n")
}

/// Any exception or interrupt without a handler: none is enabled, so this is a fault as well.
// SAFETY: cortex-m-rt calls it on unexpected exceptions; it never returns.
#[exception]
unsafe fn DefaultHandler(_number: i16) -> ! {
    fail(c"ember error: unexpected exception\n")
}

unsafe extern "C" {
    /// The handler above under its link name.
    #[link_name = "DefaultHandler"]
    fn unexpected();
}

/// The vector table of interrupts, as short as cortex-m-rt allows: no interrupt is ever enabled, and a
/// full table costs up to 2 KB of flash.
// SAFETY: link.x places this section behind the exceptions; the name is the one that it wants.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
#[used]
static __INTERRUPTS: [unsafe extern "C" fn(); 1] = [unexpected];

/// Required by the language; the linker drops it, because nothing in the firmware panics.
#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    fail(c"ember error: panic\n")
}

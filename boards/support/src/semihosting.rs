//! The few semihosting calls that firmware needs: files, text, the end.
//!
//! Source: Arm, "Semihosting for AArch32 and AArch64", the operations SYS_OPEN, SYS_READ, SYS_WRITE,
//! SYS_WRITE0 and SYS_EXIT.

use cortex_m_semihosting::debug;

/// Ends the emulation, or the debugger's run, with an exit status.
pub fn exit(success: bool) -> ! {
    debug::exit(if success {
        debug::EXIT_SUCCESS
    } else {
        debug::EXIT_FAILURE
    });
    loop {
        // A debugger may let us go on.
        cortex_m::asm::nop();
    }
}

#[cfg(feature = "semihosting")]
pub use files::{File, fail};

#[cfg(feature = "semihosting")]
mod files {
    use core::ffi::CStr;

    use cortex_m_semihosting::{nr, syscall};

    use crate::text::Sink;

    /// An open file of the host.
    pub struct File {
        handle: usize,
    }

    impl File {
        /// A file to read, if it exists.
        pub fn open(name: &CStr) -> Option<Self> {
            Self::with_mode(name, nr::open::R_BINARY)
        }

        /// A new, empty file.
        pub fn create(name: &CStr) -> Option<Self> {
            Self::with_mode(name, nr::open::W_TRUNC_BINARY)
        }

        /// The host's standard output.
        pub fn stdout() -> Option<Self> {
            Self::with_mode(c":tt", nr::open::W_TRUNC)
        }

        fn with_mode(name: &CStr, mode: usize) -> Option<Self> {
            // SAFETY: SYS_OPEN reads a zero-terminated name of the given length, borrowed for the call.
            let handle = unsafe { syscall!(OPEN, name.as_ptr(), mode, name.count_bytes()) };
            (handle != usize::MAX).then_some(Self { handle })
        }

        /// Reads up to `bytes.len()` bytes; how many it were.
        pub fn read(&mut self, bytes: &mut [i8]) -> usize {
            // SAFETY: SYS_READ writes at most the given number of bytes to the exclusive borrow.
            let missing = unsafe { syscall!(READ, self.handle, bytes.as_mut_ptr(), bytes.len()) };
            bytes.len().saturating_sub(missing)
        }

        /// Writes all bytes; whether it could.
        pub fn write(&mut self, bytes: &[i8]) -> bool {
            // SAFETY: SYS_WRITE reads the given number of bytes from the borrow.
            unsafe { syscall!(WRITE, self.handle, bytes.as_ptr(), bytes.len()) == 0 }
        }

        /// Closes the file, which flushes it; whether all was well.
        pub fn close(self) -> bool {
            // SAFETY: SYS_CLOSE takes an open handle, which `self` gives up.
            unsafe { syscall!(CLOSE, self.handle) == 0 }
        }
    }

    impl Sink for File {
        fn text(&mut self, text: &[u8]) {
            // SAFETY: SYS_WRITE reads the given number of bytes from the borrow. Text that cannot be
            // written is lost; the results are in files, whose writes are checked.
            let _ = unsafe { syscall!(WRITE, self.handle, text.as_ptr(), text.len()) };
        }
    }

    /// Says why on the host's console and ends with failure.
    #[cold]
    pub fn fail(reason: &CStr) -> ! {
        // SAFETY: SYS_WRITE0 reads a zero-terminated text, which a CStr is.
        unsafe { cortex_m_semihosting::syscall1(nr::WRITE0, reason.as_ptr() as usize) };
        super::exit(false)
    }
}

//! How firmware is emulated, and what the emulator's clock means.
//!
//! QEMU is not cycle accurate. With `-icount shift=N` its virtual time advances by 2^N ns per executed
//! instruction, so that SysTick, read before and after an inference, counts executed instructions: the
//! same on every run and every host. These are instructions, never cycles or milliseconds.

use super::{Board, Runner};

/// log2 of the virtual nanoseconds per instruction. At 64 ns even the slowest SysTick clock (16 MHz)
/// ticks at least once per instruction, and the 24-bit counter wraps only every few million of them.
pub const ICOUNT_SHIFT: u32 = 6;

impl Board {
    /// The arguments of `qemu-system-arm` up to, but without, `-kernel <elf>`; `None` for a real board.
    pub fn qemu_args(&self) -> Option<Vec<String>> {
        let Runner::Qemu { machine, .. } = &self.runner else {
            return None;
        };
        let shift = format!("shift={ICOUNT_SHIFT}");
        let args = [
            "-machine",
            machine,
            "-display",
            "none",
            "-monitor",
            "none",
            "-serial",
            "none",
            "-semihosting-config",
            "enable=on,target=native",
            "-icount",
            &shift,
        ];
        Some(args.map(str::to_owned).to_vec())
    }

    /// Executed instructions per inference, rounded, from the ticks of all of them; `None` for a real
    /// board, whose counter counts cycles, or without an inference.
    pub fn instructions(&self, ticks: u64, inferences: u64) -> Option<u64> {
        let Runner::Qemu { clock_hz, .. } = &self.runner else {
            return None;
        };
        let nanoseconds = u128::from(ticks) * 1_000_000_000;
        let per_tick = u128::from(*clock_hz) * (u128::from(inferences) << ICOUNT_SHIFT);
        let rounded = (nanoseconds + per_tick / 2).checked_div(per_tick)?;
        u64::try_from(rounded).ok()
    }
}

#[cfg(test)]
mod tests {
    use crate::target::Board;

    #[test]
    fn ticks_become_instructions() {
        let board = include_str!("../../../../boards/mps2-an386/board.toml");
        let board = Board::parse(board).expect("a board of the repository");
        // 25 MHz: 40 ns per tick, 64 ns per instruction.
        assert_eq!(board.instructions(1600, 1), Some(1000));
        assert_eq!(board.instructions(1600 * 500, 500), Some(1000));
        assert_eq!(board.instructions(u64::MAX, 1 << 40), Some(10_485_760));
        assert_eq!(board.instructions(1600, 0), None);
    }

    #[test]
    fn a_real_board_has_no_emulator() {
        let board = include_str!("../../../../boards/rpi-pico/board.toml");
        let board = Board::parse(board).expect("a board of the repository");
        assert_eq!(board.qemu_args(), None);
        assert_eq!(board.instructions(1, 1), None);
    }
}

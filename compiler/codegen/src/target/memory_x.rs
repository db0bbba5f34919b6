//! The linker's memory map, in the form that cortex-m-rt includes.

use std::fmt::Write as _;

use super::{Board, Limits, format_bytes};

impl Board {
    /// The text of `memory.x`. The regions are as long as the limits, so that the linker itself refuses
    /// firmware that does not fit; a limit above what the board has is cut down to it.
    pub fn memory_x(&self, limits: &Limits) -> String {
        let length = |has: u32, limit: usize| (has as u64).min(limit as u64);
        // The linker wants the stack to start at a multiple of 8.
        let flash = length(self.flash.bytes, limits.flash_bytes);
        let ram = length(self.ram.bytes, limits.ram_bytes) & !7;
        let mut text = format!("/* {}: {} */\n", self.name, self.description);
        text.push_str("MEMORY\n{\n");
        for (name, origin, bytes) in [
            ("FLASH", self.flash.origin, flash),
            ("RAM  ", self.ram.origin, ram),
        ] {
            let size = format_bytes(bytes);
            let _ = writeln!(text, "  {name} : ORIGIN = 0x{origin:08x}, LENGTH = {size}");
        }
        text.push_str("}\n");
        if let Some(script) = &self.linker_script {
            text.push('\n');
            text.push_str(script.trim_matches('\n'));
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::target::{Board, Limits};

    const BOARD: &str = include_str!("../../../../boards/stm32vldiscovery/board.toml");

    #[test]
    fn the_board_limits_are_the_default() {
        let board = Board::parse(BOARD).expect("a board of the repository");
        expect![[r#"
            /* stm32vldiscovery: STM32 Value Line Discovery (STM32F100RB, Cortex-M3), emulated by QEMU */
            MEMORY
            {
              FLASH : ORIGIN = 0x08000000, LENGTH = 128K
              RAM   : ORIGIN = 0x20000000, LENGTH = 8K
            }
        "#]]
        .assert_eq(&board.memory_x(&Limits::of(&board)));
    }

    #[test]
    fn tighter_limits_shrink_the_regions_and_looser_ones_do_not_grow_them() {
        let board = Board::parse(BOARD).expect("a board of the repository");
        let text = board.memory_x(&Limits {
            flash_bytes: 65_536,
            ram_bytes: 1 << 20,
        });
        assert!(
            text.contains("LENGTH = 64K") && text.contains("LENGTH = 8K"),
            "{text}"
        );
    }

    #[test]
    fn a_linker_script_follows_the_regions() {
        let mut board = Board::parse(BOARD).expect("a board of the repository");
        board.linker_script = Some("\nSECTIONS {}\n".to_owned());
        assert!(
            board
                .memory_x(&Limits::of(&board))
                .ends_with("}\n\nSECTIONS {}\n")
        );
    }
}

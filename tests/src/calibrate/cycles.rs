//! An estimate of the cycles that a Cortex-M4 takes for a firmware's layers: QEMU lists what it executes, and
//! each instruction is given its time of the Cortex-M4 Technical Reference Manual (ARM DDI 0439, 3.3.1 and
//! 3.3.2).
//!
//! It is an estimate. Memory answers at once: a real board's flash has wait states, and its cache or
//! prefetcher hides some of them. What the manual leaves open is taken from the middle: [`REFILL`],
//! [`DIVISION`]. Addresses that the instruction before has computed stall nothing here.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use ember_codegen::target::Board;

/// Cycles that a taken branch takes to refill the pipeline: 1 to 3, by where its target lies.
const REFILL: u64 = 2;

/// Cycles of a division: 2 to 12, by its operands.
const DIVISION: u64 = 7;

/// The function that calls a layer, as symbols name it.
const CALLER: &str = "5ticks";

/// Cycles of each call that the function `ticks` of a firmware makes, in order.
///
/// # Errors
/// If QEMU cannot be started, or says something else than expected.
pub fn of_calls(board: &Board, elf: &Path) -> Result<Vec<u64>, String> {
    let args = board
        .qemu_args()
        .ok_or_else(|| format!("{} has no emulator", board.name))?;
    let mut child = Command::new("qemu-system-arm")
        .args(args)
        // Blocks of instructions as they are translated, and every execution of one.
        .args(["-d", "in_asm,exec,nochain", "-kernel"])
        .arg(elf)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start qemu-system-arm: {error}"))?;
    let log = child.stderr.take().ok_or("BUG: no pipe")?;
    let mut trace = Trace::default();
    for line in BufReader::new(log).lines() {
        trace.line(&line.map_err(|error| error.to_string())?);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        Ok(trace.calls)
    } else {
        Err(format!("qemu-system-arm: {status}"))
    }
}

/// Instructions that are executed one after the other.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    cycles: u64,
    /// Where it goes on if its last instruction does not branch.
    next: u64,
}

/// What was read of the log.
#[derive(Debug, Default)]
struct Trace {
    /// The block that was listed last, until it is executed.
    listed: Option<Block>,
    /// What its last instruction loaded, if it only loads or stores: the next access then overlaps.
    last: Option<String>,
    /// Blocks by where QEMU keeps them.
    blocks: HashMap<String, Block>,
    /// Where the block before went on, if it did not branch.
    next: u64,
    /// Where the function begins that calls.
    caller: Option<u64>,
    /// Cycles of the call that is being executed.
    call: Option<u64>,
    calls: Vec<u64>,
}

impl Trace {
    fn line(&mut self, line: &str) {
        if line.starts_with("IN:") {
            (self.listed, self.last) = (Some(Block::default()), None);
        } else if line.starts_with("0x") {
            self.instruction(line);
        } else if let Some(executed) = line.strip_prefix("Trace 0: ") {
            self.executed(executed);
        }
    }

    /// `0x0000040e:  c004       stm      r0!, {r2}`.
    fn instruction(&mut self, line: &str) {
        let (Some(address), Some(code), Some(text)) =
            (line.get(2..10), line.get(13..22), line.get(24..))
        else {
            return;
        };
        let bytes = 2 * code.split_whitespace().count() as u64;
        let (name, operands) = text.split_once(' ').unwrap_or((text, ""));
        let (cycles, loaded) = time(name, operands.trim(), self.last.as_deref());
        self.last = loaded;
        if let Some(block) = &mut self.listed {
            block.cycles += cycles;
            block.next = u64::from_str_radix(address, 16).unwrap_or(0) + bytes;
        }
    }

    /// `0x7fe5 [00800408/0000040e/00000110/ff020200] Reset`: the block at the second number.
    fn executed(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let (Some(place), Some(state), Some(function)) = (words.next(), words.next(), words.next())
        else {
            return;
        };
        let address = state.split('/').nth(1).unwrap_or("");
        let address = u64::from_str_radix(address, 16).unwrap_or(0);
        // A listing comes before the first execution.
        if let Some(block) = self.listed.take() {
            self.blocks.insert(place.to_owned(), block);
        }
        let block = self.blocks.get(place).copied().unwrap_or_default();
        let refill = if address == self.next { 0 } else { REFILL };
        self.next = block.next;
        if !function.ends_with(CALLER) {
            if let Some(cycles) = &mut self.call {
                *cycles += refill + block.cycles;
            }
        } else if *self.caller.get_or_insert(address) == address {
            self.call = Some(0);
        } else if let Some(cycles) = self.call.filter(|&cycles| cycles > 0) {
            self.calls.push(cycles);
            self.call = None;
        }
    }
}

/// The cycles of an instruction, and what it loads if it is a single load or store (a store loads nothing).
/// `last` is that of the instruction before.
fn time(name: &str, operands: &str, last: Option<&str>) -> (u64, Option<String>) {
    let is = |names: &[&str]| names.iter().any(|start| name.starts_with(start));
    let registers = || match operands.split_once('{') {
        Some((_, list)) => list.split(',').count() as u64,
        None => 1,
    };
    if is(&["ldm", "stm", "push", "pop"]) {
        return (1 + registers(), None);
    }
    if is(&["ldrd", "strd"]) {
        return (3, None);
    }
    if is(&["sdiv", "udiv"]) {
        return (DIVISION, None);
    }
    let (register, address) = operands.split_once(", ").unwrap_or((operands, ""));
    if is(&["str"]) {
        // Data goes to the write buffer; a second register for the address is read a cycle later.
        let indexed = address.contains(", ") && !address.contains('#');
        return (if indexed { 2 } else { 1 }, Some(String::new()));
    }
    if is(&["ldr"]) {
        // The address of a load overlaps the data of the access before, if it does not wait for it.
        let waits = last.is_none_or(|loaded| !loaded.is_empty() && address.contains(loaded));
        return (if waits { 2 } else { 1 }, Some(register.to_owned()));
    }
    if is(&["tbb", "tbh"]) {
        return (2, None);
    }
    // Also multiplications of all kinds, and branches, to which a refill is added where they are taken.
    (1, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_take_the_manuals_times() {
        let cycles = |name, operands, last| time(name, operands, last).0;
        assert_eq!(cycles("smlad", "r0, r8, ip, r0", None), 1);
        assert_eq!(cycles("ldr", "r0, [r1, #4]", None), 2);
        assert_eq!(cycles("ldr", "r0, [r1, #4]", Some("r2")), 1);
        assert_eq!(
            cycles("ldr", "r0, [r1, #4]", Some("r1")),
            2,
            "waits for its address"
        );
        assert_eq!(cycles("strb", "r0, [r1], #1", None), 1);
        assert_eq!(cycles("strb", "r0, [r1, r2]", None), 2);
        assert_eq!(cycles("ldrd", "r8, sb, [r6], #8", None), 3);
        assert_eq!(cycles("push.w", "{r4, r5, lr}", None), 4);
        assert_eq!(cycles("bne", "#0x40a", None), 1);
    }

    #[test]
    fn a_call_is_what_runs_between_the_callers_blocks() {
        let log = "IN: _RNv3fit5ticks\n\
            0x00000100:  4788       blx      r1\n\
            Trace 0: 0x1 [0/00000100/0/0] _RNv3fit5ticks\n\
            IN: layer\n\
            0x00000200:  6820       ldr      r0, [r4]\n\
            0x00000202:  3801       subs     r0, #1\n\
            0x00000204:  d1fc       bne      #0x200\n\
            Trace 0: 0x2 [0/00000200/0/0] layer\n\
            Trace 0: 0x2 [0/00000200/0/0] layer\n\
            IN: layer\n\
            0x00000206:  4770       bx       lr\n\
            Trace 0: 0x3 [0/00000206/0/0] layer\n\
            IN: _RNv3fit5ticks\n\
            0x00000102:  4770       bx       lr\n\
            Trace 0: 0x4 [0/00000102/0/0] _RNv3fit5ticks\n\
            IN: main\n\
            0x00000300:  4770       bx       lr\n\
            Trace 0: 0x5 [0/00000300/0/0] main\n";
        let mut trace = Trace::default();
        log.lines().for_each(|line| trace.line(line));
        // Twice the loop of 4, both times branched to; the return, which follows.
        assert_eq!(trace.calls, [2 * (4 + REFILL) + 1]);
    }
}

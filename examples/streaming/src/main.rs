//! A model that listens to a sensor: samples arrive by interrupt, the main loop infers once per hop.
//!
//! SysTick stands for the sensor's interrupt. It puts samples into a lock-free queue; the main loop
//! feeds them to a window of the latest 16, and every 8 samples the model says whether the signal is
//! calm. After twelve windows the verdicts are compared with what the signal is known to be.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

mod signal;

use core::cell::RefCell;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::Peripherals;
use cortex_m::asm::wfi;
use cortex_m::interrupt::{self, Mutex};
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hprintln;
use ember_macros::include_model;
use ember_runtime::heapless::spsc::{Producer, Queue};
use ember_runtime::window::Window;

include_model!("model.ember");
use burst_detector::{BurstDetector, INPUT_LEN};

/// One channel, one byte per sample.
type Frame = [i8; 1];

/// Samples from one inference to the next.
const HOP: usize = 8;

/// Processor ticks from one sample to the next.
const PERIOD: u32 = 10_000;

/// The interrupt's end of the queue.
static SENSOR: Mutex<RefCell<Option<Producer<'static, Frame>>>> = Mutex::new(RefCell::new(None));

/// Whether the main loop was too slow once.
static LOST: AtomicBool = AtomicBool::new(false);

#[entry]
fn main() -> ! {
    static mut QUEUE: Queue<Frame, 32> = Queue::new();
    static mut MODEL: BurstDetector = BurstDetector::new();
    static mut WINDOW: Window<INPUT_LEN, 1, HOP> = Window::new();

    let (sensor, mut frames) = QUEUE.split();
    interrupt::free(|section| SENSOR.borrow(section).replace(Some(sensor)));
    start_clock();

    let mut correct = true;
    for (number, &burst) in signal::BURSTS.iter().enumerate() {
        while !WINDOW.feed(&mut frames, MODEL.input_mut()) {
            wfi();
        }
        let &[calm, bursting] = MODEL.infer();
        hprintln!("window {} {} {}", number, calm, bursting);
        correct &= burst == (bursting > calm);
    }
    finish(correct && !LOST.load(Ordering::Relaxed))
}

#[exception]
fn SysTick() {
    static mut TIME: usize = 0;
    interrupt::free(|section| {
        if let Some(sensor) = SENSOR.borrow(section).borrow_mut().as_mut() {
            if sensor.enqueue([signal::sample(*TIME)]).is_err() {
                LOST.store(true, Ordering::Relaxed);
            }
            *TIME += 1;
        }
    });
}

fn start_clock() {
    let Some(mut peripherals) = Peripherals::take() else { finish(false) };
    peripherals.SYST.set_clock_source(SystClkSource::Core);
    peripherals.SYST.set_reload(PERIOD - 1);
    peripherals.SYST.clear_current();
    peripherals.SYST.enable_interrupt();
    peripherals.SYST.enable_counter();
}

/// Ends the emulation.
fn finish(success: bool) -> ! {
    debug::exit(if success { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {
        wfi();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    finish(false)
}

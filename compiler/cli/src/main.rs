//! The `emberc` program; everything is in the library.

/// Training allocates and frees a tensor per operation; see the design notes on burn.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    emberc::main()
}

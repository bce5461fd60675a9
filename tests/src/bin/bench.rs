//! Measures decisions and durable throughput, and prints what came of it. A program to run on purpose, on a quiet machine.

/// As in the host.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    largesse_tests::bench::run(&std::env::args().skip(1).collect::<Vec<_>>())
}

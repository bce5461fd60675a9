//! Measures decisions and durable throughput, and prints what came of it. A program to run on purpose, on a quiet machine.

fn main() -> anyhow::Result<()> {
    largesse_tests::bench::run()
}

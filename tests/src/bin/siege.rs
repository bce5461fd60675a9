//! Attacks a host beside a well-behaved caller, and ends with 1 when the caller is kept waiting, something is lost, or memory grows.

fn main() -> anyhow::Result<std::process::ExitCode> {
    largesse_tests::siege::run(&std::env::args().skip(1).collect::<Vec<_>>())
}

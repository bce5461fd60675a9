//! What tests give the engine as its compile child, as the `largesse` binary is its own in production.

fn main() -> std::process::ExitCode {
    largesse_engine::compile_child_main()
}

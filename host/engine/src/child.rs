//! The compile child: limits itself, reads a component, writes its artefact.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use largesse_domain::limits::{ADDRESS_SPACE_BYTES_MAX, COMPONENT_BYTES_MAX};
use rlimit::Resource;

use crate::allowance::Allowance;
use crate::compile::{EXIT_MEMORY, EXIT_REFUSED};
use crate::profile;

/// Linux's number for "cannot allocate memory".
const ENOMEM: i32 = 12;

/// What a binary does as the compile child: a component on standard input, its artefact on standard output, what is
/// wrong on standard error. Gives itself 2 GiB of address space, and the processor time of its last argument, before it reads anything.
#[must_use]
pub fn compile_child_main() -> ExitCode {
    if let Err(error) = limit_myself(Allowance::of_this_child()) {
        return fail(1, &format!("cannot limit the compile child: {error}"));
    }
    let mut component = Vec::new();
    let cut = COMPONENT_BYTES_MAX as u64 + 1;
    if let Err(error) = io::stdin().lock().take(cut).read_to_end(&mut component) {
        return fail(1, &format!("cannot read the component: {error}"));
    }
    match compile(&component) {
        Ok(artefact) => match io::stdout().lock().write_all(&artefact).and_then(|()| io::stdout().flush()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(1, &format!("cannot write the artefact: {error}")),
        },
        Err(error) if is_out_of_memory(&error) => fail(EXIT_MEMORY, &describe(&error)),
        Err(error) => fail(EXIT_REFUSED, &describe(&error)),
    }
}

/// Compiles with the profile's settings, whatever it takes.
pub(crate) fn compile(component: &[u8]) -> wasmtime::Result<Vec<u8>> {
    profile::compiling()?.precompile_component(component)
}

/// The error and its causes in one line.
pub(crate) fn describe(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.join(": ")
}

fn is_out_of_memory(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<wasmtime::OutOfMemory>()
            || cause.downcast_ref::<io::Error>().is_some_and(|io| io.raw_os_error() == Some(ENOMEM))
    })
}

fn limit_myself(allowance: Allowance) -> io::Result<()> {
    let seconds = allowance.processor_seconds_max();
    rlimit::setrlimit(Resource::CORE, 0, 0)?;
    rlimit::setrlimit(Resource::FSIZE, 0, 0)?;
    rlimit::setrlimit(Resource::CPU, seconds, seconds + 1)?;
    rlimit::setrlimit(Resource::AS, ADDRESS_SPACE_BYTES_MAX, ADDRESS_SPACE_BYTES_MAX)
}

fn fail(code: u8, message: &str) -> ExitCode {
    let _unheard = writeln!(io::stderr(), "{message}");
    ExitCode::from(code)
}

//! `wasi:cli`: nobody calls with arguments, there is no terminal, leaving traps.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};

use super::streams::{InputStream, OutputStream, STDERR, STDIN, STDOUT};
use super::{Forbidden, charge, versioned};
use crate::sandbox::World;

struct TerminalInput;
struct TerminalOutput;

type Caller<'a> = StoreContextMut<'a, World>;
type Result<T, E = wasmtime::Error> = std::result::Result<T, E>;

pub(super) fn add_to(linker: &mut Linker<World>) -> Result<()> {
    environment(linker)?;
    standard_streams(linker)?;
    terminals(linker)?;
    let mut exit = linker.instance(&versioned("wasi:cli/exit"))?;
    exit.func_wrap("exit", |_: Caller<'_>, _: (Result<(), ()>,)| -> Result<()> {
        Err(Forbidden("the policy tried to end its process (exit)").into())
    })
}

fn environment(linker: &mut Linker<World>) -> Result<()> {
    let mut environment = linker.instance(&versioned("wasi:cli/environment"))?;
    environment.func_wrap("get-environment", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        Ok((Vec::<(String, String)>::new(),))
    })?;
    environment.func_wrap("get-arguments", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        Ok((Vec::<String>::new(),))
    })?;
    environment.func_wrap("initial-cwd", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        Ok((None::<String>,))
    })
}

fn standard_streams(linker: &mut Linker<World>) -> Result<()> {
    linker.instance(&versioned("wasi:cli/stdin"))?.func_wrap("get-stdin", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        Ok((Resource::<InputStream>::new_own(STDIN),))
    })?;
    linker.instance(&versioned("wasi:cli/stdout"))?.func_wrap("get-stdout", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        Ok((Resource::<OutputStream>::new_own(STDOUT),))
    })?;
    linker.instance(&versioned("wasi:cli/stderr"))?.func_wrap("get-stderr", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        Ok((Resource::<OutputStream>::new_own(STDERR),))
    })
}

fn terminals(linker: &mut Linker<World>) -> Result<()> {
    linker.instance(&versioned("wasi:cli/terminal-input"))?.resource(
        "terminal-input",
        ResourceType::host::<TerminalInput>(),
        |_, _| Ok(()),
    )?;
    linker.instance(&versioned("wasi:cli/terminal-output"))?.resource(
        "terminal-output",
        ResourceType::host::<TerminalOutput>(),
        |_, _| Ok(()),
    )?;
    let mut stdin = linker.instance(&versioned("wasi:cli/terminal-stdin"))?;
    stdin.func_wrap("get-terminal-stdin", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        Ok((None::<Resource<TerminalInput>>,))
    })?;
    for (interface, function) in
        [("wasi:cli/terminal-stdout", "get-terminal-stdout"), ("wasi:cli/terminal-stderr", "get-terminal-stderr")]
    {
        linker.instance(&versioned(interface))?.func_wrap(function, |mut store: Caller<'_>, (): ()| {
            charge(&mut store, 0)?;
            Ok((None::<Resource<TerminalOutput>>,))
        })?;
    }
    Ok(())
}

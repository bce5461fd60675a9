//! WASI 0.2 as policies see it: deterministic, and empty.
//!
//! Components of ordinary tool chains import these interfaces whether they use them or not. Clocks say the decision's
//! `now`, random numbers follow its seed, there are no arguments, variables, files or network, standard output and error
//! become the decision's log, waiting traps. [`WASI_PROFILE`](crate::WASI_PROFILE) is the version of all this: change
//! the one with the other.

mod clocks;
mod command;
mod files;
mod random;
mod streams;

use wasmtime::component::Linker;
use wasmtime::{Result, StoreContextMut, Trap};

use crate::sandbox::World;

pub(crate) use random::Random;

/// The interfaces that are given, without their versions.
const GIVEN: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// What every call of the host costs, in fuel, so that the host's work is bounded as the guest's is.
const CALL_FUEL: u64 = 200;

/// Whether the host gives an interface of this name, at any patch of 0.2.
pub(crate) fn is_given(name: &str) -> bool {
    let Some((interface, version)) = name.split_once('@') else { return false };
    let patch = version
        .strip_prefix("0.2.")
        .is_some_and(|patch| !patch.is_empty() && patch.len() <= 3 && patch.bytes().all(|byte| byte.is_ascii_digit()));
    patch && GIVEN.contains(&interface)
}

/// Gives all of it to the components of a linker.
///
/// # Errors
/// When a name is given twice.
pub(crate) fn add_to(linker: &mut Linker<World>) -> Result<()> {
    command::add_to(linker)?;
    clocks::add_to(linker)?;
    streams::add_to(linker)?;
    files::add_to(linker)?;
    random::add_to(linker)
}

/// A policy did what a policy may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Forbidden(pub(crate) &'static str);

/// Takes fuel for a call of the host that handles so many bytes.
fn charge(store: &mut StoreContextMut<'_, World>, bytes: u64) -> Result<()> {
    let price = CALL_FUEL.saturating_add(bytes);
    let left = store.get_fuel()?;
    store.set_fuel(left.saturating_sub(price))?;
    if left >= price { Ok(()) } else { Err(Trap::OutOfFuel.into()) }
}

/// `wasi:<name>@` at the version that the host defines; it serves every patch of 0.2.
fn versioned(interface: &str) -> String {
    format!("{interface}@0.2.6")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_interfaces_of_0_2_are_given() {
        assert!(is_given("wasi:io/poll@0.2.0"));
        assert!(is_given("wasi:cli/environment@0.2.9"));
        for other in
            ["wasi:io/poll", "wasi:io/poll@0.3.0", "wasi:io/poll@0.2.", "wasi:io/poll@0.2.0-rc", "wasi:io/x@0.2.0"]
        {
            assert!(!is_given(other), "{other}");
        }
        assert!(!is_given("wasi:sockets/tcp@0.2.0"));
        assert!(!is_given("wasi:http/types@0.2.0"));
    }
}

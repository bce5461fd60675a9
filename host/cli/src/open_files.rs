//! How many files the process may have open: each connection is one.

/// Files that a host has open beside connections: the database, components, deliveries under way.
#[cfg(unix)]
const OTHER_FILES: u64 = 256;

/// Raises the bound on open files as far as the system lets this process, and warns when that is too few for so many connections.
#[cfg(unix)]
pub(crate) fn raise(connections: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // None is no bound.
    let Some(soft) = current else { return };
    let needed = (connections as u64).saturating_add(OTHER_FILES);
    if soft >= needed {
        return;
    }
    let wanted = maximum.map_or(needed, |hard| hard.min(needed));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok();
    let files = if raised { wanted } else { soft };
    if files < needed {
        tracing::warn!(files, needed, "too few files may be open for so many connections; see `ulimit -n`");
    }
}

#[cfg(not(unix))]
pub(crate) fn raise(_: usize) {}

//! What a decision costs, native and sandboxed, and how many events a second the whole host makes durable.

mod stats;
mod decisions;
mod plain;
mod threads;
mod durable;
mod fair;
mod swaps;
mod start;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use cap_std::fs::Dir;
use largesse_engine::{Compiler, HostKey, Pace, Workers, WorkersConfig};

/// Runs the measurements named (`decisions`, `batches`, `connections`, `fair`, `swaps`; all these when none is) and prints them. A single
/// row of `batches` or `connections` is named by what it sends, as in `4x1000`. `start`, which compiles for minutes, runs only by its
/// name, and alone.
///
/// # Errors
/// When a component is not built, or the host does not start.
pub fn run(named: &[String]) -> Result<()> {
    let wanted = |name: &str| named.is_empty() || named.iter().any(|other| other == name);
    let cores = std::thread::available_parallelism()?;
    println!("{cores} cores; all figures are of one run, on whatever else the machine was doing\n");
    if named.iter().any(|name| name == "start") {
        return start::run();
    }
    if wanted("decisions") {
        decisions::run()?;
    }
    let rows = durable::ROWS.into_iter();
    let rows: Vec<_> = rows.filter(|row| wanted(row.group()) || named.contains(&row.to_string())).collect();
    if !rows.is_empty() {
        durable::run(&rows)?;
    }
    if wanted("fair") {
        fair::run()?;
    }
    if wanted("swaps") {
        swaps::run()?;
    }
    Ok(())
}

fn workers(count: usize) -> Result<Arc<Workers>> {
    workers_with(count, None)
}

fn workers_with(count: usize, cache_dir: Option<Dir>) -> Result<Arc<Workers>> {
    let child = std::env::current_exe()?.with_file_name("compile_child");
    let config = WorkersConfig {
        workers: NonZeroUsize::new(count).context("no workers")?,
        compiler: Compiler::child(child, Vec::new()),
        cache_dir,
        host_key: HostKey::from_bytes([1; 32]),
        pace: Pace::LIVE,
    };
    Ok(Arc::new(Workers::new(config)?))
}

fn component(name: &str) -> Result<Vec<u8>> {
    let path = component_path(name)?;
    std::fs::read(&path).with_context(|| format!("{}: run `make plugins` first", path.display()))
}

/// Where a component is built.
fn component_path(name: &str) -> Result<PathBuf> {
    let target = std::env::current_exe()?.ancestors().nth(2).map(PathBuf::from).context("no target folder")?;
    Ok(target.join("wasm32-wasip2/guest").join(format!("{name}.wasm")))
}

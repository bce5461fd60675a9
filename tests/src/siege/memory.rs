//! What memory a host takes, with the processes that it starts to compile components.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Memory that a host may take under attack, in bytes: itself, and the compilers that it starts.
pub(super) const MEMORY_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// A host that takes as many times more is killed before it takes the machine with it.
const FATAL: u64 = 4;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(10);

/// Looks at the memory of a process until it is told to stop.
pub(super) struct Memory {
    over: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Memory {
    pub(super) fn watch(process: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut most = 0;
            while !told.load(Ordering::Relaxed) {
                let all = children(process).into_iter().map(resident).sum::<u64>();
                most = most.max(resident(process).saturating_add(all));
                if most > MEMORY_BYTES_MAX * FATAL {
                    let _gone = Command::new("kill").args(["-KILL", &process.to_string()]).status();
                    return most;
                }
                std::thread::sleep(EVERY);
            }
            most
        });
        Self { over, thread }
    }

    /// Returns the most that it was, in bytes.
    pub(super) fn stop(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or(u64::MAX)
    }
}

/// A process that has ended has none.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

/// The processes that any of its threads has started.
fn children(process: u32) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let of_task = |task: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(task.ok()?.path().join("children")).ok()?;
        Some(text.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
    };
    tasks.filter_map(of_task).flatten().collect()
}

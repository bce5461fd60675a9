//! How long each thread was on a processor. What else the machine is doing changes this far less than it changes the time of day.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// The threads that this program started by name, and what they do for an event. All others are those of the two runtimes.
const NAMED: [(&str, &str); 3] = [("decider", "decider"), ("committer", "committer"), ("largesse-worker", "workers")];

/// Time on a processor, by what threads do.
pub(super) struct Threads(BTreeMap<&'static str, Duration>);

impl Threads {
    /// Until now.
    pub(super) fn now() -> Result<Self> {
        let mut times = BTreeMap::<_, Duration>::new();
        for task in fs::read_dir("/proc/self/task")? {
            let task = task?.path();
            // A thread that has just ended has no files any more.
            let Ok(name) = fs::read_to_string(task.join("comm")) else { continue };
            let Ok(stat) = fs::read_to_string(task.join("schedstat")) else { continue };
            let nanos = stat.split(' ').next().context("the kernel tells no times")?.parse()?;
            let named = NAMED.iter().find(|(prefix, _)| name.starts_with(prefix));
            let does = named.map_or(if name.starts_with("tokio") { "HTTP" } else { "client" }, |(_, does)| *does);
            *times.entry(does).or_default() += Duration::from_nanos(nanos);
        }
        Ok(Self(times))
    }

    /// What each took of one of so many events since, in microseconds.
    pub(super) fn each_since(&self, before: &Self, events: usize) -> String {
        let micros = |(does, time): (&&str, &Duration)| {
            let spent = time.saturating_sub(before.0.get(does).copied().unwrap_or_default());
            format!("{does} {:.1}", spent.as_secs_f64() * 1e6 / events.max(1) as f64)
        };
        self.0.iter().map(micros).collect::<Vec<_>>().join(", ")
    }
}

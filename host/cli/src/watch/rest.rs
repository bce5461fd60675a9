//! Which files have changed and come to rest: what is still being written is left alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use cap_std::fs::{Metadata, MetadataExt as _};

/// How long a file must have stayed the same before it is read.
pub(super) const REST: Duration = Duration::from_millis(150);

/// When a file was written last.
pub(super) fn written(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok().map(cap_std::time::SystemTime::into_std)
}

/// What tells one content of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    /// Another file may be moved here with the time and size of the one before.
    file: u64,
    /// When the signature beside it was written, if there is one.
    signed: Option<SystemTime>,
}

impl Stamp {
    /// Of a file without a signature.
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { modified: written(metadata), bytes: metadata.len(), file: metadata.ino(), signed: None }
    }

    /// With the signature beside it, if there is one.
    pub(super) fn signed(self, signed: Option<SystemTime>) -> Self {
        Self { signed, ..self }
    }
}

/// What is known of a file.
#[derive(Clone, Copy, Debug)]
struct Seen {
    stamp: Stamp,
    /// When it was first found like this.
    found: Instant,
    taken: bool,
}

impl Seen {
    fn now(stamp: Stamp) -> Self {
        Self { stamp, found: Instant::now(), taken: false }
    }
}

/// Files by name, as they were at the last look.
#[derive(Debug, Default)]
pub(super) struct Rest {
    seen: BTreeMap<String, Seen>,
}

impl Rest {
    /// Notes what a look has found. Gives the files that have changed and come to rest since the last time, with when the change
    /// was found.
    pub(super) fn rested(&mut self, stamps: BTreeMap<String, Stamp>) -> Vec<(String, Instant)> {
        self.seen.retain(|name, _| stamps.contains_key(name));
        let mut rested = Vec::new();
        for (name, stamp) in stamps {
            let seen = self.seen.entry(name.clone()).or_insert_with(|| Seen::now(stamp));
            if seen.stamp != stamp {
                *seen = Seen::now(stamp);
            } else if !seen.taken && seen.found.elapsed() >= REST {
                seen.taken = true;
                rested.push((name, seen.found));
            }
        }
        rested
    }

    /// Whether every file has come to rest.
    pub(super) fn is_quiet(&self) -> bool {
        self.seen.values().all(|seen| seen.taken)
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }
}

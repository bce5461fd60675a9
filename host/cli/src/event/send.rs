//! Sends lines in batches, several requests at a time if asked, and keeps account of what was answered.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use indicatif::{ProgressBar, ProgressStyle};
use largesse_domain::limits::BATCH_BYTES_MAX;

use super::batch::{self, Fate};
use super::lines::{Line, Lines};
use super::resume::{Resume, fingerprint};
use super::summary::Summary;
use crate::client::Client;
use crate::failure::{Failure, Result};

/// How to send.
#[derive(Debug)]
pub(crate) struct Options {
    /// Most events in one request.
    pub(crate) batch: usize,
    /// Requests at the same time.
    pub(crate) concurrency: usize,
    /// The first line to send.
    pub(crate) from_line: u64,
    /// Where to keep how far it got.
    pub(crate) resume: Option<PathBuf>,
    /// Whether to show a bar.
    pub(crate) progress: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { batch: 500, concurrency: 1, from_line: 1, resume: None, progress: false }
    }
}

/// Lines that go together, with their place among the batches.
struct Batch {
    place: u64,
    lines: Vec<Line>,
}

/// A batch that was answered.
struct Answered {
    place: u64,
    last_line: u64,
    sha256: String,
    fates: Vec<(u64, Fate)>,
}

/// Sends all lines and waits for their answers.
pub(crate) fn send(client: &Client, mut lines: Lines, options: &Options) -> Result<Summary> {
    // When nobody is there at all, waiting would not help.
    client.find::<serde::de::IgnoredAny>("/healthz")?;
    let started = Instant::now();
    let (mut resume, done) = match &options.resume {
        Some(path) => Resume::skip(path, &mut lines).map(|(resume, done)| (Some(resume), done))?,
        None => (None, 0),
    };
    let bar = bar(&lines, options.progress);
    let first = options.from_line.max(done + 1);
    let mut summary = Summary::default();
    let result = std::thread::scope(|scope| {
        let (to_senders, batches) = bounded(options.concurrency);
        let (to_here, answers) = bounded(options.concurrency);
        for _ in 0..options.concurrency {
            let (batches, to_here) = (batches.clone(), to_here.clone());
            scope.spawn(move || send_batches(client, &batches, &to_here));
        }
        // What is left here would keep the others waiting for ever.
        drop((batches, to_here));
        let bar = &bar;
        let reader = scope.spawn(move || read_batches(lines, first, options.batch, &to_senders, bar));
        let collected = collect(&answers, &mut summary, resume.as_mut(), bar);
        // After a failure nobody takes answers any more, and everyone stops.
        drop(answers);
        let read = reader.join().map_err(|_| Failure::new("the reading thread has panicked"))?;
        collected.and(read)
    });
    bar.finish_and_clear();
    summary.elapsed = started.elapsed();
    result.map_err(|failure| match summary.sent {
        0 => failure,
        sent => failure.context(format!("stopped after {sent} events were answered")),
    })?;
    Ok(summary)
}

fn bar(lines: &Lines, visible: bool) -> ProgressBar {
    if !visible {
        return ProgressBar::hidden();
    }
    let (bar, template) = match lines.size {
        Some(size) => (ProgressBar::new(size), "{bar:40} {percent:>3} %  {elapsed}, {eta} left  {msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {elapsed}  {msg}"),
    };
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Makes batches of the lines, until there are none or nobody takes them.
fn read_batches(mut lines: Lines, first: u64, most: usize, to: &Sender<Batch>, bar: &ProgressBar) -> Result {
    let mut batch = Batch { place: 0, lines: Vec::new() };
    let mut bytes = 2;
    while let Some(line) = lines.next_line().map_err(|error| Failure::from(error).context("cannot read the events"))? {
        if line.number < first {
            continue;
        }
        let length = line.text.as_ref().map_or(0, Vec::len) + 1;
        if !batch.lines.is_empty() && (batch.lines.len() >= most || bytes + length > BATCH_BYTES_MAX) {
            let next = Batch { place: batch.place + 1, lines: Vec::new() };
            if to.send(std::mem::replace(&mut batch, next)).is_err() {
                return Ok(());
            }
            bytes = 2;
            bar.set_position(lines.position.load(Ordering::Relaxed));
        }
        bytes += length;
        batch.lines.push(line);
    }
    if !batch.lines.is_empty() {
        // When nobody takes it, the reason is with those who did not.
        let _ = to.send(batch);
    }
    Ok(())
}

fn send_batches(client: &Client, batches: &Receiver<Batch>, to: &Sender<Result<Answered>>) {
    for Batch { place, lines } in batches {
        let answered = batch::send(client, &lines).map(|fates| {
            let last = lines.last();
            Answered {
                place,
                last_line: last.map_or(0, |line| line.number),
                sha256: fingerprint(last.and_then(|line| line.text.as_deref())),
                fates,
            }
        });
        let failed = answered.is_err();
        if to.send(answered).is_err() || failed {
            return;
        }
    }
}

/// Counts answers, and notes how far everything was answered without a gap.
fn collect(
    answers: &Receiver<Result<Answered>>,
    summary: &mut Summary,
    mut resume: Option<&mut Resume>,
    bar: &ProgressBar,
) -> Result {
    let mut ahead: BTreeMap<u64, (u64, String)> = BTreeMap::new();
    let mut next_place = 0;
    let mut reached = None;
    let mut result = Ok(());
    for answered in answers {
        let Answered { place, last_line, sha256, fates } = match answered {
            Ok(answered) => answered,
            Err(failure) => {
                result = Err(failure);
                break;
            }
        };
        fates.into_iter().for_each(|(line, fate)| summary.add(line, fate));
        bar.set_message(format!("{} events", crate::money::count(summary.sent)));
        ahead.insert(place, (last_line, sha256));
        while let Some(mark) = ahead.remove(&next_place) {
            next_place += 1;
            reached = Some(mark);
        }
        if let (Some(resume), Some((line, sha256))) = (resume.as_deref_mut(), &reached) {
            resume.note(*line, sha256, false)?;
        }
    }
    if let (Some(resume), Some((line, sha256))) = (resume, &reached) {
        resume.note(*line, sha256, true)?;
    }
    result
}

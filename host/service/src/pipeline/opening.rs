//! The run that assigns numbers: drawn when the pipeline starts, and written with the first batch that has any.

use largesse_domain::run::{Began, Run};
use largesse_domain::time::Instant;
use largesse_store::{Batch, Counters, OutboxChange};

use crate::Gaps;

/// The version of the program, as runs name it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Opens the run that follows the last one.
pub(super) fn open(before: Option<&Run>, counters: &Counters, now: Instant, gaps: &Gaps) -> Run {
    Run::next(before, &counters.last(), Began { opened: now, version: VERSION }, gaps.source())
}

/// Reports whether a batch has anything that is numbered.
pub(super) fn assigns_numbers(batch: &Batch) -> bool {
    let posts = |change: &OutboxChange| matches!(change, OutboxChange::Post(_));
    !batch.events.is_empty()
        || !batch.decisions.is_empty()
        || !batch.rows.transfers.is_empty()
        || batch.outbox.iter().any(posts)
}

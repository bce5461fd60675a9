//! Removing old records, a few between two commits.

use largesse_domain::id::EventSeq;
use largesse_domain::limits::{EVENTS_REMOVED_AT_ONCE_MAX, RECORDS_REMOVED_AT_ONCE_MAX};
use largesse_domain::time::Instant;
use largesse_failpoint::{Point, reach};
use largesse_store::{KeptRecord, Removal, Room, StoreError};

use super::Decider;
use crate::Retention;

/// How often old records are looked for when there were none, in milliseconds.
const LOOK_MS: i64 = 1_000;

impl Decider {
    /// Has some old records removed, if there are any. Nothing is being written: the store tells all that there is.
    pub(super) fn remove_some(&mut self) -> Result<(), StoreError> {
        if self.retention == Retention::default() {
            return Ok(());
        }
        let now = self.clock.now();
        if self.looked_for_old.is_some_and(|looked| now.as_millis() - looked.as_millis() < LOOK_MS) {
            return Ok(());
        }
        let (room, oldest) = (self.store.room()?, self.store.oldest_records(RECORDS_REMOVED_AT_ONCE_MAX)?);
        metrics::gauge!("largesse_records_bytes").set(bytes_shown(room.bytes));
        let far = self.store.data_after(room.event, EVENTS_REMOVED_AT_ONCE_MAX)?.unwrap_or(EventSeq(u64::MAX));
        let look = Look { now, room, far };
        let removal = choose(&self.retention, look, &oldest);
        // Where some were removed there may be more.
        self.looked_for_old = removal.is_none().then_some(now);
        if removal.is_some() {
            self.pending.batch.removal = removal;
            reach(Point::RecordsChosen);
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a measurement")]
fn bytes_shown(bytes: u64) -> f64 {
    bytes as f64
}

/// What was found when old records were looked for.
#[derive(Clone, Copy, Debug)]
struct Look {
    now: Instant,
    room: Room,
    /// The last event that one removal goes by: it goes by a bounded number of events that have their data. The largest number when none is
    /// left.
    far: EventSeq,
}

/// Returns which of the oldest records are not kept any longer, if any.
fn choose(retention: &Retention, Look { now, room, far }: Look, oldest: &[KeptRecord]) -> Option<Removal> {
    let kept_from = retention.keep_ms.map(|keep| now.as_millis().saturating_sub(keep));
    let is_too_much = |bytes: u64| retention.keep_bytes.is_some_and(|most| bytes > most);
    let (mut bytes, mut decision, mut event) = (room.bytes, room.decision, room.event);
    for record in oldest {
        let is_old = kept_from.is_some_and(|from| record.made_at.as_millis() < from);
        if !is_old && !is_too_much(bytes) {
            break;
        }
        // Many events before it led to no decision: they go first.
        if record.event > far {
            event = far;
            break;
        }
        bytes = bytes.saturating_sub(record.bytes);
        decision = record.decision;
        event = event.max(record.event);
    }
    if oldest.is_empty() && is_too_much(bytes) && far != EventSeq(u64::MAX) {
        event = far.max(event);
    }
    ((decision, event) != (room.decision, room.event)).then_some(Removal { decision, event, at: now })
}

#[cfg(test)]
mod tests {
    use largesse_domain::id::DecisionId;

    use super::*;

    const DAY: i64 = 86_400_000;

    fn at(day: i64) -> Instant {
        Instant::from_millis(day * DAY).unwrap()
    }

    /// Records of ten bytes, one a day, on every second event.
    fn records(from: u64, count: u64) -> Vec<KeptRecord> {
        let record = |number: u64| KeptRecord {
            decision: DecisionId(number),
            event: EventSeq(number * 2),
            made_at: at(i64::try_from(number).unwrap()),
            bytes: 10,
        };
        (from..from + count).map(record).collect()
    }

    fn chosen(retention: Retention, room: Room, oldest: &[KeptRecord]) -> Option<(u64, u64)> {
        // There are 10,000 events, all with their data.
        let left = (room.event.0 < 10_000).then(|| 10_000.min(room.event.0 + 4_096));
        let far = EventSeq(left.unwrap_or(u64::MAX));
        let removal = choose(&retention, Look { now: at(100), room, far }, oldest);
        removal.map(|removal| (removal.decision.0, removal.event.0))
    }

    fn room(bytes: u64) -> Room {
        Room { bytes, ..Room::default() }
    }

    #[test]
    fn what_is_older_than_it_is_kept_goes() {
        let days = |days: i64| Retention { keep_ms: Some(days * DAY), keep_bytes: None };
        assert_eq!(chosen(days(95), room(200), &records(1, 20)), Some((4, 8)));
        assert_eq!(chosen(days(99), room(200), &records(1, 20)), None, "as old as it may be");
        assert_eq!(chosen(days(1), room(200), &records(1, 20)), Some((20, 40)));
        assert_eq!(chosen(days(1), room(0), &[]), None);
    }

    #[test]
    fn what_is_more_than_is_kept_goes() {
        let bytes = |bytes| Retention { keep_ms: None, keep_bytes: Some(bytes) };
        assert_eq!(chosen(bytes(200), room(200), &records(1, 20)), None);
        assert_eq!(chosen(bytes(199), room(200), &records(1, 20)), Some((1, 2)));
        assert_eq!(chosen(bytes(100), room(200), &records(1, 20)), Some((10, 20)));
        let both = Retention { keep_ms: Some(95 * DAY), keep_bytes: Some(190) };
        assert_eq!(chosen(both, room(200), &records(1, 20)), Some((4, 8)));
        // Data of events on which nothing was decided.
        assert_eq!(chosen(bytes(1), room(50), &[]), Some((0, 4_096)));
        let later = Room { event: EventSeq(9_000), ..room(50) };
        assert_eq!(chosen(bytes(1), later, &[]), Some((0, 10_000)));
        let last = Room { event: EventSeq(10_000), ..room(50) };
        assert_eq!(chosen(bytes(1), last, &[]), None, "what is left is needed");
    }

    #[test]
    fn a_step_goes_by_a_bounded_number_of_events() {
        let all = Retention { keep_ms: None, keep_bytes: Some(1) };
        let far = records(3_000, 2);
        assert_eq!(chosen(all, room(20), &far), Some((0, 4_096)));
        let nearer = Room { event: EventSeq(4_096), ..room(20) };
        assert_eq!(chosen(all, nearer, &far), Some((3_001, 6_002)));
    }
}

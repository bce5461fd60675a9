//! Long histories of one owner: whether the state stays small.

use std::collections::BTreeMap;

use largesse_domain::limits::STATE_BYTES_MAX;
use largesse_domain::owner::Owner;

use super::inputs::Generator;
use super::list::Rule;
use super::report::Finding;
use super::subject::Subject;
use super::trial::{Run, run};

/// Milliseconds between events: three in an hour, and two in three days.
const PACES: [i64; 2] = [20 * 60 * 1_000, 36 * 60 * 60 * 1_000];
/// How many further events a state must have room for.
const FURTHER_EVENTS: u64 = 10_000;
/// How many times as long a second life is.
const LONGER: usize = 8;
/// Fewer events of one owner say nothing of growth.
const EVENTS_MIN: usize = 80;

/// What long histories came to.
#[derive(Default)]
pub(super) struct Histories {
    /// What they used, and which rules they broke; not the decisions.
    pub(super) run: Run,
    /// The largest state, in bytes.
    pub(super) largest: usize,
    events: usize,
    grows: Option<String>,
}

impl Histories {
    /// Lets one customer, with one inviter and one entity, live through many events at each pace.
    pub(super) fn of(subject: &dyn Subject, generator: &Generator<'_>, seed: u64, events: usize) -> Self {
        let mut all = Self::default();
        for (index, pace) in PACES.into_iter().enumerate() {
            let mut live = |events| all.live(subject, generator, (seed ^ (index as u64 + 1) << 56, events), pace);
            // What seems to grow may be filling up: a longer life tells.
            let grows = live(events).and_then(|_| live(events.saturating_mul(LONGER)));
            all.grows = all.grows.or(grows);
        }
        all
    }

    /// One life of so many events; says how the state grows in it.
    fn live(
        &mut self,
        subject: &dyn Subject,
        generator: &Generator<'_>,
        seed_and_events: (u64, usize),
        pace: i64,
    ) -> Option<String> {
        let mut one = run(subject, generator, seed_and_events, Some(pace));
        let mut sizes: BTreeMap<&Owner, Vec<usize>> = BTreeMap::new();
        for done in &one.done {
            sizes.entry(&done.situation.input.owner).or_default().push(done.state_bytes);
        }
        self.events += one.done.len();
        self.largest = sizes.values().flatten().copied().max().unwrap_or(0).max(self.largest);
        let grows = sizes.values().find_map(|sizes| growth(sizes));
        self.run.note(&mut one);
        grows
    }

    /// Whether the state stays small.
    pub(super) fn finding(&self) -> Finding {
        let rule = Rule::StateSize;
        if let Some(failure) = self.run.failure(rule) {
            return failure;
        }
        match &self.grows {
            Some(grows) => Finding::fail(rule, grows),
            None if self.largest == 0 => Finding::skipped(rule, "no input led to a state"),
            None => Finding::pass(
                rule,
                format!("at most {} of {STATE_BYTES_MAX} bytes in {} events of one owner", self.largest, self.events),
            ),
        }
    }
}

/// Says how a state grows that has no room for many further events: by the means of the quarters of its history.
fn growth(sizes: &[usize]) -> Option<String> {
    if sizes.len() < EVENTS_MIN {
        return None;
    }
    let quarter = sizes.len() / 4;
    let total = |number: usize| sizes[quarter * number..quarter * (number + 1)].iter().sum::<usize>() as u64;
    let (second, third, fourth) = (total(1), total(2), total(3));
    if third <= second || fourth <= third {
        return None;
    }
    let length = quarter as u64;
    let grown = (fourth - third).saturating_mul(FURTHER_EVENTS) / (length * length);
    let now = fourth / length;
    (now + grown > STATE_BYTES_MAX as u64).then(|| {
        let events = sizes.len();
        format!(
            "after {events} events of one owner the state has {now} bytes and grows: {FURTHER_EVENTS} events later it would \
             have about {} of {STATE_BYTES_MAX}",
            now + grown
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_with_every_event_is_told_from_what_fills_up() {
        let list: Vec<usize> = (0..1_000).map(|event| 10 + 4 * event).collect();
        assert!(growth(&list).is_some());
        let window: Vec<usize> = (0..1_000).map(|event| 10 + 40 * event.min(200)).collect();
        assert_eq!(growth(&window), None);
        let counter: Vec<usize> = (0..1_000_usize).map(|event| 10 + event.to_string().len()).collect();
        assert_eq!(growth(&counter), None);
        let noise: Vec<usize> = (0..1_000_usize).map(|event| 4_000 + event * 7_919 % 500).collect();
        assert_eq!(growth(&noise), None);
    }
}

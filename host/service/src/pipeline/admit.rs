//! Admission: each event once, numbered in order, decided, answered after its commit.

use std::collections::HashMap;
use std::sync::Arc;

use largesse_domain::event::{Admission, EventKey, Seen, seen};
use largesse_domain::id::EventSeq;
use largesse_domain::limits::TURN_EVENTS_MAX;
use largesse_domain::outcome::{Decision, Remains};
use largesse_failpoint::{Point, reach};
use largesse_store::StoreError;
use tokio::sync::oneshot;

use super::answer::{Answer, EventResult, PutOff};
use super::decide::{Aborted, Round};
use super::{Decider, DryRun};
use crate::intake::Arrival;
use crate::queue::Part;
use crate::seed::Purpose;

/// An event on its way.
pub(super) struct Admitted {
    pub(super) arrival: Arrival,
    pub(super) admission: Admission,
    /// Whether its decisions are put off because there was no time or memory to make them.
    pub(super) put_off: bool,
}

/// What somebody sent, or a part of it: events still to be decided, and what became of those before them.
pub(super) struct Asked {
    request: u64,
    arrivals: std::vec::IntoIter<Arrival>,
    results: Vec<EventResult>,
    /// Who is answered when these are the request's last events.
    reply: Option<oneshot::Sender<Vec<EventResult>>>,
}

impl Asked {
    pub(super) fn new(Part { request, arrivals, reply }: Part) -> Self {
        Self { request, results: Vec::with_capacity(arrivals.len()), arrivals: arrivals.into_iter(), reply }
    }
}

/// What an arrival will be answered.
enum Due {
    /// What becomes of the event with that number, decided now.
    New(EventSeq),
    /// What became of it before.
    Known(EventSeq),
    Conflict(EventSeq),
    Unavailable(String),
}

impl Decider {
    /// Decides the next events that were taken. Whose events are all decided is answered after the commit.
    pub(super) fn admit_next(&mut self) -> Result<(), StoreError> {
        let (mut parts, mut askers, mut room) = (Vec::new(), Vec::new(), TURN_EVENTS_MAX);
        while room > 0
            && let Some(mut asked) = self.asked.pop_front()
        {
            let part: Vec<Arrival> = asked.arrivals.by_ref().take(room).collect();
            room -= part.len();
            parts.push(part);
            askers.push(asked);
        }
        let results = self.admit(&parts)?;
        for (mut asked, mut results) in askers.into_iter().zip(results) {
            asked.results.append(&mut results);
            if asked.arrivals.len() > 0 {
                self.asked.push_front(asked);
            } else {
                self.answer_asked(asked.request, asked.results, asked.reply);
            }
        }
        Ok(())
    }

    /// Decides events, and says what each of them will be answered.
    fn admit(&mut self, asked: &[Vec<Arrival>]) -> Result<Vec<Vec<EventResult>>, StoreError> {
        let mut refused: HashMap<EventKey, String> = HashMap::new();
        let (admitted, dues) = loop {
            let (admitted, dues) = self.number(asked, &refused)?;
            reach(Point::EventsNumbered);
            match self.decide(&admitted, Purpose::Commit) {
                Ok(round) => {
                    reach(Point::EventsDecided);
                    self.keep(&admitted, round);
                    break (admitted, dues);
                }
                // Everything is undone; the rest is decided again without the event that could not be, unless its version is
                // taken out now: then another decides it.
                Err(Aborted::Event { index, why, by }) => {
                    if !self.protect(&mut vec![by]) {
                        refused.insert(admitted[index].arrival.event.key.clone(), why);
                    }
                }
                Err(Aborted::Store(error)) => return Err(error),
            }
        };
        self.last_event = admitted.last().map_or(self.last_event, |last| last.admission.seq);
        self.cascade()?;
        let results = |dues: Vec<Due>| dues.into_iter().map(|due| self.result(due)).collect();
        dues.into_iter().map(results).collect()
    }

    /// Says of each arrival whether it is new, and numbers those that are.
    fn number(
        &self,
        asked: &[Vec<Arrival>],
        refused: &HashMap<EventKey, String>,
    ) -> Result<(Vec<Admitted>, Vec<Vec<Due>>), StoreError> {
        let now = self.clock.now();
        let unknown: Vec<EventKey> = asked
            .iter()
            .flatten()
            .map(|arrival| &arrival.event.key)
            .filter(|key| !self.unwritten.contains_key(key))
            .cloned()
            .collect();
        let stored = self.store.seen(&unknown)?;
        let mut known: HashMap<EventKey, _> =
            unknown.into_iter().zip(stored).filter_map(|(key, stored)| Some((key, stored?))).collect();
        let first_new = self.last_event;
        let mut admitted: Vec<Admitted> = Vec::new();
        let mut dues = Vec::with_capacity(asked.len());
        for arrivals in asked {
            let mut due = Vec::with_capacity(arrivals.len());
            for arrival in arrivals {
                let key = &arrival.event.key;
                if let Some(why) = refused.get(key) {
                    due.push(Due::Unavailable(why.clone()));
                    continue;
                }
                let before = self.unwritten.get(key).or_else(|| known.get(key)).copied();
                due.push(match seen(before, arrival.event.body_hash) {
                    Seen::Other(seq) => Due::Conflict(seq),
                    Seen::Same(seq) => Due::Known(seq),
                    Seen::New => {
                        let last = admitted.last().map_or(first_new, |last| last.admission.seq);
                        let seq = EventSeq(last.0 + 1);
                        known.insert(key.clone(), (seq, arrival.event.body_hash));
                        let admission = Admission { seq, at: now };
                        admitted.push(Admitted { arrival: arrival.clone(), admission, put_off: false });
                        Due::New(seq)
                    }
                });
            }
            dues.push(due);
        }
        Ok((admitted, dues))
    }

    /// Adds events and what was decided on them to the batch that gathers.
    pub(super) fn keep(&mut self, admitted: &[Admitted], round: Round) {
        for event in admitted {
            let (seq, inner) = (event.admission.seq, &event.arrival.event);
            self.unwritten.insert(inner.key.clone(), (seq, inner.body_hash));
            self.answers.insert(seq, Answer { seq, remains: Vec::new(), decisions: Vec::new(), put_off: Vec::new() });
            self.pending.keys.push(inner.key.clone());
            self.pending.batch.events.push((event.admission, Arc::clone(inner)));
        }
        self.keep_round(round);
    }

    /// The stored decisions on an event: what remains of those whose records were removed, and the others.
    pub(super) fn stored_on(&self, seq: EventSeq) -> Result<(Vec<Remains>, Vec<Arc<Decision>>), StoreError> {
        let decisions: Vec<_> = self.store.decisions_on(seq)?.into_iter().map(Arc::new).collect();
        let mut remains = self.store.remains_on(seq)?;
        // A record that was removed between the two is among both.
        remains.retain(|remains| decisions.first().is_none_or(|first| remains.id < first.id));
        Ok((remains, decisions))
    }

    fn result(&self, due: Due) -> Result<EventResult, StoreError> {
        let answer = |seq: EventSeq| -> Result<Answer, StoreError> {
            if let Some(answer) = self.answers.get(&seq) {
                return Ok(answer.clone());
            }
            let (remains, decisions) = self.stored_on(seq)?;
            let put_off = self.store.deferred_on(seq)?.into_iter().map(|deferred| {
                let active = self.registry.campaign(&deferred.key.campaign);
                PutOff::stored(deferred, active.is_some_and(|active| active.is_held()))
            });
            Ok(Answer { seq, remains, decisions, put_off: put_off.collect() })
        };
        Ok(match due {
            Due::New(seq) => EventResult::Admitted(answer(seq)?),
            Due::Known(seq) => EventResult::Duplicate(answer(seq)?),
            Due::Conflict(seq) => EventResult::Conflict(seq),
            Due::Unavailable(why) => EventResult::Unavailable(why),
        })
    }

    /// Decides an event and forgets it.
    pub(super) fn dry_run(&mut self, arrival: Arrival) -> Result<DryRun, StoreError> {
        let seq = EventSeq(self.last_event.0 + 1);
        let admission = Admission { seq, at: self.clock.now() };
        let admitted = [Admitted { arrival, admission, put_off: false }];
        let savepoint = self.facts.savepoint();
        let round = self.decide(&admitted, Purpose::DryRun);
        self.facts.undo_to(savepoint);
        match round {
            Ok(round) => {
                let decisions = round.decisions.into_iter().map(Arc::new).collect();
                let put_off = round.put_off.into_iter().map(|(put_off, _)| put_off).collect();
                Ok(DryRun::Decided(Answer { seq, remains: Vec::new(), decisions, put_off }))
            }
            Err(Aborted::Event { why, .. }) => Ok(DryRun::Unavailable(why)),
            Err(Aborted::Store(error)) => Err(error),
        }
    }
}

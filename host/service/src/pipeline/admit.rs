//! Admission: each event once, numbered in order, decided, answered after its commit.

use std::collections::HashMap;
use std::sync::Arc;

use largesse_domain::event::{Admission, Event, EventKey, Seen, seen};
use largesse_domain::id::EventSeq;
use largesse_domain::outcome::{Decision, Remains};
use largesse_failpoint::{Point, reach};
use largesse_store::StoreError;

use super::decide::Round;
use super::group::{Decided, Numbered};
use super::{Decider, DryRun};
use crate::answer::{Answer, EventResult, PutOff};
use crate::intake::Arrival;
use crate::seed::Purpose;

/// An event on its way.
pub(super) struct Admitted {
    pub(super) arrival: Arrival,
    pub(super) admission: Admission,
}

/// An event whose turn it is.
pub(super) struct Arrived {
    /// The part of a request that it belongs to, among those taken together.
    pub(super) part: usize,
    /// Its place in the answer to the request.
    pub(super) place: usize,
    pub(super) arrival: Arrival,
}

/// What an arrival is, beside the events that are stored and those that arrived before it.
enum Due {
    /// A new event, with its place among those to be decided.
    New(usize),
    /// The same as a new one.
    Again(usize),
    /// Another event under the key of a new one.
    Against(usize),
    /// The same as one that was taken before.
    Known(EventSeq),
    /// Another event under the key of one that was taken before.
    Conflict(EventSeq),
}

impl Decider {
    /// Decides events, and says what each of them will be answered; `None` of one that is left for the next turn.
    pub(super) fn admit(&mut self, arrived: &[Arrived]) -> Result<Vec<Option<EventResult>>, StoreError> {
        let (admitted, dues) = self.number(arrived)?;
        reach(Point::EventsNumbered);
        let mut decided = self.decide(&admitted, Purpose::Commit)?;
        reach(Point::EventsDecided);
        let refused: HashMap<usize, String> = decided.refused.drain(..).collect();
        decided.left.extend(refused.keys());
        let Numbered { admitted, round, numbers } = decided.numbered(admitted);
        self.last_event = admitted.last().map_or(self.last_event, |last| last.admission.seq);
        self.keep(&admitted, round);
        self.cascade()?;
        let result = |due: Due| match due {
            Due::Known(seq) => Ok(Some(EventResult::Duplicate(self.answer(seq)?))),
            Due::Conflict(seq) => Ok(Some(EventResult::Conflict(seq))),
            Due::New(place) | Due::Again(place) | Due::Against(place) => match (numbers[place], due) {
                (Some(seq), Due::New(_)) => Ok(Some(EventResult::Admitted(self.answer(seq)?))),
                (Some(seq), Due::Again(_)) => Ok(Some(EventResult::Duplicate(self.answer(seq)?))),
                (Some(seq), _) => Ok(Some(EventResult::Conflict(seq))),
                // The key is free again.
                (None, Due::Against(_)) => Ok(None),
                (None, _) => Ok(refused.get(&place).cloned().map(EventResult::Unavailable)),
            },
        };
        dues.into_iter().map(result).collect()
    }

    /// Says of each arrival what it is, and numbers those that are new.
    fn number(&self, arrived: &[Arrived]) -> Result<(Vec<Admitted>, Vec<Due>), StoreError> {
        let now = self.clock.now();
        let keys = arrived.iter().map(|arrived| &arrived.arrival.event.key);
        let unknown: Vec<EventKey> = keys.filter(|key| !self.unwritten.contains_key(key)).cloned().collect();
        let stored = self.store.seen(&unknown)?;
        let known: HashMap<EventKey, _> =
            unknown.into_iter().zip(stored).filter_map(|(key, stored)| Some((key, stored?))).collect();
        let mut new: HashMap<&EventKey, usize> = HashMap::new();
        let mut admitted: Vec<Admitted> = Vec::new();
        let mut dues = Vec::with_capacity(arrived.len());
        for Arrived { arrival, .. } in arrived {
            let Event { key, body_hash, .. } = &*arrival.event;
            if let Some(place) = new.get(key).copied() {
                let same = admitted[place].arrival.event.body_hash == *body_hash;
                dues.push(if same { Due::Again(place) } else { Due::Against(place) });
                continue;
            }
            let before = self.unwritten.get(key).or_else(|| known.get(key)).copied();
            dues.push(match seen(before, *body_hash) {
                Seen::Other(seq) => Due::Conflict(seq),
                Seen::Same(seq) => Due::Known(seq),
                Seen::New => {
                    let place = admitted.len();
                    new.insert(key, place);
                    let seq = EventSeq(self.last_event.0 + 1 + place as u64);
                    admitted.push(Admitted { arrival: arrival.clone(), admission: Admission { seq, at: now } });
                    Due::New(place)
                }
            });
        }
        Ok((admitted, dues))
    }

    /// Adds events and what was decided on them to the batch that gathers.
    pub(super) fn keep(&mut self, admitted: &[Admitted], round: Round) {
        self.pending.rows += admitted.len();
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

    /// What is answered to an event that was taken.
    fn answer(&self, seq: EventSeq) -> Result<Answer, StoreError> {
        if let Some(answer) = self.answers.get(&seq) {
            return Ok(answer.clone());
        }
        let (remains, decisions) = self.stored_on(seq)?;
        let put_off = self.store.deferred_on(seq)?.into_iter().map(|deferred| {
            let active = self.registry.campaign(&deferred.key.campaign);
            PutOff::stored(deferred, active.is_some_and(|active| active.is_held()))
        });
        Ok(Answer { seq, remains, decisions, put_off: put_off.collect() })
    }

    /// Decides an event and forgets it.
    pub(super) fn dry_run(&mut self, arrival: Arrival) -> Result<DryRun, StoreError> {
        let seq = EventSeq(self.last_event.0 + 1);
        let admission = Admission { seq, at: self.clock.now() };
        let savepoint = self.facts.savepoint();
        self.begin_turn();
        let decided = self.decide(&[Admitted { arrival, admission }], Purpose::DryRun)?;
        self.facts.undo_to(savepoint);
        let Decided { round, refused, left } = decided;
        if let Some((_, why)) = refused.into_iter().next() {
            return Ok(DryRun::Unavailable(why));
        }
        if !left.is_empty() {
            return Ok(DryRun::Unavailable("there was no time to decide".to_owned()));
        }
        let decisions = round.decisions.into_iter().map(Arc::new).collect();
        let put_off = round.put_off.into_iter().map(|(put_off, _)| put_off).collect();
        Ok(DryRun::Decided(Answer { seq, remains: Vec::new(), decisions, put_off }))
    }
}

//! Groups of events: decided wave by wave until the turn is over, without those that cannot be decided.

use std::collections::{HashMap, HashSet, VecDeque};

use largesse_domain::id::EventSeq;
use largesse_domain::limits::{EVENT_DECISIONS_MAX, EVENT_EFFECTS_MAX};
use largesse_domain::outcome::Decision;
use largesse_store::StoreError;

use super::Decider;
use super::admit::Admitted;
use super::decide::{Aborted, Round, Task, effects};
use super::evaluate::{Failed, Known, WhyFailed};
use super::turn::Turn;
use crate::answer::WhyPutOff;
use crate::seed::Purpose;

/// So many decisions on one event are made at once however long they take.
const EVENT_DECISIONS_MIN: usize = 16;

/// What deciding events came to.
#[derive(Default)]
pub(super) struct Decided {
    pub(super) round: Round,
    /// Events given up for want of time or memory, each with why. Nothing of them is left.
    pub(super) refused: Vec<(usize, String)>,
    /// Events that are still to be decided, in order: the turn is over.
    pub(super) left: Vec<usize>,
}

/// Events that were decided, with numbers that follow on one another, and the decisions on them.
pub(super) struct Numbered {
    pub(super) admitted: Vec<Admitted>,
    pub(super) round: Round,
    /// The numbers of all that were to be decided; none of those that were not.
    pub(super) numbers: Vec<Option<EventSeq>>,
}

impl Decided {
    /// Drops the events that were not decided from those that were to be, and numbers the others so that no number is left
    /// out.
    pub(super) fn numbered(self, events: Vec<Admitted>) -> Numbered {
        let Self { mut round, refused, left } = self;
        let undecided: HashSet<usize> = refused.into_iter().map(|(index, _)| index).chain(left).collect();
        if undecided.is_empty() {
            let numbers = events.iter().map(|event| Some(event.admission.seq)).collect();
            return Numbered { admitted: events, round, numbers };
        }
        let mut next = events[0].admission.seq;
        let (mut admitted, mut numbers, mut moved) = (Vec::new(), Vec::with_capacity(events.len()), HashMap::new());
        for (index, mut event) in events.into_iter().enumerate() {
            numbers.push((!undecided.contains(&index)).then_some(next));
            if !undecided.contains(&index) {
                moved.insert(event.admission.seq, next);
                event.admission.seq = next;
                admitted.push(event);
                next = EventSeq(next.0 + 1);
            }
        }
        let of_decisions = round.decisions.iter_mut().map(|decision| &mut decision.event);
        let put_off = round.put_off.iter_mut().map(|(_, deferred)| &mut deferred.key.event);
        of_decisions.chain(put_off).for_each(|event| *event = moved.get(event).copied().unwrap_or(*event));
        Numbered { admitted, round, numbers }
    }
}

/// What is still to be made of the tasks on one event of a wave.
struct Queue {
    tasks: VecDeque<Task>,
    decisions: usize,
    effects: usize,
}

impl Queue {
    fn new(tasks: Vec<Task>) -> Self {
        Self { tasks: tasks.into(), decisions: 0, effects: 0 }
    }

    fn count(&mut self, made: &[Decision]) {
        self.decisions += made.len();
        self.effects += made.iter().map(effects).sum::<usize>();
    }

    /// Whether the other decisions on the event are queued.
    fn has_enough(&self, turn: &Turn) -> bool {
        let too_long = turn.is_past() && self.decisions >= EVENT_DECISIONS_MIN;
        self.decisions >= EVENT_DECISIONS_MAX || self.effects >= EVENT_EFFECTS_MAX || too_long
    }
}

impl Decider {
    /// Decides events in order of admission, side by side where they share nothing, until the turn is over. What was decided
    /// stays decided, whatever becomes of events after it.
    pub(super) fn decide(&mut self, events: &[Admitted], purpose: Purpose) -> Result<Decided, StoreError> {
        self.prefetch(events)?;
        let mut decided = Decided::default();
        let mut remaining: VecDeque<usize> = (0..events.len()).collect();
        while !remaining.is_empty() && !self.turn.is_over() {
            let wave = self.next_wave(events, &mut remaining)?;
            self.decide_wave(events, wave, purpose, &mut decided)?;
        }
        decided.left.extend(remaining);
        decided.left.sort_unstable();
        Ok(decided)
    }

    /// Decides a wave, without the events that cannot be decided.
    fn decide_wave(
        &mut self,
        events: &[Admitted],
        mut wave: Vec<usize>,
        purpose: Purpose,
        decided: &mut Decided,
    ) -> Result<(), StoreError> {
        let mut known = Known::default();
        while !wave.is_empty() {
            let savepoint = self.facts.savepoint();
            let mut round = Round { before: decided.round.decisions.len(), known, ..Round::default() };
            match self.try_wave(events, &wave, purpose, &mut round) {
                Ok(()) => {
                    if purpose == Purpose::Commit {
                        self.protect(&mut round.runs);
                        self.queued.add(&round.put_off);
                    }
                    self.turn.count(round.decisions.len(), round.effects() + round.caused.len());
                    decided.round.append(round);
                    return Ok(());
                }
                Err(Aborted::Store(error)) => return Err(error),
                Err(Aborted::Events(failures)) => {
                    self.facts.undo_to(savepoint);
                    // When a version is taken out, another decides in the next turn.
                    let taken_out = purpose == Purpose::Commit && self.protect(&mut failures.runs());
                    known = Known::of(std::mem::take(&mut round.known), round.decisions, failures.made);
                    for Failed { event, why, .. } in failures.failed {
                        wave.retain(|other| *other != event);
                        match why {
                            WhyFailed::GivenUp(why) if !taken_out => decided.refused.push((event, why)),
                            WhyFailed::GivenUp(_) | WhyFailed::NotRun => {
                                decided.left.push(event);
                                self.turn.end();
                            }
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn try_wave(
        &mut self,
        events: &[Admitted],
        wave: &[usize],
        purpose: Purpose,
        round: &mut Round,
    ) -> Result<(), Aborted> {
        let mut queues = Vec::with_capacity(wave.len());
        for index in wave {
            self.learn(&events[*index], *index)?;
            self.load_for_audiences(&events[*index])?;
            queues.push(Queue::new(self.tasks(events, *index, round)));
        }
        loop {
            for queue in &mut queues {
                if queue.has_enough(&self.turn) {
                    self.put_off_tasks(&mut queue.tasks, events, WhyPutOff::Queued, round);
                }
                self.compare(&mut queue.tasks, events, purpose, round)?;
            }
            let open: Vec<usize> = (0..queues.len()).filter(|place| !queues[*place].tasks.is_empty()).collect();
            let together: Vec<Task> = queues.iter_mut().filter_map(|queue| queue.tasks.pop_front()).collect();
            if together.is_empty() {
                return Ok(());
            }
            let before = round.decisions.len();
            self.decide_together(&together, events, purpose, round)?;
            for place in open {
                let seq = events[wave[place]].admission.seq;
                let made = round.decisions[before..].iter().position(|decision| decision.event == seq);
                if let Some(made) = made {
                    queues[place].count(&round.decisions[before + made..=before + made]);
                }
            }
        }
    }

    /// Puts off all decisions on some of the events, which the host made.
    pub(super) fn put_off_all(
        &mut self,
        (events, which): (&[Admitted], &[usize]),
        why: WhyPutOff,
        round: &mut Round,
    ) -> Result<(), StoreError> {
        self.prefetch(events)?;
        let before = round.put_off.len();
        for index in which {
            let event = &events[*index];
            match self.learn(event, *index) {
                Ok(()) => {}
                Err(Aborted::Store(error)) => return Err(error),
                // They say nothing of a customer, so there is nothing to merge.
                Err(Aborted::Events(_)) => tracing::error!(seq = event.admission.seq.0, "an event was not learnt"),
            }
            self.load_for_audiences(event)?;
            let mut tasks = VecDeque::from(self.tasks(events, *index, round));
            self.put_off_tasks(&mut tasks, events, why, round);
        }
        self.queued.add(&round.put_off[before..]);
        Ok(())
    }

    fn put_off_tasks(&self, tasks: &mut VecDeque<Task>, events: &[Admitted], why: WhyPutOff, round: &mut Round) {
        let mut keys = HashSet::new();
        for task in tasks.drain(..) {
            let event = &events[task.event];
            let key = task.key(event);
            // While a canary is on, each version has a task, of which one decides.
            if keys.insert(key.clone()) {
                round.put_off.push(self.put_off(key, event, why));
            }
        }
    }
}

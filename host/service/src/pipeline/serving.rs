//! What the decider takes from the queue at once, and what becomes of it.

use std::time::Instant;

use largesse_failpoint::{Point, reach};
use largesse_store::StoreError;

use super::admit::Arrived;
use super::{Decider, Work};
use crate::queue::{Bill, Part, Placed, Serving};

impl Decider {
    /// Does the work of a serving, then decides its events together.
    pub(super) fn take(&mut self, serving: Serving<Work>) -> Result<(), StoreError> {
        self.look_at_clock();
        for (bill, work) in serving.work {
            let started = Instant::now();
            self.work(work)?;
            self.charge(bill, started);
        }
        if serving.parts.is_empty() {
            return Ok(());
        }
        reach(Point::WorkTaken);
        let started = Instant::now();
        self.decide_parts(serving.parts)?;
        self.charge(serving.bill, started);
        Ok(())
    }

    /// Charges callers for the time that their work took. Where the clock stands they are charged what was estimated, which is the same for
    /// all events then, so that whose turn it is does not depend on time either.
    fn charge(&self, bill: Bill, started: Instant) {
        if !self.clock.stands() {
            self.queue.settle(bill, started.elapsed());
        }
    }

    fn work(&mut self, work: Work) -> Result<(), StoreError> {
        match work {
            Work::Quote(question, reply) => {
                let answer = self.quote(&question)?;
                // Whoever asked may have gone.
                let _ = reply.send(answer);
            }
            Work::DryRun(arrival, reply) => {
                let answer = self.dry_run(arrival)?;
                // Whoever asked may have gone.
                let _ = reply.send(answer);
            }
            // Timers go off before the batch that this gathers in is written.
            Work::CatchUp(reply) => self.catching_up.push(reply),
            Work::Change(carry_out) => {
                self.begin_turn();
                let made = self.facts.transfers_made();
                let answer = carry_out(self)?;
                self.request_caused(made)?;
                reach(Point::ChangeMade);
                self.pending.after.push(answer);
            }
        }
        Ok(())
    }

    /// Decides parts of requests, as much as a turn has room for; the rest goes back to the front of its lane. A request is answered
    /// after the commit of its last event.
    fn decide_parts(&mut self, mut parts: Vec<Part>) -> Result<(), StoreError> {
        let mut arrived = Vec::new();
        for (part, taken) in parts.iter_mut().enumerate() {
            let events = std::mem::take(&mut taken.arrivals).into_iter();
            arrived.extend(events.map(|Placed { place, arrival }| Arrived { part, place, arrival }));
        }
        self.begin_turn();
        let results = self.admit(&arrived)?;
        for (Arrived { part, place, arrival }, result) in arrived.into_iter().zip(results) {
            let Some(result) = result else {
                parts[part].arrivals.push(Placed { place, arrival });
                continue;
            };
            let so_far = self.begun.entry(parts[part].request).or_default();
            if so_far.len() <= place {
                so_far.resize(place + 1, None);
            }
            so_far[place] = Some(result);
        }
        // Parts of one lane are put back the last first, so that they keep their order.
        for mut part in parts.into_iter().rev() {
            if !part.arrivals.is_empty() {
                self.queue.put_back(part);
            } else if let Some(reply) = part.reply.take() {
                let results = self.begun.remove(&part.request).unwrap_or_default();
                self.pending.after.push(Box::new(move || {
                    // Whoever asked may have gone; the events are taken all the same.
                    let _ = reply.send(results.into_iter().flatten().collect());
                }));
            }
        }
        Ok(())
    }
}

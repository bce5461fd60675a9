//! One turn of the decider: the pieces of work that it takes from the queue at once.

use std::time::{Duration, Instant};

use largesse_failpoint::{Point, reach};
use largesse_store::StoreError;
use tokio::sync::oneshot;

use super::admit::Asked;
use super::{Decider, EventResult, Work};
use crate::queue::{Bill, Turn};

/// The events of a turn that are being decided.
#[derive(Default)]
pub(super) struct Running {
    bill: Bill,
    took: Duration,
}

impl Decider {
    /// Decides the events that were taken; when there are none, takes the next turn from the queue.
    pub(super) fn take_turn(&mut self) -> Result<(), StoreError> {
        if self.asked.is_empty()
            && let Some(turn) = self.queue.next()
        {
            self.take(turn)?;
        }
        if self.asked.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        self.admit_next()?;
        self.running.took += started.elapsed();
        if self.asked.is_empty() {
            let Running { bill, took } = std::mem::take(&mut self.running);
            self.queue.settle(bill, took);
        }
        Ok(())
    }

    /// Does the work of a turn, and takes its events.
    fn take(&mut self, turn: Turn) -> Result<(), StoreError> {
        self.look_at_clock();
        for (bill, work) in turn.work {
            let started = Instant::now();
            self.work(work)?;
            self.queue.settle(bill, started.elapsed());
        }
        if !turn.parts.is_empty() {
            self.asked = turn.parts.into_iter().map(Asked::new).collect();
            self.running.bill = turn.bill;
            reach(Point::WorkTaken);
        }
        Ok(())
    }

    fn work(&mut self, work: Work) -> Result<(), StoreError> {
        match work {
            Work::Quote(ask, reply) => {
                let answer = self.quote(&ask)?;
                // Whoever asked may have gone.
                let _ = reply.send(answer);
            }
            Work::DryRun(arrival, reply) => {
                let answer = self.dry_run(arrival)?;
                // Whoever asked may have gone.
                let _ = reply.send(answer);
            }
            // Timers go off before the batch that this gathers in is written.
            Work::CatchUp(reply) => self.pending.after.push(Box::new(move || {
                let _ = reply.send(());
            })),
            Work::Change(change, reply) => {
                let made = self.facts.transfers_made();
                let changed = self.change(change)?;
                self.request_caused(made)?;
                reach(Point::ChangeMade);
                self.pending.after.push(Box::new(move || {
                    let _ = reply.send(changed);
                }));
            }
        }
        Ok(())
    }

    /// Keeps what became of a part of a request; after the commit of the last part the request is answered.
    pub(super) fn answer_asked(
        &mut self,
        request: u64,
        results: Vec<EventResult>,
        reply: Option<oneshot::Sender<Vec<EventResult>>>,
    ) {
        let mut all = self.begun.remove(&request).unwrap_or_default();
        all.extend(results);
        match reply {
            Some(reply) => self.pending.after.push(Box::new(move || {
                // Whoever asked may have gone; the events are taken all the same.
                let _ = reply.send(all);
            })),
            None => drop(self.begun.insert(request, all)),
        }
    }
}

//! The dispatcher: one task that sends what is due and has noted what came of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use largesse_domain::deliver::{Attempt, Reply, after};
use largesse_domain::delivery::{Delivery, DeliveryState};
use largesse_domain::destination::Destination;
use largesse_domain::id::{CustomerId, DestinationId};
use largesse_domain::limits::DELIVERIES_IN_FLIGHT_MAX;
use largesse_failpoint::{Point, reach};
use largesse_service::commands::NoteAttempts;
use largesse_service::{ChangeError, Service, StoreError, Unavailable};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};

use crate::send::Sender;

/// Failures in a row after which a destination gets one delivery at a time, until one succeeds.
const FAILURES_BEFORE_ONE_AT_A_TIME: u32 = 3;
/// How often is looked for what has become due, while there are destinations.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long to wait after the host was too busy to note something.
const NOTE_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long to wait after the store could not be read.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Sends deliveries until it is stopped.
pub struct Dispatcher {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Dispatcher {
    /// Begins to send. Must be called within a Tokio runtime; one dispatcher for a service.
    #[must_use]
    pub fn start(service: Arc<Service>, sender: Sender) -> Self {
        let (stop, stopped) = watch::channel(false);
        let desk =
            Desk { service, sender, sending: JoinSet::new(), on_their_way: HashMap::new(), failures: HashMap::new() };
        Self { stop, task: tokio::spawn(desk.run(stopped)) }
    }

    /// Sends nothing more, waits for what is on its way and has it noted. Stop the service afterwards, not before.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A panic of the task has been printed by then.
        let _ = self.task.await;
    }
}

/// Why nothing more is sent.
struct Over;

struct Desk {
    service: Arc<Service>,
    sender: Sender,
    sending: JoinSet<Reply>,
    on_their_way: HashMap<Id, Arc<Delivery>>,
    /// How often in a row each destination failed.
    failures: HashMap<DestinationId, u32>,
}

impl Desk {
    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut stopping = false;
        while !(stopping && self.sending.is_empty()) {
            if !stopping && let Err(error) = self.send_due().await {
                tracing::error!(%error, "what is to be delivered cannot be read");
                tokio::time::sleep(READ_AGAIN_AFTER).await;
            }
            let service = Arc::clone(&self.service);
            let idle = service.registry().destinations.is_empty() || stopping;
            tokio::select! {
                Some(done) = self.sending.join_next_with_id() => {
                    if self.note(done).await.is_err() {
                        return;
                    }
                }
                () = service.outbox_changed() => {}
                () = tokio::time::sleep(LOOK_EVERY), if !idle => {}
                () = async { drop(stopped.wait_for(|stop| *stop).await) }, if !stopping => stopping = true,
            }
        }
    }

    /// Sends what is due, as far as there is room. Of a customer whose delivery is on its way nothing else is sent.
    async fn send_due(&mut self) -> Result<(), StoreError> {
        let registry = self.service.registry();
        self.failures.retain(|id, _| registry.destinations.contains_key(id));
        for destination in registry.destinations.values().filter(|destination| destination.paused.is_none()) {
            let busy: Vec<Option<CustomerId>> = self.on_their_way_to(&destination.id).collect();
            let failures = self.failures.get(&destination.id).copied().unwrap_or(0);
            let room = if failures >= FAILURES_BEFORE_ONE_AT_A_TIME { 1 } else { DELIVERIES_IN_FLIGHT_MAX };
            if busy.len() >= room {
                continue;
            }
            let (id, now) = (destination.id.clone(), self.service.clock().now());
            let due = self.service.read_for_host(move |store| store.deliveries_due(&id, now, room)).await?;
            let free = due.into_iter().filter(|delivery| !busy.contains(&delivery.customer));
            for delivery in free.take(room - busy.len()) {
                reach(Point::DeliveriesDue);
                self.send(Arc::clone(destination), delivery);
            }
        }
        Ok(())
    }

    fn on_their_way_to(&self, destination: &DestinationId) -> impl Iterator<Item = Option<CustomerId>> {
        let these = self.on_their_way.values().filter(move |delivery| delivery.destination == *destination);
        these.map(|delivery| delivery.customer.clone())
    }

    fn send(&mut self, destination: Arc<Destination>, delivery: Delivery) {
        let (sender, now, delivery) = (self.sender.clone(), self.service.clock().now(), Arc::new(delivery));
        let sent = Arc::clone(&delivery);
        let task = self.sending.spawn(async move { sender.send(&destination, &sent, now).await });
        self.on_their_way.insert(task.id(), delivery);
    }

    /// Has noted what came of this attempt and of those that ended meanwhile.
    async fn note(&mut self, done: Result<(Id, Reply), JoinError>) -> Result<(), Over> {
        let mut ended = Vec::new();
        let mut attempts = Vec::new();
        let mut next = Some(done);
        while let Some(done) = next.take() {
            let (id, reply) = match done {
                Ok((id, reply)) => (id, reply),
                Err(error) => (error.id(), Reply::Failed("the host could not send it".to_owned())),
            };
            if let Some(delivery) = self.on_their_way.get(&id) {
                let attempt = after(delivery, &reply, self.service.clock().now());
                self.failures_after(&delivery.destination.clone(), &attempt);
                attempts.push(attempt);
                ended.push(id);
            }
            next = self.sending.try_join_next_with_id();
        }
        // Its customer's next is not looked for before this is on disk: it would be found to be due itself.
        reach(Point::DeliveryAnswered);
        self.write_down(attempts).await?;
        reach(Point::DeliveryNoted);
        ended.iter().for_each(|id| drop(self.on_their_way.remove(id)));
        Ok(())
    }

    fn failures_after(&mut self, destination: &DestinationId, attempt: &Attempt) {
        let Attempt { id, progress, .. } = attempt;
        let failed = progress.last_error.is_some();
        let outcome = if failed { "failed" } else { "delivered" };
        let labels = [("destination", destination.to_string()), ("outcome", outcome.to_owned())];
        metrics::counter!("largesse_delivery_attempts_total", &labels).increment(1);
        let failures = self.failures.entry(destination.clone()).or_default();
        *failures = if failed { failures.saturating_add(1) } else { 0 };
        if let Some(error) = &progress.last_error {
            let (delivery, attempts) = (id.0, progress.attempts);
            if progress.state == DeliveryState::Dead {
                tracing::warn!(%destination, delivery, attempts, error, "a delivery is dead");
            } else {
                tracing::info!(%destination, delivery, attempts, error, "a delivery failed");
            }
        }
    }

    async fn write_down(&self, attempts: Vec<Attempt>) -> Result<(), Over> {
        loop {
            match self.service.run(NoteAttempts(attempts.clone())).await {
                Ok(()) => return Ok(()),
                Err(ChangeError::Unavailable(Unavailable::Busy(_))) => tokio::time::sleep(NOTE_AGAIN_AFTER).await,
                Err(error) => {
                    // They are sent again after the next start, under the same ids.
                    tracing::warn!(%error, count = attempts.len(), "attempts could not be noted");
                    return Err(Over);
                }
            }
        }
    }
}

//! The dispatcher: one task that sends what is due and has noted what came of it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use largesse_domain::deliver::{Attempt, Reply, after};
use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState};
use largesse_domain::destination::Destination;
use largesse_domain::id::{CustomerId, DestinationId};
use largesse_domain::topic::Topic;
use largesse_failpoint::{Point, reach};
use largesse_service::commands::NoteAttempts;
use largesse_service::{ChangeError, Service, StoreError, Unavailable};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};

use crate::pace::Pace;
use crate::send::Sender;

/// Failures in a row after which a destination gets one delivery at a time, until one succeeds.
const FAILURES_BEFORE_ONE_AT_A_TIME: u32 = 3;
/// Deliveries that are taken from the store at once, at most, beside those on their way.
const DUE_AT_ONCE: usize = 2_048;
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
        let desk = Desk {
            service,
            sender,
            sending: JoinSet::new(),
            on_their_way: HashMap::new(),
            failures: HashMap::new(),
            paces: HashMap::new(),
            alone: HashSet::new(),
        };
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

/// How much may go to a destination now.
struct Room {
    requests: usize,
    deliveries: usize,
    /// How many deliveries are to be read so that there are as many beside those on their way.
    limit: usize,
    /// The customers whose deliveries are on their way.
    busy: HashSet<Option<CustomerId>>,
}

/// Reports whether a receiver has read what it was sent and will not take it.
fn refuses(reply: &Reply) -> bool {
    matches!(reply, Reply::Answered { status: 400 | 413 | 415 | 422, .. })
}

/// What goes to one destination in one request.
struct Parcel {
    destination: DestinationId,
    deliveries: Vec<Delivery>,
}

struct Desk {
    service: Arc<Service>,
    sender: Sender,
    sending: JoinSet<Reply>,
    on_their_way: HashMap<Id, Arc<Parcel>>,
    /// How often in a row each destination failed.
    failures: HashMap<DestinationId, u32>,
    /// How fast those destinations are sent to that have a bound on it.
    paces: HashMap<DestinationId, Pace>,
    /// Deliveries that are not sent with others: of a batch that was refused, nobody knows which was meant.
    alone: HashSet<DeliveryId>,
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
            let look = self.look_at();
            tokio::select! {
                Some(done) = self.sending.join_next_with_id() => {
                    if self.note(done).await.is_err() {
                        return;
                    }
                }
                () = service.outbox_changed() => {}
                () = tokio::time::sleep_until(look), if !idle => self.sender.sweep(),
                () = async { drop(stopped.wait_for(|stop| *stop).await) }, if !stopping => stopping = true,
            }
        }
    }

    /// When to look again for what is due, if nothing happens before.
    fn look_at(&self) -> tokio::time::Instant {
        let now = tokio::time::Instant::now();
        let next = self.paces.values().map(Pace::next).filter(|next| *next > now);
        next.chain([now + LOOK_EVERY]).min().unwrap_or(now)
    }

    /// Sends what is due, as far as there is room. Of a customer whose delivery is on its way nothing else is sent.
    async fn send_due(&mut self) -> Result<(), StoreError> {
        let registry = self.service.registry();
        self.failures.retain(|id, _| registry.destinations.contains_key(id));
        self.paces.retain(|id, _| registry.destinations.get(id).is_some_and(|known| known.sending.rate.is_some()));
        for destination in registry.destinations.values().filter(|destination| destination.paused.is_none()) {
            let Room { requests, deliveries, limit, busy } = self.room(destination);
            if requests == 0 || deliveries == 0 {
                continue;
            }
            let (id, now) = (destination.id.clone(), self.service.clock().now());
            let due = self.service.read_for_host(move |store| store.deliveries_due(&id, now, limit)).await?;
            let free = due.into_iter().filter(|delivery| !busy.contains(&delivery.customer)).take(deliveries);
            for parcel in self.parcels(destination, free).into_iter().take(requests) {
                reach(Point::DeliveriesDue);
                self.send(Arc::clone(destination), parcel);
            }
        }
        Ok(())
    }

    fn room(&mut self, destination: &Destination) -> Room {
        let these = self.on_their_way.values().filter(|parcel| parcel.destination == destination.id);
        let (mut requests, mut on_their_way, mut busy) = (0, 0, HashSet::new());
        for parcel in these {
            requests += 1;
            on_their_way += parcel.deliveries.len();
            busy.extend(parcel.deliveries.iter().map(|delivery| delivery.customer.clone()));
        }
        let failures = self.failures.get(&destination.id).copied().unwrap_or(0);
        let one_at_a_time = failures >= FAILURES_BEFORE_ONE_AT_A_TIME;
        let most = if one_at_a_time { 1 } else { usize::from(destination.sending.concurrency) };
        let requests = most.saturating_sub(requests);
        let mut deliveries = (requests * usize::from(destination.sending.batch)).min(DUE_AT_ONCE);
        if let Some(rate) = destination.sending.rate {
            let now = tokio::time::Instant::now();
            let pace = self.paces.entry(destination.id.clone()).or_insert_with(|| Pace::new(rate, now));
            pace.set(rate);
            deliveries = deliveries.min(pace.room(now));
        }
        // Those on their way are due as well, and come first.
        Room { requests, deliveries, limit: deliveries + on_their_way, busy }
    }

    /// What goes together, in order.
    fn parcels(&self, destination: &Destination, due: impl Iterator<Item = Delivery>) -> Vec<Parcel> {
        let mut parcels: Vec<Parcel> = Vec::new();
        let mut open = false;
        for delivery in due {
            let alone = self.alone.contains(&delivery.id) || delivery.topic == Topic::DestinationTest;
            let last = parcels
                .last_mut()
                .filter(|parcel| open && !alone && parcel.deliveries.len() < usize::from(destination.sending.batch));
            match last {
                Some(parcel) => parcel.deliveries.push(delivery),
                None => parcels.push(Parcel { destination: destination.id.clone(), deliveries: vec![delivery] }),
            }
            open = !alone;
        }
        parcels
    }

    fn send(&mut self, destination: Arc<Destination>, parcel: Parcel) {
        if let Some(pace) = self.paces.get_mut(&destination.id) {
            pace.went(parcel.deliveries.len());
        }
        let (sender, now, parcel) = (self.sender.clone(), self.service.clock().now(), Arc::new(parcel));
        let sent = Arc::clone(&parcel);
        let task = self.sending.spawn(async move { sender.send(&destination, &sent.deliveries, now).await });
        self.on_their_way.insert(task.id(), parcel);
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
            if let Some(parcel) = self.on_their_way.get(&id).cloned() {
                attempts.extend(self.attempts_after(&parcel, &reply));
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

    /// What an answer means for each delivery of a request. Of several that were refused together each is sent once more by itself.
    fn attempts_after(&mut self, parcel: &Parcel, reply: &Reply) -> Vec<Attempt> {
        let now = self.service.clock().now();
        let deliveries = &parcel.deliveries;
        if deliveries.len() > 1 && refuses(reply) {
            self.alone.extend(deliveries.iter().map(|delivery| delivery.id));
            return Vec::new();
        }
        let attempts: Vec<_> = deliveries.iter().map(|delivery| after(delivery, reply, now)).collect();
        if let Some(attempt) = attempts.first() {
            self.failures_after(&parcel.destination, attempt);
        }
        for attempt in &attempts {
            self.alone.remove(&attempt.id);
        }
        attempts
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

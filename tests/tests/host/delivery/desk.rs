//! A host that delivers to receivers.

use largesse_store::DeliveryFilter;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use largesse_delivery::{Connector, Dispatcher, Sender, Times, Trust, system_lookup};
use largesse_documents::DestinationDocument;
use largesse_domain::delivery::{Delivery, DeliveryId, DeliveryState};
use largesse_domain::destination::Secret;
use largesse_domain::id::DestinationId;
use largesse_service::clock::Clock;
use largesse_service::commands::SetDestination;
use largesse_tests::receiver::Receiver;
use serde_json::{Value, json};

use crate::admission::five_a_day;
use crate::fixture::{Host, at, event};

/// The secret of a receiver: so many times this byte.
pub(crate) fn secret(byte: u8) -> String {
    largesse_documents::destination::secret_text(&Secret::new(&[byte; 32]).expect("32 bytes are a secret"))
}

pub(crate) fn id(text: &str) -> DestinationId {
    DestinationId::new(text).expect("a destination's id")
}

/// A host with a campaign of five points for a check-in, and what sends its deliveries.
pub(crate) struct Desk {
    pub(crate) host: Host,
    dispatcher: Dispatcher,
}

/// A receiver that looks at the host's clock.
pub(crate) fn receiver(clock: &Clock) -> Receiver {
    let clock = clock.clone();
    Receiver::start(&secret(7), move || clock.now().as_millis() / 1_000)
}

impl Desk {
    pub(crate) async fn start(host: Host) -> Self {
        // Later than every event, so that no event moves it.
        host.clock.set(at("2026-04-01T00:00:00Z"));
        host.campaign("daily", "check_in", five_a_day(1_000)).await;
        Self::over(host)
    }

    pub(crate) async fn in_memory() -> Self {
        Self::start(Host::in_memory()).await
    }

    /// What was kept in a folder, going on.
    pub(crate) fn again(folder: &Path) -> Self {
        Self::over(Host::on_disk(folder))
    }

    fn over(host: Host) -> Self {
        let times = Times { connect: Duration::from_millis(500), answer: Duration::from_secs(1) };
        let connector = Connector::new(system_lookup(), Trust::default()).expect("the roots are good");
        let dispatcher = Dispatcher::start(Arc::clone(&host.service), Sender::new(connector, times));
        Self { host, dispatcher }
    }

    /// Stops in good order: what is on its way is noted.
    pub(crate) async fn stop(self) {
        self.dispatcher.stop().await;
        self.host.service.stop().await;
    }

    /// Stops so that nothing more is noted.
    pub(crate) async fn stop_badly(self) {
        self.host.service.stop().await;
        self.dispatcher.stop().await;
    }

    /// Registers a destination on this machine with the secret of receivers; `more` replaces parts of the document.
    pub(crate) async fn destination(&self, name: &str, url: &str, more: Value) {
        let mut document = json!({"url": url, "secrets": [secret(7)], "allow_private": true});
        let more = more.as_object().expect("an object").clone();
        document.as_object_mut().expect("an object").extend(more);
        let document: DestinationDocument = serde_json::from_value(document).expect("a destination's document");
        let spec = document.read().expect("a destination");
        let fresh = Secret::new(&[1; 32]).expect("32 bytes are a secret");
        self.host.service.run(SetDestination { id: id(name), spec, fresh }).await.expect("it is registered");
    }

    /// A check-in of a customer on a day of March: five points.
    pub(crate) async fn check_in(&self, customer: &str, day: u8) {
        let event = event("checked_in", customer, &format!("2026-03-{day:02}T12:00:00+08:00"), json!({}));
        self.host.send_one(event).await;
    }

    pub(crate) async fn deliveries(&self) -> Vec<Delivery> {
        let read = self.host.service.read(|store| store.deliveries(&DeliveryFilter::default(), DeliveryId(0), 500));
        read.await.expect("the store reads")
    }

    pub(crate) async fn delivery(&self, number: u64) -> Delivery {
        let read = self.host.service.read(move |store| store.delivery(DeliveryId(number)));
        read.await.expect("the store reads").expect("it was written")
    }

    /// Waits until a delivery has got so far.
    pub(crate) async fn wait_for(&self, number: u64, state: DeliveryState, attempts: u32) -> Delivery {
        for _ in 0..400 {
            let delivery = self.delivery(number).await;
            if (delivery.progress.state, delivery.progress.attempts) == (state, attempts) {
                return delivery;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("delivery {number} is {:?}", self.delivery(number).await.progress);
    }

    /// Moves the clock on to when a delivery is due.
    pub(crate) async fn wait_until_due(&self, number: u64) {
        let due = self.delivery(number).await.progress.due;
        self.host.clock.set(self.host.clock.now().max(due));
    }
}

//! A host to test: the pipeline over a store of choice, with policies from files and a clock that stands.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use largesse_documents::CampaignDocument;
use largesse_domain::id::{CampaignId, CustomerId, EventKind};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Command;
use largesse_domain::limits::INVITER_DISTANCE_DEFAULT;
use largesse_domain::time::Instant;
use largesse_engine::{Compiler, HostKey, Pace, Workers, WorkersConfig};
use largesse_service::clock::Clock;
use largesse_service::components::{self, Components};
use largesse_service::intake::{self, Arrival, Backfill};
use largesse_service::pipeline::{Answer, EventResult, Precondition};
use largesse_service::{Gaps, Parts, PublicationRules, Retention, Service};
use largesse_store::{Kind, MemoryStore, SqliteStore, Store};
use serde_json::{Value, json};

/// What the clock says when a test says nothing else.
pub(crate) const START: &str = "2026-03-01T00:00:00Z";

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
    own.parent().expect("the folder for temporary files is in the target folder").to_owned()
}

/// A component built for the sandbox.
///
/// # Panics
/// When it is not built.
pub(crate) fn component(name: &str) -> Vec<u8> {
    let built = target().join("wasm32-wasip2/guest");
    let candidates = [built.join(format!("{name}.wasm")), built.join(format!("examples/{name}.wasm"))];
    let found = candidates.iter().find(|path| path.exists());
    let path = found.unwrap_or_else(|| panic!("{name}.wasm is not in {}: run `make plugins guests`", built.display()));
    std::fs::read(path).expect("a component can be read")
}

/// The engine that all tests share: compiling is what costs.
pub(crate) fn workers() -> Arc<Workers> {
    static WORKERS: OnceLock<Arc<Workers>> = OnceLock::new();
    Arc::clone(WORKERS.get_or_init(|| Arc::new(engine(2, Pace::LIVE))))
}

/// An engine with so many workers, whose calls have so much wall time.
pub(crate) fn engine(workers: usize, pace: Pace) -> Workers {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    std::fs::create_dir_all(&cache).expect("the cache's folder can be made");
    let cache = Dir::open_ambient_dir(&cache, ambient_authority()).expect("the cache's folder can be opened");
    let config = WorkersConfig {
        workers: NonZeroUsize::new(workers).expect("at least one"),
        compiler: Compiler::child(PathBuf::from(env!("CARGO_BIN_EXE_compile_child")), Vec::new()),
        cache_dir: Some(cache),
        host_key: HostKey::from_bytes([3; 32]),
        pace,
    };
    Workers::new(config).expect("the engine starts")
}

/// The components that a host on disk keeps.
pub(crate) fn components_in(folder: &Path) -> Components {
    let components = folder.join(components::FOLDER);
    std::fs::create_dir_all(&components).expect("the folder of components can be made");
    let components = Dir::open_ambient_dir(&components, ambient_authority()).and_then(Components::in_folder);
    components.expect("the folder of components can be opened")
}

/// What a host is started with, beside where things are kept.
#[derive(Default)]
pub(crate) struct Terms {
    pub(crate) rules: PublicationRules,
    pub(crate) retention: Retention,
    pub(crate) gaps: Gaps,
}

pub(crate) fn at(text: &str) -> Instant {
    largesse_documents::time::read_instant(text).expect("a time")
}

/// A host with its clock. However a test ends, the books are audited.
pub(crate) struct Host {
    store: Arc<dyn Store>,
    pub(crate) service: Arc<Service>,
    pub(crate) clock: Clock,
}

impl Host {
    fn over(store: Arc<dyn Store>, components: Components, time: &str, terms: Terms) -> Self {
        let Terms { rules, retention, gaps } = terms;
        let clock = Clock::manual(at(time));
        let parts = Parts {
            store: Arc::clone(&store),
            components,
            workers: workers(),
            clock: clock.clone(),
            seed_secret: [9; 32],
            rules,
            retention,
            inviter_distance: INVITER_DISTANCE_DEFAULT,
            gaps,
        };
        Self { store, service: Arc::new(Service::start(parts).expect("the service starts")), clock }
    }

    pub(crate) fn in_memory() -> Self {
        Self::in_memory_at(START)
    }

    /// When the machine's clock says this.
    pub(crate) fn in_memory_at(time: &str) -> Self {
        Self::over(Arc::new(MemoryStore::new()), Components::in_memory(), time, Default::default())
    }

    pub(crate) fn on_disk(folder: &Path) -> Self {
        Self::on_disk_at(folder, START)
    }

    /// When the machine's clock says this.
    pub(crate) fn on_disk_at(folder: &Path, time: &str) -> Self {
        Self::on_disk_with(folder, time, PublicationRules::default())
    }

    /// With rules of its own for what is published.
    pub(crate) fn on_disk_with(folder: &Path, time: &str, rules: PublicationRules) -> Self {
        Self::on_disk_of(folder, time, Terms { rules, ..Terms::default() })
    }

    /// One that keeps some records only.
    pub(crate) fn on_disk_keeping(folder: &Path, retention: Retention) -> Self {
        Self::on_disk_of(folder, START, Terms { retention, ..Terms::default() })
    }

    /// One that is started with terms of its own.
    pub(crate) fn on_disk_of(folder: &Path, time: &str, terms: Terms) -> Self {
        let store = SqliteStore::open(folder.join("largesse.db")).expect("the database opens");
        Self::over(Arc::new(store), components_in(folder), time, terms)
    }

    /// Publishes a component and starts a campaign with it.
    pub(crate) async fn campaign(&self, id: &str, component_name: &str, mut document: Value) {
        let (policy, _) = self.service.publish(component(component_name), None).await.expect("it is published");
        document["policy"] = policy.digest.to_string().into();
        self.apply(id, document, Precondition::Absent).await;
        self.command(id, Command::Start).await;
    }

    pub(crate) async fn apply(&self, id: &str, document: Value, precondition: Precondition) {
        let document: CampaignDocument = serde_json::from_value(document).expect("a campaign document");
        let spec = document.read().expect("a campaign");
        self.service.apply(campaign(id), spec, precondition).await.expect("it is applied");
    }

    pub(crate) async fn command(&self, id: &str, command: Command) {
        self.service.command(campaign(id), command, Precondition::None).await.expect("its life allows it");
    }

    /// The kind that the guests decide on.
    pub(crate) async fn register_guest_kind(&self) {
        let team = json!({"type": "string", "x-largesse-role": "entity"});
        self.register_kind("day.checked-in", json!({"type": "object", "properties": {"team": team}})).await;
    }

    pub(crate) async fn register_kind(&self, kind: &str, schema: Value) {
        let kind = EventKind::new(kind).expect("a kind");
        let kind = Kind { kind, schema: Json::from_checked(schema.to_string()) };
        self.service.register(kind).await.expect("it is registered");
    }

    /// An event as it arrives. The clock moves to the event's time when that is later.
    pub(crate) fn arrival(&self, event: Value) -> Arrival {
        self.clock.set(self.clock.now().max(at(event["time"].as_str().expect("an event has a time"))));
        let kinds = &self.service.registry().kinds;
        intake::check(event, kinds, self.clock.now(), &Backfill::Allowed.into()).expect("an event as it should be")
    }

    pub(crate) async fn send(&self, events: Vec<Value>) -> Vec<EventResult> {
        let arrivals = events.into_iter().map(|event| self.arrival(event)).collect();
        self.service.submit(arrivals).await.expect("the host takes events")
    }

    pub(crate) async fn send_one(&self, event: Value) -> Answer {
        match self.send(vec![event]).await.remove(0) {
            EventResult::Admitted(answer) => answer,
            other => panic!("not admitted: {other:?}"),
        }
    }

    /// What a customer holds: key, unit, net.
    pub(crate) async fn grants(&self, customer: &str) -> Vec<(String, String, u64)> {
        let customer = CustomerId::new(customer).expect("a customer id");
        let grants = self.service.read(move |store| store.grants_to(&customer)).await.expect("the store reads");
        let row = |grant: largesse_domain::grant::Grant| {
            (grant.slot.key.to_string(), grant.unit.to_string(), grant.net().get())
        };
        grants.into_iter().map(row).collect()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if !std::thread::panicking()
            && let Err(difference) = self.store.audit().expect("the store reads")
        {
            panic!("the books do not balance: {difference}");
        }
    }
}

pub(crate) fn campaign(id: &str) -> CampaignId {
    CampaignId::new(id).expect("a campaign id")
}

/// An event; the id is made of what it says, so that the same call makes the same event.
pub(crate) fn event(kind: &str, customer: &str, time: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "source": "/test", "id": format!("{kind}/{customer}/{time}"), "type": kind,
        "subject": customer, "time": time, "data": data,
    })
}

/// A campaign document that grants points, without policy and parameters.
pub(crate) fn points_campaign(total: u64) -> Value {
    json!({
        "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00",
        "unit_classes": ["points"], "budgets": [{"unit": "points", "total": total}],
        "limits": [{"unit": "points", "window": "campaign", "amount": 1_000_000}],
    })
}

/// Waits until something has happened.
pub(crate) async fn wait_for(mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if done().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("it did not happen within ten seconds");
}

//! One host of the two, and all that can be asked of it.

use std::time::Duration;

use largesse_documents::receipt::{ReversalAnswer, StockAnswer};
use largesse_domain::audit::{Audited, Difference};
use largesse_domain::catalogue::{GRACE_DAYS_USUAL, Pocket, UnitTerms};
use largesse_domain::grant::Grant;
use largesse_domain::id::{CustomerId, DecisionId, PocketId};
use largesse_domain::lifecycle::{Command, Lifecycle};
use largesse_domain::outcome::Decision;
use largesse_domain::redemption::Redemption;
use largesse_domain::time::Instant;
use largesse_domain::unit::{Quantity, SpendOrder};
use largesse_service::commands::{
    Redeem, Reserve, Restock, Reverse, SetPocket, SetUnit, SettleGrant, SettleRedemption,
};
use largesse_service::pipeline::{ControlError, DryRun, EventResult, Precondition};
use largesse_service::{ChangeError, Service};
use largesse_store::{DecisionFilter, Store, StoreError};
use largesse_tests::variants::with_version;
use serde_json::{Value, json};

use crate::fixture::{Host, campaign, component, event, points_campaign};

pub(super) const CAMPAIGNS: [&str; 4] = ["daily", "invite", "rebate", "told"];
/// The kind of event that merges customers.
pub(super) const MERGED: &str = "identity.merged";
/// The kind of the events that one campaign does what they say.
pub(super) const TOLD: &str = "day.checked-in";
pub(super) const CUSTOMERS: u8 = 6;
pub(super) const POINTS: &str = "points";
pub(super) const CASH: &str = "cash:CNY";
pub(super) const STOCKED: &str = "coupon:tea";
pub(super) const UNITS: [&str; 3] = [POINTS, CASH, STOCKED];

/// What is done to a host.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Send(Vec<Value>),
    Try(Value),
    Command(&'static str, Command),
    /// The daily reward, and by which version of the policy.
    Revise(u64, usize),
    Nothing,
    Restart,
    Ledger(Asked),
    Terms(UnitTerms),
    Pocket(Pocket),
}

/// A command to the ledger.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    Redeem(Redeem),
    SettleRedemption(SettleRedemption),
    Reserve(Reserve),
    SettleGrant(SettleGrant),
    Reverse(Reverse),
    Restock(Restock),
}

/// What the ledger answered. The booleans say whether it was done now, and not before.
#[derive(Debug, PartialEq)]
pub(super) enum Answered {
    Redemption(Redemption, bool),
    Grant(Box<Grant>, bool),
    Reversal(ReversalAnswer, bool),
    Stock(StockAnswer, bool),
}

impl Asked {
    async fn ask(self, service: &Service) -> Result<Answered, ChangeError> {
        let redemption = |(redemption, is_new)| Answered::Redemption(redemption, is_new);
        let grant = |(grant, is_new)| Answered::Grant(Box::new(grant), is_new);
        match self {
            Self::Redeem(command) => service.run(command).await.map(redemption),
            Self::SettleRedemption(command) => service.run(command).await.map(redemption),
            Self::Reserve(command) => service.run(command).await.map(grant),
            Self::SettleGrant(command) => service.run(command).await.map(grant),
            Self::Reverse(command) => {
                service.run(command).await.map(|(answer, is_new)| Answered::Reversal(answer, is_new))
            }
            Self::Restock(command) => {
                service.run(command).await.map(|(answer, is_new)| Answered::Stock(answer, is_new))
            }
        }
    }
}

/// What it was answered.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Events(Vec<EventResult>),
    Tried(DryRun),
    Ledger(Result<Answered, ControlError>),
    Changed(String),
    Nothing,
}

pub(super) struct Side {
    host: Host,
    /// The digests of both versions of the daily campaign's policy.
    versions: [String; 2],
    /// Where its database is, if it has one.
    folder: Option<tempfile::TempDir>,
}

pub(super) fn customers() -> impl Iterator<Item = CustomerId> {
    (0..CUSTOMERS).map(customer)
}

pub(super) fn customer(number: u8) -> CustomerId {
    CustomerId::new(format!("u{number}")).expect("a customer id")
}

pub(super) fn quantity(number: u64) -> Quantity {
    Quantity::new(number).expect("a small quantity")
}

/// What is said of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// How long a grant is good for.
    pub(super) days: Option<u32>,
    /// The least that is redeemed at once.
    pub(super) least: Option<u64>,
    pub(super) spend: SpendOrder,
    /// How long what comes back late can be used.
    pub(super) grace: u32,
}

/// What holds for a unit of which nothing was said.
pub(super) const USUAL: Terms =
    Terms { days: None, least: None, spend: SpendOrder::ExpiresFirst, grace: GRACE_DAYS_USUAL };

pub(super) fn terms(unit: &str, of: Terms) -> UnitTerms {
    UnitTerms {
        unit: unit.parse().expect("a unit"),
        title: String::new(),
        cost: None,
        value: None,
        stocked: unit == STOCKED,
        valid_days: of.days,
        spend: of.spend,
        grace_days: of.grace,
        redeem_minimum: of.least.map(quantity),
        terms: largesse_domain::json::Json::empty_object(),
    }
}

pub(super) fn pocket(total: u64) -> Pocket {
    let of = "coupon".parse().expect("a pattern");
    let budgets = vec![largesse_domain::budget::Budget { of, total: quantity(total), per_day: None }];
    let (id, title, warn_at) = (PocketId::new("shared").expect("an id"), String::new(), vec![50]);
    Pocket { id, title, budgets, warn_at, opens: None, closes: None, allocates: false }
}

fn daily_params(quantity: u64) -> Value {
    json!({"daily": {
        "on": ["checked-in", "order-paid"],
        "rewards": [{"unit": POINTS, "quantity": quantity, "on_shortfall": "reduce", "expires_after_days": 5}],
        "streaks": [{"days": 2, "every": true, "rewards": [
            {"unit": POINTS, "quantity": 3, "hold_days": 2, "on_shortfall": "skip"},
            {"unit": STOCKED, "quantity": 1, "on_shortfall": "skip"},
        ]}],
    }})
}

fn daily() -> Value {
    let mut daily = points_campaign(300);
    daily["unit_classes"] = json!(["points", "coupon"]);
    daily["subscriptions"] = json!(["checked-in", "order-paid"]);
    daily["budgets"] = json!([{"unit": POINTS, "total": 200}, {"unit": "coupon", "total": 40}]);
    daily["pockets"] = json!(["shared"]);
    daily["limits"] = json!([
        {"unit": POINTS, "window": "week", "amount": 31}, {"unit": "coupon", "window": "campaign", "count": 9},
    ]);
    daily["params"] = daily_params(5);
    daily
}

fn invite() -> Value {
    let mut invite = points_campaign(2_000);
    invite["subscriptions"] = json!(["friend-user-realname-verified", "friend-risk-flagged", "friend-risk-cleared"]);
    invite["attribution"] = json!({"touch": "last", "window_days": 30, "bind_on": ["user.registered"]});
    invite["params"] = json!({
        "success": "user-realname-verified", "inviter": [{"unit": POINTS, "quantity": 20, "hold_days": 1}],
        "ladder": [{"at": 2, "gifts": [{"unit": POINTS, "quantity": 30}]}],
    });
    invite
}

fn rebate() -> Value {
    let mut rebate = points_campaign(0);
    rebate["unit_classes"] = json!(["cash"]);
    rebate["subscriptions"] = json!(["order-paid", "order-refunded"]);
    rebate["budgets"] = json!([{"unit": CASH, "total": 20_000, "per_day": 2_200}]);
    rebate["limits"] = json!([{"unit": CASH, "window": "month", "amount": 5_000, "count": 8}]);
    rebate["params"] = json!({"rebates": [{
        "id": "order", "on": "order-paid", "every": true, "unit": CASH,
        "rate": {"basis_points": 250, "at_most": 1_000},
    }]});
    rebate
}

fn does_as_told() -> Value {
    let mut told = points_campaign(900);
    told["unit_classes"] = json!(["points", "cash"]);
    told["budgets"] = json!([{"unit": POINTS, "total": 900}, {"unit": CASH, "total": 9_000}]);
    told["limits"] = json!([
        {"unit": POINTS, "window": "campaign", "amount": 300}, {"unit": CASH, "window": "day", "amount": 2_000},
    ]);
    told["params"] = json!({});
    told
}

impl Side {
    pub(super) async fn start(folder: Option<tempfile::TempDir>) -> Self {
        let host = folder.as_ref().map_or_else(Host::in_memory, |folder| Host::on_disk(folder.path()));
        host.service.run(SetPocket(pocket(12))).await.expect("a pocket");
        host.service.run(SetUnit(terms(STOCKED, Terms { days: Some(4), ..USUAL }))).await.expect("a unit");
        host.campaign("daily", "check_in", daily()).await;
        host.campaign("invite", "invite_for_credit", invite()).await;
        host.campaign("rebate", "sign_up_rebate", rebate()).await;
        host.register_guest_kind().await;
        host.campaign("told", "grants_as_told", does_as_told()).await;
        let first = host.service.registry().campaign(&campaign("daily")).expect("it runs").published.policy.digest;
        let (next, _) =
            host.service.publish(with_version(&component("check_in"), "0.2.0"), None).await.expect("it is published");
        assert_eq!(next.manifest.version.as_str(), "0.2.0");
        Self { host, versions: [first.to_string(), next.digest.to_string()], folder }
    }

    pub(super) async fn stop(&self) {
        self.host.service.stop().await;
    }

    /// Lets the time come, then acts.
    pub(super) async fn take(&mut self, now: Instant, act: &Act) -> Told {
        self.host.clock.set(now);
        self.catch_up().await;
        let service = &self.host.service;
        let told = match act {
            Act::Send(events) => Told::Events(self.host.send(events.clone()).await),
            Act::Try(event) => {
                Told::Tried(service.dry_run(self.host.arrival(event.clone())).await.expect("the host answers"))
            }
            Act::Command(id, command) => {
                let commanded = service.command(campaign(id), *command, Precondition::None).await;
                Told::Changed(format!("{commanded:?}"))
            }
            Act::Revise(quantity, version) => {
                self.revise(*quantity, *version).await;
                Told::Nothing
            }
            Act::Nothing => Told::Nothing,
            Act::Restart => {
                self.restart().await;
                Told::Nothing
            }
            Act::Ledger(request) => Told::Ledger(match request.clone().ask(service).await {
                Ok(answer) => Ok(answer),
                Err(ChangeError::Control(error)) => Err(error),
                Err(error) => panic!("{error}"),
            }),
            Act::Terms(terms) => Told::Changed(format!("{:?}", service.run(SetUnit(terms.clone())).await)),
            Act::Pocket(pocket) => Told::Changed(format!("{:?}", service.run(SetPocket(pocket.clone())).await)),
        };
        if matches!(act, Act::Command(..) | Act::Restart) {
            self.make_up().await;
        }
        self.catch_up().await;
        told
    }

    async fn catch_up(&self) {
        self.host.service.catch_up().await.expect("the host takes it");
    }

    async fn revise(&self, quantity: u64, version: usize) {
        let registry = self.host.service.registry();
        let active = registry.campaign(&campaign("daily")).expect("it is there");
        let view = largesse_documents::CampaignView::of(&active.campaign);
        let mut document = serde_json::to_value(view.document).expect("a campaign is JSON");
        document.as_object_mut().expect("a campaign is an object").remove("effective_from");
        document["params"] = daily_params(quantity);
        document["policy"] = self.versions[version].clone().into();
        self.host.apply("daily", document, Precondition::Version(active.campaign.version)).await;
    }

    async fn restart(&mut self) {
        let Some(folder) = &self.folder else { return };
        let time = largesse_documents::time::instant_text(self.host.clock.now());
        self.host.service.stop().await;
        // The database opens once its host is gone.
        self.host = Host::in_memory();
        self.host = Host::on_disk_at(folder.path(), &time);
    }

    /// Waits until no running campaign makes up for a pause or a stop any more: it would put off what comes.
    async fn make_up(&self) {
        for _ in 0..4_000 {
            let mut waiting = false;
            for kind in ["order.paid", "user.realname_verified", TOLD] {
                let data = match kind {
                    "order.paid" => json!({"order": "none", "amount": {"minor": 1, "currency": "CNY"}}),
                    TOLD => json!({}),
                    _ => json!({"id_hash": "none"}),
                };
                let arrival = self.host.arrival(event(kind, "nobody", "2026-03-01T00:00:00+08:00", data));
                let tried = self.host.service.dry_run(arrival).await.expect("the host answers");
                let DryRun::Decided(answer) = tried else { panic!("{tried:?}") };
                let registry = self.host.service.registry();
                let paused = |id| registry.campaign(id).is_some_and(|one| one.campaign.lifecycle == Lifecycle::Paused);
                waiting |= answer.put_off.iter().any(|put_off| !paused(&put_off.campaign));
            }
            if !waiting {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("decisions stay put off");
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.host.service.read(query).await.expect("the store reads")
    }

    pub(super) async fn decisions(&self, after: DecisionId) -> Vec<Decision> {
        self.read(move |store| store.decisions(&DecisionFilter::default(), after, usize::MAX)).await
    }

    pub(super) async fn audit(&self) -> Result<Audited, Box<Difference>> {
        self.read(|store| store.audit()).await
    }

    /// Every row that can be asked for.
    pub(super) async fn rows(&self) -> Vec<String> {
        self.read(|store| {
            let mut rows = vec![format!("{:?}", store.counters()?), format!("{:?}", store.catalogue()?)];
            for decision in store.decisions(&DecisionFilter::default(), DecisionId(0), usize::MAX)? {
                rows.push(format!("{decision:?}"));
            }
            rows.extend(store.transfers(0, usize::MAX)?.iter().map(|row| format!("{row:?}")));
            rows.extend(store.positions(None)?.iter().map(|row| format!("{row:?}")));
            let timers = store.due_timers(&CAMPAIGNS.map(campaign), Instant::MAX, usize::MAX)?;
            rows.extend(timers.iter().map(|row| format!("{row:?}")));
            rows.push(format!("{:?}", store.pocket_usage(&pocket(0).id)?));
            for id in CAMPAIGNS.map(campaign) {
                rows.push(format!("{:?}", (store.budget_usage(&id)?, store.verdict_counts(&id)?)));
            }
            for id in customers() {
                rows.push(format!("{:?}", (store.customer(&id)?, store.grants_to(&id)?, store.inviters_of(&id)?)));
                rows.push(format!("{:?}", store.redemptions_of(&[id], None, usize::MAX)?));
            }
            Ok(rows)
        })
        .await
    }
}

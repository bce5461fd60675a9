//! Cost gates: a campaign that may cost more for each customer than its gate allows does not start.

use largesse_documents::CampaignDocument;
use largesse_documents::catalogue::UnitDocument;
use largesse_domain::lifecycle::Command;
use largesse_service::ChangeError;
use largesse_service::commands::SetUnit;
use largesse_service::pipeline::{ControlError, Precondition};
use serde_json::{Value, json};

use crate::fixture::{Host, campaign, component, points_campaign};

/// A campaign that gives such a unit within these limits.
fn with(unit: &str, limits: Value, gate: Value) -> Value {
    let mut document = points_campaign(1);
    document["policy"] = "check-in".into();
    document["unit_classes"] = json!([unit.split(':').next()]);
    document["budgets"] = json!([{"unit": unit, "total": 1_000_000_000_u64}]);
    document["limits"] = limits;
    document["subscriptions"] = json!(["checked-in"]);
    document["params"] = json!({"daily": {"on": ["checked-in"], "rewards": [{"unit": unit, "quantity": 1}]}});
    document["gate"] = gate;
    document
}

fn cash(window: &str, amount: u64) -> Value {
    json!([{"unit": "cash:CNY", "window": window, "amount": amount}])
}

/// What 10,000.00 earn at 2% a year, and what winning a customer may cost.
fn profit(holding: u64, per: &str) -> Value {
    json!({"profit": {"holding": holding, "rate_basis_points": 200, "per": per}})
}

fn acquisition(most: u64) -> Value {
    json!({"acquisition": {"most": most}})
}

impl Host {
    async fn costs(&self, unit: &str, amount: u64) {
        let document = json!({"cost": {"amount": amount, "currency": "CNY"}});
        let document: UnitDocument = serde_json::from_value(document).expect("terms");
        let terms = document.read(unit.parse().expect("a unit")).expect("terms");
        self.service.run(SetUnit(terms)).await.expect("they are set");
    }

    async fn set(&self, document: Value, precondition: Precondition) -> Result<(), ChangeError> {
        let document: CampaignDocument = serde_json::from_value(document).expect("a document");
        let spec = document.read().expect("a campaign");
        self.service.apply(campaign("gated"), spec, precondition).await.map(|_| ())
    }

    /// What keeps a campaign from starting: pointer and message.
    async fn starts(&self, document: Value) -> Vec<(String, String)> {
        let version = self.service.registry().campaign(&campaign("gated")).map(|active| active.campaign.version);
        let precondition = version.map_or(Precondition::Absent, Precondition::Version);
        self.set(document, precondition).await.expect("a draft is taken");
        problems(self.service.command(campaign("gated"), Command::Start, Precondition::None).await.map(|_| ()))
    }
}

fn problems(result: Result<(), ChangeError>) -> Vec<(String, String)> {
    match result {
        Ok(()) => Vec::new(),
        Err(ChangeError::Control(ControlError::Problems(problems))) => {
            problems.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
        }
        Err(other) => panic!("{other:?}"),
    }
}

async fn host() -> Host {
    let host = Host::in_memory();
    host.service.publish(component("check_in"), None).await.expect("it is published");
    host
}

#[tokio::test]
async fn what_costs_too_much_does_not_start() {
    let host = host().await;
    let refused = host.starts(with("cash:CNY", cash("month", 2_000), profit(1_000_000, "month"))).await;
    let figures =
        "one customer may cost too much, in minor units of CNY: profit allows 1667 a month, and the cost is 2000";
    assert_eq!(refused, [("/gate".to_owned(), figures.to_owned())]);
    let either = json!({"any_of": [profit(1_000_000, "month"), acquisition(50_000)]});
    let refused = host.starts(with("cash:CNY", cash("campaign", 50_100), either.clone())).await;
    let figures =
        "profit allows 1667 a month, and the cost is 50100; acquisition allows 50000 in all, and the cost is 50100";
    assert!(refused[0].1.ends_with(figures), "{refused:?}");
    assert_eq!(host.starts(with("cash:CNY", cash("campaign", 2_000), either)).await, [], "won by acquisition");
}

#[tokio::test]
async fn a_gate_has_to_know_what_a_customer_may_cost() {
    let host = host().await;
    let washes = json!([{"unit": "coupon:wash", "window": "campaign", "amount": 12}]);
    let document = |limits: &Value| with("coupon:wash", limits.clone(), acquisition(24_000));
    let unpriced = host.starts(document(&washes)).await;
    assert_eq!(unpriced, [("/limits/0".into(), "a gate has to know what coupon:wash costs in CNY".into())]);
    host.costs("coupon:wash", 2_000).await;
    let counted = json!([{"unit": "coupon:wash", "window": "campaign", "count": 12}]);
    assert_eq!(host.starts(document(&counted)).await[0].0, "/limits/0");
    assert_eq!(host.starts(document(&washes)).await, []);
}

#[tokio::test]
async fn a_running_campaign_stays_within_its_gate() {
    let host = host().await;
    let document = |amount: u64, most: u64| with("cash:CNY", cash("campaign", amount), acquisition(most));
    assert_eq!(host.starts(document(500, 500)).await, []);
    let change = async |document: Value| {
        let version = host.service.registry().campaign(&campaign("gated")).map_or(0, |active| active.campaign.version);
        problems(host.set(document, Precondition::Version(version)).await)
    };
    assert_eq!(change(document(501, 500)).await[0].0, "/gate", "a wider limit");
    assert_eq!(change(document(500, 499)).await[0].0, "/gate", "a tighter gate");
    assert_eq!(change(document(501, 501)).await, []);
    assert_eq!(
        change(with("cash:CNY", cash("campaign", 9_999), Value::Null)).await,
        [],
        "without a gate all may start"
    );
}

/// The months that a campaign touches are those of its own time zone.
#[tokio::test]
async fn what_recurs_counts_for_as_long_as_the_campaign_gives() {
    let host = host().await;
    let until = |closes: Option<&str>| {
        let mut document = with("cash:CNY", cash("month", 2_000), acquisition(4_000));
        document["closes"] = closes.into();
        document
    };
    assert!(host.starts(until(None)).await[0].1.contains("no bound"));
    assert_eq!(host.starts(until(Some("2026-05-01T00:00:01+08:00"))).await[0].0, "/gate", "three months");
    assert_eq!(host.starts(until(Some("2026-05-01T00:00:00+08:00"))).await, [], "March and April");
}

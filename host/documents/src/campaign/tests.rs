//! Documents of campaigns, read and written back.

use super::*;
use crate::problem::from_json;
use largesse_domain::activation::Activations;
use largesse_domain::campaign::{OnFault, UnknownClaim};
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::referral::TouchRule;

const FULL: &str = r#"{
    "title": "Spring", "policy": "new-user-gift@1.2.0", "params": {"b": 1, "a": [true]}, "currency": "CNY",
    "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00", "closes": "2026-06-01T00:00:00+08:00",
    "closing_days": 7, "audience": {"where": "'new' in tags"},
    "subscriptions": ["registered"], "unit_classes": ["cash", "coupon"],
    "attribution": {"touch": "last", "window_days": 14, "bind_on": ["user.registered"]},
    "unknown_claim": "allow", "on_fault": "defer", "fault_threshold": {"percent": 5, "window": 200}, "follow": true,
    "budgets": [{"unit": "cash:CNY", "total": 1000000, "per_day": 50000}, {"unit": "coupon", "total": 500}],
    "limits": [{"unit": "cash:CNY", "window": "campaign", "amount": 8800, "count": 3},
               {"unit": "coupon", "per": "device", "window": "day", "count": 1}],
    "pools": [{"id": "prize", "unit": "cash:CNY", "total": 90000, "settles": "2026-06-01T00:00:00+08:00"}],
    "pockets": ["spring"], "warn_at": [50, 90],
    "stacking": {"group": "spring-orders", "priority": -3, "mode": "best"},
    "gate": {"any_of": [{"profit": {"holding": 1000000, "rate_basis_points": 200, "per": "month"}},
                        {"acquisition": {"most": 50000}}]}, "effective_from": "2026-03-02T00:00:00Z"
}"#;

const LEAST: &str = r#"{"policy": "check-in", "currency": "CZK", "time_zone": "Europe/Prague",
    "opens": "2026-03-01T00:00:00Z"}"#;

fn document(text: &str) -> CampaignDocument {
    from_json(text.as_bytes()).unwrap()
}

fn pointers(text: &str) -> Vec<String> {
    document(text).read().unwrap_err().into_iter().map(|problem| problem.pointer).collect()
}

#[test]
fn a_full_document_is_read_and_written_back() {
    let spec = document(FULL).read().unwrap();
    assert_eq!(spec.policy.to_string(), "new-user-gift@1.2.0");
    assert_eq!(spec.params.as_str(), r#"{"a":[true],"b":1}"#);
    assert_eq!(spec.settings.attribution.touch, TouchRule::Last);
    assert_eq!(spec.settings.on_fault, OnFault::Defer);
    let policy = Digest::from_bytes([7; 32]);
    let effective_from = spec.effective_from.unwrap();
    let revision = Revision { number: 1, effective_from, params: spec.params.clone() };
    let again = CampaignDocument::of(&spec.settings, policy, &revision).read().unwrap();
    assert_eq!(again, CampaignSpec { policy: PolicyRef::ByDigest(policy), ..spec });
}

#[test]
fn what_is_left_out_has_its_default() {
    let settings = document(LEAST).read().unwrap().settings;
    assert_eq!((settings.closing_days, settings.closes), (30, None));
    assert_eq!(settings.attribution.window_days, 30);
    assert_eq!(texts(&settings.attribution.bind_on), ["user.registered", "invite.bound"]);
    assert_eq!(settings.unknown_claim, UnknownClaim::Deny);
    assert_eq!((settings.subscriptions, settings.unit_classes), (None, None));
}

#[test]
fn every_problem_is_named_at_once() {
    let wrong = r#"{"policy": "Bad Name", "currency": "cny", "time_zone": "Mars", "opens": "soon",
        "subscriptions": ["A"], "unit_classes": ["gold"], "audience": {"segment": "a b"},
        "budgets": [{"unit": "gold", "total": 1}, {"unit": "points", "total": 1000000000000001}],
        "limits": [{"unit": "points", "window": "day"}], "fault_threshold": {"percent": 0},
        "stacking": {"group": "Spring", "mode": "first"},
        "gate": {"any_of": [{"ltv": {"ltv": 1, "cac": 1, "coc": 1000000000000001}}]}}"#;
    assert_eq!(
        pointers(wrong),
        [
            "/policy",
            "/currency",
            "/time_zone",
            "/opens",
            "/audience/segment",
            "/subscriptions/0",
            "/unit_classes/0",
            "/fault_threshold",
            "/budgets/0/unit",
            "/budgets/1/total",
            "/limits/0",
            "/stacking/group",
            "/gate/any_of/0/ltv/coc",
        ]
    );
}

#[test]
fn what_contradicts_itself_is_named() {
    let with = |fields: &str| {
        format!(
            r#"{{"policy": "p", "currency": "CNY", "time_zone": "Etc/UTC", "opens": "2026-03-01T00:00:00Z", {fields}}}"#
        )
    };
    assert_eq!(pointers(&with(r#""closes": "2026-03-01T00:00:00Z""#)), ["/closes"]);
    let for_ever = r#""closes": "9999-12-01T00:00:00Z", "closing_days": 31"#;
    assert_eq!(pointers(&with(for_ever)), ["/closing_days"]);
    let budgets = r#""budgets": [{"unit": "points", "total": 1}, {"unit": "points", "total": 2}]"#;
    assert_eq!(pointers(&with(budgets)), ["/budgets/1"]);
    let limits = r#""limits": [{"unit": "points", "window": "day", "count": 1},
        {"unit": "points", "window": "week", "count": 1}, {"unit": "points", "window": "day", "amount": 1}]"#;
    assert_eq!(pointers(&with(limits)), ["/limits/2"]);
    let currency = r#""budgets": [{"unit": "cash:USD", "total": 1}, {"unit": "credit-limit:EUR", "total": 1}]"#;
    assert_eq!(pointers(&with(currency)), ["/budgets/0/unit", "/budgets/1/unit"]);
    let deep = format!(r#""params": {{"a": {}{}}}"#, "[".repeat(32), "]".repeat(32));
    assert_eq!(pointers(&with(&deep)), ["/params"]);
    let long = format!(r#""params": {{"a": "{}"}}"#, "x".repeat(PARAMS_BYTES_MAX));
    assert_eq!(pointers(&with(&long)), ["/params"]);
}

#[test]
fn unknown_fields_are_refused() {
    let text = LEAST.replace("\"opens\"", "\"opnes\": 1, \"opens\"");
    assert!(from_json::<CampaignDocument>(text.as_bytes()).unwrap_err()[0].message.contains("opnes"));
}

#[test]
fn a_policy_is_named_in_three_ways() {
    let digest = "ab".repeat(32);
    assert_eq!(digest.parse(), Ok(PolicyRef::ByDigest(Digest::from_bytes([0xab; 32]))));
    let name = PolicyName::new("check-in").unwrap();
    assert_eq!("check-in".parse(), Ok(PolicyRef::Latest { name: name.clone() }));
    let version = PolicyVersion::new("1.0.0-rc.1").unwrap();
    assert_eq!("check-in@1.0.0-rc.1".parse(), Ok(PolicyRef::ByVersion { name, version }));
    assert!("check-in@".parse::<PolicyRef>().is_err());
}

#[test]
fn a_view_is_read_as_it_was_written() {
    let spec = document(FULL).read().unwrap();
    let (opens, policy) = (spec.settings.opens, Digest::from_bytes([7; 32]));
    let campaign = Campaign {
        id: "spring".parse().unwrap(),
        version: 3,
        lifecycle: Lifecycle::Running,
        settings: spec.settings,
        revisions: vec![Revision { number: 1, effective_from: opens, params: spec.params }],
        activations: Activations::first(policy, vec![1], opens),
        rollout: None,
        rollouts: 0,
    };
    let view = CampaignView::of(&campaign);
    let text = serde_json::to_value(&view).unwrap();
    assert_eq!((&text["title"], &text["lifecycle"]), (&"Spring".into(), &"running".into()));
    assert_eq!(text["active"]["policy"], "07".repeat(32));
    assert_eq!(serde_json::from_value::<CampaignView>(text).unwrap(), view);
}

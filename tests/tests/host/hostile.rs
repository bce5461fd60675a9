//! Guests that break the contract, and the customer beside them.

use std::collections::BTreeSet;
use std::path::Path;

use largesse_documents::CampaignDocument;
use largesse_domain::decision::{FaultKind, Output};
use largesse_domain::outcome::Verdict;
use largesse_engine::{CompileError, LoadError};
use largesse_service::ChangeError;
use largesse_service::pipeline::{ControlError, Precondition};
use serde_json::json;

use crate::fixture::{Host, campaign, component, event, points_campaign, workers};

/// Guests that load and fault when they misbehave, with the fault and a part of what it must say.
const FAULTS: &[(&str, FaultKind, &str)] = &[
    ("allocates", FaultKind::Memory, "memory"),
    ("asks_undeclared", FaultKind::Undeclared, "does not declare"),
    ("divides", FaultKind::Fuel, "fuel"),
    ("exits", FaultKind::Trap, ""),
    ("grants_undeclared", FaultKind::Undeclared, "does not declare"),
    ("loops", FaultKind::Fuel, "fuel"),
    ("panics", FaultKind::Trap, "on purpose"),
    ("pays_a_stranger", FaultKind::Stranger, "no party"),
    ("recurses", FaultKind::Stack, ""),
    ("reads_nowhere", FaultKind::Trap, "out of bounds"),
    // Large frames overflow the guest's own stack, in its memory, before the sandbox's.
    ("recurses_widely", FaultKind::Trap, "stack"),
    ("reserves_from_a_stranger", FaultKind::Stranger, "stranger is no party"),
    ("returns_garbage", FaultKind::InvalidOutput, "key"),
    ("returns_many", FaultKind::InvalidOutput, "effects"),
    ("returns_much", FaultKind::Output, ""),
    ("returns_no_json", FaultKind::InvalidOutput, "JSON"),
    ("settles_undeclared", FaultKind::Undeclared, "does not declare settle"),
    ("sleeps", FaultKind::Trap, ""),
    ("writes", FaultKind::Fuel, "fuel"),
];

/// Guests that keep to the contract, whatever they try.
const HARMLESS: &[&str] = &[
    "counts_as_1",
    "counts_as_2",
    "counts_as_3",
    "counts_as_4",
    "counts_days",
    "grants_as_told",
    "hoards",
    "keys_by_arrival",
    "looks_around",
    "loses_its_state",
    "refuses_its_example",
    "remembers",
    "sets_timers",
    "writes_much",
];

/// Guests that behave, for events of the host's own, and are used by tests of what they are about.
const ELSEWHERE: &[&str] = &["chases", "hears", "markets", "siege_divs", "siege_schema", "storms"];

/// Guests that are published, and that no campaign can use, with a part of what it is told.
const UNFIT: &[(&str, &str)] = &[("fills_no_role", "fills the role friend"), ("trusts_params", "could not check")];

/// Guests that are not published.
const REFUSED: &[&str] = &[
    "describes_badly",
    "describes_for_ever",
    "describes_no_schema",
    "imports_a_stranger",
    "keeps_another_contract",
    "multiplies_its_schema",
    "opens_sockets",
];

#[test]
fn every_guest_has_its_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/examples");
    let entries = std::fs::read_dir(folder).expect("the guests are there");
    let stem = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("a folder can be read").path();
        path.file_stem().expect("a file has a name").to_string_lossy().into_owned()
    };
    let written: BTreeSet<String> = entries.map(stem).collect();
    let faults = FAULTS.iter().map(|(name, ..)| *name);
    let unfit = UNFIT.iter().map(|(name, _)| *name);
    let tested = faults.chain([HARMLESS, ELSEWHERE].concat()).chain(unfit).chain(REFUSED.iter().copied());
    assert_eq!(written, tested.map(str::to_owned).collect());
}

#[tokio::test]
async fn a_fault_never_reaches_the_customer_beside_it() {
    let mut seen = BTreeSet::new();
    for (name, kind, says) in FAULTS {
        let host = Host::in_memory();
        host.register_guest_kind().await;
        host.campaign("hostile", name, points_campaign(1_000)).await;
        let time = "2026-03-01T12:00:00+08:00";
        let bad = |customer: &str| event("day.checked-in", customer, time, json!({"misbehave": true}));
        let good = |customer: &str| event("day.checked-in", customer, time, json!({}));
        let results = host.send(vec![good("before"), bad("bad"), good("after"), bad("worse"), good("last")]).await;
        assert_eq!(results.len(), 5);
        for customer in ["before", "after", "last"] {
            assert_eq!(host.grants(customer).await, [("day".into(), "points".into(), 1)], "{name}: {customer}");
        }
        for (customer, result) in [("bad", &results[1]), ("worse", &results[3])] {
            let largesse_service::pipeline::EventResult::Admitted(answer) = result else {
                panic!("{name}: {result:?}")
            };
            let decision = &answer.decisions[0];
            let Output::Fault(fault) = &decision.evaluation.output else { panic!("{name}: {decision:?}") };
            assert_eq!(fault.kind, *kind, "{name}: {fault}");
            assert!(fault.detail.contains(says), "{name}: {fault}");
            seen.insert(fault.to_string().replace("tests/guests/examples/panics.rs", "src/lib.rs"));
            assert_eq!(decision.verdict, Verdict::Faulted, "{name}");
            assert_eq!(host.grants(customer).await, [], "{name}");
        }
        host.service.stop().await;
    }
    crate::authors::explain(&seen);
}

#[tokio::test]
async fn what_is_tried_in_vain_does_no_harm() {
    for name in HARMLESS {
        let host = Host::in_memory();
        host.register_guest_kind().await;
        host.campaign("harmless", name, points_campaign(1_000)).await;
        let time = "2026-03-01T12:00:00+08:00";
        let answer = host.send_one(event("day.checked-in", "u1", time, json!({"misbehave": true}))).await;
        let decision = &answer.decisions[0];
        assert!(matches!(decision.verdict, Verdict::Accepted(_)), "{name}: {decision:?}");
        assert!(decision.evaluation.log.len() <= largesse_domain::limits::LOG_BYTES_MAX + 64, "{name}");
        assert!(decision.evaluation.log.bytes().all(|byte| byte == b'\n' || !byte.is_ascii_control()), "{name}");
        host.service.stop().await;
    }
}

#[tokio::test]
async fn what_does_not_fit_a_campaign_is_not_taken() {
    for (name, says) in UNFIT {
        let host = Host::in_memory();
        host.register_guest_kind().await;
        let (policy, _) = host.service.publish(component(name), None).await.expect("it is published");
        let mut document = points_campaign(1_000);
        document["policy"] = policy.digest.to_string().into();
        let document: CampaignDocument = serde_json::from_value(document).expect("a campaign document");
        let spec = document.read().expect("a campaign");
        let refused = host.service.apply(campaign("unfit"), spec, Precondition::Absent).await;
        let Err(ChangeError::Control(ControlError::Problems(problems))) = &refused else {
            panic!("{name}: {refused:?}")
        };
        assert!(problems.iter().any(|problem| problem.message.contains(says)), "{name}: {problems:?}");
        host.service.stop().await;
    }
}

#[tokio::test]
async fn what_does_not_fit_is_not_published() {
    let host = Host::in_memory();
    for name in REFUSED {
        let refused = host.service.publish(component(name), None).await;
        assert!(matches!(refused, Err(ChangeError::Load(_))), "{name}: {refused:?}");
    }
    for (name, place, says) in [
        ("describes_no_schema", "/params-schema/type", "objekt"),
        ("multiplies_its_schema", "/params-schema/$defs/a", "steps for each of its bytes"),
    ] {
        let Err(ChangeError::Load(LoadError::Manifest(problems))) = host.service.publish(component(name), None).await
        else {
            panic!("{name} is published")
        };
        let found = &problems[0];
        assert!(found.pointer.starts_with(place) && found.message.contains(says), "{name}: {found:?}");
    }
    let load = |bytes: &[u8]| match workers().load(bytes) {
        Err(error) => error,
        Ok(_) => panic!("it was loaded"),
    };
    let error = load(&component("imports_a_stranger"));
    assert!(matches!(&error, LoadError::Compile(CompileError::ForeignImport { .. })), "{error:?}");
    let error = load(&component("keeps_another_contract"));
    assert!(matches!(&error, LoadError::Compile(CompileError::WrongContract { .. })), "{error:?}");
    let error = load(b"not a component");
    assert!(matches!(&error, LoadError::Compile(CompileError::NotAComponent { .. })), "{error:?}");
    let error = load(&vec![0; largesse_domain::limits::COMPONENT_BYTES_MAX + 1]);
    assert!(matches!(&error, LoadError::Compile(CompileError::TooLarge { .. })), "{error:?}");
    assert!(host.service.registry().policies().next().is_none());
}

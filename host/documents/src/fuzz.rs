//! Spoilt texts are read or refused; none stops the host.

use largesse_domain::event::EventKey;
use proptest::prelude::{Strategy, prop_assert_eq, proptest};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::json;

use crate::noise::{cases, spoilt};
use crate::samples;
use crate::stored::{
    DecisionKeys, customer_text, manifest_text, read_customer, read_decision, read_manifest, read_settings,
    read_timer_body, record_text, remains_text, settings_text, timer_body_text,
};
use crate::{CampaignDocument, CustomerDocument, DestinationDocument, from_json};

const CUSTOMER: &[u8] = br#"{"attributes": {"level": 3, "city": "Xi'an", "member": true}, "tags": [{"tag": "vip"}],
    "remove_tags": ["new"], "identifiers": {"device": ["d-1"]}}"#;
const DESTINATION: &[u8] = br#"{"url": "https://example.org:8443/hooks?x=1", "topics": ["grant.*"],
    "secrets": ["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]}"#;

/// A text of the store, spoilt. What is no text any more SQLite does not give.
fn spoilt_text(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    text.prop_flat_map(|text| spoilt(text.into_bytes())).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// A campaign document with everything in it.
fn campaign() -> Vec<u8> {
    let document = json!({
        "title": "Check-in", "policy": "check-in@1.2.3", "params": {"daily": {"on": ["checked-in"], "rewards": []}},
        "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00",
        "closes": "2026-04-01T00:00:00+08:00", "closing_days": 30, "audience": {"segment": "vip"},
        "subscriptions": ["checked-in"], "unit_classes": ["points", "coupon"],
        "attribution": {"touch": "last", "window_days": 30, "bind_on": ["user.registered"]},
        "unknown_claim": "deny", "on_fault": "defer",
        "budgets": [{"unit": "points", "total": 1_000_000, "per_day": 500}, {"unit": "coupon", "total": 10}],
        "limits": [{"unit": "points", "window": "week", "amount": 50, "count": 3}],
        "effective_from": "2026-03-02T00:00:00+08:00",
    });
    document.to_string().into_bytes()
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn spoilt_settings(text in spoilt_text(samples::settings().prop_map(|settings| settings_text(&settings)))) {
        if let Ok(settings) = read_settings(&text) {
            prop_assert_eq!(read_settings(&settings_text(&settings)), Ok(settings));
        }
    }

    #[test]
    fn spoilt_manifests(text in spoilt_text(samples::manifest().prop_map(|manifest| manifest_text(&manifest)))) {
        if let Ok(manifest) = read_manifest(&text) {
            prop_assert_eq!(read_manifest(&manifest_text(&manifest)), Ok(manifest));
        }
    }

    #[test]
    fn spoilt_customers(text in spoilt_text(samples::customer().prop_map(|customer| customer_text(&customer)))) {
        if let Ok(customer) = read_customer(&text) {
            prop_assert_eq!(read_customer(&customer_text(&customer)), Ok(customer));
        }
    }

    #[test]
    fn spoilt_timers(text in spoilt_text(samples::timer().prop_map(|timer| timer_body_text(&timer.body)))) {
        if let Ok(timer) = read_timer_body(&text) {
            prop_assert_eq!(read_timer_body(&timer_body_text(&timer)), Ok(timer));
        }
    }

    #[test]
    fn spoilt_decisions(
        (decision, remains, record) in samples::decision().prop_flat_map(|decision| {
            let (remains, record) = (remains_text(&decision), record_text(&decision));
            (proptest::strategy::Just(decision), spoilt(remains.into_bytes()), spoilt(record.into_bytes()))
        })
    ) {
        let keys = || DecisionKeys {
            id: decision.id,
            seq: decision.event,
            event: decision.input.event.clone(),
            campaign: decision.campaign.clone(),
            revision: decision.input.campaign.revision,
            params: decision.input.campaign.params.clone(),
            policy: decision.policy,
        };
        let (remains, record) = (String::from_utf8_lossy(&remains), String::from_utf8_lossy(&record));
        let whole = (remains_text(&decision), record_text(&decision));
        for texts in [(&*remains, &*record), (&*remains, &*whole.1), (&*whole.0, &*record)] {
            if let Ok(read) = read_decision(texts, keys()) {
                prop_assert_eq!(read_decision((&remains_text(&read), &record_text(&read)), keys()), Ok(read));
            }
        }
    }

    #[test]
    fn spoilt_campaign_documents(bytes in spoilt(campaign())) {
        if let Ok(document) = from_json::<CampaignDocument>(&bytes) {
            // What is wrong with it has pointers into it.
            let problems = document.read().err().unwrap_or_default();
            proptest::prop_assert!(problems.iter().all(|problem| problem.pointer.starts_with('/')), "{problems:?}");
        }
    }

    #[test]
    fn spoilt_identifiers(bytes in spoilt(b"urn:example:Shop-7/orders_2026".to_vec())) {
        let text = String::from_utf8_lossy(&bytes);
        if let (Ok(source), Ok(id)) = (text.parse(), text.parse()) {
            let key = EventKey { source, id };
            prop_assert_eq!((key.source.as_str(), key.id.as_str()), (&*text, &*text));
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn spoilt_customer_documents(bytes in spoilt(CUSTOMER.to_vec())) {
        if let Ok(document) = from_json::<CustomerDocument>(&bytes) {
            let _ = document.facts();
        }
    }

    #[test]
    fn spoilt_destinations(bytes in spoilt(DESTINATION.to_vec())) {
        if let Ok(document) = from_json::<DestinationDocument>(&bytes) {
            let _ = document.read();
        }
    }
}

/// Where nothing spoilt is read, only the first check is fuzzed.
#[test]
fn some_of_what_is_spoilt_is_read_and_most_is_not() {
    let mut runner = TestRunner::deterministic();
    let mut share = |good: &[u8], reads: fn(&[u8]) -> bool| {
        let bytes = spoilt(good.to_vec());
        (0..1_000).filter(|_| reads(&bytes.new_tree(&mut runner).unwrap().current())).count()
    };
    let campaigns =
        share(&campaign(), |bytes| from_json::<CampaignDocument>(bytes).is_ok_and(|read| read.read().is_ok()));
    let settings = samples::settings().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let settings = settings_text(&settings);
    let settings =
        share(settings.as_bytes(), |bytes| std::str::from_utf8(bytes).is_ok_and(|text| read_settings(text).is_ok()));
    for read in [campaigns, settings] {
        assert!((8..500).contains(&read), "{campaigns} campaigns and {settings} settings of 1,000 are read");
    }
}

#[test]
fn what_is_spoilt_was_good() {
    from_json::<CampaignDocument>(&campaign()).unwrap().read().unwrap();
    from_json::<CustomerDocument>(CUSTOMER).unwrap().facts().unwrap();
    from_json::<DestinationDocument>(DESTINATION).unwrap().read().unwrap();
}

//! Whatever is written is read back the same.

use largesse_domain::decision::Output;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use super::*;
use crate::samples;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn settings_are_kept_whole(settings in samples::settings()) {
        prop_assert_eq!(read_settings(&settings_text(&settings)), Ok(settings));
    }

    #[test]
    fn manifests_are_kept_whole(manifest in samples::manifest()) {
        prop_assert_eq!(read_manifest(&manifest_text(&manifest)), Ok(manifest));
    }

    #[test]
    fn customers_are_kept_whole(customer in samples::customer()) {
        prop_assert_eq!(read_customer(&customer_text(&customer)), Ok(customer));
    }

    #[test]
    fn timers_are_kept_whole(timer in samples::timer()) {
        prop_assert_eq!(read_timer_body(&timer_body_text(&timer.body)), Ok(timer.body));
    }

    #[test]
    fn decisions_are_kept_whole(decision in samples::decision()) {
        let keys = DecisionKeys {
            id: decision.id,
            seq: decision.event,
            event: decision.input.event.clone(),
            campaign: decision.campaign.clone(),
            revision: decision.input.campaign.revision,
            params: decision.input.campaign.params.clone(),
            policy: decision.policy,
        };
        let (remains, record) = (remains_text(&decision), record_text(&decision));
        let event = decision.input.event.clone();
        let remaining = read_remains(&remains, RemainsKeys {
            id: decision.id,
            seq: decision.event,
            key: event.key.clone(),
            kind: event.kind.clone(),
            actor: event.actor.clone(),
            occurred: event.occurred,
            campaign: decision.campaign.clone(),
            policy: decision.policy,
            removed_at: decision.made_at,
        });
        let brief = crate::DecisionSummary::of_remains(&remaining.unwrap());
        prop_assert_eq!(brief, crate::DecisionSummary::of(&decision), "what remains is answered as before");
        prop_assert_eq!(read_decision((&remains, &record), keys), Ok(decision));
    }

    #[test]
    fn views_are_read_as_they_were_written(decision in samples::decision()) {
        let at = decision.made_at;
        let admission = largesse_domain::event::Admission { seq: decision.event, at };
        let mut view = crate::DecisionView::of(&decision, &admission);
        // Whoever reads a view takes a state that is `null` for none.
        view.state_before = view.state_before.filter(|state| !state.is_null());
        let text = serde_json::to_string(&view).unwrap();
        prop_assert_eq!(crate::from_json::<crate::DecisionView>(text.as_bytes()).unwrap(), view);
        let summary = crate::DecisionSummary::of(&decision);
        prop_assert_eq!(summary.fault.is_some(), matches!(decision.evaluation.output, Output::Fault(_)));
    }
}

#[test]
fn another_text_is_unreadable() {
    assert!(read_settings("{}").unwrap_err().to_string().contains("missing field"));
    assert!(read_customer(r#"{"raises": 1000000000000001}"#).is_err());
    assert!(read_customer(r#"{"identifiers": {"finger": []}}"#).unwrap_err().to_string().contains("finger"));
}

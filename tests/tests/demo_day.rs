//! The bundled events are what their generator gives, keep to the schemas, and have everything that they are meant to show.

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use serde_json::Value;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    fn bundled() -> Vec<Value> {
        let text = std::fs::read_to_string(root().join("demo/day.ndjson")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn the_file_is_what_the_generator_gives() {
        let text = std::fs::read_to_string(root().join("demo/day.ndjson")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, largesse_tests::demo_day::lines(), "run the program demo_day");
    }

    #[test]
    fn every_event_keeps_to_the_schema_of_its_kind() {
        for event in bundled() {
            let kind = event["type"].as_str().unwrap();
            let schema = std::fs::read_to_string(root().join(format!("wit/schemas/{kind}.json"))).unwrap();
            let schema: Value = serde_json::from_str(&schema).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let problems: Vec<String> = validator.iter_errors(&event["data"]).map(|error| error.to_string()).collect();
            assert!(problems.is_empty(), "{event}: {problems:?}");
        }
    }

    #[test]
    fn it_has_what_it_is_meant_to_show() {
        let events = bundled();
        let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
        assert!((300..=500).contains(&events.len()), "{} events", events.len());
        let people: BTreeSet<String> = events.iter().map(|event| text(event, "subject")).collect();
        assert_eq!(people.len(), 60);
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        events.iter().for_each(|event| *kinds.entry(text(event, "type")).or_default() += 1);
        for kind in [
            "user.registered",
            "user.realname_verified",
            "card.bound",
            "credit.applied",
            "credit.approved",
            "credit.rejected",
            "loan.drawn",
            "loan.cancelled",
            "order.paid",
            "order.refunded",
            "checked_in",
            "chest.opened",
            "invite.opened",
            "share.performed",
        ] {
            assert!(kinds.get(kind).is_some_and(|count| *count >= 2), "{kind}: {kinds:?}");
        }
        let ids: BTreeSet<String> = events.iter().map(|event| text(event, "id")).collect();
        assert!(events.len() - ids.len() >= 4, "some are sent twice");
        let times: Vec<String> = events.iter().map(|event| text(event, "time")).collect();
        assert!(times.windows(2).filter(|pair| pair[0] > pair[1]).count() >= 4, "some come late");
        assert!(
            times.iter().all(|time| ("2026-11-09".."2026-11-16").contains(&time.as_str()) && time.ends_with("+08:00"))
        );
        let sunday = times.iter().filter(|time| time.starts_with("2026-11-15")).count();
        assert!(sunday * 3 > times.len(), "{sunday} of {} on the day itself", times.len());
    }

    #[test]
    fn it_has_what_campaigns_must_withstand() {
        let events = bundled();
        let shared = |kind: &str, field: &str| {
            let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for event in events.iter().filter(|event| event["type"] == kind) {
                holders.entry(event["data"][field].to_string()).or_default().insert(event["subject"].to_string());
            }
            holders.values().any(|holders| holders.len() > 1)
        };
        assert!(shared("user.realname_verified", "id_hash"), "one person with two accounts");
        assert!(shared("user.registered", "device"), "one device for two people");
        let place = |kind: &str, loan: &Value| {
            events.iter().position(|event| event["type"] == kind && event["data"]["loan"] == *loan)
        };
        let cancelled = events.iter().filter(|event| event["type"] == "loan.cancelled");
        let overtaken = cancelled.filter(|event| {
            let loan = &event["data"]["loan"];
            place("loan.drawn", loan) > place("loan.cancelled", loan)
        });
        assert_eq!(overtaken.count(), 1, "one cancellation overtakes its loan");
        let invited = events.iter().filter_map(|event| event["data"]["inviter"].as_str());
        let mut friends: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (inviter, event) in invited.zip(events.iter().filter(|event| event["data"]["inviter"].is_string())) {
            friends.entry(inviter).or_default().insert(event["subject"].as_str().unwrap());
        }
        assert!(friends.values().any(|friends| friends.len() >= 5), "somebody climbs a ladder: {friends:?}");
    }
}

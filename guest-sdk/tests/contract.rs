//! What a policy says and reads arrives on the other side of the contract.

mod probe;

use largesse_sdk::__private::exports::largesse::policy::policy::Guest;
use largesse_sdk::__private::{Adapter, largesse::policy::types as wit};
use largesse_sdk::json;
use probe::Probe;

type Component = Adapter<Probe>;

fn moment() -> wit::Moment {
    let local = wit::LocalTime {
        day: 20_513,
        year: 2026,
        month: 3,
        day_of_month: 1,
        weekday: 7,
        iso_year: 2026,
        iso_week: 9,
        second_of_day: 32_400,
    };
    wit::Moment { at: 1_772_326_800_000, local }
}

fn input(data: &str, state: Option<&str>) -> wit::Input {
    let party = wit::Party {
        role: "actor".to_owned(),
        customer: "u1".to_owned(),
        attributes: "{}".to_owned(),
        tags: Vec::new(),
        balances: Vec::new(),
        standings: Vec::new(),
        grants: Vec::new(),
    };
    wit::Input {
        subscription: "acted".to_owned(),
        event: wit::Event {
            source: "/test".to_owned(),
            id: "1".to_owned(),
            kind: "acted".to_owned(),
            occurred: moment(),
            data: data.to_owned(),
        },
        owner: wit::Owner { kind: wit::OwnerKind::Party, id: "u1".to_owned() },
        parties: vec![party],
        campaign: wit::Campaign {
            id: "c".to_owned(),
            revision: 1,
            currency: "CNY".to_owned(),
            opens: 0,
            closes: None,
            phase: wit::Phase::Open,
            params: r#"{"quantity": 5}"#.to_owned(),
        },
        now: moment(),
        seed: 1,
        state: state.map(str::to_owned),
    }
}

#[test]
fn a_decision_arrives_whole() {
    let decision = Component::decide(input(r#"{"act": "everything"}"#, Some(r#"{"seen": 41}"#))).unwrap();
    let text = format!("{decision:?}");
    for part in [
        r#"Claim { scope: "once", by: Dimension::Card, party: "u1" }"#,
        r#"RateBoost { holding: "deposit", basis-points: 100, principal-cap: Some(7)"#,
        "until: Some(When::AtLocal(LocalMoment { day: 20514, second-of-day: 32400 }))",
        r#"Units { unit: "points", quantity: 9 }"#,
        "on-shortfall: Shortfall::Reduce",
        "hold: Some(Hold { until: When::At(5), then: AfterHold::Void })",
        "expires: Some(When::AtLocal(LocalMoment { day: 20513, second-of-day: 60 }))",
        r#"reason: "why""#,
        r#"Target::Key(GrantRef { to: "u1", key: "old" }), quantity: Some(2), free-key: false, reason: "undo""#,
        r#"vars: "{\"n\":1}", class: MessageClass::Marketing, channels: ["push"]"#,
        r#"TagChange { to: "u1", tag: "weak", present: false, until: None }"#,
        r#"Schedule { name: "later", due: When::AfterSeconds(5), data: "{\"n\":1}" }"#,
        r#"Effect::CancelTimer("sooner")"#,
        r#"Reservation { key: "r", party: "u1", unit: "points", quantity: 3, until: When::AfterSeconds(60)"#,
        r#"on-shortfall: Shortfall::Skip, reason: "an order" }"#,
        r#"of: Held::Reservation(ReservationRef { party: "u1", key: "r" }), how: Settle::Release, required: true"#,
        r#"of: Held::Grant(GrantRef { to: "u1", key: "k" }), how: Settle::Commit, required: false, reason: "" }"#,
        r#"StateChange::Put("{\"seen\":42}")"#,
        r#"note: "noted""#,
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_refusal_arrives() {
    let refusal = Component::decide(input(r#"{"act": "dance"}"#, None)).unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("unknown-act", "dance"));
}

#[test]
fn what_quotes_the_event_still_fits_the_contract() {
    let message = |act: &str| Component::decide(input(&json!({ "act": act }).to_string(), None)).unwrap_err().message;
    assert_eq!(message("a\u{0}b\nc\u{85}"), "a\\u{0}b\nc\\u{85}");
    assert_eq!(message(&"é".repeat(600)), "é".repeat(512));
    let params = json!({"quantity": 1, "a\u{7}": 2});
    let problems = Component::check(params.to_string()).unwrap_err();
    assert!(problems[0].message.contains("unknown field `a\\u{7}`"), "{problems:?}");
}

#[test]
#[should_panic(expected = "contents of the state do not read")]
fn a_state_that_does_not_read_is_a_breach() {
    let _decided = Component::decide(input("{}", Some(r#"{"seen": "x"}"#)));
}

#[test]
fn a_manifest_arrives_whole() {
    let manifest = Component::describe();
    assert_eq!(
        (manifest.name.as_str(), manifest.state_writes, manifest.state_reads.as_slice()),
        ("largesse-sdk", 2, [1, 2].as_slice())
    );
    assert_eq!(manifest.unit_classes, ["points", "growth", "credit-limit", "rate-boost"]);
    let text = format!("{manifest:?}");
    for part in [
        r#"source: Source::Actor, needs: Needs { attributes: ["age"], balances: ["points"], tags: true, standings: false, grants: false }"#,
        "Source::Inviter(1)",
        r#"Source::MembersAt("/members")"#,
        r#"owner: OwnerOf::Party("actor"), about: Some("/about")"#,
        r#"owner: OwnerOf::Entity("/team"), about: None"#,
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let schema: largesse_sdk::Value = manifest.params_schema.parse().unwrap();
    assert_eq!(schema["$schema"], json!("https://json-schema.org/draft/2020-12/schema"));
    assert_eq!(schema["properties"]["quantity"]["description"], json!("How much is given."));
    assert_eq!(schema["additionalProperties"], json!(false));
}

#[test]
fn parameters_and_states_are_checked() {
    assert!(Component::check(r#"{"quantity": 1}"#.to_owned()).is_ok());
    let problems = Component::check(r#"{"quantity": 1, "more": 2}"#.to_owned()).unwrap_err();
    assert!(problems[0].message.contains("unknown field `more`"), "{problems:?}");
    let migrate = |state: &str, version| Component::migrate(wit::OwnerKind::Party, state.to_owned(), version);
    assert_eq!(migrate(r#"{"seen": 7}"#, 1).unwrap(), r#"{"seen":7}"#);
    assert_eq!(migrate("{}", 2).unwrap_err().code, "unreadable-state");
    assert_eq!(migrate(r#"{"seen": 7}"#, 3).unwrap_err().code, "unknown-state-version");
}

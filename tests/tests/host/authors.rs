//! What the documents for authors say of faults, effects, reasons and limits is so.

use std::collections::BTreeSet;

use largesse_domain::decision::FaultKind;
use largesse_domain::effect::EffectKind;
use largesse_domain::limits;
use largesse_domain::outcome::Reason;

fn document(name: &str) -> String {
    let path = format!("{}/../docs/authors/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A text with every number in it written the same: fuel goes by the size of an input, lines of sources by their file.
fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for one in text.chars() {
        if !one.is_ascii_digit() {
            plain.push(one);
        } else if !plain.ends_with('#') {
            plain.push('#');
        }
    }
    plain
}

/// Holds the document on faults to what guests come to: each kind of fault that one of them shows stands there as the host says it.
pub(crate) fn explain(faults: &BTreeSet<String>) {
    let document = document("faults.md");
    let shown: BTreeSet<String> =
        document.split("\n```\n").skip(1).step_by(2).flat_map(str::lines).map(without_numbers).collect();
    for kind in FaultKind::ALL.iter().filter(|kind| kind.is_deterministic()) {
        let mut of_kind = faults.iter().filter(|fault| fault.starts_with(&format!("{}: ", kind.as_str())));
        assert!(
            of_kind.any(|fault| shown.contains(&without_numbers(fault))),
            "the document shows no {} as the host says it: {faults:#?}",
            kind.as_str()
        );
    }
}

#[test]
fn every_fault_is_explained() {
    let document = document("faults.md");
    let headings: Vec<&str> =
        document.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`')).collect();
    assert_eq!(headings, FaultKind::ALL.map(FaultKind::as_str));
}

#[test]
fn effects_and_reasons_are_those_of_the_host() {
    let document = document("contract.md");
    let rows = document.lines().filter(|line| line.starts_with("| `"));
    let named: BTreeSet<&str> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap_or_default().split(['`', ' ']))
        .filter(|word| !word.is_empty())
        .collect();
    for word in EffectKind::ALL.map(EffectKind::as_str).into_iter().chain(Reason::ALL.map(Reason::as_str)) {
        assert!(named.contains(word), "{word} is not explained");
    }
}

#[test]
fn scenarios_are_written_as_they_are_read() {
    let document = document("scenarios.md");
    let example = document.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    largesse_conformance::Scenario::read(example).expect("the example reads");
    // Every field of a scenario and of a step, by the source that reads them.
    let source = include_str!("../../../host/conformance/src/scenario.rs");
    let structs = source
        .split("\n}\n")
        .filter(|part| part.contains("pub struct Scenario {") || part.contains("pub struct Step {"));
    let fields: Vec<&str> = structs
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("    pub ")?.split_once(": ").map(|(name, _)| name))
        .filter(|name| !["steps", "catalogue", "title"].contains(name))
        .collect();
    assert!(fields.len() > 15, "{fields:?}");
    for field in fields {
        let named = document.contains(&format!("`{field}`")) || example.contains(&format!("[{field}"));
        assert!(named, "{field} is not explained");
    }
}

#[test]
fn limits_are_those_of_the_host() {
    let document = document("contract.md");
    let bytes = |number: usize| format!("{} bytes", grouped(number as u64));
    let rows = [
        ("memory", bytes(limits::GUEST_MEMORY_BYTES_MAX)),
        ("time", format!("{} ms", limits::DECISION_MS_MAX)),
        ("what it returns", bytes(limits::OUTPUT_BYTES_MAX)),
        ("log kept", bytes(limits::LOG_BYTES_MAX)),
        ("effects", limits::EFFECTS_MAX.to_string()),
        ("claims", limits::CLAIMS_MAX.to_string()),
        ("choices of one grant", limits::CHOICES_MAX.to_string()),
        ("parties shown", limits::PARTIES_MAX.to_string()),
        ("state of one owner", bytes(limits::STATE_BYTES_MAX)),
        ("timers of one owner", limits::TIMERS_PER_OWNER_MAX.to_string()),
        ("data of a timer", bytes(limits::TIMER_DATA_BYTES_MAX)),
        ("variables of a message", bytes(limits::MESSAGE_VARS_BYTES_MAX)),
        ("data of an enrolment", bytes(limits::ENROLMENT_DATA_BYTES_MAX)),
        ("weight in a pool", grouped(limits::WEIGHT_MAX)),
        ("members shown", limits::MEMBERS_MAX.to_string()),
        ("live grants shown of a party", limits::LIVE_GRANTS_MAX.to_string()),
        ("questions", limits::QUESTIONS_MAX.to_string()),
        ("data of a question", bytes(limits::QUESTION_BYTES_MAX)),
        ("answer", bytes(limits::ANSWER_BYTES_MAX)),
        ("offers", limits::OFFERS_MAX.to_string()),
        ("counts of a campaign", limits::MEASURES_MAX.to_string()),
        ("note", bytes(limits::NOTE_BYTES_MAX)),
        ("message of a refusal", bytes(limits::REFUSAL_MESSAGE_BYTES_MAX)),
        ("reason of a grant", bytes(limits::REASON_BYTES_MAX)),
        ("component", bytes(limits::COMPONENT_BYTES_MAX)),
        ("schema of the parameters", bytes(limits::PARAMS_SCHEMA_BYTES_MAX)),
        ("parameters", bytes(limits::PARAMS_BYTES_MAX)),
        ("roles", limits::ROLES_MAX.to_string()),
        ("subscriptions", limits::SUBSCRIPTIONS_MAX.to_string()),
    ];
    for (what, limit) in rows {
        let row = format!("\n| {what} | {limit} |\n");
        assert!(document.contains(&row), "expected {row}");
    }
    let fuel = format!("| fuel | {}, and {} for each byte", grouped(limits::FUEL_BASE), limits::FUEL_PER_INPUT_BYTE);
    assert!(document.contains(&fuel), "expected {fuel}");
}

/// A number in groups of three digits.
fn grouped(number: u64) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", grouped(number / 1_000), number % 1_000)
}

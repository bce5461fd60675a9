//! Every scenario file of every policy.

use std::path::{Path, PathBuf};

use crate::fixture::{component, workers};

const POLICIES: [&str; 4] = ["check-in", "invite-for-credit", "new-user-gift", "sign-up-rebate"];

fn files(policy: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(policy).join("scenarios");
    let entries = std::fs::read_dir(&folder).expect("a policy has scenarios");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
    files.sort();
    files
}

fn run_all(policy: &str) {
    let component = component(&policy.replace('-', "_"));
    let workers = workers();
    let mut failures = Vec::new();
    let files = files(policy);
    assert!(!files.is_empty());
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a scenario can be read");
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let failed = largesse_conformance::run(&text, &component, &workers);
        failures.extend(failed.into_iter().map(|failure| format!("{policy}/{name}: {failure}")));
    }
    assert!(failures.is_empty(), "{} failures in {} scenarios:\n{}", failures.len(), files.len(), failures.join("\n"));
}

#[test]
fn check_in() {
    run_all("check-in");
}

#[test]
fn invite_for_credit() {
    run_all("invite-for-credit");
}

#[test]
fn new_user_gift() {
    run_all("new-user-gift");
}

#[test]
fn sign_up_rebate() {
    run_all("sign-up-rebate");
}

/// The rows of the catalogue of activities that the four policies cover; none may lose its scenario.
#[test]
fn every_covered_row_has_a_scenario() {
    let rows = "A001 A002 A003 A004 A005 A006 A008 A018 A019 A020 A030 A034 A038 A039 A044 A045 A048 A049 A051 A053 \
                A054 A055 A056 A059 A068 A078 A088 A089 A115";
    let texts: Vec<String> = POLICIES
        .iter()
        .flat_map(|policy| files(policy))
        .map(|file| std::fs::read_to_string(file).expect("a scenario can be read"))
        .collect();
    let missing: Vec<&str> = rows
        .split_whitespace()
        .filter(|row| !texts.iter().any(|text| text.contains(&format!("catalogue = \"{row}\""))))
        .collect();
    assert!(missing.is_empty(), "no scenario for {missing:?}");
}

/// A runner that finds nothing wrong with anything would pass everything.
#[test]
fn a_wrong_expectation_fails_with_its_line() {
    let text = r#"
title = "Expects too much"
[campaign]
currency = "CNY"
time_zone = "Asia/Shanghai"
opens = "2026-03-01T00:00:00+08:00"
unit_classes = ["points"]
budgets = [{ unit = "points", total = 100 }]
limits = [{ unit = "points", window = "campaign", amount = 100 }]
[campaign.params]
daily = { on = ["checked-in"], rewards = [{ unit = "points", quantity = 5 }] }
[[step]]
event = { kind = "checked_in", customer = "u1", time = "2026-03-01T09:00:00+08:00", data = {} }
grants = [{ to = "u1", unit = "points", quantity = 6 }]
[totals]
u1 = { points = 7 }
"#;
    let failures = largesse_conformance::run(text, &component("check_in"), &workers());
    let texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].starts_with("line 12: grants: expected 6 points to u1, got 5 points to u1"), "{texts:?}");
    assert!(texts[1].contains("expected u1 to hold 7 points, got 5"), "{texts:?}");
}

//! The rules of conformance: each has a guest that breaks it and is found out, and the policies here keep them all.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use largesse_conformance::rules::{
    Loaded, Options, Others, ParamsUsed, Report, Rule, Subject, Verdict, check, check_loaded,
};
use largesse_domain::decision::{Evaluation, Input};
use largesse_domain::json::Json;
use largesse_domain::owner::OwnerKind;
use largesse_domain::policy::Manifest;
use largesse_engine::{CheckError, LoadError, Measured, ReplyError};
use largesse_service::Kind;
use serde_json::{Value, json};

use crate::fixture::{component, workers};

/// Guests, each with the rule that it breaks. What the sandbox leaves no guest a way to break is planted, below.
const BREAKS: &[(Rule, &[&str])] = &[
    (Rule::Contract, &["keeps_another_contract"]),
    (Rule::Imports, &["imports_a_stranger", "opens_sockets"]),
    (Rule::Starts, &["describes_for_ever"]),
    (Rule::Manifest, &["describes_badly"]),
    (Rule::Subscriptions, &["fills_no_role"]),
    (Rule::ParamsSchema, &["describes_no_schema"]),
    (Rule::Params, &["refuses_its_example"]),
    (Rule::WrongParams, &["trusts_params"]),
    (Rule::Traps, &["exits", "panics", "reads_nowhere", "recurses_widely", "sleeps"]),
    (Rule::Output, &["returns_garbage", "returns_many", "returns_much", "returns_no_json"]),
    (Rule::Declared, &["asks_undeclared", "grants_undeclared", "settles_undeclared"]),
    (Rule::Parties, &["pays_a_stranger", "reserves_from_a_stranger"]),
    (Rule::Keys, &["keys_by_arrival"]),
    (Rule::StateRead, &["loses_its_state"]),
    (Rule::StateSize, &["hoards"]),
    (Rule::Previous, &["counts_as_2"]),
    (Rule::Limits, &["allocates", "loops", "recurses", "writes"]),
];

/// Rules that no guest can break in the engine's sandboxes.
const PLANTED: [Rule; 2] = [Rule::SameManifest, Rule::Deterministic];

fn options(cases: usize) -> Options {
    let flag = json!({"type": "boolean"});
    let schema = json!({"type": "object", "properties": {"misbehave": flag, "unlucky": flag}});
    let kind = "day.checked-in".parse().expect("a kind");
    let kinds = vec![Kind { kind, schema: Json::from_checked(schema.to_string()) }];
    Options { kinds, cases, ..Options::default() }
}

fn loaded(name: &str) -> Loaded {
    let workers = workers();
    let policy = workers.load(&component(name)).expect("it loads");
    Loaded::new(workers, policy)
}

fn checked(name: &str, others: Others<'_>, options: &Options) -> Report {
    check(&component(name), &workers(), others, options).expect("it can be checked")
}

#[test]
fn every_rule_has_a_guest_that_breaks_it() {
    for rule in Rule::ALL {
        let named = BREAKS.iter().any(|(broken, guests)| *broken == rule && !guests.is_empty());
        assert!(named != PLANTED.contains(&rule), "{}", rule.id());
    }
}

#[test]
fn every_breach_is_found() {
    let before = loaded("counts_as_1");
    for (rule, guests) in BREAKS {
        for guest in *guests {
            let others = Others { previous: (*rule == Rule::Previous).then_some(&before), against: None };
            let report = checked(guest, others, &options(100));
            let finding = report.of(*rule);
            assert_eq!(finding.verdict, Verdict::Fail, "{guest} passes {}: {}", rule.id(), finding.seen);
            assert!(!finding.seen.is_empty() && report.rules.len() == Rule::ALL.len(), "{guest}");
        }
    }
}

#[test]
fn a_failing_input_is_as_small_as_it_goes() {
    let report = checked("panics", Others::default(), &options(100));
    let finding = report.of(Rule::Traps);
    assert!(finding.seen.contains("on purpose"), "{}", finding.seen);
    let input = finding.input.as_ref().expect("an input");
    assert_eq!(input["event"]["data"], json!({"misbehave": true}));
    assert_eq!((&input["state"], &input["seed"]), (&Value::Null, &json!(0)));
    assert_eq!(input["event"]["actor"], "actor-0");
}

#[test]
fn a_seed_repeats_a_report() {
    let report = |seed| checked("panics", Others::default(), &Options { seed, ..options(40) });
    assert_eq!(report(5), report(5));
}

#[test]
fn what_cannot_be_tried_is_skipped_with_a_reason() {
    let report = checked("remembers", Others::default(), &options(60));
    let skipped = [Rule::StateRead, Rule::StateSize, Rule::Previous];
    for finding in &report.rules {
        let expected = if skipped.contains(&finding.rule) { Verdict::Skipped } else { Verdict::Pass };
        assert_eq!(finding.verdict, expected, "{}: {}", finding.rule.id(), finding.seen);
    }
    let stranger = Options { kinds: Vec::new(), ..options(60) };
    let unknown = checked("remembers", Others::default(), &stranger);
    assert_eq!(unknown.of(Rule::Subscriptions).verdict, Verdict::Skipped);
    assert_eq!(unknown.of(Rule::Traps).verdict, Verdict::Pass, "an unknown kind gets any data");
}

#[test]
fn versions_are_compared_on_the_same_inputs() {
    let (first, second) = (loaded("counts_as_1"), loaded("counts_as_2"));
    let comparison = |subject, other| {
        let others = Others { previous: None, against: Some(other) };
        check_loaded(subject, others, &options(60)).expect("it can be checked").comparison.expect("a comparison")
    };
    let same = comparison(&first, &first);
    assert_eq!((same.inputs, same.differing, same.incomparable), (60, 0, 0));
    let same = comparison(&second, &first);
    assert_eq!((same.with.as_str(), same.differing), ("counts@1.0.0", 0), "notes are not compared");
    let other = comparison(&loaded("keys_by_arrival"), &loaded("remembers"));
    assert!(other.differing > 0 && !other.first.is_empty(), "{other:?}");
}

/// The parameters of the scenarios of a policy.
fn params_of_scenarios(policy: &Path) -> Vec<ParamsUsed> {
    let files = std::fs::read_dir(policy.join("scenarios")).expect("a policy has scenarios");
    let mut files: Vec<_> = files.map(|file| file.expect("a folder can be read").path()).collect();
    files.sort();
    let params = files.iter().filter_map(|file| {
        let text = std::fs::read_to_string(file).expect("a scenario can be read");
        let document: Value = toml::from_str(&text).expect("TOML");
        let value = document["campaign"].get("params").cloned()?;
        Some(ParamsUsed { origin: file.display().to_string(), value })
    });
    params.collect()
}

#[test]
fn every_policy_keeps_every_rule() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let folders = std::fs::read_dir(plugins).expect("the policies are there");
    let folders = folders.map(|folder| folder.expect("a folder can be read").path());
    for folder in folders.filter(|folder| folder.join("Cargo.toml").exists()) {
        let policy = folder.file_name().expect("it has a name").to_string_lossy().into_owned();
        let own = loaded(&policy.replace('-', "_"));
        let options = Options { params: params_of_scenarios(&folder), cases: 200, ..Options::default() };
        let others = Others { previous: Some(&own), against: Some(&own) };
        let report = check_loaded(&own, others, &options).expect("it can be checked");
        for finding in &report.rules {
            let broken = format!("{policy}: {}: {} {:?}", finding.rule.id(), finding.seen, finding.input);
            // What a policy never does cannot be held to a rule: some give nothing, some remember nothing.
            assert_ne!(finding.verdict, Verdict::Fail, "{broken}");
        }
        assert_eq!(report.comparison.expect("a comparison").differing, 0, "{policy}");
    }
}

/// A policy that says, and decides, something else at every other call.
struct Wavering {
    inner: Loaded,
    calls: AtomicU64,
}

impl Wavering {
    fn turn(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed) % 2
    }
}

impl Subject for Wavering {
    fn manifest(&self) -> &Manifest {
        self.inner.manifest()
    }

    fn size_bytes(&self) -> u64 {
        self.inner.size_bytes()
    }

    fn describe(&self) -> Result<Manifest, LoadError> {
        let mut manifest = self.inner.describe()?;
        manifest.state_writes = u32::try_from(self.turn()).expect("0 or 1");
        Ok(manifest)
    }

    fn check(&self, params: &Json) -> Result<Vec<largesse_domain::policy::Offer>, CheckError> {
        self.inner.check(params)
    }

    fn decide(&self, input: &Arc<Input>) -> Measured {
        self.inner.decide(input)
    }

    fn decide_all(&self, inputs: Vec<Arc<Input>>) -> Vec<Evaluation> {
        let mut evaluations = self.inner.decide_all(inputs);
        evaluations.iter_mut().for_each(|evaluation| evaluation.fuel += self.turn());
        evaluations
    }

    fn migrate(&self, owner: OwnerKind, state: &Json, written_by: u32) -> Result<Json, ReplyError> {
        self.inner.migrate(owner, state, written_by)
    }
}

#[test]
fn what_no_guest_can_do_would_be_found() {
    let wavering = Wavering { inner: loaded("remembers"), calls: AtomicU64::new(0) };
    let report = check_loaded(&wavering, Others::default(), &options(40)).expect("it can be checked");
    let failed: Vec<Rule> = report.failures().map(|finding| finding.rule).collect();
    assert_eq!(failed, PLANTED);
    assert!(report.of(Rule::Deterministic).seen.contains("fuel"), "{report:?}");
}

//! Every guest program of `tests/guests`, against the engine: what it does to itself, and that the customer beside it
//! does not notice.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use largesse_domain::decision::{Evaluation, FaultKind, Output};
use largesse_domain::effect::{Effect, Proposal};
use largesse_domain::json::Json;
use largesse_domain::limits::LOG_BYTES_MAX;
use largesse_domain::owner::OwnerKind;
use largesse_engine::{
    CheckError, CompileError, Compiler, HostKey, Job, LoadError, LoadedPolicy, Pace, Patience, ReplyError, Workers,
    WorkersConfig,
};

use common::{NOW_MS, guest, input};

static WORKERS: LazyLock<Workers> = LazyLock::new(|| {
    let config = WorkersConfig {
        workers: 2.try_into().unwrap(),
        compiler: Compiler::in_process(),
        cache_dir: None,
        host_key: HostKey::from_bytes([0; 32]),
        pace: Pace::LIVE,
    };
    Workers::new(config).unwrap()
});

const MISBEHAVE: &str = r#"{"misbehave": true}"#;

fn load(name: &'static str) -> Arc<LoadedPolicy> {
    static LOADED: Mutex<BTreeMap<&str, Arc<LoadedPolicy>>> = Mutex::new(BTreeMap::new());
    let mut loaded = LOADED.lock().unwrap();
    let load = || WORKERS.load(&guest(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    Arc::clone(loaded.entry(name).or_insert_with(load))
}

fn job(policy: &Arc<LoadedPolicy>, customer: &str, data: &str) -> Job {
    Job { policy: Arc::clone(policy), input: input(customer, data, 7) }
}

fn decide(job: Job) -> Evaluation {
    WORKERS.decide_all(vec![job]).remove(0)
}

fn proposal(evaluation: &Evaluation) -> &Proposal {
    match &evaluation.output {
        Output::Proposal(proposal) => proposal,
        other => panic!("{other:?}"),
    }
}

/// Runs the guest for one customer between two others, several times, and returns what came of it.
fn misbehave(name: &'static str) -> Evaluation {
    let policy = load(name);
    let order = [("u1", "{}"), ("bad", MISBEHAVE), ("u2", "{}"), ("bad", MISBEHAVE), ("u3", "{}"), ("u4", "{}")];
    let jobs = order.map(|(customer, data)| job(&policy, customer, data));
    let evaluations = WORKERS.decide_all(jobs.to_vec());
    for ((customer, data), evaluation) in order.iter().zip(&evaluations) {
        if *data == MISBEHAVE {
            assert_eq!(evaluation.output, evaluations[1].output, "{name} misbehaves the same each time");
            continue;
        }
        let effects = &proposal(evaluation).effects;
        assert!(
            matches!(&effects[..], [Effect::Grant(grant)] if grant.to.as_str() == *customer),
            "{name} beside {customer}: {effects:?}"
        );
    }
    evaluations[1].clone()
}

/// What each guest that runs is expected to come to: its fault, or none.
const CASES: &[(&str, Option<(FaultKind, &str)>)] = &[
    ("allocates", Some((FaultKind::Memory, "more than 16777216 bytes of memory"))),
    ("asks_undeclared", None),
    ("counts_as_1", None),
    ("counts_as_2", None),
    ("counts_as_3", None),
    ("counts_as_4", None),
    ("counts_days", None),
    ("describes_no_schema", None),
    ("divides", Some((FaultKind::Fuel, "units of fuel"))),
    ("exits", Some((FaultKind::Trap, "tried to end its process"))),
    ("fills_no_role", None),
    ("grants_as_told", None),
    ("grants_undeclared", None),
    ("hoards", None),
    ("keys_by_arrival", None),
    ("looks_around", None),
    ("loops", Some((FaultKind::Fuel, "units of fuel"))),
    ("loses_its_state", None),
    ("multiplies_its_schema", None),
    ("panics", Some((FaultKind::Trap, "panics.rs:3"))),
    ("pays_a_stranger", None),
    ("reads_nowhere", Some((FaultKind::Trap, "out of bounds memory access"))),
    ("recurses", Some((FaultKind::Stack, "too deep"))),
    ("recurses_widely", Some((FaultKind::Trap, "a stack that overflowed looks like this"))),
    ("refuses_its_example", None),
    ("remembers", None),
    ("reserves_from_a_stranger", None),
    ("returns_garbage", Some((FaultKind::InvalidOutput, "effects[0].grant.key: not a grant key: expected 1 to 128"))),
    ("returns_many", Some((FaultKind::InvalidOutput, "effects: 1000 of them, at most 64"))),
    ("returns_much", Some((FaultKind::Output, "more than the 1048576 bytes"))),
    ("returns_no_json", Some((FaultKind::InvalidOutput, "state: not JSON: key \"a\" stands twice"))),
    ("sets_timers", None),
    ("settles_undeclared", None),
    ("sleeps", Some((FaultKind::Trap, "tried to wait"))),
    ("trusts_params", None),
    ("writes", Some((FaultKind::Fuel, "units of fuel"))),
    ("writes_much", None),
];

/// The guests that need a whole host to show what they do.
const ELSEWHERE: &[&str] = &["chases", "hears", "markets", "siege_divs", "siege_schema", "storms"];

/// The guests that are refused when they are loaded; each has its test below.
const REFUSED: &[&str] =
    &["describes_badly", "describes_for_ever", "imports_a_stranger", "keeps_another_contract", "opens_sockets"];

#[test]
fn no_guest_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/guests/examples");
    let files = std::fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned());
    let tested = CASES.iter().map(|(name, _)| *name).chain(REFUSED.iter().chain(ELSEWHERE).copied());
    assert_eq!(names.collect::<BTreeSet<String>>(), tested.map(str::to_owned).collect());
}

#[test]
fn each_guest_comes_to_what_it_must() {
    for (name, fault) in CASES {
        let evaluation = misbehave(name);
        match (&evaluation.output, fault) {
            (Output::Fault(found), Some((kind, words))) => {
                assert_eq!(found.kind, *kind, "{name}: {found}");
                assert!(found.detail.contains(words), "{name}: {found}");
            }
            (Output::Proposal(_), None) => {}
            (found, _) => panic!("{name}: {found:?}"),
        }
        assert!(evaluation.log.len() <= LOG_BYTES_MAX, "{name}");
        let raw = evaluation.log.chars().find(|letter| letter.is_control() && *letter != '\n');
        assert_eq!(raw, None, "{name} brought a control character into its log");
    }
}

#[test]
fn a_fault_is_stopped_soon() {
    for name in ["loops", "allocates", "recurses", "writes", "sleeps", "returns_much"] {
        let policy = load(name);
        let started = Instant::now();
        let evaluation = decide(job(&policy, "bad", MISBEHAVE));
        assert!(matches!(evaluation.output, Output::Fault(_)), "{name}: {:?}", evaluation.output);
        // The wall time given is 50 ms; the rest is for a machine that does other things too.
        assert!(started.elapsed() < Duration::from_secs(1), "{name}: {:?}", started.elapsed());
    }
}

#[test]
fn slow_instructions_use_up_the_fuel_before_the_time() {
    let evaluation = decide(job(&load("divides"), "bad", MISBEHAVE));
    let Output::Fault(fault) = &evaluation.output else { panic!("{:?}", evaluation.output) };
    assert_eq!(fault.kind, FaultKind::Fuel, "{fault}");
}

#[test]
fn nothing_but_the_first_is_begun_after_the_moment() {
    let good = load("panics");
    let jobs = || vec![job(&good, "u1", "{}"); 8];
    let past = Patience { until: Some(Instant::now()), late_max: None };
    let evaluations = WORKERS.decide_within(jobs(), past);
    assert!(evaluations[0].is_some() && evaluations[1..].iter().all(Option::is_none));
    let later = Patience { until: Some(Instant::now() + Duration::from_secs(60)), late_max: None };
    assert!(WORKERS.decide_within(jobs(), later).iter().all(Option::is_some));
}

#[test]
fn fuel_is_the_same_each_time() {
    for name in ["panics", "looks_around", "writes_much", "recurses", "loops"] {
        let policy = load(name);
        let runs = WORKERS.decide_all(vec![job(&policy, "u1", MISBEHAVE); 8]);
        for run in &runs {
            assert_eq!(run, &runs[0], "{name}");
        }
        assert!(runs[0].fuel > 0);
    }
}

#[test]
fn the_world_is_what_the_decision_says() {
    let policy = load("looks_around");
    let look = |seed| decide(Job { policy: Arc::clone(&policy), input: input("u1", MISBEHAVE, seed) });
    let log = look(7).log;
    assert!(log.contains(&format!("wall Ok({NOW_MS})\n")), "{log}");
    assert!(log.contains("passed 0ns\nargs []\nvariables []\nfile false\nwritten false\n"), "{log}");
    assert!(log.contains("input Some(0) \"\"\n"), "{log}");
    assert_eq!(log, look(7).log);
    assert_ne!(log, look(8).log, "the order of a hash map follows the seed");
}

#[test]
fn nothing_is_remembered() {
    let policy = load("remembers");
    let jobs: Vec<Job> = (0..1_000).map(|number| job(&policy, &format!("customer-{number}"), MISBEHAVE)).collect();
    for evaluation in WORKERS.decide_all(jobs) {
        assert_eq!(proposal(&evaluation).note, "call 1, 0 bytes left by others");
    }
}

#[test]
fn results_come_in_the_order_of_the_jobs() {
    let policies = [load("panics"), load("loops")];
    let customers: Vec<String> = (0..500).map(|number| format!("customer-{number}")).collect();
    let jobs = customers.iter().enumerate().map(|(index, customer)| job(&policies[index % 2], customer, "{}"));
    for (customer, evaluation) in customers.iter().zip(WORKERS.decide_all(jobs.collect())) {
        assert!(
            matches!(&proposal(&evaluation).effects[..], [Effect::Grant(grant)] if grant.to.as_str() == customer),
            "{customer}"
        );
    }
}

#[test]
fn much_output_is_cut_without_a_fault() {
    let evaluation = misbehave("writes_much");
    assert!(evaluation.log.starts_with("line 0 \\u{1b}[31m xxx"), "{}", evaluation.log);
    assert!(evaluation.log.len() > LOG_BYTES_MAX - 200);
}

#[test]
fn what_a_host_cannot_take_is_refused_at_load() {
    let refuse = |name: &str| WORKERS.load(&guest(name)).unwrap_err();
    let LoadError::Compile(CompileError::ForeignImport { name }) = refuse("opens_sockets") else { panic!() };
    assert!(name.starts_with("wasi:sockets/"), "{name}");
    let foreign = CompileError::ForeignImport { name: "evil:corp/vault".to_owned() };
    assert_eq!(refuse("imports_a_stranger"), LoadError::Compile(foreign));
    let other = refuse("keeps_another_contract");
    assert_eq!(
        other.to_string(),
        "the component has contract 0.2.0, this host takes 0.1: that is a newer one; run a host that takes 0.2, or build it with \
         largesse-sdk 0.1.x"
    );
    let LoadError::Describe(fault) = refuse("describes_for_ever") else { panic!() };
    assert_eq!(fault.kind, FaultKind::Fuel);
    let LoadError::Manifest(problems) = refuse("describes_badly") else { panic!() };
    let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/version", "/subscriptions/0/owner"]);
    let module = WORKERS.load(b"\0asm\x01\0\0\0").unwrap_err();
    assert_eq!(module.to_string(), "this is a core module, not a WebAssembly component");
}

#[test]
fn parameters_and_states_are_put_to_the_policy() {
    let policy = load("panics");
    assert_eq!(WORKERS.check(&policy, &Json::empty_object()), Ok(Vec::new()));
    let Err(CheckError::Problems(problems)) = WORKERS.check(&policy, &Json::from_checked(r#"{"wrong":1}"#)) else {
        panic!()
    };
    assert_eq!(problems[0].pointer, "/wrong");
    let state = Json::from_checked(r#"{"days":3}"#);
    assert_eq!(WORKERS.migrate(&policy, OwnerKind::Party, &state, 1), Ok(state.clone()));
    let Err(ReplyError::Refused(refusal)) = WORKERS.migrate(&policy, OwnerKind::Party, &state, 0) else { panic!() };
    assert_eq!(refusal.code.as_str(), "too-old");
}

#[test]
fn a_policy_runs_only_where_it_was_loaded() {
    let config = WorkersConfig {
        workers: 1.try_into().unwrap(),
        compiler: Compiler::in_process(),
        cache_dir: None,
        host_key: HostKey::from_bytes([0; 32]),
        pace: Pace::LIVE,
    };
    let others = Workers::new(config).unwrap();
    let policy = load("panics");
    let evaluations = others.decide_all(vec![job(&policy, "u1", "{}")]);
    assert!(matches!(&evaluations[0].output, Output::Fault(fault) if fault.kind == FaultKind::Host));
    assert!(others.is_healthy() && WORKERS.is_healthy());
}

/// A component in text with these core definitions and this type of `decide`.
fn component(core: &str, decide: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $m {core} (func (export "f")))
            (core instance $c (instantiate $m))
            (func $f (canon lift (core func $c "f")))
            (func $decide {decide} (canon lift (core func $c "f")))
            (instance $i (export "describe" (func $f)) (export "check" (func $f)) (export "decide" (func $decide))
                (export "migrate" (func $f)) (export "quote" (func $f)) (export "merge" (func $f)))
            (export "largesse:policy/policy@0.1.0" (instance $i)))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn what_does_not_start_is_refused_at_load() {
    let refuse = |core: &str| WORKERS.load(&component(core, "")).unwrap_err();
    let LoadError::Unfit { detail } = refuse("") else { panic!() };
    assert!(detail.contains("type"), "functions of other types: {detail}");
    let LoadError::Describe(fault) = refuse("(func $s (loop br 0)) (start $s)") else { panic!() };
    assert_eq!(fault.kind, FaultKind::Fuel, "a start function that loops");
    let LoadError::Describe(fault) = refuse("(func $s unreachable) (start $s)") else { panic!() };
    assert_eq!(fault.kind, FaultKind::Trap);
    let detail = format!("{:?}", refuse("(memory 65536)"));
    assert!(detail.contains("memory"), "4 GiB of memory: {detail}");
    let detail = format!("{:?}", refuse("(table 4000000 funcref)"));
    assert!(detail.contains("table"), "a table of four million: {detail}");
    let grow = |what: &str| format!("(memory 1) (table 1 funcref) (func $s {what} drop) (start $s)");
    // A denied growth stops the guest, and says which limit it was.
    let LoadError::Describe(fault) = refuse(&grow("(memory.grow (i32.const 256))")) else { panic!() };
    assert_eq!(fault.kind, FaultKind::Memory);
    let LoadError::Describe(fault) = refuse(&grow("(table.grow (ref.null func) (i32.const 20000))")) else { panic!() };
    assert_eq!(fault.kind, FaultKind::Memory);
    assert!(matches!(refuse(&grow("(memory.grow (i32.const 255))")), LoadError::Unfit { .. }), "16 MiB are given");
}

#[test]
fn a_wrong_call_of_the_host_is_the_guests_fault() {
    // As the first thing that it does, it gives back a handle that it never had.
    let text = r#"(component
        (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
        (alias export $poll "pollable" (type $pollable))
        (core func $drop (canon resource.drop $pollable))
        (core module $m (import "host" "drop" (func $drop (param i32)))
            (func $s (call $drop (i32.const 65535))) (start $s) (func (export "f")))
        (core instance $c (instantiate $m (with "host" (instance (export "drop" (func $drop))))))
        (func $f (canon lift (core func $c "f")))
        (instance $i (export "describe" (func $f)) (export "check" (func $f)) (export "decide" (func $f))
            (export "migrate" (func $f)) (export "quote" (func $f)) (export "merge" (func $f)))
        (export "largesse:policy/policy@0.1.0" (instance $i)))"#;
    let LoadError::Describe(fault) = WORKERS.load(&wat::parse_str(text).unwrap()).unwrap_err() else { panic!() };
    assert_eq!(fault.kind, FaultKind::Trap, "{fault}");
    assert_eq!(fault.detail, "it called the host wrongly: unknown handle index 65535");
}

#[test]
fn what_the_profile_leaves_out_does_not_compile() {
    let refused = |core: &str| {
        let refused = WORKERS.load(&component(core, "")).unwrap_err();
        let refused =
            matches!(refused, LoadError::Compile(CompileError::Refused { .. } | CompileError::Unreadable { .. }));
        assert!(refused, "{core}");
    };
    refused("(memory i64 1)");
    refused("(memory 1) (memory 1)");
    refused("(memory 1 1 shared)");
    refused("(func (result v128) (v128.const i64x2 0 0))");
    refused("(func $g (return_call $g))");
    refused("(tag)");
    refused("(type (struct (field i32)))");
}

//! Manifests that are wrong, each in one way.

use super::*;

fn good() -> wit::Manifest {
    let needs = wit::Needs {
        attributes: vec!["product".to_owned()],
        balances: vec!["points".to_owned(), "cash:CNY".to_owned()],
        tags: true,
        standings: false,
        grants: false,
    };
    wit::Manifest {
        name: "check-in".to_owned(),
        version: "1.2.3-rc.1".to_owned(),
        summary: "Rewards check-ins.".to_owned(),
        params_schema: r#"{"type":"object"}"#.to_owned(),
        state_writes: 2,
        state_reads: vec![1, 2],
        roles: vec![
            wit::Role { name: "actor".to_owned(), source: wit::Source::Actor, needs: needs.clone() },
            wit::Role { name: "team".to_owned(), source: wit::Source::MembersAt("/members".to_owned()), needs },
        ],
        subscriptions: vec![wit::Subscription {
            name: "daily".to_owned(),
            kind: "day.checked-in".to_owned(),
            owner: wit::OwnerOf::Party("actor".to_owned()),
            about: Some("/loan/id".to_owned()),
        }],
        effects: vec![wit::EffectKind::Grant, wit::EffectKind::Tag],
        unit_classes: vec!["points".to_owned()],
        questions: Vec::new(),
    }
}

/// The pointers to what is wrong after a change.
fn wrong(change: impl FnOnce(&mut wit::Manifest)) -> Vec<String> {
    let mut said = good();
    change(&mut said);
    manifest(said).unwrap_err().into_iter().map(|problem| problem.pointer).collect()
}

#[test]
fn a_good_manifest_is_read_whole() {
    let read = manifest(good()).unwrap();
    assert_eq!(read.name.as_str(), "check-in");
    assert_eq!(read.roles.len(), 2);
    assert_eq!(read.subscriptions[0].about.as_ref().map(Pointer::as_str), Some("/loan/id"));
    assert_eq!(read.effects, [EffectKind::Grant, EffectKind::Tag]);
}

#[test]
fn each_rule_names_its_place() {
    assert_eq!(wrong(|said| said.name = "Check In".to_owned()), ["/name"]);
    assert_eq!(wrong(|said| said.version = "1.2".to_owned()), ["/version"]);
    assert_eq!(wrong(|said| said.summary = "a\nb".to_owned()), ["/summary"]);
    assert_eq!(wrong(|said| said.params_schema = "[]".to_owned()), ["/params-schema"]);
    assert_eq!(wrong(|said| said.state_reads = vec![1]), ["/state-reads"]);
    assert_eq!(wrong(|said| said.state_reads = vec![2, 2]), ["/state-reads/1"]);
    assert_eq!(wrong(|said| said.roles[1].name = "actor".to_owned()), ["/roles/1"]);
    assert_eq!(wrong(|said| said.roles[1].source = wit::Source::Inviter(0)), ["/roles/1/source"]);
    assert_eq!(wrong(|said| said.roles[1].source = wit::Source::Inviter(4)), ["/roles/1/source"]);
    assert_eq!(wrong(|said| said.roles[1].source = wit::Source::CustomerAt("x".to_owned())), ["/roles/1/source"]);
    assert_eq!(wrong(|said| said.roles[0].needs.balances.push("gold".to_owned())), ["/roles/0/needs/balances/2"]);
    assert_eq!(wrong(|said| said.roles[0].needs.attributes.push(String::new())), ["/roles/0/needs/attributes/1"]);
    assert_eq!(wrong(|said| said.subscriptions.clear()), ["/subscriptions"]);
    let owner = |name: &str| wit::OwnerOf::Party(name.to_owned());
    assert_eq!(wrong(|said| said.subscriptions[0].owner = owner("nobody")), ["/subscriptions/0/owner"]);
    assert_eq!(wrong(|said| said.subscriptions[0].owner = owner("team")), ["/subscriptions/0/owner"]);
    assert_eq!(wrong(|said| said.subscriptions[0].about = Some("loan".to_owned())), ["/subscriptions/0/about"]);
    assert_eq!(wrong(|said| said.subscriptions.push(said.subscriptions[0].clone())), ["/subscriptions/1"]);
    assert_eq!(wrong(|said| said.effects.push(wit::EffectKind::Tag)), ["/effects/2"]);
    assert_eq!(wrong(|said| said.unit_classes.push("gold".to_owned())), ["/unit-classes/1"]);
    assert_eq!(
        wrong(|said| said.unit_classes.push("points".to_owned())),
        ["/unit-classes"].map(|at| format!("{at}/1"))
    );
}

#[test]
fn all_that_is_wrong_is_listed() {
    let pointers = wrong(|said| {
        said.version = "x".to_owned();
        said.roles[0].source = wit::Source::Inviter(9);
        said.unit_classes = vec!["x".to_owned()];
    });
    assert_eq!(pointers, ["/version", "/roles/0/source", "/unit-classes/0"]);
}

//! Publication: versions do not change, unless a host for staging says so, and what is published is there after a restart.

use std::path::Path;
use std::sync::Arc;

use largesse_documents::PolicyRef;
use largesse_domain::id::Digest;
use largesse_domain::lifecycle::Command;
use largesse_domain::policy::Policy;
use largesse_domain::time::Instant;
use largesse_service::pipeline::{ControlError, Precondition};
use largesse_service::{ChangeError, PublicationRules};
use largesse_tests::variants::{with_section, with_version};
use serde_json::json;

use crate::fixture::{Host, START, component, event, points_campaign};

/// A host for staging, over a folder.
fn staging(folder: &Path) -> Host {
    Host::on_disk_with(folder, START, PublicationRules { replace_versions: true, ..PublicationRules::default() })
}

async fn publish(host: &Host, component: &[u8]) -> Result<(Digest, bool), ChangeError> {
    let (policy, is_new) = host.service.publish(component.to_vec(), None).await?;
    Ok((policy.digest, is_new))
}

fn meant(host: &Host, policy: &str) -> Option<Digest> {
    let policy: PolicyRef = policy.parse().expect("a reference");
    host.service.registry().find(&policy).map(|published| published.policy.digest)
}

/// Name, version and time of publication, as policies are listed.
fn listed(host: &Host) -> Vec<(String, i64)> {
    let registry = host.service.registry();
    let line = |policy: &Arc<Policy>| {
        let manifest = &policy.manifest;
        (format!("{}@{}", manifest.name, manifest.version), policy.published_at.as_millis())
    };
    registry.by_name().into_iter().map(|published| line(&published.policy)).collect()
}

#[tokio::test]
async fn a_version_does_not_change() {
    let host = Host::in_memory();
    let first = component("remembers");
    let (digest, is_new) = publish(&host, &first).await.expect("it is published");
    assert!(is_new);
    assert_eq!(publish(&host, &first).await.expect("it is there"), (digest, false));
    match publish(&host, &with_section(&first, b"other")).await {
        Err(ChangeError::Control(ControlError::VersionTaken { name, version, digest: by })) => {
            assert_eq!((name.as_str(), version.as_str(), by), ("guest", "0.1.0", digest));
        }
        other => panic!("{other:?}"),
    }
    let next = with_version(&first, "0.2.0");
    let (next, _) = publish(&host, &next).await.expect("it is another version");
    assert_eq!(meant(&host, "guest@0.1.0"), Some(digest));
    assert_eq!(meant(&host, "guest"), Some(next));
}

#[tokio::test]
async fn staging_takes_a_version_again_and_the_last_one_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = [b"one", b"two"].map(|content| with_section(&component("remembers"), content));
    let host = staging(folder.path());
    let mut digests = Vec::new();
    for bytes in &bytes {
        let (digest, is_new) = publish(&host, bytes).await.expect("it is published");
        assert!(is_new);
        assert_eq!(meant(&host, "guest@0.1.0"), Some(digest));
        digests.push(digest);
    }
    // Back to the first: published again, it is what the version means, after a restart too.
    assert_eq!(publish(&host, &bytes[0]).await.expect("it is published"), (digests[0], false));
    let check = |host: &Host| {
        assert_eq!(meant(host, "guest@0.1.0"), Some(digests[0]));
        assert_eq!(meant(host, "guest"), Some(digests[0]));
        for digest in &digests {
            assert_eq!(meant(host, &digest.to_string()), Some(*digest), "a digest means the same always");
        }
    };
    check(&host);
    host.service.stop().await;
    drop(host);
    let host = staging(folder.path());
    check(&host);
    host.service.stop().await;
    drop(host);
    // Where versions do not change, the bytes that the version does not mean any more are others.
    let host = Host::on_disk(folder.path());
    assert!(matches!(
        publish(&host, &bytes[1]).await,
        Err(ChangeError::Control(ControlError::VersionTaken { digest, .. })) if digest == digests[0]
    ));
}

#[tokio::test]
async fn policies_are_listed_by_name_and_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    let first = component("remembers");
    for (version, second) in [("0.9.0", 1), ("0.2.0", 2), ("1.0.0", 3), ("0.1.0", 4)] {
        host.clock.set(Instant::from_millis(2_000_000_000_000 + second).expect("a time"));
        publish(&host, &with_version(&first, version)).await.expect("it is published");
    }
    publish(&host, &component("check_in")).await.expect("it is published");
    let expected =
        [("check-in@0.1.0", 4), ("guest@0.1.0", 4), ("guest@0.2.0", 2), ("guest@0.9.0", 1), ("guest@1.0.0", 3)];
    let expected = expected.map(|(name, second)| (name.to_owned(), 2_000_000_000_000 + second));
    assert_eq!(listed(&host), expected);
    host.service.stop().await;
    drop(host);
    assert_eq!(listed(&Host::on_disk(folder.path())), expected);
}

/// A start loads what is in use; the rest is there when somebody asks for it.
#[tokio::test]
async fn many_versions_are_there_after_a_restart() {
    const VERSIONS: usize = 30;
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    host.register_guest_kind().await;
    let bytes = component("counts_days");
    let version = |number: usize| format!("1.{}.{}", number / 10, number % 10);
    let mut digests = Vec::new();
    for number in 0..VERSIONS {
        digests.push(publish(&host, &with_version(&bytes, &version(number))).await.expect("it is published").0);
    }
    let document = |number: usize| {
        let mut document = points_campaign(1_000);
        document["policy"] = format!("counts-days@{}", version(number)).into();
        document
    };
    for number in [3, 17] {
        host.apply(&format!("on-{number}"), document(number), Precondition::Absent).await;
        host.command(&format!("on-{number}"), Command::Start).await;
    }
    let before = listed(&host);
    assert_eq!(before.len(), VERSIONS);
    host.service.stop().await;
    drop(host);

    let host = Host::on_disk(folder.path());
    assert_eq!(listed(&host), before);
    let loaded = |host: &Host| {
        let registry = host.service.registry();
        let is_loaded = |digest: &Digest| registry.policy(digest).is_some_and(|policy| policy.loaded().is_some());
        (0..VERSIONS).filter(|number| is_loaded(&digests[*number])).collect::<Vec<_>>()
    };
    assert_eq!(loaded(&host), [3, 17]);
    host.apply("on-28", document(28), Precondition::Absent).await;
    host.command("on-28", Command::Start).await;
    assert_eq!(loaded(&host), [3, 17, 28]);
    let answer = host.send_one(event("day.checked-in", "u1", "2026-03-01T12:00:00+08:00", json!({}))).await;
    let by: Vec<Digest> = answer.decisions.iter().map(|decision| decision.policy).collect();
    assert_eq!(by, [digests[17], digests[28], digests[3]]);
}

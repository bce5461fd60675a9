//! A clock that is set back: the host's time does not go back with it.

use largesse_domain::lifecycle::{Command, Lifecycle};
use largesse_domain::time::Instant;
use largesse_service::intake::{self, Backfill};
use largesse_service::pipeline::{Answer, EventResult};
use serde_json::{Value, json};

use crate::admission::five_a_day;
use crate::fixture::{Host, at, campaign, event};

const TODAY: &str = "2026-03-10T12:00:00Z";
const YESTERDAY: &str = "2026-03-09T12:00:00Z";

/// Sends an event without moving the clock.
async fn send(host: &Host, event: Value) -> Answer {
    let registry = host.service.registry();
    let now = host.service.clock().now();
    let arrival = intake::check(event, &registry.kinds, now, &Backfill::Denied.into()).expect("an event in time");
    match host.service.submit(vec![arrival]).await.expect("the host takes events").remove(0) {
        EventResult::Admitted(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn decided_at(answer: &Answer) -> (Instant, Instant) {
    (answer.decisions[0].input.now.at, answer.decisions[0].made_at)
}

#[tokio::test]
async fn a_day_back_is_no_day_back_for_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = Host::on_disk(folder.path());
    host.clock.set(at(TODAY));
    let mut document = five_a_day(1_000);
    document["closes"] = TODAY.into();
    document["closing_days"] = 1.into();
    host.campaign("daily", "check_in", five_a_day(1_000)).await;
    host.campaign("closed", "check_in", document).await;
    let closed = |host: &Host| host.service.registry().campaign(&campaign("closed")).map(|it| it.campaign.lifecycle);
    assert_eq!(closed(&host), Some(Lifecycle::Closing));
    let first = send(&host, event("checked_in", "u1", "2026-03-10T11:00:00Z", json!({}))).await;
    assert_eq!(decided_at(&first), (at(TODAY), at(TODAY)));

    host.clock.set(at(YESTERDAY));
    let second = send(&host, event("checked_in", "u2", "2026-03-10T11:30:00Z", json!({}))).await;
    assert_eq!(decided_at(&second), (at(TODAY), at(TODAY)), "time stands");
    host.command("daily", Command::Pause).await;
    host.command("daily", Command::Resume).await;
    assert_eq!(closed(&host), Some(Lifecycle::Closing), "what is over does not begin again");
    host.service.stop().await;
    drop(host);

    // Started again while the machine still believes that it is yesterday.
    let host = Host::on_disk_at(folder.path(), YESTERDAY);
    assert_eq!(host.service.clock().now(), at(TODAY));
    let third = send(&host, event("checked_in", "u3", "2026-03-10T11:45:00Z", json!({}))).await;
    assert_eq!(decided_at(&third), (at(TODAY), at(TODAY)));
    // It goes on when the machine has caught up.
    host.clock.set(at("2026-03-10T12:00:01Z"));
    let fourth = send(&host, event("checked_in", "u4", "2026-03-10T11:50:00Z", json!({}))).await;
    assert_eq!(decided_at(&fourth).0, at("2026-03-10T12:00:01Z"));
    host.service.stop().await;
}

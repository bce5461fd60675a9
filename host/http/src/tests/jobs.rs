//! Jobs, as far as they need no policy.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use super::Host;

#[tokio::test]
async fn a_job_is_taken_done_and_kept() {
    let host = Host::start();
    let asked = host.write(("operator", Method::POST, "/v1/jobs"), json!({"kind": "replay"})).await;
    assert_eq!((asked.status.as_u16(), &asked.headers["location"]), (202, &"/v1/jobs/1".parse().unwrap()), "{asked:?}");
    let mut job = asked.body;
    while job["status"] != "done" {
        assert!(job["status"] == "waiting" || job["status"] == "running", "{job}");
        tokio::time::sleep(Duration::from_millis(5)).await;
        job = host.get("/v1/jobs/1").await.body;
    }
    assert_eq!(job["replayed"], json!({"identical": 0, "divergent": 0, "removed": 0}));
    assert_eq!(host.get("/v1/jobs").await.body["items"], json!([job]));
}

#[tokio::test]
async fn a_job_that_cannot_be_done_is_pointed_at() {
    let host = Host::start();
    let campaign =
        json!({"policy": "none", "currency": "CNY", "time_zone": "Etc/UTC", "opens": "2026-01-01T00:00:00Z"});
    for (document, pointers) in [
        (json!({"kind": "dance"}), vec!["/kind"]),
        (json!({"kind": "replay", "campain": "c"}), vec![""]),
        (json!({"kind": "replay", "campaign": "c"}), vec!["/campaign"]),
        (json!({"kind": "backtest", "campaign": "c"}), vec!["", "/campaign"]),
        (
            json!({"kind": "backtest", "campaign": "c", "policy": "p", "document": campaign}),
            vec!["/document", "/campaign", "/policy"],
        ),
        (json!({"kind": "simulate", "campaigns": {}}), vec!["/campaigns"]),
        (
            json!({"kind": "simulate", "campaigns": {"a": campaign}, "against": {"b": campaign}}),
            vec!["/campaigns/a/policy", "/against/b/policy"],
        ),
    ] {
        let reply = host.write(("operator", Method::POST, "/v1/jobs"), &document).await;
        assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), pointers), "{document}");
    }
    assert_eq!(host.get("/v1/jobs").await.body, json!({"items": []}));
    assert_eq!(host.get("/v1/jobs/1").await.problem(), (404, "not-found"));
    let viewer = host.write(("viewer", Method::POST, "/v1/jobs"), json!({"kind": "replay"})).await;
    assert_eq!(viewer.problem(), (403, "forbidden"));
}

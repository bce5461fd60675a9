//! The ledger where a campaign runs and customers hold something: every refusal has a type of its own, and changes nothing.

use axum::body::Body;
use axum::http::Method;
use largesse_documents::time::read_instant;
use serde_json::{Value, json};

use super::{Host, NOW, Reply};

const POST: Method = Method::POST;
const LATER: &str = "2026-03-10T13:00:00Z";

/// A policy that gives, reserves and settles what its events say.
fn component() -> Vec<u8> {
    // This test runs as <target>/<profile>/deps/<name>.
    let own = std::env::current_exe().unwrap();
    let path = own.ancestors().nth(3).unwrap().join("wasm32-wasip2/guest/examples/grants_as_told.wasm");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run `make guests`", path.display()))
}

impl Host {
    /// With the campaign `gives`, which runs.
    pub(super) async fn giving() -> Self {
        let host = Self::start();
        let wasm = [("content-type", "application/wasm")];
        let published = host.ask(("admin", POST, "/v1/policies"), &wasm, Body::from(component())).await;
        assert_eq!(published.status, 201, "{published:?}");
        let kind = host.write(("admin", Method::PUT, "/v1/kinds/day.checked-in"), json!({"type": "object"})).await;
        assert_eq!(kind.status, 201, "{kind:?}");
        let campaign = json!({
            "policy": published.body["digest"], "currency": "CNY", "time_zone": "UTC", "opens": "2026-03-01T00:00:00Z",
            "closes": "2026-03-20T00:00:00Z", "unit_classes": ["points", "cash", "coupon"], "params": {},
            "budgets": [
                {"unit": "points", "total": 500}, {"unit": "cash:CNY", "total": 500}, {"unit": "coupon", "total": 10},
            ],
            "limits": [
                {"unit": "points", "window": "campaign", "amount": 200}, {"unit": "cash", "window": "day", "amount": 500},
                {"unit": "coupon", "window": "campaign", "count": 10},
            ],
        });
        let first = [("content-type", "application/json"), ("if-none-match", "*")];
        let at = ("operator", Method::PUT, "/v1/campaigns/gives");
        let applied = host.ask(at, &first, campaign.to_string().into()).await;
        assert_eq!(applied.status, 201, "{applied:?}");
        let started = host.ask(("operator", POST, "/v1/campaigns/gives/start"), &[], Body::empty()).await;
        assert_eq!(started.status, 200, "{started:?}");
        host
    }

    /// An event of the customer `u1`. Every effect of the decision on it is done.
    async fn tell(&self, id: &str, data: Value) {
        let event = json!({
            "specversion": "1.0", "id": id, "source": "/test", "type": "day.checked-in", "subject": "u1", "time": NOW,
            "data": data,
        });
        let reply = self.send(event).await;
        let outcomes = reply.body["decisions"][0]["outcomes"].as_array().unwrap();
        assert!(outcomes.iter().all(|outcome| outcome["status"] == "applied"), "{reply:?}");
    }

    async fn give(&self, grants: Value) {
        self.tell("given", json!({"grants": grants})).await;
    }

    async fn redeem(&self, id: &str, change: Value) -> Reply {
        let request = json!({"id": id, "customer": "u1", "unit": "points", "quantity": 10});
        self.write(("fulfil", POST, "/v1/redemptions"), changed(request, change)).await
    }

    async fn reserve(&self, id: &str, change: Value) -> Reply {
        let request = json!({
            "id": id, "campaign": "gives", "customer": "u1", "unit": "points", "quantity": 10, "until": LATER,
        });
        self.write(("fulfil", POST, "/v1/reservations"), changed(request, change)).await
    }

    async fn settle_reservation(&self, id: &str, how: &str) -> Reply {
        let path = format!("/v1/reservations/{id}/{how}");
        self.write(("fulfil", POST, &path), json!({"campaign": "gives", "customer": "u1"})).await
    }

    async fn settle_redemption(&self, id: &str, how: &str, document: Value) -> Reply {
        self.write(("fulfil", POST, &format!("/v1/redemptions/{id}/{how}")), document).await
    }

    async fn reverse(&self, id: &str, key: &str, change: Value) -> Reply {
        let grant = json!({"campaign": "gives", "customer": "u1", "key": key});
        let request = changed(json!({"id": id, "reason": "a test", "grant": grant}), change);
        self.write(("operator", POST, "/v1/reversals"), request).await
    }

    /// What `u1` can use of points, once the books are found to balance.
    async fn available(&self) -> Value {
        let audit = self.get("/v1/ledger/audit").await;
        assert_eq!(audit.body["balanced"], true, "{audit:?}");
        let balances = self.get("/v1/customers/u1/balances").await;
        let points = balances.body["items"].as_array().unwrap().iter().find(|item| item["unit"] == "points").cloned();
        points.map_or(Value::Null, |points| points["available"].clone())
    }

    fn pass(&self, time: &str) {
        self.clock.set(read_instant(time).unwrap());
    }
}

fn changed(mut request: Value, change: Value) -> Value {
    request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    request
}

fn points(key: &str, quantity: u64) -> Value {
    json!({"key": key, "unit": "points", "quantity": quantity})
}

#[tokio::test]
async fn redemptions_that_are_refused() {
    let host = Host::giving().await;
    let brief = changed(points("brief", 30), json!({"expires": 60}));
    let tea = json!({"key": "tea", "unit": "coupon:tea", "quantity": 1});
    host.give(json!([points("given", 50), brief, tea])).await;
    let theirs = |key: &str| json!({"campaign": "gives", "key": key});
    host.pass("2026-03-10T12:05:00Z");
    let cases = [
        (json!({"quantity": 51}), 409, "insufficient-balance"),
        (json!({"quantity": 0}), 422, "invalid-quantity"),
        (json!({"quantity": -1}), 422, "invalid-quantity"),
        (json!({"grant": theirs("brief")}), 409, "grant-expired"),
        (json!({"grant": theirs("tea")}), 422, "other-unit"),
        (json!({"grant": theirs("given"), "customer": "u2"}), 404, "not-found"),
        (json!({"customer": "u2"}), 409, "insufficient-balance"),
        (json!({"unit": "coupon:coffee"}), 404, "unknown-unit"),
        (json!({"reserve_until": NOW}), 422, "until-is-past"),
        (json!({"id": "gives@k@u1"}), 422, "invalid-document"),
    ];
    for (change, status, word) in cases {
        assert_eq!(host.redeem("r", change.clone()).await.problem(), (status, word), "{change}");
    }
    assert_eq!(host.available().await, 50);
    let made = host.redeem("r", json!({})).await;
    assert_eq!((made.status.as_u16(), &made.body["state"]), (201, &json!("redeemed")));
    assert_eq!(host.redeem("r", json!({"quantity": 11})).await.problem(), (409, "request-conflict"));
    assert_eq!(host.settle_redemption("r", "release", json!({})).await.problem(), (409, "redemption-settled"));
    let stolen = host.settle_redemption("r", "reverse", json!({"customer": "u2"})).await;
    assert_eq!(stolen.problem(), (403, "other-customer"));
    assert_eq!(host.available().await, 40);
}

#[tokio::test]
async fn a_redemption_is_reversed_in_part() {
    let host = Host::giving().await;
    host.give(json!([points("given", 50)])).await;
    assert_eq!(host.redeem("r", json!({"quantity": 40})).await.status, 201);
    let back = async |asked: Value| host.settle_redemption("r", "reverse", asked).await;
    let first = back(json!({"id": "back/1", "quantity": 15})).await;
    assert_eq!(first.status, 200);
    assert_eq!((&first.body["state"], &first.body["returned"]), (&json!("redeemed"), &json!(15)));
    assert_eq!(first.body["returns"], json!([{"id": "back/1", "quantity": 15, "at": NOW}]));
    assert_eq!(back(json!({"id": "back/1", "quantity": 15})).await.body, first.body);
    assert_eq!(back(json!({"id": "back/1", "quantity": 14})).await.problem(), (409, "request-conflict"));
    let more = back(json!({"id": "back/2", "quantity": 26})).await;
    assert_eq!(
        (more.problem(), &more.body["detail"]),
        ((409, "returns-more"), &json!("25 of the redemption can still be returned"))
    );
    assert_eq!(back(json!({"id": "back/2", "quantity": 0})).await.problem(), (422, "invalid-quantity"));
    let wrong = back(json!({"id": "a b", "customer": ""})).await;
    assert_eq!((wrong.problem(), wrong.pointers()), ((422, "invalid-document"), vec!["/id", "/customer"]));
    assert_eq!(back(json!({"quantity": 5, "customer": "u2"})).await.problem(), (403, "other-customer"));
    assert_eq!(host.available().await, 25);
    for _ in 0..2 {
        assert_eq!(back(json!({"quantity": 5})).await.body["returned"], 20, "a return without an id is one");
    }
    for _ in 0..2 {
        assert_eq!(back(json!({})).await.body["state"], "reversed");
    }
    assert_eq!(back(json!({"id": "back/3", "quantity": 1})).await.problem(), (409, "redemption-settled"));
    assert_eq!(host.available().await, 50);
}

#[tokio::test]
async fn what_is_kept_for_a_debt_is_not_used() {
    let host = Host::giving().await;
    host.give(json!([points("given", 50)])).await;
    assert_eq!(host.redeem("r", json!({"quantity": 40})).await.status, 201);
    assert_eq!(host.reverse("v", "given", json!({})).await.status, 201);
    host.tell("later", json!({"grants": [points("more", 60)]})).await;
    let balances = host.get("/v1/customers/u1/balances").await;
    let points = &balances.body["items"][0];
    assert_eq!((&points["redeemed"], &points["paid"], &points["available"]), (&json!(40), &json!(40), &json!(20)));
}

#[tokio::test]
async fn what_was_reserved_too_long_is_not_committed() {
    let host = Host::giving().await;
    host.give(json!([points("given", 50)])).await;
    assert_eq!(host.redeem("r", json!({"reserve_until": LATER})).await.status, 201);
    assert_eq!(host.reserve("s", json!({})).await.status, 201);
    host.pass(LATER);
    assert_eq!(host.settle_redemption("r", "commit", json!({})).await.problem(), (409, "timed-out"));
    assert_eq!(host.settle_reservation("s", "commit").await.problem(), (409, "timed-out"));
    host.state.service.catch_up().await.unwrap();
    assert_eq!(host.settle_redemption("r", "commit", json!({})).await.problem(), (409, "timed-out"));
    assert_eq!(host.settle_redemption("r", "release", json!({})).await.problem(), (409, "timed-out"));
    assert_eq!(host.settle_reservation("s", "commit").await.problem(), (409, "timed-out"));
    let expired = host.reserve("s2", json!({"until": LATER})).await;
    assert_eq!(expired.problem(), (422, "until-is-past"));
    assert_eq!(host.available().await, 50);
}

#[tokio::test]
async fn reservations_that_are_refused() {
    let host = Host::giving().await;
    let cases = [
        (json!({"quantity": 201}), 409, "no-room"),
        (json!({"quantity": 0}), 422, "invalid-quantity"),
        (json!({"quantity": 1_000_000_000_000_001_u64}), 422, "invalid-quantity"),
        (json!({"quantity": 1_000_000_000_000_000_u64}), 409, "no-room"),
        (json!({"unit": "cash:EUR"}), 422, "other-currency"),
        (json!({"unit": "growth"}), 409, "no-room"),
        (json!({"unit": "coupon:nobody-made"}), 404, "unknown-unit"),
        (json!({"unit": "credit-limit:CNY"}), 422, "not-reservable"),
        (json!({"until": NOW}), 422, "until-is-past"),
        (json!({"campaign": "none"}), 404, "not-found"),
    ];
    for (change, status, word) in cases {
        assert_eq!(host.reserve("s", change.clone()).await.problem(), (status, word), "{change}");
    }
    let over = host.reserve("s", json!({"quantity": 201})).await;
    assert_eq!(over.body["detail"], "limit-reached");
    assert_eq!(host.reserve("s", json!({})).await.status, 201);
    assert_eq!(host.reserve("s", json!({"quantity": 11})).await.problem(), (409, "request-conflict"));
    assert_eq!(host.settle_reservation("s", "commit").await.status, 200);
    assert_eq!(host.settle_reservation("s", "release").await.problem(), (409, "grant-settled"));
    assert_eq!(host.reserve("s2", json!({"quantity": 191})).await.problem(), (409, "no-room"));
    host.pass("2026-03-20T00:00:00Z");
    let closed = host.reserve("s3", json!({"until": "2026-03-21T00:00:00Z"})).await;
    assert_eq!(closed.problem(), (409, "not-running"));
    assert_eq!(host.available().await, 10);
}

#[tokio::test]
async fn a_customer_who_only_holds_something_is_known() {
    let host = Host::giving().await;
    assert_eq!(host.get("/v1/customers/u9").await.problem(), (404, "not-found"));
    assert_eq!(host.reserve("s", json!({"customer": "u9"})).await.status, 201);
    let shown = host.get("/v1/customers/u9").await;
    assert_eq!((shown.status.as_u16(), &shown.body["id"], &shown.body["tags"]), (200, &json!("u9"), &json!([])));
    assert_eq!(host.get("/v1/customers/u8").await.problem(), (404, "not-found"));
}

#[tokio::test]
async fn what_was_taken_back_is_not_taken_back_again() {
    let host = Host::giving().await;
    host.give(json!([points("given", 50)])).await;
    for quantity in [json!(0), json!(-1), json!(1_000_000_000_000_001_u64)] {
        let reply = host.reverse("v", "given", json!({"quantity": quantity})).await;
        assert_eq!(reply.problem(), (422, "invalid-quantity"), "{quantity}");
    }
    assert_eq!(host.reverse("v", "none", json!({})).await.problem(), (404, "not-found"));
    let more = host.reverse("v", "given", json!({"quantity": 1_000_000_000_000_000_u64})).await;
    assert_eq!((more.status.as_u16(), &more.body["reversed"][0]["quantity"]), (201, &json!(50)), "{more:?}");
    let again = host.reverse("v", "given", json!({"quantity": 1_000_000_000_000_000_u64})).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &more.body));
    assert_eq!(host.reverse("v", "given", json!({})).await.problem(), (409, "request-conflict"));
    assert_eq!(host.reverse("v2", "given", json!({})).await.problem(), (409, "nothing-left"));
    assert_eq!(host.redeem("r", json!({})).await.problem(), (409, "insufficient-balance"));
    assert_eq!(host.available().await, 0);
}

#[tokio::test]
async fn what_a_policy_reserved_is_shown_and_settled_like_any_redemption() {
    let host = Host::giving().await;
    host.give(json!([points("given", 50)])).await;
    let reserve = |key: &str| json!({"key": key, "unit": "points", "quantity": 20, "until": 3_600});
    host.tell("reserved", json!({"reserve": [reserve("order/7"), reserve("order/8")]})).await;
    let seven = "gives%40order%2F7%40u1";
    let shown = host.get(&format!("/v1/redemptions/{seven}")).await;
    let facts = json!({"id": "gives@order/7@u1", "customer": "u1", "unit": "points", "quantity": 20, "state": "reserved",
        "reserve_until": LATER, "reference": "as told", "made_at": NOW, "changed_at": NOW, "returned": 0,
        "parts": [{"campaign": "gives", "key": "given", "issue": 1, "quantity": 20}]});
    assert_eq!(shown.body, facts);
    let listed = host.get("/v1/customers/u1/redemptions").await;
    assert_eq!((&listed.body["items"][0], &listed.body["items"][1]["id"]), (&facts, &json!("gives@order/8@u1")));
    let stolen = host.settle_redemption(seven, "commit", json!({"customer": "u2"})).await;
    assert_eq!(stolen.problem(), (403, "other-customer"));
    let committed = host.settle_redemption(seven, "commit", json!({"customer": "u1"})).await;
    assert_eq!((committed.status.as_u16(), &committed.body["state"]), (200, &json!("redeemed")));
    let journal = host.get("/v1/transfers?after=3").await;
    let last = &journal.body["items"][0];
    assert_eq!((&last["cause"], &last["request"]), (&json!("request"), &json!("gives@order/7@u1")));
    assert_eq!(
        host.settle_redemption("gives%40%40u1", "commit", json!({})).await.problem(),
        (400, "malformed-request")
    );
    host.pass(LATER);
    let late = host.settle_redemption("gives%40order%2F8%40u1", "commit", json!({})).await;
    assert_eq!(late.problem(), (409, "timed-out"));
    host.state.service.catch_up().await.unwrap();
    assert_eq!(host.available().await, 30);
}

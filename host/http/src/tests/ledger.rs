//! Units, pockets, redemptions, reservations, reversals, journal and audit, as far as no campaign is needed.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::{Host, Reply};

const POST: Method = Method::POST;

async fn cup(host: &Host) -> Reply {
    let document = json!({"title": "A cup", "stocked": true, "cost": {"amount": 900, "currency": "CNY"}});
    host.write(("operator", Method::PUT, "/v1/units/item:cup%2Fred"), document).await
}

#[tokio::test]
async fn units_have_terms_and_stock() {
    let host = Host::start();
    assert_eq!(host.get("/v1/units/item:cup%2Fred").await.problem(), (404, "unknown-unit"));
    assert_eq!(host.get("/v1/units/gold").await.problem(), (400, "malformed-request"));
    let set = cup(&host).await;
    assert_eq!((set.status.as_u16(), &set.body["on_hand"]), (201, &json!(0)), "{set:?}");
    assert_eq!(cup(&host).await.status, 200);
    let at = |role| (role, POST, "/v1/units/item:cup%2Fred/stock");
    let arrives = json!({"id": "truck/1", "quantity": 5, "movement": "arrives"});
    for status in [201, 200] {
        let reply = host.write(at("operator"), &arrives).await;
        assert_eq!((reply.status.as_u16(), &reply.body), (status, &json!({"unit": "item:cup/red", "on_hand": 5})));
    }
    assert_eq!(host.write(at("ingest"), &arrives).await.problem(), (403, "forbidden"));
    let other = json!({"id": "truck/1", "quantity": 6, "movement": "arrives"});
    assert_eq!(host.write(at("operator"), other).await.problem(), (409, "request-conflict"));
    let broken = json!({"id": "broken", "quantity": 6, "movement": "written-off"});
    assert_eq!(host.write(at("operator"), broken).await.problem(), (409, "not-on-hand"));
    let flood = json!({"id": "flood", "quantity": 1_000_000_000_000_000_u64, "movement": "arrives"});
    assert_eq!(host.write(at("operator"), flood).await.problem(), (409, "too-many-on-hand"));
    assert_eq!(host.get("/v1/units/item:cup%2Fred").await.body["on_hand"], 5);
    let list = host.get("/v1/units").await;
    assert_eq!(
        (&list.body["items"][0]["unit"], &list.body["items"][0]["on_hand"]),
        (&json!("item:cup/red"), &json!(5))
    );
    let journal = host.get("/v1/transfers").await;
    let transfer = json!({"number": 1, "at": super::NOW, "cause": "request", "request": "truck/1", "unit": "item:cup/red",
        "quantity": 5, "debit": "supply", "credit": "stock"});
    assert_eq!(journal.body, json!({"items": [transfer]}));
}

#[tokio::test]
async fn terms_are_checked() {
    let host = Host::start();
    cup(&host).await;
    let put = async |unit: &str, document: Value| {
        host.write(("operator", Method::PUT, &format!("/v1/units/{unit}")), document).await
    };
    let cases = [
        ("cash:CNY", json!({"cost": {"amount": 1, "currency": "CNY"}}), vec!["/cost"]),
        ("cash:CNY", json!({"value": {"amount": 1, "currency": "CNY"}}), vec!["/value"]),
        ("points", json!({"value": {"amount": 1, "per": 0, "currency": "CNY"}}), vec!["/value/per"]),
        ("points", json!({"stocked": true}), vec!["/stocked"]),
        ("points", json!({"cost": {"amount": 1, "per": 0, "currency": "yuan"}}), vec!["/cost/per", "/cost/currency"]),
        ("points", json!({"valid_days": 0}), vec!["/valid_days"]),
        ("points", json!({"redeem_minimum": -1}), vec!["/redeem_minimum"]),
        ("points", json!({"grace_days": 36_526}), vec!["/grace_days"]),
        ("points", json!({"spend": "last"}), vec!["/spend"]),
        ("points", json!({"price": 1}), vec!["/price"]),
        ("item:cup%2Fred", json!({"stocked": false}), vec!["/stocked"]),
    ];
    for (unit, document, pointers) in cases {
        let reply = put(unit, document).await;
        assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), pointers), "{unit}");
    }
    assert_eq!(put("coupon:tea", json!({"valid_days": 30})).await.status, 201);
    let other = put("coupon:Tea", json!({})).await;
    assert_eq!((other.problem(), other.pointers()), ((422, "invalid-document"), vec![""]));
    let said = "coupon:Tea differs from the unit coupon:tea in capitals only: use coupon:tea, or another name";
    assert!(other.body.to_string().contains(said), "{}", other.body);
    let again = put("coupon:tea", json!({"valid_days": 31, "spend": "given-first", "grace_days": 0})).await;
    assert_eq!(
        (again.status.as_u16(), &again.body["spend"], &again.body["grace_days"]),
        (200, &json!("given-first"), &json!(0))
    );
    let stock = json!({"id": "1", "quantity": 1, "movement": "arrives"});
    let reply = host.write(("operator", POST, "/v1/units/coupon:tea/stock"), &stock).await;
    assert_eq!(reply.problem(), (422, "not-stocked"));
    let reply = host.write(("operator", POST, "/v1/units/coupon:coffee/stock"), &stock).await;
    assert_eq!(reply.problem(), (404, "unknown-unit"));
    let lost = json!({"id": "1", "quantity": 1, "movement": "lost"});
    let reply = host.write(("operator", POST, "/v1/units/item:cup%2Fred/stock"), lost).await;
    assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), vec!["/movement"]));
}

#[tokio::test]
async fn pockets_are_made_and_changed() {
    let host = Host::start();
    let at = || ("operator", Method::PUT, "/v1/pockets/spring");
    let document = |total: u64| json!({"title": "Spring", "budgets": [{"unit": "points", "total": total}]});
    assert_eq!(host.get("/v1/pockets/spring").await.problem(), (404, "not-found"));
    let made = host.write(at(), document(1_000)).await;
    assert_eq!(made.status, 201);
    let budget = json!({"unit": "points", "total": 1_000, "used": 0, "left": 1_000, "grants": 0});
    let pocket = json!({"id": "spring", "title": "Spring", "budgets": [budget], "warn_at": [80, 100], "campaigns": [],
        "allocates": false});
    assert_eq!(made.body, pocket);
    assert_eq!(host.write(at(), document(1_000)).await.status, 200);
    assert_eq!(host.write(at(), document(2_000)).await.body["budgets"][0]["left"], 2_000);
    for (wrong, pointer) in [
        (json!({"budgets": []}), "/budgets"),
        (json!({"budgets": [{"unit": "growth", "total": 1}]}), "/budgets"),
        (json!({"budgets": [{"unit": "points", "total": 1}], "warn_at": [100, 80]}), "/warn_at"),
        (json!({"budgets": [{"unit": "points", "total": 1}], "opens": "today"}), "/opens"),
        (
            json!({"budgets": [{"unit": "points", "total": 1}], "opens": "2026-03-02T00:00:00Z", "closes": "2026-03-01T00:00:00Z"}),
            "/closes",
        ),
    ] {
        let reply = host.write(at(), wrong).await;
        assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), vec![pointer]));
    }
    assert_eq!(host.get("/v1/pockets").await.body["items"][0], host.get("/v1/pockets/spring").await.body);
}

#[tokio::test]
async fn segments_are_made_and_changed() {
    let host = Host::start();
    let at = || ("operator", Method::PUT, "/v1/segments/adults");
    let document = |condition: &str| json!({"title": "Of age", "where": condition});
    assert_eq!(host.get("/v1/segments/adults").await.problem(), (404, "not-found"));
    let made = host.write(at(), document("attributes.age >= 18")).await;
    let segment = json!({"id": "adults", "title": "Of age", "where": "attributes.age >= 18", "campaigns": []});
    assert_eq!((made.status.as_u16(), made.body), (201, segment));
    assert_eq!(host.write(at(), document("attributes.age >= 18")).await.status, 200);
    assert_eq!(host.write(at(), document("attributes.age >= 21")).await.body["where"], "attributes.age >= 21");
    for (wrong, pointer) in [
        (json!({"where": ""}), "/where"),
        (json!({"where": "age >= 18"}), "/where"),
        (json!({"where": "true", "tags": ["a"]}), "/tags"),
    ] {
        let reply = host.write(at(), wrong).await;
        assert_eq!((reply.status.as_u16(), reply.pointers()), (422, vec![pointer]));
    }
    assert_eq!(host.get("/v1/segments").await.body["items"][0], host.get("/v1/segments/adults").await.body);
}

#[tokio::test]
async fn a_calendar_is_asked_for_by_days() {
    let host = Host::start();
    let nothing = json!({"items": []});
    for path in
        ["/v1/calendar", "/v1/calendar?from=2026-01-01&to=2027-01-01", "/v1/customers/u1/calendar?from=2026-02-28"]
    {
        assert_eq!(host.get(path).await.body, nothing, "{path}");
    }
    for wrong in
        ["to=2026-01-01", "from=2026-02-30", "from=2026-01-02&to=2026-01-01", "from=2026-01-01&to=2027-01-02", "day=1"]
    {
        assert_eq!(host.get(&format!("/v1/calendar?{wrong}")).await.problem(), (400, "malformed-request"), "{wrong}");
    }
}

fn redemption(id: &str) -> Value {
    json!({"id": id, "customer": "u1", "unit": "points", "quantity": 5})
}

fn reservation(id: &str) -> Value {
    json!({"id": id, "campaign": "c", "customer": "u1", "unit": "points", "quantity": 5,
        "until": "2026-03-11T12:00:00Z"})
}

#[tokio::test]
async fn quantities_are_whole_and_in_range() {
    let host = Host::start();
    cup(&host).await;
    let stock = json!({"id": "1", "movement": "arrives"});
    let grant = json!({"campaign": "c", "customer": "u1", "key": "k"});
    let requests = [
        ("fulfil", "/v1/redemptions", redemption("r")),
        ("fulfil", "/v1/reservations", reservation("r")),
        ("operator", "/v1/reversals", json!({"id": "r", "grant": grant, "reason": ""})),
        ("operator", "/v1/units/item:cup%2Fred/stock", stock),
    ];
    let beyond = 1_000_000_000_000_001_u64;
    for (role, path, mut request) in requests {
        for quantity in [json!(0), json!(-5), json!(1.5), json!(beyond), json!(u64::MAX), json!("5"), json!([])] {
            request["quantity"] = quantity;
            let reply = host.write((role, POST, path), &request).await;
            assert_eq!(
                (reply.problem(), reply.pointers()),
                ((422, "invalid-quantity"), vec!["/quantity"]),
                "{request}"
            );
        }
        request["quantity"] = json!(7);
        let text = request.to_string().replace(":7", ":123456789012345678901234567890");
        assert_eq!(host.write((role, POST, path), text).await.problem(), (400, "malformed-json"), "{path}");
        request["quantity"] = 0.into();
        request["id"] = "not an id".into();
        let reply = host.write((role, POST, path), &request).await;
        assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), vec!["/id", "/quantity"]));
    }
}

#[tokio::test]
async fn what_cannot_be_redeemed_is_told_apart() {
    let host = Host::start();
    host.write(("operator", Method::PUT, "/v1/units/coupon:tea"), json!({"redeem_minimum": 2})).await;
    let ask = async |field: &str, value: Value| {
        let mut request = redemption("r/1");
        request[field] = value;
        host.write(("fulfil", POST, "/v1/redemptions"), request).await
    };
    let grant = json!({"campaign": "c", "key": "k"});
    let cases = [
        ("customer", json!("nobody"), 409, "insufficient-balance"),
        ("unit", json!("coupon:coffee"), 404, "unknown-unit"),
        ("unit", json!("item:cup"), 404, "unknown-unit"),
        ("unit", json!("coupon:tea"), 409, "insufficient-balance"),
        ("unit", json!("growth"), 422, "not-redeemable"),
        ("unit", json!("credit-limit:CNY"), 422, "not-redeemable"),
        ("unit", json!("gold"), 422, "invalid-document"),
        ("grant", grant, 404, "not-found"),
        ("reserve_until", json!("2026-03-10T12:00:00Z"), 422, "until-is-past"),
        ("reserve_until", json!("soon"), 422, "invalid-document"),
        ("reference", json!("x".repeat(257)), 422, "invalid-document"),
        ("price", json!(1), 422, "invalid-document"),
    ];
    for (field, value, status, word) in cases {
        let reply = ask(field, value.clone()).await;
        assert_eq!(reply.problem(), (status, word), "{field} {value}");
    }
    let one = json!({"id": "r", "customer": "u1", "unit": "coupon:tea", "quantity": 1});
    assert_eq!(host.write(("fulfil", POST, "/v1/redemptions"), one).await.problem(), (422, "below-minimum"));
    assert_eq!(host.get("/v1/redemptions/r%2F1").await.problem(), (404, "not-found"));
    assert_eq!(host.get("/v1/customers/u1/redemptions").await.body, json!({"items": []}));
    for what in ["commit", "release", "reverse"] {
        let path = format!("/v1/redemptions/r%2F1/{what}");
        let bare = host.ask(("fulfil", POST, &path), &[], Body::empty()).await;
        assert_eq!(bare.problem(), (404, "not-found"), "{what}");
        let named = host.write(("fulfil", POST, &path), json!({"customer": "u2"})).await;
        assert_eq!(named.problem(), (404, "not-found"), "{what}");
        let wrong = host.write(("fulfil", POST, &path), json!({"customer": ""})).await;
        assert_eq!((wrong.problem(), wrong.pointers()), ((422, "invalid-document"), vec!["/customer"]));
    }
}

#[tokio::test]
async fn reservations_and_reversals_need_something_to_be_of() {
    let host = Host::start();
    let reserve = host.write(("fulfil", POST, "/v1/reservations"), reservation("order:1/a")).await;
    assert_eq!(reserve.problem(), (404, "not-found"));
    for what in ["commit", "release"] {
        let path = format!("/v1/reservations/order%3A1%2Fa/{what}");
        let settled = host.write(("fulfil", POST, &path), json!({"campaign": "c", "customer": "u1"})).await;
        assert_eq!(settled.problem(), (404, "not-found"));
        let nameless = host.ask(("fulfil", POST, &path), &[], Body::empty()).await;
        assert_eq!(nameless.problem(), (415, "unsupported-media-type"));
    }
    let grant = json!({"campaign": "c", "customer": "u1", "key": "k"});
    let event = json!({"source": "/shop", "id": "1"});
    for of in [json!({"grant": grant}), json!({"event": event})] {
        let mut request = json!({"id": "r", "reason": "fraud"});
        request.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        let reply = host.write(("operator", POST, "/v1/reversals"), &request).await;
        assert_eq!(reply.problem(), (404, "not-found"), "{request}");
    }
    let both = json!({"id": "r", "reason": "", "grant": grant, "event": event});
    let reply = host.write(("operator", POST, "/v1/reversals"), both).await;
    assert_eq!((reply.problem(), reply.pointers()), ((422, "invalid-document"), vec![""]));
}

#[tokio::test]
async fn the_journal_comes_in_pages_and_is_audited() {
    let host = Host::start();
    cup(&host).await;
    for id in 1..=3 {
        let arrives = json!({"id": id.to_string(), "quantity": id, "movement": "arrives"});
        host.write(("operator", POST, "/v1/units/item:cup%2Fred/stock"), arrives).await;
    }
    let first = host.get("/v1/transfers?limit=2").await;
    assert_eq!((first.body["items"].as_array().unwrap().len(), &first.body["next"]), (2, &json!(2)));
    let rest = host.get("/v1/transfers?limit=2&after=2").await;
    assert_eq!((&rest.body["items"][0]["quantity"], rest.body.get("next")), (&json!(3), None));
    assert_eq!(host.get("/v1/transfers?after=18446744073709551615").await.body, json!({"items": []}));
    for query in ["limit=0", "limit=1001", "after=-1", "campaign=c"] {
        assert_eq!(host.get(&format!("/v1/transfers?{query}")).await.problem(), (400, "malformed-request"));
    }
    let audit = host.get("/v1/ledger/audit").await;
    let audited = json!({"transfers": 3, "grants": 0, "redemptions": 0, "positions": 0, "usage": 0, "debts": 0});
    assert_eq!(audit.body, json!({"balanced": true, "audited": audited}));
    assert_eq!(host.get("/v1/campaigns/c/accounts").await.problem(), (404, "not-found"));
}

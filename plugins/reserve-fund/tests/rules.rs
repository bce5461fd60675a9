//! Rules that one scenario each would be too much for.

use largesse_sdk::{Harness, Value, json};
use reserve_fund::ReserveFund;

fn moved(minor: i64, currency: &str) -> Value {
    json!({"draw": "d1", "amount": {"minor": minor, "currency": currency}})
}

#[test]
fn wrong_parameters_are_refused() {
    let pointers = |params: Value| -> Vec<String> {
        Harness::<ReserveFund>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
    };
    assert_eq!(pointers(json!({"line": 200_000})), [""; 0]);
    assert_eq!(
        pointers(json!({"line": 0, "due_after_months": 13, "frozen_tag": "", "frozen_message": "No!"})),
        ["/due_after_months", "/frozen_message", "/frozen_tag", "/line"]
    );
}

#[test]
fn amounts_are_money_of_the_campaign() {
    let mut host = Harness::<ReserveFund>::new(json!({"line": 200_000}));
    for (data, refused) in
        [(moved(0, "CNY"), "bad-amount"), (moved(-1, "CNY"), "bad-amount"), (moved(1, "USD"), "wrong-currency")]
    {
        for kind in ["reserve.drawn", "reserve.repaid"] {
            let outcome = host.event(kind, "u1", "2025-03-10T10:00:00+08:00", data.clone());
            assert_eq!(outcome.refused(), Some(refused), "{kind} {data}");
        }
    }
    let repaid = host.event("reserve.repaid", "u1", "2025-03-10T10:00:00+08:00", moved(1, "CNY"));
    assert_eq!(repaid.refused(), Some("unknown-draw"));
}

#[test]
fn a_draw_of_the_last_second_of_a_year_is_due_in_the_next() {
    let mut host = Harness::<ReserveFund>::new(json!({"line": 200_000, "frozen_tag": "frozen"}));
    host.event("reserve.drawn", "u1", "2025-12-31T23:59:59+08:00", moved(1, "CNY"));
    let due = |host: &Harness<ReserveFund>, time: &str| host.quote("line", "u1", time, json!({})).unwrap();
    assert_eq!(due(&host, "2026-01-31T23:59:59+08:00")["frozen"], false);
    assert_eq!(due(&host, "2026-02-01T00:00:00+08:00")["frozen"], true);
    let fired = host.advance("2026-02-01T00:00:00+08:00");
    assert_eq!(fired[0].tags(), [("u1", "frozen", true)]);
}

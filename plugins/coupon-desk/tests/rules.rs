//! Rules that one scenario each would be too much for.

use coupon_desk::{CouponDesk, Used};
use largesse_sdk::{Harness, OwnerKind, Policy, Value, json};

const TIME: &str = "2026-03-01T10:00:00+08:00";
const VOUCHER: &str = "coupon:10-off-100";
/// Given for passing the quiz `q`.
const RIGHT: &str = "entitlement:cover";

fn cny(minor: i64) -> Value {
    json!({"minor": minor, "currency": "CNY"})
}

fn with(benefit: &Value, on: &str) -> Value {
    json!({"coupons": [{"unit": VOUCHER, "on": on, "benefit": benefit}]})
}

fn pointers(params: &Value) -> Vec<String> {
    Harness::<CouponDesk>::problems(params).into_iter().map(|(pointer, _)| pointer).collect()
}

/// A desk whose customers come by rights through a quiz.
fn desk() -> Harness<CouponDesk> {
    let cover = json!({"kind": "compensation", "cap": 1_000, "paid_in": "cash:CNY"});
    Harness::new(json!({
        "coupons": [{"unit": RIGHT, "on": "claim", "benefit": cover}],
        "quizzes": [{"quiz": "q", "pass_mark": 1, "gives": {"unit": RIGHT, "quantity": 100}}],
    }))
}

fn claim(host: &mut Harness<CouponDesk>, order: &str) -> (Option<String>, Option<&'static str>) {
    let data = json!({"unit": RIGHT, "order": order, "amount": cny(500)});
    let outcome = host.event("benefit.used", "u1", TIME, data);
    (outcome.refused().map(str::to_owned), outcome.denied())
}

#[test]
fn contradicting_parameters_are_named() {
    for (benefit, on, wrong) in [
        (json!({"kind": "interest-free-days", "days": 0}), "loan", "benefit/days"),
        (json!({"kind": "interest-free-days", "days": 1}), "order", "on"),
        (json!({"kind": "interest-free-periods", "periods": 6, "free": 7}), "loan", "benefit/free"),
        (json!({"kind": "interest-free-periods", "periods": 121, "free": 1}), "loan", "benefit/periods"),
        (json!({"kind": "first-instalment", "cap": 0}), "loan", "benefit/cap"),
        (json!({"kind": "percent-off", "rates": []}), "order", "benefit/rates"),
        (json!({"kind": "percent-off", "rates": [{"percent_off": 101}]}), "order", "benefit/rates/0/percent_off"),
        (json!({"kind": "percent-off", "of": "fee", "rates": [{"percent_off": 1}]}), "order", "on"),
        (json!({"kind": "money-off", "off": 2, "minimum": 1}), "order", "benefit/minimum"),
        (json!({"kind": "rate-discount", "percent_off": 0}), "loan", "benefit/percent_off"),
        (
            json!({"kind": "income", "basis_points": 1, "principal": 5, "principal_cap": 5, "days": 1}),
            "investment",
            "benefit/principal_cap",
        ),
        (json!({"kind": "income", "basis_points": 1, "principal": 5}), "investment", "benefit/days"),
        (json!({"kind": "income", "basis_points": 1, "paid_in": "growth"}), "investment", "benefit/paid_in"),
        (json!({"kind": "compensation", "cap": 1, "paid_in": "cash:CNY"}), "order", "on"),
    ] {
        assert_eq!(pointers(&with(&benefit, on)), [format!("/coupons/0/{wrong}")], "{benefit}");
    }
    let voucher = json!({"unit": VOUCHER, "on": "order", "benefit": {"kind": "money-off", "off": 1, "minimum": 1}});
    assert_eq!(pointers(&json!({"coupons": [voucher, voucher]})), ["/coupons/1/unit"]);
    assert_eq!(pointers(&json!({"coupons": []})), ["/coupons"]);
    let mut exclusive = voucher.clone();
    exclusive["exclusive"] = true.into();
    assert_eq!(pointers(&json!({"coupons": [exclusive]})), ["/coupons/0/exclusive"]);
    let quizzes = |pass_mark: u64| {
        let quiz = json!({"quiz": "q", "pass_mark": pass_mark, "gives": {"unit": "coupon:other", "quantity": 1}});
        pointers(&json!({"coupons": [voucher], "quizzes": [quiz, quiz]}))
    };
    assert_eq!(quizzes(0), ["/quizzes/0/pass_mark", "/quizzes/1/pass_mark"]);
    assert_eq!(quizzes(1), ["/quizzes/1/quiz", "/quizzes/0/gives/unit", "/quizzes/1/gives/unit"]);
    let typo = with(&json!({"kind": "money-off", "off": 1, "minimum": 1, "brand": "lark"}), "order");
    assert_eq!(pointers(&typo), ["/coupons/0/benefit"], "what no benefit has is an error");
}

#[test]
fn an_order_that_is_forgotten_takes_no_second_coupon() {
    let mut host = desk();
    host.event("quiz.answered", "u1", TIME, json!({"quiz": "q", "score": 1}));
    for order in 0..70 {
        assert_eq!(claim(&mut host, &format!("o{order}")), (None, None));
    }
    let orders = host.state(OwnerKind::Party, "u1");
    assert_eq!(orders.as_array().map(Vec::len), Some(64));
    assert_eq!(claim(&mut host, "o69"), (Some("one-per-order".to_owned()), None));
    assert_eq!(claim(&mut host, "o0"), (None, Some("nothing-to-settle")), "the key of the reservation keeps it off");
    assert_eq!((host.balance("u1", RIGHT), host.balance("u1", "cash:CNY")), (30, 70 * 500));
}

#[test]
fn customers_who_turn_out_to_be_one_keep_the_orders_of_both() {
    let both = CouponDesk::merge(used(&["a", "b"]), used(&["b", "c"])).unwrap();
    assert_eq!(both, used(&["c", "a", "b"]));
}

fn used(orders: &[&str]) -> Used {
    serde::Deserialize::deserialize(json!(orders)).expect("orders are texts")
}

#[test]
fn money_that_is_no_money_of_the_campaign_is_refused() {
    let mut host = desk();
    host.event("quiz.answered", "u1", TIME, json!({"quiz": "q", "score": 1}));
    let mut refused = |amount: Value| {
        let data = json!({"unit": RIGHT, "order": "o", "amount": amount});
        host.event("benefit.used", "u1", TIME, data).refused().map(str::to_owned)
    };
    assert_eq!(refused(json!({"minor": 5, "currency": "USD"})).as_deref(), Some("wrong-currency"));
    assert_eq!(refused(cny(-5)).as_deref(), Some("bad-amount"));
    assert_eq!(refused(cny(5)), None);
}

#[test]
fn halves_go_up_in_each_period_by_itself() {
    let periods = json!({"kind": "interest-free-periods", "periods": 3, "free": 2});
    let mut params = with(&periods, "loan");
    params["coupons"][0]["open_to_all"] = true.into();
    let host = Harness::<CouponDesk>::new(params);
    // 0.5 and a third less than that, in fen.
    let purchase = json!({"on": "loan", "amount": 50, "periods": 3, "rate_basis_points": 1_200});
    let answer = host.quote("benefit", "u1", TIME, json!({"coupon": VOUCHER, "purchase": purchase})).unwrap();
    assert_eq!(answer, json!({"coupon": VOUCHER, "takes_off": 1, "pays": 0, "by_period": [1, 0]}));
    let huge = json!({"on": "loan", "amount": u64::MAX, "periods": 3, "rate_basis_points": 1_000_000});
    let refused = host.quote("benefit", "u1", TIME, json!({"coupon": VOUCHER, "purchase": huge})).unwrap_err();
    assert_eq!(refused.code, "bad-amount");
}

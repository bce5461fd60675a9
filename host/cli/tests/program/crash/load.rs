//! Campaigns that grant, take back, pause and run out of money, and customers who keep them busy.

use serde_json::{Value, json};

use super::client::Client;
use crate::host::{Policies, repository};

/// The campaigns of the demo, one that sets timers, and one whose version changes, with the component that decides in each.
pub(super) const CAMPAIGNS: [(&str, &str); 6] = [
    ("check-in", "check_in.wasm"),
    ("invite-for-credit", "invite_for_credit.wasm"),
    ("new-user-gift", "new_user_gift.wasm"),
    ("sign-up-rebate", "sign_up_rebate.wasm"),
    (TIMED, "examples/sets_timers.wasm"),
    (COUNTED, "examples/counts_as_1.wasm"),
];
/// The campaign whose version changes.
pub(super) const COUNTED: &str = "counted";
const TIMED: &str = "timed";
/// The kind of event that the campaign with timers decides on.
pub(super) const TIMED_KIND: &str = "day.checked-in";
/// Who acts, so few that decisions touch one another.
const CUSTOMERS: u64 = 40;

/// Numbers that follow from a seed (SplitMix64).
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next, below a bound.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Publishes the policies and starts the campaigns, as far as that is not done. Nothing when the host died.
pub(super) fn set_up(client: &Client, policies: &Policies) -> Option<()> {
    let team = json!({"type": "string", "x-largesse-role": "entity"});
    let schema = json!({"type": "object", "properties": {"team": team}});
    client.change("PUT", &format!("/v1/kinds/{TIMED_KIND}"), &schema)?;
    for (id, component) in CAMPAIGNS {
        let bytes = std::fs::read(policies.join(component)).unwrap();
        let (status, answer) = client.send("POST", "/v1/policies", ("application/wasm", &bytes))?;
        assert!(matches!(status, 200 | 201), "{answer}");
        let mut document = document(id);
        document["policy"] = answer["digest"].clone();
        client.change("PUT", &format!("/v1/campaigns/{id}"), &document)?;
        client.change("POST", &format!("/v1/campaigns/{id}/start"), &Value::Null)?;
    }
    Some(())
}

/// A campaign of the demo that is open since 2021, with little to spend.
fn document(id: &str) -> Value {
    if id == TIMED || id == COUNTED {
        return json!({
            "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2021-01-01T00:00:00+08:00",
            "budgets": [{"unit": "points", "total": 1_000_000}],
            "limits": [{"unit": "points", "window": "campaign", "amount": 1_000_000}],
        });
    }
    let text = std::fs::read_to_string(repository(&format!("demo/campaigns/{id}.toml"))).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    let mut document = serde_json::to_value(table).unwrap();
    document.as_object_mut().unwrap().remove("closes");
    document["opens"] = "2021-01-01T00:00:00+08:00".into();
    // Some run out on every day, some once and for all.
    document["budgets"] = match id {
        "check-in" => json!([{"unit": "points", "total": 10_000_000, "per_day": 600}, {"unit": "coupon", "total": 50}]),
        "new-user-gift" => json!([
            {"unit": "cash:CNY", "total": 8_000}, {"unit": "points", "total": 1_000_000}, {"unit": "coupon", "total": 20},
        ]),
        "sign-up-rebate" => json!([{"unit": "cash:CNY", "total": 10_000_000, "per_day": 4_000}]),
        _ => document["budgets"].take(),
    };
    document
}

/// Makes events, each of its own.
pub(super) struct Happenings {
    numbers: Numbers,
    made: u64,
}

impl Happenings {
    pub(super) fn new(seed: u64) -> Self {
        Self { numbers: Numbers::new(seed), made: 0 }
    }

    /// The next event. Thirty make a day.
    pub(super) fn next(&mut self) -> Value {
        self.made += 1;
        let (number, numbers) = (self.made, &mut self.numbers);
        let actor = format!("u{}", numbers.below(CUSTOMERS));
        let other = format!("u{}", numbers.below(CUSTOMERS));
        let order = numbers.below(60);
        let (kind, data) = match numbers.below(11) {
            0 => ("user.registered", json!({"channel": "app", "inviter": other})),
            1 => ("user.realname_verified", json!({"id_hash": format!("person-{}", numbers.below(30))})),
            2 => ("credit.approved", json!({"application": format!("a{order}"), "limit": money(1_000_000)})),
            3 => ("share.performed", json!({})),
            4 => ("order.refunded", json!({"order": format!("o{order}")})),
            5 | 6 => ("order.paid", json!({"order": format!("o{order}"), "amount": money(numbers.below(200_000))})),
            // Its time has come when it is set.
            10 => (TIMED_KIND, json!({"set": [{"name": format!("t{number}"), "after": 60}]})),
            7 => ("review.posted", json!({"order": format!("o{order}")})),
            _ => ("checked_in", json!({})),
        };
        let (day, hour) = (number / 30, numbers.below(24));
        let time = format!("2021-{:02}-{:02}T{hour:02}:00:00+08:00", day / 28 % 12 + 1, day % 28 + 1);
        json!({"specversion": "1.0", "id": format!("e{number}"), "source": "/crash", "type": kind, "subject": actor,
            "time": time, "data": data})
    }
}

fn money(minor: u64) -> Value {
    json!({"minor": minor, "currency": "CNY"})
}

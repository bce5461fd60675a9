//! A made-up week of sixty customers, for the demonstration: what `demo/day.ndjson` holds. The Sunday is its busiest day.
//!
//! The story has what campaigns are made for (friends invite friends, people are verified, borrow, buy, check in) and what
//! they must withstand: one person with two accounts, one device for two people, loans cancelled, orders refunded, events
//! sent twice, events that come late, a cancellation that overtakes its loan. Chance comes from one fixed seed.

use serde_json::{Map, Value, json};

/// Everyone, in order of registration. None of them exists.
const PEOPLE: [&str; 60] = [
    "aiko", "bao", "chen", "daiyu", "enlai", "fang", "guo", "hua", "ines", "jun", "kai", "lan", "mei", "ning",
    "ouyang", "ping", "qiu", "rong", "shan", "tao", "uma", "vera", "wen", "xin", "yan", "zhu", "anders", "birgit",
    "carlos", "dina", "emeka", "farah", "goran", "hana", "imani", "jorge", "kofi", "leila", "marco", "nadia", "omar",
    "petra", "quentin", "rosa", "samir", "tessa", "ulf", "viktor", "wanda", "ximena", "yusuf", "zoe", "amir", "bella",
    "cyrus", "doris", "edgar", "flora", "gideon", "helga",
];

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const SUNDAY: i64 = 6 * DAY;
/// The last second of the story.
const END: i64 = 7 * DAY - 1;

/// Customers whose place in [`PEOPLE`] matters.
const HAS_TWO_ACCOUNTS: (usize, usize) = (3, 50);
const SHARES_DEVICE: (usize, usize) = (41, 42);
const INVITES_OWN_DEVICE: usize = 40;

/// One event before it is written.
struct Draft {
    /// Seconds since Monday 00:00.
    at: i64,
    /// When it reaches the host; later than `at` when it comes late.
    arrives: i64,
    kind: &'static str,
    who: &'static str,
    data: Value,
}

/// The lines of the file, in order of arrival: one CloudEvent each.
#[must_use]
pub fn lines() -> Vec<String> {
    let mut week = Week { chance: Chance(20_261_115), drafts: Vec::new(), loans: 0, orders: 0 };
    for (place, who) in PEOPLE.into_iter().enumerate() {
        week.life_of(place, who);
    }
    let mut drafts = week.drafts;
    delay_some(&mut drafts);
    drafts.sort_by_key(|draft| draft.arrives);
    let mut lines: Vec<String> = drafts.iter().enumerate().map(|(index, draft)| line(index + 1, draft)).collect();
    // What a sender is not sure of it sends again.
    for original in (40..lines.len()).step_by(70).rev() {
        lines.insert(original + 5, lines[original].clone());
    }
    lines
}

fn line(number: usize, draft: &Draft) -> String {
    let Draft { at, kind, who, data, .. } = draft;
    let time = time(*at);
    format!(
        r#"{{"specversion":"1.0","id":"e{number:04}","source":"/demo/shop","type":"{kind}","subject":"{who}","time":"{time}","datacontenttype":"application/json","data":{data}}}"#
    )
}

fn time(at: i64) -> String {
    let second = at % DAY;
    format!("{}T{:02}:{:02}:{:02}+08:00", date(at), second / HOUR, second % HOUR / MINUTE, second % MINUTE)
}

fn date(at: i64) -> String {
    format!("2026-11-{:02}", 9 + at / DAY)
}

/// Some events of the days before arrive on Sunday evening, and one loan arrives after its cancellation.
fn delay_some(drafts: &mut [Draft]) {
    let may_be_late = |draft: &&mut Draft| draft.at < SUNDAY && matches!(draft.kind, "checked_in" | "order.paid");
    for (count, draft) in drafts.iter_mut().filter(may_be_late).enumerate() {
        if count % 17 == 16 {
            draft.arrives = SUNDAY + 20 * HOUR + i64::try_from(count).unwrap_or(0);
        }
    }
    let cancellation = drafts.iter().rfind(|draft| draft.kind == "loan.cancelled");
    let overtaken = cancellation.map(|draft| (draft.data["loan"].clone(), draft.at));
    if let Some((loan, at)) = overtaken {
        let is_it = |draft: &&mut Draft| draft.kind == "loan.drawn" && draft.data["loan"] == loan;
        drafts.iter_mut().filter(is_it).for_each(|draft| draft.arrives = at + 10 * MINUTE);
    }
}

/// Numbers that look random and are the same every time (the SplitMix64 sequence).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `from` to `to`, inclusive.
    fn between(&mut self, from: i64, to: i64) -> i64 {
        let span = u64::try_from(to - from).unwrap_or(0) + 1;
        from + i64::try_from(self.next() % span).unwrap_or(0)
    }

    fn percent(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    fn one_of(&mut self, choices: &[&'static str]) -> &'static str {
        let index = self.between(0, i64::try_from(choices.len()).unwrap_or(1) - 1);
        usize::try_from(index).map_or(choices[0], |index| choices[index])
    }
}

struct Week {
    chance: Chance,
    drafts: Vec<Draft>,
    loans: u32,
    orders: u32,
}

impl Week {
    fn add(&mut self, at: i64, kind: &'static str, who: &'static str, data: Value) {
        if at <= END {
            self.drafts.push(Draft { at, arrives: at, kind, who, data });
        }
    }

    fn life_of(&mut self, place: usize, who: &'static str) {
        let joined = self.joins(place, who);
        if let Some(verified) = self.is_verified(place, who, joined) {
            self.binds_a_card(place, who, verified);
            self.borrows(place, who, verified);
        }
        self.buys(place, who, joined);
        if place % 5 < 3 {
            self.checks_in(place, who, joined);
        }
        if place % 4 == 1 {
            self.shares(who, joined);
        }
    }

    /// Registers, often after an invitation. Returns when.
    fn joins(&mut self, place: usize, who: &'static str) -> i64 {
        let day = match place {
            0..14 => 0,
            14..24 => self.chance.between(1, 3),
            24..36 => self.chance.between(4, 5),
            _ => 6,
        };
        let at = day * DAY + self.chance.between(9 * 60, 17 * 60) * MINUTE;
        let inviter = self.inviter_of(place);
        let device = match place {
            INVITES_OWN_DEVICE => format!("d-{}", inviter.unwrap_or(who)),
            place if place == SHARES_DEVICE.1 => format!("d-{}", PEOPLE[SHARES_DEVICE.0]),
            _ => format!("d-{who}"),
        };
        let mut data = Map::new();
        data.insert("channel".into(), json!(self.chance.one_of(&["app-store", "web", "mini-app"])));
        data.insert("device".into(), json!(device));
        if let Some(inviter) = inviter {
            data.insert("inviter".into(), json!(inviter));
            let medium = self.chance.one_of(&["link", "poster", "chat"]);
            let opened = at - self.chance.between(3, 90) * MINUTE;
            self.add(opened, "invite.opened", who, json!({ "inviter": inviter, "medium": medium }));
            if place.is_multiple_of(9) {
                // Somebody else was first.
                let first = PEOPLE[place % 7];
                let data = json!({ "inviter": first, "medium": "chat" });
                self.add(opened - 30 * MINUTE, "invite.opened", who, data);
            }
        }
        self.add(at, "user.registered", who, Value::Object(data));
        at
    }

    /// Three in five were invited by somebody who came on an earlier day; two people invite most.
    fn inviter_of(&mut self, place: usize) -> Option<&'static str> {
        if place < 14 || place % 5 > 2 {
            return None;
        }
        let earlier = if place < 36 { 13 } else { 23 };
        let inviter = match self.chance.between(0, 9) {
            0..=2 => 0,
            3..=4 => 5,
            _ => self.chance.between(0, earlier),
        };
        usize::try_from(inviter).ok().map(|inviter| PEOPLE[inviter])
    }

    fn is_verified(&mut self, place: usize, who: &'static str, joined: i64) -> Option<i64> {
        let (first, second) = HAS_TWO_ACCOUNTS;
        if place != first && place != second && !self.chance.percent(75) {
            return None;
        }
        let person = if place == second { PEOPLE[first] } else { who };
        let at = joined + self.chance.between(4, 60) * MINUTE;
        let birth = format!("{}-0{}-1{}", 1968 + place % 36, 1 + place % 9, place % 10);
        self.add(at, "user.realname_verified", who, json!({ "birth_date": birth, "id_hash": format!("p-{person}") }));
        Some(at)
    }

    fn binds_a_card(&mut self, place: usize, who: &'static str, verified: i64) {
        if place == HAS_TWO_ACCOUNTS.1 || self.chance.percent(60) {
            let bank = self.chance.one_of(&["first-bank", "river-bank", "union-bank"]);
            let at = verified + self.chance.between(2, 45) * MINUTE;
            self.add(at, "card.bound", who, json!({ "bank": bank, "card_hash": format!("k-{who}"), "kind": "debit" }));
        }
    }

    fn borrows(&mut self, place: usize, who: &'static str, verified: i64) {
        if !self.chance.percent(65) {
            return;
        }
        let application = format!("a{:03}", place + 1);
        let applied = verified + self.chance.between(5, 90) * MINUTE;
        self.add(applied, "credit.applied", who, json!({ "application": application, "first": true }));
        let answered = applied + self.chance.between(10, 120) * MINUTE;
        if !self.chance.percent(72) {
            let class = self.chance.one_of(&["income", "history", "documents"]);
            let data = json!({ "application": application, "first": true, "reason_class": class });
            return self.add(answered, "credit.rejected", who, data);
        }
        let limit = self.chance.between(4, 30) * 50_000;
        self.add(answered, "credit.approved", who, json!({ "application": application, "limit": cny(limit) }));
        if self.chance.percent(80) {
            self.draws(who, limit, answered + 20 * MINUTE);
        }
    }

    fn draws(&mut self, who: &'static str, limit: i64, from: i64) {
        self.loans += 1;
        let loan = format!("l{:03}", self.loans);
        let at = from + self.chance.between(0, 90) * MINUTE;
        let amount = limit * self.chance.between(3, 10) / 10;
        let periods = 3 * self.chance.between(1, 4);
        let data = json!({ "amount": cny(amount), "loan": loan, "periods": periods, "service_fee": cny(amount / 100) });
        self.add(at, "loan.drawn", who, data);
        if self.loans.is_multiple_of(5) {
            let cancelled = at + self.chance.between(30, 150) * MINUTE;
            self.add(cancelled, "loan.cancelled", who, json!({ "loan": loan, "within_cooling": true }));
        }
    }

    fn buys(&mut self, place: usize, who: &'static str, joined: i64) {
        for _ in 0..self.chance.between(0, if place < 24 { 2 } else { 1 }) {
            self.orders += 1;
            let order = format!("o{:03}", self.orders);
            let latest = (END - 3 * HOUR).max(joined + HOUR);
            let at = self.chance.between(joined + 15 * MINUTE, latest);
            let amount = self.chance.between(8, 600) * 100 + self.chance.between(0, 99);
            let brand = self.chance.one_of(&["orchard", "lantern", "harbour"]);
            let quantity = self.chance.between(1, 4);
            let data = json!({ "amount": cny(amount), "brand": brand, "order": order, "quantity": quantity });
            self.add(at, "order.paid", who, data);
            let refunded = at + self.chance.between(20, 170) * MINUTE;
            match self.orders % 14 {
                6 => self.add(refunded, "order.refunded", who, json!({ "amount": cny(amount), "order": order })),
                13 => {
                    let half = amount / 2;
                    let data = json!({ "amount": cny(half), "order": order, "remaining": cny(amount - half) });
                    self.add(refunded, "order.refunded", who, data);
                }
                _ => {}
            }
        }
    }

    /// Once a day, with gaps, some of which are made up for; then the weekly chest.
    fn checks_in(&mut self, place: usize, who: &'static str, joined: i64) {
        let never_misses = place.is_multiple_of(10);
        let mut days = 0;
        for day in joined / DAY..7 {
            let morning = (day * DAY + 7 * HOUR).max(joined + 10 * MINUTE);
            let at = self.chance.between(morning, (morning + 9 * HOUR).min(day * DAY + 23 * HOUR));
            if never_misses || self.chance.percent(82) {
                self.add(at, "checked_in", who, json!({}));
                days += 1;
            } else if day < 6 && self.chance.percent(45) {
                let next = self.chance.between((day + 1) * DAY + 18 * HOUR, (day + 1) * DAY + 22 * HOUR);
                self.add(next, "checked_in", who, json!({ "makeup_for": date(day * DAY) }));
                days += 1;
            }
        }
        if days >= 4 {
            let evening = self.chance.between(SUNDAY + 19 * HOUR, SUNDAY + 22 * HOUR);
            self.add(evening, "chest.opened", who, json!({ "chest": "weekly" }));
        }
    }

    fn shares(&mut self, who: &'static str, joined: i64) {
        for day in (joined / DAY).max(5)..7 {
            let from = (day * DAY + 10 * HOUR).max(joined + 5 * MINUTE);
            let at = self.chance.between(from, day * DAY + 21 * HOUR);
            let medium = self.chance.one_of(&["chat", "wall", "link"]);
            let visits = self.chance.between(0, 12);
            self.add(
                at,
                "share.performed",
                who,
                json!({ "content": "weekly-chest", "medium": medium, "visits": visits }),
            );
        }
    }
}

fn cny(minor: i64) -> Value {
    json!({ "currency": "CNY", "minor": minor })
}

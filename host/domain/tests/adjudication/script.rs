//! Scripts: what stands behind `=>` is what is expected.
//!
//! ```text
//! budget points total 1000 day 300
//! limit points week amount 100 count 3
//! closes 2026-12-01
//! customer ann device=d1 credit=1000
//! 2026-11-09 ann bob about L1 => accepted
//!   claim welcome device ann
//!   grant k1 ann points 60 or coupon:a 1 reduce => granted 60 points
//! used ann points week 2026-11-09 => 60 in 1
//! ```
//!
//! `customer` says what is known of a customer, or is learnt now. A line that starts with a date is a decision on an event of
//! that noon, shown ann and bob, who acted first; claims and effects follow. Other lines: `narrow points cash` (the classes in use), `declare points` (the classes of the manifest), `effects grant`
//! (the effects of the manifest), `unknown-claim allow`, and questions: `used budget ...`, `held ann k1`, `tags ann DATE`,
//! `under-way ann`, `timers ann`. A timer is shown with the seconds from noon of 2026-11-09 until it is due; `event timer.fired`
//! makes the next events ones of that kind. `rules required quiet 11 13 cap 2 24` are the rules for marketing messages, in hours. Holds are `hold 60` (given after so many seconds) and `void 60` (taken back then);
//! `reserve r1 ann 5 points until 60` and `settle reservation r1 ann commit required` are effects, too. What a ledger does has lines of its own: [`crate::books`].

use largesse_domain::activation::Activations;
use largesse_domain::budget::{Budget, Limit};
use largesse_domain::campaign::{Campaign, OnFault, Revision, Settings, UnknownClaim};
use largesse_domain::catalogue::Catalogue;
use largesse_domain::customer::{AttributeValue, CREDIT_LIMIT, Fact};
use largesse_domain::dimension::Dimension;
use largesse_domain::effect::{EffectKind, Proposal, StateChange};
use largesse_domain::id::{AttributeName, CampaignId, CustomerId, Digest, Identifier, PolicyName, PolicyVersion};
use largesse_domain::json::Json;
use largesse_domain::key::{GrantSlot, StateKey, UsageKey, UsedBy};
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::message_rules::CONSENT;
use largesse_domain::outcome::{Denied, Done, Outcome, Verdict};
use largesse_domain::owner::Owner;
use largesse_domain::policy::Manifest;
use largesse_domain::protection::FaultThreshold;
use largesse_domain::recurring::{Hours, RecurringWindow};
use largesse_domain::referral::{Attribution, TouchRule};
use largesse_domain::segment::Audience;
use largesse_domain::time::Instant;
use largesse_domain::unit::{Currency, UnitClass, UnitPattern};

use crate::books;
use crate::calendar::noon;
use crate::parse::{self, Words};
use crate::store::{Setting, Store};

/// Runs a script and compares it with itself as it came out.
#[track_caller]
pub(crate) fn check(script: &str) {
    let lines: Vec<&str> = script.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let tidy = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected: Vec<String> = lines.iter().map(|line| tidy(line)).collect();
    let asked: Vec<String> = lines.iter().map(|line| tidy(line.split("=>").next().unwrap())).collect();
    let actual = Run::default().lines(&asked);
    assert!(actual == expected, "expected\n\n{}\n\ngot\n\n{}\n", expected.join("\n"), actual.join("\n"));
}

pub(crate) struct Run {
    pub(crate) store: Store,
    pub(crate) setting: Setting,
}

impl Default for Run {
    fn default() -> Self {
        let setting = Setting {
            campaign: campaign(),
            catalogue: Catalogue::default(),
            manifest: manifest(),
            occurred: noon("2026-11-09"),
            parties: Vec::new(),
            about: None,
            kind: "thing.happened".parse().unwrap(),
        };
        Self { store: Store::default(), setting }
    }
}

fn campaign() -> Campaign {
    let attribution = Attribution { touch: TouchRule::First, window_days: 30, bind_on: Vec::new(), distance: None };
    let settings = Settings {
        title: "Test".into(),
        currency: Currency::new("CNY").unwrap(),
        time_zone: "UTC".into(),
        opens: Instant::MIN,
        closes: None,
        closing_days: 30,
        audience: Audience::Everyone,
        subscriptions: None,
        unit_classes: None,
        attribution,
        unknown_claim: UnknownClaim::Deny,
        on_fault: OnFault::Skip,
        fault_threshold: FaultThreshold::default(),
        follow: false,
        budgets: Vec::new(),
        limits: Vec::new(),
        pockets: Vec::new(),
        warn_at: vec![80, 100],
        pools: Vec::new(),
        windows: Vec::new(),
        stacking: None,
        gate: None,
    };
    Campaign {
        id: CampaignId::new("test").unwrap(),
        version: 1,
        lifecycle: Lifecycle::Running,
        settings,
        revisions: vec![Revision { number: 1, effective_from: Instant::MIN, params: Json::empty_object() }],
        activations: Activations::first(Digest::from_bytes([0; 32]), vec![1], Instant::MIN),
        rollout: None,
        rollouts: 0,
    }
}

fn manifest() -> Manifest {
    Manifest {
        name: PolicyName::new("test").unwrap(),
        version: PolicyVersion::new("1.0.0").unwrap(),
        summary: String::new(),
        params_schema: Json::empty_object(),
        state_writes: 1,
        state_reads: vec![1],
        roles: Vec::new(),
        subscriptions: Vec::new(),
        effects: EffectKind::ALL.to_vec(),
        unit_classes: UnitClass::ALL.to_vec(),
        questions: Vec::new(),
    }
}

impl Run {
    fn lines(mut self, lines: &[String]) -> Vec<String> {
        let mut out = Vec::new();
        let mut rest = lines;
        while let Some((line, below)) = rest.split_first() {
            if line.starts_with(|first: char| first.is_ascii_digit()) {
                let end = below.iter().position(|line| !is_part(line)).unwrap_or(below.len());
                let (parts, after) = below.split_at(end);
                out.extend(self.decision(line, parts));
                rest = after;
            } else {
                let answer = self.statement(line);
                out.push(answer.map_or(line.clone(), |answer| format!("{line} => {answer}")));
                rest = below;
            }
        }
        out
    }

    fn statement(&mut self, line: &str) -> Option<String> {
        let mut words = Words::of(line);
        let settings = &mut self.setting.campaign.settings;
        let mut answer = None;
        match words.next() {
            "budget" => {
                let of = words.parse();
                assert!(words.take("total"), "budget points total 100");
                let total = words.quantity();
                let per_day = words.take("day").then(|| words.quantity());
                settings.budgets.push(Budget { of, total, per_day });
            }
            "limit" => {
                let of = words.parse();
                let per = if words.take("per") { parse::dimension(words.next()) } else { Dimension::Customer };
                let window = parse::window(words.next());
                let amount = words.take("amount").then(|| words.quantity());
                let count = words.take("count").then(|| words.parse());
                settings.limits.push(Limit { of, per, window, amount, count });
            }
            "weekday" => {
                let (weekdays, hours) = (vec![words.parse()], Hours::WHOLE_DAY);
                let (months, month_days, dates) = (Vec::new(), Vec::new(), Vec::new());
                settings.windows.push(RecurringWindow { months, month_days, weekdays, dates, hours });
            }
            "closes" => settings.closes = Some(noon(words.next()).at),
            "narrow" => settings.unit_classes = Some(classes(&mut words)),
            "declare" => self.setting.manifest.unit_classes = classes(&mut words),
            "effects" => {
                let kinds = std::iter::from_fn(|| words.maybe()).map(parse::effect_kind);
                self.setting.manifest.effects = kinds.collect();
            }
            "unknown-claim" => {
                settings.unknown_claim = if words.next() == "allow" { UnknownClaim::Allow } else { UnknownClaim::Deny };
            }
            "event" => self.setting.kind = words.parse(),
            "rules" => self.setting.catalogue.messages = parse::message_rules(&mut words),
            "customer" => self.learn(&mut words),
            verb if books::is_one(verb) => answer = books::line(self, verb, &mut words),
            question => answer = Some(self.answer(question, &mut words)),
        }
        words.end();
        answer
    }

    fn learn(&mut self, words: &mut Words<'_>) {
        let id: CustomerId = words.parse();
        let customer = self.store.customer(&id);
        while let Some(word) = words.maybe() {
            let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("{word}"));
            let facts = match name {
                "credit" => {
                    let name = AttributeName::new(CREDIT_LIMIT).unwrap();
                    vec![Fact::Attribute(name, AttributeValue::Int(value.parse().unwrap()))]
                }
                consent if consent.starts_with(CONSENT) => {
                    let name = AttributeName::new(consent).unwrap();
                    vec![Fact::Attribute(name, AttributeValue::Bool(value == "1"))]
                }
                "tags" => (0..value.parse().unwrap())
                    .map(|n: u32| Fact::Tag(format!("t{n}").parse().unwrap(), None))
                    .collect(),
                name => {
                    let dimension = Dimension::ALL.into_iter().find(|known| known.as_str() == name).unwrap();
                    vec![Fact::Identifier(dimension, Identifier::new(value).unwrap())]
                }
            };
            facts.into_iter().for_each(|fact| customer.learn(fact, Instant::MIN).unwrap());
        }
    }

    fn answer(&self, question: &str, words: &mut Words<'_>) -> String {
        let campaign = self.setting.campaign.id.clone();
        match question {
            "used" => {
                let by = match words.next() {
                    "budget" => UsedBy::Campaign(campaign),
                    "pocket" => UsedBy::Pocket(words.parse()),
                    "device" => UsedBy::Identifier(campaign, Dimension::Device, words.parse()),
                    customer => UsedBy::Customer(campaign, customer.parse().unwrap()),
                };
                let of: UnitPattern = words.parse();
                let window = parse::window(words.next());
                let window = window.index(&noon(words.maybe().unwrap_or("2026-11-09")).local);
                let used = self.store.usage.get(&UsageKey { by, of, window }).copied().unwrap_or_default();
                format!("{} in {}", used.amount, used.count)
            }
            "held" => {
                let (to, key) = (words.parse(), words.parse());
                let Some(grant) = self.store.grants.get(&GrantSlot { campaign, to, key }) else {
                    return "nothing".into();
                };
                let at = words.maybe().map_or(self.setting.occurred.at, |date| noon(date).at);
                format!("{} of {} {}, {}", grant.net(), grant.quantity, grant.unit, grant.state_at(at).as_str())
            }
            "tags" => {
                let (id, at) = (words.parse::<CustomerId>(), noon(words.next()).at);
                let customer = self.store.customers.get(&id);
                let tags: Vec<&str> =
                    customer.iter().flat_map(|known| known.tags_at(at)).map(|tag| tag.as_str()).collect();
                if tags.is_empty() { "none".into() } else { tags.join(" ") }
            }
            "timers" => {
                let owner = Owner::Party(words.parse());
                let names = self.store.names_of(&StateKey { campaign, owner });
                let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
                if names.is_empty() { "none".into() } else { names.join(" ") }
            }
            "under-way" => self.store.customers[&words.parse()].raises_under_way.to_string(),
            other => panic!("not understood: {other}"),
        }
    }

    fn decision(&mut self, line: &str, parts: &[String]) -> Vec<String> {
        let mut words = Words::of(line);
        self.setting.occurred = noon(words.next());
        self.setting.parties = Vec::new();
        self.setting.about = None;
        while let Some(word) = words.maybe() {
            if word == "about" {
                self.setting.about = Some(words.parse());
            } else {
                self.setting.parties.push(word.parse().unwrap());
            }
        }
        let mut proposal = Proposal { claims: vec![], effects: vec![], state: StateChange::Keep, note: String::new() };
        for part in parts {
            let mut words = Words::of(part);
            match words.next() {
                "claim" => proposal.claims.push(parse::claim(&mut words)),
                verb => proposal.effects.push(parse::effect(verb, &mut words)),
            }
            words.end();
        }
        let verdict = self.store.decide(&self.setting, &proposal);
        let (word, outcomes) = match verdict {
            Ok(Verdict::Accepted(outcomes)) => ("accepted".to_owned(), outcomes),
            Ok(Verdict::Denied(Denied::Claim { scope, by }, reason)) => {
                (format!("denied claim {scope} {}: {}", by.as_str(), reason.as_str()), vec![])
            }
            Ok(Verdict::Denied(Denied::Effect(index), reason)) => {
                (format!("denied effect {index}: {}", reason.as_str()), vec![])
            }
            Ok(verdict) => (verdict.as_str().to_owned(), vec![]),
            Err(fault) => (format!("fault {fault}"), vec![]),
        };
        let mut outcomes = outcomes.iter().map(outcome);
        let with_outcome = |part: &String| match outcomes.next() {
            Some(outcome) if !part.starts_with("claim ") => format!("{part} => {outcome}"),
            _ => part.clone(),
        };
        let claims = parts.iter().take_while(|part| part.starts_with("claim ")).count();
        let head = [format!("{line} => {word}")].into_iter().chain(parts[..claims].iter().cloned());
        head.chain(parts[claims..].iter().map(with_outcome)).collect()
    }
}

fn is_part(line: &str) -> bool {
    ["claim ", "grant ", "revoke ", "message ", "tag ", "untag ", "schedule ", "cancel ", "reserve ", "settle "]
        .iter()
        .any(|verb| line.starts_with(verb))
}

fn classes(words: &mut Words<'_>) -> Vec<UnitClass> {
    std::iter::from_fn(|| words.maybe()).map(|word| word.parse().unwrap()).collect()
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Applied(what) => done("granted", what),
        Outcome::Reduced(what, reason) => format!("{}: {}", done("reduced to", what), reason.as_str()),
        Outcome::Skipped(_, reason) => format!("skipped: {}", reason.as_str()),
    }
}

/// Seconds since noon of 2026-11-09.
fn seconds(at: Instant) -> i64 {
    (at.as_millis() - noon("2026-11-09").at.as_millis()) / 1_000
}

fn done(granted: &str, done: &Done) -> String {
    match done {
        Done::Granted { unit, quantity, choice: 0, .. } => format!("{granted} {quantity} {unit}"),
        Done::Granted { unit, quantity, choice, .. } => format!("{granted} {quantity} {unit} by choice {choice}"),
        Done::Revoked(reversals) if reversals.is_empty() => "nothing yet, none later".into(),
        Done::Revoked(reversals) => {
            let one = |reversal: &largesse_domain::outcome::Reversal| {
                format!("{} {} {}", reversal.grant.to, reversal.grant.key, reversal.quantity)
            };
            format!("took {}", reversals.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        Done::Messaged { not_before, without, .. } => {
            let without = if without.is_empty() { String::new() } else { format!(" without {}", without.join(" ")) };
            not_before
                .as_ref()
                .map_or_else(|| format!("sent{without}"), |due| format!("sent at {}{without}", seconds(*due)))
        }
        Done::Scheduled { due, .. } => format!("due {}", seconds(*due)),
        Done::TimerCancelled { .. } => "cancelled".into(),
        Done::Reserved { unit, quantity, .. } if granted == "granted" => format!("reserved {quantity} {unit}"),
        Done::Reserved { unit, quantity, .. } => format!("{granted} {quantity} {unit}"),
        Done::Settled { how, unit, quantity, .. } => format!("{} {quantity} {unit}", how.as_str()),
        Done::Placed { tier: Some(tier), .. } => format!("into {tier}"),
        Done::Placed { tier: None, .. } => "out".into(),
        Done::Shared { weight, .. } => format!("weighs {weight}"),
        Done::Enrolled { campaign, .. } => format!("handed on to {campaign}"),
        Done::Measured { by, .. } => format!("counted {by}"),
        Done::Tagged { present, .. } => if *present { "set" } else { "unset" }.into(),
    }
}

//! Words of a script, read into the domain's types. Anything unknown is a mistake in the test and panics.

use std::str::FromStr;

use largesse_domain::dimension::Dimension;
use largesse_domain::effect::{
    Benefit, Claim, Effect, EffectKind, GrantProposal, Held, HoldProposal, Message, MessageClass, ReserveProposal,
    Revocation, RevocationTarget, Schedule, SettleProposal, Shortfall, TagChange,
};
use largesse_domain::hold::{AfterHold, HoldAction};
use largesse_domain::json::Json;
use largesse_domain::message_rules::{Consent, FrequencyCap, MessageRules, Quiet};
use largesse_domain::time::{Day, When, Window};
use largesse_domain::unit::{Quantity, Unit};

use crate::store::quantity;

/// The words of one line, from left to right.
pub(crate) struct Words<'a> {
    line: &'a str,
    words: Vec<&'a str>,
}

impl<'a> Words<'a> {
    pub(crate) fn of(line: &'a str) -> Self {
        Self { line, words: line.split_whitespace().rev().collect() }
    }

    pub(crate) fn next(&mut self) -> &'a str {
        self.words.pop().unwrap_or_else(|| panic!("too short: {}", self.line))
    }

    pub(crate) fn maybe(&mut self) -> Option<&'a str> {
        self.words.pop()
    }

    /// Takes the next word when it is this one.
    pub(crate) fn take(&mut self, word: &str) -> bool {
        let found = self.words.last() == Some(&word);
        if found {
            self.words.pop();
        }
        found
    }

    pub(crate) fn parse<T: FromStr>(&mut self) -> T {
        let word = self.next();
        word.parse().unwrap_or_else(|_| panic!("{word:?} in: {}", self.line))
    }

    pub(crate) fn quantity(&mut self) -> Quantity {
        quantity(self.parse())
    }

    pub(crate) fn number_if_any(&mut self) -> Option<u64> {
        let number = self.words.last()?.parse().ok()?;
        self.words.pop();
        Some(number)
    }

    pub(crate) fn end(&self) {
        assert!(self.words.is_empty(), "not understood: {:?} in: {}", self.words, self.line);
    }
}

/// `claim SCOPE DIMENSION PARTY`, without its first word.
pub(crate) fn claim(words: &mut Words<'_>) -> Claim {
    let scope = words.parse();
    let by = dimension(words.next());
    Claim { scope, by, party: words.parse() }
}

/// `rules CONSENT quiet FROM TO cap COUNT HOURS`, without its first word; the last two as often as there are any.
pub(crate) fn message_rules(words: &mut Words<'_>) -> MessageRules {
    let word = words.next();
    let consent = Consent::ALL.into_iter().find(|consent| consent.as_str() == word).unwrap();
    let mut rules = MessageRules { consent, ..MessageRules::default() };
    while let Some(word) = words.maybe() {
        match word {
            "quiet" => {
                let mut minute = || words.parse::<u16>() * 60;
                rules.quiet.push(Quiet { from: minute(), to: minute() });
            }
            "cap" => rules.caps.push(FrequencyCap { count: words.parse(), hours: words.parse() }),
            other => panic!("{other}"),
        }
    }
    assert_eq!(rules.problems(), []);
    rules
}

/// A line that asks for an effect.
pub(crate) fn effect(verb: &str, words: &mut Words<'_>) -> Effect {
    match verb {
        "grant" => Effect::Grant(grant(words)),
        "revoke" => Effect::Revoke(revocation(words)),
        "message" => Effect::Message(Message {
            key: words.parse(),
            to: words.parse(),
            template: "hello".parse().unwrap(),
            vars: Json::empty_object(),
            class: if words.take("marketing") { MessageClass::Marketing } else { MessageClass::Service },
            channels: std::iter::from_fn(|| words.maybe()).map(str::to_owned).collect(),
        }),
        "tag" => {
            Effect::Tag(TagChange { to: words.parse(), tag: words.parse(), present: true, until: when(words, "until") })
        }
        "untag" => Effect::Tag(TagChange { to: words.parse(), tag: words.parse(), present: false, until: None }),
        "schedule" => {
            let (name, due) = (words.parse(), when(words, "after").expect("schedule NAME after SECONDS"));
            Effect::Schedule(Schedule { name, due, data: Json::empty_object() })
        }
        "cancel" => Effect::CancelTimer(words.parse()),
        "reserve" => Effect::Reserve(reserve(words)),
        "settle" => Effect::Settle(settle(words)),
        other => panic!("no such effect: {other}"),
    }
}

fn grant(words: &mut Words<'_>) -> GrantProposal {
    let (key, to) = (words.parse(), words.parse());
    let mut choices = vec![benefit(words)];
    while words.take("or") {
        choices.push(benefit(words));
    }
    let on_shortfall = shortfall(words);
    let posts = when(words, "hold").map(|until| HoldProposal { until, then: AfterHold::Post });
    let hold = posts.or(when(words, "void").map(|until| HoldProposal { until, then: AfterHold::Void }));
    let expires = when(words, "expires");
    GrantProposal { key, to, choices, on_shortfall, hold, expires, reason: String::new() }
}

fn shortfall(words: &mut Words<'_>) -> Shortfall {
    match () {
        () if words.take("reduce") => Shortfall::Reduce,
        () if words.take("skip") => Shortfall::Skip,
        () => Shortfall::Refuse,
    }
}

/// `reserve KEY PARTY QUANTITY UNIT until SECONDS [reduce]`, without its first word.
fn reserve(words: &mut Words<'_>) -> ReserveProposal {
    let (key, party, quantity, unit) = (words.parse(), words.parse(), words.quantity(), words.parse());
    let until = when(words, "until").expect("reserve KEY PARTY QUANTITY UNIT until SECONDS");
    ReserveProposal { key, party, unit, quantity, until, on_shortfall: shortfall(words), reason: String::new() }
}

/// `settle reservation KEY PARTY commit [required]`, without its first word.
fn settle(words: &mut Words<'_>) -> SettleProposal {
    let of = match words.next() {
        "grant" => Held::Grant { key: words.parse(), to: words.parse() },
        "reservation" => Held::Reservation { key: words.parse(), party: words.parse() },
        other => panic!("neither grant nor reservation: {other}"),
    };
    let how = HoldAction::ALL.into_iter().find(|how| words.take(how.as_str()));
    let how = how.expect("commit or release");
    SettleProposal { of, how, required: words.take("required"), reason: String::new() }
}

fn benefit(words: &mut Words<'_>) -> Benefit {
    if words.take("credit") {
        let by = words.quantity();
        assert!(words.take("to"), "credit 300 to 2000");
        return Benefit::CreditLimit { by, up_to: words.quantity(), until: when(words, "until") };
    }
    if words.take("boost") {
        let unit = Unit::rate_boost(words.next()).unwrap();
        let basis_points = words.quantity();
        return Benefit::RateBoost { unit, basis_points, principal_cap: None, until: when(words, "until") };
    }
    Benefit::Units { unit: words.parse(), quantity: words.quantity() }
}

/// `until 60`: so many seconds after the event; `until never`: a time that there is not.
fn when(words: &mut Words<'_>, name: &str) -> Option<When> {
    if !words.take(name) {
        return None;
    }
    if words.take("never") {
        return Some(When::AtLocal { day: Day(0), second_of_day: 90_000 });
    }
    Some(When::AfterSeconds(words.parse()))
}

fn revocation(words: &mut Words<'_>) -> Revocation {
    let of = if words.take("about") {
        RevocationTarget::About
    } else {
        RevocationTarget::Key { key: words.parse(), to: words.parse() }
    };
    let quantity = words.number_if_any().map(quantity);
    Revocation { of, quantity, free_key: words.take("free"), reason: String::new() }
}

/// The word for a dimension.
pub(crate) fn dimension(word: &str) -> Dimension {
    Dimension::ALL
        .into_iter()
        .find(|known| known.as_str() == word)
        .unwrap_or_else(|| panic!("no such dimension: {word}"))
}

/// The word for a window.
pub(crate) fn window(word: &str) -> Window {
    let all = [Window::Campaign, Window::Day, Window::Week, Window::Month];
    all.into_iter().find(|window| window.as_str() == word).unwrap_or_else(|| panic!("no such window: {word}"))
}

/// The word for a kind of effect.
pub(crate) fn effect_kind(word: &str) -> EffectKind {
    EffectKind::ALL.into_iter().find(|kind| kind.as_str() == word).unwrap_or_else(|| panic!("no such effect: {word}"))
}

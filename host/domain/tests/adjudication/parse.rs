//! Words of a script, read into the domain's types. Anything unknown is a mistake in the test and panics.

use std::str::FromStr;

use largesse_domain::effect::{
    Benefit, Claim, Dimension, Effect, EffectKind, GrantProposal, Message, MessageClass, Revocation, RevocationTarget,
    Schedule, Shortfall, TagChange,
};
use largesse_domain::json::Json;
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
            class: MessageClass::Service,
            channels: Vec::new(),
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
        other => panic!("no such effect: {other}"),
    }
}

fn grant(words: &mut Words<'_>) -> GrantProposal {
    let (key, to) = (words.parse(), words.parse());
    let mut choices = vec![benefit(words)];
    while words.take("or") {
        choices.push(benefit(words));
    }
    let on_shortfall = match () {
        () if words.take("reduce") => Shortfall::Reduce,
        () if words.take("skip") => Shortfall::Skip,
        () => Shortfall::Refuse,
    };
    let hold_until = when(words, "hold");
    let expires = when(words, "expires");
    GrantProposal { key, to, choices, on_shortfall, hold_until, expires, reason: String::new() }
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

/// `hold 60`: so many seconds after the event; `hold never`: a time that there is not.
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

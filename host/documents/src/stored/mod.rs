//! The forms of domain values in the store: compact JSON that loses nothing.
//!
//! Whoever reads gets back exactly what was written; nothing is filled in from defaults that may change. Fields are only
//! added, and then read as optional: a newer host reads what an older one wrote. Embedded JSON documents are kept as
//! texts, byte for byte, because a replay compares them.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use largesse_domain::time::{Day, Instant, LocalTime, Moment, When};
use largesse_domain::unit::Quantity;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::problem::Problems;
use crate::time::local_time;

mod activation;
mod campaign;
mod customer;
mod decision;
mod effect;
mod ledger;
mod outcome;
mod policy;
mod programme;
mod timer;
#[cfg(test)]
mod tests;

pub use activation::{activation_text, read_activation, read_versions, versions_text};
pub use campaign::{read_settings, settings_text};
pub use customer::{customer_text, read_customer};
pub use decision::{
    DecisionKeys, RemainsKeys, evaluation_text, read_decision, read_evaluation, read_remains, record_text, remains_text,
};
pub use ledger::{
    identifiers_text, instants_text, message_rules_text, pocket_text, read_identifiers, read_instants,
    read_message_rules, read_pocket, read_redemption, read_segment, read_terms, redemption_text, segment_text,
    terms_text,
};
pub use policy::{manifest_text, read_manifest};
pub use programme::{measures_text, members_text, programme_text, read_measures, read_members, read_programme};
pub use timer::{read_timer_body, timer_body_text};

/// A stored text that does not hold what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    /// With what is wrong.
    #[must_use]
    pub fn new(detail: impl Display) -> Self {
        Self(detail.to_string())
    }
}

type Text<'a> = Cow<'a, str>;

fn write<T: Serialize>(form: &T) -> String {
    serde_json::to_string(form).expect("forms are made of texts, numbers and lists")
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(Unreadable::new)
}

fn id<T: FromStr<Err: Display>>(text: &str) -> Result<T, Unreadable> {
    text.parse().map_err(Unreadable::new)
}

fn ids<T: FromStr<Err: Display>>(texts: &[impl AsRef<str>]) -> Result<Vec<T>, Unreadable> {
    texts.iter().map(|text| id(text.as_ref())).collect()
}

fn quantity(value: u64) -> Result<Quantity, Unreadable> {
    Quantity::new(value).map_err(Unreadable::new)
}

fn instant(millis: i64) -> Result<Instant, Unreadable> {
    Instant::from_millis(millis).ok_or_else(|| Unreadable::new(format!("{millis} ms is outside the years 1 to 9999")))
}

/// Of the words of an enumeration, the case that has this one.
fn word<T: Copy>(cases: &[T], of: impl Fn(T) -> &'static str, word: &str) -> Result<T, Unreadable> {
    let case = cases.iter().find(|case| of(**case) == word);
    case.copied().ok_or_else(|| Unreadable::new(format!("unknown word {word:?}")))
}

/// A part of a campaign document that needs no more than reading.
fn term<T>(read: impl FnOnce(&mut Problems) -> Option<T>) -> Result<T, Unreadable> {
    let mut problems = Problems::default();
    let value = read(&mut problems);
    problems.finish(value).map_err(|problems| {
        let problems = problems.iter().map(|problem| format!("{}: {}", problem.pointer, problem.message));
        Unreadable::new(problems.collect::<Vec<_>>().join("; "))
    })
}

/// Day and second of a local time; the rest follows.
type LocalForm = (i32, u32);

fn local_form(local: &LocalTime) -> LocalForm {
    (local.day.0, local.second_of_day)
}

fn read_local((day, second): LocalForm) -> Result<LocalTime, Unreadable> {
    local_time(Day(day), second).ok_or_else(|| Unreadable::new(format!("no local time: day {day}, second {second}")))
}

fn read_moment(at: Instant, local: LocalForm) -> Result<Moment, Unreadable> {
    Ok(Moment { at, local: read_local(local)? })
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhenForm {
    At(i64),
    After(u64),
    Local(i32, u32),
}

impl From<When> for WhenForm {
    fn from(when: When) -> Self {
        match when {
            When::At(instant) => Self::At(instant.as_millis()),
            When::AfterSeconds(seconds) => Self::After(seconds),
            When::AtLocal { day, second_of_day } => Self::Local(day.0, second_of_day),
        }
    }
}

impl WhenForm {
    fn read(self) -> Result<When, Unreadable> {
        Ok(match self {
            Self::At(millis) => When::At(instant(millis)?),
            Self::After(seconds) => When::AfterSeconds(seconds),
            Self::Local(day, second_of_day) => When::AtLocal { day: Day(day), second_of_day },
        })
    }

    fn read_option(when: Option<Self>) -> Result<Option<When>, Unreadable> {
        when.map(Self::read).transpose()
    }
}

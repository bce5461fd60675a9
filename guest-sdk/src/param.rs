//! Types of parameters that carry their bounds into the JSON Schema: the host holds parameters to it before a policy sees them,
//! so [`Policy::check`](crate::Policy::check) is left with rules.
//!
//! Bounds of numbers and lists are attributes of their fields: `#[schemars(range(min = 1, max = 366))]`,
//! `#[schemars(length(min = 1, max = 8))]`. Units are `#[schemars(regex(pattern = UNIT))]` with one of the patterns here.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::{Date, LocalTime};

pub use crate::place::text;

/// The pattern of any unit, as [`UnitClass::of`](crate::UnitClass::of) reads it.
pub const UNIT: &str = "^(points|growth|(cash|credit-limit):[A-Z]{3}\
    |(coupon|item|draw-chances|entitlement|rate-boost):[A-Za-z0-9._/-]{1,64})$";
/// The pattern of units of which a plain quantity can be given: no credit limit, no rate boost.
pub const COUNTED_UNIT: &str =
    "^(points|growth|cash:[A-Z]{3}|(coupon|item|draw-chances|entitlement):[A-Za-z0-9._/-]{1,64})$";
/// The pattern of units that are used up, and can be reserved out of a wallet.
pub const USED_UP_UNIT: &str = "^(points|cash:[A-Z]{3}|(coupon|item|draw-chances|entitlement):[A-Za-z0-9._/-]{1,64})$";

/// A text of a certain form: what it may be made of, and how long it may be.
pub trait Form: 'static {
    /// The characters, as a class of a regular expression.
    const LETTERS: &'static str;
}

/// `a-z`, `0-9` and `-`: ids, programmes, tiers, campaigns, pools.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlugForm;

/// Letters, digits, `.`, `_`, `:`, `/` and `-`: tags and templates.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyForm;

/// Printable ASCII characters without spaces: channels.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WordForm;

impl Form for SlugForm {
    const LETTERS: &'static str = "[a-z0-9-]";
}

impl Form for KeyForm {
    const LETTERS: &'static str = "[A-Za-z0-9._:/-]";
}

impl Form for WordForm {
    const LETTERS: &'static str = "[!-~]";
}

/// 1 to `MAX` of `a-z`, `0-9` and `-`.
pub type Slug<const MAX: usize = 64> = Text<SlugForm, MAX>;
/// A tag: 1 to 64 of `A-Z a-z 0-9 . _ : / -`.
pub type Tag = Text<KeyForm, 64>;
/// The template of a message: 1 to `MAX` of `A-Z a-z 0-9 . _ : / -`.
pub type Template<const MAX: usize = 128> = Text<KeyForm, MAX>;
/// A channel of messages: 1 to 64 printable ASCII characters without spaces.
pub type Channel = Text<WordForm, 64>;

/// A text in parameters whose schema says its form. It reads as any text: the host has held it to the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Text<F, const MAX: usize>(String, #[serde(skip)] std::marker::PhantomData<F>);

impl<F: Form, const MAX: usize> Text<F, MAX> {
    /// A text that is known to be of the form, such as a default.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned(), std::marker::PhantomData)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<F, const MAX: usize> Deref for Text<F, MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<F, const MAX: usize> Borrow<str> for Text<F, MAX> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<F, const MAX: usize> PartialEq<str> for Text<F, MAX> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl<F, const MAX: usize> PartialEq<&str> for Text<F, MAX> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl<F, const MAX: usize> PartialEq<String> for Text<F, MAX> {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

impl<F, const MAX: usize> From<Text<F, MAX>> for String {
    fn from(text: Text<F, MAX>) -> Self {
        text.0
    }
}

impl<F, const MAX: usize> From<&Text<F, MAX>> for String {
    fn from(text: &Text<F, MAX>) -> Self {
        text.0.clone()
    }
}

impl<F, const MAX: usize> fmt::Display for Text<F, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<F: Form, const MAX: usize> JsonSchema for Text<F, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}{{1,{MAX}}}", F::LETTERS).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // A count in the pattern would cost a state for each character that is allowed.
        json_schema!({"type": "string", "pattern": format!("^{}+$", F::LETTERS), "maxLength": MAX})
    }
}

/// A time of the day by the clock on the wall, such as `09:00`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(
    /// Seconds since local midnight, 0 to 86,340.
    pub u32,
);

impl TimeOfDay {
    const PATTERN: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";

    fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let number = |text: &str, end: u32| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number: &u32| digits && *number < end)
        };
        Some(Self(number(hours, 24)? * 3_600 + number(minutes, 60)? * 60))
    }

    /// The day that a local time belongs to where days begin at this time: what is earlier belongs to the day before.
    #[must_use]
    pub fn day_of(self, local: &LocalTime) -> Date {
        Date(local.day.saturating_sub(i32::from(local.second_of_day < self.0)))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:02}:{:02}", self.0 / 3_600, self.0 % 3_600 / 60))
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::place::text(deserializer, "a time such as 09:00", Self::parse)
    }
}

impl JsonSchema for TimeOfDay {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TimeOfDay".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": Self::PATTERN})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::UnitClass;
    use serde_json::json;

    fn fits<T: JsonSchema>(value: &serde_json::Value) -> bool {
        let schema = schemars::schema_for!(T).to_value();
        jsonschema::draft202012::new(&schema).unwrap().is_valid(value)
    }

    #[test]
    fn texts_are_bounded_in_length_and_letters() {
        for (text, slug, tag, channel) in [
            ("a-1", true, true, true),
            ("", false, false, false),
            ("A", false, true, true),
            ("a.b_c:d/e", false, true, true),
            ("a&b", false, false, true),
            ("a b", false, false, false),
            ("ä", false, false, false),
            ("a\n", false, false, false),
        ] {
            let text = json!(text);
            assert_eq!(
                (fits::<Slug>(&text), fits::<Tag>(&text), fits::<Channel>(&text)),
                (slug, tag, channel),
                "{text}"
            );
        }
        let long = |length: usize| json!("a".repeat(length));
        assert!(fits::<Slug<32>>(&long(32)) && !fits::<Slug<32>>(&long(33)));
        assert!(fits::<Tag>(&long(64)) && !fits::<Tag>(&long(65)));
        assert!(fits::<Template>(&long(128)) && !fits::<Template>(&long(129)));
    }

    #[test]
    fn times_are_seconds_of_the_day() {
        for (text, seconds) in [("00:00", Some(0)), ("09:30", Some(34_200)), ("23:59", Some(86_340)), ("24:00", None)] {
            assert_eq!(TimeOfDay::parse(text), seconds.map(TimeOfDay), "{text}");
        }
        for text in ["00:00", "23:59", "24:00", "9:00", "09:60", "09:00:00", "+9:00", "0a:00", "", "09 00"] {
            assert_eq!(fits::<TimeOfDay>(&json!(text)), TimeOfDay::parse(text).is_some(), "{text}");
        }
    }

    #[test]
    fn patterns_of_units_fit_what_is_read_as_one() {
        let fits = |pattern: &str, unit: &str| {
            let schema = json!({"type": "string", "pattern": pattern});
            jsonschema::draft202012::new(&schema).unwrap().is_valid(&json!(unit))
        };
        for unit in [
            "points",
            "growth",
            "cash:CNY",
            "cash:cny",
            "cash",
            "coupon:a",
            "coupon:",
            "item:a/b",
            "draw-chances:x",
            "entitlement:y",
            "credit-limit:CNY",
            "rate-boost:deposit/7",
            "points:x",
            "gold:bar",
            "",
            "coupon:a b",
        ] {
            let class = UnitClass::of(unit);
            assert_eq!(fits(UNIT, unit), class.is_some(), "{unit}");
            let counted = class.is_some_and(|class| !matches!(class, UnitClass::CreditLimit | UnitClass::RateBoost));
            assert_eq!(fits(COUNTED_UNIT, unit), counted, "{unit}");
            assert_eq!(fits(USED_UP_UNIT, unit), class.is_some_and(UnitClass::is_used_up), "{unit}");
        }
    }
}

//! When customers may be sent marketing messages: with their consent, outside quiet hours, and not too often. Service messages are
//! always sent.

use crate::limits::{CAP_COUNT_MAX, CAP_HOURS_MAX, MESSAGE_CAPS_MAX, QUIET_WINDOWS_MAX};
use crate::rows::customer::{AttributeValue, Customer};
use crate::words::id::AttributeName;
use crate::words::problem::Problem;
use crate::words::time::{Day, Instant, LocalTime, When};

/// The attribute that holds a customer's consent. That for a channel has the channel behind it, after `_`.
pub const CONSENT: &str = "marketing_consent";

const DAY_MINUTES: u16 = 24 * 60;

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// What is made of customers who have said nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// They are sent nothing.
    Required,
    /// They are sent messages until they refuse.
    #[default]
    UnlessRefused,
}

impl Consent {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Required, Self::UnlessRefused];

    /// Returns the word in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::UnlessRefused => "unless-refused",
        }
    }
}

/// Hours of the day in which messages wait. From the end of one to its beginning the next day when it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Its first minute, counted from midnight; 0 to 1,439.
    pub from: u16,
    /// The first minute after it; 0 to 1,439, and not `from`.
    pub to: u16,
}

impl Quiet {
    fn holds(self, minute: u16) -> bool {
        let after = |from: u16| (minute + DAY_MINUTES - from) % DAY_MINUTES;
        after(self.from) < self.length()
    }

    fn length(self) -> u16 {
        (self.to + DAY_MINUTES - self.from) % DAY_MINUTES
    }
}

/// At most so many messages to a customer in so many hours, by all campaigns together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrequencyCap {
    /// How many; 1 to [`CAP_COUNT_MAX`].
    pub count: u32,
    /// In how many hours; 1 to [`CAP_HOURS_MAX`].
    pub hours: u32,
}

/// What holds for marketing messages of all campaigns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageRules {
    /// What is made of customers who have said nothing.
    pub consent: Consent,
    /// When messages wait, in the campaign's zone.
    pub quiet: Vec<Quiet>,
    /// How many a customer is sent.
    pub caps: Vec<FrequencyCap>,
}

impl MessageRules {
    /// Returns what is wrong with them; pointers are into the document.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |pointer: String, message: String| problems.push(Problem { pointer, message });
        if self.quiet.len() > QUIET_WINDOWS_MAX {
            problem("/quiet".into(), format!("at most {QUIET_WINDOWS_MAX}"));
        }
        for (index, quiet) in self.quiet.iter().enumerate() {
            if quiet.from == quiet.to {
                problem(format!("/quiet/{index}/to"), "ends as it begins".into());
            }
        }
        if !self.quiet.is_empty() && (0..DAY_MINUTES).all(|minute| self.is_quiet(minute)) {
            problem("/quiet".into(), "leaves no time of the day to send anything".into());
        }
        if self.caps.len() > MESSAGE_CAPS_MAX {
            problem("/caps".into(), format!("at most {MESSAGE_CAPS_MAX}"));
        }
        for (index, cap) in self.caps.iter().enumerate() {
            if !(1..=CAP_COUNT_MAX).contains(&cap.count) {
                problem(format!("/caps/{index}/count"), format!("expected 1 to {CAP_COUNT_MAX}"));
            }
            if !(1..=CAP_HOURS_MAX).contains(&cap.hours) {
                problem(format!("/caps/{index}/hours"), format!("expected 1 to {CAP_HOURS_MAX}"));
            }
        }
        problems
    }

    fn is_quiet(&self, minute: u16) -> bool {
        self.quiet.iter().any(|quiet| quiet.holds(minute))
    }

    /// Returns until when a message waits that would be sent at that time. `None` when it need not.
    #[must_use]
    pub fn quiet_until(&self, local: &LocalTime) -> Option<When> {
        let minute = u16::try_from(local.second_of_day / 60).unwrap_or(0);
        let waits = (0..DAY_MINUTES).take_while(|waited| self.is_quiet((minute + waited) % DAY_MINUTES)).count();
        if waits == 0 {
            return None;
        }
        let ends = u32::from(minute) + u32::try_from(waits).unwrap_or(0);
        let (days, minute) = (ends / u32::from(DAY_MINUTES), ends % u32::from(DAY_MINUTES));
        let day = Day(local.day.0.saturating_add(i32::try_from(days).unwrap_or(0)));
        Some(When::AtLocal { day, second_of_day: minute * 60 })
    }

    /// Reports whether the customer may be sent marketing messages, by this channel or, without one, at all. Of what was said of the channel and
    /// of all channels, the later counts.
    #[must_use]
    pub fn allows(&self, customer: &Customer, channel: Option<&str>) -> bool {
        let said = |name: &str| {
            let name = AttributeName::new(name).ok()?;
            let attribute = customer.attributes.get(&name)?;
            match attribute.value {
                AttributeValue::Bool(granted) => Some((attribute.as_of, granted)),
                _ => None,
            }
        };
        let of_channel = channel.and_then(|channel| said(&format!("{CONSENT}_{channel}")));
        let latest = match (said(CONSENT), of_channel) {
            (Some(all), Some(one)) => Some(if one.0 >= all.0 { one } else { all }),
            (all, one) => all.or(one),
        };
        latest.map_or(self.consent == Consent::UnlessRefused, |(_, granted)| granted)
    }

    /// Returns the channels by which the customer may not be sent a message that names these. `None` when there is no other.
    #[must_use]
    pub fn refused<'a>(&self, customer: &Customer, channels: &'a [String]) -> Option<Vec<&'a str>> {
        if channels.is_empty() {
            return self.allows(customer, None).then(Vec::new);
        }
        let refused = channels.iter().map(String::as_str).filter(|channel| !self.allows(customer, Some(*channel)));
        let refused: Vec<&str> = refused.collect();
        (refused.len() < channels.len()).then_some(refused)
    }

    /// Reports whether a customer who is sent messages at these times may be sent one more at that time.
    #[must_use]
    pub fn has_room(&self, contacts: &[Instant], at: Instant) -> bool {
        self.caps.iter().all(|cap| {
            let window = i64::from(cap.hours) * HOUR_MS;
            let within = contacts.iter().filter(|contact| contact.as_millis() > at.as_millis().saturating_sub(window));
            within.count() < usize::try_from(cap.count).unwrap_or(usize::MAX)
        })
    }
}

/// Returns the times with one more; as many of the latest as any cap can ask for.
#[must_use]
pub fn with_contact(contacts: &[Instant], at: Instant) -> Vec<Instant> {
    let mut contacts = [contacts, &[at]].concat();
    contacts.sort_unstable();
    let most = usize::try_from(CAP_COUNT_MAX).unwrap_or(usize::MAX);
    contacts.drain(..contacts.len().saturating_sub(most));
    contacts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::customer::Fact;

    fn rules(consent: Consent, quiet: &[(u16, u16)], caps: &[(u32, u32)]) -> MessageRules {
        let quiet = quiet.iter().map(|(from, to)| Quiet { from: from * 60, to: to * 60 }).collect();
        let caps = caps.iter().map(|(count, hours)| FrequencyCap { count: *count, hours: *hours }).collect();
        MessageRules { consent, quiet, caps }
    }

    fn time(hours: i64) -> Instant {
        Instant::from_millis(hours * HOUR_MS).unwrap()
    }

    fn customer(said: &[(&str, i64, bool)]) -> Customer {
        let mut customer = Customer::default();
        for (name, hour, granted) in said {
            let name = AttributeName::new(*name).unwrap();
            customer.learn(Fact::Attribute(name, AttributeValue::Bool(*granted)), time(*hour)).unwrap();
        }
        customer
    }

    fn local(day: i32, hour: u32, minute: u32) -> LocalTime {
        let second_of_day = hour * 3_600 + minute * 60 + 59;
        let (year, month, day_of_month, weekday, iso_year, iso_week) = (1970, 1, 1, 1, 1970, 1);
        LocalTime { day: Day(day), year, month, day_of_month, weekday, iso_year, iso_week, second_of_day }
    }

    #[test]
    fn consent_is_what_was_said_last() {
        let (strict, lax) = (rules(Consent::Required, &[], &[]), rules(Consent::UnlessRefused, &[], &[]));
        let silent = customer(&[]);
        assert!(!strict.allows(&silent, Some("sms")) && lax.allows(&silent, Some("sms")));
        let only_sms = customer(&[("marketing_consent", 1, false), ("marketing_consent_sms", 2, true)]);
        assert!(lax.allows(&only_sms, Some("sms")) && !lax.allows(&only_sms, Some("push")));
        assert!(!lax.allows(&only_sms, None));
        let gone = customer(&[("marketing_consent_sms", 1, true), ("marketing_consent", 2, false)]);
        assert!(!lax.allows(&gone, Some("sms")), "whoever leaves leaves every channel");
        let channels = ["push".to_owned(), "sms".to_owned()];
        assert_eq!(lax.refused(&only_sms, &channels), Some(vec!["push"]));
        assert_eq!(lax.refused(&gone, &channels), None);
        assert_eq!(lax.refused(&silent, &[]), Some(Vec::new()));
    }

    #[test]
    fn quiet_hours_go_over_midnight_and_into_one_another() {
        let rules = rules(Consent::Required, &[(22, 8), (8, 9)], &[]);
        let until = |local| rules.quiet_until(&local);
        assert_eq!(until(local(5, 21, 59)), None);
        assert_eq!(until(local(5, 22, 0)), Some(When::AtLocal { day: Day(6), second_of_day: 9 * 3_600 }));
        assert_eq!(until(local(6, 7, 59)), Some(When::AtLocal { day: Day(6), second_of_day: 9 * 3_600 }));
        assert_eq!(until(local(6, 9, 0)), None);
        assert_eq!(MessageRules::default().quiet_until(&local(6, 3, 0)), None);
    }

    #[test]
    fn caps_count_in_sliding_hours() {
        let rules = rules(Consent::Required, &[], &[(2, 24), (3, 72)]);
        let sent = [time(0), time(10)];
        assert!(!rules.has_room(&sent, time(23)));
        assert!(rules.has_room(&sent, time(24)), "the first is a day ago");
        assert!(!rules.has_room(&[time(0), time(10), time(40)], time(70)), "three in three days");
        assert!(!rules.has_room(&[time(30), time(31)], time(24)), "those that are still to come count");
        let many: Vec<Instant> = (0..i64::from(CAP_COUNT_MAX)).map(time).collect();
        let more = with_contact(&many, time(-5));
        assert_eq!((more.len(), more[0]), (many.len(), time(0)), "the latest are kept");
    }

    #[test]
    fn bad_rules_are_named() {
        let bad = rules(Consent::Required, &[(8, 8), (0, 12), (12, 0)], &[(0, 24), (1, 0)]);
        let pointers: Vec<_> = bad.problems().into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(pointers, ["/quiet/0/to", "/quiet", "/caps/0/count", "/caps/1/hours"]);
        assert_eq!(rules(Consent::Required, &[(22, 8)], &[(3, 24)]).problems(), []);
    }
}

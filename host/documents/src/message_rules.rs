//! The rules for marketing messages, as operators write them and as they go out.

use largesse_domain::message_rules::{Consent, FrequencyCap, MessageRules, Quiet};
use largesse_domain::problem::Problem;
use serde::{Deserialize, Serialize};

use crate::problem::Problems;

/// What holds for marketing messages of all campaigns. Service messages are always sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MessageRulesDocument {
    /// What is made of customers who have said nothing: `required` sends them nothing, `unless-refused` does until they refuse.
    pub consent: String,
    /// Hours of the day in which messages wait, in the campaign's zone; at most 8.
    pub quiet: Vec<QuietDocument>,
    /// How many messages a customer is sent, by all campaigns together; at most 8.
    pub caps: Vec<CapDocument>,
}

/// Hours of the day in which messages wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct QuietDocument {
    /// Their first minute, `HH:MM`.
    pub from: String,
    /// The first minute after them, `HH:MM`; of the next day when it is before `from`.
    pub to: String,
}

/// At most so many messages in so many hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CapDocument {
    /// How many; 1 to 100.
    pub count: u32,
    /// In how many hours; 1 to 8,784.
    pub hours: u32,
}

impl Default for MessageRulesDocument {
    fn default() -> Self {
        Self::of(&MessageRules::default())
    }
}

impl MessageRulesDocument {
    /// Checks the rules.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn read(&self) -> Result<MessageRules, Vec<Problem>> {
        let mut problems = Problems::default();
        let consent = Consent::ALL.into_iter().find(|consent| consent.as_str() == self.consent);
        if consent.is_none() {
            problems.add("/consent", "expected required or unless-refused");
        }
        let mut quiet = Vec::with_capacity(self.quiet.len());
        for (index, document) in self.quiet.iter().enumerate() {
            let from = problems.keep(format!("/quiet/{index}/from"), minute(&document.from));
            let to = problems.keep(format!("/quiet/{index}/to"), minute(&document.to));
            quiet.extend(from.zip(to).map(|(from, to)| Quiet { from, to }));
        }
        let caps = self.caps.iter().map(|cap| FrequencyCap { count: cap.count, hours: cap.hours }).collect();
        let rules = problems.finish(consent.map(|consent| MessageRules { consent, quiet, caps }))?;
        let problems = rules.problems();
        if problems.is_empty() { Ok(rules) } else { Err(problems) }
    }

    /// The document that says these rules.
    #[must_use]
    pub fn of(rules: &MessageRules) -> Self {
        let text = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self {
            consent: rules.consent.as_str().to_owned(),
            quiet: rules
                .quiet
                .iter()
                .map(|quiet| QuietDocument { from: text(quiet.from), to: text(quiet.to) })
                .collect(),
            caps: rules.caps.iter().map(|cap| CapDocument { count: cap.count, hours: cap.hours }).collect(),
        }
    }
}

fn minute(text: &str) -> Result<u16, &'static str> {
    let number = |digits: &str| {
        let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        two.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let read = text.split_once(':').and_then(|(hour, minute)| number(hour).zip(number(minute)));
    let read = read.filter(|(hour, minute)| *hour < 24 && *minute < 60);
    read.map(|(hour, minute)| hour * 60 + minute).ok_or("expected a time of the day such as 22:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_they_are_written() {
        let text = r#"{"consent":"required","quiet":[{"from":"22:00","to":"08:30"}],"caps":[{"count":3,"hours":24}]}"#;
        let document: MessageRulesDocument = serde_json::from_str(text).unwrap();
        let rules = document.read().unwrap();
        assert_eq!(rules.quiet, [Quiet { from: 22 * 60, to: 8 * 60 + 30 }]);
        assert_eq!(serde_json::to_string(&MessageRulesDocument::of(&rules)).unwrap(), text);
        let nothing: MessageRulesDocument = serde_json::from_str("{}").unwrap();
        assert_eq!(nothing.read(), Ok(MessageRules::default()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let bad = |text: &str| {
            let document: MessageRulesDocument = serde_json::from_str(text).unwrap();
            document.read().unwrap_err().into_iter().map(|problem| problem.pointer).collect::<Vec<_>>()
        };
        assert_eq!(bad(r#"{"consent":"maybe"}"#), ["/consent"]);
        assert_eq!(bad(r#"{"quiet":[{"from":"24:00","to":"8:00"}]}"#), ["/quiet/0/from", "/quiet/0/to"]);
        assert_eq!(bad(r#"{"caps":[{"count":0,"hours":24}]}"#), ["/caps/0/count"]);
    }
}

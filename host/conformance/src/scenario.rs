//! A scenario file: a campaign, what is known of customers, events in order, and what each must lead to.

mod expected;
mod ledger;

use std::collections::BTreeMap;

use largesse_documents::nearest::explained;
use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

pub use expected::{
    EnrolledExpected, GrantExpected, MessageExpected, PlacedExpected, RatioExpected, ShareExpected, SumExpected,
    TagExpected, TimerExpected,
};
pub use ledger::{RedeemStep, ReverseStep, SettleStep};

/// What the component under test is called in a step that activates it.
pub const TESTED: &str = "tested";

/// A scenario as it stands in its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in one line.
    pub title: String,
    /// The row of a catalogue of activities that it covers.
    #[serde(default)]
    pub catalogue: Option<String>,
    /// The campaign document without its policy, which is the component under test.
    pub campaign: Spanned<Map<String, Value>>,
    /// The component that the campaign begins with, by the name or path that [`Versions::named`](crate::Versions) finds; the
    /// one under test when absent.
    #[serde(default)]
    pub begins_with: Option<Spanned<String>>,
    /// Event kinds that do not come with the host, each with its schema.
    #[serde(default)]
    pub kinds: BTreeMap<String, Spanned<Value>>,
    /// Terms of units, by unit, as the API takes them; with `stock`, so many pieces arrive.
    #[serde(default)]
    pub units: BTreeMap<String, Spanned<Map<String, Value>>>,
    /// Pockets, by id, as the API takes them.
    #[serde(default)]
    pub pockets: BTreeMap<String, Spanned<Value>>,
    /// Segments, by id, as the API takes them.
    #[serde(default)]
    pub segments: BTreeMap<String, Spanned<Value>>,
    /// Programmes, by id, as the API takes them.
    #[serde(default)]
    pub programmes: BTreeMap<String, Spanned<Value>>,
    /// The rules for messages of all campaigns, as the API takes them; nothing is kept back when absent.
    #[serde(default)]
    pub message_rules: Option<Spanned<Value>>,
    /// Further campaigns, by id: each with its `policy`, by the name or path that [`Versions::named`](crate::Versions) finds.
    #[serde(default)]
    pub campaigns: BTreeMap<String, Spanned<Map<String, Value>>>,
    /// What is known of customers beforehand.
    #[serde(default)]
    pub customers: BTreeMap<String, Spanned<Value>>,
    /// What happens, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Spanned<Step>>,
    /// What each customer holds at the end, by unit, net of what was taken back. Units that are not named are not checked.
    #[serde(default)]
    pub totals: BTreeMap<String, BTreeMap<String, Spanned<u64>>>,
    /// What all that was given comes to, over customers, net of what was taken back.
    #[serde(default)]
    pub sums: Vec<Spanned<SumExpected>>,
}

/// One thing that happens, and what it must lead to. What is not named is not checked. Before an event time passes until its
/// time, and the timers that go off meanwhile count for its step; a step that only lets time pass tells them apart.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// An event arrives.
    #[serde(default)]
    pub event: Option<StepEvent>,
    /// The event arrives so many times: in texts of its id, customer and data `{n}` is the number of the time, from 1.
    #[serde(default)]
    pub times: Option<u32>,
    /// How much later each of them happens than the one before, in seconds.
    #[serde(default)]
    pub every_seconds: u32,
    /// Something is used out of a wallet.
    #[serde(default)]
    pub redeem: Option<RedeemStep>,
    /// A redemption is committed, released or reversed.
    #[serde(default)]
    pub settle: Option<SettleStep>,
    /// Somebody takes back what an event gave, or a grant.
    #[serde(default)]
    pub reverse: Option<ReverseStep>,
    /// The policy is asked a question.
    #[serde(default)]
    pub quote: Option<QuoteStep>,
    /// The operator has a campaign start, pause, resume or end.
    #[serde(default)]
    pub command: Option<String>,
    /// The operator makes another campaign, or changes it, and starts it.
    #[serde(default)]
    pub apply: Option<ApplyStep>,
    /// Somebody looks what is on.
    #[serde(default)]
    pub calendar: Option<CalendarStep>,
    /// Which campaign a command is for; the one under test when absent.
    #[serde(default)]
    pub campaign: Option<String>,
    /// Another component shall decide from now on: [`TESTED`], or one by the name or path that
    /// [`Versions::named`](crate::Versions) finds. It may come with `params` of its own.
    #[serde(default)]
    pub activate: Option<String>,
    /// The operator changes the parameters.
    #[serde(default)]
    pub params: Option<Map<String, Value>>,
    /// From which event time on the changed parameters apply; the time of the last event when absent.
    #[serde(default)]
    pub effective_from: Option<String>,
    /// Time passes until then, in RFC 3339: timers that are due go off, each at its own time.
    #[serde(default)]
    pub advance: Option<String>,
    /// Exactly these grants were given, in any order.
    #[serde(default)]
    pub grants: Option<Vec<GrantExpected>>,
    /// Exactly this was taken back, in any order.
    #[serde(default)]
    pub revoked: Option<Vec<GrantExpected>>,
    /// The policy refused with this code.
    #[serde(default)]
    pub refused: Option<String>,
    /// The host denied the decision for this reason.
    #[serde(default)]
    pub denied: Option<String>,
    /// Exactly these reasons of effects left out, in any order.
    #[serde(default)]
    pub skipped: Option<Vec<String>>,
    /// Exactly these tags were set or taken, in any order.
    #[serde(default)]
    pub tags: Option<Vec<TagExpected>>,
    /// Exactly these messages were sent, in any order: templates, or what of a message matters.
    #[serde(default)]
    pub messages: Option<Vec<MessageExpected>>,
    /// Exactly these timers were set, in any order.
    #[serde(default)]
    pub timers: Option<Vec<TimerExpected>>,
    /// Exactly these timers were dropped by the policy, by name and in any order.
    #[serde(default)]
    pub cancelled: Option<Vec<String>>,
    /// Exactly this was reserved out of wallets, in any order.
    #[serde(default)]
    pub reserved: Option<Vec<GrantExpected>>,
    /// Exactly this was committed of what was held, grants and reservations, in any order.
    #[serde(default)]
    pub committed: Option<Vec<GrantExpected>>,
    /// Exactly this was released of what was held, in any order.
    #[serde(default)]
    pub released: Option<Vec<GrantExpected>>,
    /// The answer to the question; fields that are not named are not checked.
    #[serde(default)]
    pub answer: Option<Map<String, Value>>,
    /// The campaign, or the event, was refused for problems at exactly these places, in any order.
    #[serde(default)]
    pub problems: Option<Vec<String>>,
    /// What is on: exactly these local days and campaigns, such as `2025-01-03 fridays`, in order.
    #[serde(default)]
    pub entries: Option<Vec<String>>,
    /// Exactly these moves within programmes were made, in any order.
    #[serde(default)]
    pub placed: Option<Vec<PlacedExpected>>,
    /// Exactly these weights in pools were set, in any order.
    #[serde(default)]
    pub shares: Option<Vec<ShareExpected>>,
    /// Exactly these customers were handed on, in any order.
    #[serde(default)]
    pub enrolled: Option<Vec<EnrolledExpected>>,
    /// What the campaign under test has counted after the step, by measure, or measure and label with a slash between. What is not
    /// named is not checked.
    #[serde(default)]
    pub measures: BTreeMap<String, u64>,
    /// What counts of the campaign under test are of others, after the step.
    #[serde(default)]
    pub ratios: Vec<RatioExpected>,
    /// What the grants of the step come to, over customers.
    #[serde(default)]
    pub sums: Vec<SumExpected>,
    /// Where customers stand after the step, by customer and programme; an empty text for nowhere.
    #[serde(default)]
    pub standings: BTreeMap<String, BTreeMap<String, String>>,
    /// What customers can use after the step, by customer and unit. Units that are not named are not checked.
    #[serde(default)]
    pub balances: BTreeMap<String, BTreeMap<String, u64>>,
    /// What is kept of owners, customers or entities, after the step. Fields that are null are left out here.
    #[serde(default)]
    pub states: BTreeMap<String, Value>,
}

/// An event in short form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepEvent {
    /// Its identifier; `step-<number>` when absent. The same event twice is sent twice.
    #[serde(default)]
    pub id: Option<String>,
    /// Its kind.
    pub kind: String,
    /// Who acted.
    pub customer: String,
    /// When, in RFC 3339. The scenario's clock never goes back: an earlier event is a late one.
    pub time: String,
    /// Its data.
    #[serde(default)]
    pub data: Map<String, Value>,
}

/// A campaign that is made and started while the scenario runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplyStep {
    /// Its id.
    pub id: String,
    /// What differs from the campaign under test: fields of a campaign document. Its `policy` is a name or path that
    /// [`Versions::named`](crate::Versions) finds; the component under test when absent.
    #[serde(default)]
    pub with: Map<String, Value>,
}

/// Somebody looks what is on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarStep {
    /// For whom; everybody when absent.
    #[serde(default)]
    pub customer: Option<String>,
    /// The first local day, such as `2025-01-01`.
    pub from: String,
    /// The last local day.
    pub to: String,
}

/// A question to a policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteStep {
    /// Whom; the campaign under test when absent.
    #[serde(default)]
    pub campaign: Option<String>,
    /// Who asks.
    pub customer: String,
    /// Which question.
    pub question: String,
    /// With what.
    #[serde(default)]
    pub data: Map<String, Value>,
    /// When, in RFC 3339; now when absent.
    #[serde(default)]
    pub time: Option<String>,
}

/// A file that is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// It does not read.
    #[error("{message}")]
    Syntax {
        /// Where, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A step does nothing, or two things.
    #[error(
        "a step has one of event, activate, params, advance, redeem, settle, reverse, quote, command, apply and calendar"
    )]
    Step {
        /// Where, from 1.
        line: usize,
    },
}

impl ScenarioError {
    /// Where, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        match self {
            Self::Syntax { line, .. } | Self::Step { line } => *line,
        }
    }
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// What is wrong with it, with its line.
    pub fn read(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| ScenarioError::Syntax {
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            message: explained(error.message()),
        })?;
        for step in &scenario.steps {
            let step_of = step.get_ref();
            let Step { event, activate, params, advance, redeem, settle, reverse, .. } = step_of;
            let Step { quote, command, apply, calendar, .. } = step_of;
            // Parameters may come with the version that they are for.
            let sets = params.is_some() && activate.is_none();
            let asks = [redeem.is_some(), settle.is_some(), reverse.is_some(), quote.is_some(), command.is_some()];
            let operates = [apply.is_some(), calendar.is_some()];
            let does = [event.is_some(), activate.is_some(), sets, advance.is_some()];
            let asks = asks.into_iter().chain(operates);
            if does.into_iter().chain(asks).filter(|does| *does).count() != 1 {
                return Err(ScenarioError::Step { line: line_of(text, step.span().start) });
            }
        }
        Ok(scenario)
    }
}

/// The line, from 1, of a byte offset.
#[must_use]
pub fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "title = \"t\"\n[campaign]\ncurrency = \"CNY\"\n";

    #[test]
    fn errors_name_their_line() {
        let typo = format!("{HEAD}[[step]]\nevnt = {{}}\n");
        let error = Scenario::read(&typo).unwrap_err();
        assert!(error.line() == 5 && error.to_string().contains("evnt"), "{error:?}");
        let empty = format!("{HEAD}\n[[step]]\n");
        let error = Scenario::read(&empty).unwrap_err();
        assert_eq!(
            (error.line(), error.to_string().as_str()),
            (
                5,
                "a step has one of event, activate, params, advance, redeem, settle, reverse, quote, command, apply and calendar"
            )
        );
    }
}

//! What an operator sets.

use largesse_sdk::{Problem, no_problems};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::operation::Operation;

/// The parameters of a campaign that keeps investors in the stages of their lives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The programme; it has the tiers active, pre-churn, dormant and churned.
    #[serde(default = "programme")]
    pub programme: String,
    /// So many days after the last repayment whoever has neither invested nor any assets left is churned; 30 when absent.
    #[serde(default = "quiet_days")]
    pub quiet_days: u32,
    /// So many days later whoever has assets left is looked at: with an operation meanwhile on the way out, without one dormant. Who is
    /// on the way out is looked at again every so many days.
    pub warn_days: u32,
    /// What counts as an operation; everything when absent.
    #[serde(default = "operations")]
    pub operations: Vec<Operation>,
    /// Whether the days are counted again from an investment. Otherwise whoever invests once more and then falls silent is active until the
    /// next repayment.
    #[serde(default)]
    pub warn_even_if_invested: bool,
    /// What is sent to those who are on the way out, once for each time that days are counted.
    #[serde(default)]
    pub warning: Option<Warning>,
}

/// What is sent to those who are on the way out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// The template.
    pub template: String,
    /// The channels, in order of preference.
    #[serde(default)]
    pub channels: Vec<String>,
}

fn programme() -> String {
    "lifecycle".to_owned()
}

fn quiet_days() -> u32 {
    30
}

fn operations() -> Vec<Operation> {
    Operation::ALL.to_vec()
}

impl Params {
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        let mut unless = |fine: bool, pointer: &str, message: &str| {
            if !fine {
                problems.push(Problem::new(pointer, message));
            }
        };
        let slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let programme = (1..=64).contains(&self.programme.len()) && self.programme.bytes().all(slug);
        unless(programme, "/programme", "expected 1 to 64 of a-z, 0-9 and -");
        unless((1..=3_650).contains(&self.quiet_days), "/quiet_days", "expected 1 to 3650 days");
        unless((1..=3_650).contains(&self.warn_days), "/warn_days", "expected 1 to 3650 days");
        unless(!self.operations.is_empty(), "/operations", "without an operation nobody is ever on the way out");
        if let Some(Warning { template, channels }) = &self.warning {
            let key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-');
            let fits = (1..=128).contains(&template.len()) && template.bytes().all(key);
            unless(fits, "/warning/template", "expected 1 to 128 of A-Z, a-z, 0-9, ., _, :, / and -");
            let channel =
                |one: &String| (1..=64).contains(&one.len()) && one.bytes().all(|byte| byte.is_ascii_graphic());
            let fits = channels.len() <= 8 && channels.iter().all(channel);
            unless(fits, "/warning/channels", "expected at most 8 channels without spaces");
        }
        no_problems(problems)
    }
}

//! What an operator sets.

use largesse_sdk::{Channel, Slug, Template};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::operation::Operation;

/// Longest of what is counted in days.
const DAYS_MAX: u32 = 3_650;

/// The parameters of a campaign that keeps investors in the stages of their lives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The programme; it has the tiers active, pre-churn, dormant and churned.
    #[serde(default = "programme")]
    pub programme: Slug,
    /// So many days after the last repayment whoever has neither invested nor any assets left is churned; 30 when absent.
    #[serde(default = "quiet_days")]
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub quiet_days: u32,
    /// So many days later whoever has assets left is looked at: with an operation meanwhile on the way out, without one dormant. Who is
    /// on the way out is looked at again every so many days.
    #[schemars(range(min = 1, max = DAYS_MAX))]
    pub warn_days: u32,
    /// What counts as an operation; everything when absent.
    #[serde(default = "operations")]
    #[schemars(length(min = 1))]
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
    pub template: Template,
    /// The channels, in order of preference.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub channels: Vec<Channel>,
}

fn programme() -> Slug {
    Slug::new("lifecycle")
}

fn quiet_days() -> u32 {
    30
}

fn operations() -> Vec<Operation> {
    Operation::ALL.to_vec()
}

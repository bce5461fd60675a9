//! Cost gates, as a campaign document and the store say them.

use largesse_domain::gate::{Gate, GatePeriod, GateRule};
use largesse_domain::limits::{BASIS_POINTS_MAX, GATE_RULES_MAX};
use largesse_domain::unit::Quantity;
use serde::{Deserialize, Serialize};

use crate::problem::Problems;

/// What one customer may cost at most, by the limits for each customer and the costs of their units. Checked when the campaign
/// starts or is changed after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GateDocument {
    /// In a period no more than the profit on what they hold.
    Profit(ProfitDocument),
    /// In all no more than winning a customer may cost.
    Acquisition(AcquisitionDocument),
    /// In all less than what is left of their value.
    Ltv(LtvDocument),
    /// As one of these allows; 1 to 8.
    AnyOf(Vec<GateRuleDocument>),
}

/// One rule of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GateRuleDocument {
    /// In a period no more than the profit on what they hold.
    Profit(ProfitDocument),
    /// In all no more than winning a customer may cost.
    Acquisition(AcquisitionDocument),
    /// In all less than what is left of their value.
    Ltv(LtvDocument),
}

/// The profit on what a customer holds, rounded to the nearest minor unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProfitDocument {
    /// What they hold, in minor units of the campaign's currency; 0 to 10^15.
    pub holding: u64,
    /// What it earns in a year, in basis points; 0 to 10,000.
    pub rate_basis_points: u32,
    /// In which period they may cost as much as it earns.
    pub per: GatePeriodWord,
}

/// A period that a profit is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GatePeriodWord {
    /// A calendar month: a twelfth of a year's profit.
    Month,
    /// A calendar year.
    Year,
}

/// What winning a customer may cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AcquisitionDocument {
    /// In minor units of the campaign's currency; 0 to 10^15.
    pub most: u64,
}

/// What is left of a customer's value: it must be more than all that they cost. In minor units of the campaign's currency; each 0 to 10^15.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LtvDocument {
    /// What they bring over their life.
    pub ltv: u64,
    /// What winning them costs.
    pub cac: u64,
    /// What keeping them costs.
    pub coc: u64,
}

impl GateDocument {
    /// The words of its rules.
    #[must_use]
    pub fn words(&self) -> Vec<&'static str> {
        let rules = match self {
            Self::AnyOf(rules) => rules.clone(),
            Self::Profit(rule) => vec![GateRuleDocument::Profit(rule.clone())],
            Self::Acquisition(rule) => vec![GateRuleDocument::Acquisition(rule.clone())],
            Self::Ltv(rule) => vec![GateRuleDocument::Ltv(rule.clone())],
        };
        let word = |rule: &GateRuleDocument| match rule {
            GateRuleDocument::Profit(_) => "profit",
            GateRuleDocument::Acquisition(_) => "acquisition",
            GateRuleDocument::Ltv(_) => "ltv",
        };
        rules.iter().map(word).collect()
    }

    pub(crate) fn read(&self, problems: &mut Problems) -> Option<Gate> {
        let one = |rule: Option<GateRule>| rule.map(|rule| Gate { any_of: vec![rule] });
        match self {
            Self::Profit(rule) => one(rule.read("/gate/profit", problems)),
            Self::Acquisition(rule) => one(rule.read("/gate/acquisition", problems)),
            Self::Ltv(rule) => one(rule.read("/gate/ltv", problems)),
            Self::AnyOf(rules) => {
                if !(1..=GATE_RULES_MAX).contains(&rules.len()) {
                    problems.add("/gate/any_of", format!("expected 1 to {GATE_RULES_MAX} rules"));
                    return None;
                }
                let read = |(index, rule): (usize, &GateRuleDocument)| {
                    let pointer = |word: &str| format!("/gate/any_of/{index}/{word}");
                    match rule {
                        GateRuleDocument::Profit(rule) => rule.read(&pointer("profit"), problems),
                        GateRuleDocument::Acquisition(rule) => rule.read(&pointer("acquisition"), problems),
                        GateRuleDocument::Ltv(rule) => rule.read(&pointer("ltv"), problems),
                    }
                };
                let read: Vec<_> = rules.iter().enumerate().map(read).collect();
                read.into_iter().collect::<Option<_>>().map(|any_of| Gate { any_of })
            }
        }
    }
}

fn money((pointer, field): (&str, &str), value: u64, problems: &mut Problems) -> Option<Quantity> {
    problems.keep(format!("{pointer}/{field}"), Quantity::new(value))
}

impl ProfitDocument {
    fn read(&self, pointer: &str, problems: &mut Problems) -> Option<GateRule> {
        let holding = money((pointer, "holding"), self.holding, problems);
        if self.rate_basis_points > BASIS_POINTS_MAX {
            problems.add(format!("{pointer}/rate_basis_points"), format!("expected 0 to {BASIS_POINTS_MAX}"));
        }
        let per = match self.per {
            GatePeriodWord::Month => GatePeriod::Month,
            GatePeriodWord::Year => GatePeriod::Year,
        };
        Some(GateRule::Profit { holding: holding?, rate_basis_points: self.rate_basis_points, per })
    }
}

impl AcquisitionDocument {
    fn read(&self, pointer: &str, problems: &mut Problems) -> Option<GateRule> {
        Some(GateRule::Acquisition { most: money((pointer, "most"), self.most, problems)? })
    }
}

impl LtvDocument {
    fn read(&self, pointer: &str, problems: &mut Problems) -> Option<GateRule> {
        let fields = [("ltv", self.ltv), ("cac", self.cac), ("coc", self.coc)];
        let [ltv, cac, coc] = fields.map(|(field, value)| money((pointer, field), value, problems));
        Some(GateRule::Ltv { ltv: ltv?, cac: cac?, coc: coc? })
    }
}

impl From<&Gate> for GateDocument {
    fn from(gate: &Gate) -> Self {
        let mut rules: Vec<GateRuleDocument> = gate.any_of.iter().map(Into::into).collect();
        match (rules.len(), rules.pop()) {
            (1, Some(GateRuleDocument::Profit(rule))) => Self::Profit(rule),
            (1, Some(GateRuleDocument::Acquisition(rule))) => Self::Acquisition(rule),
            (1, Some(GateRuleDocument::Ltv(rule))) => Self::Ltv(rule),
            (_, last) => {
                rules.extend(last);
                Self::AnyOf(rules)
            }
        }
    }
}

impl From<&GateRule> for GateRuleDocument {
    fn from(rule: &GateRule) -> Self {
        match *rule {
            GateRule::Profit { holding, rate_basis_points, per } => {
                let per = match per {
                    GatePeriod::Month => GatePeriodWord::Month,
                    GatePeriod::Year => GatePeriodWord::Year,
                };
                Self::Profit(ProfitDocument { holding: holding.get(), rate_basis_points, per })
            }
            GateRule::Acquisition { most } => Self::Acquisition(AcquisitionDocument { most: most.get() }),
            GateRule::Ltv { ltv, cac, coc } => {
                let [ltv, cac, coc] = [ltv, cac, coc].map(Quantity::get);
                Self::Ltv(LtvDocument { ltv, cac, coc })
            }
        }
    }
}

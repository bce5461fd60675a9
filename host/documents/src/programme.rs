//! Programmes and pools as operators write them, and what campaigns count.

use std::collections::BTreeMap;

use largesse_domain::id::{CampaignId, ProgrammeId, TierName};
use largesse_domain::limits::{POOLS_MAX, TIERS_MAX};
use largesse_domain::measure::Measures;
use largesse_domain::pool::Pool;
use largesse_domain::problem::Problem;
use largesse_domain::programme::Programme;
use largesse_domain::time::Instant;
use largesse_domain::unit::{Currency, Quantity, Unit, UnitClass};
use serde::{Deserialize, Serialize};

use crate::problem::{Problems, step};
use crate::terms::texts;
use crate::time::{instant_text, read_instant};

/// A programme: tiers of a membership, stages of a life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProgrammeDocument {
    /// For people.
    #[serde(default)]
    pub title: String,
    /// The tiers, the lowest first.
    pub tiers: Vec<String>,
    /// Which tiers may follow on a tier. On one that is not named any may.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moves: BTreeMap<String, Vec<String>>,
}

impl ProgrammeDocument {
    /// Checks a programme.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self, id: ProgrammeId) -> Result<Programme, Vec<Problem>> {
        let mut problems = Problems::default();
        let tiers: Vec<TierName> = problems.keep_all("/tiers", &self.tiers);
        if self.tiers.is_empty() || self.tiers.len() > TIERS_MAX {
            problems.add("/tiers", format!("expected 1 to {TIERS_MAX} tiers"));
        }
        for (index, tier) in self.tiers.iter().enumerate() {
            if self.tiers[..index].contains(tier) {
                problems.add(format!("/tiers/{index}"), format!("{tier} stands there twice"));
            }
        }
        let mut moves = BTreeMap::new();
        for (from, next) in &self.moves {
            let pointer = format!("/moves/{}", step(from));
            for tier in std::iter::once(from).chain(next).filter(|tier| !self.tiers.contains(tier)) {
                problems.add(&pointer, format!("{tier} is no tier of the programme"));
            }
            let next: Vec<TierName> = problems.keep_all(&pointer, next);
            if let Ok(from) = from.parse() {
                moves.insert(from, next.into_iter().collect());
            }
        }
        problems.finish(Some(Programme { id, title: self.title.clone(), tiers, moves }))
    }

    /// The document that says this programme.
    #[must_use]
    pub fn of(programme: &Programme) -> Self {
        let moves = programme.moves.iter();
        Self {
            title: programme.title.clone(),
            tiers: texts(&programme.tiers),
            moves: moves
                .map(|(from, next)| (from.to_string(), next.iter().map(ToString::to_string).collect()))
                .collect(),
        }
    }
}

/// A programme as it goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgrammeView {
    /// Its id.
    pub id: String,
    /// What it is.
    #[serde(flatten)]
    pub document: ProgrammeDocument,
}

impl ProgrammeView {
    /// The programme as it goes out.
    #[must_use]
    pub fn of(programme: &Programme) -> Self {
        Self { id: programme.id.to_string(), document: ProgrammeDocument::of(programme) }
    }
}

/// An amount that a campaign shares out by weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PoolDocument {
    /// Its id in the campaign.
    pub id: String,
    /// Of what.
    pub unit: String,
    /// How much: all of it is shared out, unless nobody weighs anything.
    pub total: u64,
    /// When. Weights are set before.
    pub settles: String,
}

impl From<&Pool> for PoolDocument {
    fn from(pool: &Pool) -> Self {
        Self {
            id: pool.id.to_string(),
            unit: pool.unit.to_string(),
            total: pool.total.get(),
            settles: instant_text(pool.settles),
        }
    }
}

impl PoolDocument {
    pub(crate) fn read(&self, pointer: &str, currency: Option<Currency>, problems: &mut Problems) -> Option<Pool> {
        let id = problems.keep(format!("{pointer}/id"), self.id.parse());
        let unit = problems.keep(format!("{pointer}/unit"), self.unit.parse::<Unit>());
        let shared = |unit: &Unit| !matches!(unit.class(), UnitClass::CreditLimit | UnitClass::RateBoost);
        if let Some(unit) = unit.as_ref().filter(|unit| !shared(unit)) {
            problems.add(format!("{pointer}/unit"), format!("{unit} is not shared out"));
        }
        if let (Some(own), Some(currency)) = (unit.as_ref().and_then(Unit::currency), currency)
            && own != currency
        {
            problems.add(format!("{pointer}/unit"), format!("not in the campaign's currency, {currency}"));
        }
        let total = problems.keep(format!("{pointer}/total"), Quantity::new(self.total));
        if self.total == 0 {
            problems.add(format!("{pointer}/total"), "expected at least 1");
        }
        let settles = problems.keep(format!("{pointer}/settles"), read_instant(&self.settles));
        Some(Pool { id: id?, unit: unit?, total: total?, settles: settles? })
    }
}

/// The pools of a campaign, as far as they are right.
pub(crate) fn read_pools(
    documents: &[PoolDocument],
    (currency, opens, over): (Option<Currency>, Option<Instant>, Option<Instant>),
    problems: &mut Problems,
) -> Vec<Pool> {
    if documents.len() > POOLS_MAX {
        problems.add("/pools", format!("more than {POOLS_MAX} pools"));
    }
    let mut pools: Vec<Pool> = Vec::with_capacity(documents.len());
    for (index, document) in documents.iter().enumerate() {
        let pointer = format!("/pools/{index}");
        let Some(pool) = document.read(&pointer, currency, problems) else { continue };
        if pools.iter().any(|other| other.id == pool.id) {
            problems.add(&pointer, format!("a second pool {}", pool.id));
        }
        if opens.is_some_and(|opens| pool.settles <= opens) || over.is_some_and(|over| pool.settles > over) {
            problems.add(
                format!("{pointer}/settles"),
                "a pool settles after its campaign opens and before its closing ends",
            );
        }
        pools.push(pool);
    }
    pools
}

/// What a campaign counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeasuresView {
    /// The campaign.
    pub campaign: String,
    /// By measure and then by label.
    pub items: Vec<MeasureView>,
}

/// One count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeasureView {
    /// The measure.
    pub measure: String,
    /// What of it; may be empty.
    pub label: String,
    /// How much.
    pub count: u64,
}

impl MeasuresView {
    /// The counts as they go out.
    #[must_use]
    pub fn of(campaign: &CampaignId, measures: &Measures) -> Self {
        let item = |((name, label), count): (&(_, String), &Quantity)| {
            let name: &largesse_domain::id::MeasureName = name;
            MeasureView { measure: name.to_string(), label: label.clone(), count: count.get() }
        };
        Self { campaign: campaign.to_string(), items: measures.0.iter().map(item).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(document: &str) -> Vec<String> {
        let document: ProgrammeDocument = serde_json::from_str(document).unwrap();
        let problems = document.read("member".parse().unwrap()).unwrap_err();
        problems.into_iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn a_programme_is_read_and_written_back() {
        let text = r#"{"title":"Life","tiers":["active","dormant","churned"],"moves":{"churned":["active"]}}"#;
        let document: ProgrammeDocument = serde_json::from_str(text).unwrap();
        let programme = document.read("life".parse().unwrap()).unwrap();
        assert_eq!(ProgrammeDocument::of(&programme), document);
    }

    #[test]
    fn what_is_wrong_with_a_programme_is_named() {
        assert_eq!(pointers(r#"{"tiers":[]}"#), ["/tiers"]);
        assert_eq!(pointers(r#"{"tiers":["gold","gold"]}"#), ["/tiers/1"]);
        assert_eq!(pointers(r#"{"tiers":["Gold"]}"#), ["/tiers/0"]);
        assert_eq!(pointers(r#"{"tiers":["a"],"moves":{"a":["b"]}}"#), ["/moves/a"]);
    }
}

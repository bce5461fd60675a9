//! The campaign and the event kinds that a policy is tried with.

use std::collections::BTreeMap;

use largesse_documents::CampaignDocument;
use largesse_domain::activation::Activations;
use largesse_domain::campaign::{Campaign, Revision};
use largesse_domain::case::Case;
use largesse_domain::catalogue::Catalogue;
use largesse_domain::decision::Fault;
use largesse_domain::effect::Proposal;
use largesse_domain::id::{DecisionId, Digest, EventKind};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::limits::INVITER_DISTANCE_MAX;
use largesse_domain::policy::Manifest;
use largesse_domain::problem::Problem;
use largesse_domain::validate::validate;
use largesse_service::kinds::{KindRules, Kinds};
use largesse_service::zone::Zone;
use largesse_service::{bundled, fit};
use serde_json::{Value, json};

use super::inputs::Situation;

/// The zone of the campaign: one whose days are not those of UTC.
const ZONE: &str = "Asia/Shanghai";

/// An event kind that is known.
pub(super) struct Kind {
    pub(super) schema: Value,
    pub(super) rules: KindRules,
}

/// The campaign and the kinds.
pub(super) struct Stage {
    pub(super) campaign: Campaign,
    pub(super) zone: Zone,
    catalogue: Catalogue,
    kinds: Kinds,
    known: BTreeMap<EventKind, Kind>,
}

impl Stage {
    /// The bundled kinds and these others, and a campaign in this currency.
    ///
    /// # Errors
    /// What is wrong with a kind's schema.
    pub(super) fn new(others: &[largesse_service::Kind], currency: &str) -> Result<Self, String> {
        let mut kinds = Kinds::default();
        let mut known = BTreeMap::new();
        for kind in bundled::kinds().into_iter().chain(others.iter().cloned()) {
            let name = kind.kind.clone();
            let told = |problem: Problem| format!("the schema of {name}: {} {}", problem.pointer, problem.message);
            let schema: Value =
                serde_json::from_str(kind.schema.as_str()).map_err(|error| format!("the schema of {name}: {error}"))?;
            let rules = KindRules::new(name.clone(), &schema).map_err(told)?;
            known.insert(name.clone(), Kind { schema, rules });
            kinds.insert(kind).map_err(told)?;
        }
        let document = json!({
            "policy": "checked", "currency": currency, "time_zone": ZONE, "opens": "2026-01-01T00:00:00+08:00",
        });
        let document: CampaignDocument = serde_json::from_value(document).map_err(|error| error.to_string())?;
        let spec = document.read().map_err(|problems| format!("{problems:?}"))?;
        let opens = spec.settings.opens;
        let digest = Digest::from_bytes([0; 32]);
        let campaign = Campaign {
            id: "check".parse().expect("letters are a campaign's id"),
            version: 1,
            lifecycle: Lifecycle::Running,
            settings: spec.settings,
            revisions: vec![Revision { number: 1, effective_from: opens, params: Json::empty_object() }],
            activations: Activations::first(digest, vec![1], opens),
            rollout: None,
            rollouts: 0,
        };
        let zone = Zone::new(ZONE).expect("the zone is in the bundled data base");
        Ok(Self { campaign, zone, catalogue: Catalogue::default(), kinds, known })
    }

    /// What is known of a kind.
    pub(super) fn kind(&self, kind: &EventKind) -> Option<&Kind> {
        self.known.get(kind)
    }

    /// What of the manifest does not fit the kinds.
    pub(super) fn misfits(&self, manifest: &Manifest) -> Vec<Problem> {
        fit::problems(&self.campaign.settings, manifest, (&self.kinds, INVITER_DISTANCE_MAX))
    }

    /// Checks a proposal as the host does.
    ///
    /// # Errors
    /// The fault that it is.
    pub(super) fn validate(&self, manifest: &Manifest, of: &Situation, proposal: &Proposal) -> Result<(), Fault> {
        let occurred = of.input.event.occurred;
        let case = Case {
            campaign: &self.campaign,
            catalogue: &self.catalogue,
            manifest,
            input: &of.input,
            about: of.about.as_ref(),
            decision: DecisionId(1),
            takes_on: &|_| true,
            made: of.input.now,
            resolve: &|when| self.zone.resolve(when, occurred),
        };
        validate(&case, proposal)
    }
}

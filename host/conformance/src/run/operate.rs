//! What an operator does in a scenario with the campaign under test, and with others.

use largesse_documents::rollout::ActivationDocument;
use largesse_documents::{CampaignDocument, from_value};
use largesse_domain::activation::ActivationCause;
use largesse_domain::id::{CampaignId, InvalidId};
use largesse_domain::lifecycle::{Command, Lifecycle};
use largesse_domain::problem::Problem;
use largesse_service::ChangeError;
use largesse_service::commands::VersionOrder;
use largesse_service::pipeline::{ControlError, Precondition};
use serde_json::{Map, Value};

use super::{Runner, chain, listed, said};
use crate::scenario::{ApplyStep, Step};

impl Runner<'_> {
    /// Makes another campaign or changes it, and starts it when it has not been; gives where it is wrong.
    pub(super) async fn make(&self, apply: &ApplyStep) -> Result<Vec<String>, String> {
        let campaign: CampaignId = apply.id.parse().map_err(|error: InvalidId| error.to_string())?;
        let mut document = self.document.clone();
        document.extend(apply.with.clone());
        let policy = match apply.with.get("policy").and_then(Value::as_str) {
            Some(name) => self.publish(name).await?,
            None => self.tested,
        };
        document.insert("policy".into(), policy.to_string().into());
        let places = |problems: Vec<Problem>| problems.into_iter().map(|problem| problem.pointer).collect();
        let document: CampaignDocument =
            from_value(document.into()).map_err(|problem| format!("apply: {}", listed(&[problem])))?;
        let spec = match document.read() {
            Ok(spec) => spec,
            Err(problems) => return Ok(places(problems)),
        };
        let version = self.service.registry().campaign(&campaign).map(|active| active.campaign.version);
        let precondition = version.map_or(Precondition::Absent, Precondition::Version);
        let made = match self.service.apply(campaign.clone(), spec, precondition).await {
            Ok((made, _)) if made.lifecycle == Lifecycle::Draft => {
                self.service.command(campaign, Command::Start, Precondition::None).await.map(drop)
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        match made {
            Ok(()) => Ok(Vec::new()),
            Err(ChangeError::Control(ControlError::Problems(problems))) => Ok(places(problems)),
            Err(error) => Err(chain(&error)),
        }
    }

    /// Lets another component decide, as an operator would.
    pub(super) async fn activate(&self, name: &str, step: &Step) -> Result<(), String> {
        let document = ActivationDocument {
            policy: self.publish(name).await?.to_string(),
            params: step.params.clone(),
            effective_from: step.effective_from.clone(),
            ..ActivationDocument::default()
        };
        let spec = document.read().map_err(|problems| format!("activate: {}", listed(&problems)))?;
        let order = VersionOrder::Activate(spec, ActivationCause::Chosen);
        let ordered = self.service.order(&self.campaign, order, Precondition::None, false).await;
        ordered.map(drop).map_err(|error| format!("{name} is not activated: {}", said(&error)))
    }

    pub(super) async fn set_params(
        &self,
        params: &Map<String, Value>,
        effective_from: Option<&String>,
    ) -> Result<(), String> {
        let mut document = self.document.clone();
        document.insert("params".into(), params.clone().into());
        if let Some(effective_from) = effective_from {
            document.insert("effective_from".into(), effective_from.clone().into());
        }
        let registry = self.service.registry();
        let campaign = &registry.campaign(&self.campaign).ok_or("the campaign is gone")?.campaign;
        let precondition = Precondition::Version(campaign.version);
        self.apply(&self.campaign, document, campaign.activations.active.policy, precondition).await.map(drop)
    }
}

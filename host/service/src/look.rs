//! Campaigns looked at: what of them does not go together, before they start and while they run.

use std::collections::BTreeSet;
use std::sync::Arc;

use largesse_documents::{CampaignSpec, DerivedView, Severity};
use largesse_domain::campaign::{Campaign, Settings};
use largesse_domain::catalogue::Catalogue;
use largesse_domain::id::CampaignId;
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::limits::INVITER_DISTANCE_MAX;
use largesse_domain::policy::Offer;
use largesse_domain::problem::Problem;
use largesse_domain::segment::Audience;
use largesse_engine::{LoadedPolicy, Workers};

use crate::kinds::Kinds;
use crate::lint::{Around, Code, Finding, Subject};
use crate::pipeline::ControlError;
use crate::registry::{Published, Registry};
use crate::segment::Rule;
use crate::{ChangeError, Service, fit};

/// What was found about a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// What does not go together, the errors first.
    pub findings: Vec<Finding>,
    /// What its document leaves out because its policy and its parameters say it.
    pub derived: DerivedView,
}

/// A campaign's document, as far as it is looked at.
#[derive(Clone, Copy)]
struct Document<'a> {
    id: &'a CampaignId,
    settings: &'a Settings,
    params: &'a Json,
    /// What the policy says that it gives.
    offers: &'a [Offer],
}

impl Service {
    /// Looks at a campaign as it is. What the policy itself says that it gives counts when the policy is loaded.
    ///
    /// # Errors
    /// When the host has too much to do.
    pub async fn look_at(&self, campaign: &Campaign) -> Result<Looked, ChangeError> {
        let registry = self.registry();
        let Some(published) = registry.policy(&campaign.activations.active.policy) else {
            return Ok(Looked::default());
        };
        let params = &campaign.latest().params;
        let offers = self.offers(published, params).await?;
        let document = Document { id: &campaign.id, settings: &campaign.settings, params, offers: &offers };
        let mut looked = self.look(document, published, &registry);
        if campaign.lifecycle == Lifecycle::Draft {
            let (manifest, catalogue) = (published.manifest(), &registry.catalogue);
            let missing = fit::problems_at_start(&campaign.settings, manifest, catalogue, params);
            drop(looked.findings.splice(0..0, missing.into_iter().map(Finding::not_ready)));
        }
        if let Some(stop) = registry.stops.get(&published.policy.digest) {
            let message = format!("the version is stopped: {}; activate another one, or allow it again", stop.reason);
            let code = Code::VersionStopped;
            looked.findings.insert(0, Finding { code, severity: Severity::Error, pointer: "/policy".into(), message });
        }
        Ok(looked)
    }

    /// Looks at a document before it is applied: all that would keep it from being applied and started, and what would not be given.
    ///
    /// # Errors
    /// When its policy is not published, or the host has too much to do.
    pub async fn check_campaign(&self, id: &CampaignId, spec: &CampaignSpec) -> Result<Looked, ChangeError> {
        let published = self.find(&spec.policy)?;
        let loaded = self.loaded(&published).await?;
        let registry = self.registry();
        let (settings, manifest) = (&spec.settings, published.manifest());
        let (workers, params) = (Arc::clone(&self.workers), spec.params.clone());
        let read = self.changes.run(move || fit::read_params(&loaded, &params, &workers)).await?;
        let mut problems = fit::problems(settings, manifest, registry.fits());
        problems.extend(fit::unknown_names(settings, &registry.catalogue));
        problems.extend(fit::stacking_problems(id, settings, &registry));
        if let Audience::Where(condition) = &settings.audience {
            problems.extend(fit::condition_problem("/audience/where", condition));
        }
        problems.extend(fit::problems_at_start(settings, manifest, &registry.catalogue, &spec.params));
        let offers = read.unwrap_or_else(|found| {
            problems.extend(found);
            Vec::new()
        });
        let document = Document { id, settings, params: &spec.params, offers: &offers };
        let mut looked = self.look(document, &published, &registry);
        drop(looked.findings.splice(0..0, problems.into_iter().map(Finding::not_ready)));
        Ok(looked)
    }

    /// What in a document keeps a campaign from giving, for certain.
    pub(crate) fn lint_problems(&self, id: &CampaignId, spec: &CampaignSpec, offers: &[Offer]) -> Vec<Problem> {
        let registry = self.registry();
        let Some(published) = registry.find(&spec.policy) else { return Vec::new() };
        let document = Document { id, settings: &spec.settings, params: &spec.params, offers };
        errors(self.look(document, published, &registry))
    }

    /// Holds a campaign that shall start against what it may spend, and its prizes against the stock.
    pub(crate) async fn check_start(&self, id: &CampaignId) -> Result<(), ChangeError> {
        let registry = self.registry();
        // A campaign that there is not is complained of where the command is carried out.
        let Some(active) = registry.campaign(id) else { return Ok(()) };
        // What was kept of its component is needed to start.
        self.loaded(&active.published).await?;
        let (settings, params) = (&active.campaign.settings, &active.campaign.latest().params);
        let registry = self.registry();
        let Some(published) = registry.policy(&active.published.policy.digest) else { return Ok(()) };
        let offers = self.offers(published, params).await?;
        let mut found = self.odds_problems(&offers).await?;
        found.extend(errors(self.look(Document { id, settings, params, offers: &offers }, published, &registry)));
        if found.is_empty() { Ok(()) } else { Err(ControlError::Problems(found).into()) }
    }

    fn look(&self, document: Document<'_>, published: &Published, registry: &Registry) -> Looked {
        let Document { id, settings, params, offers } = document;
        let attributes = match &settings.audience {
            Audience::Where(condition) => Rule::read(condition).map(|rule| rule.attributes()).unwrap_or_default(),
            _ => BTreeSet::new(),
        };
        let (id, manifest, attributes) = (Some(id), published.manifest(), &attributes);
        let subject = Subject { id, settings, manifest, params, offers, attributes };
        let around = Around { registry, now: self.clock.now() };
        Looked { findings: subject.findings(Some(around)), derived: subject.derived() }
    }

    /// What the policy says that it gives with parameters that it took; nothing when it is not loaded.
    async fn offers(&self, published: &Published, params: &Json) -> Result<Vec<Offer>, ChangeError> {
        let Some(loaded) = published.loaded().cloned() else { return Ok(Vec::new()) };
        let (workers, params) = (Arc::clone(&self.workers), params.clone());
        Ok(self.changes.run(move || workers.check(&loaded, &params)).await?.unwrap_or_default())
    }
}

/// Looks at a document without a host: what a host alone knows (segments, pockets, programmes, destinations, other campaigns) is not
/// held against it.
#[must_use]
pub fn check_alone(
    id: &CampaignId,
    spec: &CampaignSpec,
    policy: &LoadedPolicy,
    (kinds, workers): (&Kinds, &Workers),
) -> Looked {
    let (settings, manifest, nothing) = (&spec.settings, policy.manifest(), Catalogue::default());
    let mut problems = fit::problems(settings, manifest, (kinds, INVITER_DISTANCE_MAX));
    let mut attributes = BTreeSet::new();
    if let Audience::Where(condition) = &settings.audience {
        problems.extend(fit::condition_problem("/audience/where", condition));
        attributes = Rule::read(condition).map(|rule| rule.attributes()).unwrap_or_default();
    }
    let missing = fit::problems_at_start(settings, manifest, &nothing, &spec.params);
    // What pockets hold is not known here.
    problems.extend(missing.into_iter().filter(|problem| settings.pockets.is_empty() || problem.pointer != "/budgets"));
    let offers = fit::read_params(policy, &spec.params, workers).unwrap_or_else(|found| {
        problems.extend(found);
        Vec::new()
    });
    let (params, offers, attributes) = (&spec.params, &offers[..], &attributes);
    let subject = Subject { id: Some(id), settings, manifest, params, offers, attributes };
    let mut findings: Vec<Finding> = problems.into_iter().map(Finding::not_ready).collect();
    findings.extend(subject.findings(None));
    Looked { findings, derived: subject.derived() }
}

fn errors(looked: Looked) -> Vec<Problem> {
    looked.findings.into_iter().filter(|finding| finding.severity == Severity::Error).map(Into::into).collect()
}

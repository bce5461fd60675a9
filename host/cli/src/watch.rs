//! A watched folder: what an author saves there is published, and decides in the campaigns that follow its policy.
//!
//! The folder is looked at a few times a second rather than listened to: that works on every file system, in containers and over
//! a network, and it is the only way to tell that a file has come to rest. A component is read when two looks in a row have found it the
//! same; what is half-written is left alone, and a rename over it is one change. Every change is answered with one line a campaign.

mod rest;
mod folder;
mod tree;

use std::sync::Arc;
use std::time::{Duration, Instant};

use largesse_documents::PolicyRef;
use largesse_documents::rollout::VersionSpec;
use largesse_domain::activation::ActivationCause;
use largesse_domain::id::{CampaignId, Digest};
use largesse_domain::lifecycle::Lifecycle;
use largesse_domain::policy::Policy;
use largesse_domain::problem::Problem;
use largesse_service::commands::VersionOrder;
use largesse_service::pipeline::{ControlError, Precondition};
use largesse_service::{ChangeError, Service};
use tokio::sync::watch;

pub(crate) use folder::Folder;
use folder::Rested;
pub(crate) use tree::Tree;

/// How often a folder is looked at. A file must be the same at two looks.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Looks at the folder until the host stops.
pub(crate) async fn run(service: Arc<Service>, mut folder: Folder, mut stop: watch::Receiver<Option<Duration>>) {
    while tokio::time::timeout(LOOK_EVERY, stop.wait_for(Option::is_some)).await.is_err() {
        let looked = tokio::task::spawn_blocking(move || {
            let rested = folder.look();
            (folder, rested)
        });
        // A panic there has been printed by then.
        let Ok((same, rested)) = looked.await else { return };
        folder = same;
        for file in rested {
            take(&service, file).await;
        }
    }
}

/// Publishes a component, and activates it where its policy is followed.
async fn take(service: &Service, Rested { name, found, content }: Rested) {
    let (component, signature) = match content {
        Ok(content) => content,
        Err(why) => return tracing::error!(file = %name, %why, "watch: not read"),
    };
    let policy = match service.publish(component, signature).await {
        Ok((policy, is_new)) => {
            let version = format!("{}@{}", policy.manifest.name, policy.manifest.version);
            let took = seconds(found);
            if is_new {
                tracing::info!(file = %name, %version, digest = %policy.digest, took, "watch: published");
            }
            policy
        }
        Err(error) => return tracing::error!(file = %name, why = %why(&error), "watch: not published"),
    };
    for campaign in followers(service, &policy) {
        match activate(service, &campaign, policy.digest).await {
            Ok(()) => {
                tracing::info!(file = %name, %campaign, version = %policy.manifest.version, took = seconds(found), "watch: decides now");
            }
            Err(error) => {
                tracing::error!(file = %name, %campaign, version = %policy.manifest.version, why = %why(&error), "watch: not activated");
            }
        }
    }
}

fn seconds(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f64())
}

/// The campaigns that follow a policy and have another version of it.
fn followers(service: &Service, policy: &Policy) -> Vec<CampaignId> {
    let registry = service.registry();
    let follows = registry.campaigns().filter(|active| {
        let campaign = &active.campaign;
        let named = active.published.manifest().name == policy.manifest.name;
        let other = campaign.activations.active.policy != policy.digest;
        campaign.settings.follow && named && other && campaign.lifecycle != Lifecycle::Ended
    });
    follows.map(|active| active.campaign.id.clone()).collect()
}

async fn activate(service: &Service, campaign: &CampaignId, digest: Digest) -> Result<(), ChangeError> {
    let spec = VersionSpec {
        policy: PolicyRef::ByDigest(digest),
        params: None,
        effective_from: None,
        accept_stuck_states: false,
    };
    let order = VersionOrder::Activate(spec, ActivationCause::Followed);
    service.order(campaign, order, Precondition::None, false).await.map(drop)
}

/// Everything that an error says, in one line.
fn why(error: &ChangeError) -> String {
    match error {
        ChangeError::Control(ControlError::Problems(problems)) => {
            let line = |Problem { pointer, message }: &Problem| format!("{pointer}: {message}");
            problems.iter().map(line).collect::<Vec<_>>().join("; ")
        }
        ChangeError::Control(ControlError::StuckStates(report)) => {
            let example = report
                .examples
                .first()
                .map(|stuck| format!("; {} {}: {}", stuck.owner.kind, stuck.owner.id, stuck.why));
            format!("{error}{}", example.unwrap_or_default())
        }
        error => {
            let sources = std::iter::successors(std::error::Error::source(error), |source| source.source());
            sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
        }
    }
}

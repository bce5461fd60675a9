//! Which versions are at work in a campaign, in the store.

use largesse_domain::activation::{Activation, ActivationCause, Activations};
use largesse_domain::rollout::{Rollout, RolloutMode};
use serde::{Deserialize, Serialize};

use super::{Unreadable, id, instant, read, word, write};

#[derive(Serialize, Deserialize)]
struct VersionsForm {
    active: ActivationForm,
    earlier: Vec<ActivationForm>,
    rollout: Option<RolloutForm>,
    rollouts: u32,
}

#[derive(Serialize, Deserialize)]
struct ActivationForm {
    number: u32,
    policy: String,
    revisions: Vec<u32>,
    at: i64,
    cause: String,
}

#[derive(Serialize, Deserialize)]
struct RolloutForm {
    number: u32,
    policy: String,
    revisions: Vec<u32>,
    /// Of a canary; none of a shadow.
    percent: Option<u8>,
    since: i64,
}

impl From<&Activation> for ActivationForm {
    fn from(activation: &Activation) -> Self {
        Self {
            number: activation.number,
            policy: activation.policy.to_string(),
            revisions: activation.revisions.clone(),
            at: activation.at.as_millis(),
            cause: activation.cause.as_str().to_owned(),
        }
    }
}

impl ActivationForm {
    fn read(self) -> Result<Activation, Unreadable> {
        Ok(Activation {
            number: self.number,
            policy: id(&self.policy)?,
            revisions: self.revisions,
            at: instant(self.at)?,
            cause: word(&ActivationCause::ALL, ActivationCause::as_str, &self.cause)?,
        })
    }
}

impl From<&Rollout> for RolloutForm {
    fn from(rollout: &Rollout) -> Self {
        Self {
            number: rollout.number,
            policy: rollout.policy.to_string(),
            revisions: rollout.revisions.clone(),
            percent: match rollout.mode {
                RolloutMode::Canary { percent } => Some(percent),
                RolloutMode::Shadow => None,
            },
            since: rollout.since.as_millis(),
        }
    }
}

impl RolloutForm {
    fn read(self) -> Result<Rollout, Unreadable> {
        Ok(Rollout {
            number: self.number,
            policy: id(&self.policy)?,
            revisions: self.revisions,
            mode: self.percent.map_or(RolloutMode::Shadow, |percent| RolloutMode::Canary { percent }),
            since: instant(self.since)?,
        })
    }
}

/// The versions at work, what is tried, and how many rollouts there were, as the store keeps them.
#[must_use]
pub fn versions_text(activations: &Activations, rollout: Option<&Rollout>, rollouts: u32) -> String {
    write(&VersionsForm {
        active: (&activations.active).into(),
        earlier: activations.earlier.iter().map(Into::into).collect(),
        rollout: rollout.map(Into::into),
        rollouts,
    })
}

/// Reads what [`versions_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_versions(text: &str) -> Result<(Activations, Option<Rollout>, u32), Unreadable> {
    let form: VersionsForm = read(text)?;
    let earlier = form.earlier.into_iter().map(ActivationForm::read).collect::<Result<_, _>>()?;
    let activations = Activations { active: form.active.read()?, earlier };
    Ok((activations, form.rollout.map(RolloutForm::read).transpose()?, form.rollouts))
}

/// One activation as the store keeps it.
#[must_use]
pub fn activation_text(activation: &Activation) -> String {
    write(&ActivationForm::from(activation))
}

/// Reads what [`activation_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_activation(text: &str) -> Result<Activation, Unreadable> {
    read::<ActivationForm>(text)?.read()
}

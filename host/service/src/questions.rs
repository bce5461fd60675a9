//! The data of questions, validated beside the pipeline.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use largesse_domain::id::{CampaignId, CustomerId, Digest, QuestionName};
use largesse_domain::json::Json;
use largesse_domain::limits::{QUESTION_BYTES_MAX, QUESTION_SCHEMAS_MAX};
use largesse_domain::policy::Manifest;
use largesse_domain::problem::Problem;
use serde_json::Value;

use crate::error::ControlError;
use crate::registry::Active;
use crate::schema::Schema;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Whom.
    pub campaign: CampaignId,
    /// By whom.
    pub customer: CustomerId,
    /// Which of the policy's questions.
    pub question: QuestionName,
    /// With what; an object.
    pub data: Value,
}

/// A question whose data are validated.
pub(crate) struct Question {
    /// What is asked.
    pub(crate) ask: Ask,
    /// Its data, as the policy is shown them.
    pub(crate) data: Json,
    /// What each version that may answer says of them.
    checked: Vec<(Digest, Result<(), ControlError>)>,
}

impl Question {
    /// Whether a version accepts the question; `None` when that was not a version that may answer.
    pub(crate) fn accepted_by(&self, policy: &Digest) -> Option<Result<(), ControlError>> {
        let checked = self.checked.iter().find(|(digest, _)| digest == policy)?;
        Some(checked.1.clone())
    }
}

/// The schemas of questions that were asked, compiled.
#[derive(Default)]
pub(crate) struct Questions(Mutex<HashMap<(Digest, QuestionName), Arc<Schema>>>);

impl Questions {
    /// Validates the data of a question by every version of the policy that may answer it.
    ///
    /// # Errors
    /// When the data are too large.
    pub(crate) fn check(&self, ask: Ask, campaign: Option<&Active>) -> Result<Question, ControlError> {
        let data = ask.data.to_string();
        if data.len() > QUESTION_BYTES_MAX {
            let message = format!("a question may have at most {QUESTION_BYTES_MAX} bytes of data");
            return Err(ControlError::Problems(vec![Problem { pointer: "/data".into(), message }]));
        }
        let versions =
            campaign.into_iter().flat_map(|active| std::iter::once(&active.published).chain(&active.candidate));
        let checked = versions.map(|published| {
            let digest = published.policy.digest;
            (digest, self.check_by(digest, published.manifest(), &ask))
        });
        Ok(Question { checked: checked.collect(), data: Json::from_checked(data), ask })
    }

    fn check_by(&self, policy: Digest, manifest: &Manifest, ask: &Ask) -> Result<(), ControlError> {
        let problems = self.schema(policy, manifest, &ask.question)?.problems(&ask.data);
        let in_document = |problem: Problem| Problem { pointer: format!("/data{}", problem.pointer), ..problem };
        match problems.is_empty() {
            true => Ok(()),
            false => Err(ControlError::Problems(problems.into_iter().map(in_document).collect())),
        }
    }

    fn schema(&self, policy: Digest, manifest: &Manifest, name: &QuestionName) -> Result<Arc<Schema>, ControlError> {
        let key = (policy, name.clone());
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(schema) = known {
            return Ok(schema);
        }
        let declared = manifest.questions.iter().find(|question| question.name == *name);
        let unknown = || ControlError::NotFound { what: "question", name: name.to_string() };
        let schema = declared.ok_or_else(unknown)?.data_schema.as_str();
        let unusable = |message: String| ControlError::Problems(vec![Problem { pointer: "/question".into(), message }]);
        let schema: Value = serde_json::from_str(schema).map_err(|error| unusable(error.to_string()))?;
        let schema = Schema::compile(&schema).map_err(|problem| unusable(problem.message))?;
        let schema = Arc::new(schema);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= QUESTION_SCHEMAS_MAX {
            known.clear();
        }
        known.insert(key, Arc::clone(&schema));
        Ok(schema)
    }
}

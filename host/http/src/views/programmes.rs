//! Programmes, questions and answers on the wire.

use largesse_documents::decision::RefusalView;
use largesse_documents::programme::ProgrammeView;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// All programmes, by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgrammeList {
    /// The programmes.
    pub items: Vec<ProgrammeView>,
}

/// A question to a campaign's policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteDocument {
    /// Who asks.
    pub customer: String,
    /// Which of the policy's questions.
    pub question: String,
    /// With what, as the question's schema says.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

/// The answer to a question, or the policy's own no.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QuoteView {
    /// The digest of the version that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The revision of the parameters that it answers by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// The policy's no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalView>,
}

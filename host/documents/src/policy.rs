//! A published policy as it goes out.

use largesse_domain::policy::{Manifest, OwnerOf, Policy, Question, Role, RoleSource, Subscription};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::json_value;
use crate::time::instant_text;

/// A published policy and what it says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyView {
    /// The sha-256 of its bytes, in lower-case hexadecimal.
    pub digest: String,
    /// Its name.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// One line for people.
    pub summary: String,
    /// The size of the component, in bytes.
    pub size_bytes: u64,
    /// The version of the contract that it keeps: major and minor.
    pub contract: String,
    /// When it was published last.
    pub published_at: String,
    /// The name of the key whose signature it was published with, if a trusted one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// The version of the state that it writes.
    pub state_writes: u32,
    /// The versions of state that it reads.
    pub state_reads: Vec<u32>,
    /// The parts that customers play.
    pub roles: Vec<RoleDocument>,
    /// The events that it decides on.
    pub subscriptions: Vec<SubscriptionDocument>,
    /// The kinds of effect that it may ask for.
    pub effects: Vec<String>,
    /// The classes of unit that it may grant.
    pub unit_classes: Vec<String>,
    /// The questions that it answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<QuestionDocument>,
    /// JSON Schema (2020-12) of the parameters.
    pub params_schema: Value,
}

impl PolicyView {
    /// The policy as it goes out.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let Manifest { name, version, summary, params_schema, state_writes, state_reads, .. } = &policy.manifest;
        let manifest = &policy.manifest;
        Self {
            digest: policy.digest.to_string(),
            name: name.to_string(),
            version: version.to_string(),
            summary: summary.clone(),
            size_bytes: policy.size_bytes,
            contract: policy.contract.clone(),
            published_at: instant_text(policy.published_at),
            signed_by: policy.signed_by.as_ref().map(ToString::to_string),
            state_writes: *state_writes,
            state_reads: state_reads.clone(),
            roles: manifest.roles.iter().map(RoleDocument::of).collect(),
            subscriptions: manifest.subscriptions.iter().map(SubscriptionDocument::of).collect(),
            effects: manifest.effects.iter().map(|kind| kind.as_str().to_owned()).collect(),
            unit_classes: manifest.unit_classes.iter().map(ToString::to_string).collect(),
            questions: manifest.questions.iter().map(QuestionDocument::of).collect(),
            params_schema: json_value(params_schema),
        }
    }
}

/// A question that a policy answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuestionDocument {
    /// Its name.
    pub name: String,
    /// JSON Schema (2020-12) of its data.
    pub data_schema: Value,
}

impl QuestionDocument {
    /// The question as it goes out.
    #[must_use]
    pub fn of(question: &Question) -> Self {
        Self { name: question.name.to_string(), data_schema: json_value(&question.data_schema) }
    }
}

/// A part that a customer plays, and what of the customer is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleDocument {
    /// Its name.
    pub name: String,
    /// Where its customer comes from.
    pub source: RoleSourceDocument,
    /// The attributes shown.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// The units, or classes of unit, whose balances are shown.
    #[serde(default)]
    pub balances: Vec<String>,
    /// Whether tags are shown.
    #[serde(default)]
    pub tags: bool,
    /// Whether standings in programmes are shown.
    #[serde(default)]
    pub standings: bool,
    /// Whether the campaign's live grants are shown.
    #[serde(default)]
    pub grants: bool,
}

/// Where a role's customer comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RoleSourceDocument {
    /// The customer who acted.
    Actor,
    /// The actor's inviter at this distance, 1 to 3.
    Inviter(u8),
    /// The customer that this JSON pointer into the event's data names.
    CustomerAt(String),
    /// The customers that this JSON pointer into the event's data names.
    MembersAt(String),
    /// The members of the entity that owns the decision.
    Members,
}

/// An event kind that a policy decides on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubscriptionDocument {
    /// Its name.
    pub name: String,
    /// The event kind.
    pub kind: String,
    /// Whose state its decisions read and write.
    pub owner: OwnerOfDocument,
    /// A JSON pointer into the event's data to what the grants are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// Whose state: the customer in a role, the entity at a JSON pointer into the event's data, or one that the actor is a member of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OwnerOfDocument {
    /// The customer in this role.
    Party(String),
    /// The entity that this pointer names.
    Entity(String),
    /// The entity of this kind that the actor is a member of.
    Group(String),
}

impl RoleDocument {
    /// The role as it goes out.
    #[must_use]
    pub fn of(role: &Role) -> Self {
        let source = match &role.source {
            RoleSource::Actor => RoleSourceDocument::Actor,
            RoleSource::Inviter(distance) => RoleSourceDocument::Inviter(*distance),
            RoleSource::CustomerAt(pointer) => RoleSourceDocument::CustomerAt(pointer.as_str().to_owned()),
            RoleSource::MembersAt(pointer) => RoleSourceDocument::MembersAt(pointer.as_str().to_owned()),
            RoleSource::Members => RoleSourceDocument::Members,
        };
        Self {
            name: role.name.to_string(),
            source,
            attributes: role.attributes.iter().map(ToString::to_string).collect(),
            balances: role.balances.iter().map(ToString::to_string).collect(),
            tags: role.tags,
            standings: role.standings,
            grants: role.grants,
        }
    }
}

impl SubscriptionDocument {
    /// The subscription as it goes out.
    #[must_use]
    pub fn of(subscription: &Subscription) -> Self {
        let owner = match &subscription.owner {
            OwnerOf::Party(role) => OwnerOfDocument::Party(role.to_string()),
            OwnerOf::Entity(pointer) => OwnerOfDocument::Entity(pointer.as_str().to_owned()),
            OwnerOf::Group(kind) => OwnerOfDocument::Group(kind.to_string()),
        };
        Self {
            name: subscription.name.to_string(),
            kind: subscription.kind.to_string(),
            owner,
            about: subscription.about.as_ref().map(|pointer| pointer.as_str().to_owned()),
        }
    }
}

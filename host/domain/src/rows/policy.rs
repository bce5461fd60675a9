//! A policy and what it says of itself.

use crate::rows::effect::EffectKind;
use crate::words::id::{
    AttributeName, Digest, EventKind, GroupKind, KeyName, PolicyName, PolicyVersion, QuestionName, RoleName,
    SubscriptionName,
};
use crate::words::json::Json;
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit, UnitClass, UnitPattern};

/// A published policy: one immutable component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The sha-256 of its bytes.
    pub digest: Digest,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The size of the component, in bytes.
    pub size_bytes: u64,
    /// The version of the contract that it keeps: major and minor.
    pub contract: String,
    /// When it was published last.
    pub published_at: Instant,
    /// Whose signature it was published with, if a trusted key's.
    pub signed_by: Option<KeyName>,
}

/// What a policy says of itself. The host shows only what is declared here and takes what is not declared as a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The policy's name.
    pub name: PolicyName,
    /// Its version.
    pub version: PolicyVersion,
    /// One line for people.
    pub summary: String,
    /// JSON Schema of the parameters.
    pub params_schema: Json,
    /// The version of the state that it writes.
    pub state_writes: u32,
    /// The versions of state that it reads.
    pub state_reads: Vec<u32>,
    /// The parts that customers play.
    pub roles: Vec<Role>,
    /// The events that it decides on.
    pub subscriptions: Vec<Subscription>,
    /// The kinds of effect that it may ask for.
    pub effects: Vec<EffectKind>,
    /// The classes of unit that it may grant.
    pub unit_classes: Vec<UnitClass>,
    /// The questions that it answers.
    pub questions: Vec<Question>,
}

/// A question that a policy answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its name.
    pub name: QuestionName,
    /// JSON Schema of its data.
    pub data_schema: Json,
}

/// What a policy with certain parameters may give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The unit.
    pub unit: Unit,
    /// The most at once.
    pub quantity: Quantity,
    /// Its chance where it is drawn, in millionths.
    pub chance: Option<u32>,
}

impl Manifest {
    /// Returns the role of that name.
    #[must_use]
    pub fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == *name)
    }

    /// Returns the subscription of that name.
    #[must_use]
    pub fn subscription(&self, name: &SubscriptionName) -> Option<&Subscription> {
        self.subscriptions.iter().find(|subscription| subscription.name == *name)
    }

    /// Reports whether it reads states that were written in this version.
    #[must_use]
    pub fn reads_state(&self, written_as: u32) -> bool {
        self.state_writes == written_as || self.state_reads.contains(&written_as)
    }
}

/// A JSON pointer (RFC 6901) into an event's data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(Box<str>);

impl Pointer {
    /// Checks that the text starts with a slash and is at most 256 bytes long.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (text.starts_with('/') && text.len() <= 256).then(|| Self(text.into()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a role's customer comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleSource {
    /// The customer who acted.
    Actor,
    /// The actor's inviter at this distance, 1 to 3.
    Inviter(u8),
    /// A customer that the event names.
    CustomerAt(Pointer),
    /// Several customers that the event names.
    MembersAt(Pointer),
    /// The members of the entity that owns the decision.
    Members,
}

/// A part that a customer plays in a decision, and what of the customer is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: RoleName,
    /// Where its customer comes from.
    pub source: RoleSource,
    /// The attributes shown.
    pub attributes: Vec<AttributeName>,
    /// The balances shown; of a class all that the customer holds of it.
    pub balances: Vec<UnitPattern>,
    /// Whether tags are shown.
    pub tags: bool,
    /// Whether it is shown where the customer stands in programmes.
    pub standings: bool,
    /// Whether the campaign's live grants are shown.
    pub grants: bool,
}

/// Whose state a subscription's decisions read and write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerOf {
    /// The customer in a role.
    Party(RoleName),
    /// The entity that the event names.
    Entity(Pointer),
    /// The entity of this kind that the actor is a member of.
    Group(GroupKind),
}

/// An event kind that a policy decides on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its name.
    pub name: SubscriptionName,
    /// The event kind.
    pub kind: EventKind,
    /// Whose state.
    pub owner: OwnerOf,
    /// What the grants are about.
    pub about: Option<Pointer>,
}

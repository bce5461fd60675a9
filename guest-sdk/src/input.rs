//! Everything that a decision may know.

use serde::de::DeserializeOwned;

use crate::answer::Refusal;
use crate::chance::Chance;
use crate::time::Moment;

/// Everything that a decision may know.
#[derive(Clone, Debug)]
pub struct Input<P, S> {
    /// Which of the manifest's subscriptions matched.
    pub subscription: String,
    /// What happened.
    pub event: Event,
    /// Whose state this is.
    pub owner: Owner,
    /// The customers shown, each under a role of the manifest.
    pub parties: Vec<Party>,
    /// The campaign that asks.
    pub campaign: Campaign,
    /// The parameters in force at the event's time.
    pub params: P,
    /// The time of admission; the same when the decision is evaluated again. Rules go by `event.occurred` instead.
    pub now: Moment,
    /// Fixed by campaign, owner and event. Use [`Input::chance`].
    pub seed: u64,
    /// What the last decision for this owner put, if any.
    pub state: Option<S>,
}

impl<P, S> Input<P, S> {
    /// The first party in a role, if there is one.
    #[must_use]
    pub fn party(&self, role: &str) -> Option<&Party> {
        self.parties.iter().find(|party| party.role == role)
    }

    /// All parties in a role.
    pub fn parties_in<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a Party> {
        self.parties.iter().filter(move |party| party.role == role)
    }

    /// The party whose state this is. `None` when the owner is an entity.
    #[must_use]
    pub fn owner_party(&self) -> Option<&Party> {
        if self.owner.kind == OwnerKind::Entity {
            return None;
        }
        self.parties.iter().find(|party| party.customer == self.owner.id)
    }

    /// The party in a role that the subscription makes sure of, such as the actor.
    ///
    /// # Errors
    /// Refuses with `missing-party` when the role is empty.
    pub fn require(&self, role: &str) -> Result<&Party, Refusal> {
        self.party(role).ok_or_else(|| Refusal::new("missing-party", format!("nobody in the role {role}")))
    }

    /// Random choices that are the same whenever this decision is evaluated.
    #[must_use]
    pub fn chance(&self) -> Chance {
        Chance::new(self.seed)
    }
}

/// A fact about a customer.
#[derive(Clone, Debug)]
pub struct Event {
    /// The system that it comes from.
    pub source: String,
    /// Its identifier there.
    pub id: String,
    /// Its kind, such as `loan.drawn`.
    pub kind: String,
    /// Its own time, in the campaign's zone.
    pub occurred: Moment,
    /// Its data, a JSON object.
    pub data: String,
}

impl Event {
    /// The data, read as `T`. Fields that `T` does not name are passed over.
    ///
    /// # Errors
    /// A refusal `bad-event-data` that says which field does not fit.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_str(&self.data)
            .map_err(|error| Refusal::new("bad-event-data", format!("data of {}: {error}", self.kind)))
    }
}

/// What kind of thing owns a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerKind {
    /// A customer.
    Party,
    /// Something that the event names: a team, a packet, a group.
    Entity,
}

/// Whose state a decision reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// A customer or an entity.
    pub kind: OwnerKind,
    /// Which.
    pub id: String,
}

/// What a customer holds of a unit: granted, neither reversed nor expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The unit.
    pub unit: String,
    /// How much.
    pub amount: i64,
}

/// A customer shown to the decision. Only what the role declares is filled in.
#[derive(Clone, Debug, Default)]
pub struct Party {
    /// The role's name in the manifest.
    pub role: String,
    /// Who.
    pub customer: String,
    /// A JSON object with the declared attributes that are known.
    pub attributes: String,
    /// The customer's tags.
    pub tags: Vec<String>,
    /// The declared balances.
    pub balances: Vec<Balance>,
    /// Where the customer stands in programmes.
    pub standings: Vec<Standing>,
    /// What this campaign granted and still holds, the first given first.
    pub grants: Vec<LiveGrant>,
}

/// Where a customer stands in a programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which programme.
    pub programme: String,
    /// In which tier.
    pub tier: String,
    /// Since then, in milliseconds since 1970.
    pub since: i64,
    /// Over from then on, in milliseconds since 1970.
    pub until: Option<i64>,
}

/// A grant of this campaign that is neither used up, nor taken back, nor over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveGrant {
    /// The policy's name for it.
    pub key: String,
    /// Of what.
    pub unit: String,
    /// What can still be used; nothing of one that is pending.
    pub available: u64,
    /// When it was given, in milliseconds since 1970.
    pub granted_at: i64,
    /// Worth nothing from then on, in milliseconds since 1970.
    pub expires: Option<i64>,
}

/// A question. Its answer changes nothing.
#[derive(Clone, Debug)]
pub struct Enquiry<P, S> {
    /// Which of the manifest's questions.
    pub question: String,
    /// A JSON object that fits the question's schema.
    pub data: String,
    /// The customer who asks, in every role of the source actor.
    pub parties: Vec<Party>,
    /// The campaign that is asked.
    pub campaign: Campaign,
    /// The parameters in force now.
    pub params: P,
    /// Now.
    pub now: Moment,
    /// What is kept of the customer.
    pub state: Option<S>,
}

impl<P, S> Enquiry<P, S> {
    /// The data, read as `T`.
    ///
    /// # Errors
    /// A refusal `bad-question-data` that says which field does not fit.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_str(&self.data)
            .map_err(|error| Refusal::new("bad-question-data", format!("data of {}: {error}", self.question)))
    }

    /// The customer who asks.
    ///
    /// # Errors
    /// Refuses with `missing-party` when the manifest has no role for the actor.
    pub fn asker(&self) -> Result<&Party, Refusal> {
        self.parties.first().ok_or_else(|| Refusal::new("missing-party", "no role shows who asks"))
    }
}

impl Party {
    /// The attributes, read as `T`; make its fields `Option`, because an attribute may be unknown.
    ///
    /// # Errors
    /// A refusal `bad-attributes` when an attribute has another type.
    pub fn attributes<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_str(&self.attributes)
            .map_err(|error| Refusal::new("bad-attributes", format!("attributes of {}: {error}", self.customer)))
    }

    fn attribute(&self, name: &str) -> Option<serde_json::Value> {
        let mut all: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&self.attributes).ok()?;
        all.remove(name)
    }

    /// An attribute that is an integer (amounts are minor units).
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.attribute(name)?.as_i64()
    }

    /// An attribute that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.attribute(name)? {
            serde_json::Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// An attribute that is true or false.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.attribute(name)?.as_bool()
    }

    /// Whether the customer has a tag.
    #[must_use]
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    /// The tier in which the customer stands in a programme.
    #[must_use]
    pub fn tier(&self, programme: &str) -> Option<&str> {
        self.standing(programme).map(|standing| standing.tier.as_str())
    }

    /// Where the customer stands in a programme.
    #[must_use]
    pub fn standing(&self, programme: &str) -> Option<&Standing> {
        self.standings.iter().find(|standing| standing.programme == programme)
    }

    /// A live grant of this campaign, by its key.
    #[must_use]
    pub fn live_grant(&self, key: &str) -> Option<&LiveGrant> {
        self.grants.iter().find(|grant| grant.key == key)
    }

    /// What the customer holds of a unit; nothing when it is not shown.
    #[must_use]
    pub fn balance(&self, unit: &str) -> i64 {
        self.balances.iter().find(|balance| balance.unit == unit).map_or(0, |balance| balance.amount)
    }
}

/// Where in its life the campaign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It grants.
    Open,
    /// It has ended: late events and revocations still run.
    Closing,
    /// It has windows, and the event is from outside of them: revocations still run, grants are denied.
    Between,
}

/// The campaign as of the event's time.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Its id.
    pub id: String,
    /// The revision of the parameters, from 1.
    pub revision: u32,
    /// ISO 4217 code of its money.
    pub currency: String,
    /// Milliseconds since 1970, inclusive.
    pub opens: i64,
    /// Milliseconds since 1970, exclusive.
    pub closes: Option<i64>,
    /// Where in its life it is.
    pub phase: Phase,
}

//! What a policy says of itself.

use schemars::JsonSchema;

use crate::timer::TIMER_FIRED;

/// What a policy says of itself. The host shows only what is declared here, and takes what is not declared as a fault.
/// Begin with [`manifest!`](crate::manifest!).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// 1 to 64 of `a-z 0-9 -`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// One line for people.
    pub summary: String,
    /// The version of the state that `decide` writes.
    pub state_writes: u32,
    /// The versions that `migrate` accepts, `state_writes` among them.
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

/// A question that a policy answers with [`Policy::quote`](crate::Policy::quote).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// 1 to 64 of `a-z 0-9 -`.
    pub name: String,
    /// JSON Schema (2020-12) of its data.
    pub data_schema: String,
}

impl Question {
    /// A question with data of this type.
    pub fn new<T: JsonSchema>(name: impl Into<String>) -> Self {
        let schema = serde_json::to_string(&schemars::schema_for!(T)).expect("a schema is JSON");
        Self { name: name.into(), data_schema: schema }
    }
}

impl Manifest {
    /// A manifest without roles and subscriptions, with state version 1. Prefer [`manifest!`](crate::manifest!), which
    /// takes name and version from the plugin's `Cargo.toml`.
    pub fn new(name: impl Into<String>, version: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            summary: summary.into(),
            state_writes: 1,
            state_reads: vec![1],
            roles: Vec::new(),
            subscriptions: Vec::new(),
            effects: Vec::new(),
            unit_classes: Vec::new(),
            questions: Vec::new(),
        }
    }

    /// Adds a role.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.roles.push(role);
        self
    }

    /// Adds a subscription.
    #[must_use]
    pub fn subscribe(mut self, subscription: Subscription) -> Self {
        self.subscriptions.push(subscription);
        self
    }

    /// Adds subscriptions.
    #[must_use]
    pub fn subscribe_all(mut self, subscriptions: impl IntoIterator<Item = Subscription>) -> Self {
        self.subscriptions.extend(subscriptions);
        self
    }

    /// Adds kinds of effect.
    #[must_use]
    pub fn effects(mut self, effects: impl IntoIterator<Item = EffectKind>) -> Self {
        self.effects.extend(effects);
        self
    }

    /// Adds classes of unit.
    #[must_use]
    pub fn unit_classes(mut self, classes: impl IntoIterator<Item = UnitClass>) -> Self {
        self.unit_classes.extend(classes);
        self
    }

    /// Adds a question.
    #[must_use]
    pub fn question(mut self, question: Question) -> Self {
        self.questions.push(question);
        self
    }

    /// Sets the version of the state that is written, and all that are read.
    #[must_use]
    pub fn state_version(mut self, writes: u32, reads: impl IntoIterator<Item = u32>) -> Self {
        self.state_writes = writes;
        self.state_reads = reads.into_iter().collect();
        self
    }

    pub(crate) fn reads_state(&self, version: u32) -> bool {
        self.state_reads.contains(&version)
    }
}

/// Where a role's customer comes from. Pointers are JSON pointers into the event's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The event's subject.
    Actor,
    /// The actor's inviter at a distance of 1 to 3.
    Inviter(u8),
    /// A customer that the event names.
    CustomerAt(String),
    /// An array of customers.
    MembersAt(String),
    /// The members of the entity that owns the decision, the first to join first.
    Members,
}

/// A part that a customer plays in a decision, and what it needs to be shown of the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Where its customer comes from.
    pub source: Source,
    /// The attributes shown.
    pub attributes: Vec<String>,
    /// The units, or classes of unit, whose balances are shown.
    pub balances: Vec<String>,
    /// Whether tags are shown.
    pub tags: bool,
    /// Whether standings in programmes are shown.
    pub standings: bool,
    /// Whether this campaign's live grants are shown.
    pub grants: bool,
}

impl Role {
    /// A role that is shown nothing but who it is.
    pub fn new(name: impl Into<String>, source: Source) -> Self {
        Self {
            name: name.into(),
            source,
            attributes: Vec::new(),
            balances: Vec::new(),
            tags: false,
            standings: false,
            grants: false,
        }
    }

    /// The customer who acted.
    pub fn actor(name: impl Into<String>) -> Self {
        Self::new(name, Source::Actor)
    }

    /// The actor's inviter at a distance of 1 to 3.
    pub fn inviter(name: impl Into<String>, distance: u8) -> Self {
        Self::new(name, Source::Inviter(distance))
    }

    /// Shows attributes.
    #[must_use]
    pub fn attributes<A: Into<String>>(mut self, attributes: impl IntoIterator<Item = A>) -> Self {
        self.attributes.extend(attributes.into_iter().map(Into::into));
        self
    }

    /// Shows balances of units; of a class alone, such as `coupon`, all that the customer holds of it.
    #[must_use]
    pub fn balances<U: Into<String>>(mut self, units: impl IntoIterator<Item = U>) -> Self {
        self.balances.extend(units.into_iter().map(Into::into));
        self
    }

    /// The members of the entity that owns the decision.
    pub fn members(name: impl Into<String>) -> Self {
        Self::new(name, Source::Members)
    }

    /// Shows tags.
    #[must_use]
    pub fn tags(mut self) -> Self {
        self.tags = true;
        self
    }

    /// Shows where the customer stands in programmes.
    #[must_use]
    pub fn standings(mut self) -> Self {
        self.standings = true;
        self
    }

    /// Shows this campaign's live grants.
    #[must_use]
    pub fn grants(mut self) -> Self {
        self.grants = true;
        self
    }
}

/// Whose state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerOf {
    /// The customer in a role.
    Party(String),
    /// The entity that a pointer into the event's data names.
    Entity(String),
    /// The entity of this kind that the actor is a member of.
    Group(String),
}

/// An event kind that the policy decides on. Without an owner in the event (no inviter, say) there is no decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its name, 1 to 64 of `a-z 0-9 -`.
    pub name: String,
    /// The event kind.
    pub kind: String,
    /// Whose state.
    pub owner: OwnerOf,
    /// A JSON pointer to what the grants are about (a loan, an order), for later revocation.
    pub about: Option<String>,
}

impl Subscription {
    /// Decides on a kind, with the state of the customer in a role.
    pub fn party(name: impl Into<String>, kind: impl Into<String>, role: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), owner: OwnerOf::Party(role.into()), about: None }
    }

    /// Decides on a kind, with the state of the entity that a pointer names.
    pub fn entity(name: impl Into<String>, kind: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), owner: OwnerOf::Entity(pointer.into()), about: None }
    }

    /// Decides on a kind, with the state of the group of that kind that the actor is a member of.
    pub fn group(name: impl Into<String>, kind: impl Into<String>, group: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), owner: OwnerOf::Group(group.into()), about: None }
    }

    /// Decides on the timers of the customer in a role.
    pub fn timers(name: impl Into<String>, role: impl Into<String>) -> Self {
        Self::party(name, TIMER_FIRED, role)
    }

    /// Decides on the timers of entities.
    pub fn entity_timers(name: impl Into<String>) -> Self {
        Self::entity(name, TIMER_FIRED, "/entity")
    }

    /// Says what the grants are about.
    #[must_use]
    pub fn about(mut self, pointer: impl Into<String>) -> Self {
        self.about = Some(pointer.into());
        self
    }
}

/// Kinds of effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EffectKind {
    /// Give a benefit.
    Grant,
    /// Take grants back.
    Revoke,
    /// Send a message.
    Message,
    /// Set or take a tag.
    Tag,
    /// Set or cancel a timer; takes a subscription to [`TIMER_FIRED`].
    Schedule,
    /// Reserve out of a wallet.
    Reserve,
    /// Commit or release what is held.
    Settle,
    /// Move within a programme.
    Place,
    /// Set a weight in a pool; takes a subscription to [`pool.settled`](crate::events::PoolSettled).
    Share,
    /// Hand on to another campaign.
    Enrol,
    /// Count.
    Measure,
}

impl EffectKind {
    /// Every kind, in the order of the contract.
    pub const ALL: [Self; 11] = [
        Self::Grant,
        Self::Revoke,
        Self::Message,
        Self::Tag,
        Self::Schedule,
        Self::Reserve,
        Self::Settle,
        Self::Place,
        Self::Share,
        Self::Enrol,
        Self::Measure,
    ];

    /// The word in the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Message => "message",
            Self::Tag => "tag",
            Self::Schedule => "schedule",
            Self::Reserve => "reserve",
            Self::Settle => "settle",
            Self::Place => "place",
            Self::Share => "share",
            Self::Enrol => "enrol",
            Self::Measure => "measure",
        }
    }
}

/// Classes of unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitClass {
    /// `cash:CNY`, in minor units.
    Cash,
    /// `points`.
    Points,
    /// `growth`.
    Growth,
    /// `coupon:<template>`.
    Coupon,
    /// `item:<sku>`.
    Item,
    /// `draw-chances:<pool>`.
    DrawChances,
    /// `entitlement:<right>`.
    Entitlement,
    /// `credit-limit:CNY`, in minor units.
    CreditLimit,
    /// `rate-boost:<holding>`, in basis points.
    RateBoost,
}

impl UnitClass {
    /// Every class, in the order of the contract.
    pub const ALL: [Self; 9] = [
        Self::Cash,
        Self::Points,
        Self::Growth,
        Self::Coupon,
        Self::Item,
        Self::DrawChances,
        Self::Entitlement,
        Self::CreditLimit,
        Self::RateBoost,
    ];

    /// Whether units of the class are used up, and can be reserved out of a wallet.
    #[must_use]
    pub fn is_used_up(self) -> bool {
        !matches!(self, Self::Growth | Self::CreditLimit | Self::RateBoost)
    }

    /// The word in the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Points => "points",
            Self::Growth => "growth",
            Self::Coupon => "coupon",
            Self::Item => "item",
            Self::DrawChances => "draw-chances",
            Self::Entitlement => "entitlement",
            Self::CreditLimit => "credit-limit",
            Self::RateBoost => "rate-boost",
        }
    }

    /// The class of a unit such as `points` or `cash:CNY`; `None` when it is not written like a unit.
    #[must_use]
    pub fn of(unit: &str) -> Option<Self> {
        let (class, detail) = match unit.split_once(':') {
            Some((class, detail)) => (class, Some(detail)),
            None => (unit, None),
        };
        let class = Self::ALL.into_iter().find(|one| one.as_str() == class)?;
        let fits = match (class, detail) {
            (Self::Points | Self::Growth, detail) => detail.is_none(),
            (Self::Cash | Self::CreditLimit, Some(code)) => {
                code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
            }
            (_, Some(name)) => (1..=64).contains(&name.len()) && name.bytes().all(is_name_byte),
            (_, None) => false,
        };
        fits.then_some(class)
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'/' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_as_the_host_reads_them() {
        for (unit, class) in [
            ("points", UnitClass::Points),
            ("cash:CNY", UnitClass::Cash),
            ("coupon:welcome-30d", UnitClass::Coupon),
            ("rate-boost:deposit/7", UnitClass::RateBoost),
            ("credit-limit:CZK", UnitClass::CreditLimit),
        ] {
            assert_eq!(UnitClass::of(unit), Some(class), "{unit}");
        }
        for bad in ["", "cash", "cash:cny", "cash:CNYX", "points:x", "coupon:", "gold:bar", "coupon:a b"] {
            assert_eq!(UnitClass::of(bad), None, "{bad}");
        }
    }
}

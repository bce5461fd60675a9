//! Owners of states: customers, and entities that events name.

use crate::words::id::{CustomerId, EntityId};

/// Whose state a decision reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A customer.
    Party(CustomerId),
    /// Something that the event names.
    Entity(EntityId),
}

impl Owner {
    /// Returns whether it is a party or an entity.
    #[must_use]
    pub fn kind(&self) -> OwnerKind {
        match self {
            Self::Party(_) => OwnerKind::Party,
            Self::Entity(_) => OwnerKind::Entity,
        }
    }

    /// Returns the identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Party(id) => id.as_str(),
            Self::Entity(id) => id.as_str(),
        }
    }
}

/// What kind of thing owns a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerKind {
    /// A customer.
    Party,
    /// An entity.
    Entity,
}

impl OwnerKind {
    /// Returns the word in the contract and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Party => "party",
            Self::Entity => "entity",
        }
    }
}

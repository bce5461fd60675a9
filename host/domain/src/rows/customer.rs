//! What the host knows of a customer, and how events and operators add to it.

use std::collections::BTreeMap;
use std::fmt;

use crate::limits::{ATTRIBUTES_MAX, GROUPS_MAX, IDENTIFIERS_PER_DIMENSION_MAX, TAGS_MAX, TOUCHES_MAX};
use crate::words::dimension::Dimension;
use crate::words::id::{AttributeName, CustomerId, EntityId, GroupKind, Identifier, ProgrammeId, Tag, TierName};
use crate::words::time::Instant;
use crate::words::unit::{Quantity, Unit};

/// The attribute that holds a customer's credit limit, in minor units of the campaign's currency.
pub const CREDIT_LIMIT: &str = "credit_limit";

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// Yes or no.
    Bool(bool),
    /// A count, an amount in minor units, or an instant in milliseconds.
    Int(i64),
    /// At most 256 bytes.
    Text(String),
}

/// An attribute with the time of the fact that set it; an older fact that arrives later does not overwrite it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its value.
    pub value: AttributeValue,
    /// When the fact that set it happened.
    pub as_of: Instant,
}

/// An invitation that reached a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Who invited.
    pub inviter: CustomerId,
    /// When.
    pub at: Instant,
}

/// Where a customer stands in a programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// In which tier.
    pub tier: TierName,
    /// Since the time of that event.
    pub since: Instant,
    /// Over from then on.
    pub until: Option<Instant>,
}

/// What the host knows of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// Known attributes.
    pub attributes: BTreeMap<AttributeName, Attribute>,
    /// Tags and until when each holds.
    pub tags: BTreeMap<Tag, Option<Instant>>,
    /// Identities, devices, cards and addresses, the latest last.
    pub identifiers: BTreeMap<Dimension, Vec<Identifier>>,
    /// Invitations, the earliest first.
    pub touches: Vec<Touch>,
    /// Credit-limit raises granted and not yet seen in the customer's limit, in minor units.
    pub raises_under_way: Quantity,
    /// What is owed of a unit after a claw-back of something used; more than nothing.
    pub debts: BTreeMap<Unit, Quantity>,
    /// Where they stand in programmes.
    pub standings: BTreeMap<ProgrammeId, Standing>,
    /// What they are members of: of each kind of group, the one joined last.
    pub groups: BTreeMap<GroupKind, EntityId>,
    /// Who stays, when this id was found to be another customer's: one who was not merged into anybody.
    pub merged_into: Option<CustomerId>,
    /// The other ids of this customer, in the order in which they were merged.
    pub also: Vec<CustomerId>,
}

/// Something that an event, or an operator, establishes about a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The attribute has this value.
    Attribute(AttributeName, AttributeValue),
    /// The attribute has this value unless it had one before; of two such facts the earlier wins.
    FirstAttribute(AttributeName, AttributeValue),
    /// The attribute is not known any more.
    NoAttribute(AttributeName),
    /// The customer has this identity, device, card or address.
    Identifier(Dimension, Identifier),
    /// This customer invited them.
    Touch(CustomerId),
    /// The customer has this tag.
    Tag(Tag, Option<Instant>),
    /// The customer has not this tag.
    NoTag(Tag),
    /// The customer is a member of this.
    Joined(GroupKind, EntityId),
    /// The customer is not a member of this any more.
    Left(GroupKind, EntityId),
}

/// A customer would have more of something than the host keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// Of what.
    pub what: &'static str,
    /// How many there may be.
    pub max: usize,
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a customer may have at most {} {}", self.max, self.what)
    }
}

impl std::error::Error for TooMany {}

impl Customer {
    /// Adds a fact that happened at a time.
    ///
    /// # Errors
    /// When the customer would have too many attributes, tags or groups. Devices, cards and touches are not refused: the oldest
    /// identifier and the latest touch beyond the bound are let go.
    pub fn learn(&mut self, fact: Fact, at: Instant) -> Result<(), TooMany> {
        match fact {
            Fact::Attribute(name, value) => return self.set_attribute(name, value, at, |old| old.as_of <= at),
            Fact::FirstAttribute(name, value) => return self.set_attribute(name, value, at, |old| old.as_of > at),
            Fact::NoAttribute(name) => {
                if self.attributes.get(&name).is_some_and(|old| old.as_of <= at) {
                    self.attributes.remove(&name);
                }
            }
            Fact::Identifier(dimension, value) => self.add_identifier(dimension, value),
            Fact::Touch(inviter) => self.add_touch(Touch { inviter, at }),
            Fact::Tag(tag, until) => {
                if self.tags.len() >= TAGS_MAX && !self.tags.contains_key(&tag) {
                    return Err(TooMany { what: "tags", max: TAGS_MAX });
                }
                self.tags.insert(tag, until);
            }
            Fact::NoTag(tag) => {
                self.tags.remove(&tag);
            }
            Fact::Joined(kind, group) => {
                if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&kind) {
                    return Err(TooMany { what: "kinds of group", max: GROUPS_MAX });
                }
                self.groups.insert(kind, group);
            }
            Fact::Left(kind, group) => {
                if self.groups.get(&kind) == Some(&group) {
                    self.groups.remove(&kind);
                }
            }
        }
        Ok(())
    }

    fn set_attribute(
        &mut self,
        name: AttributeName,
        value: AttributeValue,
        as_of: Instant,
        replaces: impl Fn(&Attribute) -> bool,
    ) -> Result<(), TooMany> {
        match self.attributes.get(&name) {
            Some(old) if !replaces(old) => return Ok(()),
            None if self.attributes.len() >= ATTRIBUTES_MAX => {
                return Err(TooMany { what: "attributes", max: ATTRIBUTES_MAX });
            }
            _ => {}
        }
        if name.as_str() == CREDIT_LIMIT {
            self.settle_raises(&value);
        }
        self.attributes.insert(name, Attribute { value, as_of });
        Ok(())
    }

    /// Takes off the raises that a limit which has gone up shows to be no longer under way.
    fn settle_raises(&mut self, new: &AttributeValue) {
        let (Some(old), AttributeValue::Int(new)) = (self.credit_limit(), new) else { return };
        let new = u64::try_from(*new).ok().and_then(|new| Quantity::new(new).ok());
        let raised = new.map_or(Quantity::ZERO, |new| new.room_after(old));
        self.raises_under_way = self.raises_under_way.room_after(raised);
    }

    fn add_identifier(&mut self, dimension: Dimension, value: Identifier) {
        let values = self.identifiers.entry(dimension).or_default();
        values.retain(|known| *known != value);
        if values.len() >= IDENTIFIERS_PER_DIMENSION_MAX {
            values.remove(0);
        }
        values.push(value);
    }

    /// Adds an invitation, in order of time; the latest beyond the bound is let go.
    pub(crate) fn add_touch(&mut self, touch: Touch) {
        if self.touches.contains(&touch) {
            return;
        }
        let place = self.touches.partition_point(|known| known.at <= touch.at);
        self.touches.insert(place, touch);
        self.touches.truncate(TOUCHES_MAX);
    }

    /// Returns the credit limit, when it is known and not negative.
    #[must_use]
    pub fn credit_limit(&self) -> Option<Quantity> {
        let name = AttributeName::new(CREDIT_LIMIT).ok()?;
        match self.attributes.get(&name)?.value {
            AttributeValue::Int(limit) => Quantity::new(u64::try_from(limit).ok()?).ok(),
            _ => None,
        }
    }

    /// Returns the latest identifier of a dimension.
    #[must_use]
    pub fn identifier(&self, dimension: Dimension) -> Option<&Identifier> {
        self.identifiers.get(&dimension)?.last()
    }

    /// Returns where the customer stands in programmes at a time, by programme.
    pub fn standings_at(&self, at: Instant) -> impl Iterator<Item = (&ProgrammeId, &Standing)> {
        self.standings.iter().filter(move |(_, standing)| standing.until.is_none_or(|until| at < until))
    }

    /// Returns the tags that hold at a time, sorted.
    pub fn tags_at(&self, at: Instant) -> impl Iterator<Item = &Tag> {
        self.tags.iter().filter(move |(_, until)| until.is_none_or(|until| at < until)).map(|(tag, _)| tag)
    }

    /// Reports whether the customer has the tag at a time.
    #[must_use]
    pub fn has_tag(&self, tag: &Tag, at: Instant) -> bool {
        self.tags.get(tag).is_some_and(|until| until.is_none_or(|until| at < until))
    }

    /// Reports whether both are one person as far as identifiers tell: they share an identity, device, card or address.
    #[must_use]
    pub fn shares_identifier_with(&self, other: &Self) -> bool {
        self.identifiers.iter().any(|(dimension, own)| {
            other.identifiers.get(dimension).is_some_and(|theirs| own.iter().any(|value| theirs.contains(value)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis).unwrap()
    }

    fn limit(value: i64) -> Fact {
        Fact::Attribute(AttributeName::new(CREDIT_LIMIT).unwrap(), AttributeValue::Int(value))
    }

    #[test]
    fn an_older_fact_does_not_overwrite_a_newer_one() {
        let mut customer = Customer::default();
        customer.learn(limit(2), at(20)).unwrap();
        customer.learn(limit(1), at(10)).unwrap();
        assert_eq!(customer.credit_limit(), Quantity::new(2).ok());
        let forget = || Fact::NoAttribute(AttributeName::new(CREDIT_LIMIT).unwrap());
        customer.learn(forget(), at(10)).unwrap();
        assert_eq!(customer.credit_limit(), Quantity::new(2).ok());
        customer.learn(forget(), at(20)).unwrap();
        assert_eq!(customer.credit_limit(), None);
    }

    #[test]
    fn the_first_of_two_firsts_wins_in_any_order() {
        let name = AttributeName::new("registered_at").unwrap();
        for order in [[10, 20], [20, 10]] {
            let mut customer = Customer::default();
            for time in order {
                customer.learn(Fact::FirstAttribute(name.clone(), AttributeValue::Int(time)), at(time)).unwrap();
            }
            assert_eq!(customer.attributes[&name].value, AttributeValue::Int(10));
        }
    }

    #[test]
    fn a_limit_that_rises_settles_raises() {
        let mut customer = Customer { raises_under_way: Quantity::new(500).unwrap(), ..Customer::default() };
        customer.learn(limit(1_000), at(1)).unwrap();
        customer.learn(limit(1_300), at(2)).unwrap();
        assert_eq!(customer.raises_under_way, Quantity::new(200).unwrap());
        customer.learn(limit(100), at(3)).unwrap();
        assert_eq!(customer.raises_under_way, Quantity::new(200).unwrap());
    }

    #[test]
    fn attributes_and_tags_are_bounded() {
        let mut customer = Customer::default();
        for n in 0..TAGS_MAX {
            customer.learn(Fact::Tag(Tag::new(format!("t{n}")).unwrap(), None), at(0)).unwrap();
        }
        assert!(customer.learn(Fact::Tag(Tag::new("one-more").unwrap(), None), at(0)).is_err());
        assert!(customer.learn(Fact::Tag(Tag::new("t1").unwrap(), Some(at(5))), at(0)).is_ok());
        assert!(!customer.has_tag(&Tag::new("t1").unwrap(), at(5)));
    }
}

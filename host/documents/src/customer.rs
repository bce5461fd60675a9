//! What the host knows of a customer, and what an operator tells it.

use std::collections::BTreeMap;

use largesse_domain::customer::{AttributeValue, Customer, Fact, Standing};
use largesse_domain::dimension::Dimension;
use largesse_domain::id::{AttributeName, CustomerId, Tag};
use largesse_domain::limits::ATTRIBUTE_BYTES_MAX;
use largesse_domain::problem::Problem;
use serde::{Deserialize, Serialize};

use crate::problem::{Problems, step};
use crate::time::{instant_text, read_instant};

/// What an operator, or another system, establishes about a customer. What is not named stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CustomerDocument {
    /// Attributes by name; `null` forgets one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, AttributeDocument>))]
    pub attributes: BTreeMap<String, Option<AttributeDocument>>,
    /// Tags that the customer has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagDocument>,
    /// Tags that the customer has not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_tags: Vec<String>,
    /// Values by `identity`, `device`, `card` or `address`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub identifiers: BTreeMap<String, Vec<String>>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum AttributeDocument {
    /// Yes or no.
    Bool(bool),
    /// A count, an amount in minor units, or an instant in milliseconds.
    Int(i64),
    /// At most 256 bytes.
    Text(String),
}

impl From<&AttributeValue> for AttributeDocument {
    fn from(value: &AttributeValue) -> Self {
        match value {
            AttributeValue::Bool(value) => Self::Bool(*value),
            AttributeValue::Int(value) => Self::Int(*value),
            AttributeValue::Text(value) => Self::Text(value.clone()),
        }
    }
}

impl From<AttributeDocument> for AttributeValue {
    fn from(value: AttributeDocument) -> Self {
        match value {
            AttributeDocument::Bool(value) => Self::Bool(value),
            AttributeDocument::Int(value) => Self::Int(value),
            AttributeDocument::Text(value) => Self::Text(value),
        }
    }
}

/// A tag: its name alone, or with the time when it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum TagDocument {
    /// The tag, without an end.
    Name(String),
    /// The tag, perhaps with an end.
    Timed(TimedTag),
}

/// A tag and until when it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TimedTag {
    /// The tag.
    pub tag: String,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl CustomerDocument {
    /// The facts that the document states.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn facts(self) -> Result<Vec<Fact>, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut facts = Vec::new();
        for (name, value) in self.attributes {
            let pointer = format!("/attributes/{}", step(&name));
            if let Some(AttributeDocument::Text(text)) = &value
                && text.len() > ATTRIBUTE_BYTES_MAX
            {
                problems.add(&pointer, format!("longer than {ATTRIBUTE_BYTES_MAX} bytes"));
            }
            let Some(name) = problems.keep(pointer, AttributeName::new(&name)) else { continue };
            facts.push(match value {
                Some(value) => Fact::Attribute(name, value.into()),
                None => Fact::NoAttribute(name),
            });
        }
        for (index, tag) in self.tags.into_iter().enumerate() {
            let pointer = format!("/tags/{index}");
            let (tag, until) = match tag {
                TagDocument::Name(tag) => (tag, None),
                TagDocument::Timed(TimedTag { tag, until }) => (tag, until),
            };
            let until = until.map(|until| problems.keep(format!("{pointer}/until"), read_instant(&until)));
            if let Some(tag) = problems.keep(pointer, Tag::new(&tag)) {
                facts.push(Fact::Tag(tag, until.flatten()));
            }
        }
        facts.extend(problems.keep_all("/remove_tags", &self.remove_tags).into_iter().map(Fact::NoTag));
        for (dimension, values) in self.identifiers {
            let pointer = format!("/identifiers/{}", step(&dimension));
            let Some(dimension) = problems.keep(&pointer, identifying(&dimension)) else { continue };
            let values = problems.keep_all(&pointer, &values);
            facts.extend(values.into_iter().map(|value| Fact::Identifier(dimension, value)));
        }
        problems.finish(Some(facts))
    }
}

fn identifying(word: &str) -> Result<Dimension, &'static str> {
    let known = Dimension::ALL.into_iter().filter(|dimension| *dimension != Dimension::Customer);
    known.into_iter().find(|dimension| dimension.as_str() == word).ok_or("expected identity, device, card or address")
}

/// What the host knows of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerView {
    /// The customer.
    pub id: String,
    /// Attributes by name.
    pub attributes: BTreeMap<String, AttributeView>,
    /// Tags, sorted; those that have ended as well.
    pub tags: Vec<TimedTag>,
    /// Values by dimension, the latest last.
    pub identifiers: BTreeMap<String, Vec<String>>,
    /// Invitations, the earliest first.
    pub touches: Vec<TouchView>,
    /// Credit-limit raises granted and not yet seen in the customer's limit, in minor units.
    pub raises_under_way: u64,
    /// What is owed after a claw-back of something used, by unit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub debts: BTreeMap<String, u64>,
    /// Where the customer stands, by programme; standings that have ended as well.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub standings: BTreeMap<String, StandingView>,
    /// What the customer is a member of, by kind of group.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, String>,
    /// Other ids of this customer, merged into this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// Where a customer stands in a programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandingView {
    /// In which tier.
    pub tier: String,
    /// Since when.
    pub since: String,
    /// Over from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl From<&Standing> for StandingView {
    fn from(standing: &Standing) -> Self {
        Self {
            tier: standing.tier.to_string(),
            since: instant_text(standing.since),
            until: standing.until.map(instant_text),
        }
    }
}

/// An attribute and the time of the fact that set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttributeView {
    /// Its value.
    pub value: AttributeDocument,
    /// When the fact that set it happened.
    pub as_of: String,
}

/// An invitation that reached a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TouchView {
    /// Who invited.
    pub inviter: String,
    /// When.
    pub at: String,
}

impl CustomerView {
    /// The customer as it goes out.
    #[must_use]
    pub fn of(id: &CustomerId, customer: &Customer) -> Self {
        let attributes = customer.attributes.iter().map(|(name, attribute)| {
            let view = AttributeView { value: (&attribute.value).into(), as_of: instant_text(attribute.as_of) };
            (name.to_string(), view)
        });
        let identifiers = customer.identifiers.iter().map(|(dimension, values)| {
            (dimension.as_str().to_owned(), values.iter().map(ToString::to_string).collect())
        });
        let touches = customer.touches.iter();
        Self {
            id: id.to_string(),
            attributes: attributes.collect(),
            tags: customer
                .tags
                .iter()
                .map(|(tag, until)| TimedTag { tag: tag.to_string(), until: until.map(instant_text) })
                .collect(),
            identifiers: identifiers.collect(),
            touches: touches
                .map(|touch| TouchView { inviter: touch.inviter.to_string(), at: instant_text(touch.at) })
                .collect(),
            raises_under_way: customer.raises_under_way.get(),
            debts: customer.debts.iter().map(|(unit, debt)| (unit.to_string(), debt.get())).collect(),
            standings: customer.standings.iter().map(|(id, standing)| (id.to_string(), standing.into())).collect(),
            groups: customer.groups.iter().map(|(kind, group)| (kind.to_string(), group.to_string())).collect(),
            also: customer.also.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::from_json;

    #[test]
    fn a_document_states_facts() {
        let text = br#"{
            "attributes": {"credit_limit": 500000, "vip": true, "city": "Brno", "old": null},
            "tags": ["staff", {"tag": "new", "until": "2026-01-01T00:00:00Z"}],
            "remove_tags": ["guest"],
            "identifiers": {"device": ["d1", "d2"]}
        }"#;
        let facts = from_json::<CustomerDocument>(text).unwrap().facts().unwrap();
        assert_eq!(facts.len(), 9);
        assert!(facts.contains(&Fact::NoAttribute(AttributeName::new("old").unwrap())));
        assert!(facts.contains(&Fact::NoTag(Tag::new("guest").unwrap())));
        let mut customer = Customer::default();
        let at = read_instant("2025-12-01T00:00:00Z").unwrap();
        for fact in facts {
            customer.learn(fact, at).unwrap();
        }
        let view = CustomerView::of(&CustomerId::new("u1").unwrap(), &customer);
        let expected = r#"{"id":"u1","attributes":{"city":{"value":"Brno","as_of":"2025-12-01T00:00:00Z"},"credit_limit":{"value":500000,"as_of":"2025-12-01T00:00:00Z"},"vip":{"value":true,"as_of":"2025-12-01T00:00:00Z"}},"tags":[{"tag":"new","until":"2026-01-01T00:00:00Z"},{"tag":"staff"}],"identifiers":{"device":["d1","d2"]},"touches":[],"raises_under_way":0}"#;
        assert_eq!(serde_json::to_string(&view).unwrap(), expected);
    }

    #[test]
    fn every_problem_is_named() {
        let text = br#"{"attributes": {"A/b": 1}, "tags": ["a b", {"tag": "x", "until": "soon"}],
            "identifiers": {"customer": ["x"], "card": ["ok", ""]}}"#;
        let problems = from_json::<CustomerDocument>(text).unwrap().facts().unwrap_err();
        let pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            ["/attributes/A~1b", "/tags/0", "/tags/1/until", "/identifiers/card/1", "/identifiers/customer"]
        );
        assert!(from_json::<CustomerDocument>(br#"{"atributes": {}}"#).is_err());
    }
}

//! What the host knows of a customer, in the store.

use std::collections::BTreeMap;

use largesse_domain::customer::{Attribute, Customer, Standing, Touch};
use largesse_domain::dimension::Dimension;
use serde::{Deserialize, Serialize};

use super::{Text, Unreadable, id, ids, instant, quantity, read, word, write};
use crate::customer::AttributeDocument;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct CustomerForm<'a> {
    /// Name: value, time in ms.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<Text<'a>, (AttributeDocument, i64)>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<Text<'a>, Option<i64>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    identifiers: BTreeMap<Text<'a>, Vec<Text<'a>>>,
    /// Inviter, time in ms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    touches: Vec<(Text<'a>, i64)>,
    #[serde(skip_serializing_if = "is_zero")]
    raises: u64,
    /// Unit: what is owed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    debts: BTreeMap<Text<'a>, u64>,
    /// Programme: tier, since and until in ms.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    standings: BTreeMap<Text<'a>, (Text<'a>, i64, Option<i64>)>,
    /// Kind: entity.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    groups: BTreeMap<Text<'a>, Text<'a>>,
    /// Who stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into: Option<Text<'a>>,
    /// The other ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Text<'a>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// The customer as the store keeps them.
#[must_use]
pub fn customer_text(customer: &Customer) -> String {
    let attributes = customer
        .attributes
        .iter()
        .map(|(name, attribute)| (name.as_str().into(), ((&attribute.value).into(), attribute.as_of.as_millis())));
    let tags = customer.tags.iter().map(|(tag, until)| (tag.as_str().into(), until.map(|until| until.as_millis())));
    let identifiers = customer.identifiers.iter().map(|(dimension, values)| {
        (dimension.as_str().into(), values.iter().map(|value| value.as_str().into()).collect())
    });
    let touches = customer.touches.iter().map(|touch| (touch.inviter.as_str().into(), touch.at.as_millis()));
    let standings = customer.standings.iter().map(|(programme, standing)| {
        let until = standing.until.map(|until| until.as_millis());
        (programme.as_str().into(), (standing.tier.as_str().into(), standing.since.as_millis(), until))
    });
    write(&CustomerForm {
        attributes: attributes.collect(),
        tags: tags.collect(),
        identifiers: identifiers.collect(),
        touches: touches.collect(),
        raises: customer.raises_under_way.get(),
        debts: customer.debts.iter().map(|(unit, debt)| (unit.as_str().into(), debt.get())).collect(),
        standings: standings.collect(),
        groups: customer.groups.iter().map(|(kind, group)| (kind.as_str().into(), group.as_str().into())).collect(),
        merged_into: customer.merged_into.as_ref().map(|stays| stays.as_str().into()),
        also: customer.also.iter().map(|other| other.as_str().into()).collect(),
    })
}

/// Reads what [`customer_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_customer(text: &str) -> Result<Customer, Unreadable> {
    let form: CustomerForm<'_> = read(text)?;
    let merged_into = form.merged_into.map(|stays| id(&stays)).transpose()?;
    let raises_under_way = quantity(form.raises)?;
    let mut customer = Customer { raises_under_way, merged_into, also: ids(&form.also)?, ..Customer::default() };
    for (name, (value, as_of)) in form.attributes {
        customer.attributes.insert(id(&name)?, Attribute { value: value.into(), as_of: instant(as_of)? });
    }
    for (tag, until) in form.tags {
        customer.tags.insert(id(&tag)?, until.map(instant).transpose()?);
    }
    for (dimension, values) in form.identifiers {
        let dimension = word(&Dimension::ALL, Dimension::as_str, &dimension)?;
        customer.identifiers.insert(dimension, ids(&values)?);
    }
    for (inviter, at) in form.touches {
        customer.touches.push(Touch { inviter: id(&inviter)?, at: instant(at)? });
    }
    for (unit, debt) in form.debts {
        customer.debts.insert(id(&unit)?, quantity(debt)?);
    }
    for (programme, (tier, since, until)) in form.standings {
        let until = until.map(instant).transpose()?;
        customer.standings.insert(id(&programme)?, Standing { tier: id(&tier)?, since: instant(since)?, until });
    }
    for (kind, group) in form.groups {
        customer.groups.insert(id(&kind)?, id(&group)?);
    }
    Ok(customer)
}

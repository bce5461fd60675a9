//! Redemptions, the terms of units, pockets and segments, in the store.

use largesse_domain::catalogue::{Pocket, UnitTerms};
use largesse_domain::dimension::Dimension;
use largesse_domain::id::Identifier;
use largesse_domain::json::Json;
use largesse_domain::key::GrantSlot;
use largesse_domain::message_rules::MessageRules;
use largesse_domain::redemption::{
    Part, Redemption, RedemptionId, RedemptionRequest, RedemptionState, Return, ReturnRequest,
};
use largesse_domain::segment::Segment;
use largesse_domain::time::Instant;
use largesse_domain::unit::Quantity;
use serde::{Deserialize, Serialize};

use super::{Text, Unreadable, id, instant, quantity, read, term, word, write};
use crate::catalogue::{PocketDocument, UnitDocument};
use crate::message_rules::MessageRulesDocument;
use crate::segment::SegmentDocument;
use crate::time::read_instant;

#[derive(Serialize, Deserialize)]
struct RedemptionForm<'a> {
    customer: Text<'a>,
    unit: Text<'a>,
    quantity: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<(Text<'a>, Text<'a>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    reference: Text<'a>,
    state: Text<'a>,
    parts: Vec<PartForm<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    returns: Vec<ReturnForm<'a>>,
    made: i64,
    changed: i64,
}

/// Campaign, to, key, issue, quantity, and how much of it came back: a customer uses what was given to any of their ids.
type PartForm<'a> = (Text<'a>, Text<'a>, Text<'a>, u32, u64, u64);

/// Its id, what was asked for, how much came back, when.
type ReturnForm<'a> = (Option<Text<'a>>, Option<u64>, u64, i64);

/// The redemption as the store keeps it, without its id.
#[must_use]
pub fn redemption_text(redemption: &Redemption) -> String {
    let Redemption { request, state, parts, returns, made_at, changed_at } = redemption;
    let grant = request.grant.as_ref();
    write(&RedemptionForm {
        customer: request.customer.as_str().into(),
        unit: request.unit.as_str().into(),
        quantity: request.quantity.get(),
        grant: grant.map(|(campaign, key)| (campaign.as_str().into(), key.as_str().into())),
        until: request.reserve_until.map(|until| until.as_millis()),
        reference: request.reference.as_str().into(),
        state: state.as_str().into(),
        parts: parts
            .iter()
            .map(|Part { slot, issue, quantity, returned }| {
                let GrantSlot { campaign, to, key } = slot;
                (
                    campaign.as_str().into(),
                    to.as_str().into(),
                    key.as_str().into(),
                    *issue,
                    quantity.get(),
                    returned.get(),
                )
            })
            .collect(),
        returns: returns.iter().map(return_form).collect(),
        made: made_at.as_millis(),
        changed: changed_at.as_millis(),
    })
}

fn return_form(known: &Return) -> ReturnForm<'_> {
    let Return { request, quantity, at } = known;
    let name = request.id.as_ref().map(|id| id.as_str().into());
    (name, request.quantity.map(Quantity::get), quantity.get(), at.as_millis())
}

/// Reads what [`redemption_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_redemption(key: &RedemptionId, text: &str) -> Result<Redemption, Unreadable> {
    let form: RedemptionForm<'_> = read(text)?;
    let customer: largesse_domain::id::CustomerId = id(&form.customer)?;
    let part = |(campaign, to, key, issue, amount, returned): PartForm<'_>| {
        let slot = GrantSlot { campaign: id(&campaign)?, to: id(&to)?, key: id(&key)? };
        Ok(Part { slot, issue, quantity: quantity(amount)?, returned: quantity(returned)? })
    };
    let parts = form.parts.into_iter().map(part).collect::<Result<_, Unreadable>>()?;
    let come_back = |(name, asked, amount, at): ReturnForm<'_>| {
        let name = name.map(|name| id(&name)).transpose()?;
        let request = ReturnRequest { id: name, quantity: asked.map(quantity).transpose()? };
        Ok(Return { request, quantity: quantity(amount)?, at: instant(at)? })
    };
    let returns = form.returns.into_iter().map(come_back).collect::<Result<_, Unreadable>>()?;
    let grant = form.grant.map(|(campaign, key)| Ok::<_, Unreadable>((id(&campaign)?, id(&key)?))).transpose()?;
    let request = RedemptionRequest {
        id: key.clone(),
        unit: id(&form.unit)?,
        quantity: quantity(form.quantity)?,
        grant,
        reserve_until: form.until.map(instant).transpose()?,
        reference: form.reference.into_owned(),
        customer,
    };
    let state = word(&RedemptionState::ALL, RedemptionState::as_str, &form.state)?;
    let (made_at, changed_at) = (instant(form.made)?, instant(form.changed)?);
    Ok(Redemption { request, state, parts, returns, made_at, changed_at })
}

/// Identifiers as the store keeps them.
#[must_use]
pub fn identifiers_text(identifiers: &[(Dimension, Identifier)]) -> String {
    let pairs: Vec<_> = identifiers.iter().map(|(dimension, value)| (dimension.as_str(), value.as_str())).collect();
    write(&pairs)
}

/// Reads what [`identifiers_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_identifiers(text: &str) -> Result<Vec<(Dimension, Identifier)>, Unreadable> {
    let pairs: Vec<(String, String)> = read(text)?;
    let pair =
        |(dimension, value): (String, String)| Ok((word(&Dimension::ALL, Dimension::as_str, &dimension)?, id(&value)?));
    pairs.into_iter().map(pair).collect()
}

/// The terms of a unit as the store keeps them, without the unit. The unit's own terms are kept byte for byte.
#[must_use]
pub fn terms_text(terms: &UnitTerms) -> String {
    write(&(UnitDocument::of(terms), terms.terms.as_str()))
}

/// Reads what [`terms_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_terms(unit: &str, text: &str) -> Result<UnitTerms, Unreadable> {
    let (document, own): (UnitDocument, String) = read(text)?;
    let unit = id(unit)?;
    let terms = document.read(unit).map_err(|problems| Unreadable::new(format!("{problems:?}")))?;
    Ok(UnitTerms { terms: Json::from_checked(own), ..terms })
}

/// The pocket as the store keeps it, without its id.
#[must_use]
pub fn pocket_text(pocket: &Pocket) -> String {
    write(&PocketDocument::of(pocket))
}

/// Reads what [`pocket_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_pocket(key: &str, text: &str) -> Result<Pocket, Unreadable> {
    let document: PocketDocument = read(text)?;
    let budgets = document.budgets.iter().map(|budget| term(|problems| budget.read("", None, problems)));
    let budgets = budgets.collect::<Result<_, _>>()?;
    let time = |text: Option<String>| text.map(|text| read_instant(&text).map_err(Unreadable::new)).transpose();
    let (opens, closes) = (time(document.opens)?, time(document.closes)?);
    let PocketDocument { title, warn_at, allocates, .. } = document;
    Ok(Pocket { id: id(key)?, title, budgets, warn_at, opens, closes, allocates })
}

/// The segment as the store keeps it, without its id.
#[must_use]
pub fn segment_text(segment: &Segment) -> String {
    write(&SegmentDocument::of(segment))
}

/// Reads what [`segment_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_segment(key: &str, text: &str) -> Result<Segment, Unreadable> {
    let document: SegmentDocument = read(text)?;
    Ok(Segment { id: id(key)?, title: document.title, condition: id(&document.condition)? })
}

/// The rules for messages as the store keeps them.
#[must_use]
pub fn message_rules_text(rules: &MessageRules) -> String {
    write(&MessageRulesDocument::of(rules))
}

/// Reads what [`message_rules_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_message_rules(text: &str) -> Result<MessageRules, Unreadable> {
    let document: MessageRulesDocument = read(text)?;
    document.read().map_err(|problems| Unreadable::new(format!("{problems:?}")))
}

/// Times as the store keeps them.
#[must_use]
pub fn instants_text(instants: &[Instant]) -> String {
    write(&instants.iter().map(|instant| instant.as_millis()).collect::<Vec<_>>())
}

/// Reads what [`instants_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_instants(text: &str) -> Result<Vec<Instant>, Unreadable> {
    read::<Vec<i64>>(text)?.into_iter().map(instant).collect()
}

//! From the contract to the domain: what a decision wants. Every field is checked; the first that is wrong is named.

use std::fmt;

use largesse_domain::decision::Refusal;
use largesse_domain::dimension::Dimension;
use largesse_domain::effect::{
    Benefit, Claim, Effect, Enrolment, GrantProposal, Held, HoldProposal, Measurement, Message, MessageClass,
    Placement, Proposal, ReserveProposal, Revocation, RevocationTarget, Schedule, SettleProposal, ShareProposal,
    Shortfall, StateChange, TagChange,
};
use largesse_domain::hold::{AfterHold, HoldAction};
use largesse_domain::id::InvalidId;
use largesse_domain::json::Json;
use largesse_domain::limits::{
    AMOUNT_MAX, ANSWER_BYTES_MAX, CHANNEL_BYTES_MAX, CHECK_PROBLEMS_MAX, CHOICES_MAX, CLAIMS_MAX, EFFECTS_MAX,
    ENROLMENT_DATA_BYTES_MAX, MEASURE_LABEL_BYTES_MAX, MESSAGE_CHANNELS_MAX, MESSAGE_VARS_BYTES_MAX, NOTE_BYTES_MAX,
    OFFERS_MAX, PROBLEM_BYTES_MAX, REASON_BYTES_MAX, REFUSAL_MESSAGE_BYTES_MAX, STATE_BYTES_MAX, TIMER_DATA_BYTES_MAX,
    WEIGHT_MAX,
};
use largesse_domain::policy::Offer;
use largesse_domain::problem::Problem;
use largesse_domain::time::{Day, Instant, When};
use largesse_domain::unit::{Quantity, Unit};

use crate::bindings::wit;
use crate::json::{self, Shape};

/// Milliseconds of a day.
/// Millionths of a chance of everything.
const CHANCE_WHOLE: u32 = 1_000_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// A field that the contract does not allow, with its path: `effects[2].grant.key: not a grant key: ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    path: String,
    why: String,
}

impl Wrong {
    fn new(field: &str, why: impl fmt::Display) -> Self {
        Self { path: field.to_owned(), why: why.to_string() }
    }

    /// Found within this field.
    fn within(mut self, field: impl fmt::Display) -> Self {
        self.path = format!("{field}.{}", self.path);
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

type Checked<T> = Result<T, Wrong>;

/// Reads a decision.
///
/// # Errors
/// The first field that is wrong.
pub(crate) fn proposal(decision: wit::Decision) -> Checked<Proposal> {
    count("claims", decision.claims.len(), CLAIMS_MAX)?;
    count("effects", decision.effects.len(), EFFECTS_MAX)?;
    let claims = each("claims", decision.claims, claim)?;
    let effects = each("effects", decision.effects, effect)?;
    let state = match decision.state {
        wit::StateChange::Keep => StateChange::Keep,
        wit::StateChange::Put(text) => StateChange::Put(state(text)?),
        wit::StateChange::Clear => StateChange::Clear,
    };
    Ok(Proposal { claims, effects, state, note: text("note", decision.note, NOTE_BYTES_MAX)? })
}

/// Reads a refusal.
///
/// # Errors
/// The first field that is wrong.
pub(crate) fn refusal(refusal: wit::Refusal) -> Checked<Refusal> {
    Ok(Refusal {
        code: id("refusal.code", &refusal.code)?,
        message: text("refusal.message", refusal.message, REFUSAL_MESSAGE_BYTES_MAX)?,
    })
}

/// Reads a state.
///
/// # Errors
/// When it is not JSON, or too large.
pub(crate) fn state(text: String) -> Checked<Json> {
    json::check(text, STATE_BYTES_MAX, Shape::Any).map_err(|why| Wrong::new("state", why))
}

/// Reads an answer to a question.
///
/// # Errors
/// When it is no object, or too large.
pub(crate) fn answer(text: String) -> Checked<Json> {
    json::check(text, ANSWER_BYTES_MAX, Shape::Object).map_err(|why| Wrong::new("answer", why))
}

/// Reads what may be given with parameters.
///
/// # Errors
/// The first field that is wrong.
pub(crate) fn offers(offers: Vec<wit::Offer>) -> Checked<Vec<Offer>> {
    count("offers", offers.len(), OFFERS_MAX)?;
    each("offers", offers, |offer| {
        if let Some(chance) = offer.chance.filter(|chance| *chance > CHANCE_WHOLE) {
            return Err(Wrong::new("chance", format_args!("{chance} millionths, expected at most {CHANCE_WHOLE}")));
        }
        Ok(Offer {
            unit: id("unit", &offer.unit)?,
            quantity: quantity("quantity", offer.quantity)?,
            chance: offer.chance,
        })
    })
}

/// Reads what `check` found wrong.
///
/// # Errors
/// When there is too much of it, or nothing.
pub(crate) fn problems(problems: Vec<wit::Problem>) -> Checked<Vec<Problem>> {
    if problems.is_empty() {
        return Err(Wrong::new("problems", "an error without a problem"));
    }
    count("problems", problems.len(), CHECK_PROBLEMS_MAX)?;
    each("problems", problems, |problem| {
        if !(problem.pointer.is_empty() || problem.pointer.starts_with('/')) {
            return Err(Wrong::new("pointer", "not a JSON pointer: expected nothing or a text that starts with '/'"));
        }
        Ok(Problem {
            pointer: text("pointer", problem.pointer, PROBLEM_BYTES_MAX)?,
            message: text("message", problem.message, PROBLEM_BYTES_MAX)?,
        })
    })
}

fn each<A, B>(list: &str, items: Vec<A>, read: impl Fn(A) -> Checked<B>) -> Checked<Vec<B>> {
    let read = |(index, item)| read(item).map_err(|wrong| wrong.within(format_args!("{list}[{index}]")));
    items.into_iter().enumerate().map(read).collect()
}

fn count(field: &str, found: usize, max: usize) -> Checked<()> {
    if found <= max { Ok(()) } else { Err(Wrong::new(field, format_args!("{found} of them, at most {max} are taken"))) }
}

fn id<T: std::str::FromStr<Err = InvalidId>>(field: &str, text: &str) -> Checked<T> {
    text.parse().map_err(|invalid| Wrong::new(field, invalid))
}

fn text(field: &str, text: String, max: usize) -> Checked<String> {
    if text.len() > max {
        return Err(Wrong::new(field, format_args!("{} bytes, at most {max} are taken", text.len())));
    }
    match text.chars().find(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        Some(letter) => Err(Wrong::new(field, format_args!("holds the control character {}", letter.escape_default()))),
        None => Ok(text),
    }
}

/// More than nothing, at most 10^15.
fn quantity(field: &str, value: u64) -> Checked<Quantity> {
    match Quantity::new(value) {
        Ok(quantity) if !quantity.is_zero() => Ok(quantity),
        _ => Err(Wrong::new(field, format_args!("{value}, expected 1 to {AMOUNT_MAX}"))),
    }
}

fn when(field: &str, when: wit::When) -> Checked<When> {
    let far = || Wrong::new(field, "outside the years 1 to 9999");
    match when {
        wit::When::At(at) => Instant::from_millis(at).map(When::At).ok_or_else(far),
        wit::When::AfterSeconds(seconds) => {
            let span = Instant::MAX.as_millis().abs_diff(Instant::MIN.as_millis()) / 1_000;
            if seconds <= span { Ok(When::AfterSeconds(seconds)) } else { Err(far()) }
        }
        wit::When::AtLocal(wit::LocalMoment { day, second_of_day }) => {
            if second_of_day >= 86_400 {
                return Err(Wrong::new(field, format_args!("second {second_of_day} of a day, expected 0 to 86399")));
            }
            Instant::from_millis(i64::from(day) * DAY_MS).ok_or_else(far)?;
            Ok(When::AtLocal { day: Day(day), second_of_day })
        }
    }
}

fn maybe_when(field: &str, value: Option<wit::When>) -> Checked<Option<When>> {
    value.map(|value| when(field, value)).transpose()
}

fn claim(claim: wit::Claim) -> Checked<Claim> {
    Ok(Claim {
        scope: id("scope", &claim.scope)?,
        by: match claim.by {
            wit::Dimension::Customer => Dimension::Customer,
            wit::Dimension::Identity => Dimension::Identity,
            wit::Dimension::Device => Dimension::Device,
            wit::Dimension::Card => Dimension::Card,
            wit::Dimension::Address => Dimension::Address,
        },
        party: id("party", &claim.party)?,
    })
}

fn effect(effect: wit::Effect) -> Checked<Effect> {
    match effect {
        wit::Effect::Grant(grant) => self::grant(grant).map(Effect::Grant).map_err(|wrong| wrong.within("grant")),
        wit::Effect::Revoke(revocation) => {
            self::revocation(revocation).map(Effect::Revoke).map_err(|wrong| wrong.within("revoke"))
        }
        wit::Effect::Message(message) => {
            self::message(message).map(Effect::Message).map_err(|wrong| wrong.within("message"))
        }
        wit::Effect::Tag(tag) => self::tag(tag).map(Effect::Tag).map_err(|wrong| wrong.within("tag")),
        wit::Effect::Schedule(schedule) => {
            self::schedule(schedule).map(Effect::Schedule).map_err(|wrong| wrong.within("schedule"))
        }
        wit::Effect::CancelTimer(name) => id("cancel-timer", &name).map(Effect::CancelTimer),
        wit::Effect::Reserve(reservation) => {
            self::reservation(reservation).map(Effect::Reserve).map_err(|wrong| wrong.within("reserve"))
        }
        wit::Effect::Settle(settlement) => {
            self::settlement(settlement).map(Effect::Settle).map_err(|wrong| wrong.within("settle"))
        }
        wit::Effect::Place(placement) => {
            self::placement(placement).map(Effect::Place).map_err(|wrong| wrong.within("place"))
        }
        wit::Effect::Share(share) => self::share(share).map(Effect::Share).map_err(|wrong| wrong.within("share")),
        wit::Effect::Enrol(enrolment) => {
            self::enrolment(enrolment).map(Effect::Enrol).map_err(|wrong| wrong.within("enrol"))
        }
        wit::Effect::Measure(measurement) => {
            self::measurement(measurement).map(Effect::Measure).map_err(|wrong| wrong.within("measure"))
        }
    }
}

fn grant(grant: wit::Grant) -> Checked<GrantProposal> {
    if grant.choices.is_empty() {
        return Err(Wrong::new("choices", "none, expected at least one"));
    }
    count("choices", grant.choices.len(), CHOICES_MAX)?;
    Ok(GrantProposal {
        key: id("key", &grant.key)?,
        to: id("to", &grant.to)?,
        choices: each("choices", grant.choices, benefit)?,
        on_shortfall: shortfall(grant.on_shortfall),
        hold: grant.hold.map(hold).transpose()?,
        expires: maybe_when("expires", grant.expires)?,
        reason: text("reason", grant.reason, REASON_BYTES_MAX)?,
    })
}

fn shortfall(shortfall: wit::Shortfall) -> Shortfall {
    match shortfall {
        wit::Shortfall::Refuse => Shortfall::Refuse,
        wit::Shortfall::Reduce => Shortfall::Reduce,
        wit::Shortfall::Skip => Shortfall::Skip,
    }
}

fn hold(hold: wit::Hold) -> Checked<HoldProposal> {
    Ok(HoldProposal {
        until: when("hold.until", hold.until)?,
        then: match hold.then {
            wit::AfterHold::Post => AfterHold::Post,
            wit::AfterHold::Void => AfterHold::Void,
        },
    })
}

fn benefit(benefit: wit::Benefit) -> Checked<Benefit> {
    match benefit {
        wit::Benefit::Units(units) => Ok(Benefit::Units {
            unit: id("units.unit", &units.unit)?,
            quantity: quantity("units.quantity", units.quantity)?,
        }),
        wit::Benefit::CreditLimit(raise) => Ok(Benefit::CreditLimit {
            by: quantity("credit-limit.by", raise.by)?,
            up_to: quantity("credit-limit.up-to", raise.up_to)?,
            until: maybe_when("credit-limit.until", raise.until)?,
        }),
        wit::Benefit::RateBoost(boost) => Ok(Benefit::RateBoost {
            unit: Unit::rate_boost(&boost.holding).map_err(|invalid| Wrong::new("rate-boost.holding", invalid))?,
            basis_points: quantity("rate-boost.basis-points", u64::from(boost.basis_points))?,
            principal_cap: boost.principal_cap.map(|cap| quantity("rate-boost.principal-cap", cap)).transpose()?,
            until: maybe_when("rate-boost.until", boost.until)?,
        }),
    }
}

fn revocation(revocation: wit::Revocation) -> Checked<Revocation> {
    if revocation.free_key && revocation.quantity.is_some() {
        return Err(Wrong::new("free-key", "a key is freed only by taking back all of a grant"));
    }
    Ok(Revocation {
        of: match revocation.of {
            wit::Target::Key(grant) => {
                RevocationTarget::Key { to: id("of.key.to", &grant.to)?, key: id("of.key.key", &grant.key)? }
            }
            wit::Target::About => RevocationTarget::About,
        },
        quantity: revocation.quantity.map(|value| quantity("quantity", value)).transpose()?,
        free_key: revocation.free_key,
        reason: text("reason", revocation.reason, REASON_BYTES_MAX)?,
    })
}

fn reservation(reservation: wit::Reservation) -> Checked<ReserveProposal> {
    Ok(ReserveProposal {
        key: id("key", &reservation.key)?,
        party: id("party", &reservation.party)?,
        unit: id("unit", &reservation.unit)?,
        quantity: quantity("quantity", reservation.quantity)?,
        until: when("until", reservation.until)?,
        on_shortfall: shortfall(reservation.on_shortfall),
        reason: text("reason", reservation.reason, REASON_BYTES_MAX)?,
    })
}

fn settlement(settlement: wit::Settlement) -> Checked<SettleProposal> {
    Ok(SettleProposal {
        of: match settlement.of {
            wit::Held::Grant(grant) => {
                Held::Grant { to: id("of.grant.to", &grant.to)?, key: id("of.grant.key", &grant.key)? }
            }
            wit::Held::Reservation(reservation) => Held::Reservation {
                party: id("of.reservation.party", &reservation.party)?,
                key: id("of.reservation.key", &reservation.key)?,
            },
        },
        how: match settlement.how {
            wit::Settle::Commit => HoldAction::Commit,
            wit::Settle::Release => HoldAction::Release,
        },
        required: settlement.required,
        reason: text("reason", settlement.reason, REASON_BYTES_MAX)?,
    })
}

fn placement(placement: wit::Placement) -> Checked<Placement> {
    Ok(Placement {
        to: id("to", &placement.to)?,
        programme: id("programme", &placement.programme)?,
        tier: placement.tier.map(|tier| id("tier", &tier)).transpose()?,
        until: maybe_when("until", placement.until)?,
        reason: text("reason", placement.reason, REASON_BYTES_MAX)?,
    })
}

fn share(share: wit::Share) -> Checked<ShareProposal> {
    if share.weight > WEIGHT_MAX {
        return Err(Wrong::new("weight", format_args!("{}, expected at most {WEIGHT_MAX}", share.weight)));
    }
    Ok(ShareProposal { pool: id("pool", &share.pool)?, to: id("to", &share.to)?, weight: share.weight })
}

fn enrolment(enrolment: wit::Enrolment) -> Checked<Enrolment> {
    let data = json::check(enrolment.data, ENROLMENT_DATA_BYTES_MAX, Shape::Object);
    Ok(Enrolment {
        campaign: id("campaign", &enrolment.campaign)?,
        party: id("party", &enrolment.party)?,
        data: data.map_err(|why| Wrong::new("data", why))?,
    })
}

fn measurement(measurement: wit::Measurement) -> Checked<Measurement> {
    let wit::Measurement { name, label, by } = measurement;
    if label.len() > MEASURE_LABEL_BYTES_MAX || !label.bytes().all(|byte| byte.is_ascii_graphic()) {
        let rule = format_args!(
            "not a label: expected nothing or at most {MEASURE_LABEL_BYTES_MAX} printable ASCII characters without spaces"
        );
        return Err(Wrong::new("label", rule));
    }
    Ok(Measurement { name: id("name", &name)?, label, by: quantity("by", by)? })
}

fn message(message: wit::Message) -> Checked<Message> {
    count("channels", message.channels.len(), MESSAGE_CHANNELS_MAX)?;
    let vars = json::check(message.vars, MESSAGE_VARS_BYTES_MAX, Shape::Object);
    Ok(Message {
        key: id("key", &message.key)?,
        to: id("to", &message.to)?,
        template: id("template", &message.template)?,
        vars: vars.map_err(|why| Wrong::new("vars", why))?,
        class: match message.class {
            wit::MessageClass::Service => MessageClass::Service,
            wit::MessageClass::Marketing => MessageClass::Marketing,
        },
        channels: message.channels.into_iter().enumerate().map(channel).collect::<Checked<_>>()?,
    })
}

fn channel((index, name): (usize, String)) -> Checked<String> {
    let fits = !name.is_empty() && name.len() <= CHANNEL_BYTES_MAX && name.bytes().all(|byte| byte.is_ascii_graphic());
    let rule = "not a channel: expected 1 to 64 printable ASCII characters without spaces";
    if fits { Ok(name) } else { Err(Wrong::new(&format!("channels[{index}]"), rule)) }
}

fn tag(change: wit::TagChange) -> Checked<TagChange> {
    Ok(TagChange {
        to: id("to", &change.to)?,
        tag: id("tag", &change.tag)?,
        present: change.present,
        until: maybe_when("until", change.until)?,
    })
}

fn schedule(schedule: wit::Schedule) -> Checked<Schedule> {
    let data = json::check(schedule.data, TIMER_DATA_BYTES_MAX, Shape::Object);
    Ok(Schedule {
        name: id("name", &schedule.name)?,
        due: when("due", schedule.due)?,
        data: data.map_err(|why| Wrong::new("data", why))?,
    })
}

#[cfg(test)]
#[path = "proposed_tests.rs"]
mod tests;

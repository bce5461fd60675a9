//! What operators and other systems do in a scenario besides sending events: terms of units, programmes, redemptions,
//! questions, commands, and what they read.

use std::collections::BTreeMap;

use largesse_documents::catalogue::{PocketDocument, UnitDocument};
use largesse_documents::from_value;
use largesse_documents::message_rules::MessageRulesDocument;
use largesse_documents::nearest::unknown;
use largesse_documents::programme::ProgrammeDocument;
use largesse_documents::receipt::ReversedGrant;
use largesse_documents::segment::SegmentDocument;
use largesse_documents::time::read_day;
use largesse_domain::event::EventKey;
use largesse_domain::facts::Wanted;
use largesse_domain::id::{CampaignId, CustomerId, InvalidId, RequestId};
use largesse_domain::key::GrantSlot;
use largesse_domain::lifecycle::Command;
use largesse_domain::redeem::{RedeemError, RedemptionAction};
use largesse_domain::redemption::{RedemptionId, RedemptionRequest, ReturnRequest};
use largesse_domain::restock::StockChange;
use largesse_domain::reversal::{ReversalRequest, ReversalTarget};
use largesse_domain::unit::Quantity;
use largesse_service::commands::{
    Redeem, Restock, Reverse, SetMessageRules, SetPocket, SetProgramme, SetUnit, SettleRedemption,
};
use largesse_service::pipeline::{Ask, ControlError, LedgerError, Precondition, Quote};
use largesse_service::queries::Calendar;
use largesse_service::{ChangeError, Service};
use serde_json::Value;

use crate::run::{SOURCE, chain, listed, said, time};
use crate::scenario::{CalendarStep, GrantExpected, QuoteStep, RedeemStep, ReverseStep, Scenario, SettleStep, Step};

/// What a question or a redemption came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The answer to a question.
    pub(crate) answer: Option<Value>,
    /// The policy's no to a question.
    pub(crate) refused: Option<String>,
    /// The ledger's no to a redemption.
    pub(crate) denied: Option<String>,
    /// Where a campaign that was to be made is wrong.
    pub(crate) problems: Vec<String>,
    /// What is on.
    pub(crate) entries: Vec<String>,
    /// What was taken back at once.
    pub(crate) revoked: Vec<GrantExpected>,
}

/// Sets what the scenario says of units, pockets and programmes.
pub(crate) async fn set_up(service: &Service, scenario: &Scenario) -> Result<(), (usize, String)> {
    for (index, (unit, terms)) in scenario.units.iter().enumerate() {
        let at = |what: String| (terms.span().start, format!("unit {unit}: {what}"));
        let mut document = terms.get_ref().clone();
        let pieces = document.remove("stock");
        let parsed: UnitDocument = from_value(document.into()).map_err(|problem| at(listed(&[problem])))?;
        let unit: largesse_domain::unit::Unit = unit.parse().map_err(|error| at(format!("{error}")))?;
        let read = parsed.read(unit.clone()).map_err(|problems| at(listed(&problems)))?;
        service.run(SetUnit(read)).await.map_err(|error| at(said(&error)))?;
        let Some(pieces) = pieces else { continue };
        let quantity = pieces.as_u64().and_then(|pieces| Quantity::new(pieces).ok());
        let quantity = quantity.ok_or_else(|| at("stock: expected a count".into()))?;
        if quantity.is_zero() {
            continue;
        }
        let id = format!("stock-{index}").parse().map_err(|error| at(format!("{error}")))?;
        let change = StockChange::Arrives(quantity);
        service.run(Restock { id, unit, change }).await.map_err(|error| at(said(&error)))?;
    }
    for (id, pocket) in &scenario.pockets {
        let at = |what: String| (pocket.span().start, format!("pocket {id}: {what}"));
        let document: PocketDocument =
            from_value(pocket.get_ref().clone()).map_err(|problem| at(listed(&[problem])))?;
        let id = id.parse().map_err(|error| at(format!("{error}")))?;
        let read = document.read(id).map_err(|problems| at(listed(&problems)))?;
        service.run(SetPocket(read)).await.map_err(|error| at(said(&error)))?;
    }
    for (id, segment) in &scenario.segments {
        let at = |what: String| (segment.span().start, format!("segment {id}: {what}"));
        let document: SegmentDocument =
            from_value(segment.get_ref().clone()).map_err(|problem| at(listed(&[problem])))?;
        let id = id.parse().map_err(|error| at(format!("{error}")))?;
        let read = document.read(id).map_err(|problems| at(listed(&problems)))?;
        service.set_segment(read).await.map_err(|error| at(said(&error)))?;
    }
    if let Some(rules) = &scenario.message_rules {
        let at = |what: String| (rules.span().start, format!("message_rules: {what}"));
        let document: MessageRulesDocument =
            from_value(rules.get_ref().clone()).map_err(|problem| at(listed(&[problem])))?;
        let read = document.read().map_err(|problems| at(listed(&problems)))?;
        service.run(SetMessageRules(read)).await.map_err(|error| at(said(&error)))?;
    }
    for (id, programme) in &scenario.programmes {
        let at = |what: String| (programme.span().start, format!("programme {id}: {what}"));
        let document: ProgrammeDocument =
            from_value(programme.get_ref().clone()).map_err(|problem| at(listed(&[problem])))?;
        let id = id.parse().map_err(|error| at(format!("{error}")))?;
        let read = document.read(id).map_err(|problems| at(listed(&problems)))?;
        service.run(SetProgramme(read)).await.map_err(|error| at(said(&error)))?;
    }
    Ok(())
}

/// Uses something out of a wallet.
pub(crate) async fn redeem(service: &Service, number: usize, step: &RedeemStep) -> Result<Reply, String> {
    let id = step.id.clone().unwrap_or_else(|| format!("step-{number}"));
    let request = RedemptionRequest {
        id: id.parse().map_err(|error| format!("redeem: id: {error}"))?,
        customer: CustomerId::new(&step.customer).map_err(|error| format!("redeem: {error}"))?,
        unit: step.unit.parse().map_err(|error| format!("redeem: {error}"))?,
        quantity: Quantity::new(step.quantity).map_err(|error| format!("redeem: {error}"))?,
        grant: None,
        reserve_until: step.reserve_until.as_deref().map(time).transpose()?,
        reference: String::new(),
    };
    answered(service.run(Redeem(request)).await, |_| Reply::default())
}

/// Commits, releases or reverses a redemption.
pub(crate) async fn settle(service: &Service, step: &SettleStep) -> Result<Reply, String> {
    let returned = ReturnRequest {
        id: step
            .return_id
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|error| format!("settle: return_id: {error}"))?,
        quantity: step.quantity.map(Quantity::new).transpose().map_err(|error| format!("settle: quantity: {error}"))?,
    };
    let all = [RedemptionAction::Commit, RedemptionAction::Release, RedemptionAction::Reverse(returned)];
    let words = all.each_ref().map(RedemptionAction::as_str);
    let how = all.into_iter().find(|how| how.as_str() == step.how);
    let how = how.ok_or_else(|| format!("settle: {}", unknown("way", &step.how, words)))?;
    let id: RequestId = step.redemption.parse().map_err(|error| format!("settle: redemption: {error}"))?;
    let customer = step.customer.as_deref().map(CustomerId::new).transpose();
    let customer = customer.map_err(|error| format!("settle: {error}"))?;
    let settle = SettleRedemption { id: RedemptionId::Request(id), customer, how };
    answered(service.run(settle).await, |_| Reply::default())
}

/// Takes back what an event gave, or a grant.
pub(crate) async fn reverse(
    service: &Service,
    main: &CampaignId,
    number: usize,
    step: &ReverseStep,
) -> Result<Reply, String> {
    let wrong = |error: InvalidId| format!("reverse: {error}");
    let of = match (&step.event, &step.grant, &step.customer) {
        (Some(event), None, None) => {
            let (source, id) = (SOURCE.parse().map_err(wrong)?, event.parse().map_err(wrong)?);
            ReversalTarget::Event(EventKey { source, id })
        }
        (None, Some(key), Some(customer)) => {
            let (to, key) = (CustomerId::new(customer).map_err(wrong)?, key.parse().map_err(wrong)?);
            let quantity = step.quantity.map(Quantity::new).transpose().map_err(|error| format!("reverse: {error}"))?;
            let campaign = named(step.campaign.as_deref(), main)?;
            ReversalTarget::Grant(GrantSlot { campaign, to, key }, quantity)
        }
        _ => return Err("reverse: expected either an event, or a grant and its customer".into()),
    };
    let id = step.id.clone().unwrap_or_else(|| format!("step-{number}")).parse().map_err(wrong)?;
    let request = ReversalRequest { id, of, reason: "scenario".into() };
    answered(service.run(Reverse(request)).await, |(answer, is_new)| {
        // Asked again, it takes back nothing more.
        let reversed = if is_new { answer.reversed } else { Vec::new() };
        Reply { revoked: reversed.into_iter().map(taken_back).collect(), ..Reply::default() }
    })
}

/// What the ledger answers, with its no in a word.
fn answered<A>(answer: Result<A, ChangeError>, reply: impl FnOnce(A) -> Reply) -> Result<Reply, String> {
    match answer {
        Ok(answer) => Ok(reply(answer)),
        Err(ChangeError::Control(ControlError::Ledger(LedgerError::Redeem(error)))) => {
            Ok(Reply { denied: Some(no_of(&error)), ..Reply::default() })
        }
        Err(ChangeError::Control(ControlError::Ledger(LedgerError::NothingLeft))) => {
            Ok(Reply { denied: Some("nothing-left".into()), ..Reply::default() })
        }
        Err(error) => Err(chain(&error)),
    }
}

fn taken_back(reversed: ReversedGrant) -> GrantExpected {
    let ReversedGrant { campaign: _, to, key, unit, quantity } = reversed;
    GrantExpected { to, key: Some(key), unit, quantity }
}

/// The ledger's no in a word, as problems of the API have it.
fn no_of(error: &RedeemError) -> String {
    match error {
        RedeemError::NotRedeemable(_) => "not-redeemable".into(),
        RedeemError::UnknownUnit(_) => "unknown-unit".into(),
        RedeemError::BelowMinimum(_) => "below-minimum".into(),
        RedeemError::GrantExpired => "grant-expired".into(),
        RedeemError::Insufficient(_) => "insufficient-balance".into(),
        other => other.to_string(),
    }
}

/// Asks a policy.
pub(crate) async fn quote(service: &Service, main: &CampaignId, step: &QuoteStep) -> Result<Reply, String> {
    let ask = Ask {
        campaign: named(step.campaign.as_deref(), main)?,
        customer: CustomerId::new(&step.customer).map_err(|error| format!("quote: {error}"))?,
        question: step.question.parse().map_err(|error| format!("quote: {error}"))?,
        data: Value::Object(step.data.clone()),
    };
    match service.quote(ask).await.map_err(|error| said(&error))? {
        Quote::Answer { answer, .. } => {
            let answer = serde_json::from_str(answer.as_str()).map_err(|error| format!("the answer: {error}"))?;
            Ok(Reply { answer: Some(answer), ..Reply::default() })
        }
        Quote::Refused(refusal) => Ok(Reply { refused: Some(refusal.code.to_string()), ..Reply::default() }),
        Quote::Faulted(fault) => Err(format!("the policy faulted: {fault}")),
    }
}

/// Carries out an operator's command.
pub(crate) async fn command(service: &Service, main: &CampaignId, step: &Step, word: &str) -> Result<(), String> {
    let command = Command::ALL.into_iter().find(|command| command.as_str() == word);
    let known = || unknown("command", word, Command::ALL.map(Command::as_str));
    let command = command.ok_or_else(known)?;
    let campaign = named(step.campaign.as_deref(), main)?;
    service.command(campaign, command, Precondition::None).await.map(drop).map_err(|error| said(&error))
}

pub(crate) fn named(campaign: Option<&str>, main: &CampaignId) -> Result<CampaignId, String> {
    campaign.map_or_else(|| Ok(main.clone()), |id| id.parse().map_err(|error| format!("campaign: {error}")))
}

/// What is on, as local days and campaigns.
pub(crate) async fn calendar(service: &Service, step: &CalendarStep) -> Result<Reply, String> {
    let customer = step.customer.as_deref().map(CustomerId::new).transpose();
    let customer = customer.map_err(|error| format!("calendar: {error}"))?;
    let (from, to) = (read_day(&step.from)?, read_day(&step.to)?);
    let asked = Calendar { customer, days: Some((from, to)), after: None, limit: usize::MAX };
    let entries = service.query(asked).await.map_err(|error| chain(&error))?.map_err(|error| chain(&error))?;
    let mut days: Vec<String> = entries
        .iter()
        .flat_map(|entry| {
            let day = |start| entry.active.zone.text(start).chars().take(10).collect::<String>();
            entry.occurrences.iter().map(move |one| format!("{} {}", day(one.start), entry.active.campaign.id))
        })
        .collect();
    days.sort();
    Ok(Reply { entries: days, ..Reply::default() })
}

/// Where customers stand, by programme.
pub(crate) async fn standings(service: &Service, id: &str) -> Result<BTreeMap<String, String>, String> {
    let customer = CustomerId::new(id).map_err(|error| error.to_string())?;
    let now = service.clock().now();
    let known = service.read(move |store| store.customer(&customer)).await.map_err(|error| chain(&error))?;
    let standings = known.unwrap_or_default();
    let standings = standings.standings_at(now);
    Ok(standings.map(|(programme, standing)| (programme.to_string(), standing.tier.to_string())).collect())
}

/// What a campaign counts: by `measure`, or `measure/label`.
pub(crate) async fn measures(service: &Service, campaign: &CampaignId) -> Result<BTreeMap<String, u64>, String> {
    let wanted = Wanted { measures: [campaign.clone()].into(), ..Wanted::default() };
    let rows = service.read(move |store| store.load(&wanted)).await.map_err(|error| chain(&error))?;
    let counts = rows.measures.into_iter().flat_map(|(_, measures)| measures.0);
    let name = |name: &str, label: &str| if label.is_empty() { name.to_owned() } else { format!("{name}/{label}") };
    Ok(counts.map(|((measure, label), count)| (name(measure.as_str(), &label), count.get())).collect())
}

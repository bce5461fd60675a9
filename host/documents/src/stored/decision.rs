//! A decision in the store: all of it but the keys of its row, the event and the parameters, which have rows of their own. In two texts: what
//! remains for good, and the rest.

use std::sync::Arc;

use largesse_domain::customer::Standing;
use largesse_domain::decision::{CampaignView, Evaluation, Fault, FaultKind, Input, LiveGrant, Output, Party, Refusal};
use largesse_domain::event::{Event, EventKey};
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, Digest, EventKind, EventSeq, ProgrammeId};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Phase;
use largesse_domain::outcome::{Decision, Remains};
use largesse_domain::owner::Owner;
use largesse_domain::time::Instant;
use serde::{Deserialize, Serialize};

use super::effect::ProposalForm;
use super::outcome::VerdictForm;
use super::{LocalForm, Text, Unreadable, id, ids, instant, local_form, quantity, read, read_moment, word, write};

/// What of a decision stands beside its text.
#[derive(Clone, Debug)]
pub struct DecisionKeys {
    /// Its place in the order of decisions.
    pub id: DecisionId,
    /// The event's place in the order of admission.
    pub seq: EventSeq,
    /// The event.
    pub event: Arc<Event>,
    /// The campaign.
    pub campaign: CampaignId,
    /// The number of the campaign's revision.
    pub revision: u32,
    /// The revision's parameters.
    pub params: Json,
    /// The policy that decided.
    pub policy: Digest,
}

/// What of a removed decision stands beside its text.
#[derive(Clone, Debug)]
pub struct RemainsKeys {
    /// Its place in the order of decisions.
    pub id: DecisionId,
    /// The event's place in the order of admission.
    pub seq: EventSeq,
    /// What identifies the event.
    pub key: EventKey,
    /// What the event told.
    pub kind: EventKind,
    /// The customer who acted.
    pub actor: CustomerId,
    /// When it happened.
    pub occurred: Instant,
    /// The campaign.
    pub campaign: CampaignId,
    /// The policy that decided.
    pub policy: Digest,
    /// When its record was removed.
    pub removed_at: Instant,
}

/// What is kept for good.
#[derive(Serialize, Deserialize)]
struct RemainsForm<'a> {
    sub: Text<'a>,
    verdict: VerdictForm<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<Text<'a>>,
    made: i64,
}

/// What is removed when it is old.
#[derive(Serialize, Deserialize)]
struct RecordForm<'a> {
    owner: OwnerForm<'a>,
    /// The local reading of the event's time.
    local: LocalForm,
    now: (i64, LocalForm),
    seed: u64,
    parties: Vec<PartyForm<'a>>,
    campaign: CampaignForm<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_as: Option<u32>,
    wasi: u32,
    output: OutputForm<'a>,
    fuel: u64,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    log: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OwnerForm<'a> {
    Party(Text<'a>),
    Entity(Text<'a>),
}

/// Currency, opens, closes, whether it is closing; nothing when it is between its windows.
type CampaignForm<'a> = (Text<'a>, i64, Option<i64>, Option<bool>);

#[derive(Serialize, Deserialize)]
struct PartyForm<'a> {
    role: Text<'a>,
    who: Text<'a>,
    attributes: Text<'a>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Text<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    balances: Vec<(Text<'a>, i64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    standings: Vec<StandingForm<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    grants: Vec<LiveGrantForm<'a>>,
}

/// Programme, tier, since and until in ms.
type StandingForm<'a> = (Text<'a>, Text<'a>, i64, Option<i64>);
/// Key, unit, available, granted and expires in ms.
type LiveGrantForm<'a> = (Text<'a>, Text<'a>, u64, i64, Option<i64>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutputForm<'a> {
    Proposal(ProposalForm<'a>),
    /// Code, message.
    Refusal(Text<'a>, Text<'a>),
    /// Kind, detail.
    Fault(Text<'a>, Text<'a>),
}

/// What the store keeps of the decision for good.
#[must_use]
pub fn remains_text(decision: &Decision) -> String {
    let (refusal, fault) = match &decision.evaluation.output {
        Output::Proposal(_) => (None, None),
        Output::Refusal(refusal) => (Some(refusal.code.as_str().into()), None),
        Output::Fault(fault) => (None, Some(fault.kind.as_str().into())),
    };
    write(&RemainsForm {
        sub: decision.input.subscription.as_str().into(),
        verdict: VerdictForm::of(&decision.verdict, &decision.campaign),
        refusal,
        fault,
        made: decision.made_at.as_millis(),
    })
}

/// The rest of the decision, as the store keeps it.
#[must_use]
pub fn record_text(decision: &Decision) -> String {
    let input = &decision.input;
    let Evaluation { output, fuel, log } = &decision.evaluation;
    let campaign = &input.campaign;
    let currency = campaign.currency.to_string();
    write(&RecordForm {
        owner: match &input.owner {
            Owner::Party(id) => OwnerForm::Party(id.as_str().into()),
            Owner::Entity(id) => OwnerForm::Entity(id.as_str().into()),
        },
        local: local_form(&input.occurred.local),
        now: (input.now.at.as_millis(), local_form(&input.now.local)),
        seed: input.seed,
        parties: input.parties.iter().map(Into::into).collect(),
        campaign: (
            currency.into(),
            campaign.opens.as_millis(),
            campaign.closes.map(|closes| closes.as_millis()),
            match campaign.phase {
                Phase::Open => Some(false),
                Phase::Closing => Some(true),
                Phase::Between => None,
            },
        ),
        state: input.state.as_ref().map(|state| state.as_str().into()),
        read_as: decision.state_read_as,
        wasi: decision.wasi_profile,
        output: output.into(),
        fuel: *fuel,
        log: log.as_str().into(),
    })
}

impl<'a> From<&'a Party> for PartyForm<'a> {
    fn from(party: &'a Party) -> Self {
        Self {
            role: party.role.as_str().into(),
            who: party.customer.as_str().into(),
            attributes: party.attributes.as_str().into(),
            tags: party.tags.iter().map(|tag| tag.as_str().into()).collect(),
            balances: party.balances.iter().map(|(unit, amount)| (unit.as_str().into(), *amount)).collect(),
            standings: party.standings.iter().map(standing_form).collect(),
            grants: party.grants.iter().map(live_grant_form).collect(),
        }
    }
}

fn standing_form((programme, standing): &(ProgrammeId, Standing)) -> StandingForm<'_> {
    let until = standing.until.map(|until| until.as_millis());
    (programme.as_str().into(), standing.tier.as_str().into(), standing.since.as_millis(), until)
}

fn read_standing((programme, tier, since, until): StandingForm<'_>) -> Result<(ProgrammeId, Standing), Unreadable> {
    let until = until.map(instant).transpose()?;
    Ok((id(&programme)?, Standing { tier: id(&tier)?, since: instant(since)?, until }))
}

fn live_grant_form(grant: &LiveGrant) -> LiveGrantForm<'_> {
    let expires = grant.expires.map(|expires| expires.as_millis());
    let (key, unit) = (grant.key.as_str().into(), grant.unit.as_str().into());
    (key, unit, grant.available.get(), grant.granted_at.as_millis(), expires)
}

fn read_live_grant((key, unit, available, granted_at, expires): LiveGrantForm<'_>) -> Result<LiveGrant, Unreadable> {
    Ok(LiveGrant {
        key: id(&key)?,
        unit: id(&unit)?,
        available: quantity(available)?,
        granted_at: instant(granted_at)?,
        expires: expires.map(instant).transpose()?,
    })
}

impl PartyForm<'_> {
    fn read(self) -> Result<Party, Unreadable> {
        let balances = self.balances.iter().map(|(unit, amount)| Ok((id(unit)?, *amount)));
        Ok(Party {
            role: id(&self.role)?,
            customer: id(&self.who)?,
            attributes: Json::from_checked(self.attributes.into_owned()),
            tags: ids(&self.tags)?,
            balances: balances.collect::<Result<_, Unreadable>>()?,
            standings: self.standings.into_iter().map(read_standing).collect::<Result<_, _>>()?,
            grants: self.grants.into_iter().map(read_live_grant).collect::<Result<_, _>>()?,
        })
    }
}

impl<'a> From<&'a Output> for OutputForm<'a> {
    fn from(output: &'a Output) -> Self {
        match output {
            Output::Proposal(proposal) => Self::Proposal(proposal.into()),
            Output::Refusal(refusal) => Self::Refusal(refusal.code.as_str().into(), refusal.message.as_str().into()),
            Output::Fault(fault) => Self::Fault(fault.kind.as_str().into(), fault.detail.as_str().into()),
        }
    }
}

impl OutputForm<'_> {
    fn read(self) -> Result<Output, Unreadable> {
        Ok(match self {
            Self::Proposal(proposal) => Output::Proposal(proposal.read()?),
            Self::Refusal(code, message) => {
                Output::Refusal(Refusal { code: id(&code)?, message: message.into_owned() })
            }
            Self::Fault(kind, detail) => {
                let kind = word(&FaultKind::ALL, FaultKind::as_str, &kind)?;
                Output::Fault(Fault { kind, detail: detail.into_owned() })
            }
        })
    }
}

/// Reads what [`remains_text`] and [`record_text`] wrote.
///
/// # Errors
/// When a text is something else.
pub fn read_decision((remains, record): (&str, &str), keys: DecisionKeys) -> Result<Decision, Unreadable> {
    let (remains, form): (RemainsForm<'_>, RecordForm<'_>) = (read(remains)?, read(record)?);
    let (currency, opens, closes, closing) = form.campaign;
    let campaign = CampaignView {
        id: keys.campaign.clone(),
        revision: keys.revision,
        currency: id(&currency)?,
        opens: instant(opens)?,
        closes: closes.map(instant).transpose()?,
        phase: match closing {
            Some(false) => Phase::Open,
            Some(true) => Phase::Closing,
            None => Phase::Between,
        },
        params: keys.params,
    };
    let input = Input {
        subscription: id(&remains.sub)?,
        occurred: read_moment(keys.event.occurred, form.local)?,
        event: keys.event,
        owner: match form.owner {
            OwnerForm::Party(owner) => Owner::Party(id(&owner)?),
            OwnerForm::Entity(owner) => Owner::Entity(id(&owner)?),
        },
        parties: form.parties.into_iter().map(PartyForm::read).collect::<Result<_, _>>()?,
        campaign,
        now: read_moment(instant(form.now.0)?, form.now.1)?,
        seed: form.seed,
        state: form.state.map(|state| Json::from_checked(state.into_owned())),
    };
    Ok(Decision {
        id: keys.id,
        event: keys.seq,
        verdict: remains.verdict.read(&keys.campaign)?,
        campaign: keys.campaign,
        policy: keys.policy,
        wasi_profile: form.wasi,
        input: Arc::new(input),
        state_read_as: form.read_as,
        evaluation: Evaluation { output: form.output.read()?, fuel: form.fuel, log: form.log.into_owned() },
        made_at: instant(remains.made)?,
    })
}

/// Reads what [`remains_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_remains(text: &str, keys: RemainsKeys) -> Result<Remains, Unreadable> {
    let form: RemainsForm<'_> = read(text)?;
    let RemainsKeys { id: decision, seq, key, kind, actor, occurred, campaign, policy, removed_at } = keys;
    Ok(Remains {
        id: decision,
        event: seq,
        key,
        kind,
        actor,
        occurred,
        verdict: form.verdict.read(&campaign)?,
        campaign,
        policy,
        subscription: id(&form.sub)?,
        refusal: form.refusal.map(|code| id(&code)).transpose()?,
        fault: form.fault.map(|kind| word(&FaultKind::ALL, FaultKind::as_str, &kind)).transpose()?,
        made_at: instant(form.made)?,
        removed_at,
    })
}

#[derive(Serialize, Deserialize)]
struct EvaluationForm<'a> {
    output: OutputForm<'a>,
    fuel: u64,
    log: Text<'a>,
}

/// What came of a run that decided nothing, as the store keeps it.
#[must_use]
pub fn evaluation_text(evaluation: &Evaluation) -> String {
    let Evaluation { output, fuel, log } = evaluation;
    write(&EvaluationForm { output: output.into(), fuel: *fuel, log: log.as_str().into() })
}

/// Reads what [`evaluation_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_evaluation(text: &str) -> Result<Evaluation, Unreadable> {
    let form: EvaluationForm<'_> = read(text)?;
    Ok(Evaluation { output: form.output.read()?, fuel: form.fuel, log: form.log.into_owned() })
}

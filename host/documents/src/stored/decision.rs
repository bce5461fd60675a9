//! A decision in the store: all of it but the keys of its row, the event and the parameters, which have rows of their own.

use std::sync::Arc;

use largesse_domain::decision::{
    CampaignView, Evaluation, Fault, FaultKind, Input, Output, Owner, Party, Phase, Refusal,
};
use largesse_domain::event::Event;
use largesse_domain::id::{CampaignId, DecisionId, Digest, EventSeq};
use largesse_domain::json::Json;
use largesse_domain::outcome::Decision;
use serde::{Deserialize, Serialize};

use super::effect::ProposalForm;
use super::outcome::VerdictForm;
use super::{LocalForm, Text, Unreadable, id, ids, instant, local_form, read, read_moment, word, write};

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

#[derive(Serialize, Deserialize)]
struct DecisionForm<'a> {
    sub: Text<'a>,
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
    verdict: VerdictForm<'a>,
    fuel: u64,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    log: Text<'a>,
    /// When it was not made at `now`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OwnerForm<'a> {
    Party(Text<'a>),
    Entity(Text<'a>),
}

/// Currency, opens, closes, closing.
type CampaignForm<'a> = (Text<'a>, i64, Option<i64>, bool);

#[derive(Serialize, Deserialize)]
struct PartyForm<'a> {
    role: Text<'a>,
    who: Text<'a>,
    attributes: Text<'a>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Text<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    balances: Vec<(Text<'a>, i64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutputForm<'a> {
    Proposal(ProposalForm<'a>),
    /// Code, message.
    Refusal(Text<'a>, Text<'a>),
    /// Kind, detail.
    Fault(Text<'a>, Text<'a>),
}

/// The decision as the store keeps it.
#[must_use]
pub fn decision_text(decision: &Decision) -> String {
    let input = &decision.input;
    let Evaluation { output, fuel, log } = &decision.evaluation;
    let campaign = &input.campaign;
    let currency = campaign.currency.to_string();
    write(&DecisionForm {
        sub: input.subscription.as_str().into(),
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
            campaign.phase == Phase::Closing,
        ),
        state: input.state.as_ref().map(|state| state.as_str().into()),
        read_as: decision.state_read_as,
        wasi: decision.wasi_profile,
        output: output.into(),
        verdict: VerdictForm::of(&decision.verdict, &decision.campaign),
        fuel: *fuel,
        log: log.as_str().into(),
        made: (decision.made_at != input.now.at).then(|| decision.made_at.as_millis()),
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
        }
    }
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

/// Reads what [`decision_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_decision(text: &str, keys: DecisionKeys) -> Result<Decision, Unreadable> {
    let form: DecisionForm<'_> = read(text)?;
    let (currency, opens, closes, closing) = form.campaign;
    let campaign = CampaignView {
        id: keys.campaign.clone(),
        revision: keys.revision,
        currency: id(&currency)?,
        opens: instant(opens)?,
        closes: closes.map(instant).transpose()?,
        phase: if closing { Phase::Closing } else { Phase::Open },
        params: keys.params,
    };
    let now = read_moment(instant(form.now.0)?, form.now.1)?;
    let input = Input {
        subscription: id(&form.sub)?,
        occurred: read_moment(keys.event.occurred, form.local)?,
        event: keys.event,
        owner: match form.owner {
            OwnerForm::Party(owner) => Owner::Party(id(&owner)?),
            OwnerForm::Entity(owner) => Owner::Entity(id(&owner)?),
        },
        parties: form.parties.into_iter().map(PartyForm::read).collect::<Result<_, _>>()?,
        campaign,
        now,
        seed: form.seed,
        state: form.state.map(|state| Json::from_checked(state.into_owned())),
    };
    Ok(Decision {
        id: keys.id,
        event: keys.seq,
        verdict: form.verdict.read(&keys.campaign)?,
        campaign: keys.campaign,
        policy: keys.policy,
        wasi_profile: form.wasi,
        input,
        state_read_as: form.read_as,
        evaluation: Evaluation { output: form.output.read()?, fuel: form.fuel, log: form.log.into_owned() },
        made_at: form.made.map_or(Ok(now.at), instant)?,
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

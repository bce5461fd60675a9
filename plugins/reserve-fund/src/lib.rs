//! A reserve fund: a small line without interest and fee, drawn and repaid as often as one likes.
//!
//! What is drawn in a month is due at the end of a later one. What is due and not repaid freezes the line until it is.

mod line;

use largesse_sdk::{
    Decision, EffectKind, Enquiry, EventData, Input, Manifest, Measurement, Message, Policy, Question, Refusal, Role,
    Schedule, Slug, TagChange, TimerFired, Value, When, events, export_policy, json, manifest, money::AMOUNT_MAX,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub use line::{Draw, Line};

/// The only role: the customer.
const CUSTOMER: &str = "customer";

/// The parameters of a reserve fund.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The most that can be drawn and not repaid at a time, in minor units.
    #[schemars(range(min = 1, max = AMOUNT_MAX))]
    pub line: u64,
    /// A draw is due on the last day of the month so many months after that of the draw.
    #[serde(default = "next_month")]
    #[schemars(range(max = 12))]
    pub due_after_months: u32,
    /// A tag for customers whose line is frozen.
    #[serde(default)]
    pub frozen_tag: Option<Slug>,
    /// The template of a message to customers whose line was frozen.
    #[serde(default)]
    pub frozen_message: Option<Slug>,
}

fn next_month() -> u32 {
    1
}

/// The policy.
pub struct ReserveFund;

impl Policy for ReserveFund {
    type Params = Params;
    type State = Line;

    fn manifest() -> Manifest {
        manifest!("Lends small amounts without interest, up to a line that repayments open again")
            .role(Role::actor(CUSTOMER))
            .subscribe(events::ReserveDrawn::KIND.of(CUSTOMER))
            .subscribe(events::ReserveRepaid::KIND.of(CUSTOMER))
            .subscribe(events::TimerFired::KIND.of(CUSTOMER))
            .effects([EffectKind::Message, EffectKind::Tag, EffectKind::Schedule, EffectKind::Measure])
            .question(Question::new::<Nothing>("line"))
    }

    fn decide(input: &Input<Params, Line>) -> Result<Decision<Line>, Refusal> {
        match input.subscription.as_str() {
            "reserve-drawn" => draw(input),
            "reserve-repaid" => repay(input),
            _ => freeze(input),
        }
    }

    fn quote(enquiry: &Enquiry<Params, Line>) -> Result<Value, Refusal> {
        let line = enquiry.state.clone().unwrap_or_default();
        let today = enquiry.now.local.date();
        Ok(json!({
            "available": line.available(enquiry.params.line, today),
            "owed": line.owed(),
            "frozen": line.is_frozen(today),
            "due": line.next_due().map(|day| day.to_string()),
        }))
    }

    fn merge(kept: Line, joined: Line) -> Result<Line, Refusal> {
        Ok(kept.merge(joined))
    }
}

export_policy!(ReserveFund);

/// Nothing more needs to be known.
#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// The draw that an event is about, and the amount.
fn moved(data: &impl EventData, input: &Input<Params, Line>) -> Result<(String, u64), Refusal> {
    let amount = data.amount_in(&input.campaign.currency)?;
    if amount == 0 {
        return Err(Refusal::new("bad-amount", "an amount of nothing moves nothing"));
    }
    Ok((data.about().unwrap_or_default().to_owned(), amount))
}

fn draw(input: &Input<Params, Line>) -> Result<Decision<Line>, Refusal> {
    let (name, amount) = moved(&input.event.data::<events::ReserveDrawn>()?, input)?;
    let today = input.event.occurred.local.date();
    let due = line::due(today, input.params.due_after_months);
    let mut line = input.state.clone().unwrap_or_default();
    line.draw(name, amount, input.params.line, (today, due))?;
    let mut decision = Decision::new();
    decision.schedule(Schedule::new(format!("due/{due}"), When::AtLocal(line::day_after(due), 0)));
    decision.measure(Measurement::one("draws")).measure(Measurement::one("drawn").by(amount));
    decision.put(line);
    Ok(decision)
}

fn repay(input: &Input<Params, Line>) -> Result<Decision<Line>, Refusal> {
    let (name, amount) = moved(&input.event.data::<events::ReserveRepaid>()?, input)?;
    let today = input.event.occurred.local.date();
    let mut line = input.state.clone().unwrap_or_default();
    line.repay(&name, amount)?;
    let mut decision = Decision::new();
    decision.measure(Measurement::one("repaid").by(amount));
    // However late one hears of it: the mark goes when nothing is overdue any more on the day of the mark either.
    let open_again = line.marked.take_if(|marked| !line.draws.iter().any(|draw| draw.is_overdue(today.max(*marked))));
    if let (Some(_), Some(tag)) = (open_again, &input.params.frozen_tag) {
        decision.tag(TagChange::take(&input.require(CUSTOMER)?.customer, tag.as_str()));
    }
    decision.put(line);
    Ok(decision)
}

/// A due day is over.
fn freeze(input: &Input<Params, Line>) -> Result<Decision<Line>, Refusal> {
    let fired: TimerFired<Value> = input.event.data()?;
    let mut line = input.state.clone().unwrap_or_default();
    let mut decision = Decision::new();
    let today = input.event.occurred.local.date();
    if !line.is_frozen(today) {
        return Ok(decision);
    }
    let customer = &input.require(CUSTOMER)?.customer;
    if let Some(tag) = &input.params.frozen_tag {
        decision.tag(TagChange::set(customer, tag.as_str()));
    }
    if let Some(template) = &input.params.frozen_message {
        let message = Message::new(format!("frozen/{}", fired.timer), customer, template.as_str());
        decision.message(message.vars(&json!({"owed": line.owed()})));
    }
    line.marked = Some(today);
    decision.put(line);
    Ok(decision)
}

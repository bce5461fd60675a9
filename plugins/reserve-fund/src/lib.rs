//! A reserve fund: a small line without interest and fee, drawn and repaid as often as one likes.
//!
//! What is drawn in a month is due at the end of a later one. What is due and not repaid freezes the line until it is.

mod line;

use largesse_sdk::{
    Decision, EffectKind, Enquiry, Input, Manifest, Measurement, Message, Money, Policy, Problem, Question, Refusal,
    Role, Schedule, Subscription, TagChange, TimerFired, Value, When, export_policy, json, manifest, money::AMOUNT_MAX,
    no_problems,
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
    pub line: u64,
    /// A draw is due on the last day of the month so many months after that of the draw, 0 to 12.
    #[serde(default = "next_month")]
    pub due_after_months: u32,
    /// A tag for customers whose line is frozen.
    #[serde(default)]
    pub frozen_tag: Option<String>,
    /// The template of a message to customers whose line was frozen.
    #[serde(default)]
    pub frozen_message: Option<String>,
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
            .subscribe(Subscription::party("drawn", "reserve.drawn", CUSTOMER))
            .subscribe(Subscription::party("repaid", "reserve.repaid", CUSTOMER))
            .subscribe(Subscription::timers("timer", CUSTOMER))
            .effects([EffectKind::Message, EffectKind::Tag, EffectKind::Schedule, EffectKind::Measure])
            .question(Question::new::<Nothing>("line"))
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        if !(1..=AMOUNT_MAX).contains(&params.line) {
            problems.push(Problem::new("/line", "must be within 1 to 10^15"));
        }
        if params.due_after_months > 12 {
            problems.push(Problem::new("/due_after_months", "expected at most 12"));
        }
        for (pointer, name) in [("/frozen_tag", &params.frozen_tag), ("/frozen_message", &params.frozen_message)] {
            let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if name.as_ref().is_some_and(|name| !(1..=64).contains(&name.len()) || !name.bytes().all(letter)) {
                problems.push(Problem::new(pointer, "expected 1 to 64 of a-z, 0-9 and -"));
            }
        }
        no_problems(problems)
    }

    fn decide(input: &Input<Params, Line>) -> Result<Decision<Line>, Refusal> {
        match input.subscription.as_str() {
            "drawn" => draw(input),
            "repaid" => repay(input),
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

#[derive(Deserialize)]
struct Moved {
    draw: String,
    amount: Money,
}

/// Nothing more needs to be known.
#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn moved(input: &Input<Params, Line>) -> Result<(String, u64), Refusal> {
    let moved: Moved = input.event.data()?;
    let amount = moved.amount.in_currency(&input.campaign.currency)?;
    if amount == 0 {
        return Err(Refusal::new("bad-amount", "an amount of nothing moves nothing"));
    }
    Ok((moved.draw, amount))
}

fn draw(input: &Input<Params, Line>) -> Result<Decision<Line>, Refusal> {
    let (name, amount) = moved(input)?;
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
    let (name, amount) = moved(input)?;
    let today = input.event.occurred.local.date();
    let mut line = input.state.clone().unwrap_or_default();
    let was_frozen = line.is_frozen(today);
    line.repay(&name, amount)?;
    let mut decision = Decision::new();
    decision.measure(Measurement::one("repaid").by(amount));
    if let (true, Some(tag)) = (was_frozen && !line.is_frozen(today), &input.params.frozen_tag) {
        decision.tag(TagChange::take(&input.require(CUSTOMER)?.customer, tag.as_str()));
    }
    decision.put(line);
    Ok(decision)
}

/// A due day is over.
fn freeze(input: &Input<Params, Line>) -> Result<Decision<Line>, Refusal> {
    let fired: TimerFired<Value> = input.event.data()?;
    let line = input.state.clone().unwrap_or_default();
    let mut decision = Decision::new();
    if !line.is_frozen(input.event.occurred.local.date()) {
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
    Ok(decision)
}

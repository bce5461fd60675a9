//! Notices: customers are told of what happens to their accounts, some of them of more than others, and are greeted.
//!
//! Parameters say of what, from which amount on, by which channels, and what privilege is worth. Notices are messages of service,
//! which the host's rules for marketing do not hold up, unless a notice says otherwise.

mod params;
mod trigger;
mod greet;

use std::collections::BTreeMap;

use largesse_sdk::{
    Decision, EffectKind, Input, Manifest, Message, Party, Policy, Problem, Refusal, Role, Value, export_policy,
    manifest,
};

pub use greet::Greeted;
pub use params::{Greeting, Notice, Params, Privileged, Send};
pub use trigger::Trigger;

/// The only role: who is told.
const CUSTOMER: &str = "customer";
/// Longest value of an event that a message tells of, in bytes.
const VALUE_BYTES_MAX: usize = 256;

/// The policy.
pub struct Notification;

impl Policy for Notification {
    type Params = Params;
    type State = Greeted;

    fn manifest() -> Manifest {
        manifest!("Tells customers what happens to their accounts, and greets them")
            .role(Role::actor(CUSTOMER).tags().standings())
            .subscribe_all(Trigger::ALL.iter().map(|trigger| trigger.subscription(CUSTOMER)))
            .effects([EffectKind::Message])
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, Greeted>) -> Result<Decision<Greeted>, Refusal> {
        let unknown = || Refusal::new("unknown-subscription", input.subscription.as_str());
        let trigger = Trigger::of(&input.subscription).ok_or_else(unknown)?;
        let customer = input.require(CUSTOMER)?;
        // Parameters name fields of the data, and messages are filled with them: any may matter.
        let data: Value = input.event.data()?;
        let privileged = is_privileged(&input.params.privileged, customer);
        let mut decision = Decision::new();
        let mut about = None;
        for notice in input.params.notices.iter().filter(|notice| notice.on == trigger) {
            if concerns(notice, privileged, &data, &input.campaign.currency)? {
                if about.is_none() {
                    about = Some(trigger.about(&input.event)?);
                }
                tell(notice, about.as_deref().unwrap_or_default(), (&customer.customer, &data), &mut decision);
            }
        }
        if trigger == Trigger::Login {
            greet::greet(input, &customer.customer, &mut decision);
        }
        Ok(decision)
    }

    fn merge(kept: Greeted, joined: Greeted) -> Result<Greeted, Refusal> {
        // Of two greetings on one day neither is said again.
        let (mut later, other) = if joined.day > kept.day { (joined, kept) } else { (kept, joined) };
        if later.day == other.day {
            let new = other.said.into_iter().filter(|said| !later.said.contains(said)).collect::<Vec<_>>();
            later.said.extend(new);
        }
        Ok(later)
    }
}

export_policy!(Notification);

fn is_privileged(rule: &Privileged, customer: &Party) -> bool {
    let tier = rule.programme.as_deref().and_then(|programme| customer.tier(programme));
    rule.tags.iter().any(|tag| customer.has_tag(tag))
        || tier.is_some_and(|tier| rule.tiers.iter().any(|one| *one == tier))
}

/// Whether a customer is told of an event by a notice.
fn concerns(notice: &Notice, privileged: bool, data: &Value, currency: &str) -> Result<bool, Refusal> {
    let fits = notice.only.iter().all(|(field, wanted)| match &data[field] {
        Value::String(text) => wanted.0.contains(text),
        Value::Null => false,
        other => wanted.0.contains(&other.to_string()),
    });
    if !fits || (notice.privileged_only && !privileged) {
        return Ok(false);
    }
    let own = if privileged { notice.privileged_from } else { None };
    let Some(from) = own.or(notice.from) else { return Ok(true) };
    match notice.on.kind().amount_in(data)? {
        Some(amount) => Ok(amount.in_currency(currency)? >= from),
        None => Ok(false),
    }
}

/// Sends every message of a notice, filled with what the event says.
fn tell(notice: &Notice, about: &str, (customer, data): (&str, &Value), decision: &mut Decision<Greeted>) {
    let fields = data.as_object().into_iter().flatten();
    let short = fields.filter(|(_, value)| value.to_string().len() <= VALUE_BYTES_MAX).take(16);
    let vars: BTreeMap<_, _> = short.collect();
    for (place, send) in notice.send.iter().enumerate() {
        let key = format!("{}/{about}/{}", notice.id(), place + 1);
        let message = Message::new(key, customer, &send.template).vars(&vars).channels(&send.channels);
        decision.message(message.of_class(notice.class));
    }
}

//! Greetings of those who log in.

use largesse_sdk::{Date, Decision, Input, LocalTime, Message};
use serde::{Deserialize, Serialize};

use crate::params::{Greeting, Params};

/// How a customer was greeted on the last day of a greeting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeted {
    /// The day; none when there was no greeting yet.
    pub day: Option<Date>,
    /// The templates of that day.
    pub said: Vec<String>,
}

/// Greets with the first text for this time of the day that was not said on it. An event of a day that is over greets nobody.
pub(crate) fn greet(input: &Input<Params, Greeted>, customer: &str, decision: &mut Decision<Greeted>) {
    let now = input.event.occurred.local;
    let Some(greeting) = at(&input.params.greetings, &now) else { return };
    let mut greeted = input.state.clone().unwrap_or_default();
    if greeted.day.is_some_and(|day| day > now.date()) {
        return;
    }
    if greeted.day != Some(now.date()) {
        greeted = Greeted { day: Some(now.date()), said: Vec::new() };
    }
    let Some(variant) = greeting.variants.iter().find(|variant| !greeted.said.iter().any(|said| **variant == *said))
    else {
        return;
    };
    let key = format!("greeting/{}/{variant}", now.date());
    decision.message(Message::new(key, customer, variant).channels(["app"]));
    greeted.said.push(variant.into());
    decision.put(greeted);
}

/// The greeting for a time of the day. The last one goes on after midnight.
fn at<'a>(greetings: &'a [Greeting], now: &LocalTime) -> Option<&'a Greeting> {
    let begun = |greeting: &&Greeting| greeting.from.0 <= now.second_of_day;
    greetings.iter().rfind(begun).or(greetings.last())
}

//! One decision: which journeys begin, and how far those that are on the way go.

use std::collections::BTreeMap;

use largesse_sdk::{
    DAY_SECONDS, Date, Decision, Enrolment, Input, LocalTime, Measurement, Message, Money, Party, Refusal, Schedule,
    TagChange, TimerFired, Value, When, events, grants, json, key_part,
};
use serde::{Deserialize, Serialize};

use crate::CUSTOMER;
use crate::params::{ANY, Act, Branch, Condition, HandOver, Params, Text, Wait};
use crate::state::{Run, State, days_ms};
use crate::trigger::Trigger;

/// Most effects of one decision.
const EFFECTS_MAX: usize = 64;
/// Longest value that names a journey, and longest field that is kept, in bytes.
const NAME_BYTES_MAX: usize = 60;
const KEPT_BYTES_MAX: usize = 128;

/// What a timer is told: which journey it is of, and the how manieth of its waits it ends.
#[derive(Serialize, Deserialize)]
struct Note {
    run: String,
    wait: u32,
}

pub(crate) struct Walk<'a> {
    input: &'a Input<Params, State>,
    me: &'a Party,
    data: Value,
    state: State,
    decision: Decision<State>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(input: &'a Input<Params, State>) -> Result<Self, Refusal> {
        let state = input.state.clone().unwrap_or_default();
        let me = input.require(CUSTOMER)?;
        Ok(Self { input, me, data: input.event.data()?, state, decision: Decision::new() })
    }

    /// Something happened: it may move the journeys on the way, and begin one.
    pub(crate) fn hear(mut self, trigger: Trigger) -> Result<Decision<State>, Refusal> {
        self.add_total(trigger);
        self.note(trigger);
        for place in 0..self.state.runs.len() {
            self.try_with(place, |walk, run| walk.hear_of(trigger, run));
        }
        match self.enter(trigger) {
            Err(refusal) if self.decision.effects.is_empty() && !self.changed() => Err(refusal),
            Err(refusal) => {
                self.decision.note(refusal.to_string());
                Ok(self.done())
            }
            Ok(()) => {
                self.recall();
                Ok(self.done())
            }
        }
    }

    /// Two customers turn out to be one: what one waits for the other may have done.
    pub(crate) fn unite(mut self) -> Decision<State> {
        self.recall();
        self.done()
    }

    /// Notes when something last happened that a step waits for.
    fn note(&mut self, trigger: Trigger) {
        let now = self.now();
        for (name, until) in self.params().awaited() {
            if until.on == trigger && trigger != Trigger::MessageOpened && self.fits(&until.only) {
                let known = self.state.heard.entry(name).or_insert(now);
                *known = now.max(*known);
            }
        }
    }

    /// Moves the journeys that wait for something that has happened since.
    fn recall(&mut self) {
        for place in 0..self.state.runs.len() {
            self.try_with(place, |walk, run| {
                let params = walk.params();
                let since = |name: &str| walk.state.heard.get(name).is_some_and(|at| *at > run.since);
                let of_it = |name: &str| {
                    run.at.as_deref().is_some_and(|at| name.rsplit_once('/').is_some_and(|(of, _)| of == at))
                };
                let found = params.awaited().find(|(name, _)| of_it(name) && since(name));
                if let (Some((_, until)), true) = (found, run.holds(walk.now(), params.ends_after_days)) {
                    walk.decision.cancel_timer(run.timer());
                    walk.go(run, params.place(&until.go));
                }
            });
        }
    }

    /// A wait is over.
    pub(crate) fn time_over(mut self) -> Result<Decision<State>, Refusal> {
        let Note { run, wait } = self.input.event.data::<TimerFired<Note>>()?.data;
        let of = |one: &Run| one.name == run && one.waits == wait;
        let Some(place) = self.state.runs.iter().position(of) else { return Ok(self.done()) };
        self.try_with(place, |walk, run| {
            let Some(at) = run.at.take() else { return };
            if !run.holds(walk.now(), walk.params().ends_after_days) {
                walk.ended(run, "deadline");
            } else if walk.has_done().is_some() {
                walk.ended(run, "not-eligible");
            } else {
                match walk.params().place(&at) {
                    Some(place) => walk.go(run, walk.params().after(place)),
                    None => walk.ended(run, "step-gone"),
                }
            }
        });
        Ok(self.done())
    }

    fn params(&self) -> &'a Params {
        &self.input.params
    }

    fn now(&self) -> i64 {
        self.input.event.occurred.at
    }

    fn changed(&self) -> bool {
        self.state != self.input.state.clone().unwrap_or_default()
    }

    fn done(mut self) -> Decision<State> {
        if self.changed() {
            self.decision.put(self.state);
        }
        self.decision
    }

    /// Moves a journey; when there are more effects than a decision may have, it stays where it was.
    fn try_with(&mut self, place: usize, go: impl FnOnce(&mut Self, &mut Run)) {
        let mut run = self.state.runs[place].clone();
        let (effects, handed_on) = (self.decision.effects.len(), self.state.handed_on.clone());
        go(self, &mut run);
        if self.decision.effects.len() > EFFECTS_MAX {
            self.decision.effects.truncate(effects);
            self.state.handed_on = handed_on;
        } else {
            self.state.runs[place] = run;
        }
    }

    /// Of a holding at its end, `total` is what arrives.
    fn add_total(&mut self, trigger: Trigger) {
        if trigger == Trigger::InvestMatured
            && let Ok(events::InvestMatured { principal: Some(principal), interest: Some(interest), .. }) =
                self.input.event.data()
            && principal.currency == interest.currency
        {
            let minor = principal.minor.saturating_add(interest.minor);
            self.data["total"] = json!(Money { minor, currency: principal.currency });
        }
    }

    fn fits(&self, only: &BTreeMap<String, String>) -> bool {
        only.iter().all(|(field, wanted)| match &self.data[field] {
            Value::String(text) => text == wanted,
            Value::Bool(flag) => wanted.parse() == Ok(*flag),
            Value::Number(number) => wanted.parse().is_ok_and(|wanted: i64| number.as_i64() == Some(wanted)),
            _ => false,
        })
    }

    fn hear_of(&mut self, trigger: Trigger, run: &mut Run) {
        let params = self.params();
        if !run.holds(self.now(), params.ends_after_days) || (trigger == Trigger::MessageOpened && !self.is_from(run)) {
            return;
        }
        if trigger == Trigger::MessageOpened {
            self.note_opened(run);
        }
        let goal = params.goals.iter().any(|goal| goal.on == trigger && self.fits(&goal.only));
        if goal && !run.converted {
            run.converted = true;
            self.decision.measure(Measurement::one("converted"));
        }
        let Some(at) = &run.at else { return };
        let Some(Act::Wait(wait)) = params.place(at).map(|place| &params.steps[place].act) else { return };
        let until = wait.until.iter().find(|until| until.on == trigger && self.fits(&until.only));
        if until.is_none() && !goal {
            return;
        }
        self.decision.cancel_timer(run.timer());
        match until {
            Some(until) => self.go(run, params.place(&until.go)),
            None => self.ended(run, "converted"),
        }
    }

    /// Whether the message that was opened is one of this journey.
    fn is_from(&self, run: &Run) -> bool {
        // What a message that was opened says, one whose link was followed says as well.
        let Ok(events::MessageOpened { campaign, message, template, .. }) = self.input.event.data() else {
            return false;
        };
        let own_campaign = campaign.as_ref().is_none_or(|campaign| *campaign == self.input.campaign.id);
        let own_message = match (&message, &template) {
            (Some(key), _) => key.strip_prefix(run.name.as_str()).is_some_and(|rest| rest.starts_with('/')),
            (None, Some(template)) => {
                self.params().texts().any(|text| text.by.iter().any(|by| by.template == *template))
            }
            (None, None) => campaign.is_some(),
        };
        own_campaign && own_message && run.sent > 0
    }

    fn note_opened(&mut self, run: &mut Run) {
        let Ok(events::MessageOpened { channel, .. }) = self.input.event.data() else { return };
        let known = self.params().texts().any(|text| text.by.iter().any(|by| by.channel == channel));
        if known && !run.opened.contains(&channel) {
            self.decision.measure(Measurement::one("opened").of(&channel));
            run.opened.push(channel);
        }
    }

    fn enter(&mut self, trigger: Trigger) -> Result<(), Refusal> {
        let params = self.params();
        if !params.enter.iter().any(|enter| enter.on == trigger && self.fits(&enter.only)) {
            return Ok(());
        }
        let mut run = Run { name: self.name()?, began: self.now(), kept: self.kept()?, ..Run::default() };
        if let Some(done) = self.has_done() {
            return Err(Refusal::new("not-eligible", format!("{done} is known")));
        }
        self.not_before(&run)?;
        let (effects, state) = (self.decision.effects.len(), self.state.clone());
        self.decision.measure(Measurement::one("entered"));
        self.go(&mut run, Some(0));
        if self.decision.effects.len() > EFFECTS_MAX || !self.state.add(run) {
            self.decision.effects.truncate(effects);
            self.state = state;
            return Err(Refusal::new("too-many-journeys", "the customer is on as many journeys as there may be"));
        }
        Ok(())
    }

    /// What the journey is called: what it is about, or when it begins.
    fn name(&self) -> Result<String, Refusal> {
        let Some(field) = &self.params().per else { return Ok(self.now().to_string()) };
        let no = |message| Err(Refusal::new("no-name", format!("{field} {message}")));
        match self.data[field].as_str().map(key_part) {
            Some(name) if name.len() <= NAME_BYTES_MAX => Ok(name.into_owned()),
            Some(_) => no("is too long to name a journey"),
            None => no("is missing, which names the journey"),
        }
    }

    fn kept(&self) -> Result<BTreeMap<String, Value>, Refusal> {
        let params = self.params();
        let fields = params.kept().map(|field| (field, &self.data[field]));
        let fits = |(_, value): &(&str, &Value)| !value.is_null() && value.to_string().len() <= KEPT_BYTES_MAX;
        let kept: BTreeMap<_, _> =
            fields.filter(fits).map(|(field, value)| (field.to_owned(), value.clone())).collect();
        let missing = params.waits().filter_map(|wait| wait.until_day.as_ref()).find(|day| date(&kept, day).is_none());
        match missing {
            Some(field) => Err(Refusal::new("no-date", format!("{field} is no date, and a step waits for it"))),
            None => Ok(kept),
        }
    }

    /// Refuses with `on-the-way` or `entered-before`.
    fn not_before(&self, new: &Run) -> Result<(), Refusal> {
        let params = self.params();
        let of_name = |run: &&Run| params.per.is_none() || run.name == new.name;
        let Some(last) = self.state.runs.iter().filter(of_name).max_by_key(|run| run.began) else { return Ok(()) };
        if last.at.is_some() && last.holds(new.began, params.ends_after_days) {
            return Err(Refusal::new("on-the-way", "the customer is on the journey"));
        }
        let again = |days: u32| new.began >= last.began.saturating_add(days_ms(days));
        if params.again_after_days.is_some_and(again) {
            return Ok(());
        }
        Err(Refusal::new("entered-before", "the customer was taken on before"))
    }

    /// What the customer has done that nobody on the journey has.
    fn has_done(&self) -> Option<&'static str> {
        let done = |name: &&str| self.me.integer(name).is_some();
        self.params().without.iter().map(|attribute| attribute.as_str()).find(done)
    }

    /// Goes on from a step to the next wait, or to the end. Steps that follow one another in a circle have a wait among them.
    fn go(&mut self, run: &mut Run, from: Option<usize>) {
        run.at = None;
        let params = self.params();
        let mut place = from;
        while let Some(step) = place.and_then(|place| params.steps.get(place)) {
            match &step.act {
                Act::Wait(wait) => return self.wait(run, &step.id, wait),
                Act::Message(text) => self.send(run, &step.id, text),
                Act::Branch(branch) => {
                    place = params.place(self.way(run, branch));
                    continue;
                }
                Act::Tag(tag) => {
                    let change = TagChange::set(&self.me.customer, &tag.tag);
                    self.decision.tag(match tag.days {
                        Some(days) => change.until(When::after_days(days)),
                        None => change,
                    });
                }
                Act::Give(benefits) => {
                    let key = format!("{}/{}", run.name, step.id);
                    grants(benefits, &key, &self.me.customer, &step.id)
                        .for_each(|grant| _ = self.decision.grant(grant));
                }
                Act::HandOver(hand_over) => self.hand_over(run, hand_over),
            }
            place = place.and_then(|place| params.after(place));
        }
        self.ended(run, "done");
    }

    fn ended(&mut self, run: &mut Run, why: &str) {
        run.at = None;
        self.decision.measure(Measurement::one("ended").of(why));
    }

    fn way<'b>(&self, run: &Run, branch: &'b Branch) -> &'b str {
        let so = match &branch.condition {
            Condition::Opened(channel) if *channel == *ANY => !run.opened.is_empty(),
            Condition::Opened(channel) => run.opened.iter().any(|opened| *channel == *opened),
            Condition::Tag(tag) => self.me.has_tag(tag),
        };
        if so { &branch.then } else { &branch.otherwise }
    }

    fn wait(&mut self, run: &mut Run, step: &str, wait: &Wait) {
        run.at = Some(step.to_owned());
        run.since = self.now();
        run.waits = run.waits.saturating_add(1);
        let occurred = &self.input.event.occurred;
        let over = run.over(self.params().ends_after_days);
        let due = match wait.until_day.as_ref().and_then(|field| date(&run.kept, field)) {
            Some(day) => {
                let second = wait.at.unwrap_or_default().0;
                let seconds = |day: i32, second: u32| i64::from(day) * DAY_SECONDS as i64 + i64::from(second);
                let now = seconds(occurred.local.day, occurred.local.second_of_day);
                let ahead_ms = (seconds(day.0, second) - now) * 1_000;
                if occurred.at.saturating_add(ahead_ms) < over { When::AtLocal(day, second) } else { When::At(over) }
            }
            None => {
                let ms = i64::try_from(wait.seconds().saturating_mul(1_000)).unwrap_or(i64::MAX);
                let due = occurred.at.saturating_add(ms);
                match wait.seconds() {
                    0 => When::At(over),
                    _ if due >= over => When::At(over),
                    // Days are those of the clock on the wall, hours and minutes those of any clock.
                    _ if wait.days > 0 => after_days(&occurred.local, wait),
                    _ => When::At(due),
                }
            }
        };
        let note = Note { run: run.name.clone(), wait: run.waits };
        self.decision.schedule(Schedule::new(run.timer(), due).data(&note));
    }

    fn send(&mut self, run: &mut Run, step: &str, text: &Text) {
        let of_tag = self.params().preferred.iter().filter(|preferred| self.me.has_tag(&preferred.tag));
        let by_preference =
            of_tag.filter_map(|preferred| text.by.iter().find(|by| by.channel == preferred.channel)).next();
        let Some(by) = by_preference.or(text.by.first()) else { return };
        run.sent = run.sent.saturating_add(1);
        let mut vars = text.vars.clone();
        vars.extend(run.kept.clone());
        let key = format!("{}/{}/{step}", run.name, run.sent);
        let message = Message::new(key, &self.me.customer, &by.template).vars(&vars).channels([by.channel.as_str()]);
        self.decision.message(message.of_class(text.class));
        self.decision.measure(Measurement::one("sent").of(&by.channel));
    }

    fn hand_over(&mut self, run: &Run, hand_over: &HandOver) {
        let now = self.now();
        let HandOver { campaign, once_in_days } = hand_over;
        let lately = |at: &i64| now < at.saturating_add(days_ms(*once_in_days));
        if self.state.handed_on.get(campaign.as_str()).is_some_and(lately) {
            self.decision.note(format!("handed on to {campaign} within {once_in_days} days"));
            return;
        }
        let params = self.params();
        let known = |campaign: &String| params.hand_overs().any(|one| one.campaign == *campaign);
        self.state.handed_on.retain(|campaign, _| known(campaign));
        self.state.handed_on.insert(campaign.into(), now);
        self.decision.enrol(Enrolment::new(campaign, &self.me.customer).data(&json!({"journey": run.name})));
    }
}

/// So many days later by the clock on the wall, and so many hours and minutes more.
fn after_days(local: &LocalTime, wait: &Wait) -> When {
    let day = u32::try_from(DAY_SECONDS).unwrap_or(u32::MAX);
    let more = wait.hours.saturating_mul(3_600).saturating_add(wait.minutes.saturating_mul(60));
    let seconds = local.second_of_day.saturating_add(more);
    When::AtLocal(local.date().plus_days(wait.days).plus_days(seconds / day), seconds % day)
}

fn date(kept: &BTreeMap<String, Value>, field: &str) -> Option<Date> {
    kept.get(field)?.as_str().and_then(Date::parse)
}

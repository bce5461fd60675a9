//! One decision: which occasions it is, and what follows from them.

use largesse_sdk::{
    Back, DAY_SECONDS, Date, Decision, Event, EventData, Input, Measurement, Message, Party, Refusal, Schedule,
    TimerFired, When, events, grants,
};
use serde::{Deserialize, Serialize};

use crate::CUSTOMER;
use crate::dates;
use crate::params::{Bought, FollowUp, Occasion, On, Params, Send, Sign, Who};
use crate::state::State;

/// What a timer is told: of which occasion it is, and of which day of it.
#[derive(Serialize, Deserialize)]
struct Note {
    occasion: String,
    day: Date,
}

/// What may be an occasion.
enum Heard {
    SegmentEntered(events::SegmentEntered),
    TierChanged(events::TierChanged),
    SurveyAnswered(events::SurveyAnswered),
    Birthday,
    Other,
}

impl Heard {
    fn of(event: &Event, subscription: &str) -> Result<Self, Refusal> {
        Ok(match subscription {
            "segment-entered" => Self::SegmentEntered(event.data()?),
            "tier-changed" => Self::TierChanged(event.data()?),
            "survey-answered" => Self::SurveyAnswered(event.data()?),
            "birthday" => Self::Birthday,
            _ => Self::Other,
        })
    }

    /// Whether it is the occasion.
    fn is(&self, on: &On) -> bool {
        match (on, self) {
            (On::SegmentEntered(segment), Self::SegmentEntered(entered)) => *segment == entered.segment,
            (On::TierChanged(stage), Self::TierChanged(changed)) => {
                stage.programme == changed.programme && changed.to.as_ref().is_some_and(|to| stage.tier == *to)
            }
            (On::SurveyAnswered(survey), Self::SurveyAnswered(answered)) => *survey == answered.survey,
            (On::Birthday(_), Self::Birthday) => true,
            _ => false,
        }
    }
}

pub(crate) struct Turn<'a> {
    input: &'a Input<Params, State>,
    me: &'a Party,
    state: State,
    decision: Decision<State>,
    refusal: Option<Refusal>,
}

fn days_ms(days: u32) -> i64 {
    i64::from(days).saturating_mul(DAY_SECONDS as i64 * 1_000)
}

fn year(day: Date) -> i32 {
    day.year_month_day().0
}

impl<'a> Turn<'a> {
    pub(crate) fn new(input: &'a Input<Params, State>) -> Result<Self, Refusal> {
        let state = input.state.clone().unwrap_or_default();
        Ok(Self { input, me: input.require(CUSTOMER)?, state, decision: Decision::new(), refusal: None })
    }

    /// Something happened: it may be an occasion, or show that the customer is awake; and days are set for those to come.
    pub(crate) fn hear(mut self) -> Result<Decision<State>, Refusal> {
        self.count_orders()?;
        if let Some(sign) = Sign::of(&self.input.subscription) {
            self.wake(sign);
        }
        let heard = Heard::of(&self.input.event, &self.input.subscription)?;
        for occasion in &self.input.params.occasions {
            if heard.is(&occasion.on) {
                let reason =
                    if let Heard::SurveyAnswered(answered) = &heard { answered.reason.as_deref() } else { None };
                self.celebrate(occasion, self.today(), reason);
            }
            self.set_day(occasion, self.today());
        }
        self.done()
    }

    /// A timer went off: a day has come, a follow-up is due, or whoever waits is looked at.
    pub(crate) fn time_over(mut self) -> Result<Decision<State>, Refusal> {
        let TimerFired { timer, data: Note { occasion, day } } = self.input.event.data()?;
        let what = timer.split_once('/').map_or("", |(what, _)| what);
        let Some(occasion) = self.input.params.occasion(&occasion) else { return self.done() };
        match what {
            "day" if self.state.days.get(&*occasion.id) == Some(&day) => {
                self.state.days.remove(&*occasion.id);
                self.celebrate(occasion, day, None);
                self.set_day(occasion, Date(day.0.saturating_add(1)));
                // On a day nothing is refused: the next day would be lost.
                if let Some(refusal) = self.refusal.take() {
                    self.decision.note(refusal.to_string());
                }
            }
            "follow" => self.follow_up(occasion, day),
            "wait" => self.wait_on(occasion, day),
            _ => {}
        }
        self.done()
    }

    fn now(&self) -> i64 {
        self.input.event.occurred.at
    }

    fn today(&self) -> Date {
        self.input.event.occurred.local.date()
    }

    fn done(mut self) -> Result<Decision<State>, Refusal> {
        let changed = self.state != self.input.state.clone().unwrap_or_default();
        match self.refusal {
            Some(refusal) if self.decision.effects.is_empty() && !changed => return Err(refusal),
            Some(refusal) => _ = self.decision.note(refusal.to_string()),
            None => {}
        }
        if changed {
            self.decision.put(self.state);
        }
        Ok(self.decision)
    }

    /// Counts orders, where an occasion depends on them.
    fn count_orders(&mut self) -> Result<(), Refusal> {
        if !self.input.params.counts_orders() {
            return Ok(());
        }
        let (event, currency) = (&self.input.event, &self.input.campaign.currency);
        match self.input.subscription.as_str() {
            "order-paid" => {
                let data: events::OrderPaid = event.data()?;
                self.state.orders.of(&data.order).pay(data.amount_in(currency)?);
            }
            "order-refunded" => {
                let data: events::OrderRefunded = event.data()?;
                self.state.orders.of(&data.order).refund(Back::of(&data, event, currency)?)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Gives and sends what belongs to an occasion, to whom it is for and unless it was lately.
    fn celebrate(&mut self, occasion: &Occasion, day: Date, reason: Option<&str>) {
        if let Err(refusal) = self.is_for(&occasion.who).and_then(|()| self.not_lately(occasion, day)) {
            self.refusal = self.refusal.take().or(Some(refusal));
            return;
        }
        let key = key(occasion, day);
        self.state.last.insert(occasion.id.to_string(), self.now());
        if matches!(occasion.on, On::Birthday(_)) {
            self.state.years.insert(occasion.id.to_string(), year(day));
        }
        self.give(occasion, &key);
        self.send(&occasion.send, &key);
        self.decision.measure(Measurement::one("occasions").of(&occasion.id));
        if let (On::SurveyAnswered(_), Some(reason)) = (&occasion.on, reason) {
            self.decision.measure(Measurement::one("reasons").of(reason));
        }
        if let Some(follow_up) = &occasion.follow_up {
            self.state.asked.insert(occasion.id.to_string(), self.now());
            self.set_timer("follow", occasion, day, When::after_days(follow_up.after_days));
        }
        if occasion.waits_days > 0 {
            self.set_timer("wait", occasion, day, When::after_days(1));
        }
    }

    fn give(&mut self, occasion: &Occasion, key: &str) {
        for grant in grants(&occasion.give, key, &self.me.customer, &occasion.id) {
            self.decision.grant(grant);
        }
    }

    fn send(&mut self, messages: &[Send], key: &str) {
        for (place, Send { template, channels, class }) in messages.iter().enumerate() {
            let message = Message::new(format!("{key}/{}", place + 1), &self.me.customer, template);
            let message = message.channels(channels);
            self.decision.message(message.of_class(*class));
        }
    }

    fn set_timer(&mut self, what: &str, occasion: &Occasion, day: Date, due: When) {
        let note = Note { occasion: occasion.id.to_string(), day };
        self.decision.schedule(Schedule::new(format!("{what}/{}", occasion.id), due).data(&note));
    }

    /// Sets the day on which an occasion is next, from a day on, if it is on one and another day is set.
    fn set_day(&mut self, occasion: &Occasion, from: Date) {
        let next = |from| dates::next(&occasion.on, from, self.me);
        let Some(mut day) = next(from) else { return };
        // A birthday is once a year, whatever becomes of its date.
        if matches!(occasion.on, On::Birthday(_)) && self.last_year(occasion) == Some(year(day)) {
            let new_year = Date::new(year(day) + 1, 1, 1);
            let Some(later) = new_year.and_then(next) else { return };
            day = later;
        }
        let set = self.state.days.get(&*occasion.id);
        // A day that is set and has not come stays, unless the birthday is another now.
        if set.is_some_and(|set| *set == day || (!matches!(occasion.on, On::Birthday(_)) && *set >= from)) {
            return;
        }
        let second = dates::second(&occasion.on, self.me, &self.input.event.occurred);
        self.state.days.insert(occasion.id.to_string(), day);
        self.set_timer("day", occasion, day, When::AtLocal(day, second));
    }

    /// Who does something is awake, and is not asked again.
    fn wake(&mut self, sign: Sign) {
        for occasion in &self.input.params.occasions {
            let Some(follow_up) = &occasion.follow_up else { continue };
            let asked = self.state.asked.get(&*occasion.id).is_some_and(|asked| *asked <= self.now());
            if asked && follow_up.unless.contains(&sign) {
                self.state.asked.remove(&*occasion.id);
                self.decision.cancel_timer(format!("follow/{}", occasion.id));
                self.decision.measure(Measurement::one("woken").of(&occasion.id));
            }
        }
    }

    fn follow_up(&mut self, occasion: &Occasion, day: Date) {
        let Some(FollowUp { send, .. }) = &occasion.follow_up else { return };
        if self.state.asked.remove(&*occasion.id).is_some() {
            self.send(send, &format!("{}/follow-up", key(occasion, day)));
            self.decision.measure(Measurement::one("followed-up").of(&occasion.id));
        }
    }

    /// Whoever got nothing on the day is offered it again, day by day.
    fn wait_on(&mut self, occasion: &Occasion, day: Date) {
        let key = key(occasion, day);
        let offered = grants(&occasion.give, &key, &self.me.customer, &occasion.id);
        let missing = offered.map(|grant| grant.key).any(|key| self.me.live_grant(&key).is_none());
        let waited = self.today().0.saturating_sub(day.0);
        if missing && self.is_for(&occasion.who).is_ok() {
            self.give(occasion, &key);
            if i64::from(waited) < i64::from(occasion.waits_days) {
                self.set_timer("wait", occasion, day, When::after_days(1));
            }
        }
    }

    /// The year of the last birthday. A state that does not say yet is read by the clock of the event.
    fn last_year(&self, occasion: &Occasion) -> Option<i32> {
        let by_the_clock =
            || self.state.last.get(&*occasion.id).map(|last| year(self.input.event.occurred.date_of(*last)));
        self.state.years.get(&*occasion.id).copied().or_else(by_the_clock)
    }

    /// Refuses with `lately` or `already`.
    fn not_lately(&self, occasion: &Occasion, day: Date) -> Result<(), Refusal> {
        let Some(last) = self.state.last.get(&*occasion.id) else { return Ok(()) };
        let already = || Err(Refusal::new("already", format!("{} was before", occasion.id)));
        if let Some(days) = occasion.again_after_days
            && self.now() < last.saturating_add(days_ms(days))
        {
            return Err(Refusal::new("lately", format!("{} was within {days} days", occasion.id)));
        }
        match &occasion.on {
            On::Birthday(_) if self.last_year(occasion) == Some(year(day)) => already(),
            _ if occasion.again_after_days.is_none() && !occasion.on.is_dated() => already(),
            _ => Ok(()),
        }
    }

    /// Refuses with `not-eligible`.
    fn is_for(&self, who: &Who) -> Result<(), Refusal> {
        let no = |message: &str| Err(Refusal::new("not-eligible", message));
        if !who.tags.is_empty() && !who.tags.iter().any(|tag| self.me.has_tag(tag)) {
            return no("has none of the tags");
        }
        if who.without_tags.iter().any(|tag| self.me.has_tag(tag)) {
            return no("has one of the tags that it is not for");
        }
        let stands = who.stages.iter().any(|stage| self.me.tier(&stage.programme) == Some(&*stage.tier));
        if !who.stages.is_empty() && !stands {
            return no("stands in none of the tiers");
        }
        if who.has.iter().any(|attribute| self.me.integer(attribute.as_str()).is_none()) {
            return no("has not done what it takes");
        }
        let orders = &self.state.orders;
        let enough = |Bought { orders_over, spent_over }: &Bought| {
            orders_over.is_some_and(|over| orders.count() > over) || spent_over.is_some_and(|over| orders.left() > over)
        };
        if who.bought.as_ref().is_some_and(|bought| !enough(bought)) { no("has not bought enough") } else { Ok(()) }
    }
}

/// The name of an occasion in keys: with the year of a birthday, the day of what may be again, and alone for what is once.
fn key(occasion: &Occasion, day: Date) -> String {
    let id = &occasion.id;
    match occasion.on {
        On::Birthday(_) => format!("{id}/{}", year(day)),
        _ if occasion.on.is_dated() || occasion.again_after_days.is_some() => format!("{id}/{day}"),
        _ => id.to_string(),
    }
}

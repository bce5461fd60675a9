//! One decision: where the customer stands now, and what follows from it.

use std::cmp::Ordering;

use largesse_sdk::{
    BenefitParam, Date, Decision, Input, Measurement, Message, Party, Placement, Refusal, Revocation, Schedule, When,
    events, grants, json,
};

use crate::member::{Member, Month};
use crate::params::{Held, Metric, Notice, Params, Service, ToldBy};
use crate::{CUSTOMER, GROWTH};

/// The timer that goes off when a cycle or period is over.
pub(crate) const CYCLE: &str = "cycle";
/// The timer that goes off before it.
pub(crate) const NOTICE: &str = "notice";
/// The timer that goes off when the balance of a day that is over may lead to another tier.
pub(crate) const HELD: &str = "held";
/// A day without a clock change.
const DAY_MS: i64 = 86_400_000;
/// The timer that goes off on the first of a month.
pub(crate) const MONTH: &str = "month";

pub(crate) struct Turn<'a> {
    params: &'a Params,
    customer: &'a str,
    party: &'a Party,
    growth: u64,
    /// The local date of the event.
    today: Date,
    /// The time of the event, in milliseconds since 1970.
    at: i64,
    pub(crate) member: Member,
    decision: Decision<Member>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(input: &'a Input<Params, Member>) -> Result<Self, Refusal> {
        let party = input.require(CUSTOMER)?;
        let mut member = input.state.clone().unwrap_or_default();
        let place = |tier: &String| input.params.place_of(tier);
        for (tier, ends) in std::mem::take(&mut member.others) {
            if place(&tier) > member.tier.as_ref().and_then(place) {
                (member.tier, member.ends) = (Some(tier), ends);
            }
        }
        Ok(Self {
            params: &input.params,
            customer: &party.customer,
            party,
            growth: u64::try_from(party.balance(GROWTH)).unwrap_or(0),
            today: input.event.occurred.local.date(),
            at: input.event.occurred.at,
            member,
            decision: Decision::new(),
        })
    }

    pub(crate) fn finish(mut self) -> Decision<Member> {
        self.decision.put(self.member);
        self.decision
    }

    /// The growth that counts.
    pub(crate) fn growth(&self) -> u64 {
        self.growth.saturating_sub(self.member.growth_before)
    }

    /// Moves the customer to where a value that was reached on a day leads at once.
    pub(crate) fn follow(&mut self, value: u64, day: Date) {
        let (now, reached) = (self.place(), self.params.reached(value));
        match reached.cmp(&now) {
            Ordering::Greater => self.rise(now, reached.unwrap_or(0), day),
            Ordering::Less if matches!(self.params.service, Service::RealTime) => self.fall(reached),
            _ => {}
        }
    }

    /// Growth was taken back: what it led to since the cycle or period began is lost with it. Growth that was used up, or is over, was
    /// there.
    pub(crate) fn take_back(&mut self, changed: &events::GrowthChanged) {
        let is_revoked = changed.cause.decision.is_some() || changed.cause.campaign.is_none();
        let (value, Some(now)) = (self.growth(), self.place()) else { return };
        let floor = self.member.floor.as_deref().and_then(|tier| self.params.place_of(tier));
        let left = self.params.reached(value).max(floor);
        if changed.delta >= 0 || !is_revoked || left >= Some(now) {
            return;
        }
        for place in left.map_or(0, |left| left + 1)..=now {
            let tier = &self.params.tiers[place];
            self.ungift(&format!("upgrade/{}", tier.name), &tier.upgrade);
        }
        self.fall(left);
    }

    /// Takes back what is not used of the gift of a moment, which can be given again then.
    fn ungift(&mut self, moment: &str, gifts: &[BenefitParam]) {
        let Some(day) = self.member.gifts.remove(moment) else { return };
        for grant in grants(gifts, &format!("{moment}/{day}"), self.customer, "") {
            if self.party.live_grant(&grant.key).is_some() {
                let revocation = Revocation::key(grant.to, grant.key).free_key();
                self.decision.revoke(revocation.reason("what led to the tier was taken back"));
            }
        }
    }

    /// Looks at the balances of the days that are over, and asks to look again when they change without a movement.
    pub(crate) fn judge(&mut self, held: &Held, now: i64) {
        let over = Date(self.today.0.saturating_sub(1));
        let from = self.member.judged.map_or(over, |judged| plus(judged, 1));
        let value = match self.params.service {
            Service::RealTime => self.member.moves.least(over, held.days),
            _ if from <= over => self.member.moves.best(from, over, held.days),
            _ => 0,
        };
        self.follow(value, over);
        let judged = self.member.judged.map_or(over, |judged| judged.max(over));
        self.member.judged = Some(judged);
        self.member.moves.prune(judged, held.days);
        if let Some(day) = self.member.moves.changes(self.today, held.days) {
            // What is told in arrears has more to come: a day of the host's clock for it.
            let late = When::At(now.saturating_add(DAY_MS));
            let due = if self.is_behind(now) { late } else { When::AtLocal(plus(day, 1), 0) };
            self.decision.schedule(Schedule::new(HELD, due));
        }
    }

    /// A cycle or period is over.
    pub(crate) fn cycle_is_over(&mut self) {
        if self.member.ends != Some(self.today) {
            return;
        }
        let (now, value) = (self.place(), self.value());
        let periodic = matches!(self.params.service, Service::Periodic(_));
        let next =
            if periodic { self.params.reached(value) } else { now.and_then(|place| self.params.kept(place, value)) };
        if matches!(self.params.metric, Metric::Growth) {
            self.member.growth_before = self.growth;
        }
        self.member.ends = None;
        self.member.floor = next.map(|place| self.params.tiers[place].name.to_string());
        match next {
            // Its end stands in the placement.
            None if periodic => self.leave(),
            None => self.fall(None),
            Some(place) if periodic && Some(place) > now => self.rise(now, place, self.today),
            Some(place) => {
                self.go_on(self.today);
                if periodic || Some(place) != now {
                    self.place_in(place);
                }
                self.tell_placed(place);
            }
        }
    }

    /// Tells who would not stay.
    pub(crate) fn notice(&mut self) {
        let (Some(notice), Some(ends), Some(place)) = (&self.params.messages.notice, self.member.ends, self.place())
        else {
            return;
        };
        let (tier, value) = (&self.params.tiers[place], self.value());
        if notice_day(notice, ends) == self.today && value < tier.keep() {
            let vars = json!({"tier": tier.name, "value": value, "needed": tier.keep(), "to": day_before(ends)});
            let message = Message::new(format!("notice/{ends}"), self.customer, notice.template.as_str());
            self.decision.message(message.vars(&vars));
        }
    }

    /// A month begins.
    pub(crate) fn month_begins(&mut self) {
        let month = self.today.month_key();
        if self.member.month.as_ref().is_none_or(|known| known.month >= month) {
            return;
        }
        self.member.month = None;
        if self.place().is_some() {
            self.begin_month();
            self.give_month();
        }
    }

    /// Gives the tier's gift for a birthday.
    pub(crate) fn birthday(&mut self, year: i32) -> Result<(), Refusal> {
        let place = self.place().ok_or_else(|| Refusal::new("not-a-member", "only members have gifts on birthdays"))?;
        let key = format!("birthday/{year:04}");
        let gifts = grants(&self.params.tiers[place].birthday, &key, self.customer, "birthday");
        gifts.for_each(|grant| _ = self.decision.grant(grant));
        Ok(())
    }

    /// Whether the event is from more than a day before one hears of it.
    fn is_behind(&self, now: i64) -> bool {
        now.saturating_sub(self.at) > DAY_MS
    }

    fn place(&self) -> Option<usize> {
        self.member.tier.as_deref().and_then(|name| self.params.place_of(name))
    }

    /// What is measured, as of the morning of today.
    fn value(&self) -> u64 {
        match &self.params.metric {
            Metric::Growth => self.growth(),
            Metric::Held(held) if held.told_by == ToldBy::Movements => {
                self.member.moves.least(Date(self.today.0.saturating_sub(1)), held.days)
            }
            Metric::Held(held) => self.member.held.least_on(self.today, held.days),
        }
    }

    fn rise(&mut self, now: Option<usize>, to: usize, day: Date) {
        if now.is_none() || matches!(self.params.service, Service::Periodic(_)) {
            self.begin_cycle(day);
        }
        let first = if self.params.step_by_step { now.map_or(0, |now| now + 1) } else { to };
        for place in first..=to {
            self.place_in(place);
            let tier = &self.params.tiers[place];
            if now.is_none() && place == first {
                self.gift("join".to_owned(), &tier.join, day);
            } else {
                self.gift(format!("upgrade/{}", tier.name), &tier.upgrade, day);
            }
        }
        self.tell_placed(to);
        if self.params.is_monthly() && self.member.month.is_none() {
            self.begin_month();
        }
        if self.params.top_up {
            self.give_month();
        }
    }

    fn fall(&mut self, to: Option<usize>) {
        match to {
            Some(place) => {
                self.place_in(place);
                self.tell_placed(place);
            }
            None => {
                self.decision.place(Placement::out(self.customer, self.params.programme.as_str()));
                self.leave();
            }
        }
    }

    fn leave(&mut self) {
        self.member.tier = None;
        self.member.ends = None;
        if let Some(template) = &self.params.messages.left {
            self.decision.message(Message::new(format!("left/{}", self.today), self.customer, template.as_str()));
        }
    }

    fn place_in(&mut self, place: usize) {
        let tier = &self.params.tiers[place].name;
        let mut placement = Placement::into(self.customer, self.params.programme.as_str(), tier.as_str());
        if let (Service::Periodic(_), Some(ends)) = (&self.params.service, self.member.ends) {
            placement = placement.until(When::AtLocal(ends, 0));
        }
        self.decision.place(placement).measure(Measurement::one("placed").of(tier));
        self.member.tier = Some(tier.into());
    }

    fn tell_placed(&mut self, place: usize) {
        let Some(template) = &self.params.messages.placed else { return };
        let tier = &self.params.tiers[place].name;
        let vars = json!({"tier": tier, "to": self.member.ends.map(day_before)});
        let message = Message::new(format!("placed/{tier}/{}", self.today), self.customer, template.as_str());
        self.decision.message(message.vars(&vars));
    }

    fn begin_cycle(&mut self, day: Date) {
        self.member.began = self.params.span().map(|_| day);
        self.go_on(day);
    }

    /// Begins the cycle or period in which a day lies.
    fn go_on(&mut self, day: Date) {
        let began = self.member.began.unwrap_or(day);
        self.member.ends = self.params.span().and_then(|span| span.end_after(began, day));
        let Some(ends) = self.member.ends else { return };
        self.decision.schedule(Schedule::new(CYCLE, When::AtLocal(ends, 0)));
        if let Some(notice) = &self.params.messages.notice {
            self.decision.schedule(Schedule::new(NOTICE, When::AtLocal(notice_day(notice, ends), 0)));
        }
    }

    fn begin_month(&mut self) {
        self.member.month = Some(Month { month: self.today.month_key(), given: Default::default() });
        let (_, last) = self.today.month_range();
        self.decision.schedule(Schedule::new(MONTH, When::AtLocal(plus(last, 1), 0)));
    }

    /// Gives what of the month's benefits was not given yet.
    fn give_month(&mut self) {
        let (Some(place), Some(month)) = (self.place(), &mut self.member.month) else { return };
        let tier = &self.params.tiers[place];
        // An event of another month that came late is no reason to give this one's.
        if month.month != self.today.month_key() {
            return;
        }
        for (index, benefit) in tier.monthly.iter().enumerate() {
            let given = month.given.entry(benefit.unit.clone()).or_default();
            let quantity = benefit.quantity.unwrap_or(0);
            let missing = quantity.saturating_sub(*given);
            if missing > 0 {
                let key = format!("month/{}/{}/{}", month.month, tier.name, index + 1);
                let rest = BenefitParam { quantity: Some(missing), ..benefit.clone() };
                self.decision.grant(rest.grant(key, self.customer).reason("month's benefits"));
                *given = quantity;
            }
        }
    }

    /// Gives the gift of a moment, unless it was given not long ago.
    fn gift(&mut self, moment: String, gifts: &[BenefitParam], day: Date) {
        let again = |last: &Date| plus(*last, self.params.gifts_again_after_days) <= day;
        if gifts.is_empty() || !self.member.gifts.get(&moment).is_none_or(again) {
            return;
        }
        let key = format!("{moment}/{day}");
        grants(gifts, &key, self.customer, &moment).for_each(|grant| _ = self.decision.grant(grant));
        self.member.gifts.insert(moment, day);
    }
}

fn plus(date: Date, days: u32) -> Date {
    Date(date.0.saturating_add_unsigned(days))
}

fn day_before(date: Date) -> Date {
    Date(date.0.saturating_sub(1))
}

fn notice_day(notice: &Notice, ends: Date) -> Date {
    Date(ends.0.saturating_sub_unsigned(notice.days_before))
}

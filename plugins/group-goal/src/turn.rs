//! One decision while it is being made.

use largesse_sdk::{
    Benefit, BenefitParam, Claim, Decision, Grant, Held, Input, Measurement, Message, Refusal, Reservation, Schedule,
    Settlement, When, events, grants, key_part,
};

use crate::params::{OpenerSeat, Params};
use crate::state::Goal;
use crate::{ACTOR, OPENERS, OVER, parts};

const HOUR_MS: i64 = 3_600_000;

/// Opens a goal.
pub(crate) fn open(input: &Input<Params, Goal>, group: bool) -> Result<Decision<Goal>, Refusal> {
    if input.state.is_some() {
        return Err(Refusal::new("already-open", "a goal is opened once"));
    }
    let params = &input.params;
    if params.activity.is_some() && params.activity != activity(input)? {
        return Err(Refusal::new("another-activity", "this belongs to another activity"));
    }
    if !group && (params.price.is_some() || !params.members.is_empty()) {
        return Err(Refusal::new("not-a-group", "only groups have a price and rewards of their members"));
    }
    let opener = &input.require(ACTOR)?.customer;
    let goal = Goal {
        opener: opener.clone(),
        group,
        closes: input.event.occurred.at.saturating_add(i64::from(params.hours) * HOUR_MS),
        left: params.split.as_ref().map_or(0, |split| split.quantity),
        ..Goal::default()
    };
    let mut turn = Turn { input, goal, decision: Decision::new() };
    turn.decision.measure(Measurement::one("opened"));
    turn.decision.schedule(Schedule::new(OVER, When::At(turn.goal.closes)));
    if params.opener_seat == OpenerSeat::First {
        turn.sit(opener);
    }
    turn.finish()
}

/// The activity that what is opened belongs to.
fn activity(input: &Input<Params, Goal>) -> Result<Option<String>, Refusal> {
    Ok(match input.subscription.as_str() {
        "packet-shared" => input.event.data::<events::PacketShared>()?.activity,
        "group-opened" => input.event.data::<events::GroupOpened>()?.activity,
        "assist-opened" => input.event.data::<events::AssistOpened>()?.activity,
        _ => None,
    })
}

/// One decision on a goal that is open.
pub(crate) struct Turn<'a> {
    input: &'a Input<Params, Goal>,
    goal: Goal,
    decision: Decision<Goal>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(input: &'a Input<Params, Goal>) -> Result<Self, Refusal> {
        let goal = input.state.clone().ok_or_else(|| Refusal::new("not-open", "nobody has opened this"))?;
        Ok(Self { input, goal, decision: Decision::new() })
    }

    /// Somebody joins.
    pub(crate) fn join(mut self) -> Result<Decision<Goal>, Refusal> {
        let params = &self.input.params;
        let joiner = &self.input.require(ACTOR)?.customer;
        self.same_opener()?;
        if self.goal.joined.contains(joiner) {
            return Err(Refusal::new("already-joined", "a goal is joined once"));
        }
        if *joiner == self.goal.opener && params.opener_seat != OpenerSeat::May {
            return Err(Refusal::new("own-goal", "the seats are for others"));
        }
        if self.seats_left() == 0 {
            return Err(Refusal::new("full", "all seats are taken"));
        }
        if self.goal.over || self.input.event.occurred.at >= self.goal.closes {
            return Err(Refusal::new("expired", "the time to join is over"));
        }
        let scope = format!("goal/{}", self.name());
        for by in &params.once_per {
            self.decision.claim(Claim::new(&scope, *by, joiner));
        }
        self.sit(joiner);
        self.finish()
    }

    /// Somebody who joined uses what they got.
    pub(crate) fn used(mut self) -> Result<Decision<Goal>, Refusal> {
        let user = &self.input.require(ACTOR)?.customer;
        let unit = self.input.event.data::<events::BenefitUsed>()?.unit;
        let Some(uses) = self.input.params.uses.filter(|_| !self.goal.reached) else {
            return Err(Refusal::new("nothing-due", "a use reaches nothing here"));
        };
        self.same_opener()?;
        let given = self.input.params.joiner.iter().any(|benefit| benefit.unit == unit);
        if !given || !self.goal.joined.contains(user) {
            return Err(Refusal::new("not-from-here", "what was used was not given here"));
        }
        if self.goal.used.contains(user) {
            return Err(Refusal::new("already-used", "each who joined counts once"));
        }
        self.goal.used.push(user.clone());
        if self.goal.used.len() as u64 >= u64::from(uses) {
            self.reach();
        }
        self.finish()
    }

    /// The time is over.
    pub(crate) fn over(mut self) -> Result<Decision<Goal>, Refusal> {
        self.goal.over = true;
        if !self.goal.reached && self.input.params.uses.is_none() {
            self.decision.measure(Measurement::one("expired"));
            self.say("expired", self.input.params.messages.expired.as_deref());
        }
        self.finish()
    }

    /// The event must not name another opener, and must name this one when there is something to give.
    fn same_opener(&self) -> Result<(), Refusal> {
        let mut named = OPENERS.iter().filter_map(|role| self.input.party(role));
        match named.next() {
            Some(opener) if opener.customer != self.goal.opener => {
                Err(Refusal::new("another-opener", "somebody else has opened this"))
            }
            None if !self.input.params.opener.is_empty() && !is_shown(self.input, &self.goal.opener) => {
                Err(Refusal::new("opener-unknown", "the event does not say who opened this"))
            }
            _ => Ok(()),
        }
    }

    /// Takes a seat, with what comes of it.
    fn sit(&mut self, customer: &str) {
        let params = &self.input.params;
        if let Some(price) = &params.price {
            let until = When::At(self.goal.closes);
            let key = format!("price/{}", self.name());
            let paid = Reservation::new(key, customer, (price.quantity, &price.unit), until);
            self.decision.reserve(paid.reason("until the group is full"));
        }
        if let Some(split) = &params.split {
            let part = parts::next(self.goal.left, self.seats_left(), &mut self.input.chance());
            self.goal.left -= part.min(self.goal.left);
            let key = format!("part/{}", self.name());
            self.decision.grant(Grant::new(key, customer, Benefit::units(&split.unit, part)).reason("a part"));
        }
        self.give(&params.joiner, "joined", customer);
        self.decision.measure(Measurement::one("joined"));
        self.goal.joined.push(customer.to_owned());
        if params.uses.is_none() && self.seats_left() == 0 {
            self.reach();
        }
    }

    /// The goal is reached.
    fn reach(&mut self) {
        let params = &self.input.params;
        self.goal.reached = true;
        self.decision.measure(Measurement::one("reached"));
        if !self.goal.over {
            self.decision.cancel_timer(OVER);
        }
        let seated = if self.goal.group { self.goal.joined.clone() } else { Vec::new() };
        let input = self.input;
        for member in seated.iter().filter(|member| is_shown(input, member)) {
            if params.price.is_some() {
                let paid = Held::reservation(member, format!("price/{}", self.name()));
                self.decision.settle(Settlement::commit(paid).required().reason("the group is full"));
            }
            self.give(&params.members, "member", member);
        }
        let opener = self.goal.opener.clone();
        if is_shown(self.input, &opener) {
            self.give(&params.opener, "opener", &opener);
        }
        self.say("reached", params.messages.reached.as_deref());
    }

    /// Tells the opener, and the members of a group who have a seat.
    fn say(&mut self, what: &str, template: Option<&str>) {
        let Some(template) = template else { return };
        let input = self.input;
        let mut told = vec![self.goal.opener.clone()];
        if self.goal.group {
            told.extend(self.goal.joined.iter().filter(|one| **one != self.goal.opener).cloned());
        }
        let key = format!("{what}/{}", self.name());
        for customer in told.iter().filter(|customer| is_shown(input, customer)) {
            self.decision.message(Message::new(&key, customer, template));
        }
    }

    fn give(&mut self, benefits: &[BenefitParam], name: &str, to: &str) {
        let key = format!("{name}/{}", self.name());
        for grant in grants(benefits, &key, to, name) {
            self.decision.grant(grant);
        }
    }

    fn seats_left(&self) -> u64 {
        u64::from(self.input.params.size).saturating_sub(self.goal.joined.len() as u64)
    }

    /// The goal, as a part of keys.
    fn name(&self) -> std::borrow::Cow<'a, str> {
        key_part(&self.input.owner.id)
    }

    fn finish(mut self) -> Result<Decision<Goal>, Refusal> {
        self.decision.put(self.goal);
        Ok(self.decision)
    }
}

/// Whether a customer is shown to the decision, and can be given something.
fn is_shown(input: &Input<Params, Goal>, customer: &str) -> bool {
    input.parties.iter().any(|party| party.customer == customer)
}

//! What is wrong with parameters that fit their schema.

use largesse_sdk::{Problem, ShortfallParam, benefit_problems, no_problems};

use crate::dates::second_of_day;
use crate::params::{Bought, Occasion, On, Params, Send, Stage};

const OCCASIONS_MAX: usize = 8;
const LIST_MAX: usize = 3;
/// Most benefits and messages of all occasions, so that one event that is all of them can be decided at once.
const TOGETHER_MAX: usize = 24;
const DAYS_MAX: u32 = 3_650;

/// Collects what is wrong, each with its place.
struct Found(Vec<Problem>);

impl Found {
    fn unless(&mut self, fine: bool, pointer: impl Into<String>, message: &str) {
        if !fine {
            self.0.push(Problem::new(pointer, message));
        }
    }
}

impl Params {
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut found = Found(Vec::new());
        found.unless((1..=OCCASIONS_MAX).contains(&self.occasions.len()), "/occasions", "expected 1 to 8 occasions");
        let all: usize = self.occasions.iter().map(|occasion| occasion.give.len() + occasion.send.len()).sum();
        found.unless(all <= TOGETHER_MAX, "/occasions", "more than 24 benefits and messages together");
        for (index, occasion) in self.occasions.iter().enumerate() {
            let pointer = format!("/occasions/{index}");
            let once = self.occasions[..index].iter().all(|other| other.id != occasion.id);
            found.unless(once, format!("{pointer}/id"), "another occasion has this name");
            occasion.check(&pointer, &mut found);
        }
        no_problems(found.0)
    }
}

impl Occasion {
    fn check(&self, pointer: &str, found: &mut Found) {
        found.unless(is_slug(&self.id, 32), format!("{pointer}/id"), "expected 1 to 32 of a-z, 0-9 and -");
        self.check_on(pointer, found);
        self.check_who(&format!("{pointer}/who"), found);
        let counts = matches!(self.on, On::Answered(_));
        let something = counts || !self.give.is_empty() || !self.send.is_empty();
        found.unless(something, pointer, "gives nothing and sends nothing");
        found.unless(self.give.len() <= LIST_MAX, format!("{pointer}/give"), "more than 3");
        found.0.extend(benefit_problems(&self.give, &format!("{pointer}/give")));
        check_sends(&self.send, &format!("{pointer}/send"), found);
        let again = self.again_after_days.is_none_or(|days| (1..=DAYS_MAX).contains(&days));
        found.unless(again, format!("{pointer}/again_after_days"), "expected 1 to 3650 days");
        if let Some(follow_up) = &self.follow_up {
            let pointer = format!("{pointer}/follow_up");
            let days = (1..=DAYS_MAX).contains(&follow_up.after_days);
            found.unless(days, format!("{pointer}/after_days"), "expected 1 to 3650 days");
            found.unless(
                !follow_up.unless.is_empty(),
                format!("{pointer}/unless"),
                "expected what shows that a customer is awake",
            );
            found.unless(!follow_up.send.is_empty(), format!("{pointer}/send"), "sends nothing");
            check_sends(&follow_up.send, &format!("{pointer}/send"), found);
        }
        let dated = self.on.is_dated();
        let waits = self.waits_days == 0 || (dated && !self.give.is_empty() && self.waits_days <= 366);
        found.unless(
            waits,
            format!("{pointer}/waits_days"),
            "only on a day, for what is given, and for at most 366 days",
        );
        for (index, benefit) in self.give.iter().enumerate() {
            let refuses = matches!(benefit.on_shortfall, None | Some(ShortfallParam::Refuse));
            let place = format!("{pointer}/give/{index}/on_shortfall");
            found.unless(
                !(dated && refuses),
                place,
                "expected skip or reduce: a refusal on a day would lose the next one",
            );
        }
    }

    fn check_on(&self, pointer: &str, found: &mut Found) {
        let at = self.on.at().is_none_or(|at| second_of_day(at).is_some());
        match &self.on {
            On::Segment(segment) => {
                found.unless(!segment.is_empty(), format!("{pointer}/on/segment"), "expected a segment")
            }
            On::Answered(survey) => {
                found.unless(!survey.is_empty(), format!("{pointer}/on/answered"), "expected a survey")
            }
            On::Stage(stage) => check_stage(stage, &format!("{pointer}/on/stage"), found),
            On::Birthday(_) => found.unless(at, format!("{pointer}/on/birthday/at"), "expected a time such as 09:00"),
            On::Yearly(yearly) => {
                let pointer = format!("{pointer}/on/yearly");
                found.unless(
                    yearly.month_and_day().is_some(),
                    format!("{pointer}/day"),
                    "expected a day such as 12-31",
                );
                found.unless(at, format!("{pointer}/at"), "expected a time such as 09:00");
                let one = !(yearly.by_tenure && yearly.at.is_some());
                found.unless(one, format!("{pointer}/at"), "by tenure each has a time of its own");
            }
            On::Monthly(monthly) => {
                let pointer = format!("{pointer}/on/monthly");
                found.unless((1..=31).contains(&monthly.day), format!("{pointer}/day"), "expected 1 to 31");
                found.unless(at, format!("{pointer}/at"), "expected a time such as 09:00");
            }
        }
    }

    fn check_who(&self, pointer: &str, found: &mut Found) {
        let who = &self.who;
        for (index, tag) in who.tags.iter().enumerate() {
            let both = who.without_tags.contains(tag);
            found.unless(!both, format!("{pointer}/tags/{index}"), "for those with the tag and not for them");
        }
        for (index, stage) in who.stages.iter().enumerate() {
            check_stage(stage, &format!("{pointer}/stages/{index}"), found);
        }
        let nothing = matches!(who.bought, Some(Bought { orders_over: None, spent_over: None }));
        found.unless(!nothing, format!("{pointer}/bought"), "say how many orders, or how much");
    }
}

fn check_stage(stage: &Stage, pointer: &str, found: &mut Found) {
    found.unless(is_slug(&stage.programme, 64), format!("{pointer}/programme"), "expected the id of a programme");
    found.unless(is_slug(&stage.tier, 64), format!("{pointer}/tier"), "expected a tier");
}

fn check_sends(messages: &[Send], pointer: &str, found: &mut Found) {
    found.unless(messages.len() <= LIST_MAX, pointer, "more than 3");
    for (index, send) in messages.iter().enumerate() {
        let key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-');
        let template = (1..=128).contains(&send.template.len()) && send.template.bytes().all(key);
        let place = format!("{pointer}/{index}");
        found.unless(template, format!("{place}/template"), "expected 1 to 128 of A-Z, a-z, 0-9, ., _, :, / and -");
        let channel = |one: &String| (1..=64).contains(&one.len()) && one.bytes().all(|byte| byte.is_ascii_graphic());
        let channels = send.channels.len() <= 8 && send.channels.iter().all(channel);
        found.unless(channels, format!("{place}/channels"), "expected at most 8 channels without spaces");
    }
}

fn is_slug(text: &str, bytes_max: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=bytes_max).contains(&text.len()) && text.bytes().all(fits)
}

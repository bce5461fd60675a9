//! What is wrong with parameters that fit their schema.

use largesse_sdk::{Problem, Problems, ShortfallParam, benefit_problems};

use crate::params::{Bought, Occasion, On, Params};

/// Most benefits and messages of all occasions, so that one event that is all of them can be decided at once.
const TOGETHER_MAX: usize = 24;

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut found = Problems::new();
        let all: usize = self.occasions.iter().map(|occasion| occasion.give.len() + occasion.send.len()).sum();
        found.unless(all <= TOGETHER_MAX, "/occasions", "more than 24 benefits and messages together");
        found.unique("/occasions", "id", self.occasions.iter().map(|occasion| &occasion.id));
        for (index, occasion) in self.occasions.iter().enumerate() {
            occasion.check(&format!("/occasions/{index}"), &mut found);
        }
        found.done()
    }
}

impl Occasion {
    fn check(&self, pointer: &str, found: &mut Problems) {
        if let On::Yearly(yearly) = &self.on {
            let pointer = format!("{pointer}/on/yearly");
            let some = yearly.month_and_day().is_some();
            found.unless(some, format!("{pointer}/day"), "expected a day such as 12-31");
            let one = !yearly.by_tenure || yearly.at.is_none();
            found.unless(one, format!("{pointer}/at"), "by tenure each has a time of its own");
        }
        self.check_who(&format!("{pointer}/who"), found);
        let counts = matches!(self.on, On::SurveyAnswered(_));
        let something = counts || !self.give.is_empty() || !self.send.is_empty();
        found.unless(something, pointer, "gives nothing and sends nothing");
        found.extend(benefit_problems(&self.give, &format!("{pointer}/give")));
        let dated = self.on.is_dated();
        let waits = self.waits_days == 0 || (dated && !self.give.is_empty());
        found.unless(waits, format!("{pointer}/waits_days"), "only on a day, for what is given");
        for (index, benefit) in self.give.iter().enumerate() {
            let refuses = matches!(benefit.on_shortfall, None | Some(ShortfallParam::Refuse));
            let place = format!("{pointer}/give/{index}/on_shortfall");
            let message = "expected skip or reduce: a refusal on a day would lose the next one";
            found.unless(!(dated && refuses), place, message);
        }
    }

    fn check_who(&self, pointer: &str, found: &mut Problems) {
        let who = &self.who;
        for (index, tag) in who.tags.iter().enumerate() {
            let both = who.without_tags.contains(tag);
            found.unless(!both, format!("{pointer}/tags/{index}"), "for those with the tag and not for them");
        }
        let nothing = matches!(who.bought, Some(Bought { orders_over: None, spent_over: None }));
        found.unless(!nothing, format!("{pointer}/bought"), "say how many orders, or how much");
    }
}

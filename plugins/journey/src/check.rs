//! What is wrong with parameters that fit their schema.

use std::collections::BTreeSet;

use largesse_sdk::{Problem, Problems, Value, benefit_problems};

use crate::params::{ANY, Act, Branch, Condition, END, KEPT_MAX, Params, Step, Text, Until, Wait};

const VARS_BYTES_MAX: usize = 4 * 1024;
/// Most effects of one decision, less those that do not come from steps.
const EFFECTS_MAX: usize = 60;

impl Params {
    /// What the schema cannot say.
    pub(crate) fn check(&self) -> Result<(), Vec<Problem>> {
        let mut found = Problems::new();
        self.check_frame(&mut found);
        for (index, step) in self.steps.iter().enumerate() {
            self.check_step(step, index, &mut found);
        }
        // Ways can be followed only where all of them lead somewhere.
        if found.is_empty() {
            self.check_ways(&mut found);
        }
        found.done()
    }

    fn check_frame(&self, found: &mut Problems) {
        found.unless(self.kept().count() <= KEPT_MAX, "/keep", "at most 8 fields are kept, those of waits among them");
        let once = "a journey per value of a field is made once: leave out one of the two";
        found.unless(self.again_after_days.is_none() || self.per.is_none(), "/again_after_days", once);
        for (index, goal) in self.goals.iter().enumerate() {
            let begins = self.enter.iter().any(|enter| enter.on == goal.on && enter.only == goal.only);
            found.unless(!begins, format!("/goals/{index}"), "what begins the journey cannot be its goal");
        }
        for (index, preferred) in self.preferred.iter().enumerate() {
            let known = self.has_channel(&preferred.channel);
            found.unless(known, format!("/preferred/{index}/channel"), "no message has this channel");
        }
    }

    fn has_channel(&self, channel: &str) -> bool {
        self.texts().any(|text| text.by.iter().any(|by| by.channel == *channel))
    }

    fn check_step(&self, step: &Step, index: usize, found: &mut Problems) {
        let pointer = format!("/steps/{index}");
        found.unless(step.id != *END, format!("{pointer}/id"), "expected another name than end");
        found.unless(self.place(&step.id) == Some(index), format!("{pointer}/id"), "two steps have this name");
        if let Some(next) = &step.next {
            self.check_target(next, &format!("{pointer}/next"), found);
            let branches = matches!(step.act, Act::Branch(_));
            found.unless(!branches, format!("{pointer}/next"), "a branch says itself where it leads");
        }
        let pointer = format!("{pointer}/do");
        match &step.act {
            Act::Message(text) => check_text(text, &format!("{pointer}/message"), found),
            Act::Wait(wait) => self.check_wait(wait, &format!("{pointer}/wait"), found),
            Act::Branch(branch) => self.check_branch(branch, &format!("{pointer}/branch"), found),
            Act::Give(benefits) => found.extend(benefit_problems(benefits, &format!("{pointer}/give"))),
            Act::Tag(_) | Act::HandOver(_) => {}
        }
    }

    fn check_target(&self, target: &str, pointer: &str, found: &mut Problems) {
        found.unless(target == END || self.place(target).is_some(), pointer, format!("there is no step {target}"));
    }

    fn check_wait(&self, wait: &Wait, pointer: &str, found: &mut Problems) {
        let for_time = wait.seconds() > 0;
        match &wait.until_day {
            Some(_) => {
                found.unless(!for_time, format!("{pointer}/until_day"), "waits for a day or for a time, not for both")
            }
            None => {
                found.unless(for_time || !wait.until.is_empty(), pointer, "waits for nothing");
                found.unless(wait.at.is_none(), format!("{pointer}/at"), "goes with until_day only");
            }
        }
        let within = wait.seconds() <= u64::from(self.ends_after_days) * 86_400;
        found.unless(within, pointer, "longer than the journey, which is over before");
        for (index, Until { go, .. }) in wait.until.iter().enumerate() {
            self.check_target(go, &format!("{pointer}/until/{index}/go"), found);
        }
    }

    fn check_branch(&self, branch: &Branch, pointer: &str, found: &mut Problems) {
        self.check_target(&branch.then, &format!("{pointer}/then"), found);
        self.check_target(&branch.otherwise, &format!("{pointer}/otherwise"), found);
        if let Condition::Opened(channel) = &branch.condition {
            let known = *channel == *ANY || self.has_channel(channel);
            found.unless(known, format!("{pointer}/if/opened"), "no message has this channel");
        }
    }

    /// Where a step leads without a wait.
    fn at_once(&self, place: usize) -> Vec<usize> {
        match &self.steps[place].act {
            Act::Wait(_) => Vec::new(),
            Act::Branch(branch) => {
                [&branch.then, &branch.otherwise].into_iter().filter_map(|id| self.place(id)).collect()
            }
            _ => self.after(place).into_iter().collect(),
        }
    }

    /// Every step can be reached, and none is reached again without a wait.
    fn check_ways(&self, found: &mut Problems) {
        let mut reached = BTreeSet::new();
        let mut ahead = vec![0];
        while let Some(place) = ahead.pop() {
            if !reached.insert(place) {
                continue;
            }
            ahead.extend(self.at_once(place));
            if let Act::Wait(wait) = &self.steps[place].act {
                ahead.extend(self.after(place));
                ahead.extend(wait.until.iter().filter_map(|until| self.place(&until.go)));
            }
        }
        let mut costs = vec![None; self.steps.len()];
        for place in 0..self.steps.len() {
            found.unless(reached.contains(&place), format!("/steps/{place}"), "no step leads here");
            match self.cost(place, &mut costs, &mut Vec::new()) {
                None => return found.add(format!("/steps/{place}"), "leads back to itself without a wait"),
                Some(cost) if cost > EFFECTS_MAX => {
                    return found.add(
                        format!("/steps/{place}"),
                        "more happens from here to the next wait than one decision may do",
                    );
                }
                Some(_) => {}
            }
        }
    }

    /// The most effects from a step to the next wait; `None` when a way leads back to it before.
    fn cost(&self, place: usize, costs: &mut Vec<Option<usize>>, way: &mut Vec<usize>) -> Option<usize> {
        if let Some(cost) = costs[place] {
            return Some(cost);
        }
        if way.contains(&place) {
            return None;
        }
        way.push(place);
        let mut after = 1;
        for next in self.at_once(place) {
            after = self.cost(next, costs, way)?.max(after);
        }
        way.pop();
        let own = match &self.steps[place].act {
            Act::Message(_) => 2,
            Act::Give(benefits) => benefits.len(),
            Act::Branch(_) => 0,
            Act::Wait(_) | Act::Tag(_) | Act::HandOver(_) => 1,
        };
        costs[place] = Some(own + after);
        costs[place]
    }
}

fn check_text(text: &Text, pointer: &str, found: &mut Problems) {
    for (index, by) in text.by.iter().enumerate() {
        let once = text.by[..index].iter().all(|other| other.channel != by.channel);
        found.unless(once, format!("{pointer}/by/{index}/channel"), "the message has this channel twice");
    }
    let bytes: usize = text.vars.iter().map(|(name, value)| name.len() + Value::to_string(value).len() + 4).sum();
    found.unless(bytes <= VARS_BYTES_MAX, format!("{pointer}/vars"), "more than 4096 bytes");
}

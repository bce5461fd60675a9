//! What became of everything that was sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use largesse_documents::DecisionSummary;
use serde_json::{Value, json};

use super::batch::Fate;
use crate::money::{count, worth};
use crate::table::Table;

/// Lines that were not taken and are named.
const NAMED: usize = 10;

/// What became of everything that was sent.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) sent: u64,
    pub(crate) admitted: u64,
    pub(crate) duplicates: u64,
    pub(crate) conflicts: u64,
    pub(crate) rejected: u64,
    /// Decisions that are still to come.
    pub(crate) deferred: u64,
    /// The first lines that were not taken, and why.
    pub(crate) not_taken: Vec<(u64, String)>,
    /// Decisions on events taken now, by campaign and verdict.
    pub(crate) decisions: BTreeMap<(String, String), u64>,
    /// What they granted, by campaign and unit: how often, and how much.
    pub(crate) granted: BTreeMap<(String, String), (u64, u64)>,
    /// What they took back, by campaign and unit.
    pub(crate) taken_back: BTreeMap<(String, String), (u64, u64)>,
    pub(crate) elapsed: Duration,
}

impl Summary {
    /// Counts an event.
    pub(crate) fn add(&mut self, line: u64, fate: Fate) {
        self.sent += 1;
        match fate {
            Fate::Admitted(decisions, deferred) => {
                self.admitted += 1;
                self.deferred += deferred as u64;
                decisions.iter().for_each(|decision| self.add_decision(decision));
            }
            Fate::Duplicate => self.duplicates += 1,
            Fate::Conflict(why) => {
                self.conflicts += 1;
                self.name(line, format!("in conflict: {why}"));
            }
            Fate::Rejected(why) => {
                self.rejected += 1;
                self.name(line, why);
            }
        }
    }

    fn name(&mut self, line: u64, why: String) {
        self.not_taken.push((line, why));
        self.not_taken.sort_by_key(|(line, _)| *line);
        self.not_taken.truncate(NAMED);
    }

    fn add_decision(&mut self, decision: &DecisionSummary) {
        let campaign = &decision.campaign;
        *self.decisions.entry((campaign.clone(), decision.verdict.clone())).or_default() += 1;
        for outcome in &decision.outcomes {
            if let ("grant", Some(unit), Some(quantity)) = (&*outcome.effect, &outcome.unit, outcome.quantity) {
                add(&mut self.granted, campaign, unit, quantity);
            }
            for reversal in outcome.reversals.iter().flatten() {
                add(&mut self.taken_back, campaign, &reversal.unit, reversal.quantity);
            }
        }
    }

    /// Events a second, rounded.
    fn rate(&self) -> u64 {
        let millis = self.elapsed.as_millis().max(1);
        u64::try_from(u128::from(self.sent) * 1_000 / millis).unwrap_or(u64::MAX)
    }

    /// For programs.
    pub(crate) fn view(&self) -> Value {
        let decisions = self.decisions.iter().map(
            |((campaign, verdict), number)| json!({"campaign": campaign, "verdict": verdict, "decisions": number}),
        );
        let units = |map: &BTreeMap<(String, String), (u64, u64)>| -> Vec<Value> {
            let row = |((campaign, unit), (times, quantity)): (&(String, String), &(u64, u64))| json!({"campaign": campaign, "unit": unit, "grants": times, "quantity": quantity});
            map.iter().map(row).collect()
        };
        let not_taken = self.not_taken.iter().map(|(line, why)| json!({"line": line, "why": why}));
        json!({
            "sent": self.sent, "admitted": self.admitted, "duplicates": self.duplicates, "conflicts": self.conflicts,
            "rejected": self.rejected, "deferred": self.deferred, "not_taken": not_taken.collect::<Vec<_>>(),
            "decisions": decisions.collect::<Vec<_>>(), "granted": units(&self.granted),
            "taken_back": units(&self.taken_back),
            "milliseconds": u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX), "events_per_second": self.rate(),
        })
    }

    /// One line: what became of the events.
    pub(crate) fn line(&self) -> String {
        let counts = [
            (self.admitted, "admitted"),
            (self.duplicates, "known already"),
            (self.conflicts, "in conflict"),
            (self.rejected, "rejected"),
        ];
        let parts: Vec<_> = counts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", count(*number)))
            .collect();
        let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        let (whole, millis) = (self.elapsed.as_secs(), self.elapsed.subsec_millis());
        let seconds = if whole < 10 { format!("{whole}.{millis:03}") } else { format!("{whole}.{}", millis / 100) };
        let events = if self.sent == 1 { "event" } else { "events" };
        format!("sent {} {events}{parts}; {seconds} s, {} events/s", count(self.sent), count(self.rate()))
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n", self.line());
        for (line, why) in &self.not_taken {
            let _ = writeln!(text, "  line {line}: {why}");
        }
        let more = (self.rejected + self.conflicts).saturating_sub(self.not_taken.len() as u64);
        if more > 0 {
            let _ = writeln!(text, "  and {} more", count(more));
        }
        if self.deferred > 0 {
            let _ = writeln!(text, "{} decisions are still to come", count(self.deferred));
        }
        for table in [
            self.decision_table(),
            self.unit_table("granted", &self.granted),
            self.unit_table("taken back", &self.taken_back),
        ] {
            if !table.is_empty() {
                let _ = write!(text, "\n{table}");
            }
        }
        text
    }

    /// Decisions by campaign and verdict.
    fn decision_table(&self) -> Table {
        const VERDICTS: [&str; 4] = ["accepted", "denied", "refused", "faulted"];
        let mut table = Table::new(["campaign", ">decisions", ">accepted", ">denied", ">refused", ">faulted"]);
        let mut campaigns: Vec<_> = self.decisions.keys().map(|(campaign, _)| campaign).collect();
        campaigns.dedup();
        for campaign in campaigns {
            let number =
                |verdict: &str| self.decisions.get(&(campaign.clone(), verdict.to_owned())).copied().unwrap_or(0);
            let [accepted, denied, refused, faulted] = VERDICTS.map(number);
            let all = accepted + denied + refused + faulted;
            table.row([campaign.clone(), count(all), count(accepted), count(denied), count(refused), count(faulted)]);
        }
        table
    }

    fn unit_table(&self, heading: &'static str, map: &BTreeMap<(String, String), (u64, u64)>) -> Table {
        let mut table = Table::new(["campaign", heading, ">times", ">quantity", ">amount"]);
        for ((campaign, unit), (times, quantity)) in map {
            let amount = i64::try_from(*quantity).map(|quantity| worth(unit, quantity)).unwrap_or_default();
            table.row([campaign.clone(), unit.clone(), count(*times), count(*quantity), amount]);
        }
        table
    }
}

fn add(map: &mut BTreeMap<(String, String), (u64, u64)>, campaign: &str, unit: &str, quantity: u64) {
    let (times, sum) = map.entry((campaign.to_owned(), unit.to_owned())).or_default();
    *times += 1;
    *sum = sum.saturating_add(quantity);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(campaign: &str, verdict: &str, outcomes: Value) -> DecisionSummary {
        let document = json!({
            "id": 1, "campaign": campaign, "policy": "ab", "subscription": "s", "verdict": verdict, "outcomes": outcomes
        });
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn everything_is_counted() {
        let grant = |unit: &str, quantity: u64| json!({"status": "applied", "effect": "grant", "to": "u", "key": "k", "unit": unit, "quantity": quantity});
        let back = json!([{"status": "applied", "effect": "revoke",
            "reversals": [{"to": "u", "key": "k", "unit": "cash:CNY", "quantity": 800}]}]);
        let mut summary = Summary { elapsed: Duration::from_millis(2_500), ..Summary::default() };
        let accepted = decision("gift", "accepted", json!([grant("cash:CNY", 800), grant("points", 5)]));
        summary.add(1, Fate::Admitted(vec![accepted.clone(), decision("check-in", "refused", json!([]))], 0));
        summary.add(2, Fate::Admitted(vec![accepted, decision("gift", "accepted", back)], 1));
        summary.add(3, Fate::Duplicate);
        (4..20).rev().for_each(|line| summary.add(line, Fate::Rejected("no such kind".into())));
        summary.add(5_000, Fate::Conflict("another body".into()));
        insta::assert_snapshot!(summary.text());
        assert_eq!(summary.view()["events_per_second"], 8);
        assert_eq!(
            summary.view()["granted"][0],
            json!({"campaign": "gift", "unit": "cash:CNY", "grants": 2, "quantity": 1_600})
        );
    }

    #[test]
    fn nothing_sent_is_said_shortly() {
        insta::assert_snapshot!(Summary::default().text());
    }
}

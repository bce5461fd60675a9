//! What an attack has come to, in a line of the table, and the marks that it must not miss.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::caller::Calls;
use super::client::Status;
use super::memory::MEMORY_BYTES_MAX;

/// The caller's 99th percentile stays within this, or within twice its own in calm, whichever is more.
const WAIT_MAX: Duration = Duration::from_millis(250);

/// The head of the table.
pub(super) const HEAD: &str = "\
attack                caller in calm    caller under attack      memory   verdict and answers to the attackers
                        p50      p99       p50         p99          MiB";

/// What an attack has come to.
pub(super) struct Verdict {
    pub(super) name: &'static str,
    pub(super) calm: Calls,
    pub(super) attacked: Calls,
    /// The most memory, in bytes.
    pub(super) reached: u64,
    pub(super) answers: BTreeMap<Status, usize>,
    /// Accepted events that are not known any more.
    pub(super) lost: usize,
    /// How the host has ended.
    pub(super) ended: anyhow::Result<()>,
}

impl Verdict {
    /// Every mark that is missed.
    pub(super) fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        let (wait, most) = (self.attacked.within(99), WAIT_MAX.max(self.calm.within(99) * 2));
        if wait > most {
            missed.push(format!("the caller waits {} of at most {} ms", millis(wait), millis(most)));
        }
        // One of a hundred may be told to come back.
        let (unserved, count) = (self.attacked.unserved() + self.calm.unserved(), self.attacked.count());
        if unserved * 100 > count {
            let answers = listed(self.attacked.answers());
            missed.push(format!("{unserved} of {count} calls are not served ({answers})"));
        }
        if self.lost > 0 {
            missed.push(format!("{} accepted events are lost, decided otherwise, or not told of", self.lost));
        }
        if self.reached > MEMORY_BYTES_MAX {
            missed.push(format!("memory beyond {} MiB", MEMORY_BYTES_MAX >> 20));
        }
        if let Some(count) = self.answers.get(&Status::Code(500)) {
            missed.push(format!("{count} answers say that the host failed"));
        }
        if let Err(error) = &self.ended {
            missed.push(format!("{error:#}"));
        }
        missed
    }
}

fn millis(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

fn listed(answers: &BTreeMap<Status, usize>) -> String {
    let each: Vec<String> = answers.iter().map(|(status, count)| format!("{status}×{count}")).collect();
    each.join(" ")
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [calm, attacked] = [&self.calm, &self.attacked];
        let [p50, p99, under50, under99] =
            [calm.within(50), calm.within(99), attacked.within(50), attacked.within(99)].map(millis);
        let (missed, answers) = (self.missed(), listed(&self.answers));
        let verdict = if missed.is_empty() { "withstood".to_owned() } else { format!("MISSED: {}", missed.join("; ")) };
        write!(
            f,
            "{:<20} {p50:>6} {p99:>8} {under50:>9} {under99:>11} {:>12}   {verdict}  [{answers}]",
            self.name,
            self.reached >> 20
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict() -> Verdict {
        let calls = || Calls::of(&[1; 100]);
        let (calm, attacked) = (calls(), calls());
        Verdict {
            name: "x",
            calm,
            attacked,
            reached: MEMORY_BYTES_MAX,
            answers: BTreeMap::new(),
            lost: 0,
            ended: Ok(()),
        }
    }

    #[test]
    fn every_mark_can_be_missed_and_met() {
        assert!(verdict().missed().is_empty());
        let slow = |millis: u64| Calls::of(&[&[1; 98][..], &[millis; 2]].concat());
        let kept = |verdict: Verdict| verdict.missed().len();
        assert_eq!(kept(Verdict { attacked: slow(250), ..verdict() }), 0);
        assert_eq!(kept(Verdict { attacked: slow(251), ..verdict() }), 1);
        assert_eq!(kept(Verdict { attacked: slow(400), calm: slow(200), ..verdict() }), 0);
        assert_eq!(kept(Verdict { attacked: slow(401), calm: slow(200), ..verdict() }), 1);
        assert_eq!(kept(Verdict { attacked: Calls::of(&[]), ..verdict() }), 1);
        assert_eq!(kept(Verdict { reached: MEMORY_BYTES_MAX + 1, ..verdict() }), 1);
        assert_eq!(kept(Verdict { lost: 1, ..verdict() }), 1);
        assert_eq!(kept(Verdict { ended: Err(anyhow::anyhow!("killed")), ..verdict() }), 1);
        let answers = |code| BTreeMap::from([(Status::Code(code), 1)]);
        assert_eq!(kept(Verdict { answers: answers(500), ..verdict() }), 1);
        assert_eq!(kept(Verdict { answers: answers(503), ..verdict() }), 0);
    }

    #[test]
    fn one_call_of_a_hundred_may_be_told_to_come_back() {
        let refused = |count: usize| Calls::of(&[1; 100]).refused(count);
        assert!(Verdict { attacked: refused(1), ..verdict() }.missed().is_empty());
        assert_eq!(Verdict { attacked: refused(2), ..verdict() }.missed().len(), 1);
    }
}

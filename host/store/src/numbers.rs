//! Checks that numbers have no gaps but where a run begins.

use largesse_domain::audit::Difference;
use largesse_domain::run::{Numbered, Run};

/// Numbers that are missing: from one up to and including another.
pub(crate) type Missing = (u64, u64);

/// Checks the numbers of a kind, one after the other in order.
#[derive(Debug)]
pub(crate) struct Gapless<'a> {
    kind: Numbered,
    runs: std::iter::Peekable<std::slice::Iter<'a, Run>>,
    next: u64,
}

impl<'a> Gapless<'a> {
    /// Begins before the first number. `runs` are all runs, in order.
    pub(crate) fn new(kind: Numbered, runs: &'a [Run]) -> Self {
        Self { kind, runs: runs.iter().peekable(), next: 1 }
    }

    /// Takes the next number.
    ///
    /// # Errors
    /// The numbers that are missing before it.
    pub(crate) fn take(&mut self, number: u64) -> Result<(), Missing> {
        let kind = self.kind;
        while let Some(run) = self.runs.next_if(|run| run.first.of(kind) <= number) {
            self.begin(run)?;
        }
        if number > self.next {
            return Err((self.next, number - 1));
        }
        self.next = number + 1;
        Ok(())
    }

    /// Ends after the last number.
    ///
    /// # Errors
    /// The numbers that are missing at the end of a run.
    pub(crate) fn finish(mut self) -> Result<(), Missing> {
        while let Some(run) = self.runs.next() {
            self.begin(run)?;
        }
        Ok(())
    }

    fn begin(&mut self, run: &Run) -> Result<(), Missing> {
        let after = run.after.of(self.kind);
        if self.next <= after {
            return Err((self.next, after));
        }
        self.next = run.first.of(self.kind);
        Ok(())
    }
}

/// What an audit reports when transfers are missing.
pub(crate) fn transfers_missing((first, last): Missing) -> Box<Difference> {
    let what = if first == last { format!("transfer {first}") } else { format!("transfers {first} to {last}") };
    Box::new(Difference { what, kept: "nothing".into(), found: "no gap within a run".into(), cause: String::new() })
}

#[cfg(test)]
mod tests {
    use largesse_domain::run::Numbers;
    use largesse_domain::time::Instant;

    use super::*;

    fn check(runs: &[(u64, u64)], numbers: &[u64]) -> Result<(), Missing> {
        let run = |(after, first): &(u64, u64)| Run {
            number: 1,
            opened: Instant::from_millis(0).unwrap(),
            version: String::new(),
            after: Numbers::each(|_| *after),
            first: Numbers::each(|_| *first),
        };
        let runs: Vec<Run> = runs.iter().map(run).collect();
        let mut gapless = Gapless::new(Numbered::Delivery, &runs);
        numbers.iter().try_for_each(|number| gapless.take(*number))?;
        gapless.finish()
    }

    #[test]
    fn gaps_are_where_runs_begin_and_nowhere_else() {
        let runs = [(0, 50), (52, 80), (52, 90), (91, 95)];
        assert_eq!(check(&runs, &[50, 51, 52, 90, 91]), Ok(()));
        assert_eq!(check(&runs, &[50, 51, 52, 90, 91, 95, 96]), Ok(()));
        assert_eq!(check(&[], &[1, 2, 3]), Ok(()));
        assert_eq!(check(&runs, &[51, 52]), Err((50, 50)), "the first of a run");
        assert_eq!(check(&runs, &[50, 52]), Err((51, 51)), "in a run");
        assert_eq!(check(&runs, &[50, 90]), Err((51, 52)), "at the end of a run");
        assert_eq!(check(&runs, &[50, 51, 52]), Err((90, 91)), "a whole run");
        assert_eq!(check(&runs[1..], &[50]), Err((1, 49)), "without the row of the run");
        assert_eq!(check(&[], &[2]), Err((1, 1)));
    }
}

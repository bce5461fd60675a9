//! What is remembered of a customer.

use std::collections::BTreeMap;

use largesse_sdk::{Date, Refusal};
use serde::{Deserialize, Serialize};

/// Most terms remembered, and most refunds whose purchase is not known.
const TERMS_MAX: usize = 8;

/// Most periods of a right whose claims are remembered: for claims that come late.
const PERIODS_MAX: usize = 3;

/// What is remembered of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Terms of membership that are not over, the first bought first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<Term>,
    /// Memberships that were refunded before one heard of their purchase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunded: Vec<String>,
    /// Claims of each right in its last periods, the last one last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claimed: BTreeMap<String, Vec<Claimed>>,
    /// When the offer was first shown, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<i64>,
}

/// A term of membership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// The membership that it belongs to.
    pub membership: String,
    /// The day on which it was bought; it begins then, or when the one before is over.
    pub bought: Date,
    /// For so many months.
    pub months: u32,
    /// What went before it without a gap and is over: it ends on the day of the month of the first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Follows>,
}

/// Terms without a gap that are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    /// The first day of the first.
    pub first: Date,
    /// How many months they had.
    pub months: u32,
}

/// Claims of a right in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// The period, such as `2025-03`.
    pub period: String,
    /// What the claims are known by.
    pub claims: Vec<String>,
}

impl Follows {
    /// The first day after them.
    fn ends(self) -> Date {
        self.first.after_months(self.months)
    }

    /// These and a term that was bought, from the day on which it begins. Terms that follow on one another keep the day of the month
    /// of the first.
    fn and(this: Option<Self>, term: &Term) -> Self {
        let before = [this, term.follows].into_iter().flatten().find(|before| term.bought <= before.ends());
        let begins = before.unwrap_or(Self { first: term.bought, months: 0 });
        Self { months: begins.months.saturating_add(term.months), ..begins }
    }
}

impl Record {
    /// The first day after the membership; none without terms.
    pub(crate) fn ends(&self) -> Option<Date> {
        self.terms.iter().fold(None, |before, term| Some(Follows::and(before, term))).map(Follows::ends)
    }

    /// Adds a term, and forgets those that are over. A membership is bought once, and renewed once a day.
    pub(crate) fn buy(&mut self, term: Term, renewal: bool, today: Date) -> Result<(), Refusal> {
        let same = |known: &Term| known.membership == term.membership && (!renewal || known.bought == term.bought);
        if self.terms.iter().any(same) {
            return Err(Refusal::new("membership-known", format!("{} was bought already", term.membership)));
        }
        if self.refunded.contains(&term.membership) {
            return Err(Refusal::new("refunded-before", format!("{} was refunded", term.membership)));
        }
        if self.terms.len() >= TERMS_MAX {
            return Err(Refusal::new("too-many-terms", format!("{TERMS_MAX} terms are bought ahead")));
        }
        let at = self.terms.partition_point(|known| known.bought <= term.bought);
        self.terms.insert(at, term);
        self.forget(today);
        Ok(())
    }

    /// Forgets terms that are over. What follows on one of them begins where it did.
    fn forget(&mut self, today: Date) {
        while let [first, rest @ ..] = self.terms.as_mut_slice()
            && let over = Follows::and(None, first)
            && over.ends() <= today
            && let Some(next) = rest.first_mut()
        {
            next.follows = Some(over);
            self.terms.remove(0);
        }
    }

    /// Takes out what was bought under a membership; `false` when nothing was.
    pub(crate) fn refund(&mut self, membership: &str) -> bool {
        let before = self.terms.len();
        self.terms.retain(|term| term.membership != membership);
        let known = self.terms.len() < before;
        if !known && !self.refunded.iter().any(|other| other == membership) {
            self.refunded.push(membership.to_owned());
            let surplus = self.refunded.len().saturating_sub(TERMS_MAX);
            self.refunded.drain(..surplus);
        }
        known
    }

    /// Notes a claim of a right that can be claimed so many times in a period.
    pub(crate) fn claim(&mut self, right: &str, period: String, claim: &str, times: u32) -> Result<(), Refusal> {
        let periods = self.claimed.entry(right.to_owned()).or_default();
        // Periods of another length are from before the parameters changed.
        periods.retain(|known| known.period.len() == period.len());
        let at = periods.partition_point(|known| known.period < period);
        if periods.get(at).is_none_or(|known| known.period != period) {
            if at == 0 && periods.len() >= PERIODS_MAX {
                return Err(Refusal::new("period-over", format!("{period} is over")));
            }
            periods.insert(at, Claimed { period, claims: Vec::new() });
        }
        let surplus = periods.len().saturating_sub(PERIODS_MAX);
        let known = &mut periods[at];
        if known.claims.iter().any(|other| other == claim) {
            return Err(Refusal::new("claim-known", format!("{claim} was claimed already")));
        }
        if known.claims.len() >= usize::try_from(times).unwrap_or(usize::MAX) {
            return Err(Refusal::new("used-up", format!("{times} of {right} in {} are all there are", known.period)));
        }
        known.claims.push(claim.to_owned());
        periods.drain(..surplus);
        Ok(())
    }

    /// What is known of two customers who turn out to be one.
    pub(crate) fn merge(mut self, joined: Self) -> Self {
        for term in joined.terms {
            let at = self.terms.partition_point(|known| known.bought <= term.bought);
            if !self.terms.contains(&term) && self.terms.len() < TERMS_MAX {
                self.terms.insert(at, term);
            }
        }
        self.refunded.extend(joined.refunded);
        self.refunded.truncate(TERMS_MAX);
        for (right, other) in joined.claimed {
            let periods = self.claimed.entry(right).or_default();
            for Claimed { period, claims } in other {
                let at = periods.partition_point(|known| known.period < period);
                if periods.get(at).is_none_or(|known| known.period != period) {
                    periods.insert(at, Claimed { period, claims });
                    continue;
                }
                let known = &mut periods[at].claims;
                known.extend(claims);
                known.sort_unstable();
                known.dedup();
            }
            periods.drain(..periods.len().saturating_sub(PERIODS_MAX));
        }
        self.offered = self.offered.into_iter().chain(joined.offered).min();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn term(membership: &str, bought: &str, months: u32) -> Term {
        Term { membership: membership.to_owned(), bought: date(bought), months, follows: None }
    }

    #[test]
    fn months_end_where_a_day_is_missing() {
        for (from, months, to) in [
            ("2025-03-01", 12, "2026-03-01"),
            ("2024-02-29", 12, "2025-03-01"),
            ("2024-02-29", 48, "2028-02-29"),
            ("2025-01-31", 1, "2025-03-01"),
            ("2025-12-31", 2, "2026-03-01"),
            ("2025-12-15", 1, "2026-01-15"),
        ] {
            assert_eq!(date(from).after_months(months), date(to), "{from}");
        }
    }

    #[test]
    fn terms_follow_on_one_another() {
        let mut record = Record::default();
        record.buy(term("m1", "2025-03-01", 12), false, date("2025-03-01")).unwrap();
        record.buy(term("m2", "2026-02-20", 12), false, date("2026-02-20")).unwrap();
        assert_eq!(record.ends(), Some(date("2027-03-01")));
        // The first is forgotten once it is over, and the second ends when it did.
        record.buy(term("m3", "2026-06-01", 1), false, date("2026-06-01")).unwrap();
        assert_eq!((record.terms.len(), record.ends()), (2, Some(date("2027-04-01"))));
        assert!(record.refund("m2"));
        assert_eq!(record.ends(), Some(date("2026-07-01")));
    }

    #[test]
    fn months_bought_one_after_another_keep_their_day() {
        let mut record = Record::default();
        for number in 0..6 {
            record.buy(term(&format!("m{number}"), "2026-01-29", 1), false, date("2026-01-29")).unwrap();
        }
        assert_eq!(record.ends(), Some(date("2026-07-29")));
        // Renewed month by month, as those before are over.
        let mut record = Record::default();
        for day in ["2026-01-31", "2026-02-28", "2026-03-30", "2026-04-30", "2026-05-30"] {
            record.buy(term("m", day, 1), true, date(day)).unwrap();
        }
        assert_eq!(record.ends(), Some(date("2026-07-01")));
        assert!(record.terms.len() < 4);
    }

    #[test]
    fn a_gap_is_not_paid_for() {
        let mut record = Record::default();
        record.buy(term("m1", "2025-01-01", 1), false, date("2025-01-01")).unwrap();
        record.buy(term("m2", "2025-06-01", 1), false, date("2025-06-01")).unwrap();
        assert_eq!(record.ends(), Some(date("2025-07-01")));
    }

    #[test]
    fn purchases_count_once_and_not_after_a_refund() {
        let mut record = Record::default();
        record.buy(term("m1", "2025-01-01", 1), false, date("2025-01-01")).unwrap();
        let code = |record: &mut Record, name: &str| {
            record.buy(term(name, "2025-01-01", 1), false, date("2025-01-02")).unwrap_err().code
        };
        assert_eq!(code(&mut record, "m1"), "membership-known");
        record.buy(term("m1", "2025-01-20", 1), true, date("2025-01-20")).unwrap();
        assert_eq!(record.ends(), Some(date("2025-03-01")));
        let again = record.buy(term("m1", "2025-01-20", 1), true, date("2025-01-20"));
        assert_eq!(again.unwrap_err().code, "membership-known");
        assert!(!record.refund("m2"));
        assert_eq!(code(&mut record, "m2"), "refunded-before");
    }

    #[test]
    fn claims_count_within_their_period() {
        let mut record = Record::default();
        let mut claim = |period: &str, claim: &str| {
            record.claim("wash", period.to_owned(), claim, 2).map_err(|refusal| refusal.code)
        };
        assert_eq!(claim("2025-01", "a"), Ok(()));
        assert_eq!(claim("2025-01", "a").unwrap_err(), "claim-known");
        assert_eq!(claim("2025-01", "b"), Ok(()));
        assert_eq!(claim("2025-01", "c").unwrap_err(), "used-up");
        assert_eq!(claim("2025-02", "c"), Ok(()));
        assert_eq!(claim("2025-01", "d").unwrap_err(), "used-up");
        assert_eq!((claim("2024-12", "d"), claim("2024-12", "e")), (Ok(()), Ok(())), "late");
        assert_eq!(claim("2024-12", "f").unwrap_err(), "used-up");
        assert_eq!(claim("2025-03", "f"), Ok(()));
        assert_eq!(claim("2024-12", "g").unwrap_err(), "period-over");
        assert_eq!(claim("2025", "d"), Ok(()));
    }
}

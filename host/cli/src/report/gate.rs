//! What a report must not say.

use std::fmt;
use std::str::FromStr;

use largesse_documents::report::{ReportView, Sides};

/// What must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Changed,
    Faults,
    WorseOff,
    Exhausted,
    SpendRisen { percent: u32 },
    Risen { unit: String, percent: u32 },
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.split_once('>')) {
            ("changed", _) => Ok(Self::Changed),
            ("faults", _) => Ok(Self::Faults),
            ("worse-off", _) => Ok(Self::WorseOff),
            ("exhausted", _) => Ok(Self::Exhausted),
            (_, Some((what, percent))) if !what.is_empty() => {
                let percent =
                    percent.trim_end_matches('%').parse().map_err(|_| "a percentage of whole numbers".to_owned())?;
                match what {
                    "spend" => Ok(Self::SpendRisen { percent }),
                    unit => Ok(Self::Risen { unit: unit.to_owned(), percent }),
                }
            }
            _ => {
                Err("expected changed, faults, worse-off, exhausted, or a unit or spend, > and a percentage, such as \
                      points>5"
                    .to_owned())
            }
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("changed"),
            Self::Faults => f.write_str("faults"),
            Self::WorseOff => f.write_str("worse-off"),
            Self::Exhausted => f.write_str("exhausted"),
            Self::SpendRisen { percent } => write!(f, "spend>{percent}"),
            Self::Risen { unit, percent } => write!(f, "{unit}>{percent}"),
        }
    }
}

impl Gate {
    /// What is against it, if something is. What the clock or the host stopped is nobody's fault, but says that nobody knows.
    pub(super) fn objection(&self, report: &ReportView) -> Option<String> {
        let stopped: u64 = report.stopped.values().sum();
        if let Some(found) = self.found(report) {
            return Some(found);
        }
        let kinds: Vec<_> = report.stopped.iter().map(|(kind, number)| format!("{number} by {kind}")).collect();
        (stopped > 0).then(|| {
            format!("{self} cannot be judged: {stopped} were stopped and not run ({}); run it again", kinds.join(", "))
        })
    }

    fn found(&self, report: &ReportView) -> Option<String> {
        match self {
            Self::Changed => {
                let changed = report.changed.unwrap_or_default();
                (changed > 0).then(|| format!("{changed} decisions changed"))
            }
            Self::Faults => {
                let Sides { then, now } = report.verdicts.get("faulted").copied().unwrap_or_default();
                let then = then.unwrap_or_default();
                (now > then).then(|| format!("{now} faults, {then} then"))
            }
            Self::WorseOff => {
                let worse = report.worse_off.unwrap_or_default();
                (worse > 0).then(|| format!("{worse} customers are worse off"))
            }
            Self::Exhausted => {
                let rows = report.units.iter();
                let run_out =
                    rows.filter(|row| row.exhausted.now.is_some() && !matches!(row.exhausted.then, Some(Some(_))));
                let words: Vec<_> =
                    run_out.map(|row| format!("the budget of {} for {} runs out", row.campaign, row.unit)).collect();
                (!words.is_empty()).then(|| words.join(", "))
            }
            Self::SpendRisen { percent } => {
                let costs = || report.units.iter().filter_map(|row| row.cost.as_ref());
                let mut currencies: Vec<_> = costs().map(|cost| cost.currency.as_str()).collect();
                currencies.sort_unstable();
                currencies.dedup();
                let risen = |currency: &str| {
                    let of_currency = costs().filter(|cost| cost.currency == currency).map(|cost| cost.amount);
                    risen(sum(of_currency), *percent).map(|words| format!("the spend in {currency} is {words}"))
                };
                let words: Vec<_> = currencies.into_iter().filter_map(risen).collect();
                (!words.is_empty()).then(|| words.join(", "))
            }
            Self::Risen { unit, percent } => {
                let rows = report.units.iter().filter(|row| row.unit == *unit);
                risen(sum(rows.map(|row| row.quantity)), *percent).map(|words| format!("{unit} is {words}"))
            }
        }
    }
}

fn sum(sides: impl Iterator<Item = Sides<i128>>) -> (i128, i128) {
    sides.fold((0, 0), |(then, now), side| (then + side.then.unwrap_or_default(), now + side.now))
}

fn risen((then, now): (i128, i128), percent: u32) -> Option<String> {
    let risen = now * 100 > then * (100 + i128::from(percent));
    risen.then(|| format!("{now}, {then} then: more than {percent} % more"))
}

#[cfg(test)]
mod tests {
    use largesse_documents::report::{CostView, UnitRow};

    use super::*;

    #[test]
    fn gates_are_read_and_close() {
        let quantity = Sides { then: Some(100), now: 106 };
        let row = UnitRow {
            campaign: "daily".into(),
            unit: "points".into(),
            quantity,
            cost: Some(CostView { amount: quantity, currency: "CNY".into() }),
            exhausted: Sides { then: Some(None), now: Some("2026-11-22T00:00:00Z".into()) },
        };
        let report = ReportView { changed: Some(1), units: vec![row], worse_off: Some(0), ..ReportView::default() };
        for (gate, closed) in [
            ("changed", true),
            ("faults", false),
            ("worse-off", false),
            ("exhausted", true),
            ("points>5", true),
            ("points>6%", false),
            ("spend>5", true),
            ("spend>6", false),
            ("cash:CNY>0", false),
        ] {
            assert_eq!(gate.parse::<Gate>().unwrap().objection(&report).is_some(), closed, "{gate}");
        }
        let stopped = ReportView { stopped: [("time".to_owned(), 2)].into(), ..report };
        for gate in ["changed", "faults", "worse-off", "exhausted", "points>6", "spend>6", "cash:CNY>0"] {
            let objection = gate.parse::<Gate>().unwrap().objection(&stopped).unwrap();
            let judged = !objection.contains("cannot be judged");
            assert_eq!(judged, ["changed", "exhausted"].contains(&gate), "{objection}");
            assert!(judged || objection.starts_with(gate), "{objection}");
        }
        for wrong in ["", "spend", "points>much", ">5"] {
            assert!(wrong.parse::<Gate>().is_err(), "{wrong}");
        }
    }
}

//! A report as text.

use std::fmt::Write as _;

use largesse_documents::report::{Mode, RecordedView, ReportView, Sides};

use crate::money::{count, money};
use crate::table::Table;

pub(super) fn text(report: &ReportView) -> String {
    let mut text = headline(report);
    for (why, number) in &report.not_run {
        let _ = writeln!(text, "{} not run: {why}", count(*number));
    }
    for (kind, number) in &report.stopped {
        let _ = writeln!(text, "{} stopped and not run: {kind}", count(*number));
    }
    if let Some(RecordedView { same, otherwise }) = report.recorded {
        let _ = writeln!(
            text,
            "what is active, run again, ends as recorded in {} decisions and otherwise in {}",
            count(same),
            count(otherwise)
        );
    }
    // One run alone has nothing to be held to.
    let alone: &[&str] = if report.decisions.then.is_none() { &["then", "difference"] } else { &[] };
    for table in [units(report), segments(report), kept_back(report), customers(report)] {
        if !table.is_empty() {
            let table = table.without(alone);
            let _ = write!(text, "\n{table}");
        }
    }
    for customer in &report.customers {
        for changed in &customer.decisions {
            let _ = writeln!(
                text,
                "\n{}, {} of {} by {}\n  then  {}\n  now   {}",
                customer.customer,
                changed.kind,
                changed.occurred,
                changed.campaign,
                words(changed.then.as_deref()),
                words(changed.now.as_deref()),
            );
        }
    }
    text
}

/// What came of a decision, or that none was made.
pub(super) fn words(came: Option<&str>) -> &str {
    came.unwrap_or("no decision")
}

/// What is counted.
pub(super) fn counted(report: &ReportView) -> &'static str {
    if report.mode == Mode::Pointwise { "asked for" } else { "granted" }
}

fn headline(report: &ReportView) -> String {
    let mut text = String::new();
    if let Some(events) = report.events {
        let _ = write!(text, "{} events; ", count(events));
    }
    let _ = write!(text, "{} decisions", count(report.decisions.now));
    if let (Some(changed), Some(better), Some(worse)) = (report.changed, report.better_off, report.worse_off) {
        let _ = write!(
            text,
            ": {} changed; {} customers better off, {} worse off",
            count(changed),
            count(better),
            count(worse)
        );
    }
    text.push('\n');
    let verdicts = report.verdicts.iter().map(|(verdict, sides)| format!("{verdict} {}", both(sides)));
    let fuel = format!("mean fuel {}", both(&report.mean_fuel));
    let _ = writeln!(text, "{}", verdicts.chain([fuel]).collect::<Vec<_>>().join("; "));
    text
}

fn both(sides: &Sides<u64>) -> String {
    match sides.then {
        Some(then) => format!("{} then, {} now", count(then), count(sides.now)),
        None => count(sides.now),
    }
}

fn units(report: &ReportView) -> Table {
    let mut table =
        Table::new(["campaign", counted(report), ">then", ">now", ">difference", ">cost", "budget runs out"]);
    for row in &report.units {
        let [then, now, difference] = figures(&row.quantity);
        let cost = row.cost.as_ref().and_then(|cost| Some(money(i64::try_from(cost.amount.now).ok()?, &cost.currency)));
        let runs_out = match (row.exhausted.then.clone().flatten(), &row.exhausted.now) {
            (None, None) => String::new(),
            (Some(then), Some(now)) if then == *now => now.clone(),
            (then, now) if report.decisions.then.is_some() => {
                let never = || "never".to_owned();
                format!("{} then, {} now", then.unwrap_or_else(never), now.clone().unwrap_or_else(never))
            }
            (_, now) => now.clone().unwrap_or_default(),
        };
        table.row([
            row.campaign.clone(),
            row.unit.clone(),
            then,
            now,
            difference,
            cost.unwrap_or_else(|| "-".into()),
            runs_out,
        ]);
    }
    table
}

fn segments(report: &ReportView) -> Table {
    let mut table = Table::new(["segment", "unit", ">customers", ">then", ">now", ">difference"]);
    for row in &report.segments {
        let [then, now, difference] = figures(&row.quantity);
        let segment = if row.segment.is_empty() { "(not known)".to_owned() } else { row.segment.clone() };
        table.row([segment, row.unit.clone(), count(row.customers.now), then, now, difference]);
    }
    table
}

fn kept_back(report: &ReportView) -> Table {
    let mut table = Table::new(["campaign", "not done, or not wholly", "why", ">then", ">now"]);
    for row in &report.kept_back {
        let then = row.count.then.map_or_else(|| "-".into(), count);
        let unit = row.unit.clone().unwrap_or_else(|| "-".into());
        table.row([row.campaign.clone(), unit, row.reason.clone(), then, count(row.count.now)]);
    }
    table
}

fn customers(report: &ReportView) -> Table {
    let mut table = Table::new(["customer", "unit", ">then", ">now", ">difference"]);
    for customer in &report.customers {
        for (unit, sides) in &customer.units {
            let [then, now, difference] = figures(sides);
            table.row([customer.customer.clone(), unit.clone(), then, now, difference]);
        }
    }
    table
}

/// Then, now and the difference.
pub(super) fn figures(sides: &Sides<i128>) -> [String; 3] {
    let Some(then) = sides.then else { return ["-".into(), signed(sides.now), "-".into()] };
    let sign = if sides.now > then { "+" } else { "" };
    [signed(then), signed(sides.now), format!("{sign}{}", signed(sides.now - then))]
}

fn signed(number: i128) -> String {
    let digits = u64::try_from(number.unsigned_abs()).map_or_else(|_| number.unsigned_abs().to_string(), count);
    if number < 0 { format!("-{digits}") } else { digits }
}

//! A report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use largesse_documents::report::{DayRow, Mode, ReportView, Sides};

use super::text::{counted, figures, words};
use crate::money::count;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1c2430;--soft:#6b7685;--line:#d7dce3;--then:#8a94a3;--now:#0a6cc9;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#98a3b3;--line:#38414d;--then:#8a94a3;--now:#5cb0ff;--paper:#14181d}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left}
th{color:var(--soft);font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
svg{width:100%;height:auto}.then{stroke:var(--then);fill:none;stroke-width:2}.now{stroke:var(--now);fill:none;stroke-width:2}
.bar-then{fill:var(--then)}.bar-now{fill:var(--now)}
text{fill:var(--soft);font-size:12px}.key{color:var(--soft)}.key b.t{color:var(--then)}.key b.n{color:var(--now)}
";
const WIDTH: usize = 800;
const HEIGHT: usize = 200;
/// Around the lines of a chart, for their labels.
const MARGIN: usize = 24;
/// The height of a bar with its gap.
const BAR: usize = 34;

pub(super) fn page(report: &ReportView, title: &str) -> String {
    let title = escaped(title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    );
    page.push_str(&summary(report));
    page.push_str(&units(report));
    page.push_str(&charts(report));
    page.push_str(&segments(report));
    page.push_str(&kept_back(report));
    page.push_str(&customers(report));
    page.push_str("</body></html>\n");
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A table; a heading that begins with `>` is that of a column of numbers.
fn table(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let is_number: Vec<bool> = headings.iter().map(|heading| heading.starts_with('>')).collect();
    let cell = |tag: &str, (text, is_number): (&str, &bool)| {
        let class = if *is_number { " class=\"n\"" } else { "" };
        format!("<{tag}{class}>{}</{tag}>", escaped(text))
    };
    let row = |tag: &str, cells: Vec<&str>| {
        let cells: String = cells.into_iter().zip(&is_number).map(|pair| cell(tag, pair)).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let head = row("th", headings.iter().map(|heading| heading.trim_start_matches('>')).collect());
    let body: String = rows.map(|cells| row("td", cells.iter().map(String::as_str).collect())).collect();
    if body.is_empty() { String::new() } else { format!("<table><thead>{head}</thead><tbody>{body}</tbody></table>\n") }
}

fn section(heading: &str, content: &str) -> String {
    if content.is_empty() { String::new() } else { format!("<h2>{}</h2>\n{content}", escaped(heading)) }
}

fn summary(report: &ReportView) -> String {
    let how = match report.mode {
        Mode::Pointwise => {
            "Each recorded decision run on the input that it had. Quantities are what was asked for, before limits and budgets."
        }
        Mode::Stateful => {
            "The recorded events run again from the start, with states, limits and budgets as they become."
        }
        Mode::Simulated => "The given events run from the start, each at its own time.",
    };
    let sides = |name: &str, sides: &Sides<u64>| {
        let then = sides.then.map_or_else(String::new, count);
        vec![name.to_owned(), then, count(sides.now)]
    };
    let mut rows = vec![sides("decisions", &report.decisions)];
    rows.extend(report.verdicts.iter().map(|(verdict, counts)| sides(verdict, counts)));
    rows.push(sides("mean fuel of a decision", &report.mean_fuel));
    for (name, number) in [
        ("events", report.events),
        ("decisions that changed", report.changed),
        ("customers better off", report.better_off),
        ("customers worse off", report.worse_off),
        ("recorded decisions that end otherwise when run again", report.recorded.map(|recorded| recorded.otherwise)),
    ] {
        rows.extend(number.map(|number| vec![name.to_owned(), String::new(), count(number)]));
    }
    rows.extend(
        report.not_run.iter().map(|(why, number)| vec![format!("not run: {why}"), String::new(), count(*number)]),
    );
    rows.extend(
        report.stopped.iter().map(|(kind, number)| vec![format!("stopped: {kind}"), String::new(), count(*number)]),
    );
    format!("<p>{how}</p>\n{}", table(&["", ">then", ">now"], rows.into_iter()))
}

fn units(report: &ReportView) -> String {
    let rows = report.units.iter().map(|row| {
        let cost = row.cost.as_ref().map_or_else(String::new, |cost| {
            let money = |amount: i128| i64::try_from(amount).map(|amount| crate::money::money(amount, &cost.currency));
            money(cost.amount.now).unwrap_or_default()
        });
        let then = row.exhausted.then.clone().flatten().unwrap_or_default();
        let now = row.exhausted.now.clone().unwrap_or_default();
        let mut cells = vec![row.campaign.clone(), row.unit.clone()];
        cells.extend(figures(&row.quantity));
        cells.extend([cost, then, now]);
        cells
    });
    let headings = ["campaign", "unit", ">then", ">now", ">difference", ">cost now", "budget ran out then", "now"];
    section(&format!("What is {}", counted(report)), &table(&headings, rows))
}

/// A chart for each campaign and unit: what has been given up to the end of each day.
fn charts(report: &ReportView) -> String {
    let mut series = BTreeMap::<(&str, &str), Vec<&DayRow>>::new();
    for row in &report.days {
        series.entry((&row.campaign, &row.unit)).or_default().push(row);
    }
    let mut content = String::new();
    for ((campaign, unit), days) in series.into_iter().filter(|(_, days)| days.len() > 1) {
        let _ = write!(content, "<p>{} of {}</p>\n{}", escaped(unit), escaped(campaign), chart(&days));
    }
    let key = "<p class=\"key\"><b class=\"t\">then</b>, <b class=\"n\">now</b>, summed up over the days</p>\n";
    if content.is_empty() { content } else { section("By day", &format!("{key}{content}")) }
}

fn chart(days: &[&DayRow]) -> String {
    let sums = |of: fn(&Sides<i128>) -> Option<i128>| {
        let mut sum = 0;
        days.iter()
            .map(|row| {
                of(&row.quantity).map(|quantity| {
                    sum += quantity;
                    sum
                })
            })
            .collect::<Option<Vec<i128>>>()
    };
    let (then, now) = (sums(|sides| sides.then), sums(|sides| Some(sides.now)));
    let all = || then.iter().chain(&now).flatten().copied();
    let (low, high) = (all().min().unwrap_or_default().min(0), all().max().unwrap_or_default().max(1));
    let y = |value: i128| {
        let room = (HEIGHT - 2 * MARGIN) as i128;
        HEIGHT as i128 - MARGIN as i128 - (value - low) * room / (high - low)
    };
    let x = |index: usize| MARGIN + index * (WIDTH - 2 * MARGIN) / (days.len() - 1);
    let line = |class: &str, sums: &Option<Vec<i128>>| {
        let points = sums.iter().flatten().enumerate().map(|(index, value)| format!("{},{}", x(index), y(*value)));
        let points: Vec<_> = points.collect();
        if points.is_empty() {
            String::new()
        } else {
            format!("<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "))
        }
    };
    let last = now.as_ref().and_then(|sums| sums.last()).copied().unwrap_or_default();
    let [_, total, _] = figures(&Sides { then: None, now: last });
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"summed up over the days, to {total}\">{}{}\
         <text x=\"{MARGIN}\" y=\"{}\">{}</text><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
         <text x=\"{}\" y=\"14\" text-anchor=\"end\">{total}</text></svg>\n",
        line("then", &then),
        line("now", &now),
        HEIGHT - 6,
        escaped(&days[0].day),
        WIDTH - MARGIN,
        HEIGHT - 6,
        escaped(&days[days.len() - 1].day),
        WIDTH - MARGIN,
    )
}

fn segments(report: &ReportView) -> String {
    let mut units = BTreeMap::<&str, Vec<_>>::new();
    for row in &report.segments {
        units.entry(&row.unit).or_default().push(row);
    }
    let mut content = String::new();
    for (unit, rows) in units {
        let most =
            rows.iter().flat_map(|row| [Some(row.quantity.now), row.quantity.then]).flatten().max().unwrap_or(1).max(1);
        let width = |quantity: i128| quantity.max(0) * (WIDTH as i128 - 420) / most;
        let mut bars = String::new();
        for (index, row) in rows.iter().enumerate() {
            let name = if row.segment.is_empty() { "(not known)" } else { &row.segment };
            let [then, now, _] = figures(&row.quantity);
            let label = if row.quantity.then.is_some() { format!("{then} then, {now} now") } else { now };
            let top = index * BAR;
            let _ = write!(
                bars,
                "<text x=\"0\" y=\"{}\">{}</text><rect class=\"bar-then\" x=\"200\" y=\"{}\" width=\"{}\" height=\"10\"/>\
                 <rect class=\"bar-now\" x=\"200\" y=\"{}\" width=\"{}\" height=\"10\"/><text x=\"{WIDTH}\" y=\"{}\" \
                 text-anchor=\"end\">{label}</text>",
                top + 18,
                escaped(name),
                top + 4,
                width(row.quantity.then.unwrap_or_default()),
                top + 15,
                width(row.quantity.now),
                top + 18,
            );
        }
        let height = rows.len() * BAR;
        let _ = write!(
            content,
            "<p>{}</p>\n<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"by segment\">{bars}</svg>\n",
            escaped(unit)
        );
    }
    section("By segment", &content)
}

fn kept_back(report: &ReportView) -> String {
    let rows = report.kept_back.iter().map(|row| {
        let then = row.count.then.map_or_else(String::new, count);
        vec![row.campaign.clone(), row.unit.clone().unwrap_or_default(), row.reason.clone(), then, count(row.count.now)]
    });
    section("What the host did not do, or not wholly", &table(&["campaign", "unit", "why", ">then", ">now"], rows))
}

fn customers(report: &ReportView) -> String {
    let figures_of = report.customers.iter().flat_map(|customer| {
        customer.units.iter().map(|(unit, sides)| {
            let mut cells = vec![customer.customer.clone(), unit.clone()];
            cells.extend(figures(sides));
            cells
        })
    });
    let figures_of = table(&["customer", "unit", ">then", ">now", ">difference"], figures_of);
    let changed = report.customers.iter().flat_map(|customer| {
        customer.decisions.iter().map(|changed| {
            vec![
                customer.customer.clone(),
                format!("{} of {} by {}", changed.kind, changed.occurred, changed.campaign),
                words(changed.then.as_deref()).to_owned(),
                words(changed.now.as_deref()).to_owned(),
            ]
        })
    });
    let heading = if report.changed.is_some() { "Customers for whom most differs" } else { "Customers who get most" };
    let changed = table(&["customer", "event", "then", "now"], changed);
    section(heading, &format!("{figures_of}{changed}"))
}

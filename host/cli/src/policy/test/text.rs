//! The results for people.

use std::fmt::Write as _;

use largesse_domain::limits::FUEL_BASE;

use super::{Results, Scenario};
use crate::money::count;

/// Everything.
pub(super) fn of(results: &Results) -> String {
    let mut text = format!("{}  {}\n\n", results.policy, results.digest);
    results.scenarios.iter().for_each(|scenario| text.push_str(&one(scenario)));
    let updated = results.scenarios.iter().filter(|scenario| scenario.updated).count();
    if updated > 0 {
        let _ = writeln!(text, "\n{updated} rewritten to what happened: see that it is what should happen");
    }
    text.push_str(legend(results));
    let (fuel, left_out) = (&results.fuel, &results.not_exercised);
    let _ = writeln!(
        text,
        "\n{} passed, {} failed; {} decisions, fuel: median {}, worst {} of at least {}",
        results.passed,
        results.failed,
        count(fuel.decisions as u64),
        count(fuel.median),
        count(fuel.worst),
        count(FUEL_BASE),
    );
    let effects = left_out.effects.iter().map(ToString::to_string).collect();
    let left_out =
        [("subscriptions", &left_out.subscriptions), ("effects", &effects), ("refusals", &left_out.refusals)];
    for (what, names) in left_out.into_iter().filter(|(_, names)| !names.is_empty()) {
        let _ = writeln!(text, "no scenario exercises the {what}: {}", names.join(", "));
    }
    text
}

/// The scenarios that failed.
pub(super) fn failed(results: &Results) -> String {
    let failed = results.scenarios.iter().filter(|scenario| !scenario.failures.is_empty());
    let mut text: String = failed.map(one).collect();
    text.push_str(legend(results));
    text
}

/// A verdict, and beneath it what differs.
fn one(scenario: &Scenario) -> String {
    let mut text = String::new();
    let word = match (scenario.failures.is_empty(), scenario.updated) {
        (true, false) => "pass",
        (true, true) => "new ",
        (false, _) => "FAIL",
    };
    let title = if scenario.title.is_empty() { String::new() } else { format!(": {}", scenario.title) };
    let file = scenario.file.display();
    let _ = writeln!(text, "{word}  {file}{title}");
    for failure in &scenario.failures {
        let difference = &failure.difference;
        let _ = writeln!(text, "      {file}:{}: {}", failure.line, difference.what);
        let missing = difference.missing.iter().map(|one| ('-', one));
        for (sign, one) in missing.chain(difference.unexpected.iter().map(|one| ('+', one))) {
            let _ = writeln!(text, "        {sign} {one}");
        }
    }
    text
}

/// What the signs mean, when there are any.
fn legend(results: &Results) -> &'static str {
    let mut failures = results.scenarios.iter().flat_map(|scenario| &scenario.failures);
    if failures.any(|failure| failure.difference.has_parts()) {
        "\n(- was expected and did not happen, + happened and was not expected)\n"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_differs_stands_under_its_file_and_line() {
        let text = super::of(&super::super::tests::results());
        insta::assert_snapshot!(text);
    }
}

//! `largesse formula`: what campaigns are planned and judged with, calculated exactly.

use largesse_domain::formulary::{Answer, FORMULAS, Formula};
use largesse_domain::ratio::Ratio;
use serde::Serialize;

use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::table::Table;

/// Calculate what customers bring and benefits cost, exactly; lists the formulas when none is named
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The formula, such as period-profit
    name: Option<String>,
    /// What it takes: numbers such as 12, -0.5, 2.5% or 1/3, and several of them with commas
    #[arg(value_name = "NAME=NUMBER", allow_hyphen_values = true)]
    given: Vec<String>,
}

/// What a formula comes to.
#[derive(Debug, Serialize)]
struct FormulaView {
    formula: &'static str,
    /// Rounded to two places when no decimal says it all.
    answer: String,
    /// Numbers as fractions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exact: Vec<String>,
}

/// A formula in the list.
#[derive(Debug, Serialize)]
struct ListedView {
    formula: &'static str,
    about: &'static str,
    takes: &'static [&'static str],
}

pub(crate) fn run(args: &Args, output: Output) -> Result {
    let Some(name) = &args.name else {
        let listed =
            |formula: &Formula| ListedView { formula: formula.name, about: formula.about, takes: formula.takes };
        let list: Vec<ListedView> = FORMULAS.iter().map(listed).collect();
        return output.print(&list, || list_text(&list));
    };
    let view = calculate(name, &args.given)?;
    output.print(&view, || format!("{}\n", view.answer))
}

fn calculate(name: &str, given: &[String]) -> Result<FormulaView> {
    let formula = FORMULAS.iter().find(|formula| formula.name == name).ok_or_else(|| {
        Failure::usage(anyhow::anyhow!("there is no formula {name}")).hint("`largesse formula` lists them")
    })?;
    let given = given.iter().map(|text| read(text)).collect::<Result<Vec<_>>>()?;
    let answer = formula.answer(&given).map_err(|why| {
        let error = anyhow::Error::from(why).context(format!("{name} cannot be calculated"));
        Failure::usage(error).hint(format!("it takes {}", takes(formula.takes)))
    })?;
    let numbers = match &answer {
        Answer::Number(number) => std::slice::from_ref(number),
        Answer::Numbers(numbers) => numbers,
        Answer::Holds(_) | Answer::Grade(_) => &[],
    };
    let text = match &answer {
        Answer::Holds(true) => "yes".to_owned(),
        Answer::Holds(false) => "no".to_owned(),
        Answer::Grade(word) => (*word).to_owned(),
        Answer::Number(_) | Answer::Numbers(_) => numbers.iter().map(number_text).collect::<Vec<_>>().join(", "),
    };
    Ok(FormulaView { formula: formula.name, answer: text, exact: numbers.iter().map(Ratio::to_string).collect() })
}

fn read(text: &str) -> Result<(String, Vec<Ratio>)> {
    let wrong = |message: String| Failure::usage(anyhow::Error::msg(message));
    let (name, numbers) = text.split_once('=').ok_or_else(|| wrong(format!("{text}: expected NAME=NUMBER")))?;
    let number = |part: &str| part.parse().map_err(|error| wrong(format!("{name}={part}: {error}")));
    Ok((name.to_owned(), numbers.split(',').map(number).collect::<Result<_>>()?))
}

fn number_text(number: &Ratio) -> String {
    let rounded = || number.decimal(2).map_or_else(|_| number.to_string(), |decimal| format!("{decimal} ({number})"));
    number.exact_decimal().unwrap_or_else(rounded)
}

fn takes(names: &[&str]) -> String {
    let named = |name: &&str| match name.strip_suffix("...") {
        Some(name) => format!("{name}=NUMBER,NUMBER..."),
        None => format!("{name}=NUMBER"),
    };
    names.iter().map(named).collect::<Vec<_>>().join(" ")
}

fn list_text(list: &[ListedView]) -> String {
    let mut table = Table::new(["formula", "what it comes to", "takes"]);
    for ListedView { formula, about, takes } in list {
        table.row([(*formula).to_owned(), (*about).to_owned(), takes.join(", ")]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const DOCUMENT: &str = include_str!("../../../docs/formulas.md");

    /// The examples of the document: name, what is given, the answer.
    fn examples() -> Vec<(String, Vec<String>, String)> {
        let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix("` |"));
        let cells = rows.map(|row| row.split("` | `").collect::<Vec<_>>());
        let example = |cells: Vec<&str>| {
            let [call, answer] = cells[..] else { panic!("two cells in code: {cells:?}") };
            let mut words = call.split(' ').map(str::to_owned);
            (words.next().expect("a name"), words.collect(), answer.to_owned())
        };
        cells.map(example).collect()
    }

    #[test]
    fn the_examples_of_the_document_come_to_what_it_says() {
        for (name, given, answer) in examples() {
            let view = calculate(&name, &given).unwrap_or_else(|failure| panic!("{name}: {}", failure.text(false)));
            assert_eq!(view.answer, answer, "{name} {given:?}");
        }
    }

    #[test]
    fn every_formula_has_an_example() {
        let shown: BTreeSet<String> = examples().into_iter().map(|(name, ..)| name).collect();
        let all: BTreeSet<String> = FORMULAS.iter().map(|formula| formula.name.to_owned()).collect();
        assert_eq!(shown, all);
        assert_eq!(all.len(), FORMULAS.len(), "names are told apart");
    }

    #[test]
    fn what_cannot_be_calculated_is_said() {
        for (name, given, expected) in [
            ("interest", "a=1", "there is no formula interest"),
            ("share", "part", "part: expected NAME=NUMBER"),
            ("share", "part=much whole=2", "part=much: expected a number"),
            ("share", "part=1", "whole is not given"),
            ("share", "part=1 whole=2 hole=3", "it takes no hole"),
            ("share", "part=1,2 whole=2", "part is one number"),
            ("share", "part=3 whole=2", "a share above one"),
            ("expected-life", "churn=0", "divided by nothing"),
            ("split", "total=1.5 weights=1,1", "less than nothing"),
        ] {
            let given: Vec<String> = given.split(' ').map(str::to_owned).collect();
            let text = calculate(name, &given).unwrap_err().text(false);
            assert!(text.contains(expected), "{name} {given:?}: {text}");
        }
    }
}

//! The house rules that a program can check, over every file of the repository. All violations are listed at once.
//!
//! [`rules`] says what is checked and why. To add a rule, name it there, find its violations in one of the modules below, and
//! plant one in that module's tests. What does not keep a new rule yet stands in [`lists`].

#[cfg(test)]
mod rules;
#[cfg(test)]
mod files;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod modules;
#[cfg(test)]
mod handlers;
#[cfg(test)]
mod names;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod source;
#[cfg(test)]
mod text;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod glossary;
#[cfg(test)]
mod guests;
#[cfg(test)]
mod failpoints;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod links;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::{
        failpoints, files, glossary, guests, handlers, limits, links, lists, manifests, modules, rules, signatures,
        source, text, tree,
    };

    #[test]
    fn the_repository_is_tidy() {
        let root = files::root();
        let all = files::read_all(&root);
        let tree = tree::of(&all);
        let mut found = tree.orphans(&all);
        for file in &all {
            found.extend(text::check(&file.path, &file.text));
            if file.path.ends_with(".rs") {
                found.extend(source::check(&file.path, &file.text, &tree));
            }
        }
        found.extend(manifests::check(&all));
        found.extend(handlers::check(&all, &tree));
        found.extend(guests::check(&all));
        found.extend(glossary::check(&all));
        found.extend(links::check(&all));
        found.extend(failpoints::check(&all));
        found.extend(limits::check(&all));
        found.extend(modules::check(&all, lists::CIRCLES, lists::FLOORS));
        found.extend(signatures::check(&all, &tree, lists::SIGNATURES));
        assert!(found.is_empty(), "{}", report(&found));
    }

    fn report(found: &[rules::Violation]) -> String {
        let mut by_rule: BTreeMap<&str, Vec<&rules::Violation>> = BTreeMap::new();
        found.iter().for_each(|violation| by_rule.entry(violation.rule.name).or_default().push(violation));
        let mut text = format!("{} violations of the house rules\n", found.len());
        for (name, violations) in by_rule {
            text.push_str(&format!("\n{name} ({})\n", violations[0].rule.why));
            violations.iter().for_each(|violation| text.push_str(&format!("  {violation}\n")));
        }
        text
    }

    #[test]
    fn a_report_names_rule_reason_and_place() {
        let found = text::check("docs/a.md", &format!("one\n{}: later\n", concat!("TO", "DO")));
        let report = report(&found);
        assert!(report.contains("1 violations") && report.contains("no marks"), "{report}");
        assert!(report.contains("docs/a.md:2"), "{report}");
    }
}

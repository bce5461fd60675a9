//! Rules on links between the pages: each leads to a file or folder of the repository, and to a heading that is there.

use std::collections::BTreeSet;

use crate::files::File;
use crate::rules::{LINKS, Violation};

/// Follows every relative link of every page.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let is_there = |path: &str| {
        let folder = format!("{}/", path.trim_end_matches('/'));
        paths.contains(path) || paths.range(folder.as_str()..).next().is_some_and(|next| next.starts_with(&folder))
    };
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, target) in links(&file.text) {
            let (place, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if place.is_empty() { file.path.clone() } else { resolved(&file.path, place) };
            let page = files.iter().find(|other| other.path == path && path.ends_with(".md"));
            let has_heading = heading.is_empty() || page.is_none_or(|page| headings(&page.text).contains(heading));
            if !is_there(&path) || !has_heading {
                found.push(Violation::new(&LINKS, &file.path, line, format!("{target} leads nowhere")));
            }
        }
    }
    found
}

/// Returns the targets of links within the repository, each with its line.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut is_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        is_code ^= line.trim_start().starts_with("```");
        let mut rest = line;
        while let Some((_, behind)) = rest.split_once("](").filter(|_| !is_code) {
            let end = behind.find(')').unwrap_or(behind.len());
            let target = &behind[..end];
            if !target.contains("://") && !target.contains(' ') && !target.contains('{') {
                found.push((number, target));
            }
            rest = &behind[end..];
        }
    }
    found
}

/// Returns the path from the root that a link on a page leads to.
fn resolved(page: &str, link: &str) -> String {
    let mut path: Vec<&str> = page.split('/').collect();
    path.pop();
    for step in link.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            name => path.push(name),
        }
    }
    path.join("/")
}

/// Returns the anchors of a page's headings.
fn headings(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if let Some(heading) = line.strip_prefix('#').filter(|_| !is_code) {
            let letters = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = letters.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
            found.insert(kept.collect::<String>().replace(' ', "-"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere() {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let files = [
            file(
                "docs/a.md",
                "# A page\n[b](b.md) [self](#a-page) [up](../README.md#what-it-is) [folder](../demo) [out](https://a.example)\n\
                 ```\n[code](no.md)\n```\n",
            ),
            file("docs/b.md", "[gone](c.md)\n[no heading](a.md#b-page) [kept](a.md#a-page)\n"),
            file("README.md", "# R\n## What *it* is\n"),
            file("demo/x.toml", ""),
        ];
        let found: Vec<_> = check(&files).into_iter().map(|one| (one.path, one.line)).collect();
        assert_eq!(found, [("docs/b.md".to_owned(), 1), ("docs/b.md".to_owned(), 2)]);
    }
}

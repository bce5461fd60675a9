//! Rules on every text file.

use crate::rules::{NO_MACHINE_PATHS, NO_MARKS, Violation};

// In two parts, so that this file does not break its own rules.
const MARKS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const MACHINE_PATHS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// Checks one file. Lock files are made by cargo and are not looked at.
pub(crate) fn check(path: &str, text: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    if path.ends_with(".lock") || path == "LICENSE" {
        return found;
    }
    for (index, line) in text.lines().enumerate() {
        for mark in MARKS.iter().filter(|mark| has_word(line, mark)) {
            found.push(Violation::new(&NO_MARKS, path, index + 1, *mark));
        }
        for machine_path in MACHINE_PATHS.iter().filter(|machine_path| has_path(line, machine_path)) {
            found.push(Violation::new(&NO_MACHINE_PATHS, path, index + 1, *machine_path));
        }
    }
    found
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = line.as_bytes();
    line.match_indices(word).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        !part_of_word(before) && !part_of_word(bytes.get(at + word.len()))
    })
}

/// The path as an absolute one: not the middle of a longer path or of an address.
fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && !matches!(before, '.' | '/' | '-' | '_' | '*' | '}'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<(&'static str, usize)> {
        check("docs/x.md", text).into_iter().map(|violation| (violation.rule.name, violation.line)).collect()
    }

    #[test]
    fn marks_for_later() {
        for mark in MARKS {
            assert_eq!(rules(&format!("fine\n// {mark}: more")), [(NO_MARKS.name, 2)]);
            assert_eq!(rules(&format!("MY{mark}S and {mark}_LIST")), []);
        }
    }

    #[test]
    fn paths_of_one_machine() {
        for path in MACHINE_PATHS {
            assert_eq!(rules(&format!("cd {path}main")), [(NO_MACHINE_PATHS.name, 1)]);
            assert_eq!(rules(&format!("\"{path}x\"")), [(NO_MACHINE_PATHS.name, 1)]);
            assert_eq!(rules(&format!("https://example.org{path}x and a{path}b")), []);
        }
    }

    #[test]
    fn lock_files_are_left_alone() {
        assert!(check("Cargo.lock", MARKS[0]).is_empty());
    }
}

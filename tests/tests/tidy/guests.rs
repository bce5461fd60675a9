//! Rules on guest programs: each shows one behaviour, and some test runs it.

use crate::files::File;
use crate::rules::{TESTED_GUESTS, Violation};

const FOLDER: &str = "tests/guests/examples/";

/// Looks for the name of each guest in the tests.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let guests = files.iter().filter_map(|file| {
        let name = file.path.strip_prefix(FOLDER)?;
        let name = name.strip_suffix("/main.rs").or_else(|| name.strip_suffix(".rs"))?;
        (!name.contains('/')).then_some((file, name))
    });
    let untested = guests.filter(|(_, name)| !files.iter().any(|file| is_test(&file.path) && names(&file.text, name)));
    untested.map(|(file, _)| Violation::new(&TESTED_GUESTS, &file.path, 0, "no test names it")).collect()
}

fn is_test(path: &str) -> bool {
    let in_tests = path.starts_with("tests/tests/") || (path.starts_with("host/") && path.contains("/tests/"));
    let in_siege = path.starts_with("tests/src/siege/");
    (in_tests || in_siege) && path.ends_with(".rs") && !path.starts_with("tests/tests/tidy/")
}

/// Whether the text has the name in quotes, as a file or as a crate spells it.
fn names(text: &str, name: &str) -> bool {
    let spelt = |name: &str| text.contains(&format!("\"{name}\"")) || text.contains(&format!("/{name}.wasm"));
    spelt(name) || spelt(&name.replace('-', "_")) || spelt(&name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_no_test_names() {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let guests = [file("tests/guests/examples/loops_forever.rs", ""), file("tests/guests/examples/traps.rs", "")];
        let test = file("tests/tests/guests.rs", "run(\"loops-forever\")");
        let found = check(&[&guests[..], &[test]].concat());
        let paths: Vec<&str> = found.iter().map(|violation| violation.path.as_str()).collect();
        assert_eq!(paths, ["tests/guests/examples/traps.rs"]);
    }
}

//! Rules on bounds: each is used in the files that the table of bounds names.

use largesse_domain::limits::{Limit, TABLE};
use proc_macro2::{TokenStream, TokenTree};

use crate::files::File;
use crate::rules::{CHECKED_BOUNDS, Violation};

const DECLARED_IN: &str = "host/domain/src/limits.rs";

/// Looks for each bound in the files that check it.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    TABLE.iter().flat_map(|(_, limits)| *limits).flat_map(|limit| unused(limit, files)).collect()
}

fn unused(limit: &Limit, files: &[File]) -> Vec<Violation> {
    let breach = |place: &str| {
        let path = format!("host/{place}");
        let file = files.iter().find(|file| file.path == path);
        let tokens = file.and_then(|file| file.text.parse::<TokenStream>().ok());
        let is_used = tokens.map(|tokens| uses(tokens, limit.name));
        let what = match is_used {
            Some(true) => return None,
            Some(false) => format!("{} is said to be checked in {path}, which does not use it", limit.name),
            None => format!("{} is said to be checked in {path}, which is no Rust file", limit.name),
        };
        Some(Violation::new(&CHECKED_BOUNDS, DECLARED_IN, 0, what))
    };
    limit.checked.iter().filter_map(|place| breach(place)).collect()
}

/// Reports whether the name stands in the code, outside comments and texts.
fn uses(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => uses(group.stream(), name),
        TokenTree::Literal(_) | TokenTree::Punct(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use largesse_domain::limits::Cause;

    use super::*;

    #[test]
    fn a_bound_that_is_checked_elsewhere() {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let files = [
            file("host/a/src/used.rs", "//! A.\nfn f(x: u8) -> bool { x > A_MAX }"),
            file("host/a/src/told.rs", "//! A_MAX.\n// A_MAX\nfn f() { \"A_MAX\"; }"),
        ];
        let limit = |checked| Limit { name: "A_MAX", what: " A.", value: 1, cause: Cause::Host, answer: "", checked };
        assert!(unused(&limit(&["a/src/used.rs"]), &files).is_empty());
        let found = unused(&limit(&["a/src/used.rs", "a/src/told.rs", "a/src/absent.rs"]), &files);
        let said: Vec<&str> = found.iter().map(|violation| violation.what.as_str()).collect();
        assert!(
            matches!(said[..], [told, absent] if told.contains("does not use") && absent.contains("no Rust file")),
            "{said:?}"
        );
    }
}

//! Rules on signatures: few parameters, and no tuples among them.
//!
//! The functions of tests are free, and so are the methods by which a type is made to fit a trait: the trait says how they look.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{FnArg, Pat, Signature, Type};

use crate::files::File;
use crate::rules::{PLAIN_SIGNATURES, Violation};
use crate::tree::{Tree, attributes, crates, is_for_tests};

const PARAMETERS_MAX: usize = 4;

/// Checks the sources of every crate. On the list are crates that are still to be done, with at most how many functions.
pub(crate) fn check(files: &[File], tree: &Tree, list: &[(&str, usize)]) -> Vec<Violation> {
    let mut found = Vec::new();
    for (folder, _) in crates(files) {
        let source = format!("{folder}/src/");
        let of_crate = files.iter().filter(|file| file.path.starts_with(&source) && file.path.ends_with(".rs"));
        let breaches: Vec<Violation> = of_crate
            .filter(|file| !tree.is_test(&file.path))
            .flat_map(|file| of_file(&file.path, &file.text))
            .collect();
        let allowed = list.iter().find(|(listed, _)| *listed == folder).map(|(_, allowed)| *allowed);
        if allowed.is_some() && breaches.is_empty() {
            found.push(Violation::new(&PLAIN_SIGNATURES, &folder, 0, "is done: take it off the list"));
        } else if breaches.len() > allowed.unwrap_or(0) {
            if let Some(allowed) = allowed {
                let what = format!("has {} such functions, and the list says {allowed}", breaches.len());
                found.push(Violation::new(&PLAIN_SIGNATURES, &folder, 0, what));
            }
            found.extend(breaches);
        }
    }
    found
}

fn of_file(path: &str, text: &str) -> Vec<Violation> {
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let mut signatures = Signatures { path, found: Vec::new() };
    signatures.visit_file(&file);
    signatures.found
}

struct Signatures<'a> {
    path: &'a str,
    found: Vec<Violation>,
}

impl Signatures<'_> {
    fn check(&mut self, signature: &Signature) {
        let parameters = signature.inputs.iter().filter_map(|parameter| match parameter {
            FnArg::Typed(parameter) => Some(parameter),
            FnArg::Receiver(_) => None,
        });
        let count = parameters.clone().count();
        let what = if parameters.clone().any(|parameter| is_tuple(&parameter.ty, &parameter.pat)) {
            "has a tuple for a parameter".to_owned()
        } else if count > PARAMETERS_MAX {
            format!("has {count} parameters")
        } else {
            return;
        };
        let line = signature.span().start().line;
        self.found.push(Violation::new(&PLAIN_SIGNATURES, self.path, line, format!("{} {what}", signature.ident)));
    }
}

fn is_tuple(of: &Type, pattern: &Pat) -> bool {
    match of {
        Type::Reference(reference) => is_tuple(&reference.elem, pattern),
        Type::Tuple(tuple) => !tuple.elems.is_empty(),
        _ => matches!(pattern, Pat::Tuple(_)),
    }
}

impl<'ast> Visit<'ast> for Signatures<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.check(&item.sig);
        visit::visit_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        for inner in &item.items {
            let syn::ImplItem::Fn(method) = inner else { continue };
            if item.trait_.is_none() && !is_for_tests(&method.attrs) {
                self.check(&method.sig);
            }
            // Functions within it.
            visit::visit_block(self, &method.block);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.check(&item.sig);
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    fn found(text: &str, list: &[(&str, usize)]) -> Vec<String> {
        let files = [("a/Cargo.toml", ""), ("a/src/lib.rs", text)];
        let files = files.map(|(path, text)| File { path: path.into(), text: text.into() });
        check(&files, &tree::of(&files), list).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn parameters_are_few_and_no_tuples() {
        assert_eq!(
            found("fn f(a: A, b: B, c: C, d: D) {} impl X { fn g(&self, a: A, b: B, c: C, d: D) {} }", &[]),
            [""; 0]
        );
        assert_eq!(found("fn f(a: A, b: B, c: C, d: D, e: E) {}", &[]), ["a/src/lib.rs:1: f has 5 parameters"]);
        let tuple = ["a/src/lib.rs:1: f has a tuple for a parameter"];
        for breach in [
            "fn f((a, b): (A, B)) {}",
            "fn f(of: &(A, B)) {}",
            "fn f((a, b): Pair) {}",
            "impl X { fn f(&self, of: (A, B)) {} }",
            "trait X { fn f(of: (A, B)); }",
            "fn g() { fn f(of: (A, B)) {} }",
        ] {
            assert_eq!(found(breach, &[]), tuple, "{breach}");
        }
        for plain in [
            "fn f(of: &[(A, B)], with: ()) {}",
            "fn f() { let g = |(a, b): (A, B)| a; }",
            "impl T for X { fn f((a, b): (A, B)) {} }",
            "#[cfg(test)] mod tests { fn f((a, b): (A, B)) {} }",
            "impl X { #[cfg(test)] fn f((a, b): (A, B)) {} }",
        ] {
            assert_eq!(found(plain, &[]), [""; 0], "{plain}");
        }
    }

    #[test]
    fn a_list_of_crates_can_only_shrink() {
        let two = "fn f(of: (A, B)) {}\nfn g(of: (A, B)) {}";
        assert_eq!(found(two, &[("a", 2)]), [""; 0]);
        assert_eq!(found(two, &[("a", 1)]).len(), 3, "all are shown: one of them is new");
        assert_eq!(found("", &[("a", 1)]), ["a: is done: take it off the list"]);
    }
}

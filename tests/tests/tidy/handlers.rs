//! A rule on the API: its handlers ask the service, and do not read the store themselves.

use syn::visit::{self, Visit};

use crate::files::File;
use crate::rules::{NO_STORE_IN_HTTP, Violation};
use crate::tree::Tree;

/// Types of the store and of its rows.
const TYPES: [&str; 8] =
    ["Store", "StoreError", "DecisionFilter", "DeliveryFilter", "Outbox", "Pages", "Records", "Wanted"];
/// Methods of the service that hand the store out.
const METHODS: [&str; 2] = ["read_all", "read_for_host"];

/// Checks the sources of `host/http`; its tests may look into the store.
pub(crate) fn check(files: &[File], tree: &Tree) -> Vec<Violation> {
    let of_http = files.iter().filter(|file| file.path.starts_with("host/http/src/") && file.path.ends_with(".rs"));
    of_http.filter(|file| !tree.is_test(&file.path)).flat_map(|file| of_file(&file.path, &file.text)).collect()
}

fn of_file(path: &str, text: &str) -> Vec<Violation> {
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let mut names = Names { path, found: Vec::new() };
    names.visit_file(&file);
    names.found
}

struct Names<'a> {
    path: &'a str,
    found: Vec<Violation>,
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_ident(&mut self, name: &'ast syn::Ident) {
        if TYPES.iter().any(|of| name == of) {
            self.found.push(Violation::new(&NO_STORE_IN_HTTP, self.path, name.span().start().line, name.to_string()));
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // A case of an error says that the store failed, not what it holds.
        let of_error = path.segments.iter().rev().nth(1).is_some_and(|of| of.ident.to_string().ends_with("Error"));
        if !of_error {
            visit::visit_path(self, path);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        // Documents have a method of the same name, which takes no closure.
        let reads = call.method == "read" && call.args.iter().any(|argument| matches!(argument, syn::Expr::Closure(_)));
        if reads || METHODS.iter().any(|method| call.method == method) {
            let line = call.method.span().start().line;
            self.found.push(Violation::new(&NO_STORE_IN_HTTP, self.path, line, format!("calls {}", call.method)));
        }
        visit::visit_expr_method_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        of_file("host/http/src/x.rs", text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_handler_asks_the_service() {
        let fine = "async fn show() { let document = document.read(id)?; service.query(Runs { after }).await }";
        assert_eq!(found(fine), [""; 0]);
        assert_eq!(found("fn f() { match error { ReadError::Store(error) => internal(error) } }"), [""; 0]);
        assert_eq!(found("use largesse_service::Store;"), ["host/http/src/x.rs:1: Store"]);
        assert_eq!(found("fn f() {\n service.read(move |store| store.x()); }"), ["host/http/src/x.rs:2: calls read"]);
        assert_eq!(found("fn f() { service.read_all(query); }"), ["host/http/src/x.rs:1: calls read_all"]);
        assert_eq!(found("fn f() { let wanted = Wanted { rows }; }"), ["host/http/src/x.rs:1: Wanted"]);
    }
}

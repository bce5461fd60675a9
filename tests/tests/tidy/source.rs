//! Rules on Rust source, checked on its tokens: what stands in comments and strings does not count.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::rules::{
    BOUNDS_TOGETHER, EXPECT_NOT_ALLOW, FINISHED, HEADED_FILES, NO_UNWRAP, Rule, SHORT_FILES, SHORT_FUNCTIONS, TABLES,
    Violation,
};
use crate::tree::{Tree, is_for_tests};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const NO_UNWRAP_IN: [&str; 3] = ["host/domain/src/", "host/store/src/", "host/service/src/"];

/// Checks one file.
pub(crate) fn check(path: &str, text: &str, tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        found.push(Violation::new(&SHORT_FILES, path, 0, format!("{lines} lines")));
    }
    if !text.starts_with("//!") {
        found.push(Violation::new(&HEADED_FILES, path, 1, "starts otherwise"));
    }
    let (file, tokens) = match (syn::parse_file(text), text.parse::<TokenStream>()) {
        (Ok(file), Ok(tokens)) => (file, tokens),
        (Err(error), _) => {
            found.push(Violation::new(&FINISHED, path, error.span().start().line, format!("does not parse: {error}")));
            return found;
        }
        (Ok(_), Err(_)) => return found,
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut items = Items { path, lines: &lines, found: &mut found, tests: Vec::new(), bounds: Vec::new() };
    items.visit_file(&file);
    let Items { tests, bounds, .. } = items;
    let in_tests = |line: usize| tests.iter().any(|(from, to)| (*from..=*to).contains(&line));
    let of_host = path.starts_with("host/") && path.contains("/src/") && !tree.is_test(path);
    for (line, name) in bounds.into_iter().filter(|(line, _)| of_host && !in_tests(*line)) {
        found.push(Violation::new(&BOUNDS_TOGETHER, path, line, name));
    }
    let may_unwrap = tree.is_test(path) || !NO_UNWRAP_IN.iter().any(|folder| path.starts_with(folder));
    let mut breaches = Vec::new();
    walk(tokens, &mut breaches);
    for (rule, line, what) in breaches {
        if rule.name != NO_UNWRAP.name || !(may_unwrap || in_tests(line)) {
            found.push(Violation::new(rule, path, line, what));
        }
    }
    found
}

/// What stands, with a reason behind it, above a function that may be long because it is a table.
const TABLE_MARK: &str = "// A table:";

/// Whether a block is one match, perhaps behind imports, and none of its arms takes whatever is left.
fn is_table(block: &syn::Block) -> bool {
    let mut rest = block.stmts.iter().skip_while(|statement| matches!(statement, syn::Stmt::Item(syn::Item::Use(_))));
    let (Some(syn::Stmt::Expr(syn::Expr::Match(table), None)), None) = (rest.next(), rest.next()) else { return false };
    table
        .arms
        .iter()
        .all(|arm| !matches!(arm.pat, syn::Pat::Wild(_) | syn::Pat::Ident(syn::PatIdent { subpat: None, .. })))
}

/// Measures functions, and finds what is compiled for tests only and constants that are named like bounds.
struct Items<'a> {
    path: &'a str,
    lines: &'a [&'a str],
    found: &'a mut Vec<Violation>,
    tests: Vec<(usize, usize)>,
    bounds: Vec<(usize, String)>,
}

impl Items<'_> {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let (from, to) = (signature.span().start().line, block.span().end().line);
        let (name, lines) = (&signature.ident, to + 1 - from);
        let above = from.checked_sub(2).and_then(|above| self.lines.get(above)).map_or("", |line| line.trim());
        let (rule, what) = match above.strip_prefix(TABLE_MARK).map(str::trim) {
            None if lines > FUNCTION_LINES_MAX => (&SHORT_FUNCTIONS, format!("{name} has {lines} lines")),
            Some("") => (&TABLES, format!("{name} is marked as a table without a reason")),
            Some(_) if lines <= FUNCTION_LINES_MAX => (&TABLES, format!("{name} has {lines} lines and needs no mark")),
            Some(_) if !is_table(block) => (&TABLES, format!("{name} is more than one match that names every case")),
            _ => return,
        };
        self.found.push(Violation::new(rule, self.path, from, what));
    }

    /// The entries of `limits!` are no items to `syn`, so they are not found here.
    fn note_bound(&mut self, name: &syn::Ident) {
        if name.to_string().ends_with("_MAX") {
            self.bounds.push((name.span().start().line, name.to_string()));
        }
    }

    fn note_tests(&mut self, attributes: &[syn::Attribute], span: Span) {
        if is_for_tests(attributes) {
            self.tests.push((span.start().line, span.end().line));
        }
    }
}

impl<'ast> Visit<'ast> for Items<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.measure(&item.sig, &item.block);
        self.note_tests(&item.attrs, item.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.measure(&item.sig, &item.block);
        self.note_tests(&item.attrs, item.span());
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.measure(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.note_bound(&item.ident);
        visit::visit_item_const(self, item);
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.note_bound(&item.ident);
        visit::visit_impl_item_const(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.note_tests(&item.attrs, item.span());
        visit::visit_item_mod(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.note_tests(&item.attrs, item.span());
        visit::visit_item_impl(self, item);
    }
}

fn walk(tokens: TokenStream, breaches: &mut Vec<(&'static Rule, usize, String)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let line = token.span().start().line;
        match token {
            TokenTree::Ident(name) if punct(tokens.get(at + 1), '!') => {
                let name = name.to_string();
                if matches!(name.as_str(), "todo" | "unimplemented" | "dbg") {
                    breaches.push((&FINISHED, line, format!("{name}!")));
                }
            }
            TokenTree::Ident(name) if name == "unwrap" && at > 0 && punct(tokens.get(at - 1), '.') => {
                breaches.push((&NO_UNWRAP, line, ".unwrap()".to_owned()));
            }
            TokenTree::Group(group) => {
                let opens = at > 0 && (punct(tokens.get(at - 1), '#') || is_inner_attribute(&tokens[..at]));
                if group.delimiter() == Delimiter::Bracket && opens {
                    attribute(group.stream(), line, breaches);
                }
                walk(group.stream(), breaches);
            }
            _ => {}
        }
    }
}

fn is_inner_attribute(before: &[TokenTree]) -> bool {
    matches!(before, [.., hash, bang] if punct(Some(hash), '#') && punct(Some(bang), '!'))
}

fn punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// `allow(...)`, or `expect(...)` without a reason, as such or within `cfg_attr`.
fn attribute(tokens: TokenStream, line: usize, breaches: &mut Vec<(&'static Rule, usize, String)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut lint = |name: &str, arguments: &TokenStream| match name {
        "allow" => breaches.push((&EXPECT_NOT_ALLOW, line, format!("allow({arguments})"))),
        "expect" if !arguments.clone().into_iter().any(|token| token.to_string() == "reason") => {
            breaches.push((&EXPECT_NOT_ALLOW, line, format!("expect({arguments}) without a reason")));
        }
        _ => {}
    };
    match tokens.as_slice() {
        [TokenTree::Ident(name), TokenTree::Group(arguments), ..] if name == "cfg_attr" => {
            let inner: Vec<TokenTree> = arguments.stream().into_iter().collect();
            for pair in inner.windows(2) {
                if let [TokenTree::Ident(name), TokenTree::Group(arguments)] = pair {
                    lint(&name.to_string(), &arguments.stream());
                }
            }
        }
        [TokenTree::Ident(name), TokenTree::Group(arguments), ..] => lint(&name.to_string(), &arguments.stream()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a text as a file of the domain, with a head of its own, and gives each violation's rule and line.
    fn found(body: &str) -> Vec<(&'static str, usize)> {
        found_in("host/domain/src/x.rs", body)
    }

    fn found_in(path: &str, body: &str) -> Vec<(&'static str, usize)> {
        let found = check(path, &format!("//! Head.\n{body}"), &Tree::default());
        found.into_iter().map(|violation| (violation.rule.name, violation.line)).collect()
    }

    #[test]
    fn long_files_and_files_without_a_head() {
        assert_eq!(found(&"\n".repeat(499)), []);
        assert_eq!(found(&"\n".repeat(500)), [(SHORT_FILES.name, 0)]);
        let headless = check("a.rs", "fn main() {}\n", &Tree::default());
        assert_eq!(headless[0].rule.name, HEADED_FILES.name);
    }

    #[test]
    fn long_functions() {
        let function = |lines: usize| format!("/// Doc.\nfn f() {{\n{}}}\n", "\n".repeat(lines - 2));
        assert_eq!(found(&function(70)), []);
        assert_eq!(found(&function(71)), [(SHORT_FUNCTIONS.name, 3)]);
        let method = format!("impl X {{ {} }} trait Y {{ {} }}", function(71), function(71));
        assert_eq!(found(&method).len(), 2);
        let signature = format!("fn f(\n{}) {{}}\n", "\n".repeat(70));
        assert_eq!(found(&signature), [(SHORT_FUNCTIONS.name, 2)]);
    }

    #[test]
    fn long_tables() {
        let table = |mark: &str, arms: usize, last: &str| {
            let arms: String = (0..arms).map(|case| format!("X::C{case} => {case},\n")).collect();
            format!("{mark}\nfn f() {{\nuse Y as X;\nmatch x {{\n{arms}{last}\n}}\n}}\n")
        };
        let mark = "// A table: every case once.";
        assert_eq!(found(&table(mark, 80, "")), []);
        assert_eq!(found(&table("// A table.", 80, "")), [(SHORT_FUNCTIONS.name, 3)]);
        assert_eq!(found(&table("// A table:", 80, "")), [(TABLES.name, 3)]);
        assert_eq!(found(&table(mark, 8, "")), [(TABLES.name, 3)], "short enough without");
        assert_eq!(found(&table(mark, 80, "_ => 1,")), [(TABLES.name, 3)]);
        assert_eq!(found(&table(mark, 80, "other => 1,")), [(TABLES.name, 3)]);
        assert_eq!(found(&table(mark, 80, "").replace("match x", "g(); match x")), [(TABLES.name, 3)]);
    }

    #[test]
    fn unfinished_and_debugging_macros() {
        for name in ["todo", "unimplemented", "dbg"] {
            assert_eq!(found(&format!("fn f() {{\n {name}!(1); }}")), [(FINISHED.name, 3)]);
            assert_eq!(found(&format!("fn f() {{ vec![{name}!()]; }}")), [(FINISHED.name, 2)]);
            assert_eq!(found(&format!("// {name}!\nfn f() {{ let {name} = \"{name}!()\"; }}")), []);
        }
        assert_eq!(found("fn f( {").len(), 1);
    }

    #[test]
    fn unwrap_outside_tests() {
        assert_eq!(found("fn f() {\n a.unwrap(); }"), [(NO_UNWRAP.name, 3)]);
        assert_eq!(found("fn f() { m!(a.unwrap()) }"), [(NO_UNWRAP.name, 2)]);
        assert_eq!(found("fn f() { a.unwrap_or(b); a.expect(\"why\"); }"), []);
        assert_eq!(found("#[cfg(test)]\nmod tests {\n fn f() { a.unwrap(); }\n}"), []);
        assert_eq!(found("#[test]\nfn f() {\n a.unwrap();\n}\nfn g() {\n a.unwrap(); }"), [(NO_UNWRAP.name, 7)]);
        assert_eq!(found_in("host/cli/src/x.rs", "fn f() { a.unwrap(); }"), []);
    }

    #[test]
    fn allow_and_expect_without_reason() {
        assert_eq!(found("#[allow(dead_code)]\nfn f() {}"), [(EXPECT_NOT_ALLOW.name, 2)]);
        assert_eq!(found("#![allow(dead_code)]\nfn f() {}"), [(EXPECT_NOT_ALLOW.name, 2)]);
        assert_eq!(found("#[allow(dead_code, reason = \"because\")]\nfn f() {}"), [(EXPECT_NOT_ALLOW.name, 2)]);
        assert_eq!(found("#[cfg_attr(test, allow(dead_code))]\nfn f() {}"), [(EXPECT_NOT_ALLOW.name, 2)]);
        assert_eq!(found("#[expect(dead_code)]\nfn f() {}"), [(EXPECT_NOT_ALLOW.name, 2)]);
        assert_eq!(found("#[expect(dead_code, reason = \"because\")]\nfn f() { allow(1); [allow(1)]; }"), []);
    }

    #[test]
    fn bounds_outside_the_limits() {
        assert_eq!(found("const BYTES_MAX: usize = 1;"), [(BOUNDS_TOGETHER.name, 2)]);
        assert_eq!(found("fn f() {\n const A_MAX: u8 = 1; }\nimpl X {\n const B_MAX: u8 = 1; }").len(), 2);
        assert_eq!(found_in("host/domain/src/limits/x.rs", "pub const A_MAX: u8 = 1;"), [(BOUNDS_TOGETHER.name, 2)]);
        assert_eq!(
            found_in("host/domain/src/limits/x.rs", "limits! {\n pub const A_MAX: u8 = 1 => Host, \"\", [\"\"]; }"),
            []
        );
        assert_eq!(found("#[cfg(test)]\nmod tests {\n const A_MAX: u8 = 1;\n}\nconst SHOWN: u8 = 1;"), []);
        assert_eq!(found_in("tests/src/x.rs", "const A_MAX: u8 = 1;"), []);
    }
}

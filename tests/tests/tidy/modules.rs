//! Rules on modules: which of them names which. No circles, and on floors nothing that lies above.
//!
//! A module names another by a path: imported, or written out where it is used. A path is followed to the module that defines what it
//! names, through whatever passes the name on (`pub use`); passing a name on is not naming it. What is compiled for tests only, and
//! what stands in comments, does not count.
//!
//! A circle is one of modules that lie side by side, each taken with all that lies within it. A module and its parts may name each
//! other: the parts are where it goes on.

use std::collections::{BTreeMap, BTreeSet};

use syn::Item;

use crate::files::File;
use crate::graph::{self, Edge};
use crate::names::Names;
use crate::rules::{NO_CIRCLES, NO_WAY_UP, Violation};
use crate::tree::{attributes, candidates, crates, folders, is_for_tests};

/// A module of a crate.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Its path within the crate; the root's is empty.
    pub(crate) path: Vec<String>,
    file: String,
    /// The folders of its file and of the files of its modules.
    folders: (String, String),
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    names: Names,
}

impl Module {
    /// Returns its name as people write it.
    pub(crate) fn name(&self) -> String {
        if self.path.is_empty() { "the root".to_owned() } else { self.path.join("::") }
    }
}

/// The modules of a crate, the root first.
#[derive(Debug, Default)]
pub(crate) struct Modules(pub(crate) Vec<Module>);

/// Checks every crate.
pub(crate) fn check(files: &[File], circles: &[(&str, &[&str])], floors: &[(&str, &[&str])]) -> Vec<Violation> {
    let mut found = Vec::new();
    for (folder, roots) in crates(files) {
        let mut in_circles = BTreeSet::new();
        let known = circles.iter().find(|(listed, _)| *listed == folder).map(|(_, modules)| *modules);
        for root in roots {
            let modules = Modules::read(files, &root);
            let edges = modules.edges();
            for names in modules.circles(&edges) {
                let joins = names.iter().filter(|name| !known.is_some_and(|known| known.contains(&name.as_str())));
                let joins: Vec<&str> = joins.map(String::as_str).collect();
                if !joins.is_empty() {
                    let what = format!("name each other: {} (new: {})", names.join(", "), joins.join(", "));
                    found.push(Violation::new(&NO_CIRCLES, &root, 0, what));
                }
                in_circles.extend(names);
            }
            if let Some((_, floors)) = floors.iter().find(|(listed, _)| *listed == folder) {
                found.extend(modules.ways_up(&edges, floors));
            }
        }
        if known.is_some() && in_circles.is_empty() {
            let what = "has no circle any more: take it off the list";
            found.push(Violation::new(&NO_CIRCLES, &folder, 0, what));
        }
    }
    found
}

impl Modules {
    /// Reads the modules of the crate with this root.
    pub(crate) fn read(files: &[File], root: &str) -> Self {
        let texts: BTreeMap<&str, &str> = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
        let mut modules = Self::default();
        modules.read_file(&texts, root, None);
        modules
    }

    fn read_file(&mut self, texts: &BTreeMap<&str, &str>, path: &str, within: Option<(usize, &str)>) {
        let Some(file) = texts.get(path).and_then(|text| syn::parse_file(text).ok()) else { return };
        let at = self.add(path, folders(texts, path), within);
        self.read_items(texts, at, &file.items);
    }

    fn add(&mut self, file: &str, folders: (String, String), within: Option<(usize, &str)>) -> usize {
        let at = self.0.len();
        let mut module = Module { file: file.to_owned(), folders, ..Module::default() };
        if let Some((parent, name)) = within {
            module.path = self.0[parent].path.iter().cloned().chain([name.to_owned()]).collect();
            module.parent = Some(parent);
            self.0[parent].children.insert(name.to_owned(), at);
        }
        self.0.push(module);
        at
    }

    fn read_items(&mut self, texts: &BTreeMap<&str, &str>, at: usize, items: &[Item]) {
        for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
            if let Item::Mod(module) = item {
                let name = module.ident.to_string();
                let (file, (beside, below)) = (self.0[at].file.clone(), self.0[at].folders.clone());
                if let Some((_, items)) = &module.content {
                    let child = self.add(&file, (beside, format!("{below}/{name}")), Some((at, &name)));
                    self.read_items(texts, child, items);
                } else {
                    let mut files = candidates(module, &below, &beside).into_iter();
                    if let Some(path) = files.find(|path| texts.contains_key(path.as_str())) {
                        self.read_file(texts, &path, Some((at, &name)));
                    }
                }
                continue;
            }
            self.0[at].names.read(item);
        }
    }

    /// Returns which modules name which, each pair once.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        let mut edges: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (from, module) in self.0.iter().enumerate() {
            for (path, line) in &module.names.paths {
                if let Some(to) = self.find(from, path, 0).filter(|to| *to != from) {
                    edges.entry((from, to)).or_insert(*line);
                }
            }
        }
        edges.into_iter().map(|((from, to), line)| Edge { from, to, line }).collect()
    }

    /// Returns the names of modules side by side that name each other in a circle, circle by circle.
    fn circles(&self, edges: &[Edge]) -> Vec<Vec<String>> {
        let beside = edges.iter().filter_map(|edge| {
            let (from, to) = self.side_by_side(edge.from, edge.to)?;
            Some(Edge { from, to, line: edge.line })
        });
        let circles = graph::circles(self.0.len(), &beside.collect::<Vec<_>>());
        circles.into_iter().map(|circle| circle.into_iter().map(|at| self.0[at].name()).collect()).collect()
    }

    /// The two modules that lie side by side and that two modules are, or lie in; none when one of these lies in the other.
    fn side_by_side(&self, one: usize, other: usize) -> Option<(usize, usize)> {
        let way = |at: usize| {
            let mut way: Vec<usize> = std::iter::successors(Some(at), |at| self.0[*at].parent).collect();
            way.reverse();
            way
        };
        way(one).into_iter().zip(way(other)).find(|(one, other)| one != other)
    }

    /// The module that defines what a path names, as a module writes it; none when it leads out of the crate.
    fn find(&self, from: usize, path: &[String], depth: usize) -> Option<usize> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => 0,
            "self" => from,
            "super" => self.0[from].parent?,
            name => *self.0[from].children.get(name)?,
        };
        while let Some((name, further)) = rest.split_first() {
            let module = &self.0[at];
            if name == "super" {
                at = module.parent?;
            } else if let Some(child) = module.children.get(name) {
                at = *child;
            } else if !module.names.items.contains(name) && depth < DEPTH_MAX {
                return self.passed_on(at, rest, depth).or(Some(at));
            } else {
                return Some(at);
            }
            rest = further;
        }
        Some(at)
    }

    /// Where a path goes on that begins with a name which a module has from elsewhere.
    fn passed_on(&self, at: usize, rest: &[String], depth: usize) -> Option<usize> {
        let (name, further) = rest.split_first()?;
        let module = &self.0[at];
        if let Some(import) = module.names.imports.get(name) {
            let path: Vec<String> = import.iter().chain(further).cloned().collect();
            return self.find(at, &path, depth + 1);
        }
        module.names.globs.iter().find_map(|glob| {
            let of = self.find(at, glob, depth + 1)?;
            let has = self.0[of].names.items.contains(name) || self.0[of].names.imports.contains_key(name);
            has.then(|| self.find(of, &[vec!["self".to_owned()], rest.to_vec()].concat(), depth + 1))?
        })
    }

    fn ways_up(&self, edges: &[Edge], floors: &[&str]) -> Vec<Violation> {
        let floor = |at: usize| {
            let top = self.0[at].path.first()?;
            floors.iter().position(|floor| floor == top)
        };
        let mut found = Vec::new();
        for (at, module) in self.0.iter().enumerate().filter(|(_, module)| module.path.len() == 1) {
            if floor(at).is_none() {
                let what = format!("{} is on no floor", module.name());
                found.push(Violation::new(&NO_WAY_UP, &module.file, 0, what));
            }
        }
        for edge in edges {
            if floor(edge.from).zip(floor(edge.to)).is_some_and(|(from, to)| from < to) {
                let (from, to) = (&self.0[edge.from], &self.0[edge.to]);
                let what = format!("{} names {}", from.name(), to.name());
                found.push(Violation::new(&NO_WAY_UP, &from.file, edge.line, what));
            }
        }
        found
    }
}

/// No name is passed on through as many modules as this; only names that pass each other on are.
const DEPTH_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Vec<File> {
        let manifests = [("Cargo.toml", ""), ("a/Cargo.toml", "")];
        manifests.iter().chain(list).map(|(path, text)| File { path: (*path).into(), text: (*text).into() }).collect()
    }

    fn found(list: &[(&str, &str)], circles: &[(&str, &[&str])]) -> Vec<String> {
        check(&files(list), circles, &[]).iter().map(ToString::to_string).collect()
    }

    const ROOT: (&str, &str) = ("a/src/lib.rs", "mod one; mod two; mod three;");

    #[test]
    fn a_circle_is_found_however_it_is_written() {
        let two = ("a/src/two.rs", "use crate::three::Three;");
        let three = ("a/src/three.rs", "pub struct Three;");
        let of = |one: &'static str, three: &'static str| {
            found(&[ROOT, ("a/src/one.rs", one), two, ("a/src/three.rs", three)], &[])
        };
        let circle = ["a/src/lib.rs: name each other: one, two, three (new: one, two, three)"];
        assert_eq!(of("use crate::two::Two;", three.1), [""; 0]);
        for closing in [
            "use crate::one::One;",
            "use super::one::One;",
            "use crate::{one::{One, Other as Another}};",
            "fn f() { let x: crate::one::One = y; }",
            "fn f() { m!(1, crate::one::f(2)); }",
            "fn f() { use super::one; }",
            "impl crate::one::One for X {}",
        ] {
            assert_eq!(of("use crate::two::Two;", closing), circle, "{closing}");
        }
        for open in [
            "#[cfg(test)] mod tests { use crate::one::One; }",
            "impl X { #[cfg(test)] fn f() { crate::one::f(); } }",
            "// crate::one::One\nfn f() { g(\"crate::one::One\"); }",
            "pub(in crate::one) struct X;",
            "use one::One;",
        ] {
            assert_eq!(of("use crate::two::Two;", open), [""; 0], "{open}");
        }
    }

    #[test]
    fn names_are_followed_to_where_they_are_defined() {
        let root = "mod one; mod two; pub use two::Two; pub use self::two::*; pub fn main() {}";
        let of = |one: &'static str, two: &'static str| {
            found(&[("a/src/lib.rs", root), ("a/src/one.rs", one), ("a/src/two.rs", two)], &[])
        };
        let pair = ["a/src/lib.rs: name each other: one, two (new: one, two)"];
        assert_eq!(of("use crate::Two;", "pub struct Two; use crate::one::One;"), pair);
        assert_eq!(of("use crate::Other;", "pub struct Other; use crate::one::One;"), pair);
        assert_eq!(of("use crate::Two;", "pub struct Two;"), [""; 0], "the root passes on and names nothing");
        assert_eq!(of("use crate::main;", "pub struct Two;"), [""; 0]);
    }

    #[test]
    fn a_module_is_taken_with_its_parts() {
        let part = ("a/src/one/part.rs", "use super::One; use crate::two::Two;");
        let of = |two: &'static str| {
            let one = ("a/src/one.rs", "mod part; pub struct One; fn f() { part::f() }");
            found(&[("a/src/lib.rs", "mod one; mod two;"), one, part, ("a/src/two.rs", two)], &[])
        };
        assert_eq!(of("pub struct Two;"), [""; 0]);
        assert_eq!(of("use crate::one::One;"), ["a/src/lib.rs: name each other: one, two (new: one, two)"]);
        let inline = "pub mod three { mod four { use super::five::Five; } mod five { use super::four::Four; } }";
        let circle = [
            "a/src/lib.rs: name each other: two::three::four, two::three::five (new: two::three::four, two::three::five)",
        ];
        assert_eq!(of(inline), circle);
    }

    #[test]
    fn a_list_of_circles_can_only_shrink() {
        let [one, two] = [("a/src/one.rs", "use crate::two::Two;"), ("a/src/two.rs", "use crate::one::One;")];
        let list = [ROOT, one, two, ("a/src/three.rs", "")];
        assert_eq!(found(&list, &[("a", &["one", "two"])]), [""; 0]);
        let joins = ["a/src/lib.rs: name each other: one, two (new: two)"];
        assert_eq!(found(&list, &[("a", &["one"])]), joins);
        let free = [ROOT, one, ("a/src/two.rs", "pub struct Two;"), ("a/src/three.rs", "")];
        assert_eq!(found(&free, &[("a", &["one", "two"])]), ["a: has no circle any more: take it off the list"]);
    }

    #[test]
    fn nothing_names_what_lies_above() {
        let root = "mod low; mod high; pub use high::top::Top;";
        let of = |item: &'static str| {
            let files = files(&[
                ("a/src/lib.rs", root),
                ("a/src/low.rs", "mod item;"),
                ("a/src/low/item.rs", item),
                ("a/src/high.rs", "mod top;"),
                ("a/src/high/top.rs", "pub struct Top;"),
            ]);
            check(&files, &[], &[("a", &["low", "high"])]).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("pub struct Item;"), [""; 0]);
        let up = ["a/src/low/item.rs:2: low::item names high::top"];
        assert_eq!(of("\nuse crate::high::top::Top;"), up);
        assert_eq!(of("\nuse crate::Top;"), up);
        let files = files(&[("a/src/lib.rs", "mod low; mod odd;"), ("a/src/low.rs", ""), ("a/src/odd.rs", "")]);
        let found = check(&files, &[], &[("a", &["low"])]);
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a/src/odd.rs: odd is on no floor"]);
    }
}

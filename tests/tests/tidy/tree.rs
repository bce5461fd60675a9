//! The module trees: which Rust files are compiled, and which of them only for tests.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Attribute, Item};

use crate::files::File;
use crate::rules::{NO_ORPHANS, Violation};

/// Files that some crate compiles; the value says whether for tests only.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    compiled: BTreeMap<String, bool>,
}

impl Tree {
    /// Whether the file is compiled for tests only.
    pub(crate) fn is_test(&self, path: &str) -> bool {
        self.compiled.get(path).copied().unwrap_or(false)
    }

    /// Rust files that no crate compiles.
    pub(crate) fn orphans(&self, files: &[File]) -> Vec<Violation> {
        let rust = files.iter().filter(|file| file.path.ends_with(".rs"));
        let orphans = rust.filter(|file| !self.compiled.contains_key(&file.path));
        orphans.map(|file| Violation::new(&NO_ORPHANS, &file.path, 0, "no module names it")).collect()
    }
}

/// Follows the modules of every crate.
pub(crate) fn of(files: &[File]) -> Tree {
    let texts: BTreeMap<&str, &str> = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let mut tree = Tree::default();
    let manifests = files.iter().filter_map(|file| file.path.strip_suffix("Cargo.toml"));
    for folder in manifests {
        for path in texts.keys().filter_map(|path| path.strip_prefix(folder)).filter(|path| is_root(path)) {
            let is_test = path.starts_with("tests/") || path.starts_with("benches/");
            follow(&texts, &format!("{folder}{path}"), is_test, &mut tree);
        }
    }
    tree
}

/// Returns every package's folder with the roots of its library and of its programs.
pub(crate) fn crates(files: &[File]) -> Vec<(String, Vec<String>)> {
    let manifests = files.iter().filter_map(|file| file.path.strip_suffix("/Cargo.toml"));
    let roots = |folder: &str| {
        let within = files.iter().filter(|file| {
            let path = file.path.strip_prefix(folder).and_then(|path| path.strip_prefix('/'));
            path.is_some_and(|path| path.starts_with("src/") && is_root(path))
        });
        within.map(|file| file.path.clone()).collect()
    };
    manifests.map(|folder| (folder.to_owned(), roots(folder))).collect()
}

/// Returns where the file of a module may be that is named in one folder, and whose folder of modules is another.
pub(crate) fn candidates(module: &syn::ItemMod, below: &str, beside: &str) -> Vec<String> {
    let mut named = BTreeSet::new();
    modules(&[Item::Mod(module.clone())], below, beside, false, &mut named);
    named.into_iter().flat_map(|(candidates, _)| candidates).collect()
}

/// Whether cargo finds a crate's root here by itself. The path is within the package.
fn is_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["build.rs"] | ["src", "lib.rs" | "main.rs"] => true,
        ["src", "bin", file] | ["tests" | "examples" | "benches", file] => file.ends_with(".rs"),
        ["src", "bin", _, "main.rs"] | ["tests" | "examples" | "benches", _, "main.rs"] => true,
        _ => false,
    }
}

fn follow(texts: &BTreeMap<&str, &str>, path: &str, is_test: bool, tree: &mut Tree) {
    let Some(text) = texts.get(path) else { return };
    let known = tree.compiled.get(path).copied();
    if known.is_some_and(|known_test| !known_test || is_test) {
        return;
    }
    tree.compiled.insert(path.to_owned(), is_test);
    let Ok(file) = syn::parse_file(text) else { return };
    let (folder, below) = folders(texts, path);
    let mut named = BTreeSet::new();
    modules(&file.items, &below, &folder, is_test, &mut named);
    for (candidates, is_test) in named {
        for candidate in candidates {
            follow(texts, &candidate, is_test, tree);
        }
    }
}

/// Returns the folder that a file is in, and the one that the modules which it names are in.
pub(crate) fn folders(texts: &BTreeMap<&str, &str>, path: &str) -> (String, String) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.trim_end_matches(".rs");
    let is_own_folder = matches!(name, "mod.rs") || is_crate_root(texts, path);
    let below = if is_own_folder { folder.to_owned() } else { format!("{folder}/{stem}") };
    (folder.to_owned(), below)
}

fn is_crate_root(texts: &BTreeMap<&str, &str>, path: &str) -> bool {
    let mut folders = path.match_indices('/').map(|(at, _)| &path[..=at]);
    folders.any(|folder| texts.contains_key(format!("{folder}Cargo.toml").as_str()) && is_root(&path[folder.len()..]))
}

fn modules(items: &[Item], below: &str, beside: &str, is_test: bool, named: &mut BTreeSet<(Vec<String>, bool)>) {
    for item in items {
        let Item::Mod(module) = item else { continue };
        let is_test = is_test || is_for_tests(&module.attrs);
        let name = module.ident.to_string();
        if let Some((_, items)) = &module.content {
            modules(items, &format!("{below}/{name}"), beside, is_test, named);
        } else if let Some(path) = path_attribute(&module.attrs) {
            named.insert((vec![format!("{beside}/{path}")], is_test));
        } else {
            named.insert((vec![format!("{below}/{name}.rs"), format!("{below}/{name}/mod.rs")], is_test));
        }
    }
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(path), .. }) => Some(path.value()),
            _ => None,
        },
        _ => None,
    })
}

/// Returns the attributes of an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// What may stand behind `cfg` of code that tests alone use: the second is a suite that other crates' tests run too.
const FOR_TESTS: [&str; 2] = ["test", "any(test,feature=\"testing\")"];

/// Whether the attributes say `#[cfg(test)]`, `#[cfg(any(test, feature = "testing"))]` or `#[test]`.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.segments.last().is_some_and(|last| last.ident == "test"),
        syn::Meta::List(list) => {
            let condition: String = list.tokens.to_string().split_whitespace().collect();
            list.path.is_ident("cfg") && FOR_TESTS.contains(&condition.as_str())
        }
        syn::Meta::NameValue(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> Vec<File> {
        list.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() }).collect()
    }

    #[test]
    fn a_file_that_no_module_names_is_an_orphan() {
        let files = files(&[
            ("Cargo.toml", ""),
            ("a/Cargo.toml", ""),
            (
                "a/src/lib.rs",
                "mod one; mod inline { mod three; } #[cfg(any(test, feature = \"testing\"))] mod tests; #[path = \"odd/x.rs\"] mod y;",
            ),
            ("a/src/one.rs", "mod two;"),
            ("a/src/one/two.rs", ""),
            ("a/src/two.rs", ""),
            ("a/src/inline/three.rs", ""),
            ("a/src/odd/x.rs", ""),
            ("a/src/tests.rs", "mod deeper;"),
            ("a/src/tests/deeper.rs", ""),
            ("a/src/bin/tool.rs", ""),
            ("a/tests/suite/main.rs", "mod part; mod helper;"),
            ("a/tests/suite/part.rs", ""),
            ("a/tests/suite/helper/mod.rs", ""),
            ("a/tests/suite/left.rs", ""),
        ]);
        let tree = of(&files);
        let orphans: Vec<String> = tree.orphans(&files).into_iter().map(|orphan| orphan.path).collect();
        assert_eq!(orphans, ["a/src/two.rs", "a/tests/suite/left.rs"]);
        let tests: Vec<&str> = files.iter().map(|file| file.path.as_str()).filter(|path| tree.is_test(path)).collect();
        let expected = [
            "a/src/tests.rs",
            "a/src/tests/deeper.rs",
            "a/tests/suite/main.rs",
            "a/tests/suite/part.rs",
            "a/tests/suite/helper/mod.rs",
        ];
        assert_eq!(tests, expected);
    }
}

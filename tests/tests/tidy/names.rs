//! The names in a module: what it defines, what it has from elsewhere, and the paths that it names.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Item, UseTree, Visibility};

use crate::tree::{attributes, is_for_tests};

/// The names in a module.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// What it defines.
    pub(crate) items: BTreeSet<String>,
    /// What it has from elsewhere, under which names.
    pub(crate) imports: BTreeMap<String, Vec<String>>,
    /// Modules that it has everything from.
    pub(crate) globs: Vec<Vec<String>>,
    /// Paths that it names, each with its line.
    pub(crate) paths: Vec<(Vec<String>, usize)>,
}

impl Names {
    /// Reads an item that is no module.
    pub(crate) fn read(&mut self, item: &Item) {
        self.items.extend(defined(item));
        self.visit_item(item);
    }

    fn import(&mut self, tree: &UseTree, before: &[String], passes_on: bool) {
        let mut path = before.to_vec();
        let mut leaf = |path: &[String], name: String, line: usize| {
            if !passes_on {
                self.paths.push((path.to_vec(), line));
            }
            self.imports.insert(name, path.to_vec());
        };
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.import(&part.tree, &path, passes_on);
            }
            UseTree::Name(name) if name.ident == "self" => {
                let last = path.last().cloned().unwrap_or_default();
                leaf(&path, last, name.span().start().line);
            }
            UseTree::Name(name) => {
                path.push(name.ident.to_string());
                leaf(&path, name.ident.to_string(), name.span().start().line);
            }
            UseTree::Rename(name) => {
                if name.ident != "self" {
                    path.push(name.ident.to_string());
                }
                leaf(&path, name.rename.to_string(), name.span().start().line);
            }
            UseTree::Glob(glob) => {
                if !passes_on {
                    self.paths.push((path.clone(), glob.span().start().line));
                }
                self.globs.push(path);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, &path, passes_on)),
        }
    }

    /// Paths in what a macro is given, which is not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut line = 0;
        for token in tokens {
            match &token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end(&mut path, line);
                        line = name.span().start().line;
                    }
                    path.push(name.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
            self.end(&mut path, line);
            colons = 0;
        }
        self.end(&mut path, line);
    }

    fn end(&mut self, path: &mut Vec<String>, line: usize) {
        if path.len() > 1 {
            self.paths.push((std::mem::take(path), line));
        }
        path.clear();
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.paths.push((names, path.span().start().line));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
    }

    // `pub(in path)` says who may see, and an attribute's path is a macro's.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

/// What an item defines, as far as paths can name it.
fn defined(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::TraitAlias(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}

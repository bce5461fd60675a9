//! `largesse policy new`: a crate outside this workspace that builds, is tested and has scenarios, with the SDK beside it.

mod manifest;
mod name;

use std::path::{Path, PathBuf};

use largesse_domain::id::PolicyName;
use serde_json::json;

use crate::failure::{Failure, Result};
use crate::output::Output;

/// Files by their path and text.
type Files = &'static [(&'static str, &'static str)];

/// The SDK and the contract of this version.
const LIBRARY: Files = include!(concat!(env!("OUT_DIR"), "/library.rs"));
/// The templates by name.
const TEMPLATES: &[(&str, Files)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));
const README: &str = include_str!("new/README.md");
/// Where the SDK and the contract lie in a crate.
const LIBRARY_IN: &str = "largesse";
/// The manifest of the SDK, as [`LIBRARY`] has it.
const SDK_MANIFEST: &str = "sdk/Cargo.toml";

/// What to begin with.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Template {
    /// A reward when a number of paid orders is reached
    Milestone,
    /// A reward for each day, and more for days in a row
    Streak,
    /// A prize by chance, so many times a day
    Draw,
    /// A reward for inviter and invitee when the invitee's first order is paid
    Referral,
    /// A reward for each rung that the sum of paid orders reaches
    Ladder,
}

impl Template {
    /// Its folder among the templates, and the name of its crate there.
    fn name(self) -> &'static str {
        match self {
            Self::Milestone => "milestone",
            Self::Streak => "streak",
            Self::Draw => "draw",
            Self::Referral => "referral",
            Self::Ladder => "ladder",
        }
    }

    fn files(self) -> Files {
        let found = TEMPLATES.iter().find(|(name, _)| *name == self.name());
        found.expect("the build script lists every template").1
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The policy's name
    name: PolicyName,
    /// What to begin with
    #[arg(long, value_enum, default_value_t = Template::Milestone)]
    template: Template,
    /// The folder for the crate, which must not be there; NAME in the current one when absent
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args, output: Output) -> Result {
    let name = args.name.as_str();
    name::check(name)?;
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(name));
    make(&folder).map_err(|failure| failure.context(format!("cannot make {}", folder.display())))?;
    let files = files(name, args.template);
    for (path, text) in &files {
        let path = folder.join(path);
        write(&path, text).map_err(|error| Failure::from(error).context(format!("cannot write {}", path.display())))?;
    }
    let document = json!({"folder": folder, "policy": name, "template": args.template.name()});
    output.print(&document, || {
        let shown = folder.display();
        format!(
            "wrote {} files to {shown}\n\nNext:\n  cd {shown}\n  cargo test              # native tests\n  \
             largesse policy build   # the component\n  largesse policy test    # its scenarios, in the host's engine\n\n\
             README.md says more.\n",
            files.len(),
        )
    })
}

/// Makes the folder, which must be new.
fn make(folder: &Path) -> Result {
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::create_dir(folder).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            let failure = Failure::usage(anyhow::anyhow!("it is there already"));
            return failure.hint("nothing is written over; choose another name, or another folder with --dir");
        }
        error.into()
    })
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, text)
}

/// Everything that a new crate has, by path.
fn files(name: &str, template: Template) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (path, text) in template.files() {
        match *path {
            "Cargo.toml" => {
                files.push(("Cargo.toml".into(), manifest::of_crate(name, text)));
                files.push(("Cargo.lock".into(), manifest::lock(name, template.name())));
            }
            "campaign.toml" => files.push((format!("{name}.toml"), renamed(text, name, template))),
            path => files.push((path.into(), renamed(text, name, template))),
        }
    }
    files.push(("README.md".into(), readme(name, template)));
    files.push((".gitignore".into(), "/target/\n".into()));
    for (path, text) in LIBRARY {
        let text = if *path == SDK_MANIFEST { manifest::of_sdk(text) } else { (*text).into() };
        files.push((format!("{LIBRARY_IN}/{path}"), text));
    }
    files
}

/// The text of a template, about a crate of another name.
fn renamed(text: &str, name: &str, template: Template) -> String {
    let of = template.name();
    text.replace(&format!("use {of}::"), &format!("use {}::", crate_name(name)))
        .replace(&format!("policy = \"{of}\""), &format!("policy = \"{name}\""))
}

/// A policy's name as Rust and cargo's files write it.
fn crate_name(name: &str) -> String {
    name.replace('-', "_")
}

fn readme(name: &str, template: Template) -> String {
    let source = template.files().iter().find(|(path, _)| *path == "src/lib.rs").map_or("", |(_, text)| text);
    // Its first line says what it is.
    let summary = source.lines().next().unwrap_or_default().trim_start_matches("//!").trim();
    README
        .replace("{name}", name)
        .replace("{wasm}", &format!("{}.wasm", crate_name(name)))
        .replace("{summary}", summary)
        .replace("{version}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_template_can_be_chosen() {
        let chosen: Vec<&str> = Template::value_variants().iter().map(|template| template.name()).collect();
        let mut listed: Vec<&str> = TEMPLATES.iter().map(|(name, _)| *name).collect();
        for name in &chosen {
            assert!(listed.contains(name), "{name}");
        }
        listed.retain(|name| !chosen.contains(name));
        assert!(listed.is_empty(), "{listed:?} cannot be chosen");
    }

    #[test]
    fn a_new_crate_is_about_its_own_name_and_has_no_placeholder() {
        for template in Template::value_variants() {
            let files = files("thanks-again", *template);
            let text = |path: &str| &files.iter().find(|(one, _)| one == path).expect(path).1;
            assert!(text("tests/rules.rs").contains("use thanks_again::"));
            assert!(text("thanks-again.toml").contains("policy = \"thanks-again\"\n"));
            assert!(text("README.md").starts_with("# thanks-again\n") && !text("README.md").contains('{'));
            assert!(files.iter().any(|(path, _)| path.starts_with("scenarios/")));
            assert!(files.iter().any(|(path, _)| path == "largesse/wit/policy.wit"));
            let old = format!("use {}::", template.name());
            assert!(files.iter().all(|(_, text)| !text.contains(&old)), "{old}");
        }
    }
}

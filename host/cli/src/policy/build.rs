//! `largesse policy build`: the component of a crate, and what it says of itself.

mod engine;
mod origin;
mod pure;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use largesse_domain::policy::Manifest;
use largesse_engine::{Allowance, LoadedPolicy};
use serde::Serialize;
use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::money::count;
use crate::output::Output;

pub(super) use engine::Engine;
pub(super) use origin::Origin;

/// What components are compiled for.
pub(super) const TARGET: &str = "wasm32-wasip2";
/// What they are linked with.
const LINKER: &str = "wasm-component-ld";
/// Where cargo is told of another linker.
const LINKER_VARIABLE: &str = "CARGO_TARGET_WASM32_WASIP2_LINKER";
/// What components are called, after the name of their crate.
const ENDING: &str = "wasm";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of the crate
    #[arg(value_name = "DIR", default_value = ".")]
    crate_dir: PathBuf,
    /// Make a component that imports nothing: it decides sooner, but a panic's words are lost
    #[arg(long)]
    pure: bool,
}

/// What was built.
#[derive(Debug, Serialize)]
struct Built<'a> {
    file: &'a Path,
    size_bytes: u64,
    digest: String,
    name: &'a str,
    version: &'a str,
    summary: &'a str,
    contract: &'static str,
    subscriptions: Vec<&'a str>,
    effects: Vec<&'static str>,
    unit_classes: Vec<&'static str>,
    /// What its builder says that it was built from.
    origin: Option<Origin>,
}

pub(super) fn run(args: &Args, output: Output) -> Result {
    let file = if args.pure { pure::component(&args.crate_dir)? } else { component(&args.crate_dir)? };
    show(&file, false, output)
}

/// Shows what a component says of itself, or only the JSON Schema of its parameters.
pub(super) fn show(file: &Path, params: bool, output: Output) -> Result {
    let bytes = read(file)?;
    let policy = Engine::start(Allowance::Interpreters)?.load(&bytes, file)?;
    if params {
        let schema: Value = serde_json::from_str(policy.manifest().params_schema.as_str())?;
        return Output { json: true }.print(&schema, String::new);
    }
    let built = describe(file, &policy, Origin::read(&bytes));
    output.print(&built, || text(&built))
}

fn describe<'a>(file: &'a Path, policy: &'a LoadedPolicy, origin: Option<Origin>) -> Built<'a> {
    let Manifest { name, version, summary, subscriptions, effects, unit_classes, .. } = policy.manifest();
    Built {
        file,
        size_bytes: policy.size_bytes(),
        digest: policy.digest().to_string(),
        name: name.as_str(),
        version: version.as_str(),
        summary,
        contract: policy.contract().as_str(),
        subscriptions: subscriptions.iter().map(|one| one.name.as_str()).collect(),
        effects: effects.iter().map(|one| one.as_str()).collect(),
        unit_classes: unit_classes.iter().map(|one| one.as_str()).collect(),
        origin,
    }
}

fn text(built: &Built<'_>) -> String {
    let Built { file, size_bytes, digest, name, version, summary, contract, .. } = built;
    format!(
        "{name}@{version}: {summary}\n\nfile           {}\nsize           {} bytes\ndigest         {digest}\n\
         contract       {contract}\nsubscriptions  {}\neffects        {}\nunit classes   {}\n{}",
        file.display(),
        count(*size_bytes),
        built.subscriptions.join(", "),
        built.effects.join(", "),
        built.unit_classes.join(", "),
        built.origin.as_ref().map(Origin::text).unwrap_or_default(),
    )
}

/// Reads a component.
pub(super) fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file).map_err(|error| Failure::usage(error).context(format!("cannot read {}", file.display())))
}

/// Has cargo build the component of a crate, and tell what it has to tell as it goes; gives its file.
pub(super) fn component(crate_dir: &Path) -> Result<PathBuf> {
    compile_for(crate_dir, TARGET)
}

/// The same of what cargo makes for a target.
fn compile_for(crate_dir: &Path, target: &str) -> Result<PathBuf> {
    match compile(crate_dir, target, Stdio::inherit()) {
        Ok(compiled) => Ok(compiled.file),
        Err(Unbuilt::Compiler(_)) => Err(named(crate_dir, Failure::new("cargo has told why above"))),
        Err(Unbuilt::Other(failure)) => Err(failure),
    }
}

/// What cargo made.
pub(super) struct Compiled {
    pub(super) file: PathBuf,
    /// What it told, where that was kept.
    pub(super) told: String,
}

/// Why there is no component.
pub(super) enum Unbuilt {
    /// The source does not compile; with what cargo told, where that was kept.
    Compiler(String),
    /// Something else.
    Other(Failure),
}

fn named(crate_dir: &Path, failure: Failure) -> Failure {
    failure.context(format!("cannot build {}", crate_dir.display()))
}

/// The manifest of a crate, by its full path.
pub(super) fn manifest(crate_dir: &Path) -> Result<PathBuf> {
    crate_dir.join("Cargo.toml").canonicalize().map_err(|error| {
        named(crate_dir, Failure::usage(anyhow::Error::new(error).context("it has no Cargo.toml")))
            .hint("`largesse policy new NAME` begins a policy")
    })
}

/// Has cargo build the WebAssembly of a crate for a target. What it tells goes there, or is kept when that is a pipe.
pub(super) fn compile(crate_dir: &Path, target: &str, told: Stdio) -> std::result::Result<Compiled, Unbuilt> {
    let other = |failure| Unbuilt::Other(named(crate_dir, failure));
    let manifest = manifest(crate_dir).map_err(Unbuilt::Other)?;
    has_target(crate_dir, target).and_then(|()| has_linker(crate_dir)).map_err(other)?;
    // Errors and warnings of the compiler go where cargo writes them; what it made comes in JSON.
    let mut cargo = program("CARGO", "cargo");
    cargo.args(["build", "--release", "--target", target, "--message-format", "json-render-diagnostics"]);
    cargo.arg("--manifest-path").arg(&manifest).current_dir(crate_dir).stderr(told);
    let built = cargo.output().map_err(|error| other(no_rust("cargo", error)))?;
    let told = String::from_utf8_lossy(&built.stderr).into_owned();
    if !built.status.success() {
        return Err(Unbuilt::Compiler(told));
    }
    let messages = String::from_utf8_lossy(&built.stdout);
    let file = made(&messages, &manifest).ok_or_else(|| {
        let failure = Failure::usage(anyhow::anyhow!("it makes no component"));
        other(failure.hint("Cargo.toml needs crate-type = [\"cdylib\", \"rlib\"] under [lib]"))
    })?;
    if target == TARGET {
        note_origin(crate_dir, (&file, &file), &manifest).map_err(other)?;
    }
    Ok(Compiled { file, told })
}

/// Writes into a component what it was built from: what cargo made of the crate, which is the component itself or its module.
fn note_origin(crate_dir: &Path, (made, component): (&Path, &Path), manifest: &Path) -> Result {
    let mut cargo = program("CARGO", "cargo");
    cargo.args(["metadata", "--format-version", "1", "--filter-platform", TARGET, "--manifest-path"]).arg(manifest);
    let told = cargo.current_dir(crate_dir).output().map_err(|error| no_rust("cargo", error))?;
    let metadata: Value = serde_json::from_slice(&told.stdout)
        .map_err(|error| Failure::from(error).context("cannot read what cargo says of the crate"))?;
    let compiler = asked(crate_dir, &["--version"])?.unwrap_or_default();
    Origin::of(made, manifest, &metadata, &compiler)?.write_into(component)
}

/// The component among what cargo says it made of the crate with this manifest.
fn made(messages: &str, manifest: &Path) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_crate = messages.filter(|message| {
        let path = message["manifest_path"].as_str().map(Path::new);
        message["reason"] == "compiler-artifact" && path == Some(manifest)
    });
    let files = of_crate.flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
    let mut paths = files.filter_map(|file| file.as_str().map(PathBuf::from));
    paths.find(|path| path.extension().is_some_and(|ending| ending == ENDING))
}

/// What the compiler that is used in the folder says; nothing when it does not understand the question.
fn asked(crate_dir: &Path, arguments: &[&str]) -> Result<Option<String>> {
    let mut rustc = program("RUSTC", "rustc");
    let told = rustc.args(arguments).current_dir(crate_dir).output().map_err(|error| no_rust("rustc", error))?;
    Ok(told.status.success().then(|| String::from_utf8_lossy(&told.stdout).trim().to_owned()))
}

/// Makes sure that the compiler knows the target, of the toolchain that is used in the folder.
fn has_target(crate_dir: &Path, target: &str) -> Result {
    let folder = asked(crate_dir, &["--print", "target-libdir", "--target", target])?;
    if folder.is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    let failure = Failure::usage(anyhow::anyhow!("the Rust compiler has not the target {target}"));
    Err(failure.hint(format!("run `rustup target add {target}`")))
}

/// Makes sure that there is a linker for components: beside the toolchain's own programs, on the path, or named to cargo.
fn has_linker(crate_dir: &Path) -> Result {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    let sysroot = PathBuf::from(asked(crate_dir, &["--print", "sysroot"])?.unwrap_or_default());
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).into_iter().flatten().flatten();
    folders.extend(hosts.map(|host| host.path().join("bin")));
    let name = format!("{LINKER}{}", std::env::consts::EXE_SUFFIX);
    if std::env::var_os(LINKER_VARIABLE).is_some() || folders.iter().any(|folder| folder.join(&name).is_file()) {
        return Ok(());
    }
    let failure = Failure::usage(anyhow::anyhow!("the Rust compiler has not the linker {LINKER}"));
    Err(failure.hint(format!("run `cargo install {LINKER}`; a toolchain of rustup brings it along")))
}

/// A program of the Rust toolchain: the one that the environment names, as cargo does for what it runs.
fn program(variable: &str, name: &str) -> Command {
    Command::new(std::env::var_os(variable).unwrap_or_else(|| name.into()))
}

fn no_rust(program: &str, error: std::io::Error) -> Failure {
    let missing = error.kind() == std::io::ErrorKind::NotFound;
    let failure = Failure::usage(anyhow::Error::new(error).context(format!("cannot run {program}")));
    if missing { failure.hint("install Rust from https://rustup.rs, then open a new terminal") } else { failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_of_the_crate_is_found_among_what_was_made() {
        let artifact = |manifest: &str, files: &[&str]| {
            serde_json::json!({"reason": "compiler-artifact", "manifest_path": manifest, "filenames": files})
                .to_string()
        };
        let messages = [
            artifact("/c/largesse/sdk/Cargo.toml", &["/t/liblargesse_sdk.rlib"]),
            artifact("/c/Cargo.toml", &["/t/spring.wasm", "/t/libspring.rlib"]),
            "a line of a build script".into(),
            serde_json::json!({"reason": "build-finished", "success": true}).to_string(),
        ];
        let messages = messages.join("\n");
        assert_eq!(made(&messages, Path::new("/c/Cargo.toml")), Some("/t/spring.wasm".into()));
        assert_eq!(made(&messages, Path::new("/c/largesse/sdk/Cargo.toml")), None);
    }
}

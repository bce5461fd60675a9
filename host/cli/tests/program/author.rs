//! Policies as their authors begin, build, test and try them, with this program and cargo.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use tempfile::TempDir;

use super::host::{Answer, policies, run, run_in};
use super::json_of;

/// A folder for crates, and what cargo builds in, which all templates and runs share.
pub(crate) struct Desk {
    folder: TempDir,
    pub(crate) target: PathBuf,
    // Cargo gives the SDK of every crate the same id: two that are built side by side would take one another's for their own. It is let go
    // when the folder is gone.
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Desk {
    /// Nothing when the toolchain cannot build components, which is said.
    pub(crate) fn new() -> Option<Self> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("authors");
        has_target("wasm32-wasip2").then(|| {
            let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
            Self { folder: tempfile::tempdir().unwrap(), target, _alone: alone }
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program in a folder here.
    pub(crate) fn largesse(&self, folder: &str, arguments: &[&str]) -> Answer {
        run_in(&self.path(folder), &[("CARGO_TARGET_DIR", self.target.as_path())], arguments)
    }

    /// Runs the native tests of a crate here; gives what cargo says.
    fn native_tests(&self, folder: &str) -> String {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg("test").current_dir(self.path(folder)).env("CARGO_TARGET_DIR", &self.target);
        let output = cargo.output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{text}");
        text
    }

    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has not {from:?}:\n{text}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }
}

/// Whether the toolchain can build for a target; says when it cannot.
fn has_target(target: &str) -> bool {
    let told = Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
    let libraries = told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned()).unwrap_or_default();
    let there = Path::new(&libraries).is_dir();
    if !there {
        eprintln!("\n*** SKIPPED: the compiler has no target {target}; run `make target` first ***\n");
    }
    there
}

#[test]
fn a_component_says_what_it_was_built_from() {
    let Some(desk) = Desk::new() else { return };
    let built = |folder: &str| json_of(&desk.largesse(folder, &["policy", "build", "--json"]).ok());
    desk.largesse("", &["policy", "new", "told", "--template", "draw"]).ok();
    let first = built("told");
    assert_eq!(first["digest"], built("told")["digest"], "built again");
    let file = first["file"].as_str().unwrap();
    let shown = desk.largesse("", &["policy", "show", file]).ok();
    let sdk = env!("CARGO_PKG_VERSION");
    assert!(shown.contains(&format!("built from     told 0.1.0, SDK {sdk}\n")), "{shown}");
    let checked = desk.largesse("told", &["policy", "check", file, "--params", "told.toml", "--cases", "20"]).ok();
    let source = first["origin"]["source_sha256"].as_str().unwrap();
    assert!(checked.contains(source) && checked.contains("compiler       rustc "), "{checked}");
    // What is not compiled does not count, what is does.
    desk.edit("told/scenarios/a-draw-a-day.toml", "One draw", "A draw");
    assert_eq!(first["digest"], built("told")["digest"]);
    desk.edit("told/src/lib.rs", "//! A draw: ", "//! Another draw: ");
    assert_ne!(built("told")["origin"]["source_sha256"], json!(source));
}

#[test]
#[cfg(unix)]
fn a_toolchain_that_cannot_build_components_is_told_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(desk) = Desk::new() else { return };
    desk.largesse("", &["policy", "new", "fine"]).ok();
    let build = |answers: &str| {
        let (compiler, nowhere) = (desk.path("rustc"), desk.path("nowhere"));
        std::fs::write(&compiler, format!("#!/bin/sh\ncase \"$2\" in\n{answers}\nesac\n")).unwrap();
        std::fs::set_permissions(&compiler, std::fs::Permissions::from_mode(0o755)).unwrap();
        run_in(&desk.path("fine"), &[("RUSTC", &compiler), ("PATH", &nowhere)], &["policy", "build"])
    };
    let unaimed = build("target-libdir) exit 1;;");
    assert!(
        unaimed.code == 2 && unaimed.err.contains("hint: run `rustup target add wasm32-wasip2`"),
        "{}",
        unaimed.err
    );
    let unlinked = build("target-libdir) echo /;;\nsysroot) echo /nowhere;;");
    assert!(
        unlinked.code == 2 && unlinked.err.contains("hint: run `cargo install wasm-component-ld`"),
        "{}",
        unlinked.err
    );
}

/// The tutorial has the template `milestone`.
#[test]
fn every_other_template_passes_as_it_is() {
    let Some(desk) = Desk::new() else { return };
    for template in ["streak", "draw", "referral", "ladder"] {
        let name = format!("my-{template}");
        desk.largesse("", &["policy", "new", &name, "--template", template]).ok();
        desk.native_tests(&name);
        let tested = json_of(&desk.largesse(&name, &["policy", "test", "--json"]).ok());
        assert_eq!((&tested["passed"], &tested["failed"]), (&json!(1), &json!(0)), "{tested}");
        assert_eq!(tested["not_exercised"], json!({"subscriptions": [], "effects": [], "refusals": []}));
        let fuel = &tested["fuel"];
        assert!(fuel["median"].as_u64() > Some(0) && fuel["worst"].as_u64() >= fuel["median"].as_u64(), "{fuel}");
    }
}

#[test]
fn two_versions_are_measured_beside_one_another() {
    let Some(policies) = policies() else { return };
    let (one, other) = (policies.join("examples/counts_as_1.wasm"), policies.join("examples/counts_as_2.wasm"));
    let bench = run(&["policy", "bench", &one, "--against", &other, "--seconds", "1", "--cases", "50", "--json"]).ok();
    let bench = json_of(&bench);
    for policy in bench["policies"].as_array().unwrap() {
        let number = |name: &str| policy[name].as_u64().unwrap();
        assert!(number("decisions") >= number("inputs") && number("inputs") > 0, "{policy}");
        assert!(number("p99_ns") >= number("p50_ns") && number("p50_ns") > 0, "{policy}");
        assert!(number("fuel_worst") >= number("fuel_median") && number("fuel_median") > 0, "{policy}");
        assert!(number("decisions_per_second") > 0 && number("memory_bytes") > 0, "{policy}");
    }
    assert!(bench["ratios"]["fuel_median"].as_f64().unwrap() > 0.0, "{bench}");
    assert_eq!(bench["policies"].as_array().unwrap().len(), 2);
    let nothing = run(&["policy", "bench", &policies.join("examples/refuses_its_example.wasm")]);
    assert!(nothing.code == 2 && nothing.err.contains("hint: give parameters with --params"), "{}", nothing.err);
}

#[test]
fn what_cannot_be_begun_or_tested_is_told() {
    let Some(desk) = Desk::new() else { return };
    std::fs::create_dir(desk.path("taken")).unwrap();
    let taken = desk.largesse("", &["policy", "new", "taken"]);
    assert_eq!(taken.code, 2);
    assert!(taken.err.starts_with("error: cannot make taken\n  cause: it is there already\nhint: "), "{}", taken.err);
    assert_eq!(std::fs::read_dir(desk.path("taken")).unwrap().count(), 0, "nothing is written into it");
    assert_eq!(desk.largesse("", &["policy", "new", "Not a name"]).code, 2);
    let nothing = desk.largesse("taken", &["policy", "build"]);
    assert!(nothing.code == 2 && nothing.err.contains("it has no Cargo.toml"), "{}", nothing.err);
    let nothing = desk.largesse("taken", &["policy", "test"]);
    assert!(nothing.code == 2 && nothing.err.contains("there are no scenarios in scenarios"), "{}", nothing.err);
    std::fs::write(desk.path("taken/x.toml"), "title = 1").unwrap();
    std::fs::write(desk.path("taken/x.wasm"), "no component").unwrap();
    let broken = desk.largesse("taken", &["policy", "test", "x.wasm", "--scenarios", "."]);
    assert!(broken.code == 1 && broken.err.starts_with("error: the host does not take x.wasm"), "{}", broken.err);
    desk.largesse("", &["policy", "new", "fine"]).ok();
    let unbuilt = run_in(&desk.path("fine"), &[("RUSTC", Path::new("no-such-rustc"))], &["policy", "build"]);
    assert!(unbuilt.code == 2 && unbuilt.err.contains("hint: install Rust from https://rustup.rs"), "{}", unbuilt.err);
}

#[test]
fn a_pure_component_imports_nothing_and_decides_the_same() {
    let Some(desk) = Desk::new().filter(|_| has_target("wasm32-unknown-unknown")) else { return };
    desk.largesse("", &["policy", "new", "pure"]).ok();
    let built = |arguments: &[&str]| {
        let built = json_of(&desk.largesse("pure", &[&["policy", "build", "--json"], arguments].concat()).ok());
        let file = built["file"].as_str().unwrap().to_owned();
        let bytes = std::fs::read(&file).unwrap();
        (file, bytes.windows(5).any(|window| window == b"wasi:"))
    };
    let (file, has_imports) = built(&[]);
    assert!(has_imports && file.ends_with("wasm32-wasip2/release/pure.wasm"), "{file}");
    let (file, has_imports) = built(&["--pure"]);
    assert!(!has_imports && file.ends_with("wasm32-unknown-unknown/release/pure.component.wasm"), "{file}");
    let tested = desk.largesse("pure", &["policy", "test", &file]).ok();
    assert!(tested.contains("2 passed, 0 failed"), "{tested}");
}

//! A snapshot on a medium that cannot be written to, looked into by somebody who may only read.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::{events, json_of};
use crate::host::{Answer, Running, policies, program, repository};

/// Lets everybody read what is in a directory, and nobody write.
fn make_read_only(path: &Path) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { make_read_only(&path) } else { set_mode(&path, 0o444) }
    }
    set_mode(path, 0o555);
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn make_writable(path: &Path) {
    set_mode(path, 0o755);
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { make_writable(&path) } else { set_mode(&path, 0o644) }
    }
}

/// Runs the program as somebody whom permissions bind. The superuser is none, and becomes nobody for it.
fn run_bound(arguments: &[&str]) -> Answer {
    let program = program();
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = if is_root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(program.get_program());
        command.env("NO_COLOR", "1");
        command
    } else {
        program
    };
    let output = command.args(arguments).output().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_read_only_snapshot_is_verified() {
    let Some(policies) = policies() else { return };
    let mut host = Running::start();
    host.ok(&["policy", "publish", &policies.join("new_user_gift.wasm")]);
    host.ok(&["campaign", "apply", &repository("demo/campaigns/new-user-gift.toml")]);
    host.ok(&["campaign", "start", "new-user-gift"]);
    let file = host.write("events.ndjson", events().join("\n").as_bytes());
    host.ok(&["event", "send", &file]);
    // A copy of a host that runs has a log, which cannot be copied into the database there.
    let (data, copy) = (host.path("data"), host.path("copy"));
    std::fs::create_dir(&copy).unwrap();
    for name in ["largesse.db", "largesse.db-wal"] {
        std::fs::copy(format!("{data}/{name}"), format!("{copy}/{name}")).unwrap();
    }
    host.terminate();
    set_mode(Path::new(&data).parent().unwrap(), 0o755);
    [&data, &copy].into_iter().for_each(|path| make_read_only(Path::new(path)));

    let names = || {
        let mut names: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let verified = run_bound(&["ledger", "verify", "--data-dir", &data]);
    assert!(verified.out.starts_with("The books balance: "), "{verified:?}");
    let verified = run_bound(&["decision", "verify", "--data-dir", &data, "--json"]).ok();
    assert_eq!(json_of(&verified)["verified"], true);
    run_bound(&["decision", "stats", "--data-dir", &data]).ok();
    assert_eq!(names(), before, "nothing is written");

    let unfinished = run_bound(&["ledger", "verify", "--data-dir", &copy]);
    assert_eq!(unfinished.code, 1);
    assert!(unfinished.err.contains("did not stop in good order"), "{}", unfinished.err);
    assert!(unfinished.err.contains("hint: copy the directory"), "{}", unfinished.err);
    [&data, &copy].into_iter().for_each(|path| make_writable(Path::new(path)));
    let verified = crate::host::run(&["ledger", "verify", "--data-dir", &copy]).ok();
    assert!(verified.starts_with("The books balance: "), "{verified}");
}

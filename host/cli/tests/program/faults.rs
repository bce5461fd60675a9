//! Faults of the machine: each ends the host or keeps it from starting, says why, and loses nothing that was answered.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use crate::crash::Trial;
use crate::host::policies;

/// A host that has worked and was stopped in good order.
fn trial(seed: u64) -> Option<Trial> {
    let mut trial = Trial::new(seed, policies()?);
    let command = trial.host.command();
    assert!(trial.live(command).success(), "{}", trial.host.log());
    Some(trial)
}

/// The same command, in a shell that does this first.
fn after(first: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{first}; exec \"$@\""), "sh"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// Starts the host, which must refuse to run. Gives what it says.
fn refusal(trial: &mut Trial, command: Command) -> String {
    assert!(!trial.host.launch(command), "it runs");
    assert_eq!(trial.host.wait().code(), Some(1), "{}", trial.host.log());
    trial.host.log()
}

#[test]
fn a_full_disk_ends_the_host() {
    let Some(mut trial) = trial(11) else { return };
    // No file beyond 128 KiB: the log is full within a few commits.
    let command = after("trap '' XFSZ; ulimit -f 256", &trial.host.command());
    let status = trial.live(command);
    let log = trial.host.log();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("error: the host failed and has stopped") && log.contains("hint: what was answered"), "{log}");
    trial.prove();
}

#[test]
fn a_database_that_cannot_be_written_is_refused() {
    let Some(mut trial) = trial(12) else { return };
    let database = trial.data().join("largesse.db");
    let mode = |mode: u32| std::fs::set_permissions(&database, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o444);
    let mut command = trial.host.command();
    if std::fs::metadata(&database).unwrap().uid() == 0 {
        // Permissions do not bind the superuser, so somebody else owns and starts it.
        give(Path::new(&trial.host.path("")), 65_534);
        command.uid(65_534).gid(65_534);
    }
    let said = refusal(&mut trial, command);
    assert!(said.contains("attempt to write a readonly database"), "{said}");
    mode(0o644);
    trial.prove();
}

/// Gives a folder and everything in it to a user.
fn give(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).unwrap();
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| give(&entry.unwrap().path(), user));
    }
}

#[test]
fn a_damaged_database_is_never_worked_with() {
    let Some(mut trial) = trial(13) else { return };
    let database = trial.data().join("largesse.db");
    let good = std::fs::read(&database).unwrap();
    let page = 4_096;
    assert!(good.len() > 20 * page);

    let mut spoilt = good.clone();
    spoilt[page..].fill(0);
    let random = [&good[..page], &b"not a page ".repeat(good.len() / 11 - page)[..]].concat();
    for (what, bytes) in [("all pages but one", &spoilt[..]), ("noise", &random), ("a half", &good[..good.len() / 2])] {
        std::fs::write(&database, bytes).unwrap();
        let command = trial.host.command();
        let said = refusal(&mut trial, command);
        assert!(said.contains("malformed"), "{what}: {said}");
    }

    let without = |index: &str| {
        std::fs::write(&database, &good).unwrap();
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        let root: u32 = Connection::open(&database).unwrap().query_row(sql, [index], |row| row.get(0)).unwrap();
        let mut spoilt = good.clone();
        let end = root as usize * page;
        spoilt[end - page..end].fill(0);
        std::fs::write(&database, &spoilt).unwrap();
    };
    // Only lists come by this one.
    without("decisions_by_campaign");
    trial.host.restart();
    assert_eq!(trial.status_of("/v1/decisions?campaign=check-in"), Some(500));
    assert_eq!(trial.status_of("/v1/decisions"), Some(200));
    trial.host.terminate();
    // It is this one that knows which events were taken.
    without("sqlite_autoindex_events_1");
    trial.host.restart();
    assert_eq!(trial.hear(), 0, "nothing is answered from a database that is damaged");
    assert_eq!(trial.host.wait().code(), Some(1));
    assert!(trial.host.log().contains("malformed"), "{}", trial.host.log());

    std::fs::write(&database, &good).unwrap();
    trial.prove();
}

#[test]
fn a_database_that_is_gone_or_newer_is_refused() {
    let Some(mut trial) = trial(14) else { return };
    let database = trial.data().join("largesse.db");
    let good = std::fs::read(&database).unwrap();
    let command = || trial.host.command();
    let commands = [command(), command(), command()];
    let [empty, missing, newer] = commands;

    std::fs::write(&database, b"").unwrap();
    assert!(refusal(&mut trial, empty).contains("is missing or empty, but there was a database"));
    std::fs::remove_file(&database).unwrap();
    assert!(refusal(&mut trial, missing).contains("is missing or empty, but there was a database"));

    std::fs::write(&database, &good).unwrap();
    Connection::open(&database).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let said = refusal(&mut trial, newer);
    assert!(said.contains("schema version 99") && said.contains("hint: use the host that wrote it"), "{said}");

    std::fs::write(&database, &good).unwrap();
    trial.prove();
}

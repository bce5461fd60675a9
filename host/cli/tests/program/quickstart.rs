//! What `make run` and `make demo` start, as the README tells it: whatever the date is, the line that is printed works.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::json;

use super::host::{policies, program, repository, run};
use super::json_of;

/// A quickstart that is stopped in the end.
struct Quickstart(std::process::Child);

impl Drop for Quickstart {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_line_that_is_printed_gives_points() {
    let Some(policies) = policies() else { return };
    let has_curl = Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !has_curl {
        eprintln!("\n*** SKIPPED: there is no curl to run the printed line with ***\n");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Started again on the same directory, it prints a line that works as well.
    for start in 0..2 {
        let mut command = program();
        command.args(["quickstart", "--listen", "127.0.0.1:0", "--dir"]).arg(folder.path().join("quick"));
        command.args(["--plugins", &policies.join(""), "--campaigns", &repository("demo/campaigns")]);
        let mut host = Quickstart(command.stdout(Stdio::piped()).spawn().unwrap());
        let lines = BufReader::new(host.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut greeting: Vec<String> = Vec::new();
        for line in lines {
            let last = line.contains("Ctrl-C stops the host.");
            greeting.push(line);
            if last {
                break;
            }
        }
        let is_curl = |line: &&String| line.starts_with("curl ") || line.starts_with("  -");
        let line: Vec<&str> = greeting.iter().filter(is_curl).map(String::as_str).collect();
        assert!(line.len() > 2, "{greeting:?}");
        let answer = Command::new("sh").arg("-c").arg(line.join("\n")).output().unwrap();
        let answer = json_of(&String::from_utf8(answer.stdout).unwrap());
        // Alice is welcomed once.
        let verdict = if start == 0 { json!("accepted") } else { answer["decisions"][0]["verdict"].clone() };
        assert_eq!((&answer["status"], &answer["decisions"][0]["verdict"]), (&json!("admitted"), &verdict), "{answer}");
        assert_eq!(answer["decisions"][0]["campaign"], "new-user-gift", "{answer}");
    }
}

#[test]
fn the_demonstration_shows_what_its_page_says() {
    let Some(policies) = policies() else { return };
    let text = run(&[
        "demo",
        "--plugins",
        &policies.join(""),
        "--campaigns",
        &repository("demo/campaigns"),
        "--events",
        &repository("demo/day.ndjson"),
    ])
    .ok();
    let page = std::fs::read_to_string(repository("docs/demo.md")).unwrap();
    let (_, told) = page.split_once("== demo: demo/day.ndjson into ").unwrap();
    // What the chests of check-in give is chance, and how fast it all went is another time each time.
    let stays = |line: &&str| {
        ["invite-for-credit", "new-user-gift", "sign-up-rebate", "cash:CNY"].iter().any(|start| line.starts_with(start))
    };
    let expected: Vec<&str> = told.split("```").next().unwrap().lines().skip(1).filter(stays).collect();
    assert!(expected.len() > 15, "{expected:?}");
    for line in expected {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

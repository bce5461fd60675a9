//! `largesse dev`: what an author sees after each change.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use super::author::Desk;
use super::host::{program, run};
use super::json_of;

/// How long a change may take to show: the first build compiles what policies are built with.
const PATIENCE: Duration = Duration::from_secs(300);

/// The command while it runs.
struct Dev {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Dev {
    fn start(desk: &Desk, folder: &str) -> Self {
        let mut command = program();
        command.args(["dev"]).current_dir(desk.path(folder)).env("CARGO_TARGET_DIR", &desk.target);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (to_here, lines) = mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| to_here.send(line)));
        Self { child, lines }
    }

    /// What it says up to a line that begins like this.
    fn until(&self, start: &str) -> String {
        let mut said = String::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{error} after {said}"));
            said.push_str(&line);
            said.push('\n');
            if line.trim_start().starts_with(start) {
                return said;
            }
        }
    }

    /// What it says of one change.
    fn round(&self) -> String {
        self.until("in all")
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // A test that fails leaves it running otherwise.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_change_is_built_checked_tested_and_reloaded() {
    let Some(desk) = Desk::new() else { return };
    desk.largesse("", &["policy", "new", "live-orders"]).ok();
    // The configuration of a host may lie there, and is no campaign.
    std::fs::write(desk.path("live-orders/largesse.toml"), "listen = \"127.0.0.1:0\"\n").unwrap();
    let mut dev = Dev::start(&desk, "live-orders");
    let greeting = dev.until("export ");
    let value = |name: &str| greeting.split_once(name).unwrap().1.split_whitespace().next().unwrap().to_owned();
    let (server, token) = (value("LARGESSE_SERVER="), value("LARGESSE_TOKEN="));
    let on_host =
        |arguments: &[&str]| run(&[arguments, &["--server", &server, "--token", &token, "--json"]].concat()).ok();
    let active = || {
        let shown = json_of(&on_host(&["campaign", "show", "live-orders"]));
        (shown["lifecycle"].clone(), shown["active"]["policy"].clone())
    };
    let first = dev.round();
    assert!(first.contains("live-orders@0.1.0") && first.contains("decides in live-orders"), "{first}");
    assert!(first.contains("2 passed, 0 failed") && first.contains(&format!("ready at {server}")), "{first}");
    let (lifecycle, policy) = active();
    assert_eq!(lifecycle, json!("running"));

    let source = "live-orders/src/lib.rs";
    desk.edit(source, "fn refunded(input", "fn refunded(inputs");
    let broken = dev.round();
    let top = broken.trim_start().lines().find(|line| line.starts_with("error")).unwrap_or_default();
    assert!(top.contains("cannot find value `input`"), "{broken}");
    assert!(broken.contains("build") && broken.contains("failed") && !broken.contains("scenarios"), "{broken}");

    desk.edit(source, "fn refunded(inputs", "fn refunded(input");
    desk.edit(source, "format!(\"orders/{}\"", "format!(\"paid/{}\"");
    let wrong = dev.round();
    assert!(wrong.trim_start().starts_with("FAIL  scenarios/first-and-third-order.toml: "), "{wrong}");
    assert!(wrong.contains("+ 20 points to u1 (paid/1)") && wrong.contains("as it was at"), "{wrong}");
    assert_eq!(active().1, policy, "what fails is not loaded");

    desk.edit(source, "format!(\"paid/{}\"", "format!(\"orders/{}\"");
    desk.edit("live-orders/Cargo.toml", "version = \"0.1.0\"", "version = \"0.2.0\"");
    let mended = dev.round();
    assert!(mended.contains("live-orders@0.2.0") && mended.contains("decides in live-orders"), "{mended}");
    assert_ne!(active().1, policy);

    Command::new("kill").args(["-TERM", &dev.child.id().to_string()]).status().unwrap();
    assert!(dev.child.wait().unwrap().success());
    let nothing = desk.largesse("", &["dev"]);
    assert!(nothing.code == 2 && nothing.err.contains("it has no Cargo.toml"), "{}", nothing.err);
}

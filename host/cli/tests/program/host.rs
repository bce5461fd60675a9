//! Runs the program: short commands, and a host in a directory of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

/// What a command gave.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    /// Its standard output, when it succeeded.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }
}

/// The program, with no configuration from outside.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_largesse"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LARGESSE_")) {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Answer {
    run_with_input(arguments, b"")
}

/// Runs a command to its end, with this on standard input.
pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Answer {
    finish(program(), arguments, input)
}

/// Runs a command to its end, in a folder and with these variables.
pub(crate) fn run_in(folder: &Path, variables: &[(&str, &Path)], arguments: &[&str]) -> Answer {
    let mut command = program();
    command.current_dir(folder).envs(variables.iter().copied());
    finish(command, arguments, b"")
}

fn finish(mut command: Command, arguments: &[&str], input: &[u8]) -> Answer {
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that does not read its input may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    root.join(path).to_str().unwrap().to_owned()
}

/// Where the compiled policies are.
pub(crate) struct Policies(PathBuf);

impl Policies {
    pub(crate) fn join(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

/// The compiled policies; nothing when they are not built, which is said.
pub(crate) fn policies() -> Option<Policies> {
    // The program is in target/<profile>/.
    let target = Path::new(env!("CARGO_BIN_EXE_largesse")).ancestors().nth(2).unwrap();
    let folder = target.join("wasm32-wasip2/guest");
    let all = [
        "check_in.wasm",
        "invite_for_credit.wasm",
        "new_user_gift.wasm",
        "sign_up_rebate.wasm",
        "examples/sets_timers.wasm",
        "examples/counts_as_1.wasm",
        "examples/counts_as_2.wasm",
        "examples/counts_as_3.wasm",
        "examples/counts_as_4.wasm",
        "examples/storms.wasm",
    ];
    let missing: Vec<_> = all.iter().filter(|name| !folder.join(name).exists()).collect();
    if missing.is_empty() {
        return Some(Policies(folder));
    }
    eprintln!("\n*** SKIPPED: {missing:?} not in {}; run `make plugins guests` first ***\n", folder.display());
    None
}

/// A host in a directory of its own. It runs, or has stopped, or was killed.
pub(crate) struct Running {
    folder: TempDir,
    token: String,
    address: String,
    child: Option<Child>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Running {
    /// Starts a host on a free port, with one token that may do everything.
    pub(crate) fn start() -> Self {
        let mut host = Self::new();
        host.restart();
        host
    }

    /// A host that was never started.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let new = ["token", "new", "--name", "test", "--role", "ingest", "--role", "admin", "--backfill"];
        let made = run(&new).ok();
        let (token, configuration) = made.split_once("\n\n").unwrap();
        // Nothing balances between several of them.
        let first = "listen = \"127.0.0.1:0\"\nshutdown.drain_seconds = 0\n";
        std::fs::write(folder.path().join("largesse.toml"), format!("{first}{configuration}")).unwrap();
        Self { token: token.to_owned(), folder, address: String::new(), child: None, log: Arc::default() }
    }

    /// Adds lines to its configuration.
    pub(crate) fn configure(&self, lines: &str) {
        let path = self.path("largesse.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{text}\n{lines}\n")).unwrap();
    }

    /// Starts it again.
    pub(crate) fn restart(&mut self) {
        let command = self.command();
        assert!(self.launch(command), "the host says where it listens: {}", self.log());
    }

    /// What starts it.
    pub(crate) fn command(&self) -> Command {
        let mut command = program();
        command.args(["serve", "--log-format", "json", "--config", &self.path("largesse.toml")]);
        command.args(["--data-dir", &self.path("data")]);
        command
    }

    /// Starts it with this command, and waits until it listens. Says whether it does, or has ended before.
    pub(crate) fn launch(&mut self, command: Command) -> bool {
        let lines = self.spawn(command);
        loop {
            // It has ended, and with it its log; whoever waits for it learns how.
            let Ok(line) = lines.recv_timeout(Duration::from_secs(60)) else { return false };
            let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(address) = line["fields"]["address"].as_str() {
                address.clone_into(&mut self.address);
                return true;
            }
        }
    }

    /// Starts it with this command. Gives the lines of its log.
    pub(crate) fn spawn(&mut self, mut command: Command) -> mpsc::Receiver<String> {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        self.child = Some(child);
        self.log = Arc::default();
        let kept = Arc::clone(&self.log);
        let (to_here, lines) = mpsc::channel();
        // Read to its end, so that the host never waits for room.
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line.clone());
                let _ = to_here.send(line);
            }
        });
        lines
    }

    /// What it has logged since its last start.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Asks it to stop. Whether it is there to hear it is not asked.
    pub(crate) fn ask_to_stop(&self) {
        self.signal("-TERM");
    }

    /// Kills it at once, as a loss of power would.
    pub(crate) fn kill(&self) {
        self.signal("-KILL");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        Command::new("kill").args([signal, &id]).stderr(Stdio::null()).status().unwrap();
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.take().unwrap().wait().unwrap()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn terminate(&mut self) {
        self.ask_to_stop();
        let status = self.wait();
        assert!(status.success(), "the host stops in good order: {status}\n{}", self.log());
    }

    /// Its address.
    pub(crate) fn server(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token that may do everything.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A path in its directory.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file into its directory. Gives the path.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// Runs a command against it, with this on standard input.
    pub(crate) fn with_input(&self, arguments: &[&str], input: &[u8]) -> Answer {
        let server = self.server();
        let all = [arguments, &["--server", &server, "--token", &self.token]].concat();
        run_with_input(&all, input)
    }

    /// Runs a command against it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Answer {
        self.with_input(arguments, b"")
    }

    /// Runs a command against it that must succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        self.run(arguments).ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // A test that fails leaves its host running otherwise.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

//! The tutorial for authors: its blocks are done in their order, and its commands run in a shell exactly as they are printed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::author::Desk;
use super::host::{program, repository};

/// How long a command may take: the first build compiles what policies are built with.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long the host may take to listen.
const START: Duration = Duration::from_secs(60);
/// What a shell says when a block is done.
const DONE: &str = "--- done";

/// A block of the tutorial.
struct Block<'a> {
    /// What stands behind the fence, such as `sh` or `diff src/lib.rs`.
    kind: &'a str,
    text: &'a str,
}

fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let fenced = text.split("\n```").skip(1).step_by(2);
    fenced.map(|block| {
        let (kind, text) = block.split_once('\n').expect("a block has lines");
        Block { kind, text }
    })
}

/// A shell in which one block is run after another.
struct Shell {
    child: Child,
    input: ChildStdin,
    lines: mpsc::Receiver<String>,
}

impl Shell {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, out) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (to_here, lines) = mpsc::channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| to_here.send(line)));
        writeln!(input, "exec 2>&1; trap 'failed=yes' ERR").unwrap();
        Self { child, input, lines }
    }

    /// Runs a block. Gives what it said, and whether a command of it failed.
    fn run(&mut self, block: &str) -> (String, bool) {
        writeln!(self.input, "failed=no\n{block}\necho; echo {DONE} $failed").unwrap();
        let mut said = String::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{error} after {said}"));
            if let Some(failed) = line.strip_prefix(DONE) {
                return (said, failed.trim() == "yes");
            }
            said.push_str(&line);
            said.push('\n');
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // The host is a child of its shell, which a test that fails leaves behind otherwise.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}

/// A shell of the tutorial: in a group of its own, with the program on its path and a host of its own at this address.
fn shell(desk: &Desk, address: &str) -> Shell {
    let largesse = program();
    let folder = std::path::Path::new(largesse.get_program()).parent().unwrap();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&paths))).unwrap();
    let mut command = Command::new("bash");
    for (name, _) in largesse.get_envs().filter(|(_, value)| value.is_none()) {
        command.env_remove(name);
    }
    command.current_dir(desk.path("")).env("PATH", path).env("NO_COLOR", "1").env_remove("CARGO_TARGET_DIR");
    command.env("LARGESSE_LISTEN", address).env("LARGESSE_SERVER", format!("http://{address}"));
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Shell::start(command)
}

/// Changes a file as a block says: lines with `-` and without a sign are looked for, lines with `+` take their place.
fn change(desk: &Desk, file: &str, block: &str) {
    let lines = |sign: char| -> String {
        let of = |line: &&str| line.starts_with(sign) || line.starts_with(' ');
        block.lines().filter(of).map(|line| format!("{}\n", &line[1..])).collect()
    };
    let path = desk.path("spring-orders").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let before = lines('-');
    assert!(text.contains(&before), "{file} has not\n{before}\n{text}");
    std::fs::write(path, text.replace(&before, &lines('+'))).unwrap();
}

#[test]
fn the_tutorial_leads_from_nothing_to_a_canary() {
    let Some(desk) = Desk::new() else { return };
    let text = std::fs::read_to_string(repository("docs/authors/tutorial.md")).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (mut author, mut host) = (shell(&desk, &address), None);
    let mut said = String::new();
    for Block { kind, text } in blocks(&text) {
        match kind.split_once(' ').unwrap_or((kind, "")) {
            ("sh", "host") => host = Some(serve(shell(&desk, &address), text, &address)),
            ("sh", how) => {
                let (now, failed) = author.run(text);
                assert_eq!(failed, how == "fails", "$ {text}\n{now}");
                said = now;
                // What all tests build, they build in one place.
                let target = desk.path("spring-orders/target");
                if !target.exists() {
                    std::fs::create_dir_all(&desk.target).unwrap();
                    symlink(&desk.target, target).unwrap();
                }
            }
            ("diff", file) => change(&desk, file, text),
            ("", "") => {
                // What stands in columns has other blanks between them.
                let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(words(&said).contains(&words(text)), "the tutorial shows\n{text}\nand this came:\n{said}");
            }
            (kind, how) => panic!("nobody knows what to do with a block of {kind} {how}"),
        }
    }
    assert!(host.is_some(), "the tutorial starts a host");
    let scenario = |folder: &str| std::fs::read_to_string(format!("{folder}/scenarios/refund.toml")).unwrap();
    assert_eq!(scenario(desk.path("spring-orders").to_str().unwrap()), scenario(&repository("templates/milestone")));
    let xml = std::fs::read_to_string(desk.path("spring-orders/results.xml")).unwrap();
    assert!(xml.contains("<testsuites tests=\"2\" failures=\"0\">"), "{xml}");
}

/// Starts the host, whose shell is busy with it from then on, and waits until it listens.
fn serve(mut shell: Shell, block: &str, address: &str) -> Shell {
    writeln!(shell.input, "{block}").unwrap();
    let started = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        assert!(started.elapsed() < START, "the host listens: {:?}", shell.lines.try_iter().collect::<Vec<_>>());
        std::thread::sleep(Duration::from_millis(50));
    }
    shell
}

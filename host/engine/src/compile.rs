//! Compiling a component, in a child process that cannot take the host with it.
//!
//! A small hostile component can keep a compiler busy for a minute or make it ask for gigabytes, and a process that runs
//! out of memory aborts. So the compiler runs in a child of our own binary which first limits itself.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use largesse_domain::limits::{ADDRESS_SPACE_BYTES_MAX, ARTEFACT_BYTES_MAX, STDERR_BYTES_MAX};

use crate::allowance::Allowance;
use crate::contract::{self, ContractVersion};
use crate::inspect::inspect;

/// How often the host looks whether the child is done.
const POLL_EVERY: Duration = Duration::from_millis(2);

/// The child's exit code for a component that the compiler refuses.
pub(crate) const EXIT_REFUSED: u8 = 10;
/// The child's exit code for a limit of memory that it noticed itself.
pub(crate) const EXIT_MEMORY: u8 = 11;

/// Why a component was not compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// More bytes than a component may have.
    #[error("the component has {bytes} bytes, at most {max} are taken")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The largest size in bytes.
        max: usize,
    },
    /// Not a component.
    #[error("this is {found}, not a WebAssembly component")]
    NotAComponent {
        /// What it is instead.
        found: &'static str,
    },
    /// A component that cannot be read to its end.
    #[error("the component cannot be read: {detail}")]
    Unreadable {
        /// What is wrong, and at which offset.
        detail: String,
    },
    /// It does not export the contract.
    #[error("the component does not export `largesse:policy/policy`; this host takes contract {}", contract::taken())]
    NoContract,
    /// It keeps another version of the contract.
    #[error("the component has contract {found}, this host takes {}: {}", contract::taken(), contract::advice(found))]
    WrongContract {
        /// The component's version.
        found: String,
    },
    /// It imports something that the host does not give.
    #[error("the component imports `{name}`, which this host does not give")]
    ForeignImport {
        /// The name of the import.
        name: String,
    },
    /// It breaks a rule of shape.
    #[error("the component has a shape that is not taken: {rule}")]
    Shape {
        /// What it does.
        rule: String,
    },
    /// The compiler refuses it.
    #[error("the compiler refuses the component: {detail}")]
    Refused {
        /// The compiler's words.
        detail: String,
    },
    /// It takes longer to compile than is given.
    #[error("compiling took longer than {limit}")]
    OutOfTime {
        /// Which time ran out.
        limit: &'static str,
    },
    /// It takes more memory to compile than is given.
    #[error("compiling needs more memory than the {} MiB that are given", ADDRESS_SPACE_BYTES_MAX >> 20)]
    OutOfMemory,
    /// Its machine code is larger than is accepted.
    #[error("the component compiles to more than the {} MiB of machine code that are accepted", ARTEFACT_BYTES_MAX >> 20)]
    ArtefactTooLarge,
    /// The compiler could not be run, or died. Not the component's doing as far as is known.
    #[error("the compiler failed: {detail}")]
    Failed {
        /// What is known.
        detail: String,
    },
}

/// Compiles components, one at a time.
#[derive(Clone, Debug)]
pub struct Compiler {
    means: Means,
    allowance: Allowance,
    turn: Arc<Mutex<()>>,
}

#[derive(Clone, Debug)]
enum Means {
    Child {
        program: PathBuf,
        args: Vec<String>,
    },
    #[cfg(feature = "testing")]
    InProcess,
}

impl Compiler {
    /// Compiles in a child: `program`, run with `args`, must call [`compile_child_main`](crate::compile_child_main).
    #[must_use]
    pub fn child(program: PathBuf, args: Vec<String>) -> Self {
        Self { means: Means::Child { program, args }, allowance: Allowance::default(), turn: Arc::default() }
    }

    /// Compiles in this process, without limits. For tests, whose components are their own.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn in_process() -> Self {
        Self { means: Means::InProcess, allowance: Allowance::default(), turn: Arc::default() }
    }

    /// Takes these components instead of those of compiled languages.
    #[must_use]
    pub fn allowing(self, allowance: Allowance) -> Self {
        Self { allowance, ..self }
    }

    /// Checks the component without compiling it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn inspect(&self, component: &[u8]) -> Result<ContractVersion, CompileError> {
        inspect(component, self.allowance)
    }

    /// Checks the component and compiles it. Waits while another thread compiles.
    ///
    /// # Errors
    /// Any of [`CompileError`].
    pub(crate) fn compile(&self, component: &[u8]) -> Result<Vec<u8>, CompileError> {
        self.inspect(component)?;
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        match &self.means {
            Means::Child { program, args } => {
                let mut command = Command::new(program);
                command.args(args).args(self.allowance.argument()).env_clear();
                run(command, component, self.allowance.wall_max(), self.allowance)
            }
            #[cfg(feature = "testing")]
            Means::InProcess => crate::child::compile(component)
                .map_err(|error| CompileError::Refused { detail: crate::child::describe(&error) }),
        }
    }
}

fn failed(what: &str, error: &io::Error) -> CompileError {
    CompileError::Failed { detail: format!("{what}: {error}") }
}

fn run(mut command: Command, component: &[u8], wall: Duration, allowance: Allowance) -> Result<Vec<u8>, CompileError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed("cannot start the compile child", &error))?;
    let (stdin, stdout, stderr) = match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(stdin), Some(stdout), Some(stderr)) => (stdin, stdout, stderr),
        _ => return Err(CompileError::Failed { detail: "the compile child has no pipes".to_owned() }),
    };
    thread::scope(|scope| {
        // A child that dies early closes its end; what it says and how it ends tell why.
        scope.spawn(move || {
            let mut stdin = stdin;
            let _closed_early = stdin.write_all(component);
        });
        // One byte more tells that there is more.
        let artefact = scope.spawn(move || read_bounded(stdout, ARTEFACT_BYTES_MAX + 1));
        let said = scope.spawn(move || read_bounded(stderr, STDERR_BYTES_MAX));
        let ended = wait(&mut child, wall);
        let artefact = artefact.join().unwrap_or_default();
        let said = said.join().unwrap_or_default();
        match ended.map_err(|error| failed("cannot wait for the compile child", &error))? {
            None => Err(CompileError::OutOfTime { limit: allowance.times().0 }),
            Some(_) if artefact.len() > ARTEFACT_BYTES_MAX => Err(CompileError::ArtefactTooLarge),
            Some(status) if status.success() && !artefact.is_empty() => Ok(artefact),
            Some(status) => Err(explain(status, &String::from_utf8_lossy(&said), allowance)),
        }
    })
}

/// Waits for the end of the child; `None` when it had to be killed.
fn wait(child: &mut Child, wall: Duration) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + wall;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL_EVERY);
    }
}

/// Reads to the end and keeps the first `max` bytes.
fn read_bounded(mut from: impl Read, max: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return kept,
            Ok(read) => {
                let room = max - kept.len();
                kept.extend_from_slice(&chunk[..read.min(room)]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return kept,
        }
    }
}

fn explain(status: ExitStatus, said: &str, allowance: Allowance) -> CompileError {
    use std::os::unix::process::ExitStatusExt as _;

    /// Numbers that Linux and POSIX fix.
    const SIGABRT: i32 = 6;
    const SIGKILL: i32 = 9;
    const SIGXCPU: i32 = 24;

    let said = said.trim();
    match (status.code(), status.signal()) {
        (Some(code), _) if code == i32::from(EXIT_REFUSED) => CompileError::Refused { detail: said.to_owned() },
        (Some(code), _) if code == i32::from(EXIT_MEMORY) => CompileError::OutOfMemory,
        (_, Some(SIGXCPU | SIGKILL)) => CompileError::OutOfTime { limit: allowance.times().1 },
        (_, Some(SIGABRT)) if said.contains("memory allocation of") => CompileError::OutOfMemory,
        _ => CompileError::Failed { detail: format!("{status}: {said}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn how_a_child_ends_tells_why() {
        let run = |script: &str| run(shell(script), b"bytes", Duration::from_secs(5), Allowance::Compiled);
        assert_eq!(run("cat"), Ok(b"bytes".to_vec()));
        assert_eq!(run("echo no >&2; exit 10"), Err(CompileError::Refused { detail: "no".to_owned() }));
        assert_eq!(run("exit 11"), Err(CompileError::OutOfMemory));
        let allocation = "echo memory allocation of 9 bytes failed >&2; kill -ABRT $$";
        assert_eq!(run(allocation), Err(CompileError::OutOfMemory));
        assert_eq!(run("kill -XCPU $$"), Err(CompileError::OutOfTime { limit: "20 s of processor time" }));
        assert!(matches!(run("true"), Err(CompileError::Failed { .. })));
        assert!(matches!(run("exit 1"), Err(CompileError::Failed { .. })));
    }

    #[test]
    fn a_child_is_told_what_it_is_allowed() {
        let compiler = Compiler::child("/bin/echo".into(), vec!["compile".to_owned()]);
        let policy = r#"(component (instance $i) (export "largesse:policy/policy@0.1.0" (instance $i)))"#;
        let policy = wat::parse_str(policy).unwrap();
        assert_eq!(compiler.compile(&policy), Ok(b"compile\n".to_vec()));
        let compiler = compiler.allowing(Allowance::Interpreters);
        assert_eq!(compiler.compile(&policy), Ok(b"compile interpreters\n".to_vec()));
    }

    #[test]
    fn a_child_that_hangs_is_killed() {
        let started = Instant::now();
        let ended = run(shell("exec sleep 20"), b"", Duration::from_millis(50), Allowance::Compiled);
        assert_eq!(ended, Err(CompileError::OutOfTime { limit: "30 s" }));
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_talkative_child_is_bounded() {
        let ended =
            run(shell("yes x | head -c 1000000 >&2; exit 10"), b"", Duration::from_secs(10), Allowance::Compiled);
        let Err(CompileError::Refused { detail }) = ended else { panic!("{ended:?}") };
        assert!(detail.len() <= STDERR_BYTES_MAX);
    }

    #[test]
    fn an_artefact_is_bounded() {
        let run = |bytes: usize| {
            let script = format!("head -c {bytes} /dev/zero");
            run(shell(&script), b"", Duration::from_secs(60), Allowance::Compiled)
        };
        assert_eq!(run(ARTEFACT_BYTES_MAX).map(|artefact| artefact.len()), Ok(ARTEFACT_BYTES_MAX));
        assert_eq!(run(ARTEFACT_BYTES_MAX + 1), Err(CompileError::ArtefactTooLarge));
    }

    #[test]
    fn a_program_that_is_not_there_is_said() {
        let compiler = Compiler::child("/nowhere/largesse".into(), Vec::new());
        let policy =
            wat::parse_str(r#"(component (instance $i) (export "largesse:policy/policy@0.1.0" (instance $i)))"#);
        let failed = compiler.compile(&policy.unwrap()).unwrap_err();
        assert!(failed.to_string().contains("cannot start the compile child"), "{failed}");
    }
}

//! The compile child, for real: this program runs itself as the child. It has no test harness, whose words on standard
//! output would mix with the artefact.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::process::ExitCode;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use largesse_domain::decision::Output;
use largesse_engine::{
    CompileError, Compiler, HostKey, Job, LoadError, Pace, Workers, WorkersConfig, compile_child_main,
};

use common::{guest, input};

const CHILD: &str = "compile-child";

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some(CHILD) {
        return compile_child_main();
    }
    let tests: [(&str, fn()); 5] = [
        ("a_child_compiles_what_a_worker_runs", a_child_compiles_what_a_worker_runs),
        ("compiled_code_is_kept_and_authenticated", compiled_code_is_kept_and_authenticated),
        ("what_the_compiler_refuses_is_said", what_the_compiler_refuses_is_said),
        ("a_small_component_takes_little_memory", a_small_component_takes_little_memory),
        ("a_bomb_goes_off_in_the_child", a_bomb_goes_off_in_the_child),
    ];
    println!("running {} tests", tests.len());
    for (name, test) in &tests {
        test();
        println!("test {name} ... ok");
    }
    println!("\ntest result: ok. {} passed; 0 failed; 0 ignored", tests.len());
    ExitCode::SUCCESS
}

fn compiler() -> Compiler {
    Compiler::child(std::env::current_exe().unwrap(), vec![CHILD.to_owned()])
}

fn workers(compiler: Compiler, cache: Option<&Path>) -> Workers {
    let cache_dir = cache.map(|path| Dir::open_ambient_dir(path, ambient_authority()).unwrap());
    let host_key = HostKey::from_bytes([9; 32]);
    Workers::new(WorkersConfig { workers: 1.try_into().unwrap(), compiler, cache_dir, host_key, pace: Pace::LIVE })
        .unwrap()
}

fn decides(workers: &Workers, component: &[u8]) {
    let policy = workers.load(component).unwrap();
    let evaluations = workers.decide_all(vec![Job { policy, input: input("u1", "{}", 7) }]);
    assert!(matches!(evaluations[0].output, Output::Proposal(_)), "{:?}", evaluations[0].output);
}

fn a_child_compiles_what_a_worker_runs() {
    decides(&workers(compiler(), None), &guest("panics"));
}

fn compiled_code_is_kept_and_authenticated() {
    let place = tempfile::tempdir().unwrap();
    let component = guest("panics");
    decides(&workers(compiler(), Some(place.path())), &component);
    let files: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };

    let no_compiler = || Compiler::child("/nowhere/largesse".into(), Vec::new());
    decides(&workers(no_compiler(), Some(place.path())), &component);

    let mut content = std::fs::read(file).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    std::fs::write(file, content).unwrap();
    let refused = workers(no_compiler(), Some(place.path())).load(&component).unwrap_err();
    assert!(matches!(refused, LoadError::Compile(CompileError::Failed { .. })), "{refused}");
    decides(&workers(compiler(), Some(place.path())), &component);
    assert!(file.exists(), "what was thrown away is compiled and kept again");
}

fn what_the_compiler_refuses_is_said() {
    // Its shape is right, its types are wrong.
    let component = wat::parse_str(
        r#"(component
            (core module (func (result i32) i64.const 1))
            (instance $i)
            (export "largesse:policy/policy@0.1.0" (instance $i)))"#,
    );
    let refused = workers(compiler(), None).load(&component.unwrap()).unwrap_err();
    let LoadError::Compile(CompileError::Refused { detail }) = &refused else { panic!("{refused}") };
    assert!(detail.contains("type mismatch"), "{detail}");
    // Valid, but without the functions.
    let component =
        wat::parse_str(r#"(component (instance $i) (export "largesse:policy/policy@0.1.0" (instance $i)))"#);
    let refused = workers(compiler(), None).load(&component.unwrap()).unwrap_err();
    assert!(
        matches!(&refused, LoadError::Unfit { detail } if detail.contains("has no function `describe`")),
        "{refused}"
    );
}

/// Two segments at the ends of a memory, or a large table: their images would be thousands of times as large as the component.
fn a_small_component_takes_little_memory() {
    let segments = r#"(memory 256) (data (i32.const 0) "a") (data (i32.const 16777215) "b")"#;
    let table = "(func $f) (table 20000 funcref (ref.func $f))";
    let component = |module: &str, times: usize| {
        let modules = format!("(core module {module})").repeat(times);
        let text =
            format!(r#"(component {modules} (instance $i) (export "largesse:policy/policy@0.1.0" (instance $i)))"#);
        wat::parse_str(text).unwrap()
    };
    let workers = workers(compiler(), None);
    let before = memory_kib();
    for bytes in [component(segments, 2), component(table, 8)] {
        assert!(bytes.len() < 1_024, "{}", bytes.len());
        let refused = workers.load(&bytes).unwrap_err();
        assert!(matches!(&refused, LoadError::Unfit { .. }), "{refused}");
    }
    let grown = memory_kib() - before;
    println!("note: the host grew by {grown} KiB");
    assert!(grown < 32 * 1024, "the host grew by {grown} KiB");
}

/// The most memory that this process has used, in KiB.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A component within the rules of shape that keeps the compiler busy for longer, or takes more memory, than it is given.
fn a_bomb_goes_off_in_the_child() {
    if std::env::var_os("LARGESSE_FULL_TESTS").is_none() {
        println!("note: the compile bomb takes 20 s; set LARGESSE_FULL_TESTS to run it");
        return;
    }
    let locals = "(local i32)".repeat(990);
    let branch =
        |number: usize| format!("local.get {} if i32.const 1 local.set {} end ", number % 990, (number * 7) % 990);
    let branches: String = (0..6_000).map(branch).collect();
    let functions = format!("(func {locals} {branches})").repeat(200);
    let text = format!(
        r#"(component (core module {functions}) (instance $i) (export "largesse:policy/policy@0.1.0" (instance $i)))"#
    );
    let component = wat::parse_str(text).unwrap();
    println!("note: a bomb of {} bytes", component.len());
    let refused = workers(compiler(), None).load(&component).unwrap_err();
    let LoadError::Compile(CompileError::OutOfTime { .. } | CompileError::OutOfMemory) = refused else {
        panic!("{refused}")
    };
}

//! Attacks the real program, one attack at a time, beside a caller that behaves well, while two threads keep the processors busy. These
//! threads and the attackers have a lower priority: attackers have processors of their own elsewhere, and shall not win by taking the host's.
//!
//! Each attack has a host of its own, begun from a copy of one data directory. A verdict has five marks: the caller's 99th percentile,
//! that the caller is served, that nothing that was accepted is lost or decided otherwise, memory, and that no answer says that the host
//! has failed. At the end of each attack the host must stop in order, with books that balance and an unbroken chain of decisions.

mod client;
mod host;
mod caller;
mod memory;
mod field;
mod verdict;
mod attacks;

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};

use attacks::{ATTACKS, Attack};
use caller::Calls;
use field::Field;
use host::{Ground, Host};
use memory::Memory;
use verdict::Verdict;

/// How long things take, in the short form and in the long.
#[derive(Clone, Copy)]
struct Times {
    calm: Duration,
    attack: Duration,
}

const SHORT: Times = Times { calm: Duration::from_millis(600), attack: Duration::from_millis(2_000) };
const LONG: Times = Times { calm: Duration::from_secs(5), attack: Duration::from_secs(15) };

/// Priorities: the higher, the less of a processor.
const ATTACKERS_NICE: i32 = 5;
const SPINNERS_NICE: i32 = 10;

/// Runs the attacks that are named, or all; with `--short` each for two seconds. The code says whether the host withstood them.
///
/// # Errors
/// When the program or a guest is not built, or a host does not start.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    let (flags, named): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| argument.starts_with("--"));
    let times = match flags[..] {
        [] => LONG,
        [flag] if flag == "--short" => SHORT,
        _ => bail!("usage: siege [--short] [ATTACK...]"),
    };
    let known = |name: &&&String| ATTACKS.iter().any(|attack| attack.name == name.as_str());
    if let Some(name) = named.iter().find(|name| !known(name)) {
        let names: Vec<&str> = ATTACKS.iter().map(|attack| attack.name).collect();
        bail!("there is no attack {name}; there are {}", names.join(", "));
    }
    // Thousands of sockets are opened on both sides.
    let (_, most) = rlimit::Resource::NOFILE.get()?;
    rlimit::Resource::NOFILE.set(most, most)?;
    let over = AtomicBool::new(false);
    let ground = Ground::prepare()?;
    println!("{}", verdict::HEAD);
    let missed = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| spin(&over));
        }
        let wanted = ATTACKS.iter().filter(|attack| named.is_empty() || named.iter().any(|name| *name == attack.name));
        let missed = wanted.map(|attack| under(attack, &ground, times)).filter(|missed| !matches!(missed, Ok(false)));
        let missed: Result<Vec<bool>> = missed.collect();
        over.store(true, Ordering::Relaxed);
        missed
    })?;
    if missed.is_empty() {
        println!("\nThe host withstood every attack.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nMarks were missed in {} of the attacks.", missed.len());
    Ok(ExitCode::FAILURE)
}

/// Lowers the priority of this thread, and of those that it starts.
fn step_back(nice: i32) {
    // SAFETY: the call takes numbers alone. Process 0 is this thread, as Linux has it. Where it fails the priority stays.
    let _stays = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) };
}

/// Keeps a processor as busy as other programs on the machine would.
fn spin(over: &AtomicBool) {
    step_back(SPINNERS_NICE);
    let mut turns = 0_u64;
    while !over.load(Ordering::Relaxed) {
        for _ in 0..100_000 {
            turns = black_box(turns.wrapping_add(1));
        }
    }
}

/// Starts a host, calls it in calm and under the attack, and prints the verdict. Returns whether a mark was missed.
fn under(attack: &Attack, ground: &Ground, times: Times) -> Result<bool> {
    let mut host = Host::start(ground)?;
    let calm = calls(&host, "calm", times.calm, || Ok(()))?;
    let memory = Memory::watch(host.id());
    let field = Field::new(&host, times.attack);
    let attacked = calls(&host, "attack", times.attack, || (attack.run)(&field))?;
    let reached = memory.stop();
    let answers = field.into_answers();
    let lost = caller::lost(&host, &calm).saturating_add(caller::lost(&host, &attacked));
    let ended = host.end();
    let verdict = Verdict { name: attack.name, calm, attacked, reached, answers, lost, ended };
    println!("{verdict}");
    Ok(!verdict.missed().is_empty())
}

/// Calls the host for at least so long, and until what is done beside it has come to its end.
fn calls(host: &Host, round: &str, time: Duration, beside: impl FnOnce() -> Result<()> + Send) -> Result<Calls> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| caller::call(host, round, &over));
        let started = std::time::Instant::now();
        let attackers = scope.spawn(|| {
            step_back(ATTACKERS_NICE);
            beside()
        });
        let done = attackers.join().map_err(|_| anyhow::anyhow!("an attacker panicked"))?;
        std::thread::sleep(time.saturating_sub(started.elapsed()));
        over.store(true, Ordering::Relaxed);
        let calls = caller.join().map_err(|_| anyhow::anyhow!("the caller panicked"))?;
        done.map(|()| calls)
    })
}

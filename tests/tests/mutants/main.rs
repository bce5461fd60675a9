//! Mutants of our own components against loader and engine: each is refused with what is wrong, faults at a limit, or decides and is
//! judged. None of them may bring the host down, make it slow, or make it grow.
//!
//! A program of its own, because the memory of the process is measured.

mod anatomy;
mod breed;
mod court;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use breed::{Way, mutant};
use court::{Case, Court, Sentence};

/// Guests that keep the contract, and guests that break it. Small ones, because compiling is what costs.
const GUESTS: [&str; 8] =
    ["remembers", "loops", "allocates", "recurses", "returns_garbage", "hoards", "writes", "reads_nowhere"];
/// How many mutants, and from which seed on, when nobody says otherwise.
const MUTANTS: (&str, u64) = ("LARGESSE_MUTANTS", 240);
const SEED: (&str, u64) = ("LARGESSE_MUTANTS_SEED", 1);
/// Courts that sit side by side, at most.
const COURTS_MAX: usize = 4;
/// Mutants that are made at a time, before any of them is heard: what making them costs is not the host's.
const ROUND: u64 = 120;
/// So much may a court's engines grow, in KiB: the slots that they keep warm, 32 of 1 MiB in each of two.
const WARM_KIB: i64 = 64 * 1024;
/// So much more may the process grow, in KiB, however many mutants there are: what allocators keep.
const GROWTH_KIB_MAX: i64 = 64 * 1024;

fn number((variable, default): (&str, u64)) -> u64 {
    let said = std::env::var(variable).ok();
    said.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")))
}

/// Memory of this process that is in use, in KiB.
fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the system says what it gave");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it says how much memory");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number of KiB")
}

type Seen = BTreeMap<(Way, Sentence), u64>;

/// A mutant, and what it was.
struct Suspect<'a> {
    seed: u64,
    case: &'a Case,
    way: Way,
    component: Vec<u8>,
}

/// Hears suspects until there are none left.
fn sit(court: &Court, suspects: &[Suspect<'_>], next: &AtomicUsize) -> Seen {
    let mut seen = Seen::new();
    while let Some(suspect) = suspects.get(next.fetch_add(1, Ordering::Relaxed)) {
        let Suspect { seed, case, way, component } = suspect;
        let sentence = court.hear(case, component.clone()).unwrap_or_else(|why| {
            panic!("LARGESSE_MUTANTS_SEED={seed} LARGESSE_MUTANTS=1: {way:?}, of {}: {why}", case.name)
        });
        *seen.entry((*way, sentence)).or_default() += 1;
    }
    seen
}

/// Hears suspects in all courts side by side; says what was seen, and by how many KiB the process grew.
fn hear_all(courts: &[Court], suspects: &[Suspect<'_>]) -> (Seen, i64) {
    let (before, next, all) = (resident_kib(), AtomicUsize::new(0), Mutex::new(Seen::new()));
    std::thread::scope(|scope| {
        for court in courts {
            scope.spawn(|| {
                let seen = sit(court, suspects, &next);
                add(&mut all.lock().expect("a court that panics ends the test"), seen);
            });
        }
    });
    (all.into_inner().expect("no court panicked"), resident_kib() - before)
}

fn add(all: &mut Seen, seen: Seen) {
    seen.into_iter().for_each(|(what, times)| *all.entry(what).or_default() += times);
}

#[test]
fn mutants_are_refused_or_contained() {
    let (count, first) = (number(MUTANTS), number(SEED));
    let guests: Vec<Case> = GUESTS.into_iter().map(Case::guest).collect();
    let policy = Case::check_in();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let courts: Vec<Court> = (0..cores.min(COURTS_MAX)).map(|_| Court::open()).collect();
    for case in guests.iter().chain([&policy]) {
        let sentence = courts[0].hear(case, case.component.clone());
        assert!(matches!(sentence, Ok(Sentence::Judged | Sentence::Faulted)), "{}: {sentence:?}", case.name);
    }
    let (started, mut seen, mut grown) = (Instant::now(), Seen::new(), 0);
    for begin in (first..first + count).step_by(ROUND as usize) {
        let suspects: Vec<Suspect<'_>> = (begin..(begin + ROUND).min(first + count))
            .map(|seed| {
                let (case, way, component) = mutant(seed, &guests, &policy);
                Suspect { seed, case, way, component }
            })
            .collect();
        let (of_round, growth) = hear_all(&courts, &suspects);
        add(&mut seen, of_round);
        grown += growth;
    }
    println!("{count} mutants from seed {first} in {:.0?}; the host grew by {grown} KiB", started.elapsed());
    seen.iter().for_each(|((way, sentence), times)| println!("{times:>8}  {way:?}, {sentence:?}"));
    assert!(grown <= WARM_KIB * courts.len() as i64 + GROWTH_KIB_MAX, "the host grew by {grown} KiB");
    if count >= MUTANTS.1 {
        reached_everything(&seen);
    }
}

/// Mutants that are all refused at the door would try nothing behind it.
fn reached_everything(seen: &Seen) {
    use Sentence::{Faulted, Judged, NotCompiled, NotDescribed, NotRead};

    for wanted in [NotRead, NotCompiled, NotDescribed, Faulted, Judged] {
        assert!(seen.keys().any(|(_, sentence)| *sentence == wanted), "no mutant came to {wanted:?}");
    }
}

//! The host is killed at every fail point and at random moments, started again and sent everything again: no answer changes,
//! nothing is granted twice, and the books balance.
//!
//! `LARGESSE_CRASH_SEED` repeats a trial, as far as threads and the disk allow; `LARGESSE_CRASH_ROUNDS` and
//! `LARGESSE_CRASH_KILLS` make it longer (`make crash`).

mod books;
mod cascade;
mod client;
mod deliveries;
mod load;
mod memory;
mod prepared;
mod trial;
mod versions;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

pub(crate) use books::verify_books;
pub(crate) use client::Client;
use largesse_failpoint::Point;
use load::Numbers;
use trial::LOOKS_FOR_OLD;
pub(crate) use trial::Trial;

use crate::host::policies;

const SIGKILL: i32 = 9;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// Says how to repeat a trial when it fails.
struct Told(u64);

impl Told {
    fn of_seed(default: u64) -> Self {
        Self(setting("LARGESSE_CRASH_SEED", default))
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("\n*** seed {}: repeat it with LARGESSE_CRASH_SEED={} ***\n", self.0, self.0);
        }
    }
}

/// Points that a life comes by once, or may: the others are reached many times.
fn is_reached_once(point: Point) -> bool {
    let place = |point| Point::ALL.iter().position(|other| *other == point);
    let rare = matches!(
        point,
        Point::RunWritten
            | Point::VersionWithdrawn
            | Point::StatesMigrated
            | Point::RecordsChosen
            | Point::RecordsRemoved
    );
    rare || place(point) < place(Point::WorkTaken) || place(point) >= place(Point::StopAsked)
}

#[test]
fn a_host_killed_at_every_fail_point_keeps_its_word() {
    let Some(_) = policies() else { return };
    let told = Told::of_seed(1);
    let rounds = setting("LARGESSE_CRASH_ROUNDS", 1);
    let mut numbers = Numbers::new(told.0);
    let mut deaths: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
    let (mut sent, mut answered) = (0, 0);
    let started = Instant::now();
    for round in 0..rounds {
        let mut trial = Trial::from_nothing(told.0 + round, policies().expect("they were there"));
        for (place, point) in Point::ALL.iter().enumerate() {
            let nth = if is_reached_once(*point) { 1 } else { 1 + numbers.below(6) };
            let armed = trial.armed(&format!("{}:{nth}", point.name()));
            let removes = matches!(point, Point::RecordsChosen | Point::RecordsRemoved);
            let status = trial.live_on(armed, if removes { LOOKS_FOR_OLD } else { Duration::ZERO });
            let died = status.signal() == Some(SIGKILL);
            // Batches are as many as the disk makes them: only the first time is sure to come.
            assert!(died || (nth > 1 && status.success()), "{}:{nth}: {status}\n{}", point.name(), trial.host.log());
            let count = deaths.entry(place).or_default();
            *count = (count.0 + u64::from(died), count.1 + 1);
        }
        trial.prove();
        let counts = trial.counts();
        (sent, answered) = (sent + counts.0, answered + counts.1);
        assert_eq!(counts.0, counts.1, "in the end every event is answered");
    }
    println!("fail point             killed  of");
    for (place, (died, tried)) in &deaths {
        println!("{:<22} {died:>6} {tried:>3}", Point::ALL[*place].name());
        assert!(*died > 0 || rounds == 1, "{} was never reached", Point::ALL[*place].name());
    }
    let seconds = started.elapsed().as_secs();
    println!("{sent} events sent, {answered} answered, none lost, none decided twice; seed {}, {seconds} s", told.0);
}

#[test]
fn a_host_killed_at_random_moments_keeps_its_word() {
    let Some(policies) = policies() else { return };
    let told = Told::of_seed(2);
    let kills = setting("LARGESSE_CRASH_KILLS", 20);
    let mut trial = Trial::new(told.0, policies);
    let started = Instant::now();
    let command = trial.host.command();
    assert!(trial.live(command).success(), "{}", trial.host.log());
    for _ in 0..kills {
        let after = 1 + trial.numbers.below(900);
        trial.cut_short(Duration::from_millis(after));
    }
    trial.prove();
    let (sent, answered) = trial.counts();
    let seconds = started.elapsed().as_secs();
    println!("killed {kills} times: {sent} events sent, {answered} answered; seed {}, {seconds} s", told.0);
    assert_eq!(sent, answered, "in the end every event is answered");
}

//! Timers: what is due, and what an owner has.

use largesse_domain::facts::{Rows, Wanted};
use largesse_domain::json::Json;
use largesse_domain::key::StateKey;
use largesse_domain::owner::Owner;
use largesse_domain::time::Instant;
use largesse_domain::timer::{Timer, TimerBody, TimerKey};

use super::fixtures::{at, event, id};
use crate::{Batch, Store};

type Row = (TimerKey, Option<Timer>);

fn key(campaign: &str, owner: Owner, name: &str) -> TimerKey {
    TimerKey::Policy { campaign: id(campaign), owner, name: id(name) }
}

fn timer(campaign: &str, owner: Owner, name: &str, due: i64) -> Row {
    let body = TimerBody::Policy {
        set_on: event(7).1.key.clone(),
        set_by: id("paid"),
        actor: id("u1"),
        data: Json::from_checked(" {\"n\" : 1.0}"),
    };
    (key(campaign, owner, name), Some(Timer { due: at(due), body }))
}

fn party(name: &str) -> Owner {
    Owner::Party(id(name))
}

fn write(store: &dyn Store, timers: Vec<Row>) {
    store.commit(&Batch { rows: Rows { timers, ..Rows::default() }, ..Batch::default() }).unwrap();
}

/// Due times first, keys second; only of the campaigns asked for; a timer set again has its last time only.
pub fn timers_are_due_in_order(store: &dyn Store) {
    let later = timer("spring", party("u1"), "a", 30);
    let (b, a) = (timer("spring", party("u2"), "b", 10), timer("spring", party("u2"), "a", 10));
    let early = timer("autumn", Owner::Entity(id("u2")), "a", 5);
    let winter = timer("winter", party("u1"), "a", 0);
    write(store, vec![later.clone(), b.clone(), a.clone(), early.clone(), winter.clone()]);
    let due = |campaigns: &[&str], until: Instant, limit| {
        let campaigns: Vec<_> = campaigns.iter().map(|name| id(name)).collect();
        let due = store.due_timers(&campaigns, until, limit).unwrap();
        due.into_iter().map(|(key, timer)| (key, Some(timer))).collect::<Vec<Row>>()
    };
    assert_eq!(due(&["spring", "autumn"], at(4), 9), []);
    assert_eq!(due(&["spring", "autumn"], at(10), 9), [early.clone(), a.clone(), b.clone()]);
    assert_eq!(due(&["autumn", "spring"], at(30), 2), [early.clone(), a.clone()]);
    assert_eq!(due(&["spring"], Instant::MAX, 9), [a.clone(), b.clone(), later.clone()]);
    assert_eq!(due(&["winter", "summer"], at(0), 9), [winter]);
    assert_eq!(due(&[], Instant::MAX, 9), [], "each of them waits with a campaign");
    let again = timer("spring", party("u2"), "a", 20);
    write(store, vec![again.clone(), (b.0.clone(), None), (early.0, None)]);
    assert_eq!(due(&["spring", "autumn"], at(30), 9), [again, later]);
}

/// An owner's names are its own: not those of an entity of the same id, of another campaign, or of a longer id.
pub fn an_owners_timers_are_named(store: &dyn Store) {
    write(
        store,
        vec![
            timer("spring", party("u1"), "b", 3),
            timer("spring", party("u1"), "a", 4),
            timer("spring", party("u11"), "c", 1),
            timer("spring", party("u1!"), "c", 1),
            timer("spring", Owner::Entity(id("u1")), "d", 1),
            timer("autumn", party("u1"), "e", 1),
        ],
    );
    let names = |owner: Owner| {
        let of = StateKey { campaign: id("spring"), owner };
        let wanted = Wanted { timer_names: [of].into(), ..Wanted::default() };
        store.load(&wanted).unwrap().timer_names.remove(0).1
    };
    assert_eq!(names(party("u1")), [id("a"), id("b")].into());
    assert_eq!(names(Owner::Entity(id("u1"))), [id("d")].into());
    assert_eq!(names(party("u2")), [].into());
    write(store, vec![(key("spring", party("u1"), "a"), None)]);
    assert_eq!(names(party("u1")), [id("b")].into());
}

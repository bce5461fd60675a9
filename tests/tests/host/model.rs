//! A model of the host: the same happenings to a host over the memory store and to one over SQLite, which is stopped and started
//! now and then. Every answer, every row and every balance must be the same, the books of both must be right, and what
//! customers hold must be what a second, smaller ledger works out. What is rare must have happened in some case.

mod side;
mod step;
mod oracle;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;

use largesse_domain::id::CustomerId;
use largesse_domain::ledger::Lot;
use largesse_domain::lifecycle::Command;
use largesse_domain::unit::Unit;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestRunner};

use oracle::{Amounts, shown};
use side::{Act, CAMPAIGNS, Side, customers};
use step::Step;
use world::World;

/// What has to happen in some case.
const RARE: [&str; 42] = [
    "a return that was of something else",
    "more would come back than was used",
    "some of a redemption comes back",
    "what comes back late has a grace",
    "a policy commits a grant",
    "a policy commits a reservation",
    "a policy releases a grant",
    "a policy releases a reservation",
    "a policy reserves",
    "a debt is made",
    "a debt is paid",
    "a grant expires",
    "a grant expires while it is reserved",
    "a grant that has expired",
    "a grant that was given already",
    "a grant that was taken back",
    "a hold is over",
    "a key is granted anew",
    "a pending grant is committed",
    "a pending grant is released",
    "a customer has not enough",
    "a redemption is undone after a claw-back",
    "a redemption of a grant given anew",
    "a redemption that is settled otherwise",
    "a redemption that there is not",
    "a redemption times out",
    "a reservation times out",
    "an id used for something else",
    "another customer's redemption",
    "another version of the policy decides",
    "already-reserved",
    "budget-exhausted",
    "customers are merged",
    "insufficient-balance",
    "less than the least",
    "limit-reached",
    "nothing-to-settle",
    "redeemed",
    "released",
    "reversed",
    "stock-exhausted",
    "the same is asked again",
];

/// After so many steps the books are checked and every row is compared.
const CHECK_EVERY: usize = 16;

type Held = (BTreeMap<Lot, Amounts>, BTreeMap<(CustomerId, Unit), u64>, BTreeMap<(CustomerId, Unit), u64>);

/// What the host says that customers hold, can use and owe.
async fn held(side: &Side, world: &World) -> Held {
    let (mut lots, mut available, mut debts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let read = |id: &CustomerId| {
        let id = id.clone();
        side.read(move |store| Ok((store.grants_to(&id)?, store.customer(&id)?, store.ids_of(&id)?)))
    };
    for id in customers() {
        let (grants, customer, ids) = read(&id).await;
        for grant in &grants {
            let sum: &mut u64 = available.entry((ids[0].clone(), grant.unit.clone())).or_default();
            *sum += grant.available_at(world.now).get();
        }
        lots.extend(grants.iter().map(shown));
        let owed = customer.map(|customer| customer.debts).unwrap_or_default();
        debts.extend(owed.into_iter().map(|(unit, debt)| ((id.clone(), unit), debt.get())));
    }
    (lots, available, debts)
}

/// What they should hold, can use and owe.
fn expected(world: &World, available: impl Iterator<Item = (CustomerId, Unit)>) -> Held {
    let oracle = &world.oracle;
    let usable = |key: (CustomerId, Unit)| {
        let usable = oracle.available(&key.0, &key.1, world.now);
        (key, usable)
    };
    (oracle.amounts(), available.map(usable).collect(), oracle.open_debts())
}

async fn compare(memory: &Side, disk: &Side) -> TestCaseResult {
    let (of_memory, of_disk) = (memory.audit().await, disk.audit().await);
    prop_assert!(of_memory.is_ok(), "{:?}", of_memory);
    prop_assert_eq!(of_disk, of_memory);
    prop_assert_eq!(disk.rows().await, memory.rows().await);
    Ok(())
}

async fn live(steps: &[Step], world: &mut World) -> TestCaseResult {
    let mut memory = Side::start(None).await;
    let mut disk = Side::start(Some(tempfile::tempdir().expect("a folder"))).await;
    let last = CAMPAIGNS.map(|id| Step::Command(id, Command::Resume));
    for (number, step) in steps.iter().chain(&last).enumerate() {
        let Some(act) = world.act(step) else { continue };
        let (answer, told) = (memory.take(world.now, &act).await, disk.take(world.now, &act).await);
        prop_assert_eq!(&told, &answer, "{:?}", act);
        world.oracle.pass(world.now);
        let decisions = memory.decisions(world.last_decision).await;
        let followed = world.follow(&act, &answer, &decisions);
        prop_assert!(followed.is_ok(), "{:?} was answered {:?}, but {:?}", act, answer, followed);
        let held = held(&memory, world).await;
        let expected = expected(world, held.1.keys().cloned());
        prop_assert_eq!(held, expected, "after {:?}, answered {:?}", act, answer);
        if number % CHECK_EVERY == CHECK_EVERY - 1 || matches!(act, Act::Restart) {
            compare(&memory, &disk).await?;
        }
    }
    compare(&memory, &disk).await?;
    memory.stop().await;
    disk.stop().await;
    Ok(())
}

#[test]
fn both_stores_make_the_same_host() {
    // Each case is two hosts: many small steps towards the least failing one would take an hour.
    let config = ProptestConfig { max_shrink_iters: 200, ..largesse_documents::noise::cases(24) };
    let cases = config.cases;
    let seen = RefCell::new(BTreeMap::<&str, u32>::new());
    let result = TestRunner::new(config).run(&step::steps(), |steps| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let mut world = World::new();
        runtime.block_on(live(&steps, &mut world))?;
        let happened: std::collections::BTreeSet<_> = world.oracle.seen.into_iter().collect();
        happened.into_iter().for_each(|what| *seen.borrow_mut().entry(what).or_default() += 1);
        Ok(())
    });
    let seen = seen.into_inner();
    println!("of {cases} cases, so many saw: {seen:#?}");
    if let Err(error) = result {
        panic!("{error}");
    }
    let never: Vec<_> = RARE.into_iter().filter(|what| !seen.contains_key(what)).collect();
    assert!(never.is_empty(), "never happened: {never:?}");
}

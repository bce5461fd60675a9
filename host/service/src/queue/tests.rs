//! Who is served when, whatever others ask for.

use std::sync::LazyLock;

use largesse_domain::id::{CampaignId, CustomerId, QuestionName};
use largesse_domain::limits::{WAITING_EVENTS_PER_TOKEN_MAX, WAITING_REQUESTS_PER_TOKEN_MAX};
use largesse_domain::time::Instant;
use serde_json::json;

use super::*;
use crate::intake::{self, Backfill};
use crate::kinds::Kinds;
use crate::pipeline::Ask;

static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
    let mut kinds = Kinds::default();
    crate::bundled::kinds().into_iter().for_each(|kind| kinds.insert(kind).unwrap());
    kinds
});

const FAST: &str = "checked_in";
const SLOW: &str = "login";

fn arrival(kind: &str, id: &str) -> Arrival {
    let event = json!({
        "specversion": "1.0", "id": id, "source": "/test", "type": kind, "subject": "u1", "time": "2026-03-10T12:00:00Z",
    });
    intake::check(event, &KINDS, Instant::MAX, &Backfill::Allowed.into()).unwrap()
}

type Answer = oneshot::Receiver<Vec<EventResult>>;

/// Puts events in, named after the caller and numbered from the given number on.
fn push(inlet: &Inlet, caller: &str, kind: &str, ids: std::ops::Range<usize>) -> Answer {
    let (reply, answer) = oneshot::channel();
    let arrivals = ids.map(|id| arrival(kind, &format!("{caller}:{id}"))).collect();
    inlet.push_events(Flow::token(caller), arrivals, reply).unwrap();
    answer
}

fn ids(turn: &Turn) -> Vec<String> {
    let arrivals = turn.parts.iter().flat_map(|part| &part.arrivals);
    arrivals.map(|arrival| arrival.event.key.id.to_string()).collect()
}

fn count(turn: &Turn, caller: &str) -> usize {
    ids(turn).iter().filter(|id| id.split_once(':').unwrap().0 == caller).count()
}

/// How long the events of a turn take: those of the slow kind a hundred times as long as others.
fn time_of(turn: &Turn) -> Duration {
    let arrivals = turn.parts.iter().flat_map(|part| &part.arrivals);
    let micros = arrivals.map(|arrival| if arrival.event.kind.as_str() == SLOW { 5_000 } else { 50 });
    Duration::from_micros(micros.sum())
}

/// Does what waits for so many turns; gives how many events of each caller were decided in them, and the longest turn.
fn run(outlet: &Outlet, turns: usize, callers: [&str; 2]) -> ([usize; 2], Duration) {
    let (mut decided, mut longest) = ([0; 2], Duration::ZERO);
    for _ in 0..turns {
        let Some(turn) = outlet.next() else { break };
        let took = time_of(&turn);
        longest = longest.max(took);
        for (decided, caller) in decided.iter_mut().zip(callers) {
            *decided += count(&turn, caller);
        }
        outlet.settle(turn.bill, took);
    }
    (decided, longest)
}

/// A queue that knows how long the two kinds take.
fn learned() -> (Inlet, Outlet) {
    let (inlet, outlet) = queue();
    for kind in [FAST, SLOW] {
        for round in 0..20 {
            drop(push(&inlet, "teacher", kind, round..round + 1));
            run(&outlet, 1, ["", ""]);
        }
    }
    (inlet, outlet)
}

#[test]
fn a_single_event_is_in_the_next_turn_whatever_waits() {
    let (inlet, outlet) = learned();
    for sender in 0..8 {
        drop(push(&inlet, &format!("sender{sender}"), FAST, 0..1_000));
    }
    for number in 0..10 {
        let turn = outlet.next().unwrap();
        assert_eq!(count(&turn, "shop"), 0);
        drop(push(&inlet, "shop", FAST, number..number + 1));
        let took = time_of(&turn);
        outlet.settle(turn.bill, took);
        let turn = outlet.next().unwrap();
        assert_eq!(count(&turn, "shop"), 1, "{number}");
        let took = time_of(&turn);
        outlet.settle(turn.bill, took);
    }
}

#[test]
fn a_caller_alone_has_whole_turns() {
    let (inlet, outlet) = learned();
    let _answer = push(&inlet, "a", FAST, 0..1_000);
    let sizes: Vec<usize> = std::iter::from_fn(|| {
        let turn = outlet.next()?;
        assert_eq!(turn.parts.len(), 1);
        let took = time_of(&turn);
        let size = ids(&turn).len();
        outlet.settle(turn.bill, took);
        Some(size)
    })
    .collect();
    assert_eq!(sizes, [256, 256, 256, 232]);
    assert!(outlet.is_empty());
}

#[test]
fn large_requests_are_served_in_parts_and_answered_with_the_last() {
    let (inlet, outlet) = learned();
    let (_a, _b) = (push(&inlet, "a", FAST, 0..300), push(&inlet, "b", FAST, 0..300));
    let first = outlet.next().unwrap();
    assert_eq!((count(&first, "a"), count(&first, "b")), (128, 128));
    assert!(first.parts.iter().all(|part| part.reply.is_none()));
    let second = outlet.next().unwrap();
    let third = outlet.next().unwrap();
    assert_eq!((count(&second, "a"), count(&second, "b")), (128, 128));
    assert_eq!((count(&third, "a"), count(&third, "b")), (44, 44));
    assert!(third.parts.iter().all(|part| part.reply.is_some()));
    assert_eq!(first.parts[0].request, third.parts[0].request);
    assert!(outlet.next().is_none());
}

#[test]
fn what_one_caller_sends_is_taken_in_order() {
    let (inlet, outlet) = learned();
    let requests = [0..1, 1..300, 300..301, 301..700];
    let _answers: Vec<_> = requests.map(|ids| push(&inlet, "a", FAST, ids)).into();
    let _others = push(&inlet, "b", FAST, 0..1_000);
    let mut seen = Vec::new();
    while let Some(turn) = outlet.next() {
        seen.extend(ids(&turn).into_iter().filter(|id| id.starts_with("a:")));
        let took = time_of(&turn);
        outlet.settle(turn.bill, took);
    }
    assert_eq!(seen, (0..700).map(|id| format!("a:{id}")).collect::<Vec<_>>());
}

#[test]
fn time_is_shared_not_events() {
    let (inlet, outlet) = learned();
    for batch in 0..7 {
        drop(push(&inlet, "slow", SLOW, batch * 1_000..batch * 1_000 + 1_000));
        drop(push(&inlet, "fast", FAST, batch * 1_000..batch * 1_000 + 1_000));
    }
    let ([slow, fast], longest) = run(&outlet, 60, ["slow", "fast"]);
    let (slow, fast) = (slow * 5_000, fast * 50);
    assert!(slow.abs_diff(fast) < slow.max(fast) / 5, "{slow} and {fast} microseconds");
    assert!(longest < Duration::from_nanos(3 * TURN_NANOS), "{longest:?}");
}

#[test]
fn what_turns_out_to_be_slow_is_taken_in_small_turns() {
    let (inlet, outlet) = queue();
    let _answer = push(&inlet, "slow", SLOW, 0..1_000);
    let mut times = Vec::new();
    for _ in 0..10 {
        let turn = outlet.next().unwrap();
        let took = time_of(&turn);
        times.push(took);
        outlet.settle(turn.bill, took);
    }
    assert!(times[0] <= Duration::from_millis(100), "of what is not known little is taken: {times:?}");
    let later = &times[3..];
    assert!(later.iter().all(|time| *time <= Duration::from_nanos(2 * TURN_NANOS)), "{times:?}");
}

#[test]
fn nobody_saves_time_up_by_waiting_or_gains_by_asking_in_small_pieces() {
    let (inlet, outlet) = learned();
    drop(push(&inlet, "busy", FAST, 0..8_000));
    // This one sends its next request as soon as there is none.
    let mut next = 0;
    let (mut busy, mut small) = (0, 0);
    for _ in 0..20 {
        // 200 of its requests wait at any time.
        while next < small + 200 {
            drop(push(&inlet, "small", FAST, next..next + 1));
            next += 1;
        }
        let turn = outlet.next().unwrap();
        (busy, small) = (busy + count(&turn, "busy"), small + count(&turn, "small"));
        let took = time_of(&turn);
        outlet.settle(turn.bill, took);
    }
    assert!(busy.abs_diff(small) <= 256, "{busy} and {small}");
}

fn ask(
    inlet: &Inlet,
    caller: &str,
) -> oneshot::Receiver<Result<crate::pipeline::Quote, crate::pipeline::ControlError>> {
    let (reply, answer) = oneshot::channel();
    let ask = Ask {
        campaign: CampaignId::new("c").unwrap(),
        customer: CustomerId::new("u1").unwrap(),
        question: QuestionName::new("fee").unwrap(),
        data: json!({}),
    };
    inlet.push(Flow::token(caller), Work::Quote(ask, reply)).unwrap();
    answer
}

#[test]
fn changes_and_questions_do_not_wait_behind_events_of_the_same_caller() {
    let (inlet, outlet) = learned();
    drop(push(&inlet, "a", FAST, 0..8_000));
    drop(outlet.next().unwrap());
    let (done, _told) = oneshot::channel();
    inlet.push(Flow::token("a"), Work::CatchUp(done)).unwrap();
    let _answer = ask(&inlet, "a");
    let turn = outlet.next().unwrap();
    let classes: Vec<Class> = turn.work.iter().map(|(_, work)| work.class()).collect();
    assert_eq!(classes, [Class::Change, Class::Question]);
    assert!(count(&turn, "a") > 0, "events go on beside them");
}

#[test]
fn a_question_that_nobody_waits_for_is_not_asked() {
    let (inlet, outlet) = queue();
    drop(ask(&inlet, "a"));
    let _answer = ask(&inlet, "a");
    assert_eq!(outlet.next().unwrap().work.len(), 1);
    assert!(outlet.next().is_none());
}

#[test]
fn a_full_lane_refuses_and_takes_again_once_something_is_done() {
    let (inlet, outlet) = learned();
    drop(push(&inlet, "a", FAST, 0..WAITING_EVENTS_PER_TOKEN_MAX));
    let more = |caller: &str| {
        let (reply, _) = oneshot::channel();
        inlet.push_events(Flow::token(caller), vec![arrival(FAST, "x")], reply)
    };
    let told = more("a").unwrap_err();
    assert!(matches!(told, NotQueued::Full(Full::Caller { bound: Bound::Events, .. })), "{told:?}");
    more("b").unwrap();
    drop(outlet.next().unwrap());
    more("a").unwrap();
}

#[test]
fn what_clients_gave_up_is_counted_until_it_is_done() {
    let (inlet, outlet) = queue();
    for _ in 0..WAITING_REQUESTS_PER_TOKEN_MAX {
        drop(push(&inlet, "a", FAST, 0..1));
    }
    let (reply, _) = oneshot::channel();
    let told = inlet.push_events(Flow::token("a"), vec![arrival(FAST, "x")], reply);
    assert!(matches!(told, Err(NotQueued::Full(Full::Caller { bound: Bound::Requests, .. }))), "{told:?}");
    while let Some(turn) = outlet.next() {
        outlet.settle(turn.bill, Duration::from_micros(1));
    }
    assert_eq!(format!("{:?}", lock(&outlet.state).waiting), format!("{:?}", Waiting::default()));
}

#[test]
fn a_closed_queue_is_emptied_and_takes_nothing() {
    let (inlet, outlet) = queue();
    let _answer = push(&inlet, "a", FAST, 0..1);
    inlet.close();
    let (reply, _) = oneshot::channel();
    assert_eq!(inlet.push_events(Flow::token("a"), vec![arrival(FAST, "x")], reply), Err(NotQueued::Closed));
    assert!(outlet.is_closed() && !outlet.is_empty());
    assert_eq!(ids(&outlet.next().unwrap()), ["a:0"]);
    assert!(outlet.is_empty());
}

#[test]
fn who_waits_learns_that_nobody_decides_any_more() {
    let (inlet, outlet) = queue();
    let mut answer = push(&inlet, "a", FAST, 0..1);
    drop(outlet);
    assert_eq!(answer.try_recv().unwrap_err(), oneshot::error::TryRecvError::Closed);
    let (reply, _) = oneshot::channel();
    assert_eq!(inlet.push_events(Flow::token("a"), vec![arrival(FAST, "x")], reply), Err(NotQueued::Closed));
}

#[tokio::test]
async fn work_belongs_to_the_flow_in_whose_scope_it_is_asked_for() {
    assert_eq!(Flow::current(), Flow::default());
    let inside = Flow::token("a").scope(async { Flow::current() }).await;
    assert_eq!((inside, Flow::current()), (Flow::token("a"), Flow::default()));
}

#[test]
fn lanes_of_callers_that_are_gone_are_forgotten() {
    let (inlet, outlet) = learned();
    for caller in 0..2 * LANES_REMEMBERED_MAX {
        drop(push(&inlet, &format!("c{caller}"), FAST, 0..1));
        while let Some(turn) = outlet.next() {
            outlet.settle(turn.bill, Duration::from_micros(50));
        }
    }
    assert!(lock(&outlet.state).lanes.len() <= LANES_REMEMBERED_MAX + 1);
}

//! Who is served when, whatever others ask for.

use std::sync::LazyLock;

use largesse_domain::id::{CampaignId, CustomerId, QuestionName};
use largesse_domain::limits::{DECIDE_EVENTS_MAX, WAITING_EVENTS_PER_TOKEN_MAX, WAITING_REQUESTS_PER_TOKEN_MAX};
use largesse_domain::time::Instant;
use serde_json::json;

use super::*;
use crate::intake::{self, Backfill};
use crate::kinds::Kinds;
use crate::pipeline::{Ask, Work};

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
fn push(inlet: &Inlet<Work>, caller: &str, kind: &str, ids: std::ops::Range<usize>) -> Answer {
    let (reply, answer) = oneshot::channel();
    let arrivals = ids.map(|id| arrival(kind, &format!("{caller}:{id}"))).collect();
    inlet.push_events(Flow::token(caller), arrivals, reply).unwrap();
    answer
}

fn ids(serving: &Serving<Work>) -> Vec<String> {
    let arrivals = serving.parts.iter().flat_map(|part| &part.arrivals);
    arrivals.map(|placed| placed.arrival.event.key.id.to_string()).collect()
}

fn count(serving: &Serving<Work>, caller: &str) -> usize {
    ids(serving).iter().filter(|id| id.split_once(':').unwrap().0 == caller).count()
}

/// How long the events of a serving take: those of the slow kind a hundred times as long as others.
fn time_of(serving: &Serving<Work>) -> Duration {
    let arrivals = serving.parts.iter().flat_map(|part| &part.arrivals);
    let micros = arrivals.map(|placed| if placed.arrival.event.kind.as_str() == SLOW { 5_000 } else { 50 });
    Duration::from_micros(micros.sum())
}

/// Does what waits for so many servings; gives how many events of each caller were decided in them, and the longest serving.
fn run(outlet: &Outlet<Work>, servings: usize, callers: [&str; 2]) -> ([usize; 2], Duration) {
    let (mut decided, mut longest) = ([0; 2], Duration::ZERO);
    for _ in 0..servings {
        let Some(serving) = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)) else { break };
        let took = time_of(&serving);
        longest = longest.max(took);
        for (decided, caller) in decided.iter_mut().zip(callers) {
            *decided += count(&serving, caller);
        }
        outlet.settle(serving.bill, took);
    }
    (decided, longest)
}

/// A queue that knows how long the two kinds take.
fn learned() -> (Inlet<Work>, Outlet<Work>) {
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
        let serving = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap();
        assert_eq!(count(&serving, "shop"), 0);
        drop(push(&inlet, "shop", FAST, number..number + 1));
        let took = time_of(&serving);
        outlet.settle(serving.bill, took);
        let serving = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap();
        assert_eq!(count(&serving, "shop"), 1, "{number}");
        let took = time_of(&serving);
        outlet.settle(serving.bill, took);
    }
}

#[test]
fn a_caller_alone_has_whole_turns() {
    let (inlet, outlet) = learned();
    let _answer = push(&inlet, "a", FAST, 0..1_000);
    let sizes: Vec<usize> = std::iter::from_fn(|| {
        let serving = outlet.next(Room::of_time(DECIDE_EVENTS_MAX))?;
        assert_eq!(serving.parts.len(), 1);
        let took = time_of(&serving);
        let size = ids(&serving).len();
        outlet.settle(serving.bill, took);
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
    let first = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap();
    assert_eq!((count(&first, "a"), count(&first, "b")), (128, 128));
    assert!(first.parts.iter().all(|part| part.reply.is_none()));
    let second = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap();
    let third = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap();
    assert_eq!((count(&second, "a"), count(&second, "b")), (128, 128));
    assert_eq!((count(&third, "a"), count(&third, "b")), (44, 44));
    assert!(third.parts.iter().all(|part| part.reply.is_some()));
    assert_eq!(first.parts[0].request, third.parts[0].request);
    assert!(outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).is_none());
}

#[test]
fn what_one_caller_sends_is_taken_in_order() {
    let (inlet, outlet) = learned();
    let requests = [0..1, 1..300, 300..301, 301..700];
    let _answers: Vec<_> = requests.map(|ids| push(&inlet, "a", FAST, ids)).into();
    let _others = push(&inlet, "b", FAST, 0..1_000);
    let mut seen = Vec::new();
    while let Some(serving) = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)) {
        seen.extend(ids(&serving).into_iter().filter(|id| id.starts_with("a:")));
        let took = time_of(&serving);
        outlet.settle(serving.bill, took);
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
    // All that the fast caller asked for would take 350 ms.
    let ([slow, fast], longest) = run(&outlet, 30, ["slow", "fast"]);
    let (slow, fast) = (slow * 5_000, fast * 50);
    assert!(slow.abs_diff(fast) < slow.max(fast) / 5, "{slow} and {fast} microseconds");
    assert!(longest < Duration::from_nanos(3 * SERVING_NANOS), "{longest:?}");
}

#[test]
fn what_turns_out_to_be_slow_is_taken_in_small_turns() {
    let (inlet, outlet) = queue();
    let _answer = push(&inlet, "slow", SLOW, 0..1_000);
    let mut times = Vec::new();
    for _ in 0..10 {
        let serving = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap();
        let took = time_of(&serving);
        times.push(took);
        outlet.settle(serving.bill, took);
    }
    assert!(times[0] <= Duration::from_millis(100), "of what is not known little is taken: {times:?}");
    let later = &times[3..];
    assert!(later.iter().all(|time| *time <= Duration::from_nanos(2 * SERVING_NANOS)), "{times:?}");
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
        let serving = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap();
        (busy, small) = (busy + count(&serving, "busy"), small + count(&serving, "small"));
        let took = time_of(&serving);
        outlet.settle(serving.bill, took);
    }
    assert!(busy.abs_diff(small) <= 256, "{busy} and {small}");
}

fn ask(
    inlet: &Inlet<Work>,
    caller: &str,
) -> oneshot::Receiver<Result<crate::pipeline::Quote, crate::pipeline::ControlError>> {
    let (reply, answer) = oneshot::channel();
    let ask = Ask {
        campaign: CampaignId::new("c").unwrap(),
        customer: CustomerId::new("u1").unwrap(),
        question: QuestionName::new("fee").unwrap(),
        data: json!({}),
    };
    let question = crate::questions::Questions::default().check(ask, None).unwrap();
    inlet.push(Flow::token(caller), Work::Quote(Box::new(question), reply)).unwrap();
    answer
}

#[test]
fn changes_and_questions_do_not_wait_behind_events_of_the_same_caller() {
    let (inlet, outlet) = learned();
    drop(push(&inlet, "a", FAST, 0..8_000));
    drop(outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap());
    let (done, _told) = oneshot::channel();
    inlet.push(Flow::token("a"), Work::CatchUp(done)).unwrap();
    let _answer = ask(&inlet, "a");
    let serving = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap();
    let classes: Vec<Class> = serving.work.iter().map(|(_, work)| work.class()).collect();
    assert_eq!(classes, [Class::Change, Class::Question]);
    assert!(count(&serving, "a") > 0, "events go on beside them");
}

#[test]
fn a_question_that_nobody_waits_for_is_not_asked() {
    let (inlet, outlet) = queue();
    drop(ask(&inlet, "a"));
    let _answer = ask(&inlet, "a");
    assert_eq!(outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap().work.len(), 1);
    assert!(outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).is_none());
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
    drop(outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap());
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
    while let Some(serving) = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)) {
        outlet.settle(serving.bill, Duration::from_micros(1));
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
    assert_eq!(ids(&outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap()), ["a:0"]);
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
    for caller in 0..2 * LANES_KEPT {
        drop(push(&inlet, &format!("c{caller}"), FAST, 0..1));
        while let Some(serving) = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)) {
            outlet.settle(serving.bill, Duration::from_micros(50));
        }
    }
    assert!(lock(&outlet.state).lanes.len() <= LANES_KEPT + 1);
}

#[test]
fn events_that_are_put_back_come_next_in_their_order_and_count_as_waiting() {
    let (inlet, outlet) = queue();
    let answers = [push(&inlet, "a", FAST, 0..3), push(&inlet, "a", FAST, 3..5)];
    let mut serving = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap();
    assert_eq!(ids(&serving), ["a:0", "a:1", "a:2", "a:3", "a:4"]);
    // The second event of the first request and all of the second request could not be decided.
    serving.parts[0].arrivals = serving.parts[0].arrivals.drain(..).filter(|placed| placed.place == 1).collect();
    serving.parts.drain(..).rev().for_each(|part| outlet.put_back(part));
    assert_eq!(lock(&outlet.state).waiting.of(&Flow::token("a")), (2, 3));
    drop(push(&inlet, "a", FAST, 5..6));
    let again = outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap();
    assert_eq!(ids(&again), ["a:1", "a:3", "a:4", "a:5"]);
    let places: Vec<Vec<usize>> =
        again.parts.iter().map(|part| part.arrivals.iter().map(|placed| placed.place).collect()).collect();
    assert_eq!(places, [vec![1], vec![0, 1], vec![0]]);
    assert!(again.parts.iter().all(|part| part.reply.is_some()));
    assert_eq!(lock(&outlet.state).waiting.of(&Flow::token("a")), (0, 0));
    drop(answers);
}

#[test]
fn a_request_whose_first_events_are_put_back_goes_on_where_it_was() {
    let (inlet, outlet) = queue();
    let _answer = push(&inlet, "a", FAST, 0..10);
    let first = outlet.next(Room::of_time(4)).unwrap();
    assert_eq!(ids(&first), ["a:0", "a:1", "a:2", "a:3"]);
    first.parts.into_iter().for_each(|mut part| {
        part.arrivals.drain(..2);
        outlet.put_back(part);
    });
    assert_eq!(
        ids(&outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap()),
        ["a:2", "a:3", "a:4", "a:5", "a:6", "a:7", "a:8", "a:9"]
    );
}

#[test]
fn where_the_clock_stands_what_is_taken_together_does_not_depend_on_time() {
    let (inlet, outlet) = learned();
    let _answer = push(&inlet, "a", SLOW, 0..40);
    assert!(count(&outlet.next(Room::of_time(DECIDE_EVENTS_MAX)).unwrap(), "a") < 40, "they take long");
    let (inlet, outlet) = learned();
    let _answer = push(&inlet, "a", SLOW, 0..300);
    assert_eq!(count(&outlet.next(Room::of_events(DECIDE_EVENTS_MAX)).unwrap(), "a"), DECIDE_EVENTS_MAX);
}

#[test]
fn several_callers_are_told_from_one_with_several_lanes() {
    let (inlet, outlet) = queue();
    assert!(!outlet.has_several_callers());
    let _answers = [push(&inlet, "a", FAST, 0..2), push(&inlet, "a", FAST, 2..3)];
    let _question = ask(&inlet, "a");
    assert!(!outlet.has_several_callers());
    let _other = push(&inlet, "b", FAST, 0..1);
    assert!(outlet.has_several_callers());
}

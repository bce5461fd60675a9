//! The queue in front of the decider: fair between callers, bounded for each of them and in total.
//!
//! Work waits in lanes. Every caller ([`Flow`]: a token, or the host itself) has three: one for changes, one for questions
//! (quotes and dry runs) and one for events. A lane is first in, first out. Between lanes the decider's time is divided by
//! start-time fair queueing: a lane carries the virtual time at which its next piece starts, the lane with the earliest start
//! is served, and its start advances by the time that the piece took. A lane that asked for less than its share is therefore
//! served next, however much waits in other lanes, and a large request is served in parts between the requests of others.
//!
//! The decider takes a `Serving` at a time: as much work as `SERVING_NANOS` are estimated to do, at most
//! [`DECIDE_EVENTS_MAX`] events. How long a kind of work takes is learnt from what it took (`costs`).

mod flow;
mod bounds;
mod costs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use largesse_domain::limits::DECIDE_EVENTS_MAX;
use tokio::sync::oneshot;

use crate::answer::EventResult;
use crate::intake::Arrival;

pub(crate) use bounds::Usage;
use bounds::Waiting;
pub use bounds::{Bound, Full};
use costs::{Costs, Piece};
pub use flow::Flow;

/// The estimated time of the work that is taken at once, in nanoseconds.
pub(crate) const SERVING_NANOS: u64 = 20_000_000;
/// A lane has at most one part in so many of a serving before the next lane is looked at.
const SLICES: u64 = 8;
/// Most events that are taken from one lane before the next is looked at.
const SLICE_EVENTS: usize = DECIDE_EVENTS_MAX / 8;
/// Lanes from which on those in which nothing waits are forgotten.
const LANES_KEPT: usize = 1_024;

/// What work is, as far as its place in the queue goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    Change,
    Question,
    Events,
}

/// Work other than events, as far as the queue looks into it.
pub(crate) trait Waits {
    /// Returns which lane of its caller it waits in.
    fn class(&self) -> Class;

    /// Returns how much of what is bounded it is.
    fn usage(&self) -> Usage;

    /// Reports whether nobody waits for the answer any more, and nothing but the answer would come of it.
    fn is_abandoned(&self) -> bool;
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct LaneKey {
    flow: Flow,
    class: Class,
}

/// Events of one request, of which the first ones may have been taken.
struct Request {
    number: u64,
    arrivals: VecDeque<Placed>,
    is_begun: bool,
    reply: oneshot::Sender<Vec<EventResult>>,
}

enum Entry<W> {
    Work(W),
    Request(Request),
}

/// An event of a request, and its place in the answer.
pub(crate) struct Placed {
    pub(crate) place: usize,
    pub(crate) arrival: Arrival,
}

/// The next events of a request, decided together with the other parts of a serving.
pub(crate) struct Part {
    /// Which request they belong to.
    pub(crate) request: u64,
    lane: LaneKey,
    pub(crate) arrivals: Vec<Placed>,
    /// Who is answered; there when these are the request's last events.
    pub(crate) reply: Option<oneshot::Sender<Vec<EventResult>>>,
}

/// What the decider does next: first the pieces of work, one after the other, then the events, together.
pub(crate) struct Serving<W> {
    pub(crate) work: Vec<(Bill, W)>,
    pub(crate) parts: Vec<Part>,
    /// For the events.
    pub(crate) bill: Bill,
}

/// What was estimated for work that is being done, by lane and by kind of piece.
#[derive(Default)]
pub(crate) struct Bill {
    lanes: Vec<(LaneKey, u64)>,
    pieces: HashMap<Piece, u64>,
}

struct Lane<W> {
    entries: VecDeque<Entry<W>>,
    /// The virtual time at which its next piece starts.
    start: u64,
    /// Its place among lanes that start at the same time, while something waits in it.
    place: u64,
}

struct State<W> {
    lanes: HashMap<LaneKey, Lane<W>>,
    /// Lanes in which something waits, by start and place.
    ready: BTreeMap<(u64, u64), LaneKey>,
    waiting: Waiting,
    costs: Costs,
    /// The virtual time: the start of the piece that was taken last; once nothing waits, the latest start of all lanes.
    now: u64,
    latest: u64,
    next_place: u64,
    next_request: u64,
    is_closed: bool,
}

// Derived defaults would ask for one of the work too.
impl<W> Default for Serving<W> {
    fn default() -> Self {
        Self { work: Vec::new(), parts: Vec::new(), bill: Bill::default() }
    }
}

impl<W> Default for Lane<W> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), start: 0, place: 0 }
    }
}

impl<W> Default for State<W> {
    fn default() -> Self {
        Self {
            lanes: HashMap::new(),
            ready: BTreeMap::new(),
            waiting: Waiting::default(),
            costs: Costs::default(),
            now: 0,
            latest: 0,
            next_place: 0,
            next_request: 0,
            is_closed: false,
        }
    }
}

/// Why work does not get into the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotQueued {
    Full(Full),
    Closed,
}

/// The end of the queue where work is put in.
pub(crate) struct Inlet<W> {
    state: Arc<Mutex<State<W>>>,
    wake: Sender<()>,
}

/// The end where the decider takes it out. Drops all that waits when it is dropped, so that whoever waits for an answer learns
/// that none will come.
pub(crate) struct Outlet<W: Waits> {
    state: Arc<Mutex<State<W>>>,
    wakes: Receiver<()>,
}

/// Makes a queue.
pub(crate) fn queue<W: Waits>() -> (Inlet<W>, Outlet<W>) {
    let state = Arc::new(Mutex::new(State::default()));
    let (wake, wakes) = bounded(1);
    (Inlet { state: Arc::clone(&state), wake }, Outlet { state, wakes })
}

fn lock<W>(state: &Mutex<State<W>>) -> MutexGuard<'_, State<W>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<W: Waits> Inlet<W> {
    /// Adds a piece of work.
    pub(crate) fn push(&self, flow: Flow, work: W) -> Result<(), NotQueued> {
        let (class, usage) = (work.class(), work.usage());
        self.add(LaneKey { flow, class }, usage, |_| Entry::Work(work))
    }

    /// Adds a request to decide events.
    pub(crate) fn push_events(
        &self,
        flow: Flow,
        arrivals: Vec<Arrival>,
        reply: oneshot::Sender<Vec<EventResult>>,
    ) -> Result<(), NotQueued> {
        let usage = Usage::of_request(&arrivals);
        self.add(LaneKey { flow, class: Class::Events }, usage, |number| {
            let arrivals = arrivals.into_iter().enumerate().map(|(place, arrival)| Placed { place, arrival }).collect();
            Entry::Request(Request { number, arrivals, is_begun: false, reply })
        })
    }

    fn add(&self, key: LaneKey, usage: Usage, entry: impl FnOnce(u64) -> Entry<W>) -> Result<(), NotQueued> {
        let mut state = lock(&self.state);
        if state.is_closed {
            return Err(NotQueued::Closed);
        }
        let nanos_per_event = state.costs.nanos_per_event();
        state.waiting.add(&key.flow, usage, nanos_per_event).map_err(NotQueued::Full)?;
        state.next_request += 1;
        let entry = entry(state.next_request);
        state.put(key, entry);
        drop(state);
        // The decider has been woken already when there is no room.
        let _ = self.wake.try_send(());
        Ok(())
    }

    /// Takes no more work. What waits is still done.
    pub(crate) fn close(&self) {
        lock(&self.state).is_closed = true;
        let _ = self.wake.try_send(());
    }
}

impl<W: Waits> Outlet<W> {
    /// Signals that something was put in, or that nothing will be any more.
    pub(crate) fn wakes(&self) -> &Receiver<()> {
        &self.wakes
    }

    /// Reports whether no more work is taken.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.state).is_closed
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.state).ready.is_empty()
    }

    /// Reports whether work of more than one caller waits.
    pub(crate) fn has_several_callers(&self) -> bool {
        let state = lock(&self.state);
        let mut flows = state.ready.values().map(|key| &key.flow);
        flows.next().is_some_and(|first| flows.any(|flow| flow != first))
    }

    /// Takes what is done next, as much as fits; `None` when nothing waits.
    pub(crate) fn next(&self, room: Room) -> Option<Serving<W>> {
        lock(&self.state).next(room)
    }

    /// Puts events that could not be decided back to where they were taken from.
    pub(crate) fn put_back(&self, part: Part) {
        lock(&self.state).put_back(part);
    }

    /// Notes how long billed work took.
    pub(crate) fn settle(&self, bill: Bill, took: Duration) {
        lock(&self.state).settle(bill, took);
    }
}

impl<W: Waits> Drop for Outlet<W> {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        *state = State { is_closed: true, ..State::default() };
    }
}

impl<W: Waits> State<W> {
    fn put(&mut self, key: LaneKey, entry: Entry<W>) {
        if self.ready.is_empty() {
            self.now = self.now.max(self.latest);
        }
        let (now, place) = (self.now, self.next_place);
        let lane = self.lanes.entry(key.clone()).or_default();
        lane.entries.push_back(entry);
        if lane.entries.len() == 1 {
            lane.start = lane.start.max(now);
            lane.place = place;
            self.next_place += 1;
            self.ready.insert((lane.start, lane.place), key);
        }
    }

    fn put_back(&mut self, part: Part) {
        let Part { request: number, lane: key, arrivals, reply } = part;
        let mut usage = Usage { requests: usize::from(reply.is_some()), ..Usage::default() };
        arrivals.iter().for_each(|placed| usage.add(Usage::of_event(&placed.arrival)));
        self.waiting.restore(&key.flow, usage);
        let (now, place) = (self.now, self.next_place);
        let lane = self.lanes.entry(key.clone()).or_default();
        match (lane.entries.front_mut(), reply) {
            (Some(Entry::Request(request)), None) if request.number == number => {
                arrivals.into_iter().rev().for_each(|placed| request.arrivals.push_front(placed));
            }
            (_, Some(reply)) => {
                let request = Request { number, arrivals: arrivals.into(), is_begun: true, reply };
                lane.entries.push_front(Entry::Request(request));
            }
            // Whoever asked is gone with the rest of the request.
            (_, None) => return,
        }
        if lane.entries.len() == 1 && !self.ready.contains_key(&(lane.start, lane.place)) {
            lane.start = lane.start.max(now);
            lane.place = place;
            self.next_place += 1;
            self.ready.insert((lane.start, lane.place), key);
        }
    }

    fn next(&mut self, mut room: Room) -> Option<Serving<W>> {
        let mut serving = Serving::default();
        let slice_nanos = room.nanos / SLICES;
        while room.events > 0
            && room.nanos > 0
            && let Some(((start, _), key)) = self.ready.pop_first()
        {
            self.now = self.now.max(start);
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            let (nanos, usage) = match lane.entries.front_mut() {
                Some(Entry::Request(request)) => {
                    let slice = slice(request, &self.costs, &room, slice_nanos);
                    let (nanos, usage) = (slice.nanos, slice.usage);
                    room.events -= slice.arrivals.len();
                    serving.add(&key, slice, lane);
                    (nanos, usage)
                }
                Some(Entry::Work(_)) => take_work(&mut serving, lane, &key, &self.costs),
                None => continue,
            };
            room.nanos = room.nanos.saturating_sub(nanos);
            self.waiting.remove(&key.flow, usage);
            lane.start = start.saturating_add(nanos);
            self.latest = self.latest.max(lane.start);
            if !lane.entries.is_empty() {
                lane.place = self.next_place;
                self.next_place += 1;
                self.ready.insert((lane.start, lane.place), key);
            }
        }
        self.forget();
        (!serving.work.is_empty() || !serving.parts.is_empty()).then_some(serving)
    }

    fn settle(&mut self, bill: Bill, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1);
        let estimated = bill.lanes.iter().fold(0_u64, |sum, (_, nanos)| sum.saturating_add(*nanos)).max(1);
        for (key, nanos) in bill.lanes {
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            // Each lane is charged its part of the time that all took together.
            let part = u128::from(took) * u128::from(nanos) / u128::from(estimated);
            let charged = u64::try_from(part).unwrap_or(u64::MAX);
            let start = lane.start.saturating_sub(nanos).saturating_add(charged);
            if !lane.entries.is_empty() {
                self.ready.remove(&(lane.start, lane.place));
                self.ready.insert((start, lane.place), key);
            }
            lane.start = start;
            self.latest = self.latest.max(start);
        }
        self.costs.learn(&bill.pieces, estimated, took);
    }

    /// Drops lanes about which there is nothing to know.
    fn forget(&mut self) {
        if self.lanes.len() > LANES_KEPT {
            let now = self.now;
            self.lanes.retain(|_, lane| !lane.entries.is_empty() || lane.start > now);
        }
    }
}

/// What still fits into a serving.
pub(crate) struct Room {
    events: usize,
    /// Of estimated time.
    nanos: u64,
}

impl Room {
    /// Room for at most so many events, and for as much work as may keep others waiting.
    pub(crate) fn of_time(events: usize) -> Self {
        Self { events: events.min(DECIDE_EVENTS_MAX), nanos: SERVING_NANOS }
    }

    /// Room for so many events, however long they take. For a clock that stands: what is decided together, and so the numbers of
    /// decisions and who gets the last of a budget, then follow from what was asked alone.
    pub(crate) fn of_events(events: usize) -> Self {
        Self { events: events.min(DECIDE_EVENTS_MAX), nanos: u64::MAX }
    }
}

/// Events taken from one lane.
struct Slice {
    request: u64,
    continues: bool,
    is_last: bool,
    arrivals: Vec<Placed>,
    pieces: Vec<Piece>,
    nanos: u64,
    usage: Usage,
}

/// Takes the next events of a request: one at least, and as many more as a lane may have at once.
fn slice(request: &mut Request, costs: &Costs, room: &Room, nanos_max: u64) -> Slice {
    let mut slice = Slice {
        request: request.number,
        continues: request.is_begun,
        is_last: false,
        arrivals: Vec::new(),
        pieces: Vec::new(),
        nanos: 0,
        usage: Usage::default(),
    };
    let (events, nanos) = (room.events.min(SLICE_EVENTS), room.nanos.min(nanos_max));
    while slice.arrivals.len() < events
        && (slice.arrivals.is_empty() || slice.nanos < nanos)
        && let Some(placed) = request.arrivals.pop_front()
    {
        let piece = Piece::Event(placed.arrival.event.kind.clone());
        slice.nanos = slice.nanos.saturating_add(costs.estimate(&piece));
        slice.usage.add(Usage::of_event(&placed.arrival));
        slice.pieces.push(piece);
        slice.arrivals.push(placed);
    }
    request.is_begun = true;
    slice.is_last = request.arrivals.is_empty();
    if slice.is_last {
        slice.usage.requests += 1;
    }
    slice
}

/// Takes the work at the front of a lane, unless it is a question that nobody waits for any more.
fn take_work<W: Waits>(serving: &mut Serving<W>, lane: &mut Lane<W>, key: &LaneKey, costs: &Costs) -> (u64, Usage) {
    let Some(Entry::Work(work)) = lane.entries.pop_front() else { return (0, Usage::default()) };
    let usage = work.usage();
    if work.is_abandoned() {
        return (0, usage);
    }
    let piece = Piece::Class(key.class);
    let nanos = costs.estimate(&piece);
    let bill = Bill { lanes: vec![(key.clone(), nanos)], pieces: [(piece, 1)].into() };
    serving.work.push((bill, work));
    (nanos, usage)
}

impl<W> Serving<W> {
    fn add(&mut self, key: &LaneKey, slice: Slice, lane: &mut Lane<W>) {
        let Slice { request, continues, is_last, arrivals, pieces, nanos, .. } = slice;
        match self.bill.lanes.iter_mut().find(|(billed, _)| billed == key) {
            Some((_, billed)) => *billed = billed.saturating_add(nanos),
            None => self.bill.lanes.push((key.clone(), nanos)),
        }
        for piece in pieces {
            *self.bill.pieces.entry(piece).or_default() += 1;
        }
        let reply = is_last.then(|| lane.entries.pop_front()).flatten().and_then(|entry| match entry {
            Entry::Request(request) => Some(request.reply),
            Entry::Work(_) => None,
        });
        let begun = self.parts.iter_mut().rfind(|part| continues && part.request == request);
        match begun {
            Some(part) => {
                part.arrivals.extend(arrivals);
                part.reply = reply;
            }
            None => self.parts.push(Part { request, lane: key.clone(), arrivals, reply }),
        }
    }
}

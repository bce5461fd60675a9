//! Which connections are open, and which is closed when there is no room for another.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use largesse_domain::limits::{
    ANSWER_STALL_SECONDS_MAX, CONNECTIONS_ANONYMOUS_ONE_IN, CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX,
    CONNECTIONS_RESERVED_ONE_IN, HEAD_SECONDS_MAX, IDLE_SECONDS_MAX, SHUTDOWN_FINISH_SECONDS,
};
use tokio::sync::Notify;

use super::connection::Connection;

/// Bounds on connections. A platform engineer sets them; the defaults stand in [`largesse_domain::limits`].
#[derive(Clone, Copy, Debug)]
pub struct ConnectionBounds {
    /// Most connections at a time.
    pub max: usize,
    /// Most connections of one peer address that have not shown a valid token; 0 for no such bound.
    pub per_address: usize,
    /// How long a head may take, and how long a connection that has not shown a valid token may wait for one.
    pub head_time: Duration,
    /// How long a connection that has shown a valid token may be idle.
    pub idle_time: Duration,
    /// How long a client may keep an answer waiting before it must take it at a least rate.
    pub stall_time: Duration,
    /// How long requests in flight may take to finish once the host stops.
    pub finish_time: Duration,
}

impl Default for ConnectionBounds {
    fn default() -> Self {
        Self {
            max: CONNECTIONS_MAX,
            per_address: CONNECTIONS_PER_ADDRESS_MAX,
            head_time: Duration::from_secs(HEAD_SECONDS_MAX),
            idle_time: Duration::from_secs(IDLE_SECONDS_MAX),
            stall_time: Duration::from_secs(ANSWER_STALL_SECONDS_MAX),
            finish_time: Duration::from_secs(SHUTDOWN_FINISH_SECONDS),
        }
    }
}

impl ConnectionBounds {
    /// Returns how many connections may be open without having shown a valid token.
    fn anonymous_max(&self) -> usize {
        (self.max - self.max / CONNECTIONS_RESERVED_ONE_IN).max(1)
    }

    /// Returns how many connections that have shown a valid token may be open.
    fn authenticated_max(&self) -> usize {
        (self.max - self.max / CONNECTIONS_ANONYMOUS_ONE_IN).max(1)
    }
}

/// Whom connections are counted for: an IPv4 address, or the network that an IPv6 subscriber is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Peer {
    V4(Ipv4Addr),
    V6Network([u16; 4]),
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6Network([a, b, c, d])
            }
        }
    }
}

/// Why a connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Its address has as many connections in use as it may have without a token.
    Address,
    /// As many connections as there may be are in use.
    Full,
}

/// Connections that wait for a request, by when they began to.
type Waiting = BTreeMap<u64, u64>;

#[derive(Default)]
struct OfPeer {
    open: usize,
    waiting: Waiting,
}

struct Entry {
    peer: Peer,
    is_authenticated: bool,
    /// When it began to wait for a request, as a number that grows; none while a request is answered.
    waits_since: Option<u64>,
    close: Arc<Notify>,
}

#[derive(Default)]
struct Open {
    last: u64,
    entries: HashMap<u64, Entry>,
    authenticated: usize,
    /// Connections without a valid token that wait for a request.
    anonymous_waiting: Waiting,
    authenticated_waiting: Waiting,
    /// What each address has open without a valid token.
    peers: HashMap<Peer, OfPeer>,
}

/// The connections of a host.
pub(crate) struct Door {
    pub(super) bounds: ConnectionBounds,
    open: Mutex<Open>,
    is_draining: AtomicBool,
    emptied: Notify,
}

impl Door {
    pub(super) fn new(bounds: ConnectionBounds) -> Arc<Self> {
        let is_draining = AtomicBool::new(false);
        Arc::new(Self { bounds, open: Mutex::default(), is_draining, emptied: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a connection in. When there is no room, the one that has waited longest for a request is closed: first of its own address,
    /// then of those without a valid token, then of those with one. A connection whose request is being answered is never closed.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Arc<Connection>, Refused> {
        let peer = Peer::from(address);
        let mut open = self.lock();
        let of_peer = open.peers.get(&peer).map_or(0, |of_peer| of_peer.open);
        if self.bounds.per_address > 0 && of_peer >= self.bounds.per_address {
            let longest = open.peers.get(&peer).and_then(|of_peer| first(&of_peer.waiting));
            open.close(longest.ok_or(Refused::Address)?);
        }
        if open.entries.len() - open.authenticated >= self.bounds.anonymous_max() {
            let longest = first(&open.anonymous_waiting);
            open.close(longest.ok_or(Refused::Full)?);
        }
        if open.entries.len() >= self.bounds.max {
            let longest = first(&open.anonymous_waiting).or_else(|| first(&open.authenticated_waiting));
            open.close(longest.ok_or(Refused::Full)?);
        }
        let id = open.turn();
        let close = Arc::new(Notify::new());
        let entry = Entry { peer, is_authenticated: false, waits_since: None, close: Arc::clone(&close) };
        open.entries.insert(id, entry);
        open.peers.entry(peer).or_default().open += 1;
        open.wait(id);
        drop(open);
        metrics::gauge!("largesse_http_connections").increment(1.0);
        Ok(Arc::new(Connection::new(Arc::clone(self), id, close)))
    }

    /// Closes the connection without a valid token that has waited longest. Reports whether there was one.
    pub(super) fn close_one(&self) -> bool {
        let mut open = self.lock();
        let longest = first(&open.anonymous_waiting);
        longest.is_some_and(|id| open.close(id))
    }

    /// Notes that a connection has shown a valid token. Reports whether there is room for it among those that have.
    pub(super) fn authenticate(&self, id: u64) -> bool {
        let mut open = self.lock();
        let has_room = open.authenticated < self.bounds.authenticated_max();
        // One that is being closed is not counted any more, and answers its request as well as it still can.
        let Some(entry) = open.entries.get_mut(&id) else { return true };
        if entry.is_authenticated || !has_room {
            return entry.is_authenticated;
        }
        let (peer, waits) = (entry.peer, entry.waits_since.is_some());
        open.unwait(id);
        open.forget(peer);
        open.authenticated += 1;
        if let Some(entry) = open.entries.get_mut(&id) {
            entry.is_authenticated = true;
        }
        if waits {
            open.wait(id);
        }
        true
    }

    /// Notes that a request is being answered. Reports whether the connection is still open.
    pub(super) fn begin(&self, id: u64) -> bool {
        let mut open = self.lock();
        open.unwait(id);
        open.entries.contains_key(&id)
    }

    /// Notes that a connection waits for its next request.
    pub(super) fn wait(&self, id: u64) {
        self.lock().wait(id);
    }

    /// Forgets a connection that has ended.
    pub(super) fn leave(&self, id: u64) {
        self.lock().remove(id);
        metrics::gauge!("largesse_http_connections").decrement(1.0);
        self.emptied.notify_waiters();
    }

    /// Begins to tell balancers to send requests elsewhere.
    pub(super) fn drain(&self) {
        self.is_draining.store(true, Ordering::SeqCst);
    }

    /// Reports whether the host is about to stop.
    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::SeqCst)
    }

    /// Returns when no connection is open.
    pub(super) async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            let mut emptied = std::pin::pin!(emptied);
            emptied.as_mut().enable();
            if self.lock().entries.is_empty() {
                return;
            }
            emptied.await;
        }
    }
}

fn first(waiting: &Waiting) -> Option<u64> {
    waiting.first_key_value().map(|(_, id)| *id)
}

impl Open {
    fn turn(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn wait(&mut self, id: u64) {
        self.unwait(id);
        let turn = self.turn();
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.waits_since = Some(turn);
        if entry.is_authenticated {
            self.authenticated_waiting.insert(turn, id);
        } else {
            self.anonymous_waiting.insert(turn, id);
            self.peers.entry(entry.peer).or_default().waiting.insert(turn, id);
        }
    }

    fn unwait(&mut self, id: u64) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let Some(turn) = entry.waits_since.take() else { return };
        self.authenticated_waiting.remove(&turn);
        self.anonymous_waiting.remove(&turn);
        if let Some(of_peer) = self.peers.get_mut(&entry.peer) {
            of_peer.waiting.remove(&turn);
        }
    }

    /// Forgets one connection without a valid token of an address.
    fn forget(&mut self, peer: Peer) {
        let Some(of_peer) = self.peers.get_mut(&peer) else { return };
        of_peer.open -= 1;
        if of_peer.open == 0 {
            self.peers.remove(&peer);
        }
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        self.unwait(id);
        let entry = self.entries.remove(&id)?;
        match entry.is_authenticated {
            true => self.authenticated -= 1,
            false => self.forget(entry.peer),
        }
        Some(entry)
    }

    /// Closes a connection, whose room is free at once.
    fn close(&mut self, id: u64) -> bool {
        metrics::counter!("largesse_http_connections_closed_for_others_total").increment(1);
        self.remove(id).is_some_and(|entry| {
            entry.close.notify_one();
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn door(max: usize, per_address: usize) -> Arc<Door> {
        Door::new(ConnectionBounds { max, per_address, ..ConnectionBounds::default() })
    }

    fn address(number: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(198, 51, 100, number))
    }

    fn is_open(door: &Door, connection: &Connection) -> bool {
        door.lock().entries.contains_key(&connection.id)
    }

    #[test]
    fn an_address_beyond_its_bound_loses_its_own_connection_that_waits_longest() {
        let door = door(1_000, 3);
        let other = door.admit(address(9)).unwrap();
        let mut held: Vec<_> = (0..3).map(|_| door.admit(A).unwrap()).collect();
        assert!(held.iter().all(|connection| is_open(&door, connection)));
        held.push(door.admit(A).unwrap());
        let open: Vec<_> = held.iter().map(|connection| is_open(&door, connection)).collect();
        assert_eq!(open, [false, true, true, true]);
        assert!(is_open(&door, &other));
        // What answers requests is not closed for others.
        held[1..].iter().for_each(|connection| assert!(door.begin(connection.id)));
        assert_eq!(door.admit(A).err(), Some(Refused::Address));
        door.wait(held[2].id);
        held.push(door.admit(A).unwrap());
        assert!(is_open(&door, &held[1]) && !is_open(&door, &held[2]));
    }

    #[test]
    fn connections_with_a_token_do_not_count_for_their_address() {
        let door = door(1_000, 2);
        let held: Vec<_> = (0..50)
            .map(|_| {
                let connection = door.admit(A).unwrap();
                assert!(door.authenticate(connection.id) && door.authenticate(connection.id));
                connection
            })
            .collect();
        assert!(held.iter().all(|connection| is_open(&door, connection)));
        assert!(door.lock().peers.is_empty());
    }

    #[test]
    fn zero_is_no_bound_for_an_address() {
        let door = door(1_000, 0);
        let held: Vec<_> = (0..800).map(|_| door.admit(A).unwrap()).collect();
        assert!(held.iter().all(|connection| is_open(&door, connection)));
    }

    #[test]
    fn those_without_a_token_leave_a_part_to_the_others() {
        let door = door(64, 0);
        let strangers: Vec<_> = (0..56).map(|number| door.admit(address(number)).unwrap()).collect();
        assert!(strangers.iter().all(|connection| is_open(&door, connection)), "just below");
        let next = door.admit(A).unwrap();
        assert!(!is_open(&door, &strangers[0]) && is_open(&door, &strangers[1]) && is_open(&door, &next));
        assert_eq!(door.lock().entries.len(), 56);
    }

    #[test]
    fn a_full_host_closes_what_waits_and_never_what_is_in_use() {
        let door = door(64, 0);
        let known: Vec<_> = (0..63)
            .map(|number| {
                let connection = door.admit(address(number)).unwrap();
                assert!(door.begin(connection.id) && door.authenticate(connection.id));
                connection
            })
            .collect();
        // One place is left for health checks, whoever has the others.
        let health = door.admit(A).unwrap();
        assert!(!door.authenticate(health.id), "as many with a token as there may be");
        let next = door.admit(A).unwrap();
        assert!(!is_open(&door, &health) && is_open(&door, &next));
        assert!(door.begin(next.id));
        assert_eq!(door.admit(A).err(), Some(Refused::Full));
        door.wait(known[7].id);
        let last = door.admit(A).unwrap();
        let open: Vec<_> = known.iter().map(|connection| is_open(&door, connection)).collect();
        assert_eq!(open.iter().position(|open| !open), Some(7), "idle, though it has a token");
        assert_eq!(open.iter().filter(|open| **open).count(), 62);
        assert!(is_open(&door, &last));
        drop((known, next, last, health));
        assert!(door.lock().entries.is_empty() && door.lock().peers.is_empty());
    }

    #[test]
    fn an_ipv6_network_is_one_peer_and_a_mapped_address_is_ipv4() {
        let peer = |text: &str| Peer::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(peer("2001:db8:0:1::1"), peer("2001:db8:0:1:ffff::2"));
        assert_ne!(peer("2001:db8:0:1::1"), peer("2001:db8:0:2::1"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
    }
}

//! A receiver of deliveries on this machine: checks signatures, takes each delivery once, and can misbehave.

mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

pub use verify::verify;

/// How the receiver answers a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With this status and these headers, each ended by a line end.
    Status(u16, String),
    /// With 200, after so long.
    Late(Duration),
    /// Never, until the other side gives up.
    Never,
    /// By closing the connection.
    Close,
    /// With something that is no HTTP.
    Garbage,
}

impl Answer {
    /// With this status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status(status, String::new())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature`.
    pub headers: [String; 3],
    /// The other headers, by name in lower case.
    pub others: BTreeMap<String, String>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Whether its signature is good, or why not.
    pub verified: Result<(), &'static str>,
}

impl Request {
    /// The body, read.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The delivery's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.headers[0]
    }
}

type Script = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;
type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

struct State {
    script: Script,
    secret: String,
    now: Now,
    requests: Vec<Request>,
    connections: usize,
    ids: BTreeSet<String>,
    taken: Vec<Value>,
}

/// A receiver, as long as it is there.
#[derive(Clone)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Receiver {
    /// Listens on a free port of the loopback address. It answers 204 to what is signed with the secret, 401 to all else.
    ///
    /// # Panics
    /// When there is no free port.
    #[must_use]
    pub fn start(secret: &str, now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it has an address");
        let state = State {
            script: Arc::new(|_| Answer::status(204)),
            secret: secret.to_owned(),
            now: Arc::new(now),
            requests: Vec::new(),
            connections: 0,
            ids: BTreeSet::new(),
            taken: Vec::new(),
        };
        let receiver = Self { address, shared: Arc::new((Mutex::new(state), Condvar::new())) };
        let own = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let receiver = own.clone();
                receiver.state().connections += 1;
                // What goes wrong on the way is the sender's to notice.
                std::thread::spawn(move || while receiver.serve(&stream).is_ok_and(|goes_on| goes_on) {});
            }
        });
        receiver
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is, as a URL without TLS.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/in?from=host", self.address)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How it answers what is signed from now on.
    pub fn answer(&self, script: impl Fn(&Request) -> Answer + Send + Sync + 'static) {
        self.state().script = Arc::new(script);
    }

    /// Which secret it checks with from now on.
    pub fn set_secret(&self, secret: &str) {
        secret.clone_into(&mut self.state().secret);
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// How often somebody connected.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state().connections
    }

    /// What it has taken, each id once, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<Value> {
        self.state().taken.clone()
    }

    /// Waits until what it was sent is as wanted.
    ///
    /// # Panics
    /// When that does not come about within ten seconds.
    pub fn wait(&self, wanted: impl Fn(&[Request], &[Value]) -> bool) {
        let pending = |state: &mut State| !wanted(&state.requests, &state.taken);
        let waited = self.shared.1.wait_timeout_while(self.state(), Duration::from_secs(10), pending);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        let ids: Vec<_> = state.requests.iter().map(|request| (request.id(), request.verified)).collect();
        assert!(!timeout.timed_out(), "it did not come about; there came {ids:?}");
    }

    /// Waits until so many are taken.
    ///
    /// # Panics
    /// When they do not come within ten seconds.
    pub fn wait_taken(&self, count: usize) {
        self.wait(|_, taken| taken.len() >= count);
    }

    /// Answers one request. Reports whether another may come over the same connection.
    fn serve(&self, mut stream: &TcpStream) -> std::io::Result<bool> {
        let Read { headers, others, body } = read(stream)?;
        let (script, now, secret) = {
            let state = self.state();
            (Arc::clone(&state.script), Arc::clone(&state.now), state.secret.clone())
        };
        let verified = verify(&secret, headers.each_ref().map(String::as_str), &body, now());
        let request = Request { headers, others, body, verified };
        let answer = if verified.is_ok() { script(&request) } else { Answer::status(401) };
        {
            let mut state = self.state();
            let good = matches!(answer, Answer::Status(200..=299, _) | Answer::Late(_));
            if good && state.ids.insert(request.id().to_owned()) {
                state.taken.push(request.json());
            }
            state.requests.push(request);
            self.shared.1.notify_all();
        }
        let head = |status: u16, more: &str| format!("HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\n{more}\r\n");
        match answer {
            Answer::Status(status, more) => stream.write_all(head(status, &more).as_bytes()).map(|()| true),
            Answer::Late(wait) => {
                std::thread::sleep(wait);
                stream.write_all(head(200, "").as_bytes()).map(|()| true)
            }
            Answer::Never => stream.read_to_end(&mut Vec::new()).map(|_| false),
            Answer::Close => Ok(false),
            Answer::Garbage => stream.write_all(b"\0\x01 what?\r\n\r\n").map(|()| false),
        }
    }
}

/// A request as it is read.
struct Read {
    headers: [String; 3],
    others: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Reads one request.
fn read(stream: &TcpStream) -> std::io::Result<Read> {
    let mut others = BTreeMap::new();
    let mut reader = BufReader::new(stream);
    let mut headers = ["", "", ""].map(str::to_owned);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            // The sender died on the way.
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line.trim_end().is_empty() { break } else { continue }
        };
        let value = value.to_owned();
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => headers[0] = value,
            "webhook-timestamp" => headers[1] = value,
            "webhook-signature" => headers[2] = value,
            "content-length" => length = value.parse().unwrap_or(0),
            other => drop(others.insert(other.to_owned(), value)),
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Read { headers, others, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_YSBrZXkgb2YgdGhpcnR5LXR3byBieXRlcywgcGxhaW4=";
    // Worked out with `openssl dgst -sha256 -hmac`.
    const GOOD: [&str; 3] = ["42", "1700000000", "v1,30pZizu7J5z2WfhwHztAXlCMSYUM/pYYZRFVBWUdbC4="];
    const BODY: &[u8] = b"{\"id\":42}";
    const NOW: i64 = 1_700_000_000;

    #[test]
    fn the_page_for_receivers_shows_this_check() {
        let (_, code) = include_str!("receiver/verify.rs").split_once("\n\n").unwrap();
        let page = include_str!("../../docs/deliveries.md");
        assert!(page.contains(&format!("```rust\n{code}```\n")), "docs/deliveries.md shows another check");
    }

    #[test]
    fn what_is_signed_is_believed() {
        assert_eq!(verify(SECRET, GOOD, BODY, NOW), Ok(()));
        assert_eq!(verify(SECRET, GOOD, BODY, NOW + 300), Ok(()));
        let other = format!("v1,AAAA v2,{0} {0}", GOOD[2]);
        assert_eq!(verify(SECRET, [GOOD[0], GOOD[1], &other], BODY, NOW), Ok(()));
    }

    #[test]
    fn what_was_changed_on_the_way_is_not_believed() {
        let wrong = Err("not signed with this secret");
        let key = SECRET.replace("whsec_Y", "whsec_Z");
        assert_eq!(verify(&key, GOOD, BODY, NOW), wrong);
        assert_eq!(verify(SECRET, ["43", GOOD[1], GOOD[2]], BODY, NOW), wrong);
        assert_eq!(verify(SECRET, [GOOD[0], "1700000001", GOOD[2]], BODY, NOW), wrong);
        for body in [&b"{\"id\":43}"[..], b"{\"id\":42} ", b""] {
            assert_eq!(verify(SECRET, GOOD, body, NOW), wrong);
        }
        for signature in ["", "v1,", "v1", "30pZizu7J5z2WfhwHztAXlCMSYUM/pYYZRFVBWUdbC4=", "v1,30pZ"] {
            assert_eq!(verify(SECRET, [GOOD[0], GOOD[1], signature], BODY, NOW), wrong, "{signature}");
        }
        assert_eq!(verify("hunter2", GOOD, BODY, NOW), Err("no secret"));
    }

    #[test]
    fn what_is_sent_again_later_is_not_believed() {
        let old = Err("too old, or from the future");
        assert_eq!(verify(SECRET, GOOD, BODY, NOW + 301), old);
        assert_eq!(verify(SECRET, GOOD, BODY, NOW - 301), old);
        assert_eq!(verify(SECRET, [GOOD[0], "", GOOD[2]], BODY, NOW), Err("no timestamp"));
    }
}

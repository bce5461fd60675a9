//! A client as small as it can be: one request at a time, from an address of the loopback network, patient for so long only.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) path: String,
    /// The token; none when it is empty.
    pub(super) token: String,
    pub(super) media: &'static str,
    /// Further lines of the head, each with its end.
    pub(super) more: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn get(path: impl Into<String>, token: &str) -> Self {
        let (media, more) = ("application/json", String::new());
        Self { method: "GET", path: path.into(), token: token.to_owned(), media, more, body: Vec::new() }
    }

    pub(super) fn post(path: impl Into<String>, token: &str, media: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { method: "POST", media, body: body.into(), ..Self::get(path, token) }
    }

    pub(super) fn put(path: impl Into<String>, token: &str, body: &serde_json::Value) -> Self {
        Self { method: "PUT", body: body.to_string().into_bytes(), ..Self::get(path, token) }
    }

    pub(super) fn event(token: &str, event: &serde_json::Value) -> Self {
        Self::post("/v1/events", token, "application/cloudevents+json", event.to_string())
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { method, path, token, media, more, body } = self;
        let authorization = match token.as_str() {
            "" => String::new(),
            token => format!("authorization: Bearer {token}\r\n"),
        };
        let content = match body.len() {
            0 if *method == "GET" => String::new(),
            length => format!("content-type: {media}\r\ncontent-length: {length}\r\n"),
        };
        let head = format!("{method} {path} HTTP/1.1\r\nhost: siege\r\n{authorization}{more}{content}\r\n");
        [head.as_bytes(), body].concat()
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Code(u16),
    /// The connection was closed, or could not be made.
    Closed,
    /// Nothing came in time.
    Silent,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Closed => f.write_str("closed"),
            Self::Silent => f.write_str("silent"),
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: Status,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn is_success(&self) -> bool {
        matches!(self.status, Status::Code(200..=299))
    }
}

/// Connects from an address of the loopback network.
pub(super) fn connect(from: Ipv4Addr, to: SocketAddr, patience: Duration) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect_timeout(&to.into(), patience)?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends requests one after another, over one connection while the host keeps it.
pub(super) struct Client {
    from: Ipv4Addr,
    to: SocketAddr,
    patience: Duration,
    stream: Option<TcpStream>,
}

impl Client {
    pub(super) fn new(from: Ipv4Addr, to: SocketAddr, patience: Duration) -> Self {
        Self { from, to, patience, stream: None }
    }

    /// The same, patient for so long.
    pub(super) fn patient_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Lets the connection go: the next request makes one of its own.
    pub(super) fn hang_up(&mut self) {
        self.stream = None;
    }

    pub(super) fn send(&mut self, request: &Request) -> Answer {
        self.send_raw(&request.bytes())
    }

    /// Sends bytes as they are. A connection that the host had closed meanwhile is made anew, once.
    pub(super) fn send_raw(&mut self, bytes: &[u8]) -> Answer {
        let until = Instant::now() + self.patience;
        let was_open = self.stream.is_some();
        let mut answer = self.exchange(bytes, until);
        if was_open && matches!(&answer, Err(error) if !is_time(error)) {
            answer = self.exchange(bytes, until);
        }
        answer.unwrap_or_else(|error| {
            self.hang_up();
            let status = if is_time(&error) { Status::Silent } else { Status::Closed };
            Answer { status, body: error.to_string().into_bytes() }
        })
    }

    fn exchange(&mut self, bytes: &[u8], until: Instant) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.from, self.to, left(until)?)?,
        };
        stream.set_write_timeout(Some(left(until)?))?;
        // A host that refuses early answers before it has read everything.
        let written = stream.write_all(bytes);
        match read_answer(&mut stream, until) {
            Ok((answer, stays)) => {
                if stays && written.is_ok() {
                    self.stream = Some(stream);
                }
                Ok(answer)
            }
            Err(error) => Err(written.err().unwrap_or(error)),
        }
    }
}

fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn is_time(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// Reads an answer. The boolean says whether the connection stays.
pub(super) fn read_answer(stream: &mut TcpStream, until: Instant) -> io::Result<(Answer, bool)> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        more(stream, &mut bytes, until)?;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let code = text.get(9..12).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name).map(str::trim));
    let mut body = bytes.split_off(head + 4);
    let closes = field("connection:") == Some("close");
    match field("content-length:").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => {
            while body.len() < length {
                more(stream, &mut body, until)?;
            }
        }
        // In pieces: the last one is empty. No body here has such bytes within.
        None if field("transfer-encoding:").is_some() => {
            while !body.ends_with(b"0\r\n\r\n") {
                more(stream, &mut body, until)?;
            }
        }
        None => {}
    }
    Ok((Answer { status: Status::Code(code), body }, !closes))
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>, until: Instant) -> io::Result<()> {
    stream.set_read_timeout(Some(left(until)?))?;
    let mut chunk = [0; 16 * 1024];
    match stream.read(&mut chunk)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => {
            bytes.extend_from_slice(&chunk[..read]);
            Ok(())
        }
    }
}

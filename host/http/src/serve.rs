//! Connections: bounded in number, patient with clients for so long only, and finished in good order.

mod connection;
mod door;
mod front;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use largesse_domain::limits::{HEAD_BYTES_MAX, HEADERS_MAX, LINGER_BYTES_MAX, LINGER_MS_MAX, SEND_BUFFER_BYTES};
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::problem::{Failure, ProblemType};
use crate::{AppState, router};

pub(crate) use connection::Connection;
pub use door::ConnectionBounds;

use connection::Overdue;
use door::{Door, Refused};
use front::Front;
use stream::Stream;

/// How long to wait after a failure to accept, such as too many open files.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// What hyper may buffer of what it reads: more than a head, so that the bound on heads is the one that counts.
const READ_BUFFER_BYTES: usize = 2 * HEAD_BYTES_MAX;

/// Serves until `shutdown` says so, and returns when what was asked is answered. Stop the service afterwards, not before.
///
/// What `shutdown` gives is how long to serve on while `/readyz` says that the host stops. Then nothing new is accepted, and requests in
/// flight have [`ConnectionBounds::finish_time`] to finish.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    bounds: ConnectionBounds,
    shutdown: impl Future<Output = Duration>,
) {
    let door = Door::new(bounds);
    let (stop, stopped) = watch::channel(false);
    let accepting = Accepting { listener, door: Arc::clone(&door), router: router(state), http: http(), stopped };
    let told = async {
        let serve_on = shutdown.await;
        door.drain();
        tokio::time::sleep(serve_on).await;
    };
    tokio::select! {
        () = accepting.run() => {}
        () = told => {}
    }
    stop.send_replace(true);
    if tokio::time::timeout(bounds.finish_time, door.empty()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    // How long a head may take depends on who sends it: see `Connection::overdue`.
    http.timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(READ_BUFFER_BYTES);
    http
}

struct Accepting {
    listener: TcpListener,
    door: Arc<Door>,
    router: Router,
    http: http1::Builder,
    stopped: watch::Receiver<bool>,
}

impl Accepting {
    /// Accepts connections for ever.
    async fn run(self) {
        loop {
            let (socket, address) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Mostly there are too many open files, and a connection that nobody uses is one of them.
                    tracing::warn!(%error, "a connection could not be accepted");
                    self.door.close_one();
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                    continue;
                }
            };
            // Without the first, small answers wait for the client's acknowledgement; without the second, the system copies megabytes for
            // each client that reads nothing.
            let buffer = SockRef::from(&socket).set_send_buffer_size(SEND_BUFFER_BYTES);
            if let Err(error) = socket.set_nodelay(true).and(buffer) {
                tracing::debug!(%error, "a connection keeps its delay or its buffer");
            }
            match self.door.admit(address.ip()) {
                Ok(connection) => {
                    let http = self.http.clone();
                    let router = self.router.clone();
                    tokio::spawn(run(socket, connection, (http, router), self.stopped.clone()));
                }
                Err(refused) => refuse(&socket, refused),
            }
        }
    }
}

/// Tells a client that there is no room, as far as that can be done without waiting for it.
fn refuse(socket: &TcpStream, refused: Refused) {
    metrics::counter!("largesse_http_connections_refused_total").increment(1);
    let failure = match refused {
        Refused::Address => Failure::new(
            ProblemType::TooManyConnections,
            "this address has as many connections in use as it may have without a token",
        ),
        Refused::Full => Failure::new(ProblemType::Busy, "the host has as many connections in use as it takes"),
    };
    // A client that is not told sees that the connection is closed.
    let _ = socket.try_write(&whole(failure));
}

/// Runs a connection to its end.
async fn run(
    socket: TcpStream,
    connection: Arc<Connection>,
    (http, router): (http1::Builder, Router),
    mut stopped: watch::Receiver<bool>,
) {
    let io = TokioIo::new(Stream::new(socket, Arc::clone(&connection)));
    let mut serving = http.serve_connection(io, Front::new(router, Arc::clone(&connection)));
    let mut is_told = false;
    let farewell = loop {
        tokio::select! {
            biased;
            () = connection.closed() => return,
            overdue = connection.overdue() => match overdue {
                Overdue::Head => break Some(Failure::bare(ProblemType::SlowHead)),
                // A client could take an answer that it has not asked for for the one to its next request.
                Overdue::Idle | Overdue::Answer => return,
            },
            // Its other end is dropped only when all is.
            () = async { drop(stopped.wait_for(|stopped| *stopped).await) }, if !is_told => {
                is_told = true;
                Pin::new(&mut serving).graceful_shutdown();
            }
            ended = &mut serving => break match ended {
                Ok(()) => None,
                Err(error) => unread_head(&error, &connection),
            },
        }
    };
    let socket = serving.into_parts().io.into_inner().into_socket();
    connection.linger();
    tokio::select! {
        () = connection.closed() => {}
        () = part(socket, farewell, connection.has_unread_body()) => {}
    }
}

/// What to say of a head that hyper could not read; nothing when the client is gone, or is in the middle of an answer.
fn unread_head(error: &hyper::Error, connection: &Connection) -> Option<Failure> {
    tracing::debug!(%error, "a connection ended badly");
    if !connection.is_waiting() {
        return None;
    }
    if error.is_parse_too_large() {
        let detail = format!("a head may have at most {HEAD_BYTES_MAX} bytes, and at most {HEADERS_MAX} header fields");
        return Some(Failure::new(ProblemType::HeadTooLarge, detail));
    }
    if error.is_parse_version_h2() {
        return Some(Failure::new(ProblemType::MalformedHead, "the host speaks HTTP/1.1, not HTTP/2"));
    }
    if error.is_parse() {
        return Some(Failure::new(ProblemType::MalformedHead, error.to_string()));
    }
    let ended_early = error.is_incomplete_message();
    ended_early.then(|| Failure::new(ProblemType::MalformedHead, "the request ended in the middle of its head"))
}

/// Says a last word, if there is one, and closes. What the client still sends is read for a while: a connection that is closed over bytes
/// that nobody has read is reset, and the client may lose the answer.
async fn part(mut socket: TcpStream, farewell: Option<Failure>, has_unread_body: bool) {
    let lingers = farewell.is_some() || has_unread_body;
    let close = async {
        if let Some(failure) = farewell {
            socket.write_all(&whole(failure)).await?;
        }
        socket.shutdown().await?;
        let mut left = if lingers { LINGER_BYTES_MAX } else { 0 };
        let mut buffer = vec![0; if lingers { 16 * 1024 } else { 0 }];
        while left > 0 {
            let read = socket.read(&mut buffer).await?;
            if read == 0 {
                break;
            }
            left = left.saturating_sub(read);
        }
        Ok::<_, std::io::Error>(())
    };
    // Whether the client hears it is its own affair by now.
    let _ = tokio::time::timeout(Duration::from_millis(LINGER_MS_MAX), close).await;
}

/// A problem as a whole answer, after which the connection is closed.
fn whole(failure: Failure) -> Vec<u8> {
    let body = serde_json::to_vec(&failure.clone().document()).unwrap_or_default();
    let mut response = failure.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let mut bytes = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
    for (name, value) in response.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes
}

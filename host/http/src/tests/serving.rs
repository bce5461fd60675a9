//! A real listener: requests in flight are finished when the host stops, and a host that has stopped says so.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Host, event};
use crate::{ConnectionBounds, serve};

pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

pub(super) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// What comes until the connection is closed, in whatever way.
pub(super) fn read_to_end(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A host that serves within these bounds.
pub(super) async fn serving(bounds: ConnectionBounds) -> (Host, SocketAddr) {
    let host = Host::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, host.state.clone(), bounds, std::future::pending()));
    (host, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_is_finished() {
    let host = Host::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        drop(stopped.await);
        Duration::ZERO
    };
    let serving = tokio::spawn(serve(listener, host.state.clone(), ConnectionBounds::default(), shutdown));

    let (body, token) = (event("1").to_string(), host.token("ingest").to_owned());
    let (head, tail) = body.split_at(20);
    let (head, tail, length) = (head.to_owned(), tail.to_owned(), body.len());
    let mut stream = blocking(move || {
        let mut stream = connect(address);
        let request = format!(
            "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/cloudevents+json\r\ncontent-length: {length}\r\n\r\n{head}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    })
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!serving.is_finished());
    let refused = blocking(move || TcpStream::connect(address)).await;
    assert!(refused.is_err(), "nothing new is taken");
    let answer = blocking(move || {
        stream.write_all(tail.as_bytes()).unwrap();
        read_to_end(stream)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""status":"admitted""#), "{answer}");
    serving.await.unwrap();

    assert_eq!(host.get("/readyz").await.status, 200);
    host.state.service.stop().await;
    let late = host.send(event("2")).await;
    assert_eq!(late.problem(), (503, "unavailable"));
    assert_eq!(late.headers["retry-after"], "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_stops_is_unready_first_and_serves_on() {
    let host = Host::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        drop(stopped.await);
        Duration::from_secs(2)
    };
    let bounds = ConnectionBounds { finish_time: Duration::from_secs(1), ..ConnectionBounds::default() };
    let serving = tokio::spawn(serve(listener, host.state.clone(), bounds, shutdown));
    let ask = move |path: &str| {
        let mut stream = connect(address);
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut answer = [0; 1_024];
        let read = stream.read(&mut answer).unwrap();
        (stream, String::from_utf8_lossy(&answer[..read]).into_owned())
    };
    let (_idle, before) = blocking(move || ask("/readyz")).await;
    assert!(before.starts_with("HTTP/1.1 200") && !before.contains("connection: close"), "{before}");
    stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (_, unready) = blocking(move || ask("/readyz")).await;
    assert!(unready.starts_with("HTTP/1.1 503"), "{unready}");
    let (_, alive) = blocking(move || ask("/healthz")).await;
    assert!(alive.starts_with("HTTP/1.1 200") && alive.contains("connection: close\r\n"), "{alive}");
    // A head that never ends does not keep the host from stopping.
    let mut endless = blocking(move || connect(address)).await;
    endless.write_all(b"GET / HTTP/1.1\r\nx: ").unwrap();
    assert!(!serving.is_finished());
    tokio::time::timeout(Duration::from_secs(10), serving).await.unwrap().unwrap();
    assert!(blocking(move || TcpStream::connect(address)).await.is_err());
}

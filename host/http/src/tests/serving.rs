//! A real listener: requests in flight are finished when the host stops, and a host that has stopped says so.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Host, event};
use crate::serve;
use crate::serve::serve_within;

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn read_to_end(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_is_finished() {
    let host = Host::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { drop(stopped.await) };
    let serving = tokio::spawn(serve(listener, host.state.clone(), shutdown));

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

/// A host that serves two connections at a time, and waits so long for a head.
async fn small_host(head_time_max: Duration) -> (Host, SocketAddr) {
    let host = Host::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_within((2, head_time_max), listener, host.state.clone(), std::future::pending()));
    (host, address)
}

fn ask(stream: &mut TcpStream) -> std::io::Result<usize> {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")?;
    stream.read(&mut [0; 1_024])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_no_head_is_let_go() {
    let (_host, address) = small_host(Duration::from_millis(500)).await;
    let told = blocking(move || {
        let mut slow = connect(address);
        slow.write_all(b"GET /healthz HTTP/1.1\r\nhost:").unwrap();
        let mut idle = connect(address);
        assert!(ask(&mut idle).unwrap() > 0);
        [read_to_end(slow), read_to_end(idle)]
    })
    .await;
    assert!(told.iter().all(|told| !told.contains(" 200 ")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_too_many_waits_until_another_ends() {
    let (_host, address) = small_host(Duration::from_secs(60)).await;
    blocking(move || {
        let mut first: Vec<TcpStream> = (0..2).map(|_| connect(address)).collect();
        first.iter_mut().for_each(|stream| assert!(ask(stream).unwrap() > 0));
        let mut waits = connect(address);
        waits.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let early = ask(&mut waits).unwrap_err();
        assert!(matches!(early.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{early}");
        drop(first);
        waits.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert!(waits.read(&mut [0; 1_024]).unwrap() > 0, "what it asked is answered now");
    })
    .await;
}

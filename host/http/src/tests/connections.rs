//! Connections that would keep others out, and requests that are not HTTP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use largesse_domain::limits::{HEAD_BYTES_MAX, HEADERS_MAX, LINGER_MS_MAX};
use serde_json::Value;
use ureq::Agent;

use super::event;
use super::serving::{blocking, connect, read_to_end, serving};
use crate::ConnectionBounds;

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

/// The status of the first answer that comes, and its text as far as one read goes.
fn ask(stream: &mut TcpStream, request: &str) -> std::io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let mut answer = vec![0; 64 * 1024];
    let read = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..read]).into_owned())
}

/// What is answered to bytes on a connection of their own, which is closed then: the status, the head, and the problem.
fn refusal(address: SocketAddr, request: &[u8]) -> (u16, String, Value) {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    let answer = read_to_end(stream);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(head.contains("connection: close"), "{head}");
    assert!(head.contains("content-type: application/problem+json"), "{head}");
    let status = head[9..12].parse().unwrap();
    let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    assert_eq!(body["status"], status, "{body}");
    (status, head.to_owned(), body)
}

fn kind(problem: &Value) -> &str {
    problem["type"].as_str().unwrap().strip_prefix(crate::URN).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_shut_nobody_out() {
    let bounds = ConnectionBounds { max: 64, per_address: 20, ..ConnectionBounds::default() };
    let (host, address) = serving(bounds).await;
    let token = host.token("viewer").to_owned();
    blocking(move || {
        let known = format!("GET /v1/campaigns HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
        let mut caller = connect(address);
        assert!(ask(&mut caller, &known).unwrap().starts_with("HTTP/1.1 200"));
        let silent: Vec<TcpStream> = (0..200).map(|_| connect(address)).collect();
        let started = Instant::now();
        for request in [HEALTH, &known] {
            let answer = ask(&mut connect(address), request).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        assert!(ask(&mut caller, &known).unwrap().starts_with("HTTP/1.1 200"), "the connection of a caller is kept");
        assert!(started.elapsed() < Duration::from_secs(2), "at once");
        drop(silent);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_do_not_come_after_a_refusal_shut_nobody_out() {
    let bounds = ConnectionBounds { max: 64, per_address: 20, ..ConnectionBounds::default() };
    let (_host, address) = serving(bounds).await;
    blocking(move || {
        let refused =
            "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer wrong\r\ncontent-length: 1000\r\n\r\n{";
        let started = Instant::now();
        let held: Vec<TcpStream> = (0..60)
            .map(|_| {
                let mut stream = connect(address);
                stream.write_all(refused.as_bytes()).unwrap();
                stream
            })
            .collect();
        for _ in 0..20 {
            let answer = ask(&mut connect(address), HEALTH).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        assert!(
            started.elapsed() < Duration::from_millis(LINGER_MS_MAX),
            "at once, while the bodies are still waited for"
        );
        drop(held);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_no_head_is_let_go_soon() {
    let bounds = ConnectionBounds { head_time: Duration::from_millis(500), ..ConnectionBounds::default() };
    let (host, address) = serving(bounds).await;
    let token = host.token("viewer").to_owned();
    blocking(move || {
        let (status, _, problem) = refusal(address, b"GET /healthz HTTP/1.1\r\nhost:");
        assert_eq!((status, kind(&problem)), (408, "slow-head"));
        assert_eq!(read_to_end(connect(address)), "", "of nothing nothing is said");
        let mut idle = connect(address);
        assert!(ask(&mut idle, HEALTH).unwrap().starts_with("HTTP/1.1 200"));
        assert_eq!(read_to_end(idle), "");
        // Who has shown a token may be idle for longer.
        let known = format!("GET /v1/campaigns HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
        let mut caller = connect(address);
        assert!(ask(&mut caller, &known).unwrap().starts_with("HTTP/1.1 200"));
        std::thread::sleep(Duration::from_millis(1_500));
        assert!(ask(&mut caller, &known).unwrap().starts_with("HTTP/1.1 200"));
        // But not in the middle of a head.
        let answer = ask(&mut caller, "GET /v1/campaigns HTTP/1.1\r\nhost: x\r\n").unwrap();
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_is_idle_for_so_long_only() {
    let bounds = ConnectionBounds {
        head_time: Duration::from_millis(200),
        idle_time: Duration::from_secs(1),
        ..ConnectionBounds::default()
    };
    let (host, address) = serving(bounds).await;
    let token = host.token("viewer").to_owned();
    blocking(move || {
        let known = format!("GET /v1/campaigns HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
        let mut caller = connect(address);
        assert!(ask(&mut caller, &known).unwrap().starts_with("HTTP/1.1 200"));
        let started = Instant::now();
        assert_eq!(read_to_end(caller), "");
        assert!(started.elapsed() >= Duration::from_millis(900));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_http_is_told_so() {
    let (_host, address) = serving(ConnectionBounds::default()).await;
    blocking(move || {
        for bad in [
            "hello\r\n\r\n",
            "GET\r\n\r\n",
            "GET /healthz\r\n\r\n",
            "GET /healthz HTTP/3.7\r\nhost: x\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nno colon\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nbad name: x\r\n\r\n",
            "GET /health z HTTP/1.1\r\nhost: x\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nhost: x\r\nx: \0\r\n\r\n",
            "POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: ten\r\n\r\n",
            "POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
            "GET /healthz HTTP/1.1\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            let (status, _, problem) = refusal(address, bad.as_bytes());
            assert_eq!((status, kind(&problem)), (400, "malformed-head"), "{bad:?}");
            assert!(problem["detail"].is_string(), "{problem}");
        }
        // After a good request as well, whose answer is whole.
        let two = format!("{HEALTH}nonsense\r\n\r\n");
        let answer = {
            let mut stream = connect(address);
            stream.write_all(two.as_bytes()).unwrap();
            read_to_end(stream)
        };
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 400").count(), 1, "{answer}");
        // A head that its client ends in the middle.
        let mut stream = connect(address);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(read_to_end(stream).starts_with("HTTP/1.1 400"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bound_on_heads_is_exact() {
    let (_host, address) = serving(ConnectionBounds::default()).await;
    blocking(move || {
        let head = |bytes: usize| {
            let empty = "GET /healthz HTTP/1.1\r\nhost: x\r\nx: \r\n\r\n";
            empty.replace("x: \r", &format!("x: {}\r", "a".repeat(bytes - empty.len())))
        };
        for bytes in [HEAD_BYTES_MAX - 1, HEAD_BYTES_MAX] {
            let request = head(bytes);
            assert_eq!(request.len(), bytes);
            let answer = ask(&mut connect(address), &request).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{bytes}: {answer}");
        }
        for bytes in [HEAD_BYTES_MAX + 1, 100_000, 4_000_000] {
            let (status, _, problem) = refusal(address, head(bytes).as_bytes());
            assert_eq!((status, kind(&problem)), (431, "head-too-large"), "{bytes}");
        }
        let fields = |count: usize| format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(count - 1));
        assert!(ask(&mut connect(address), &fields(HEADERS_MAX)).unwrap().starts_with("HTTP/1.1 200"));
        let (status, _, problem) = refusal(address, fields(HEADERS_MAX + 1).as_bytes());
        assert_eq!((status, kind(&problem)), (431, "head-too-large"));
    })
    .await;
}

/// A client that keeps connections and uses them again, as most do.
fn pooled() -> Agent {
    Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(20))).build().into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pooled_clients_survive_early_answers() {
    let (host, address) = serving(ConnectionBounds::default()).await;
    let token = |name| format!("Bearer {}", host.token(name));
    let (ingest, viewer, operator) = (token("ingest"), token("viewer"), token("operator"));
    blocking(move || {
        let agent = pooled();
        let events = format!("http://{address}/v1/events");
        let send = |token: &str, kind: &str, body: &[u8]| {
            let mut request = agent.post(&events).header("content-type", kind);
            if !token.is_empty() {
                request = request.header("authorization", token);
            }
            let response = request.send(body).unwrap_or_else(|error| panic!("{} bytes: {error}", body.len()));
            let closes = response.headers().get("connection").is_some_and(|value| value == "close");
            (response.status().as_u16(), closes)
        };
        let structured = "application/cloudevents+json";
        let good = event("1").to_string();
        let (small, large) = (vec![b' '; 300], vec![b' '; 3 * 1024 * 1024]);
        for round in 0..20 {
            let (status, closes) = send(&ingest, structured, good.as_bytes());
            assert_eq!((status, closes), (200, false), "{round}");
            // A small rest is read, and the connection is kept.
            assert_eq!(send("", structured, &small), (401, false), "{round}");
            assert_eq!(send(&viewer, structured, &small), (403, false), "{round}");
            assert_eq!(send(&ingest, "text/plain", &small), (415, false), "{round}");
            // A large one is not, and the answer says so.
            assert_eq!(send("", structured, &large), (401, true), "{round}");
            assert_eq!(send(&viewer, structured, &large), (403, true), "{round}");
            assert_eq!(send(&ingest, "text/plain", &large), (415, true), "{round}");
            assert_eq!(send(&ingest, structured, &large), (413, true), "{round}");
        }
        let unit = format!("http://{address}/v1/units/points");
        let put = agent.put(&unit).header("authorization", &operator).header("content-type", "application/json");
        assert_eq!(put.send(&large[..]).unwrap().status().as_u16(), 413);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_waits_to_be_asked_for_its_body_is_not_asked_in_vain() {
    let (host, address) = serving(ConnectionBounds::default()).await;
    let token = host.token("ingest").to_owned();
    blocking(move || {
        let head = |token: &str, length: usize| {
            format!(
                "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nexpect: 100-continue\r\n\
                 content-type: application/cloudevents+json\r\ncontent-length: {length}\r\n\r\n"
            )
        };
        let started = Instant::now();
        let (status, _, problem) = refusal(address, head("wrong", 100).as_bytes());
        assert_eq!((status, kind(&problem)), (401, "unauthenticated"));
        assert!(started.elapsed() < Duration::from_secs(10));
        let (mut stream, body) = (connect(address), event("1").to_string());
        assert_eq!(ask(&mut stream, &head(&token, body.len())).unwrap(), "HTTP/1.1 100 Continue\r\n\r\n");
        assert!(ask(&mut stream, &body).unwrap().starts_with("HTTP/1.1 200"));
    })
    .await;
}

/// Event kinds whose list is larger than what a socket holds.
async fn with_large_kinds(host: &super::Host) {
    let schema = serde_json::json!({"type": "object", "description": "x".repeat(200_000)});
    for number in 0..25 {
        let path = format!("/v1/kinds/large.k{number}");
        assert_eq!(host.write(("admin", axum::http::Method::PUT, &path), &schema).await.status, 201);
    }
}

fn large_request(token: &str) -> String {
    format!(
        "GET /v1/kinds?limit=1000 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_last_answer_comes_whole_to_a_slow_client() {
    let (host, address) = serving(ConnectionBounds::default()).await;
    with_large_kinds(&host).await;
    let request = large_request(host.token("viewer"));
    blocking(move || {
        let mut stream = connect(address);
        stream.write_all(request.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(1_500));
        let answer = read_to_end(stream);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let page: Value = serde_json::from_str(body).unwrap();
        assert!(body.len() > 3_000_000 && page["next"].is_string(), "{}", body.len());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_take_its_answer_is_let_go() {
    let bounds = ConnectionBounds { stall_time: Duration::from_secs(1), ..ConnectionBounds::default() };
    let (host, address) = serving(bounds).await;
    with_large_kinds(&host).await;
    let request = large_request(host.token("viewer"));
    blocking(move || {
        let mut stream = connect(address);
        stream.write_all(request.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_secs(6));
        let answer = read_to_end(stream);
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(serde_json::from_str::<Value>(body).is_err(), "cut off");
    })
    .await;
}

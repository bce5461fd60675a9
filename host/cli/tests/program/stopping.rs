//! How a host stops: unready first, then closed, then gone; and at once when it is told twice.

use std::time::{Duration, Instant};

use crate::host::Running;

/// The status of a path, or nothing when nobody answers.
fn status(host: &Running, path: &str) -> Option<u16> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into();
    agent.get(format!("{}{path}", host.server())).call().ok().map(|response| response.status().as_u16())
}

#[test]
fn sigterm_makes_it_unready_while_it_serves_on() {
    let mut host = Running::start();
    let mut command = host.command();
    host.terminate();
    command.env("LARGESSE_SHUTDOWN_DRAIN_SECONDS", "3");
    assert!(host.launch(command));
    assert_eq!(status(&host, "/readyz"), Some(200));
    let asked = Instant::now();
    host.ask_to_stop();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(status(&host, "/readyz"), Some(503));
    assert!(host.run(&["campaign", "list"]).code == 0, "it serves on");
    let ended = host.wait();
    assert_eq!(ended.code(), Some(0), "{}", host.log());
    let took = asked.elapsed();
    assert!((Duration::from_secs(3)..Duration::from_secs(30)).contains(&took), "{took:?}");
    assert_eq!(status(&host, "/readyz"), None);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut host = Running::start();
    let mut command = host.command();
    host.terminate();
    command.env("LARGESSE_SHUTDOWN_DRAIN_SECONDS", "600");
    assert!(host.launch(command));
    host.ask_to_stop();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(status(&host, "/healthz"), Some(200));
    let again = Instant::now();
    host.ask_to_stop();
    assert_eq!(host.wait().code(), Some(128 + 15), "{}", host.log());
    assert!(again.elapsed() < Duration::from_secs(10));
    // What was answered is on disk, and it starts as ever.
    host.restart();
    host.terminate();
}

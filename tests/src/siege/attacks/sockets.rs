//! Thousands of connections that are held open, and do nothing or too little.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::Result;

use super::super::client::{Status, connect};
use super::super::field::{ATTACKERS, Field};

/// Sockets of each attacker: together twice as many as any host here takes.
const SOCKETS_EACH: usize = 1_000;
/// How long an attacker waits for one connection.
const PATIENCE: Duration = Duration::from_millis(200);

/// Opens sockets, sends the beginning over each, and then these bytes again and again, one at a time. What is closed is opened again.
fn hold(field: &Field<'_>, beginning: &[u8], drip: &[u8]) {
    std::thread::scope(|scope| {
        for from in ATTACKERS {
            scope.spawn(move || {
                let open = || {
                    let mut stream = connect(from, field.address(), PATIENCE).ok()?;
                    stream.set_write_timeout(Some(PATIENCE)).ok()?;
                    stream.write_all(beginning).ok()?;
                    stream.set_nonblocking(true).ok()?;
                    Some(stream)
                };
                let mut held: Vec<TcpStream> = Vec::new();
                for turn in 0_usize.. {
                    while field.goes_on() && held.len() < SOCKETS_EACH {
                        match open() {
                            Some(stream) => held.push(stream),
                            // The host takes no more at the moment.
                            None => break,
                        }
                    }
                    if !field.goes_on() {
                        return;
                    }
                    let byte = drip.get(turn % drip.len().max(1));
                    let before = held.len();
                    held.retain_mut(|stream| stays(field, stream, byte));
                    if held.len() == before {
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
            });
        }
    });
}

/// Sends a byte. Returns whether the host still holds the connection; what it answered is noted.
fn stays(field: &Field<'_>, stream: &mut TcpStream, byte: Option<&u8>) -> bool {
    if byte.is_some_and(|byte| stream.write_all(&[*byte]).is_err_and(|error| error.kind() != ErrorKind::WouldBlock)) {
        field.note(Status::Closed);
        return false;
    }
    let mut head = [0; 64];
    match stream.read(&mut head) {
        Ok(0) => {
            field.note(Status::Closed);
            false
        }
        Ok(_) => {
            let code = std::str::from_utf8(&head[9..12]).ok().and_then(|code| code.parse().ok());
            field.note(code.map_or(Status::Closed, Status::Code));
            false
        }
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

/// Connections over which nothing comes.
pub(super) fn idle(field: &Field<'_>) -> Result<()> {
    hold(field, b"", b"");
    Ok(())
}

/// Heads that come a byte at a time.
pub(super) fn slow_heads(field: &Field<'_>) -> Result<()> {
    hold(field, b"POST /v1/events HTTP/1.1\r\nhost: siege\r\nx-slow: ", b"a");
    Ok(())
}

/// Bodies that come a byte at a time, with a valid token.
pub(super) fn slow_bodies(field: &Field<'_>) -> Result<()> {
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: siege\r\nauthorization: Bearer {}\r\ncontent-type: application/cloudevents+json\r\n\
         content-length: 60000\r\n\r\n{{",
        field.token("sender-0")
    );
    hold(field, head.as_bytes(), b" ");
    Ok(())
}

/// Many requests for the largest document, whose answers nobody reads.
pub(super) fn slow_readers(field: &Field<'_>) -> Result<()> {
    let request = "GET /v1/openapi.json HTTP/1.1\r\nhost: siege\r\n\r\n".repeat(64);
    std::thread::scope(|scope| {
        for from in ATTACKERS {
            let request = request.as_bytes();
            scope.spawn(move || {
                let mut held = Vec::new();
                while field.goes_on() {
                    let opened = (held.len() < SOCKETS_EACH / 8).then(|| connect(from, field.address(), PATIENCE));
                    match opened {
                        Some(Ok(mut stream)) => {
                            let asked =
                                stream.set_write_timeout(Some(PATIENCE)).and_then(|()| stream.write_all(request));
                            field.note(if asked.is_ok() { Status::Silent } else { Status::Closed });
                            held.push(stream);
                        }
                        Some(Err(_)) | None => std::thread::sleep(Duration::from_millis(20)),
                    }
                }
            });
        }
    });
    Ok(())
}

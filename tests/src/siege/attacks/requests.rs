//! Bytes that are no request, and requests whose heads or bodies are made to be hard to read.

use anyhow::Result;

use super::super::client::{Request, Status};
use super::super::field::Field;

/// Heads at and beyond what is taken, in one field and in many.
pub(super) fn giant_heads(field: &Field<'_>) -> Result<()> {
    field.flood(16, |attacker, number| {
        let mut request = Request::get("/healthz", "");
        request.more = match (attacker + number) % 5 {
            0 => format!("x-long: {}\r\n", "a".repeat(60_000)),
            1 => format!("x-long: {}\r\n", "a".repeat(100_000)),
            2 => format!("x-long: {}\r\n", "a".repeat(4_000_000)),
            3 => (0..95).map(|at| format!("x-{at}: {}\r\n", "a".repeat(600))).collect(),
            _ => (0..5_000).map(|at| format!("x-{at}: a\r\n")).collect(),
        };
        if (attacker + number) % 7 == 0 {
            request.path = format!("/{}", "a".repeat(70_000));
        }
        request
    });
    Ok(())
}

/// What no client sends that means well.
const MALFORMED: [&[u8]; 14] = [
    b"\r\n\r\n\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"GET / HTTP/1.1\r\nx: a\0b\r\n\r\n",
    b"GET / HTTP/1.1\r\n\xff\xfe: a\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999999\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde",
    b"POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\na",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 a greeting of TLS \r\n\r\n",
    b"DELETE /v1/campaigns/daily%00%2f..%2f HTTP/1.1\r\nhost: a\r\n\r\n",
];

/// Bytes that are no request, each over a connection of its own.
pub(super) fn malformed(field: &Field<'_>) -> Result<()> {
    std::thread::scope(|scope| {
        for attacker in 0..8 {
            scope.spawn(move || {
                for number in attacker.. {
                    if !field.goes_on() {
                        return;
                    }
                    let mut client = field.client(attacker).patient_for(std::time::Duration::from_millis(200));
                    let status = client.send_raw(MALFORMED[number % MALFORMED.len()]).status;
                    if status == Status::Closed {
                        std::thread::sleep(std::time::Duration::from_millis(1));
                    }
                    field.note(status);
                }
            });
        }
    });
    Ok(())
}

fn event_with(data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","source":"/siege","id":"1","type":"checked_in","subject":"siege","time":"{}","data":{data}}}"#,
        super::super::caller::now()
    )
}

fn send_texts(field: &Field<'_>, texts: &[String]) {
    field.flood(8, |attacker, number| {
        let token = field.token(&format!("sender-{attacker}"));
        Request::post(
            "/v1/events",
            token,
            "application/cloudevents+json",
            texts[(attacker + number) % texts.len()].as_str(),
        )
    });
}

/// Objects and lists nested as deep as the bytes allow.
pub(super) fn deep_json(field: &Field<'_>) -> Result<()> {
    let nested = |open: &str, close: &str| {
        let levels = 60_000 / (open.len() + close.len());
        event_with(&format!("{}1{}", open.repeat(levels), close.repeat(levels)))
    };
    let unclosed = event_with(&"[".repeat(60_000));
    send_texts(field, &[nested("[", "]"), nested("{\"a\":", "}"), nested("[{\"a\":", "}]"), unclosed]);
    Ok(())
}

/// Objects of thousands of keys that are alike for as long as they can be, or the same in the end. Keys whose hashes are the same cannot
/// be made: hashes are seeded anew in every process.
pub(super) fn many_keys(field: &Field<'_>) -> Result<()> {
    let object = |keys: &mut dyn Iterator<Item = String>| {
        event_with(&format!("{{{}}}", keys.map(|key| format!("\"{key}\":1")).collect::<Vec<_>>().join(",")))
    };
    let long = "a".repeat(500);
    let texts = [
        object(&mut (0..8_000).map(|number| format!("{number:x}"))),
        object(&mut (0..110).map(|number| format!("{long}{number:03}"))),
        object(&mut (0..8_000).map(|number| format!("{:x}", number % 7_999))),
        event_with(&format!("{{\"a\":\"{}\"}}", "\\u0041".repeat(10_000))),
        event_with(&format!("[{}1]", "1e999999,".repeat(6_000))),
        event_with(&format!("{{\"a\":{}}}", "9".repeat(60_000))),
    ];
    send_texts(field, &texts);
    Ok(())
}

//! One delivery on its way: a signed POST, and what its answer says.

use std::error::Error;
use std::time::Duration;

use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderMap, RETRY_AFTER, USER_AGENT};
use hyper_util::rt::TokioIo;
use largesse_documents::time::read_http_date;
use largesse_domain::deliver::Reply;
use largesse_domain::delivery::Delivery;
use largesse_domain::destination::Destination;
use largesse_domain::limits::ANSWER_HEAD_BYTES_MAX;
use largesse_domain::time::Instant;

use crate::connect::Connector;
use crate::sign::sign;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Until there is a connection: the name, the address, TLS.
    pub connect: Duration,
    /// Until there is an answer, connection and all.
    pub answer: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), answer: Duration::from_secs(15) }
    }
}

/// Sends deliveries, each over a connection of its own.
#[derive(Clone)]
pub struct Sender {
    connector: Connector,
    times: Times,
}

impl Sender {
    /// Sends over these connections within these times.
    #[must_use]
    pub fn new(connector: Connector, times: Times) -> Self {
        Self { connector, times }
    }

    /// Makes one attempt.
    pub(crate) async fn send(&self, destination: &Destination, delivery: &Delivery, now: Instant) -> Reply {
        match tokio::time::timeout(self.times.answer, self.attempt(destination, delivery, now)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(why)) => Reply::Failed(why),
            Err(_) => Reply::Failed(format!("no answer within {} s", self.times.answer.as_secs_f32())),
        }
    }

    /// Posts the delivery. Only the head of the answer is read: what the body says would change nothing, and must not be
    /// shown to whoever chose the address.
    async fn attempt(&self, destination: &Destination, delivery: &Delivery, now: Instant) -> Result<Reply, String> {
        let connecting = tokio::time::timeout(self.times.connect, self.connector.connect(destination));
        let seconds = self.times.connect.as_secs_f32();
        let stream = connecting.await.map_err(|_| format!("no connection within {seconds} s"))?;
        let stream = stream.map_err(|error| error.to_string())?;
        let mut http = http1::Builder::new();
        http.max_buf_size(ANSWER_HEAD_BYTES_MAX);
        let (mut requests, connection) = http.handshake(TokioIo::new(stream)).await.map_err(|error| chain(&error))?;
        let answer =
            async { requests.send_request(request(destination, delivery, now)?).await.map_err(|error| chain(&error)) };
        tokio::pin!(connection, answer);
        let answer = tokio::select! {
            answer = &mut answer => answer?,
            // The connection ends first when it breaks; the request knows why.
            _ = &mut connection => answer.await?,
        };
        let retry_after_ms = retry_after_ms(answer.headers(), now);
        Ok(Reply::Answered { status: answer.status().as_u16(), retry_after_ms })
    }
}

fn request(destination: &Destination, delivery: &Delivery, now: Instant) -> Result<Request<String>, String> {
    let (url, seconds) = (&destination.url, now.as_millis().div_euclid(1_000));
    let request = Request::post(url.target())
        .header(HOST, url.authority())
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("largesse/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .header("webhook-id", delivery.id.0)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", sign(&destination.secrets, delivery.id, seconds, delivery.body.as_str()))
        .body(delivery.body.as_str().to_owned());
    request.map_err(|error| error.to_string())
}

/// How long the destination asks to be left alone: a number of seconds, or a time.
fn retry_after_ms(headers: &HeaderMap, now: Instant) -> Option<i64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<u32>() {
        Ok(seconds) => Some(i64::from(seconds) * 1_000),
        Err(_) => read_http_date(text).map(|until| until.as_millis() - now.as_millis()),
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_time() {
        let wait = |text: &'static str| {
            let headers: HeaderMap = [(RETRY_AFTER, text.parse().unwrap())].into_iter().collect();
            retry_after_ms(&headers, Instant::from_millis(784_111_770_000).unwrap())
        };
        assert_eq!(wait("120"), Some(120_000));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(7_000));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:00 GMT"), Some(-30_000));
        for nothing in ["", "soon", "-1", "1.5", "99999999999"] {
            assert_eq!(wait(nothing), None, "{nothing}");
        }
        assert_eq!(retry_after_ms(&HeaderMap::new(), Instant::MIN), None);
    }
}

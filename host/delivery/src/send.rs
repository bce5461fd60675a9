//! Deliveries on their way: a signed POST, and what its answer says.

use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper_util::rt::TokioIo;
use largesse_documents::time::read_http_date;
use largesse_domain::deliver::Reply;
use largesse_domain::delivery::Delivery;
use largesse_domain::destination::Destination;
use largesse_domain::limits::ANSWER_HEAD_BYTES_MAX;
use largesse_domain::time::Instant;

use crate::batch;
use crate::connect::Connector;
use crate::pool::{Line, Pool};
use crate::sign::sign;

/// The longest body of an answer that is read to its end, so that the connection can be used again.
const BODY_BYTES: usize = 64 * 1024;
/// How long such a body is waited for.
const BODY_WAIT: Duration = Duration::from_millis(250);

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

/// Sends deliveries.
#[derive(Clone)]
pub struct Sender {
    connector: Connector,
    times: Times,
    pool: Arc<Pool>,
}

/// The request of one attempt.
struct Post {
    id: String,
    content_type: &'static str,
    body: String,
}

impl Post {
    /// One delivery by itself, or several as a batch.
    fn of(destination: &Destination, deliveries: &[Delivery]) -> Self {
        match deliveries {
            [delivery] if destination.sending.batch == 1 => Self {
                id: delivery.id.to_string(),
                content_type: "application/json",
                body: delivery.body.as_str().to_owned(),
            },
            several => Self { id: batch::id(several), content_type: batch::CONTENT_TYPE, body: batch::body(several) },
        }
    }

    fn request(&self, destination: &Destination, now: Instant) -> Result<Request<String>, String> {
        let (url, seconds) = (&destination.url, now.as_millis().div_euclid(1_000));
        let mut request = Request::post(url.target());
        for (name, value) in &destination.sending.headers {
            let mut value = HeaderValue::from_str(value.expose()).map_err(|error| error.to_string())?;
            value.set_sensitive(true);
            request = request.header(name.as_str(), value);
        }
        let request = request
            .header(HOST, url.authority())
            .header(CONTENT_TYPE, self.content_type)
            .header(USER_AGENT, concat!("largesse/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &self.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", sign(&destination.secrets, &self.id, seconds, &self.body))
            .body(self.body.clone());
        request.map_err(|error| error.to_string())
    }
}

impl Sender {
    /// Sends over these connections within these times.
    #[must_use]
    pub fn new(connector: Connector, times: Times) -> Self {
        Self { connector, times, pool: Arc::default() }
    }

    /// Drops connections that nothing was sent over for a while.
    pub(crate) fn sweep(&self) {
        self.pool.sweep();
    }

    /// Makes one attempt at deliveries that go together.
    pub(crate) async fn send(&self, destination: &Destination, deliveries: &[Delivery], now: Instant) -> Reply {
        match tokio::time::timeout(self.times.answer, self.attempt(destination, deliveries, now)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(why)) => Reply::Failed(why),
            Err(_) => Reply::Failed(format!("no answer within {} s", self.times.answer.as_secs_f32())),
        }
    }

    async fn attempt(&self, destination: &Destination, deliveries: &[Delivery], now: Instant) -> Result<Reply, String> {
        let post = Post::of(destination, deliveries);
        // A connection that was kept may have been closed by the other side just now, which says nothing of the delivery.
        if let Some(line) = self.pool.take(destination)
            && let Ok(reply) = self.post(line, destination, post.request(destination, now)?, now).await
        {
            return Ok(reply);
        }
        let line = self.connect(destination).await?;
        self.post(line, destination, post.request(destination, now)?, now).await
    }

    async fn connect(&self, destination: &Destination) -> Result<Line, String> {
        let connecting = tokio::time::timeout(self.times.connect, self.connector.connect(destination));
        let seconds = self.times.connect.as_secs_f32();
        let stream = connecting.await.map_err(|_| format!("no connection within {seconds} s"))?;
        let stream = stream.map_err(|error| error.to_string())?;
        let mut http = http1::Builder::new();
        http.max_buf_size(ANSWER_HEAD_BYTES_MAX);
        let (requests, connection) = http.handshake(TokioIo::new(stream)).await.map_err(|error| chain(&error))?;
        // When it breaks, the request on it knows why.
        let driver = tokio::spawn(async move { drop(connection.await) });
        Ok(Line::new(requests, driver))
    }

    /// Posts a request. Of the answer only the head is looked at: what the body says would change nothing, and must not be shown to whoever
    /// chose the address.
    async fn post(
        &self,
        mut line: Line,
        destination: &Destination,
        request: Request<String>,
        now: Instant,
    ) -> Result<Reply, String> {
        let answer = line.requests.send_request(request).await.map_err(|error| chain(&error))?;
        let reply =
            Reply::Answered { status: answer.status().as_u16(), retry_after_ms: retry_after_ms(answer.headers(), now) };
        let again = async { ends_soon(answer.into_body()).await && line.requests.ready().await.is_ok() };
        if tokio::time::timeout(BODY_WAIT, again).await.unwrap_or(false) {
            self.pool.keep(destination, line);
        }
        Ok(reply)
    }
}

/// Reports whether the body of an answer ends before it is long, so that its connection can be used again.
async fn ends_soon(body: Incoming) -> bool {
    let (mut body, mut bytes) = (pin!(body), 0);
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(frame) = frame else { return false };
        bytes += frame.data_ref().map_or(0, Bytes::len);
        if bytes > BODY_BYTES {
            return false;
        }
    }
    true
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

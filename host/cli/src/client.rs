//! Talks to a host over HTTP.

use std::time::Duration;

use largesse_documents::ProblemDocument;
use largesse_domain::limits::CLIENT_ANSWER_BYTES_MAX;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Method, Request};

use crate::failure::{Failure, Result};

/// Where a host is when nobody says.
const SERVER: &str = "http://127.0.0.1:7480";
/// How long a host may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a host may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// Which host, and by which right.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Connection {
    /// The host's address; http://127.0.0.1:7480 when absent
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "LARGESSE_SERVER",
        hide_env_values = true,
        help_heading = "Host"
    )]
    server: Option<String>,
    /// The token to use
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "LARGESSE_TOKEN",
        hide_env_values = true,
        help_heading = "Host"
    )]
    token: Option<String>,
}

/// A host to talk to.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    agent: ureq::Agent,
    server: String,
    token: Option<String>,
}

/// What a host answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// How many seconds to wait before asking again.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
}

/// A body and its media type.
pub(crate) type Body<'a> = (&'a str, &'a [u8]);

impl Connection {
    /// Checks the address.
    pub(crate) fn client(&self) -> Result<Client> {
        Client::new(self.server.as_deref().unwrap_or(SERVER), self.token.clone())
    }

    /// Reports whether a host was named, rather than taken for granted.
    pub(crate) fn is_named(&self) -> bool {
        self.server.is_some()
    }
}

impl Client {
    /// For the host at this address.
    pub(crate) fn new(server: &str, token: Option<String>) -> Result<Self> {
        let server = server.trim_end_matches('/').to_owned();
        let uri: Option<ureq::http::Uri> = server.parse().ok();
        let Some(host) = uri.as_ref().filter(|uri| uri.scheme().is_some()).and_then(ureq::http::Uri::host) else {
            let failure = Failure::usage(anyhow::anyhow!("`{server}` is not the address of a host"));
            return Err(failure.hint("an address begins with http:// or https://, such as http://127.0.0.1:7480"));
        };
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(ANSWER_TIMEOUT))
            .user_agent(concat!("largesse/", env!("CARGO_PKG_VERSION")));
        if matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
            config = config.proxy(None);
        }
        Ok(Self { agent: config.build().into(), server, token })
    }

    /// Asks once, and gives the answer whatever it says.
    pub(crate) fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Body<'_>>,
    ) -> std::result::Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.server));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = match body {
            Some((media_type, bytes)) => self.agent.run(request.header("content-type", media_type).body(bytes)?),
            None => self.agent.run(request.body(())?),
        }?;
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(CLIENT_ANSWER_BYTES_MAX).read_to_vec()?;
        Ok(Answer { status, retry_after, body })
    }

    fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Body<'_>>,
    ) -> Result<T> {
        self.ask(method, path, headers, body).map_err(|error| self.unreachable(error))?.read()
    }

    /// Reads something.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.call(Method::GET, path, &[], None)
    }

    /// Reads something that need not be there.
    pub(crate) fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        let answer = self.ask(Method::GET, path, &[], None).map_err(|error| self.unreachable(error))?;
        if answer.status == 404 { Ok(None) } else { answer.read().map(Some) }
    }

    /// Asks for something to be done.
    pub(crate) fn post<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.call(Method::POST, path, &[], None)
    }

    /// Asks for something to be done with a document or a file.
    pub(crate) fn post_body<T: DeserializeOwned>(&self, path: &str, body: Body<'_>) -> Result<T> {
        self.call(Method::POST, path, &[], Some(body))
    }

    /// The same with headers.
    pub(crate) fn post_with<T: DeserializeOwned>(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: Body<'_>,
    ) -> Result<T> {
        self.call(Method::POST, path, headers, Some(body))
    }

    /// Asks for something to be done as a document says.
    pub(crate) fn post_document<T: DeserializeOwned>(&self, path: &str, document: &impl Serialize) -> Result<T> {
        self.post_body(path, ("application/json", &serde_json::to_vec(document)?))
    }

    /// Settles what is reserved, by its id: `redemptions` or `reservations`, `commit`, `release` or `reverse`.
    pub(crate) fn settle<T: DeserializeOwned>(
        &self,
        (what, id): (&str, &str),
        how: &str,
        document: &impl Serialize,
    ) -> Result<T> {
        self.post_document(&format!("/v1/{what}/{}/{how}", step(id)), document)
    }

    /// Deletes something.
    pub(crate) fn delete(&self, path: &str) -> Result {
        let answer = self.ask(Method::DELETE, path, &[], None).map_err(|error| self.unreachable(error))?;
        if answer.is_success() { Ok(()) } else { Err(answer.refusal()) }
    }

    /// Writes a document.
    pub(crate) fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        document: &impl Serialize,
    ) -> Result<T> {
        let body = serde_json::to_vec(document)?;
        self.call(Method::PUT, path, headers, Some(("application/json", &body)))
    }

    /// What it means that no answer came.
    pub(crate) fn unreachable(&self, error: ureq::Error) -> Failure {
        let refused = matches!(&error, ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused)
            || matches!(error, ureq::Error::ConnectionFailed | ureq::Error::HostNotFound);
        let failure = Failure::from(error).context(format!("no answer from {}", self.server));
        match refused {
            true => failure.hint("is the host running there? `largesse serve` starts one; --server says where it is"),
            false => failure,
        }
    }
}

impl Answer {
    /// Whether the request was done.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The document in the answer, or the refusal.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        if !self.is_success() {
            return Err(self.refusal());
        }
        let read = serde_json::from_slice(&self.body);
        read.map_err(|error| {
            let failure = Failure::from(error).context("the host's answer is not what this program expects");
            failure.hint("are the versions of the host and of this program the same?")
        })
    }

    /// What the host says no with.
    pub(crate) fn refusal(&self) -> Failure {
        match serde_json::from_slice::<ProblemDocument>(&self.body) {
            Ok(document) => Failure::refused(document),
            Err(_) => {
                let text = String::from_utf8_lossy(&self.body);
                let text: String = text.trim().chars().take(200).collect();
                let said = if text.is_empty() { String::new() } else { format!(": {text}") };
                Failure::new(format!("the host answered {}{said}", self.status))
            }
        }
    }
}

/// A text as one step of a path.
pub(crate) fn step(text: &str) -> String {
    let mut step = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => step.push(char::from(byte)),
            _ => step.push_str(&format!("%{byte:02X}")),
        }
    }
    step
}

/// A path with a query of those parameters that have a value.
pub(crate) fn with_query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let given = parameters.iter().filter_map(|(name, value)| Some(format!("{name}={}", step(value.as_deref()?))));
    let query: Vec<_> = given.collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_escaped_in_paths() {
        assert_eq!(step("a/b?c d%é"), "a%2Fb%3Fc%20d%25%C3%A9");
        let query = with_query("/v1/decisions", &[("actor", Some("a&b".into())), ("campaign", None)]);
        assert_eq!(query, "/v1/decisions?actor=a%26b");
    }

    #[test]
    fn an_address_needs_a_scheme() {
        let failure = Client::new("127.0.0.1:7480", None).unwrap_err();
        insta::assert_snapshot!(failure.text(false), @r"
        error: `127.0.0.1:7480` is not the address of a host
        hint: an address begins with http:// or https://, such as http://127.0.0.1:7480
        ");
        assert_eq!(Client::new("http://localhost:1/", None).unwrap().server, "http://localhost:1");
    }

    #[test]
    fn an_answer_that_is_no_problem_document_is_shown() {
        let answer = Answer { status: 502, retry_after: None, body: b"<html>bad gateway</html>\n".to_vec() };
        insta::assert_snapshot!(answer.refusal().text(false), @"error: the host answered 502: <html>bad gateway</html>");
        let answer = Answer { status: 200, retry_after: None, body: b"[]".to_vec() };
        insta::assert_snapshot!(answer.read::<ProblemDocument>().unwrap_err().text(false));
    }

    #[test]
    fn nobody_there_has_a_hint() {
        // Nothing listens on the port that was just given back.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let client = Client::new(&format!("http://127.0.0.1:{port}"), None).unwrap();
        let failure = client.get::<serde_json::Value>("/healthz").unwrap_err();
        assert!(failure.text(false).contains("hint: is the host running there?"), "{}", failure.text(false));
    }
}

//! A client that gives up when the host is gone.

use std::time::Duration;

use serde_json::Value;

use crate::host::Running;

/// Speaks to one life of a host; its connections die with it.
pub(crate) struct Client {
    agent: ureq::Agent,
    server: String,
    authorization: String,
}

impl Client {
    pub(crate) fn of(host: &Running) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .max_idle_connections_per_host(16);
        let authorization = format!("Bearer {}", host.token());
        Self { agent: config.build().new_agent(), server: host.server(), authorization }
    }

    /// Status and body; nothing when no whole answer came, or the host says that it is stopping.
    pub(crate) fn send(&self, method: &str, path: &str, (kind, body): (&str, &[u8])) -> Option<(u16, Value)> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header("authorization", &self.authorization)
            .header("content-type", kind);
        let mut response = self.agent.run(request.body(body).unwrap()).ok()?;
        let status = response.status().as_u16();
        let text = response.body_mut().with_config().limit(64 * 1024 * 1024).read_to_string().ok()?;
        if status == 503 {
            return None;
        }
        Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// The body of a page that must be there; nothing when no whole answer came.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        let (status, body) = self.send("GET", path, ("application/json", b""))?;
        assert_eq!(status, 200, "{path}: {body}");
        Some(body)
    }

    /// Sends JSON that must be taken, or may have been before: then the status is 409 or 412.
    pub(crate) fn change(&self, method: &str, path: &str, body: &Value) -> Option<()> {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let (status, answer) = self.send(method, path, ("application/json", &bytes))?;
        assert!(matches!(status, 200..=202 | 409 | 412 | 428), "{method} {path}: {status} {answer}");
        Some(())
    }
}

//! Who work is done for.

use std::sync::Arc;

tokio::task_local! {
    /// On whose behalf the current task asks.
    static CURRENT: Flow;
}

/// The caller on whose behalf work is done: a token, or the host itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow(Option<Arc<str>>);

impl Flow {
    /// Returns the flow of a token.
    #[must_use]
    pub fn token(name: &str) -> Self {
        Self(Some(name.into()))
    }

    /// Runs a future on behalf of this flow: what it asks of the service waits in this flow's lanes. Work of a task outside
    /// any scope is the host's own.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    pub(crate) fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_default()
    }

    pub(super) fn is_host(&self) -> bool {
        self.0.is_none()
    }
}

//! Reads of the store, beside the pipeline: bounded in number, so that slow ones leave threads to everyone else, and ended when nobody
//! waits for them any more.

use std::sync::Arc;
use std::time::Duration;

use largesse_domain::limits::{AUDITS_MAX, READ_WAIT_MS_MAX, READS_MAX};
use largesse_store::{Stop, Store, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{ReadError, Service, Unavailable};

/// Room for reads.
pub(crate) struct Reads {
    short: Arc<Semaphore>,
    /// For those that look at everything.
    long: Arc<Semaphore>,
    wait_max: Duration,
}

impl Default for Reads {
    fn default() -> Self {
        Self {
            short: Arc::new(Semaphore::new(READS_MAX)),
            long: Arc::new(Semaphore::new(AUDITS_MAX)),
            wait_max: Duration::from_millis(READ_WAIT_MS_MAX),
        }
    }
}

/// Ends a read when it is dropped.
struct Abandon(Stop);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Service {
    /// Reads from the store for a caller. The read ends when the returned future is dropped.
    ///
    /// # Errors
    /// When the store fails, or when no room for the read becomes free within some seconds.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let room = Arc::clone(&self.reads.short).acquire_owned();
        let room = tokio::time::timeout(self.reads.wait_max, room).await;
        let room = room.map_err(|_| Unavailable::Reading)?.map_err(|_| Unavailable::Stopping)?;
        self.read_in(room, query).await
    }

    /// Reads a large part of the store for a caller; see [`largesse_domain::limits::AUDITS_MAX`]. The read ends when the returned future
    /// is dropped.
    ///
    /// # Errors
    /// When the store fails, or when as many such reads are under way as there may be.
    pub async fn read_all<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let room = Arc::clone(&self.reads.long).try_acquire_owned().map_err(|_| Unavailable::Reading)?;
        self.read_in(room, query).await
    }

    /// Reads from the store for the host itself, which does not queue behind callers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read_for_host<T: Send + 'static>(
        &self,
        query: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        let read = tokio::task::spawn_blocking(move || query(&*store)).await;
        read.unwrap_or_else(|panic| Err(StoreError::Database(panic.into())))
    }

    async fn read_in<T: Send + 'static>(
        &self,
        room: OwnedSemaphorePermit,
        query: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let (store, stop) = (Arc::clone(&self.store), Stop::default());
        let abandon = Abandon(stop.clone());
        let read = tokio::task::spawn_blocking(move || {
            // Room is free when the thread is, not when the caller goes away.
            let _room = room;
            stop.guard(|| query(&*store))
        });
        let read = read.await.unwrap_or_else(|panic| Err(StoreError::Database(panic.into())));
        drop(abandon);
        Ok(read?)
    }
}

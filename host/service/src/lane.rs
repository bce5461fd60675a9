//! Work beside the HTTP runtime: a bounded number at a time, a bounded number waiting.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::Unavailable;

/// Work of one sort. What is long in one lane keeps no other waiting.
#[derive(Debug)]
pub(crate) struct Lane {
    /// Those that run or wait.
    admitted: Semaphore,
    running: Arc<Semaphore>,
}

impl Lane {
    /// A lane in which so many run at a time while so many wait.
    pub(crate) fn new(running: usize, waiting: usize) -> Self {
        Self { admitted: Semaphore::new(running + waiting), running: Arc::new(Semaphore::new(running)) }
    }

    /// Runs work on a thread that may block. Its place stays taken until it has ended, also when nobody waits for it any more.
    ///
    /// # Errors
    /// When too much waits already, or the host is stopping.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let _admitted = self.admitted.try_acquire().map_err(|_| Unavailable::Checking)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Unavailable::Stopping)?;
        let work = move || {
            let _running = running;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Unavailable::Stopping)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_lane_runs_and_keeps_waiting_as_many_as_it_says() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let lane = Arc::new(Lane::new(1, 1));
        let (go_on, gate) = mpsc::channel::<()>();
        runtime.block_on(async {
            let (started, begun) = tokio::sync::oneshot::channel();
            let first = Arc::clone(&lane);
            let first = tokio::spawn(async move {
                let work = move || {
                    started.send(()).unwrap();
                    gate.recv().unwrap();
                };
                first.run(work).await
            });
            begun.await.unwrap();
            let second = Arc::clone(&lane);
            let second = tokio::spawn(async move { second.run(|| 2).await });
            while lane.admitted.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(lane.run(|| 3).await, Err(Unavailable::Checking));
            // Whoever gives up leaves the work that runs in its place.
            first.abort();
            assert!(first.await.unwrap_err().is_cancelled());
            assert_eq!(lane.running.available_permits(), 0);
            go_on.send(()).unwrap();
            assert_eq!(second.await.unwrap(), Ok(2));
            assert_eq!(lane.run(|| 3).await, Ok(3));
        });
    }
}

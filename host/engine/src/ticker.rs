//! The clock that bounds wall time: a thread which moves every engine's epoch on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wasmtime::EngineWeak;

/// From one tick to the next.
const TICK: Duration = Duration::from_millis(1);
/// Most ticks that are made up for at once, when the machine has let the ticker sleep for longer: so much longer, others slept too.
const TICKS_AT_ONCE: u64 = 4;
/// A ticker that has been silent for so long is taken for dead.
const SILENCE_OF_THE_DEAD: Duration = Duration::from_millis(500);

/// How many ticks make up so many milliseconds.
pub(crate) const fn ticks(millis: u64) -> u64 {
    millis
}

/// Ticks until it is dropped.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    started: Instant,
    /// When it last ticked, in milliseconds since it started.
    ticked_ms: AtomicU64,
    stop: AtomicBool,
}

impl Shared {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Ticker {
    /// Starts ticking for the engines.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(engines: Vec<EngineWeak>) -> std::io::Result<Self> {
        let shared =
            Arc::new(Shared { started: Instant::now(), ticked_ms: AtomicU64::new(0), stop: AtomicBool::new(false) });
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new().name("largesse-ticker".to_owned()).spawn(move || {
            let mut last_ms = own.now_ms();
            while !own.stop.load(Ordering::Relaxed) {
                thread::sleep(TICK);
                let now_ms = own.now_ms();
                let ticks = now_ms.saturating_sub(last_ms).clamp(1, TICKS_AT_ONCE);
                for engine in engines.iter().filter_map(EngineWeak::upgrade) {
                    (0..ticks).for_each(|_| engine.increment_epoch());
                }
                last_ms = now_ms;
                own.ticked_ms.store(now_ms, Ordering::Relaxed);
            }
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Whether it ticked lately. Without it only fuel bounds a guest.
    pub(crate) fn is_alive(&self) -> bool {
        let silence = self.shared.now_ms().saturating_sub(self.shared.ticked_ms.load(Ordering::Relaxed));
        u128::from(silence) < SILENCE_OF_THE_DEAD.as_millis()
            && self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

//! Medians and rates.

use std::time::{Duration, Instant};

/// Times of single runs.
pub(super) struct Times(Vec<Duration>);

impl Times {
    /// Runs so many times, after a tenth as many to warm up.
    pub(super) fn of(runs: usize, mut run: impl FnMut()) -> Self {
        for _ in 0..runs / 10 {
            run();
        }
        let times: Vec<Duration> = (0..runs)
            .map(|_| {
                let start = Instant::now();
                run();
                start.elapsed()
            })
            .collect();
        times.into()
    }

    /// The time that so many per cent of the runs stay within, in microseconds.
    pub(super) fn micros(&self, per_cent: usize) -> f64 {
        let index = (self.0.len() * per_cent / 100).min(self.0.len() - 1);
        self.0[index].as_secs_f64() * 1e6
    }
}

impl From<Vec<Duration>> for Times {
    fn from(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }
}

/// The middle one of some figures.
pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// How many a second.
pub(super) fn rate(count: usize, time: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    let count = count as f64;
    count / time.as_secs_f64()
}

//! What a lane has done, as `pool.stats()` shows it.

use std::time::Duration;

use hdrhistogram::Histogram;

/// A histogram's upper end. Longer times are counted as this.
const LONGEST_MICROS: u64 = 3_600_000_000;

/// Quantiles of a time, in milliseconds. All zero before the first job.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantiles {
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// One lane at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneStats {
    /// Threads that the lane may use.
    pub threads: usize,
    /// Whether the system let the lane lower its threads' priority; `None` before the first
    /// thread started.
    pub lowered_priority: Option<bool>,
    /// Jobs on a thread now. A cancelled job counts until its work really ends.
    pub running: usize,
    /// Jobs that wait.
    pub queued: usize,
    /// Jobs that ended with a result.
    pub completed: u64,
    /// Jobs that ended with an error.
    pub failed: u64,
    /// Jobs that were cancelled, queued or running.
    pub cancelled: u64,
    /// Jobs that were refused: the queue was full, or the job could never fit the budget.
    pub rejected: u64,
    /// Bytes that the lane's running jobs have declared.
    pub bytes_in_flight: u64,
    /// Whether a job submitted now would wait.
    pub needs_drain: bool,
    /// From submission to the start.
    pub wait: Quantiles,
    /// From the start to the end.
    pub run: Quantiles,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Completed,
    Failed,
    Cancelled,
}

pub(super) struct Counters {
    pub(super) completed: u64,
    pub(super) failed: u64,
    pub(super) cancelled: u64,
    pub(super) rejected: u64,
    wait: Histogram<u64>,
    run: Histogram<u64>,
}

impl Counters {
    pub(super) fn new() -> Self {
        let histogram = || {
            Histogram::new_with_bounds(1, LONGEST_MICROS, 2).unwrap_or_else(|_| {
                unreachable!("the bounds are constants that hdrhistogram takes")
            })
        };
        Self {
            completed: 0,
            failed: 0,
            cancelled: 0,
            rejected: 0,
            wait: histogram(),
            run: histogram(),
        }
    }

    /// Counts a job that a thread has taken, with its times in the queue and on the thread.
    pub(super) fn ended(&mut self, ending: Ending, wait: Duration, run: Duration) {
        match ending {
            Ending::Completed => self.completed += 1,
            Ending::Failed => self.failed += 1,
            Ending::Cancelled => self.cancelled += 1,
        }
        record(&mut self.wait, wait);
        record(&mut self.run, run);
    }

    pub(super) fn wait(&self) -> Quantiles {
        quantiles(&self.wait)
    }

    pub(super) fn run(&self) -> Quantiles {
        quantiles(&self.run)
    }
}

fn record(histogram: &mut Histogram<u64>, time: Duration) {
    histogram.saturating_record(u64::try_from(time.as_micros()).unwrap_or(LONGEST_MICROS));
}

fn quantiles(histogram: &Histogram<u64>) -> Quantiles {
    let millis = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1e3;
    Quantiles {
        p50: millis(histogram.value_at_quantile(0.50)),
        p90: millis(histogram.value_at_quantile(0.90)),
        p99: millis(histogram.value_at_quantile(0.99)),
        max: millis(histogram.max()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Counters, Ending, Quantiles};

    #[test]
    fn quantiles_are_milliseconds_to_two_digits() {
        let mut counters = Counters::new();
        assert_eq!(counters.run(), Quantiles::default());
        for millis in 1..=100 {
            counters.ended(
                Ending::Completed,
                Duration::ZERO,
                Duration::from_millis(millis),
            );
        }
        let run = counters.run();
        for (got, expected) in [
            (run.p50, 50.0),
            (run.p90, 90.0),
            (run.p99, 99.0),
            (run.max, 100.0),
        ] {
            assert!(
                (got - expected).abs() <= expected * 0.01,
                "{got} is not {expected}"
            );
        }
        assert_eq!(counters.completed, 100);
    }

    #[test]
    fn a_time_beyond_the_histogram_is_its_upper_end() {
        let mut counters = Counters::new();
        counters.ended(Ending::Failed, Duration::from_secs(1 << 40), Duration::ZERO);
        assert!(counters.wait().max >= 3_600_000.0 * 0.99);
    }
}

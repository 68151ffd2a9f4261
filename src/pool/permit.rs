//! The budget of bytes that running jobs have declared, one for the whole process.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that jobs in flight may take together. A job that declares none needs no permit.
#[derive(Debug)]
pub(super) struct Budget {
    limit: AtomicU64,
    used: AtomicU64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit: AtomicU64::new(limit),
            used: AtomicU64::new(0),
        }
    }

    /// Takes `bytes`, or nothing. A job that has the budget to itself always fits: it was admitted
    /// under a limit that may have been lowered since.
    pub(super) fn try_take(&self, bytes: u64) -> bool {
        let limit = self.limit();
        self.used
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
                used.checked_add(bytes)
                    .filter(|&sum| used == 0 || sum <= limit)
            })
            .is_ok()
    }

    /// Whether `bytes` could be taken now.
    pub(super) fn has(&self, bytes: u64) -> bool {
        let used = self.used.load(Ordering::Acquire);
        used == 0
            || used
                .checked_add(bytes)
                .is_some_and(|sum| sum <= self.limit())
    }

    /// Gives back what [`try_take`](Self::try_take) took.
    pub(super) fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::AcqRel);
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    pub(super) fn set_limit(&self, limit: u64) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn takes_up_to_the_limit_and_no_further() {
        let budget = Budget::new(10);
        assert!(budget.try_take(6));
        assert!(!budget.try_take(5));
        assert!(budget.try_take(4));
        budget.give_back(6);
        assert_eq!(budget.used(), 4);
        assert!(budget.try_take(6));
    }

    #[test]
    fn a_job_alone_fits_a_limit_that_was_lowered() {
        let budget = Budget::new(10);
        budget.set_limit(1);
        assert!(budget.try_take(10));
        assert!(!budget.try_take(1));
    }

    #[test]
    fn a_sum_that_overflows_does_not_fit() {
        let budget = Budget::new(u64::MAX);
        assert!(budget.try_take(u64::MAX));
        assert!(!budget.try_take(1));
    }
}

//! Counts the borrows of an environment's memory, so that its end can wait for them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How many inputs of one environment native threads can still read.
#[derive(Default)]
pub(super) struct Borrows {
    count: Mutex<usize>,
    none: Condvar,
}

/// One of them. Ends when dropped, on any thread.
pub(super) struct Borrow(Arc<Borrows>);

impl Borrows {
    pub(super) fn begin(borrows: &Arc<Self>) -> Borrow {
        *borrows.lock() += 1;
        Borrow(Arc::clone(borrows))
    }

    /// Returns when there are none. The jobs that hold them have been cancelled, so this takes no
    /// longer than the way to their next checkpoint.
    pub(super) fn wait_for_none(&self) {
        let mut count = self.lock();
        while *count > 0 {
            count = self
                .none
                .wait(count)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Borrow {
    fn drop(&mut self) {
        let mut count = self.0.lock();
        *count -= 1;
        if *count == 0 {
            self.0.none.notify_all();
        }
    }
}

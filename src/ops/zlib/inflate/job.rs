//! What the threads of a job share, and how each of them gets its work.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Runner;
use super::state::{Outcome, Plan, State, Task};
use super::worker::Worker;

/// One run of several threads over a stream.
pub(super) struct Job<'a, 'o, R> {
    /// The stream.
    pub(super) input: &'a [u8],
    /// How it is cut.
    pub(super) plan: Plan,
    /// Says whether anybody waits.
    pub(super) runner: &'a R,
    /// What the threads share.
    pub(super) state: Mutex<State<'o>>,
    /// A front or an outcome is there.
    pub(super) wake: Condvar,
}

impl<'o, R: Runner> Job<'_, 'o, R> {
    /// Works until there is an outcome.
    pub(super) fn work(&self) {
        let mut worker = Worker::new(self);
        while let Some(task) = self.wait_for_task() {
            match task {
                Task::Plain(front) => worker.plain(front),
                Task::Adopt(front, part) => worker.adopt(front, part, false),
                Task::Ahead(chunk) => worker.ahead(chunk),
            }
        }
    }

    /// The shared state.
    pub(super) fn lock(&self) -> MutexGuard<'_, State<'o>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task. `None` where there is an outcome.
    ///
    /// It waits only for threads that have begun: they may be fewer than were asked for.
    fn wait_for_task(&self) -> Option<Task<'o>> {
        let mut state = self.lock();
        loop {
            if state.outcome.is_some() {
                return None;
            }
            let task = state.task(&self.plan);
            if task.is_some() {
                return task;
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the job.
    pub(super) fn finish(&self, outcome: Outcome) {
        self.lock().outcome = Some(outcome);
        self.wake.notify_all();
    }

    /// Whether nobody waits any more, in which case the job ends.
    pub(super) fn is_cancelled(&self) -> bool {
        let cancelled = self.runner.is_cancelled();
        if cancelled {
            self.finish(Outcome::Declined);
        }
        cancelled
    }
}

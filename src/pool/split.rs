//! Where one job spreads its work: a rayon pool per lane, beside the threads that run jobs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::LaneKind;
use super::priority;

/// Deep recursion in an operation is a defect; rayon's stealing nests frames all the same.
const STACK_SIZE: usize = 4 << 20;

/// A rayon pool that starts with the first job that splits.
///
/// Jobs enter it from a lane's own threads only, one piece at a time, so a worker that waits in
/// `rayon::join` can steal a piece of another job, never a whole job. See the README of this
/// module.
#[derive(Debug)]
pub struct Split {
    lane: LaneKind,
    threads: Mutex<usize>,
    started: Mutex<Option<Team>>,
}

impl Split {
    /// A pool of `threads` threads at `lane`'s priority, not started yet.
    #[must_use]
    pub fn new(lane: LaneKind, threads: usize) -> Self {
        Self {
            lane,
            threads: Mutex::new(threads),
            started: Mutex::default(),
        }
    }

    /// The threads to spread over; `None` where there is only one, or the system has no more.
    #[must_use]
    pub fn team(&self) -> Option<Team> {
        // Not under the lock of the width, which the JavaScript thread takes to change it: to start
        // hundreds of threads takes long.
        let mut started = lock(&self.started);
        let threads = *lock(&self.threads);
        if threads < 2 {
            return None;
        }
        if let Some(team) = &*started
            && team.threads() == threads
        {
            return Some(team.clone());
        }
        let lane = self.lane;
        let team = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(STACK_SIZE)
            .thread_name(move |index| format!("offloop-{}-split-{index}", lane.initial()))
            .start_handler(move |_| {
                priority::lower(lane);
            })
            .build()
            .ok()
            .map(|pool| Team(Arc::new(pool)));
        started.clone_from(&team);
        team
    }

    /// Runs `here` on the calling thread and `there` on the pool, and waits for both. Where there
    /// is no pool, one after the other.
    pub fn beside<A, B: Send>(
        &self,
        here: impl FnOnce() -> A,
        there: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        let Some(Team(pool)) = self.team() else {
            return (here(), there());
        };
        let mut result = None;
        let own = pool.in_place_scope(|scope| {
            scope.spawn(|_| result = Some(there()));
            here()
        });
        let other = result.unwrap_or_else(|| unreachable!("the scope waits for what it spawned"));
        (own, other)
    }

    /// Jobs that start from now on have so many threads to spread over.
    pub(super) fn resize(&self, threads: usize) {
        *lock(&self.threads) = threads;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At least two threads, for as long as this value lives.
#[derive(Clone, Debug)]
pub struct Team(Arc<rayon::ThreadPool>);

impl Team {
    /// How many there are.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.0.current_num_threads()
    }

    /// Runs `operation` on one of them, from which rayon's parallel calls reach the others, and
    /// waits for it.
    pub fn install<R: Send>(&self, operation: impl FnOnce() -> R + Send) -> R {
        self.0.install(operation)
    }
}

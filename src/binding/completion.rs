//! Results come home: one queue and one wake-up for each environment.

use std::collections::VecDeque;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use napi::sys;

use super::output::Output;
use crate::error::Error;
use crate::pool::{Event, LaneKind, Observer, Progress};

/// Something for the JavaScript thread to do.
pub(super) enum Completion {
    /// The job of a slot ended. Every job that was submitted and not withdrawn gets exactly one.
    Settled {
        slot: u32,
        outcome: Result<Output, Error>,
    },
    /// The job of a slot has come further.
    Progressed { slot: u32, report: Arc<Report> },
    /// A lane went over an edge.
    Lane { lane: LaneKind, event: Event },
}

/// What the threads of the pool have for one environment.
///
/// The environment is woken when the queue goes from empty to non-empty, and not again before it
/// has emptied it: `armed` says that a call is on its way, or that the drain will make the next one
/// itself.
pub(super) struct CompletionQueue {
    state: Mutex<State>,
    /// Not under the state's lock: the call is a system call, and the drain must not wait for it.
    wake: RwLock<Option<Wake>>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Completion>,
    armed: bool,
    closed: bool,
}

/// The environment's threadsafe function. It is called under the read lock only, and taken away
/// under the write lock before the environment ends, so that no call comes too late.
pub(super) struct Wake(pub(super) sys::napi_threadsafe_function);

// SAFETY: a threadsafe function is made to be called from any thread; see `Wake` for its lifetime.
unsafe impl Send for Wake {}
// SAFETY: as above.
unsafe impl Sync for Wake {}

impl CompletionQueue {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::default(),
            wake: RwLock::new(None),
        }
    }

    pub(super) fn open(&self, wake: Wake) {
        *self.wake.write().unwrap_or_else(PoisonError::into_inner) = Some(wake);
    }

    /// Adds a completion and wakes the environment if it is not awake. Where the environment has
    /// ended the completion is dropped.
    pub(super) fn push(&self, completion: Completion) {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            drop(completion);
            return;
        }
        state.waiting.push_back(completion);
        let armed = std::mem::replace(&mut state.armed, true);
        drop(state);
        if !armed {
            self.wake();
        }
    }

    /// Moves up to `most` completions into `batch`, and says whether more are left. While there
    /// are, the queue stays armed and the caller must see to [`wake`](Self::wake).
    pub(super) fn take(&self, batch: &mut Vec<Completion>, most: usize) -> bool {
        let mut state = self.lock();
        let count = state.waiting.len().min(most);
        batch.extend(state.waiting.drain(..count));
        state.armed = !state.waiting.is_empty();
        state.armed
    }

    /// Calls the environment.
    pub(super) fn wake(&self) {
        if let Some(Wake(function)) = &*self.wake.read().unwrap_or_else(PoisonError::into_inner) {
            // SAFETY: alive, see `Wake`. Its queue has no limit, so the only failure is an
            // environment that is closing, and then nobody waits for the results.
            unsafe {
                sys::napi_call_threadsafe_function(
                    *function,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
        }
    }

    /// From now on completions are dropped. Returns what was still there, to be dropped, and the
    /// function, which nobody calls any more.
    pub(super) fn close(&self) -> (VecDeque<Completion>, Option<Wake>) {
        let mut state = self.lock();
        state.closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        let wake = self
            .wake
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        (waiting, wake)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for CompletionQueue {
    fn lane_event(&self, lane: LaneKind, event: Event) {
        self.push(Completion::Lane { lane, event });
    }
}

/// The newest progress of one job. At most one report of a job waits in the queue, however often
/// the job reports: the JavaScript thread sees the newest when it comes to it.
#[derive(Default)]
pub(super) struct Report {
    processed: AtomicU64,
    total: AtomicU64,
    waits: AtomicBool,
}

/// No total: the source's length is not known.
const UNKNOWN: u64 = u64::MAX;

impl Report {
    /// Bytes processed, and in all where that is known. Allows the next report to be queued.
    pub(super) fn take(&self) -> (u64, Option<u64>) {
        self.waits.store(false, Ordering::Release);
        let total = self.total.load(Ordering::Relaxed);
        (
            self.processed.load(Ordering::Relaxed),
            (total != UNKNOWN).then_some(total),
        )
    }
}

/// Sends a job's progress to its environment.
pub(super) struct Reporter {
    slot: u32,
    queue: Arc<CompletionQueue>,
    report: Arc<Report>,
}

impl Reporter {
    pub(super) fn new(slot: u32, queue: &Arc<CompletionQueue>) -> Self {
        Self {
            slot,
            queue: Arc::clone(queue),
            report: Arc::default(),
        }
    }
}

impl Progress for Reporter {
    fn advance(&self, processed: u64, total: Option<u64>) {
        // Threads of one job may report out of order; what counts is how far it has come.
        self.report
            .processed
            .fetch_max(processed, Ordering::Relaxed);
        self.report
            .total
            .store(total.unwrap_or(UNKNOWN), Ordering::Relaxed);
        if !self.report.waits.swap(true, Ordering::AcqRel) {
            self.queue.push(Completion::Progressed {
                slot: self.slot,
                report: Arc::clone(&self.report),
            });
        }
    }
}

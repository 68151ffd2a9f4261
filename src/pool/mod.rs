//! Runs jobs on two lanes of threads. Knows neither Node-API nor any operation.
//!
//! The protocol (states of a job, wake-ups, why it cannot deadlock) is in the README beside this
//! file.

mod cancel;
mod lane;
mod lockstep;
mod panic;
mod permit;
mod priority;
mod queue;
mod split;
mod staff;
mod stats;

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard, Weak};

pub use cancel::{CancelToken, Context, Progress};
pub use lockstep::{Company, Lockstep, Piece};
pub use split::{Split, Team};
pub use stats::{LaneStats, Quantiles};

use crate::error::Error;
use lane::Lane;
use permit::Budget;
use queue::Place;

/// Where a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// A little below the JavaScript thread: password hashing, small inputs.
    Interactive,
    /// Well below it: files, large inputs.
    Bulk,
}

impl LaneKind {
    /// The lane's name in options, errors and statistics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Bulk => "bulk",
        }
    }

    /// Linux keeps 15 bytes of a thread's name.
    fn initial(self) -> char {
        match self {
            Self::Interactive => 'i',
            Self::Bulk => 'b',
        }
    }
}

/// A piece of work, taken through its life by exactly one thread at a time.
pub trait Job: Send {
    /// Does the work, or what is left of it when the job's piece has ended. Called at most once; a
    /// panic becomes an error of the job.
    fn run(&mut self, context: &Context<'_>) -> Result<(), Error>;

    /// The work that a thread may do side by side with that of other jobs. There is one if, and only
    /// if, the job was submitted with a [`Company`].
    fn piece(&mut self) -> Option<&mut dyn Piece> {
        None
    }

    /// Frees what the job has of its bytes, before they are given to others; called where it ends
    /// without having run to its end.
    fn release(&mut self) {}

    /// Takes the outcome, after the lane has given the job's slot and bytes to others and counted
    /// it. Called exactly once for a job that left the queue by its turn, never for one that was
    /// withdrawn.
    fn finish(self: Box<Self>, outcome: Result<(), Error>);
}

/// What the pool has to know of a job.
#[derive(Clone, Copy, Debug)]
pub struct JobSpec {
    /// Where it runs.
    pub lane: LaneKind,
    /// Higher first; jobs of one priority in the order of their submission.
    pub priority: i32,
    /// Working memory in bytes that it takes while it runs; 0 for none worth counting.
    pub bytes: u64,
    /// The jobs that one thread may do together with it.
    pub company: Option<Company>,
}

/// A submitted job, to cancel it by.
#[derive(Debug)]
pub struct Ticket {
    lane: LaneKind,
    place: Place,
    sized: bool,
    cancel: CancelToken,
}

/// A lane went over one of its two edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Every thread has a job: one submitted now would wait.
    NeedDrain,
    /// A thread is free again.
    Drain,
}

/// Hears of every lane's events, on the thread that caused them.
pub trait Observer: Send + Sync {
    /// To return at once and to take no lock that is held across a call of the pool.
    fn lane_event(&self, lane: LaneKind, event: Event);
}

/// The sizes of a pool. All of it can change while jobs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Threads of each lane, at least 1.
    pub threads: usize,
    /// Jobs that may wait in each lane.
    pub max_queue: usize,
    /// Bytes that jobs in flight may declare together.
    pub memory: u64,
}

/// Two lanes, their queues and threads, and one budget of memory.
pub struct Pool(Arc<Shared>);

pub(crate) struct Shared {
    lanes: [Lane; 2],
    budget: Budget,
    observers: RwLock<Vec<Weak<dyn Observer>>>,
}

/// CPUs that this process may use: its affinity and its cgroup's quota, fractions rounded up.
#[must_use]
pub fn available_cpus() -> usize {
    num_cpus::get()
}

impl Pool {
    /// A pool with no thread yet: they start with the jobs that need them.
    #[must_use]
    pub fn new(config: Config) -> Self {
        panic::keep_quiet();
        let lane = |kind| Lane::new(kind, config.threads, config.max_queue);
        Self(Arc::new(Shared {
            lanes: [lane(LaneKind::Interactive), lane(LaneKind::Bulk)],
            budget: Budget::new(config.memory),
            observers: RwLock::default(),
        }))
    }

    /// Queues `job`. On an error it was dropped and will not run.
    pub fn submit(&self, spec: JobSpec, job: Box<dyn Job>) -> Result<Ticket, Error> {
        let cancel = CancelToken::default();
        let lane = self.0.lane(spec.lane);
        let (place, event) = lane.submit(&self.0, spec, job, cancel.clone())?;
        if let Some(event) = event {
            self.0.tell(spec.lane, event);
        }
        Ok(Ticket {
            lane: spec.lane,
            place,
            sized: spec.bytes > 0,
            cancel,
        })
    }

    /// Cancels a job. True when it was still queued: it is dropped and never finishes. False when
    /// it runs or has run: it finishes as every job does, at its next checkpoint or later.
    #[must_use]
    pub fn cancel(&self, ticket: &Ticket) -> bool {
        ticket.cancel.cancel();
        let lane = self.0.lane(ticket.lane);
        let (withdrawn, event) = lane.withdraw(ticket.place, ticket.sized);
        if let Some(event) = event {
            self.0.tell(ticket.lane, event);
        }
        withdrawn.is_some()
    }

    /// The sizes now.
    #[must_use]
    pub fn config(&self) -> Config {
        let (threads, max_queue) = self.0.lanes[0].threads_and_max_queue();
        Config {
            threads,
            max_queue,
            memory: self.0.budget.limit(),
        }
    }

    /// Changes the sizes. Jobs that run or wait are not disturbed: threads that are too many leave
    /// after the job they are at, a shorter queue refuses newcomers until it has drained.
    pub fn configure(&self, config: Config) {
        self.0.budget.set_limit(config.memory);
        for lane in &self.0.lanes {
            lane.set_max_queue(config.max_queue);
            lane.resize(config.threads);
            lane.staff(&self.0);
        }
    }

    /// A lane's counters now.
    #[must_use]
    pub fn stats(&self, lane: LaneKind) -> LaneStats {
        self.0.lane(lane).stats()
    }

    /// Tells `observer` of events for as long as it lives, or until
    /// [`unobserve`](Self::unobserve).
    pub fn observe(&self, observer: Weak<dyn Observer>) {
        self.unobserve(&observer);
        self.0.observers_mut().push(observer);
    }

    /// Tells `observer` of no more events.
    pub fn unobserve(&self, observer: &Weak<dyn Observer>) {
        self.0
            .observers_mut()
            .retain(|known| known.strong_count() > 0 && !known.ptr_eq(observer));
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for lane in &self.0.lanes {
            lane.resize(0);
        }
    }
}

impl Shared {
    fn lane(&self, kind: LaneKind) -> &Lane {
        match kind {
            LaneKind::Interactive => &self.lanes[0],
            LaneKind::Bulk => &self.lanes[1],
        }
    }

    fn give_back(&self, bytes: u64) {
        self.budget.give_back(bytes);
        for lane in &self.lanes {
            lane.bytes_came_free();
        }
    }

    fn observers_mut(&self) -> RwLockWriteGuard<'_, Vec<Weak<dyn Observer>>> {
        self.observers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, lane: LaneKind, event: Event) {
        let observers = self
            .observers
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        for observer in observers.iter().filter_map(Weak::upgrade) {
            observer.lane_event(lane, event);
        }
    }
}

//! One lane: its queue, its threads, and the moments at which a job changes hands.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::cancel::{CancelToken, Context};
use super::permit::Budget;
use super::queue::{Place, Queue, Waiting};
use super::split::Split;
use super::stats::{Counters, Ending, LaneStats};
use super::{Event, Job, JobSpec, LaneKind, Shared, panic, priority};
use crate::error::{Error, ErrorKind};

/// Rounds in which a thread that ran out of work gives up its time slice and looks again before
/// it sleeps. An awaited chain of empty jobs takes 4 µs a round trip while a thread is still
/// looking, and 30 to 90 µs where it has to be woken.
const ROUNDS_BEFORE_SLEEP: u32 = 100;

/// Threads that look so at the same time. While one of two has a job the other still looks, so a
/// stream of small jobs needs no wake-up at all.
const MOST_SPINNING: usize = 2;

/// Frames of an operation live here; its recursion is explicit, so this is ample.
const STACK_SIZE: usize = 2 << 20;

pub(super) struct Lane {
    kind: LaneKind,
    state: Mutex<State>,
    wake: Condvar,
    /// The queue's length, for threads that look without the lock.
    queued: AtomicUsize,
    /// Apart from the state, so that the threads' bookkeeping does not hold up a submission.
    /// Taken before the state's lock where both are needed.
    counters: Mutex<Counters>,
    split: Split,
}

struct State {
    queue: Queue,
    max_queue: usize,
    /// Threads that the lane may have, and that it has.
    threads: usize,
    alive: usize,
    /// Threads that sleep and that nobody has woken yet.
    asleep: usize,
    /// Threads that were woken and have not noticed yet.
    woken: usize,
    /// Threads that will look at the queue once more before they sleep: those that are starting,
    /// woken, or looking now. Each is good for one queued job.
    looking: usize,
    /// Those of them that look without the lock.
    spinning: usize,
    running: usize,
    bytes_in_flight: u64,
    saturated: bool,
    lowered_priority: Option<bool>,
}

impl Lane {
    pub(super) fn new(kind: LaneKind, threads: usize, max_queue: usize) -> Self {
        Self {
            kind,
            state: Mutex::new(State {
                queue: Queue::default(),
                max_queue,
                threads,
                alive: 0,
                asleep: 0,
                woken: 0,
                looking: 0,
                spinning: 0,
                running: 0,
                bytes_in_flight: 0,
                saturated: false,
                lowered_priority: None,
            }),
            wake: Condvar::new(),
            queued: AtomicUsize::new(0),
            counters: Mutex::new(Counters::new()),
            split: Split::new(kind, threads),
        }
    }

    /// Queues a job and sees to it that a thread will take it.
    pub(super) fn submit(
        &self,
        shared: &Arc<Shared>,
        spec: JobSpec,
        job: Box<dyn Job>,
        cancel: CancelToken,
    ) -> Result<(Place, Option<Event>), Error> {
        let mut state = self.lock();
        let limit = shared.budget.limit();
        // A free thread's next job is in the queue for a moment too; it does not wait.
        let room = state.max_queue.saturating_add(state.threads);
        let refusal = if state.queue.len() + state.running >= room {
            Some(ErrorKind::QueueFull {
                lane: self.kind.name(),
                max_queue: state.max_queue,
            })
        } else if spec.bytes > limit {
            Some(ErrorKind::MemoryLimit {
                wanted: spec.bytes,
                limit,
            })
        } else {
            None
        };
        if let Some(refusal) = refusal {
            drop(state);
            self.counters().rejected += 1;
            return Err(refusal.into());
        }
        let call = state.call_one();
        if call == Call::Start {
            match self.start_thread(shared, &mut state) {
                Err(error) if state.alive == 0 => return Err(error),
                _ => {}
            }
        }
        let place = state.queue.push(spec, job, cancel);
        self.queued.store(state.queue.len(), Ordering::Release);
        let event = state.saturation_changed();
        drop(state);
        if call == Call::Wake {
            self.wake.notify_one();
        }
        Ok((place, event))
    }

    /// Takes a job back that has not started. Its job is dropped by the caller, off the lock.
    pub(super) fn withdraw(&self, place: Place, sized: bool) -> (Option<Waiting>, Option<Event>) {
        let mut state = self.lock();
        let waiting = state.queue.remove(place, sized);
        self.queued.store(state.queue.len(), Ordering::Release);
        let event = state.saturation_changed();
        drop(state);
        if waiting.is_some() {
            self.counters().cancelled += 1;
        }
        (waiting, event)
    }

    /// The life of one of the lane's threads.
    fn run_jobs(&self, shared: &Arc<Shared>) {
        let lowered = priority::lower(self.kind);
        {
            let mut state = self.lock();
            state.lowered_priority = Some(lowered && state.lowered_priority != Some(false));
        }
        let mut next = self.wait(&shared.budget);
        while let Some((waiting, start)) = next {
            self.call_another(shared);
            let Waiting {
                mut job,
                cancel,
                bytes,
                since,
            } = waiting;
            let outcome = self.run(&mut *job, &cancel);
            let end = Instant::now();
            let ending = match &outcome {
                _ if cancel.is_cancelled() => Ending::Cancelled,
                Ok(()) => Ending::Completed,
                Err(_) => Ending::Failed,
            };
            self.counters().ended(
                ending,
                start.saturating_duration_since(since),
                end.saturating_duration_since(start),
            );
            if bytes > 0 {
                shared.give_back(bytes);
            }
            let (event, following) = {
                let mut state = self.lock();
                state.running -= 1;
                state.bytes_in_flight -= bytes;
                let following = self.take(&mut state, &shared.budget, end);
                state.looking += usize::from(following.is_none());
                (state.saturation_changed(), following)
            };
            job.finish(outcome);
            if let Some(event) = event {
                shared.tell(self.kind, event);
            }
            next = following.or_else(|| self.wait(&shared.budget));
        }
    }

    /// Before a thread turns to a job: sees to it that another one looks at what is still queued.
    /// Threads call each other so that the JavaScript thread, which submits, calls one at most.
    fn call_another(&self, shared: &Arc<Shared>) {
        if self.queued.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut state = self.lock();
        let call = state.call_one();
        if call == Call::Start {
            // Without it this thread comes back to the queue after its job.
            let _ = self.start_thread(shared, &mut state);
        }
        drop(state);
        if call == Call::Wake {
            self.wake.notify_one();
        }
    }

    fn run(&self, job: &mut dyn Job, cancel: &CancelToken) -> Result<(), Error> {
        if cancel.is_cancelled() {
            return Err(ErrorKind::Cancelled.into());
        }
        panic::catch(|| job.run(&Context::new(cancel, &self.split)))
    }

    /// The next job and the moment it starts; `None` when this thread is one too many. The caller
    /// counts as one that looks.
    fn wait(&self, budget: &Budget) -> Option<(Waiting, Instant)> {
        let mut state = self.lock();
        let mut spun = false;
        loop {
            let next = self.take(&mut state, budget, Instant::now());
            if next.is_some() {
                state.looking -= 1;
                return next;
            }
            if state.alive > state.threads {
                state.looking -= 1;
                state.alive -= 1;
                // A job may have come that relied on this thread.
                if state.queue.len() > 0 && state.call_one() == Call::Wake {
                    self.wake.notify_one();
                }
                return None;
            }
            if !spun && state.spinning < MOST_SPINNING {
                state.spinning += 1;
                drop(state);
                self.spin();
                state = self.lock();
                state.spinning -= 1;
                spun = true;
                continue;
            }
            state.looking -= 1;
            state.asleep += 1;
            while state.woken == 0 {
                state = self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            // Whoever woke this thread has counted it as one that looks again.
            state.woken -= 1;
            spun = false;
        }
    }

    fn spin(&self) {
        for _ in 0..ROUNDS_BEFORE_SLEEP {
            if self.queued.load(Ordering::Acquire) > 0 {
                return;
            }
            std::thread::yield_now();
        }
    }

    fn take(&self, state: &mut State, budget: &Budget, now: Instant) -> Option<(Waiting, Instant)> {
        if state.alive > state.threads {
            return None;
        }
        let waiting = state.queue.pop(budget)?;
        self.queued.store(state.queue.len(), Ordering::Release);
        state.running += 1;
        state.bytes_in_flight += waiting.bytes;
        Some((waiting, now))
    }

    fn start_thread(&self, shared: &Arc<Shared>, state: &mut State) -> Result<(), Error> {
        let shared = Arc::clone(shared);
        let kind = self.kind;
        std::thread::Builder::new()
            .name(format!("offloop-{}", kind.initial()))
            .stack_size(STACK_SIZE)
            .spawn(move || shared.lane(kind).run_jobs(&shared))
            .map_err(|source| ErrorKind::Io {
                syscall: "thread_create",
                path: None,
                source,
            })?;
        state.alive += 1;
        state.looking += 1;
        Ok(())
    }

    /// Wakes threads that wait for bytes of the budget, which other jobs just gave back.
    pub(super) fn bytes_came_free(&self) {
        let mut state = self.lock();
        if state.queue.waits_for_bytes() {
            self.wake_all(&mut state);
        }
    }

    fn wake_all(&self, state: &mut State) {
        if state.asleep > 0 {
            state.wake(state.asleep);
            self.wake.notify_all();
        }
    }

    pub(super) fn resize(&self, threads: usize) {
        self.split.resize(threads);
        let mut state = self.lock();
        state.threads = threads;
        // Those that are too many leave; the others look again.
        self.wake_all(&mut state);
    }

    pub(super) fn set_max_queue(&self, max_queue: usize) {
        self.lock().max_queue = max_queue;
    }

    /// Starts threads for jobs that wait, after the lane grew.
    pub(super) fn staff(&self, shared: &Arc<Shared>) {
        let mut state = self.lock();
        while state.alive < state.threads
            && state.alive < state.running + state.queue.len()
            && self.start_thread(shared, &mut state).is_ok()
        {}
    }

    pub(super) fn threads_and_max_queue(&self) -> (usize, usize) {
        let state = self.lock();
        (state.threads, state.max_queue)
    }

    pub(super) fn stats(&self) -> LaneStats {
        let counters = self.counters();
        let state = self.lock();
        LaneStats {
            threads: state.threads,
            lowered_priority: state.lowered_priority,
            running: state.running,
            queued: state.queue.len(),
            completed: counters.completed,
            failed: counters.failed,
            cancelled: counters.cancelled,
            rejected: counters.rejected,
            bytes_in_flight: state.bytes_in_flight,
            needs_drain: state.saturated,
            wait: counters.wait(),
            run: counters.run(),
        }
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the next free thread comes to the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    /// One is looking already, or all are busy.
    None,
    /// One was counted as woken: notify it.
    Wake,
    /// One is to be started.
    Start,
}

impl State {
    /// Brings one thread to the queue, unless one is looking.
    fn call_one(&mut self) -> Call {
        if self.looking > 0 {
            Call::None
        } else if self.asleep > 0 {
            self.wake(1);
            Call::Wake
        } else if self.alive < self.threads {
            Call::Start
        } else {
            Call::None
        }
    }

    /// Counts `threads` sleepers as looking. The caller notifies them.
    fn wake(&mut self, threads: usize) {
        self.asleep -= threads;
        self.woken += threads;
        self.looking += threads;
    }

    /// The edge between "a job submitted now would start at once" and "it would wait".
    fn saturation_changed(&mut self) -> Option<Event> {
        let saturated = self.running + self.queue.len() >= self.threads;
        if saturated == self.saturated {
            return None;
        }
        self.saturated = saturated;
        Some(if saturated {
            Event::NeedDrain
        } else {
            Event::Drain
        })
    }
}

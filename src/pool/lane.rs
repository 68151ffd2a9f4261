//! One lane: its queue, its threads, and the moments at which a job changes hands.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::cancel::{CancelToken, Context};
use super::permit::Budget;
use super::queue::{Place, Waiting};
use super::split::Split;
use super::staff::{Call, State};
use super::stats::{Counters, Ending, LaneStats};
use super::{Company, Event, Job, JobSpec, LaneKind, Piece, Shared, panic, priority};
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

impl Lane {
    pub(super) fn new(kind: LaneKind, threads: usize, max_queue: usize) -> Self {
        Self {
            kind,
            state: Mutex::new(State::new(threads, max_queue)),
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
        let refusal = if state.queue.len() + state.busy >= room {
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
        while let Some(job) = next {
            self.call_another(shared);
            next = match job.company {
                None => self.run_alone(shared, job),
                Some(company) => self.run_together(shared, job, company),
            };
            next = next.or_else(|| self.wait(&shared.budget));
        }
    }

    /// Takes one job to its end, and returns the next.
    fn run_alone(&self, shared: &Arc<Shared>, mut job: Running) -> Option<Running> {
        let outcome = self.run(&mut job);
        self.end(shared, job, outcome, true)
    }

    /// Takes a job and those that join it to their ends, and returns the next.
    ///
    /// One may join at the end of each step, while no thread is free for it. One and not more, so
    /// that the threads share what waits.
    fn run_together(
        &self,
        shared: &Arc<Shared>,
        first: Running,
        company: Company,
    ) -> Option<Running> {
        let nobody = CancelToken::default();
        let context = Context::new(&nobody, &self.split);
        let mut group = vec![first];
        loop {
            let advanced = panic::catch(|| {
                let mut pieces: Vec<&mut dyn Piece> =
                    group.iter_mut().filter_map(|job| job.job.piece()).collect();
                if let Some((first, others)) = pieces.split_first_mut() {
                    first.advance_with(others, &context);
                }
                Ok(())
            });
            let mut at = 0;
            while at < group.len() {
                let job = &mut group[at];
                let ended = job.job.piece().is_none_or(|piece| piece.has_ended());
                if advanced.is_ok() && !ended && !job.cancel.is_cancelled() {
                    at += 1;
                    continue;
                }
                let outcome = match &advanced {
                    Ok(()) => self.run(job),
                    Err(error) => Err(panic::again(error)),
                };
                let job = group.remove(at);
                let next = self.end(shared, job, outcome, group.is_empty());
                if group.is_empty() {
                    return next;
                }
            }
            if group.len() < company.most() {
                group.extend(self.take_company(shared, company));
            }
        }
    }

    /// The next job in the queue, if it goes with those at hand and no thread is free for it.
    fn take_company(&self, shared: &Arc<Shared>, company: Company) -> Option<Running> {
        if self.queued.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut state = self.lock();
        if state.looking > 0 || state.asleep > 0 || state.alive != state.threads {
            return None;
        }
        let waiting = state.queue.pop_company(&shared.budget, company)?;
        Some(self.started(&mut state, waiting, Instant::now()))
    }

    /// Counts a job that has ended, gives its slot and bytes to others, and hands its outcome over.
    /// Where the thread has become free, returns its next job; it looks for one otherwise.
    fn end(
        &self,
        shared: &Arc<Shared>,
        job: Running,
        outcome: Result<(), Error>,
        is_free: bool,
    ) -> Option<Running> {
        let Running {
            mut job,
            cancel,
            bytes,
            since,
            start,
            ..
        } = job;
        if outcome.is_err() {
            job.release();
        }
        let now = Instant::now();
        let ending = match &outcome {
            _ if cancel.is_cancelled() => Ending::Cancelled,
            Ok(()) => Ending::Completed,
            Err(_) => Ending::Failed,
        };
        self.counters().ended(
            ending,
            start.saturating_duration_since(since),
            now.saturating_duration_since(start),
        );
        if bytes > 0 {
            // Counted before they are given back: others may take them at once.
            self.lock().bytes_in_flight -= bytes;
            shared.give_back(bytes);
        }
        let (event, following) = {
            let mut state = self.lock();
            state.running -= 1;
            let mut following = None;
            if is_free {
                state.busy -= 1;
                following = self.take(&mut state, &shared.budget, now);
                state.looking += usize::from(following.is_none());
            }
            (state.saturation_changed(), following)
        };
        job.finish(outcome);
        if let Some(event) = event {
            shared.tell(self.kind, event);
        }
        following
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

    fn run(&self, running: &mut Running) -> Result<(), Error> {
        let Running { job, cancel, .. } = running;
        if cancel.is_cancelled() {
            return Err(ErrorKind::Cancelled.into());
        }
        panic::catch(|| job.run(&Context::new(cancel, &self.split)))
    }

    /// The next job; `None` when this thread is one too many. The caller counts as one that looks.
    fn wait(&self, budget: &Budget) -> Option<Running> {
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

    /// A job for a thread that is free.
    fn take(&self, state: &mut State, budget: &Budget, now: Instant) -> Option<Running> {
        if state.alive > state.threads {
            return None;
        }
        let waiting = state.queue.pop(budget)?;
        state.busy += 1;
        Some(self.started(state, waiting, now))
    }

    /// Counts a job that has just left the queue.
    fn started(&self, state: &mut State, waiting: Waiting, start: Instant) -> Running {
        self.queued.store(state.queue.len(), Ordering::Release);
        state.running += 1;
        state.bytes_in_flight += waiting.bytes;
        let Waiting {
            job,
            cancel,
            bytes,
            company,
            since,
        } = waiting;
        Running {
            job,
            cancel,
            bytes,
            company,
            since,
            start,
        }
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
            && state.alive < state.busy + state.queue.len()
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

/// A job that a thread has.
struct Running {
    job: Box<dyn Job>,
    cancel: CancelToken,
    bytes: u64,
    company: Option<Company>,
    since: Instant,
    start: Instant,
}

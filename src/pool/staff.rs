//! Who of a lane's threads is at work, who looks for some, and who sleeps.

use super::Event;
use super::queue::Queue;

/// What a lane knows under its lock.
pub(super) struct State {
    pub(super) queue: Queue,
    pub(super) max_queue: usize,
    /// Threads that the lane may have, and that it has.
    pub(super) threads: usize,
    pub(super) alive: usize,
    /// Threads that sleep and that nobody has woken yet.
    pub(super) asleep: usize,
    /// Threads that were woken and have not noticed yet.
    pub(super) woken: usize,
    /// Threads that will look at the queue once more before they sleep: those that are starting,
    /// woken, or looking now. Each is good for one queued job.
    pub(super) looking: usize,
    /// Those of them that look without the lock.
    pub(super) spinning: usize,
    /// Threads that have work.
    pub(super) busy: usize,
    /// Jobs in work: as many as `busy`, and the company of some.
    pub(super) running: usize,
    pub(super) bytes_in_flight: u64,
    pub(super) saturated: bool,
    pub(super) lowered_priority: Option<bool>,
}

impl State {
    pub(super) fn new(threads: usize, max_queue: usize) -> Self {
        Self {
            queue: Queue::default(),
            max_queue,
            threads,
            alive: 0,
            asleep: 0,
            woken: 0,
            looking: 0,
            spinning: 0,
            busy: 0,
            running: 0,
            bytes_in_flight: 0,
            saturated: false,
            lowered_priority: None,
        }
    }

    /// Brings one thread to the queue, unless one is looking.
    pub(super) fn call_one(&mut self) -> Call {
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
    pub(super) fn wake(&mut self, threads: usize) {
        self.asleep -= threads;
        self.woken += threads;
        self.looking += threads;
    }

    /// The edge between "a job submitted now would start at once" and "it would wait".
    pub(super) fn saturation_changed(&mut self) -> Option<Event> {
        let saturated = self.busy + self.queue.len() >= self.threads;
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

/// How the next free thread comes to the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// One is looking already, or all are busy.
    None,
    /// One was counted as woken: notify it.
    Wake,
    /// One is to be started.
    Start,
}

//! Work on its way through the pool: a closure, or something that goes on in steps.

use std::sync::Arc;

use super::completion::{Completion, CompletionQueue, Reporter};
use super::output::Output;
use crate::error::Error;
use crate::pool::{Context, Job, Lockstep, Piece, Progress};

/// Work that ends as a completion of its slot.
pub(super) struct Task<W> {
    slot: u32,
    queue: Arc<CompletionQueue>,
    work: Option<W>,
    output: Output,
    progress: Option<Reporter>,
}

impl<W> Task<W> {
    pub(super) fn new(slot: u32, queue: &Arc<CompletionQueue>, progress: bool, work: W) -> Self {
        Self {
            slot,
            queue: Arc::clone(queue),
            work: Some(work),
            output: Output::Undefined,
            progress: progress.then(|| Reporter::new(slot, queue)),
        }
    }
}

impl<W> Job for Task<W>
where
    W: FnOnce(&Context<'_>) -> Result<Output, Error> + Send,
{
    fn run(&mut self, context: &Context<'_>) -> Result<(), Error> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        let progress = self
            .progress
            .as_ref()
            .map(|reporter| reporter as &dyn Progress);
        self.output = work(&context.with_progress(progress))?;
        Ok(())
    }

    fn release(&mut self) {
        self.work = None;
    }

    fn finish(self: Box<Self>, outcome: Result<(), Error>) {
        let Self {
            slot,
            queue,
            output,
            ..
        } = *self;
        settle(slot, &queue, outcome.map(|()| output));
    }
}

/// Work that goes on in steps and ends as a completion of its slot.
pub(super) struct Steps<L, F> {
    slot: u32,
    queue: Arc<CompletionQueue>,
    /// `None` once its result was made.
    work: Option<(L, F)>,
    output: Output,
}

impl<L, F> Steps<L, F> {
    pub(super) fn new(slot: u32, queue: &Arc<CompletionQueue>, work: L, finish: F) -> Self {
        Self {
            slot,
            queue: Arc::clone(queue),
            work: Some((work, finish)),
            output: Output::Undefined,
        }
    }
}

impl<L, F> Job for Steps<L, F>
where
    L: Lockstep,
    F: FnOnce(L) -> Result<Output, Error> + Send,
{
    fn run(&mut self, _: &Context<'_>) -> Result<(), Error> {
        if let Some((work, finish)) = self.work.take() {
            self.output = finish(work)?;
        }
        Ok(())
    }

    fn piece(&mut self) -> Option<&mut dyn Piece> {
        self.work.as_mut().map(|(work, _)| work as &mut dyn Piece)
    }

    fn release(&mut self) {
        self.work = None;
    }

    fn finish(self: Box<Self>, outcome: Result<(), Error>) {
        let Self {
            slot,
            queue,
            output,
            ..
        } = *self;
        settle(slot, &queue, outcome.map(|()| output));
    }
}

/// Sends an outcome home. Nothing of the job's inputs is left: they were taken, or released.
fn settle(slot: u32, queue: &CompletionQueue, outcome: Result<Output, Error>) {
    queue.push(Completion::Settled { slot, outcome });
}

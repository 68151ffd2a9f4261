//! Work on its way through the pool: a closure, or something that goes on in steps.

use std::sync::Arc;

use super::completion::{Completion, CompletionQueue, Reporter};
use super::output::Output;
use crate::error::Error;
use crate::pool::{Context, Job, Lockstep, Piece, Progress};

/// What a job does.
pub(super) trait Work: Send {
    /// Does it, or what is left of it when its piece has ended.
    fn run(self, context: &Context<'_>) -> Result<Output, Error>;

    /// As [`Job::piece`].
    fn piece(&mut self) -> Option<&mut dyn Piece> {
        None
    }
}

impl<W> Work for W
where
    W: FnOnce(&Context<'_>) -> Result<Output, Error> + Send,
{
    fn run(self, context: &Context<'_>) -> Result<Output, Error> {
        self(context)
    }
}

/// Work that goes on in steps, and what makes the result of it.
pub(super) struct Steps<L, F>(pub(super) L, pub(super) F);

impl<L, F> Work for Steps<L, F>
where
    L: Lockstep,
    F: FnOnce(L) -> Result<Output, Error> + Send,
{
    fn run(self, _: &Context<'_>) -> Result<Output, Error> {
        let Self(work, finish) = self;
        finish(work)
    }

    fn piece(&mut self) -> Option<&mut dyn Piece> {
        Some(&mut self.0)
    }
}

/// Work that ends as a completion of its slot.
pub(super) struct Task<W> {
    slot: u32,
    queue: Arc<CompletionQueue>,
    /// `None` once it was run, or released with its inputs.
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

impl<W: Work> Job for Task<W> {
    fn run(&mut self, context: &Context<'_>) -> Result<(), Error> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        let progress = self
            .progress
            .as_ref()
            .map(|reporter| reporter as &dyn Progress);
        self.output = work.run(&context.with_progress(progress))?;
        Ok(())
    }

    fn piece(&mut self) -> Option<&mut dyn Piece> {
        self.work.as_mut()?.piece()
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
        let outcome = outcome.map(|()| output);
        queue.push(Completion::Settled { slot, outcome });
    }
}

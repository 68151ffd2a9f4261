//! A closure on its way through the pool.

use std::sync::Arc;

use super::completion::{Completion, CompletionQueue, Reporter};
use super::output::Output;
use crate::error::Error;
use crate::pool::{Context, Job, Progress};

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

    fn finish(self: Box<Self>, outcome: Result<(), Error>) {
        let Self {
            slot,
            queue,
            work,
            output,
            ..
        } = *self;
        // A job that was cancelled before it ran still has its inputs. They go first.
        drop(work);
        let outcome = outcome.map(|()| output);
        queue.push(Completion::Settled { slot, outcome });
    }
}

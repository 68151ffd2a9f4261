//! Cancellation: a flag that a job polls, and what an operation sees of the pool while it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::split::Split;
use crate::error::{Error, ErrorKind};

/// Tells a running job that nobody waits for its result any more.
///
/// Clones share one flag. It only ever goes from unset to set.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Sets the flag. The job stops at its next checkpoint.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Receives the number of bytes that a job has behind it.
pub trait Progress: Send + Sync {
    /// Called at a job's checkpoints, on the thread that runs it; returns at once.
    fn advance(&self, processed: u64, total: Option<u64>);
}

/// What a running operation may know of the pool: whether it is still wanted, whom to tell how
/// far it is, and where to split its work.
pub struct Context<'a> {
    cancel: &'a CancelToken,
    split: &'a Split,
    progress: Option<&'a dyn Progress>,
}

impl<'a> Context<'a> {
    /// A context for one job.
    #[must_use]
    pub fn new(cancel: &'a CancelToken, split: &'a Split) -> Self {
        Self {
            cancel,
            split,
            progress: None,
        }
    }

    /// The same context, reporting to `progress`.
    #[must_use]
    pub fn with_progress(&self, progress: Option<&'a dyn Progress>) -> Self {
        Self { progress, ..*self }
    }

    /// Fails once the job is cancelled. To be called at every edge between chunks.
    pub fn check(&self) -> Result<(), Error> {
        if self.cancel.is_cancelled() {
            return Err(ErrorKind::Cancelled.into());
        }
        Ok(())
    }

    /// As [`check`](Self::check), and reports `processed` of `total` input bytes.
    pub fn checkpoint(&self, processed: u64, total: Option<u64>) -> Result<(), Error> {
        self.check()?;
        if let Some(progress) = self.progress {
            progress.advance(processed, total);
        }
        Ok(())
    }

    /// The threads over which one job spreads its own work.
    #[must_use]
    pub fn split(&self) -> &'a Split {
        self.split
    }
}
